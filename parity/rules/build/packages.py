"""Packages that the index does not have, whatever the language."""

from collections.abc import Iterator

from parity.records.verdict import Evidence
from parity.rules.build.node import build as node
from parity.rules.build.python import pip_packages as python
from parity.rules.engine import rule
from parity.rules.push.plan import PUSH_REJECTED
from parity.rules.views.facts import UnknownPackage, stated
from parity.rules.views.pip_output import REASON


@rule(
    "no-such-package",
    aliases=("module-404",),
    leads_to=PUSH_REJECTED,
    title="The {registry:index} has no {entry} that Heroku could install",
    cause="{why:There is no package of this name (a typo?), or none of its files is for Linux and"
    " the app's version.}",
    fix="{advice:Look up the name, and correct it where the app requires it.}",
    docs="{docs:https://pypi.org/}",
    heroku=REASON,
    apart="`No matching distribution found for NAME`",
    views=(python.unknown, node.unknown),
)
def no_such_package(package: UnknownPackage) -> Iterator[Evidence]:
    yield from stated(package)
