"""What Node.js apps do wrong while they run: errors at a request, ports taken twice, early ends."""

import re
from collections.abc import Iterator

from parity.records import Boot, Release, Source, Traffic
from parity.records.verdict import Evidence
from parity.rules.crash.symptoms import ENDINGS
from parity.rules.engine import rule
from parity.rules.traffic.traffic import HTTP_500
from parity.rules.views.node_error import Thrown, node_crash, thrown
from parity.rules.views.node_listeners import concerns
from parity.rules.views.node_source import at_start, command, find, found
from parity.rules.views.python_source import line_of
from parity.rules.views.python_traceback import APP, crash

STARTUP = "https://devcenter.heroku.com/articles/dyno-startup-behavior"
_NO_FILE = re.compile(
    r"ENOENT: no such file or directory, stat '(?:\S*/parity-\w+/[^/]+|/app)/(.+)'"
)


def _thrown(traffic: Traffic) -> Thrown | None:
    """The error behind a 500, as Express and others log it."""
    own = (e for e in traffic.exchanges if e.code is None)
    if not any(e.status >= 500 for e in own) or not concerns(traffic.boot):
        return None
    answering = crash(traffic)
    return thrown(answering.lines, APP) if answering else None


@rule(
    "js-error-at-request",
    leads_to=HTTP_500,
    title="{error}",
    cause="The app throws this while it answers, in line {line} of {file}: `{code}`.",
    fix="Correct that line. What it needs and does not find here, it will not find on Heroku.",
    docs="https://devcenter.heroku.com/articles/logging",
    fallback=True,
)
def js_error_at_request(traffic: Traffic) -> Iterator[Evidence]:
    error = _thrown(traffic)
    place = error.place if error else None
    if error and place:
        source = traffic.boot.release.slug.plan.source
        names = {"error": error.told, "file": place.file, "line": str(place.line)}
        names["code"] = line_of(source, place.file, place.line)
        yield Evidence(error.told, place.file, place.line, place.column, names=names)


@rule(
    "page-file-missing",
    effect="warn",
    title="{path} answers 404: {file} is not in the slug",
    cause="The app sends {file} as its page, and there is no such file in the dyno.{why}",
    fix="{advice}",
    docs="https://devcenter.heroku.com/articles/nodejs-support#build-behavior",
)
def page_file_missing(traffic: Traffic) -> Iterator[Evidence]:
    lost = next((e for e in traffic.exchanges if e.status == 404 and not e.as_expected), None)
    pattern = re.compile(
        r"ENOENT: no such file or directory, stat '(?:.*/parity-\w+/[^/]+|/app)/(.+)'"
    )
    matches = (pattern.search(line.text) for line in reversed(traffic.since_boot))
    match = next((match for match in matches if match), None) if lost else None
    if not lost or not match or not concerns(traffic.boot):
        return
    source = traffic.boot.release.slug.plan.source
    why, advice = _unbuilt(source, match[1])
    names = {"path": lost.path, "file": match[1], "why": why, "advice": advice}
    place = find(source, r"\.sendFile\(")
    seen = f"ENOENT: no such file or directory, stat '/app/{match[1]}'"
    if place:
        yield Evidence(seen, place.file, place.line, place.column, names=names)
    else:
        yield Evidence(seen, names=names)


def _unbuilt(source: Source, file: str) -> tuple[str, str]:
    """Why a page is not there: a build that Heroku does not run, or a file not committed."""
    folders = [file.rsplit("/", n)[0] for n in range(1, file.count("/") + 1)]
    client = next((f for f in folders if f"{f}/package.json" in source.entries), None)
    if client:
        return (
            f" A build makes it, and Heroku builds only what the package.json of the root says, not"
            f" that of {client}.",
            f'Add `"build": "npm install --prefix {client} && npm run build --prefix {client}"` to'
            ' "scripts" in the root\'s package.json, commit.',
        )
    return "", "Commit the file, or add a `build` script to package.json that makes it."


@rule(
    "node-listens-twice",
    leads_to=ENDINGS,
    title="The app listens on the same port twice",
    cause="A second `listen` finds the port taken by the first: {error}",
    fix="Call `listen` once: remove the call in line {line} of {file}, or give both one server.",
    docs=STARTUP,
)
def node_listens_twice(record: Boot | Release) -> Iterator[Evidence]:
    crashed = node_crash(record)
    match = crashed.saying(r"listen EADDRINUSE.*") if crashed else None
    if not crashed or not match:
        return
    error = thrown(crashed.lines, APP)
    place = error.place if error else None
    other = list(found(crashed.source, r"\.listen\("))[-1:]
    file = place.file if place else other[0].file if other else "the code"
    line = place.line if place else other[0].line if other else 0
    names = {"error": match[0], "file": file, "line": str(line)}
    yield Evidence(match[0], file if line else None, line or None, names=names)


@rule(
    "node-ends-at-once",
    leads_to=ENDINGS,
    title="The script does its work and ends; a web process must run on",
    cause="`{command}` ended with status 0. Nothing failed, but nothing serves requests either.",
    fix="{advice}",
    docs="https://devcenter.heroku.com/articles/procfile",
)
def node_ends_at_once(record: Boot | Release) -> Iterator[Evidence]:
    crashed = node_crash(record)
    if not crashed or crashed.exit != 0 or not isinstance(record, Boot):
        return
    serving = find(crashed.source, r"\.listen\(")
    text = command(crashed.source, crashed.process)
    if serving and serving.file not in text:
        advice = f"Start the file that listens: `node {serving.file}`."
    elif crashed.process.name == "web":
        advice = (
            "Start a server in it: `app.listen(process.env.PORT)`. A job belongs into a worker."
        )
    else:
        advice = "Make the command wait for work instead of ending."
    told = at_start(crashed.source, crashed.process, "Process exited with status 0", advice=advice)
    yield told._replace(names={**told.names, "command": text})
