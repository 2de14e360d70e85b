"""Programs from Python packages that the app does not list."""

import re

from parity.facts.buildpacks import PYTHON
from parity.records.verdict import Evidence
from parity.rules.crash.symptoms import adding, at_command
from parity.rules.views.facts import UnaskedProgram
from parity.rules.views.missing_program import MissingProgram
from parity.rules.views.python_traceback import Crash
from parity.rules.views.suggestions import requires

FROM_PIP = {
    **{name: name for name in "gunicorn uvicorn hypercorn daphne celery flask streamlit".split()},
    **{name: name for name in "fastapi granian dramatiq rq huey panel bokeh voila".split()},
    **{name: name for name in "alembic honcho scrapy chalice sanic gradio prefect mlflow".split()},
    "waitress-serve": "waitress",
    "django-admin": "Django",
    "jupyter": "notebook",
    "newrelic-admin": "newrelic",
    "ddtrace-run": "ddtrace",
    "opentelemetry-instrument": "opentelemetry-distro",
    "twistd": "Twisted",
    "pserve": "pyramid",
    "aerich": "aerich",
    "dbt": "dbt-core",
    "rasa": "rasa",
    "uwsgi": "uWSGI",
}
"""Distributions by the programs that they install."""


PIP = "https://devcenter.heroku.com/articles/python-pip"


def unasked(missing: MissingProgram) -> UnaskedProgram | None:
    """Return a program whose package is not required, or is required only for development."""
    crash, name = missing.crash, missing.name
    package = FROM_PIP.get(name)
    line = _development_line(crash, package) if package else None
    if not package or (line is None and requires(crash.source, package)):
        return None
    file, advice = adding(crash, package)
    absence = Evidence(f"bash: {name}: command not found", file, line)
    here = at_command(crash, f"status 127 of `{crash.command}`")
    place = missing.place
    if place:
        here = Evidence(f"`{place.text}`", place.file, place.line, place.column)
    evidence = (absence, here)
    return UnaskedProgram(
        PIP, name, file, ", except for development" if line else "", advice, evidence
    )


def _development_line(crash: Crash, package: str) -> int | None:
    """Return the line that names a package which the package manager did not install."""
    python = crash.plan.runtime(PYTHON)
    if python is None or python.manager == "pip" or package.lower() in crash.slug.packages:
        return None
    pattern = re.compile(rf"""^[\s"']*{re.escape(package)}\b""", re.IGNORECASE)
    lines = (crash.source.text(adding(crash, package)[0]) or "").splitlines()
    return next((n for n, line in enumerate(lines, 1) if pattern.search(line)), None)
