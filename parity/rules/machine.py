"""Rules about this machine, which say nothing about the app."""

from collections.abc import Iterator

from parity.records import Stray, Strays, Stuck
from parity.records.verdict import Evidence
from parity.rules.engine import rule

DYNOS = "https://devcenter.heroku.com/articles/dynos"


@rule(
    "this-machine",
    effect="unknown",
    title="This machine stood in the way: {what:something that parity needs is not there}",
    cause="The rehearsal could not go on here. That says nothing about the app on Heroku.",
    fix="{fix:-}",
    docs="https://devcenter.heroku.com/articles/git",
)
def this_machine(stuck: Stuck) -> Iterator[Evidence]:
    yield Evidence(stuck.what, names={"what": stuck.what, "fix": stuck.fix})


@rule(
    "outlived-its-command",
    title="`{command}` was still there after the command that started it",
    cause="It had a session of its own (a daemon, `setsid`), so the end of the command was not its"
    " own. On Heroku it is gone with the dyno; here parity has found and ended it.",
    fix="If it matters, make it a process type of its own in the Procfile, in the foreground.",
    docs=DYNOS,
)
def outlived_its_command(strays: Strays) -> Iterator[Evidence]:
    return (_evidence(stray) for stray in strays.processes if stray.ended)


@rule(
    "still-running",
    title="`{command}` could not be ended: it still runs on this machine",
    cause="The app started it, and it did not end within seconds of SIGKILL: it waits for a disk,"
    " or is frozen. Where namespaces can be made nothing is left (`parity doctor`).",
    fix="Look at it with `ps -fp {pid}`, end it with `kill -9 {pid}`.",
    docs=DYNOS,
)
def still_running(strays: Strays) -> Iterator[Evidence]:
    return (_evidence(stray) for stray in strays.processes if not stray.ended)


def _evidence(stray: Stray) -> Evidence:
    names = {"command": stray.command[:60], "pid": str(stray.pid)}
    return Evidence(stray.told, pid=stray.pid, names=names)
