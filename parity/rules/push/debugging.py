"""Development settings that are still on: fine on the laptop, open to the world on Heroku."""

import ast
import re
from collections.abc import Iterator

from parity.records import Plan, Source, Traffic, edits
from parity.records.verdict import Evidence
from parity.rules.engine import rule
from parity.rules.views.python_source import (
    CodePlace,
    at,
    file_of,
    find,
    found,
    parsed,
    place,
    target,
    with_import_os,
)
from parity.rules.views.suggestions import requires

SECURITY = "https://docs.djangoproject.com/en/stable/howto/deployment/checklist/"


@rule(
    "debugger-on",
    effect="warn",
    title="Werkzeug's debugger is on: anyone who causes an error sees code and variables",
    cause="With debug on, Flask answers an error with a page that shows the code and its variables"
    " and offers a console in which Python can be run. A reloader also runs beside the app, which"
    " doubles its memory.",
    fix="{advice:Remove `debug=True`, or better, start the app with gunicorn.}",
    docs="https://flask.palletsprojects.com/en/stable/debugging/",
    laptop="On the laptop nobody else can reach the page.",
    by={"Flask": "web: gunicorn app:app", "flask run": "without --debug, no FLASK_DEBUG"},
)
def debugger_on(traffic: Traffic) -> Iterator[Evidence]:
    said = next((x.text for x in traffic.output if "* Debugger is active!" in x.text), None)
    if said is None:
        return
    process, source = traffic.boot.process, traffic.boot.release.slug.plan.source
    here = find(source, r"\bdebug\s*=\s*True\b|\.debug\s*=\s*True\b")
    if re.search(r"\s--debug\b", process.command):
        right = re.sub(r"\s--debug\b", "", process.command)
        advice = edits.command(process.name, right)
        line = process.line or None
        yield Evidence(said.strip(), "Procfile" if line else None, line, names={"advice": advice})
    elif "FLASK_DEBUG" in traffic.boot.release.slug.plan.config.values:
        yield Evidence(said.strip(), names={"advice": "Type `heroku config:unset FLASK_DEBUG`."})
    else:
        yield at(said.strip(), here)


@rule(
    "django-debug",
    effect="warn",
    title="DEBUG is on in {module}: anyone who causes an error sees settings and code",
    cause="The settings that the web process uses say `DEBUG = True`, whatever the config vars are."
    " Django then answers errors with its debug page, keeps every database query in memory, and"
    " hides what DEBUG = False needs: ALLOWED_HOSTS, static files, pages for errors.",
    fix='Write `DEBUG = os.environ.get("DEBUG") == "1"` there{importing:-}; `heroku config:set'
    " DEBUG=1` switches it on while you debug.",
    docs=SECURITY,
    basis="static",
    laptop="On the laptop nobody else sees the page.",
)
def django_debug(plan: Plan) -> Iterator[Evidence]:
    module = _settings(plan) if requires(plan.source, "Django") and not plan.refusal else None
    file = file_of(plan.source, module) if module else None
    here = _debug(plan.source, file) if file else None
    if module and here:
        importing = with_import_os(plan.source, here.file)
        yield at(here.text, here, module=module, importing=importing)


@rule(
    "random-session-key",
    effect="warn",
    title="The secret key is generated again at every start: sessions end, and workers differ",
    cause="`{code}` gives each process its own key. A cookie that one worker has signed is"
    " refused by the next, if the server starts several (WEB_CONCURRENCY is 2 in the smallest"
    " dyno), and every restart, at least one a day, logs everybody out.",
    fix='Write `{name} = os.environ["SECRET_KEY"]` there{importing:-}, and type `heroku config:set'
    " SECRET_KEY=$(openssl rand -hex 32)`.",
    docs="https://devcenter.heroku.com/articles/config-vars",
    basis="static",
)
def random_session_key(plan: Plan) -> Iterator[Evidence]:
    web = plan.processes.get("web")
    keys = [*found(plan.source, _KEY)] if web and not plan.refusal else []
    match = re.search(_MADE, keys[0].text) if len(keys) == 1 else None
    if match and not re.search(r"(?i)dev|local|test|example", keys[0].file):
        name = keys[0].text.partition("=")[0].strip()
        importing = with_import_os(plan.source, keys[0].file)
        yield at(keys[0].text, keys[0], code=keys[0].text, name=name, importing=importing)


_KEY = r"""(?:\b|[._])(?:secret_key|SECRET_KEY)\b["'\]]*\s*=(?!=)"""
_MADE = (
    r"=\s*(?:str\(|bytes\()?(?:os\.urandom|urandom|secrets\.token_\w+|token_\w+|uuid\.uuid4|uuid4"
    r"|get_random_secret_key)\([^()]*\)\)?(?:\.hex(?:\(\))?)?\s*(?:#.*)?$"
)
"""A key that is always random: no config var and no other line replaces it."""


def _settings(plan: Plan) -> str | None:
    """Return the settings module that the web process uses, if its command and the code show it."""
    configured = plan.config.values.get("DJANGO_SETTINGS_MODULE")
    web = plan.processes.get("web")
    named = target(web) if web else None
    started = file_of(plan.source, named[0]) if named else None
    if web and re.search(r"\bmanage\.py\s", web.command):
        started = "manage.py"
    text = (plan.source.text(started) or "") if started else ""
    match = re.search(r"DJANGO_SETTINGS_MODULE[\"']\s*,\s*[\"']([\w.]+)[\"']", text)
    return configured or (match[1] if match else None)


def _debug(source: Source, file: str) -> CodePlace | None:
    """Return the line that certainly switches DEBUG on: the last to set it, without a condition."""
    tree = parsed(source, file)
    last: CodePlace | None = None
    for node in tree.body if tree else ():
        plain = isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "DEBUG"
        if plain and isinstance(node, ast.Assign):
            on = isinstance(node.value, ast.Constant) and node.value.value is True
            last = place(source, file, node) if on else None
        elif _may_set(node):
            last = None
    return last


def _may_set(node: ast.stmt) -> bool:
    """Return whether a statement may set DEBUG: under a condition, or from another module."""
    for part in ast.walk(node):
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store) and part.id == "DEBUG":
            return True
        if isinstance(part, ast.ImportFrom) and {a.name for a in part.names} & {"*", "DEBUG"}:
            return True
        if isinstance(part, ast.Call) and ast.unparse(part.func) in _WHOLE:
            return True
    return False


_WHOLE = ("locals", "globals", "vars", "exec")
"""Functions that pass all names of the settings on: django-heroku, split settings."""
