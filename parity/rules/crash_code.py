"""Crashes of the code itself and of what it opens: files, ports, syntax, the server interface."""

import re
from collections.abc import Iterator

from parity.rules import rule
from parity.rules.code import line_of, server, suggestion, target
from parity.rules.crash import ENDINGS, PROCFILE, at_command, at_either, at_place
from parity.rules.crash_modules import how_to_add
from parity.rules.crash_programs import started
from parity.rules.log import APP, Crash, Failing, crash
from parity.rules.suggest import kept_out
from parity.verdict import Evidence

DYNOS = "https://devcenter.heroku.com/articles/dynos#ephemeral-filesystem"


@rule(
    "file-not-there",
    leads_to=ENDINGS,
    title="{path} does not exist in the dyno",
    cause="The app opens {path}. {why:It is not committed, was written by an earlier dyno, or is"
    " spelt differently.}",
    fix="{advice:Commit the file, or create it when it is not there.}",
    docs=DYNOS,
)
def file_not_there(record: Failing) -> Iterator[Evidence]:
    found = crash(record)
    raised = found.raised if found else None
    match = re.search(r"No such file or directory: '(.+)'", raised.message) if raised else None
    if not found or not raised or not match or raised.kind not in ("FileNotFoundError", "OSError"):
        return
    path = match[1].encode().decode("unicode_escape", "replace")
    if started(found):
        return
    why, advice, seen = _about(found, path)
    evidence = at_place(found, path=path, why=why, advice=advice)
    if evidence:
        yield evidence
    for kept in kept_out(found.source, seen):
        yield kept._replace(names={})


def _about(found: Crash, path: str) -> tuple[str, str, str]:
    """Why a path is not there, what to do, and the path within the tree."""
    inside = path.removeprefix(f"{APP}/")
    if re.match(r"[A-Za-z]:[\\/]|/Users/|/home/", inside):
        why = "That is a path of the machine where the app was written."
        return why, "Build the path from `Path(__file__).parent`, and commit the file.", inside
    if "\\" in inside:
        right = inside.replace("\\", "/")
        why = "A backslash separates folders on Windows only; on Linux it is part of the name."
        return why, f'Write `"{right}"`, or `Path("{right}")` from pathlib.', right
    twin = next((p for p in found.source.entries if p.lower() == inside.lower()), None)
    if twin:
        return (
            f"The tree has {twin}: on Linux upper and lower case differ.",
            f"Write `{twin}`.",
            inside,
        )
    folder = any(inside.startswith(p) for p in found.source.absent if p.endswith("/"))
    if inside in found.source.absent or folder:
        what = "Its folder" if folder else "It"
        why = f"{what} is on your disk, but not in git, so it is not pushed."
        return why, _secret(inside) or how_to_add(found, inside), inside
    below = next((p for p in found.source.entries if p.endswith(f"/{inside}")), None)
    if below and not path.startswith("/"):
        return (
            f"The tree has {below}. A path is looked for where the command starts, in the root of"
            " what is pushed, not beside the file that opens it.",
            f'Write `Path(__file__).parent / "{inside}"` where the file lies beside the code, else'
            f" `{below}`.",
            inside,
        )
    why = "It is not in the pushed tree; what an earlier run has written is gone with its dyno."
    return why, "Commit the file, or create it when it is not there.", inside


def _secret(path: str) -> str | None:
    """What to do with a file that does not belong into git."""
    name = path.rpartition("/")[2].lower()
    if not re.search(r"cred|secret|token|key|service.?account|client_id|\.pem$|\.env", name):
        return None
    variable = re.sub(r"\W+", "_", name).strip("_").upper()
    return (
        f'A secret belongs into a config var: `heroku config:set {variable}="$(cat {path})"`, and'
        f' in the code read `os.environ["{variable}"]` instead (`json.loads(…)` for JSON).'
    )


@rule(
    "syntax-error",
    leads_to=ENDINGS,
    title="{file} has a syntax error in line {line}",
    cause="Python cannot read the file: {error}. The line is `{code}`.",
    fix="Correct line {line} of {file}; `python -m py_compile {file}` says when it is right.",
    docs="https://docs.python.org/3/tutorial/errors.html#syntax-errors",
)
def syntax_error(record: Failing) -> Iterator[Evidence]:
    found = crash(record)
    raised = found.raised if found else None
    kinds = ("SyntaxError", "IndentationError", "TabError")
    if found and raised and raised.kind in kinds and not _newer(found):
        evidence = at_place(found)
        if evidence:
            yield evidence


@rule(
    "newer-syntax",
    effect="unknown",
    leads_to=ENDINGS,
    title="Python {used} cannot read the file; Heroku would use {version}",
    cause="The syntax error may be one only for the older Python that stood in here.",
    fix="Get Python {version} (`pyenv install {version}`, `uv python install {version}`), then run"
    " parity again.",
    docs="https://devcenter.heroku.com/articles/python-support",
)
def newer_syntax(record: Failing) -> Iterator[Evidence]:
    found = crash(record)
    here, python = (found.slug.interpreter, found.plan.python) if found else (None, None)
    if found and here and python and _newer(found):
        raised = found.raised
        seen = raised.told if raised else "SyntaxError"
        yield at_either(found, seen, used=here.version, version=python.version)


def _newer(found: Crash) -> bool:
    """Whether the line may be syntax that Heroku's Python knows and this one does not."""
    raised, here, python = found.raised, found.slug.interpreter, found.plan.python
    if not raised or raised.kind != "SyntaxError" or not here or not python or here.exact:
        return False
    older = _minor(here.version) < _minor(python.version)
    return older and re.search(_NEWER, _code(found)) is not None


_NEWER = r"^(type \w+|except \w+, |match )|\bt[\"']|\[\w+(: \w+)?\]\("
"""Beginnings of lines that newer Pythons read: PEP 634, 695, 750, 758."""


def _minor(version: str) -> int:
    return int(version.split(".")[1])


def _code(found: Crash) -> str:
    place = found.raised.place if found.raised else None
    return line_of(found.source, place.file, place.line) if place else ""


@rule(
    "asgi-under-wsgi",
    leads_to=ENDINGS,
    title="{module} is an ASGI app, and {server} calls it as WSGI",
    cause="gunicorn's own workers, waitress and the like pass two arguments; ASGI apps (FastAPI,"
    " Starlette, Quart, Django's asgi.py) take three.",
    fix="In the Procfile write `{type}: uvicorn {module} --host 0.0.0.0 --port $PORT` (with uvicorn"
    " in requirements.txt){django:-}.",
    docs="https://www.uvicorn.org/deployment/",
)
def asgi_under_wsgi(record: Failing) -> Iterator[Evidence]:
    found = crash(record)
    named = target(found.process) if found else None
    pattern = r"\w+\(\) (?:missing 1 required positional argument: 'send'|takes 3 positional)"
    match = found.saying(pattern) if found else None
    if found and named and match:
        module = f"{named[0]}:{named[1] or 'application'}"
        wsgi = suggestion(found.source, asgi=False) if "asgi" in named[0] else None
        django = f", or `{found.process.name}: gunicorn {wsgi}`" if wsgi else ""
        names = {"module": module, "server": server(found.process) or "the server"}
        yield at_command(found, match[0], django=django, **names)


@rule(
    "wsgi-under-asgi",
    leads_to=ENDINGS,
    title="{module} is a WSGI app, and {server} calls it as ASGI",
    cause="Flask, Bottle and Django's wsgi.py take two arguments, `environ` and `start_response`;"
    " an ASGI server passes others: {error}",
    fix="In the Procfile write `{type}: gunicorn {module}`, with gunicorn in requirements.txt.",
    docs=PROCFILE,
)
def wsgi_under_asgi(record: Failing) -> Iterator[Evidence]:
    found = crash(record)
    named = target(found.process) if found else None
    match = (
        found.saying(r"missing 1 required positional argument: 'start_response'") if found else None
    )
    if found and named and match:
        module = f"{named[0]}:{named[1] or 'application'}"
        names = {"module": module, "server": server(found.process) or "the server"}
        yield at_command(found, match.string.strip(), error=match.string.strip(), **names)
