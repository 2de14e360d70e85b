"""Crashes of servers: wrong options, missing configuration, worker classes."""

import re
from collections.abc import Iterator

from parity.records.verdict import Evidence
from parity.rules.crash.symptoms import ENDINGS, PROCFILE, adding, at_command, procfile
from parity.rules.engine import rule
from parity.rules.views.missing_python_module import why_absent
from parity.rules.views.python_source import at, find
from parity.rules.views.python_traceback import Crash
from parity.rules.views.suggestions import kept_out


@rule(
    "worker-class",
    leads_to=ENDINGS,
    title="gunicorn has no worker class {name}",
    cause="{error:The package that it needs is not installed, or this gunicorn does not have it.}",
    fix="{advice:Require the package that the class needs, or use `-k gthread`.}",
    docs="https://docs.gunicorn.org/en/stable/settings.html#worker-class",
)
def worker_class(crash: Crash) -> Iterator[Evidence]:
    match = crash.saying(r"class uri '([\w.]+)' invalid or not found")
    if not match or why_absent(crash) not in (None, "worker"):
        return
    name = match[1]
    needs = crash.saying(r"\b(\w+) worker requires \1|No module named '(\w+)")
    unknown = crash.saying(r"Entry point \('gunicorn\.workers', '\w+'\) not found")
    if needs and not unknown:
        extra = name.partition("_")[0]
        error = f"It needs {needs[1] or needs[2]}, which is not installed."
        advice = adding(crash, f"gunicorn[{extra}]")[1]
    else:
        error = "This version of gunicorn does not have it."
        right = re.sub(rf"\b{re.escape(name)}\b", "gthread", crash.command)
        advice = (
            f"{procfile(crash, right)} Or use gevent, with `gunicorn[gevent]` in the requirements."
        )
    yield at_command(crash, match[0], name=name, error=error, advice=advice)


@rule(
    "server-config-not-there",
    leads_to=ENDINGS,
    title="The server's configuration {file} is not in the pushed tree",
    cause="The command names {file}, but there is no such file: it was not committed, or has"
    " another name.",
    fix="Type `git add {file}`, commit, push; or remove the option from the Procfile.",
    docs=PROCFILE,
)
def server_config_not_there(crash: Crash) -> Iterator[Evidence]:
    pattern = r"'([^']+)' doesn't exist$|Invalid value for '--(?:log-config|env-file)'.*'([^']+)'"
    match = crash.saying(pattern) if not crash.raised else None
    file = (match[1] or match[2]) if match else ""
    if match and file in crash.command:
        yield at_command(crash, match[0], file=file)
        for evidence in kept_out(crash.source, file):
            yield evidence._replace(names={})


@rule(
    "import-string-needed",
    leads_to=ENDINGS,
    title='uvicorn.run needs the app as a string, `"{module}:{name}"`: on Heroku it starts workers',
    cause="Heroku sets WEB_CONCURRENCY (here 2), which sets the number of uvicorn workers; each"
    " must import the app, which is impossible with an object: {error}",
    fix='Write `uvicorn.run("{module}:{name}", host="0.0.0.0", port=int(os.environ["PORT"]))` under'
    ' `if __name__ == "__main__":`.',
    docs="https://www.uvicorn.org/settings/",
)
def import_string_needed(crash: Crash) -> Iterator[Evidence]:
    match = crash.saying(r"You must pass the application as an import string.*")
    place = find(crash.source, r"\buvicorn\.run\(|(?<![\w.])run\(") if match else None
    if match and place:
        module = place.file.removesuffix(".py").replace("/", ".")
        argument = re.search(r"run\(\s*([A-Za-z_]\w*)", place.text)
        names = {"module": module, "name": argument[1] if argument else "app", "error": match[0]}
        yield at(match[0], place, **names)


@rule(
    "wrong-option",
    leads_to=ENDINGS,
    title="{program} does not accept the command: {error}",
    cause="`{command}` has an option or a value that {program} does not know, so it prints its"
    " usage and ends.",
    fix="Correct the option in the Procfile; `{program} --help` lists them.",
    docs=PROCFILE,
    fallback=True,
)
def wrong_option(crash: Crash) -> Iterator[Evidence]:
    pattern = (
        r"(?<![\w./-])(?P<a>[\w./-]+): error: (?P<x>.+)$"
        r"|^Error: (?P<y>(?:No such|Invalid value|Missing|Got un)"
        r".+)$|^(?P<b>[\w-]+): (?:illegal|invalid|unrecognized) option (?P<z>.+)$"
    )
    match = crash.saying(pattern) if not crash.raised else None
    if match:
        first = re.match(r"\s*(?:\w+=\S*\s+)*([\w./-]+)", crash.command)
        program = match["a"] or match["b"] or (first[1] if first else "The program")
        error = match["x"] or match["y"] or match["z"]
        yield at_command(crash, match[0], program=program.rpartition("/")[2], error=error)


@rule(
    "option-of-flask-migrate",
    leads_to=ENDINGS,
    title="flask has no command `db`: Flask-Migrate is not installed or not set up",
    cause="`flask db` comes from the package Flask-Migrate, if the app creates a `Migrate(app, db)`"
    " and flask finds the app.",
    fix="{advice:Add the line `Flask-Migrate` to requirements.txt, and write `flask --app MODULE db"
    " upgrade`.}",
    docs="https://flask-migrate.readthedocs.io/",
)
def option_of_flask_migrate(crash: Crash) -> Iterator[Evidence]:
    match = crash.saying(r"No such command '?\"?db\b.*")
    no_app = crash.saying(r"Could not locate a Flask application")
    installed = crash is not None and "flask-migrate" in crash.slug.packages
    if match and not (no_app and installed):
        advice = f"{adding(crash, 'Flask-Migrate')[1]} Create a `Migrate(app, db)` in the app."
        if installed:
            advice = "Flask-Migrate is installed: create a `Migrate(app, db)` in the app."
        yield at_command(crash, match[0], advice=advice)


@rule(
    "daemon-in-config",
    leads_to=ENDINGS,
    title="gunicorn goes to the background, and the command ends",
    cause="{file} says `{code}`. A dyno runs as long as its command, so Heroku ends it at once.",
    fix="Remove line {line} from {file}.",
    docs="https://docs.gunicorn.org/en/stable/settings.html#daemon",
)
def daemon_in_config(crash: Crash) -> Iterator[Evidence]:
    if crash.exit == 0 and "gunicorn" in crash.command:
        place = find(crash.source, r"^\s*daemon\s*=\s*True\b")
        if place:
            names = {"file": place.file, "line": str(place.line), "code": place.text}
            yield at("Process exited with status 0", place, **names)


@rule(
    "factory-returns-nothing",
    leads_to=ENDINGS,
    title="{factory}() returns no app to the server",
    cause="gunicorn calls {factory}() and serves what it returns, but it returns nothing.",
    fix="End the function with `return app`.",
    docs="https://flask.palletsprojects.com/en/stable/patterns/appfactories/",
)
def factory_returns_nothing(crash: Crash) -> Iterator[Evidence]:
    match = crash.saying(r"Failed to find application object: '(\w+)\(")
    if match:
        place = find(crash.source, rf"^def {match[1]}\(")
        names = {"factory": match[1]}
        yield at(match[0], place, **names) if place else at_command(crash, match[0], **names)
