"""Crashes because of syntax errors, or because the server calls the app by the wrong interface."""

import re
from collections.abc import Iterator

from parity.facts.buildpacks import PYTHON
from parity.records.verdict import Evidence
from parity.rules.crash.symptoms import ENDINGS, PROCFILE, at_command, at_either, at_place
from parity.rules.engine import rule
from parity.rules.views.facts import SyntaxProblem
from parity.rules.views.python_source import line_of, server, suggestion, target
from parity.rules.views.python_traceback import Crash

SYNTAX = "https://docs.python.org/3/tutorial/errors.html#syntax-errors"


def syntax(crash: Crash) -> SyntaxProblem | None:
    """Return the syntax error in a file that Python cannot parse."""
    raised, kinds = crash.raised, ("SyntaxError", "IndentationError", "TabError")
    evidence = at_place(crash) if raised and raised.kind in kinds else None
    if evidence is None:
        return None
    marker = re.match(r"<<<<<<<|=======$|>>>>>>>", evidence.names["code"])
    advice = (_MERGED if marker else _CORRECT).format(**evidence.names)
    return SyntaxProblem("Python", SYNTAX, advice, evidence)


_CORRECT = "Correct line {line} of {file}; `python -m py_compile {file}` checks it."
_MERGED = (
    "Git left the marks of an unfinished merge: keep one of the two versions in {file}, delete the"
    " lines with <<<<<<<, ======= and >>>>>>>, commit."
)


@rule(
    "newer-syntax",
    instead_of=("syntax-error",),
    effect="unknown",
    leads_to=ENDINGS,
    title="Python {used} cannot read the file; Heroku would use {version}",
    cause="The syntax may be wrong only for the older Python that ran here.",
    fix="Install Python {version} (`pyenv install {version}`, `uv python install {version}`), then"
    " run parity again.",
    docs="https://devcenter.heroku.com/articles/python-support",
    apart="`SyntaxError` for syntax that a newer Python has",
)
def newer_syntax(crash: Crash) -> Iterator[Evidence]:
    here, python = (crash.slug.interpreters.get(PYTHON), crash.plan.runtime(PYTHON))
    if here and python and _newer(crash):
        raised = crash.raised
        seen = raised.told if raised else "SyntaxError"
        yield at_either(crash, seen, used=here.version, version=python.version)


def _newer(crash: Crash) -> bool:
    """Return whether the line may be syntax that Heroku's Python knows and this one does not."""
    here, python = crash.slug.interpreters.get(PYTHON), crash.plan.runtime(PYTHON)
    raised = crash.raised
    if not raised or raised.kind != "SyntaxError" or not here or not python or here.exact:
        return False
    older = _minor(here.version) < _minor(python.version)
    return older and re.search(_NEWER, _code(crash)) is not None


_NEWER = r"^(type \w+|except \w+, |match )|\bt[\"']|\[\w+(: \w+)?\]\("
"""Syntax that only newer Pythons can parse: PEP 634, 695, 750, 758."""


def _minor(version: str) -> int:
    return int(version.split(".")[1])


def _code(crash: Crash) -> str:
    place = crash.raised.place if crash.raised else None
    return line_of(crash.source, place.file, place.line) if place else ""


@rule(
    "asgi-under-wsgi",
    leads_to=ENDINGS,
    title="{module} is an ASGI app, but {server} calls it as WSGI",
    cause="gunicorn's own workers, waitress and the like pass two arguments; ASGI apps (FastAPI,"
    " Starlette, Quart, Django's asgi.py) take three.",
    fix="In the Procfile write `{type}: uvicorn {module} --host 0.0.0.0 --port $PORT` (with uvicorn"
    " in requirements.txt){django:-}.",
    docs="https://www.uvicorn.org/deployment/",
    apart="`__call__() missing 1 required positional argument: 'send'`",
    laptop="`uvicorn main:app` and `fastapi dev` speak ASGI; bare gunicorn speaks WSGI.",
    by={"FastAPI": "web: gunicorn -k uvicorn.workers.UvicornWorker main:app"},
)
def asgi_under_wsgi(crash: Crash) -> Iterator[Evidence]:
    spec = target(crash.process)
    pattern = r"\b\w+\(\) (?:missing 1 required positional argument: 'send'|takes 3 positional)"
    match = crash.saying(pattern)
    if spec and match:
        module = f"{spec[0]}:{spec[1] or 'application'}"
        wsgi = suggestion(crash.source, asgi=False) if "asgi" in spec[0] else None
        django = f", or `{crash.process.name}: gunicorn {wsgi}`" if wsgi else ""
        names = {"module": module, "server": server(crash.process) or "the server"}
        yield at_command(crash, match[0], django=django, **names)


@rule(
    "wsgi-under-asgi",
    leads_to=ENDINGS,
    title="{module} is a WSGI app, but {server} calls it as ASGI",
    cause="Flask, Bottle and Django's wsgi.py take two arguments, `environ` and `start_response`;"
    " an ASGI server passes others: {error}",
    fix="In the Procfile write `{type}: gunicorn {module}`, with gunicorn in requirements.txt.",
    docs=PROCFILE,
)
def wsgi_under_asgi(crash: Crash) -> Iterator[Evidence]:
    spec = target(crash.process)
    match = crash.saying(r"missing 1 required positional argument: 'start_response'")
    if spec and match:
        module = f"{spec[0]}:{spec[1] or 'application'}"
        names = {"module": module, "server": server(crash.process) or "the server"}
        yield at_command(crash, match.string.strip(), error=match.string.strip(), **names)
