"""The app's own 500: the exception behind it, from the log or from a second boot."""

import re
from collections.abc import Iterator

from parity.records import Exchange, Source, Traffic
from parity.rules import rule
from parity.rules.code import line_of
from parity.rules.log import Raised, last_raised, texts
from parity.verdict import Evidence


def _broken(traffic: Traffic) -> Exchange | None:
    own = (e for e in traffic.exchanges if e.code is None and not e.as_expected)
    return next((e for e in own if e.status in (500, 501, 502, 503, 504)), None)


@rule(
    "http-500",
    effect="fail",
    title="The app answers {status} to {path}",
    cause="Build, boot and port are fine; the app itself fails at the request.{silent}",
    fix="Correct what the cause below names. With DEBUG off a framework shows visitors only this"
    " page; the log has the reason.",
    docs="https://devcenter.heroku.com/articles/logging",
)
def HTTP_500(traffic: Traffic) -> Iterator[Evidence]:
    exchange = _broken(traffic)
    if exchange:
        quiet = traffic.traceback is not None
        silent = (
            " The app logs no reason; a second boot with exceptions logged found it."
            if quiet
            else ""
        )
        names = {"status": str(exchange.status), "path": exchange.path, "silent": silent}
        yield Evidence(f"{exchange.method} {exchange.path} → {exchange.status}", names=names)


def _raised(traffic: Traffic) -> Raised | None:
    """The exception behind a 500: the log's, else the second boot's."""
    if _broken(traffic) is None:
        return None
    home = traffic.boot.home
    return last_raised(texts(traffic.output), home) or last_raised(traffic.traceback or (), home)


def _source(traffic: Traffic) -> Source:
    return traffic.boot.release.slug.plan.source


def _at(traffic: Traffic, raised: Raised, **names: str) -> Evidence:
    source, place = _source(traffic), raised.place
    if place is None:
        return Evidence(
            raised.told, names={"error": raised.told, "line": "?", "file": "?", **names}
        )
    told = {
        "error": raised.told,
        "file": place.file,
        "line": str(place.line),
        "code": line_of(source, place.file, place.line),
        **names,
    }
    return Evidence(raised.told, place.file, place.line, names=told)


@rule(
    "static-file-not-in-manifest",
    leads_to=HTTP_500,
    title="The static file {name} is not in the manifest",
    cause="With a manifest storage Django knows only the static files that collectstatic found in"
    " the build. `{name}` was not among them: {hint}",
    fix="Correct the name (with / between folders), and commit the file: `git add` it below a"
    " static folder that the settings name.",
    docs="https://docs.djangoproject.com/en/stable/ref/contrib/staticfiles/#manifeststaticfilesstorage",
)
def static_file_not_in_manifest(traffic: Traffic) -> Iterator[Evidence]:
    raised = _raised(traffic)
    match = (
        re.search(r"Missing staticfiles manifest entry for '(.+)'", raised.told) if raised else None
    )
    if raised and match:
        name = match[1].replace("\\\\", "\\")
        slash = "a backslash separates folders on Windows only."
        hint = slash if "\\" in name else "it is not committed, or its name is spelt differently."
        yield _at(traffic, raised, name=name, hint=hint)


@rule(
    "table-missing",
    leads_to=HTTP_500,
    title="The database has no table {name}",
    cause="A new database is empty. Nothing has created the tables on Heroku: {error}",
    fix="Run the migrations in the release phase: `release: python manage.py migrate` in the"
    " Procfile (Flask-Migrate: `release: flask db upgrade`).",
    docs="https://devcenter.heroku.com/articles/release-phase",
)
def table_missing(traffic: Traffic) -> Iterator[Evidence]:
    raised = _raised(traffic)
    pattern = r'no such table: ([\w.]+)|relation "([\w.]+)" does not exist'
    match = re.search(pattern, raised.told) if raised else None
    if raised and match:
        yield _at(traffic, raised, name=match[1] or match[2])


@rule(
    "template-missing",
    leads_to=HTTP_500,
    title="The template {name} is not in the pushed tree",
    cause="The page is rendered from {name}, which the app does not find: {near}",
    fix="Commit the template under exactly this name, or correct the name in {file}.",
    docs="https://devcenter.heroku.com/articles/git",
)
def template_missing(traffic: Traffic) -> Iterator[Evidence]:
    raised = _raised(traffic)
    if not raised or raised.kind not in ("TemplateNotFound", "TemplateDoesNotExist"):
        return
    name = raised.message.strip("'")
    source = _source(traffic)
    paths = (*source.entries, *source.absent)
    twin = next((p for p in paths if p.lower().endswith(f"/{name}".lower())), None)
    near = f"there is {twin}." if twin else "no file of that name is committed."
    evidence = _at(traffic, raised, name=name, near=near)
    ignored = source.absent.get(twin) if twin else None
    yield evidence
    if ignored:
        yield Evidence(f"{twin} is ignored", ignored.file, ignored.line)


@rule(
    "config-var-missing-at-request",
    leads_to=HTTP_500,
    title="The config var {name} is not set",
    cause="The page reads the environment variable {name}, and Heroku has no such config var.",
    fix="Type `heroku config:set {name}=VALUE`; here: `parity run --config {name}=VALUE`.",
    docs="https://devcenter.heroku.com/articles/config-vars",
)
def config_var_missing_at_request(traffic: Traffic) -> Iterator[Evidence]:
    raised = _raised(traffic)
    if raised and raised.kind == "KeyError" and raised.place:
        name = raised.message.strip("'")
        line = line_of(_source(traffic), raised.place.file, raised.place.line)
        if re.search(rf"environ\[[\"']{re.escape(name)}[\"']\]", line):
            yield _at(traffic, raised, name=name)


@rule(
    "called-as-wsgi",
    leads_to=HTTP_500,
    title="The app speaks ASGI, and the server calls it as WSGI",
    cause="gunicorn's own workers pass two arguments; FastAPI and Starlette take three.",
    fix="In the Procfile write `web: uvicorn {target} --host 0.0.0.0 --port $PORT`, or give"
    " gunicorn `-k uvicorn.workers.UvicornWorker`.",
    docs="https://www.uvicorn.org/deployment/",
)
def called_as_wsgi(traffic: Traffic) -> Iterator[Evidence]:
    raised = _raised(traffic)
    if raised and re.search(
        r"__call__\(\) .*(missing 1 required|takes 3|takes from 1)", raised.told
    ):
        process = traffic.boot.process
        match = re.search(r"[\w.]+:\w+", process.command)
        names = {"target": match[0] if match else "main:app"}
        yield Evidence(raised.told, "Procfile", process.line or None, names=names)


@rule(
    "unhandled-at-request",
    leads_to=HTTP_500,
    title="{error}",
    cause="The app raises this while it answers, in line {line} of {file}: `{code}`.",
    fix="Correct that line. What it needs and does not find here, it will not find on Heroku.",
    docs="https://devcenter.heroku.com/articles/logging",
    fallback=True,
)
def unhandled_at_request(traffic: Traffic) -> Iterator[Evidence]:
    raised = _raised(traffic)
    if raised and raised.place:
        yield _at(traffic, raised)
