"""Crashes because the app does not list a package that it uses, in any language."""

from collections.abc import Iterator

from parity.records.verdict import Evidence
from parity.rules.crash.node import modules as node
from parity.rules.crash.python import packages as python
from parity.rules.crash.symptoms import ENDINGS
from parity.rules.engine import rule
from parity.rules.views.facts import UnaskedPackage, stated


@rule(
    "missing-dependency",
    aliases=("dependency-not-saved",),
    leads_to=ENDINGS,
    title="{package} is not in {manifest}, but {who:the app} imports {module}",
    cause="{error:The import fails}: Heroku installs only what {manifest} lists.",
    fix="{advice:Add its package to requirements.txt.}",
    docs="{docs:https://devcenter.heroku.com/articles/python-pip}",
    views=(python.unasked, node.unasked),
    apart="`ModuleNotFoundError` for a package that you did not write",
    laptop="The package was once installed on the laptop, and never added to requirements.txt.",
    by={"pip": "pip freeze > requirements.txt, in a fresh virtual environment"},
)
def missing_dependency(package: UnaskedPackage) -> Iterator[Evidence]:
    yield from stated(package)
