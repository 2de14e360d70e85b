"""Additions to requirements.txt of packages that the app needs and does not name."""

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
"""Packages with the same name as their module (https://pypi.org)."""

KNOWN = frozenset(map(normalised, (*DISTRIBUTIONS.values(), *_ALIKE)))
"""Packages that are safe to install unasked: anybody can register other names on PyPI."""


def missing(pushed: Pushed, _record: Record, finding: Finding) -> tuple[str, Pushed] | None:
    """Add the package that the app imports or starts to requirements.txt."""
    from parity.rules.crash.python.programs import FROM_PIP  # loaded already, by the crash

    names = finding.evidence[0].names
    program = FROM_PIP.get(names.get("name", ""))
    package = program or names.get("package")
    if names.get("manifest") != "requirements.txt" or not package:
        return None
    known = program or normalised(package.partition("<")[0]) in KNOWN
    edited = required(pushed, package) if known else None
    return (f"{package} in requirements.txt", edited) if edited else None


def required(pushed: Pushed, package: str) -> Pushed | None:
    """Add a package to requirements.txt, which must exist."""
    exists = "requirements.txt" in pushed.source.entries
    name = re.fullmatch(r"([A-Za-z0-9._-]+)(?:<[\d.]+)?", package)
    if not exists or not name or requires(pushed.source, name[1]):
        return None
    return added(pushed, "requirements.txt", package)
