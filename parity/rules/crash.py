"""H10: the start command ended. The symptoms, and where their evidence lies."""

from collections.abc import Iterator

from parity.records import Boot
from parity.rules import rule
from parity.rules.code import line_of
from parity.rules.log import Crash
from parity.rules.plan import PUSH_REJECTED
from parity.rules.release import RELEASE_FAILED
from parity.verdict import Evidence

H10_DOCS = "https://devcenter.heroku.com/articles/error-codes#h10-app-crashed"
PROCFILE = "https://devcenter.heroku.com/articles/procfile"


@rule(
    "H10",
    effect="fail",
    title="App crashed",
    cause="The web process ended with status {status}. Heroku starts it once more, then waits;"
    " until it stays up, every visitor sees `Application error`.",
    fix="Do what the cause below says. `heroku logs --tail` shows the same lines on Heroku.",
    docs=H10_DOCS,
    heroku="H10",
)
def H10(boot: Boot) -> Iterator[Evidence]:
    if boot.state == "crashed" and boot.process.name == "web":
        yield from _ended(boot)


@rule(
    "crashed",
    effect="fail",
    title="The process {process} crashes",
    cause="Its command ended with status {status}. Heroku starts it once more, then waits longer"
    " and longer between attempts.",
    fix="Do what the cause below says. `heroku logs --tail` shows the same lines on Heroku.",
    docs="https://devcenter.heroku.com/articles/dyno-restarts",
)
def CRASHED(boot: Boot) -> Iterator[Evidence]:
    if boot.state == "crashed" and boot.process.name != "web":
        yield from _ended(boot)


def _ended(boot: Boot) -> Iterator[Evidence]:
    names = {"status": str(boot.exit), "process": boot.process.name}
    yield Evidence(f"Process exited with status {boot.exit}", names=names)
    if boot.bound_first:
        yield Evidence("it had opened its port, and ended before the first answer")


ENDINGS = (H10, CRASHED, RELEASE_FAILED, PUSH_REJECTED)
"""The symptoms that a crash explains, in whatever kind of dyno; collectstatic ends the build."""


def at_command(found: Crash, seen: str, **names: str) -> Evidence:
    """Evidence at the Procfile's line, if the command stands in one."""
    told = {"command": found.process.command, "type": found.process.name, **names}
    line = found.process.line or None
    return Evidence(seen, "Procfile" if line else None, line, names=told)


def at_place(found: Crash, **names: str) -> Evidence | None:
    """Evidence at the app's innermost frame of the last exception."""
    raised = found.raised
    if raised is None or raised.place is None:
        return None
    place = raised.place
    told = {
        "error": raised.told,
        "file": place.file,
        "line": str(place.line),
        "code": line_of(found.source, place.file, place.line),
        **names,
    }
    return Evidence(raised.told, place.file, place.line, names=told)
