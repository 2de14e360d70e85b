"""Crashes when the app imports its own modules, in any language."""

from collections.abc import Iterator

from parity.records.verdict import Evidence
from parity.rules.crash.node import files as node
from parity.rules.crash.python import modules as python
from parity.rules.crash.symptoms import ENDINGS
from parity.rules.engine import rule
from parity.rules.phrases import FILES
from parity.rules.views.facts import AbsentModule, ModuleInOtherCase, UncommittedModule, stated

GIT = "https://devcenter.heroku.com/articles/git"


@rule(
    "module-not-in-git",
    instead_of=("name-not-in-module",),
    aliases=("module-file-not-in-git",),
    leads_to=ENDINGS,
    title="The module {module} is on your disk, but not in git",
    cause="git push sends only what is committed; on Heroku there is no {file}.",
    fix="{advice:Type `git add FILE`, commit, push.}",
    docs=GIT,
    views=(python.uncommitted, node.uncommitted),
    apart="the module is on your disk, but not in `git ls-files`",
    laptop=FILES,
)
def module_not_in_git(module: UncommittedModule) -> Iterator[Evidence]:
    yield from stated(module)


@rule(
    "module-in-other-case",
    aliases=("module-file-in-other-case",),
    leads_to=ENDINGS,
    title="{module} and {actual} differ in upper and lower case",
    cause="On macOS and Windows upper and lower case in file names make no difference. On Linux,"
    " and so on Heroku, there is {actual} but no {wanted}.",
    fix="Write `{right}` where {module} is imported, exactly as the file is named.",
    docs=GIT,
    views=(python.other_case, node.in_other_case),
    apart="the file exists, but its name differs in upper and lower case",
    laptop="On macOS and Windows models.py finds Models.py; on Linux it does not.",
)
def module_in_other_case(module: ModuleInOtherCase) -> Iterator[Evidence]:
    yield from stated(module)


@rule(
    "submodule-missing",
    aliases=("module-file-missing",),
    leads_to=ENDINGS,
    title="The app's own {top} has no module {module}",
    cause="{why:The pushed tree has no such file: it was not committed, or its name is spelt"
    " differently.}",
    fix="{advice:Compare the import with `git ls-files`; type `git add` for what is missing.}",
    docs=GIT,
    views=(python.part_absent, node.absent),
)
def submodule_missing(module: AbsentModule) -> Iterator[Evidence]:
    yield from stated(module)
