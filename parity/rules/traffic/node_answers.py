"""Pages that a Node.js app sends but that are not in the slug."""

import re
from collections.abc import Iterator

from parity.records import Source, Traffic
from parity.records.verdict import Evidence
from parity.rules.engine import rule
from parity.rules.views.node_listeners import concerns
from parity.rules.views.node_source import find

_NO_FILE = re.compile(
    r"ENOENT: no such file or directory, stat '(?:\S*/parity-\w+/[^/]+|/app)/(.+)'"
)


@rule(
    "page-file-missing",
    effect="warn",
    title="{path} answers 404: {file} is not in the slug",
    cause="The app sends {file} as its page, but there is no such file in the dyno.{why:-}",
    fix="{advice:-}",
    docs="https://devcenter.heroku.com/articles/nodejs-support#build-behavior",
)
def page_file_missing(traffic: Traffic) -> Iterator[Evidence]:
    not_found = next((e for e in traffic.exchanges if e.status == 404 and not e.as_expected), None)
    pattern = re.compile(
        r"ENOENT: no such file or directory, stat '(?:.*/parity-\w+/[^/]+|/app)/(.+)'"
    )
    matches = (pattern.search(line.text) for line in reversed(traffic.since_boot))
    match = next((match for match in matches if match), None) if not_found else None
    if not not_found or not match or not concerns(traffic.boot):
        return
    source = traffic.boot.release.slug.plan.source
    why, advice = _unbuilt(source, match[1])
    names = {"path": not_found.path, "file": match[1], "why": why, "advice": advice}
    place = find(source, r"\.sendFile\(")
    seen = f"ENOENT: no such file or directory, stat '/app/{match[1]}'"
    if place:
        yield Evidence(seen, place.file, place.line, place.column, names=names)
    else:
        yield Evidence(seen, names=names)


def _unbuilt(source: Source, file: str) -> tuple[str, str]:
    """Return why a page is missing, and what to do: commit it, or let Heroku build it."""
    folders = [file.rsplit("/", n)[0] for n in range(1, file.count("/") + 1)]
    client = next((f for f in folders if f"{f}/package.json" in source.entries), None)
    if client:
        return (
            " A build creates it, but Heroku runs only the build of the package.json in the root,"
            f" not that of {client}.",
            f'Add `"build": "npm install --prefix {client} && npm run build --prefix {client}"` to'
            ' "scripts" in the root\'s package.json, commit.',
        )
    return "", "Commit the file, or add a `build` script to package.json that makes it."
