"""A package in requirements.txt that the app needs and does not name."""

import re

from parity.facts.packages import DISTRIBUTIONS
from parity.records import Pushed, Record
from parity.records.verdict import Finding
from parity.rehearsal.edits.lines import added
from parity.rules.views.pip_output import normalised
from parity.rules.views.suggestions import requires

_ALIKE = """aiohttp alembic boto3 celery click django fastapi flask gevent httpx jinja2 markdown
numpy openai pandas pillow plotly psutil psycopg2 pydantic pymongo redis requests scipy sqlalchemy
starlette streamlit tornado uvicorn werkzeug whitenoise""".split()
"""Packages that are called like their module (https://pypi.org)."""

KNOWN = frozenset(map(normalised, (*DISTRIBUTIONS.values(), *_ALIKE)))
"""What may be installed for a user who never named it: anybody can take another name on PyPI."""


def missing(pushed: Pushed, _record: Record, finding: Finding) -> tuple[str, Pushed] | None:
    """As if requirements.txt named the package that the app imports or starts."""
    from parity.rules.crash.python.programs import FROM_PIP  # of rules that a crash has loaded

    names = finding.evidence[0].names
    program = FROM_PIP.get(names.get("name", ""))
    package = program or names.get("package")
    if names.get("manifest") != "requirements.txt" or not package:
        return None
    known = program or normalised(package.partition("<")[0]) in KNOWN
    made = required(pushed, package) if known else None
    return (f"{package} in requirements.txt", made) if made else None


def required(pushed: Pushed, package: str) -> Pushed | None:
    """As if requirements.txt, which must be there, named a package more."""
    there = "requirements.txt" in pushed.source.entries
    name = re.fullmatch(r"([A-Za-z0-9._-]+)(?:<[\d.]+)?", package)
    if not there or not name or requires(pushed.source, name[1]):
        return None
    return added(pushed, "requirements.txt", package)
