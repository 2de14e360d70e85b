"""Versions of packages that the index does not have, whatever the language."""

from collections.abc import Iterator

from parity.records.verdict import Evidence
from parity.rules.build.node import build as node
from parity.rules.build.python import pip_versions as python
from parity.rules.engine import rule
from parity.rules.push.plan import PUSH_REJECTED
from parity.rules.views.facts import UnknownVersion, stated
from parity.rules.views.pip_output import REASON


@rule(
    "no-such-version",
    aliases=("bad-version-for-dependency",),
    leads_to=PUSH_REJECTED,
    title="There is no {entry}",
    cause="{why:The index has the package, but no such version of it.}",
    fix="{advice:-}",
    docs="{docs:https://pip.pypa.io/en/stable/reference/requirements-file-format/}",
    heroku=REASON,
    apart="`No matching distribution found for NAME==VERSION`",
    views=(python.unknown, node.unknown_version),
)
def no_such_version(version: UnknownVersion) -> Iterator[Evidence]:
    yield from stated(version)
