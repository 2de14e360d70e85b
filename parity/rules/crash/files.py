"""Crashes because a file that the app opens is missing, in any language."""

from collections.abc import Iterator

from parity.records.verdict import Evidence
from parity.rules.crash.node import files as node
from parity.rules.crash.python import files as python
from parity.rules.crash.symptoms import ENDINGS
from parity.rules.engine import rule
from parity.rules.phrases import FILES
from parity.rules.views.facts import AbsentFile, stated


@rule(
    "file-not-there",
    aliases=("node-file-not-there",),
    leads_to=ENDINGS,
    title="{path} does not exist in the dyno",
    cause="The app opens {path}. {why:It is not committed, was written by an earlier dyno, or is"
    " spelt differently.}",
    fix="{advice:Commit the file, or create it if it is missing.}",
    docs="https://devcenter.heroku.com/articles/dynos#ephemeral-filesystem",
    views=(python.unopened, node.unopened),
    apart="`FileNotFoundError` for one of your own files",
    laptop=FILES,
)
def file_not_there(file: AbsentFile) -> Iterator[Evidence]:
    yield from stated(file)
