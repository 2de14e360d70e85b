"""Rules about this machine, which say nothing about the app."""

from collections.abc import Iterator

from parity.records import Stray, Strays, Stuck
from parity.records.verdict import Evidence
from parity.rules.engine import rule

DYNOS = "https://devcenter.heroku.com/articles/dynos"


@rule(
    "this-machine",
    effect="unknown",
    title="parity cannot continue on this machine: {what:something that it needs is missing}",
    cause="The rehearsal could not continue here. That says nothing about the app on Heroku.",
    fix="{fix:-}",
    docs="https://devcenter.heroku.com/articles/git",
)
def this_machine(stuck: Stuck) -> Iterator[Evidence]:
    yield Evidence(stuck.what, names={"what": stuck.what, "fix": stuck.fix})


@rule(
    "outlived-its-command",
    title="`{command}` outlived the command that started it",
    cause="It ran in its own session (a daemon, `setsid`), so it did not end with the command."
    " On Heroku it ends with the dyno; here parity found and stopped it.",
    fix="If it matters, make it a separate process type in the Procfile, which stays in the"
    " foreground.",
    docs=DYNOS,
)
def outlived_its_command(strays: Strays) -> Iterator[Evidence]:
    return (_evidence(stray) for stray in strays.processes if stray.ended)


@rule(
    "still-running",
    title="`{command}` could not be stopped: it is still running on this machine",
    cause="The app started it, and it did not end within seconds of SIGKILL: it is waiting for a"
    " disk, or is frozen. Where namespaces are available, nothing is left (`parity doctor`).",
    fix="Look at it with `ps -fp {pid}`, stop it with `kill -9 {pid}`.",
    docs=DYNOS,
)
def still_running(strays: Strays) -> Iterator[Evidence]:
    return (_evidence(stray) for stray in strays.processes if not stray.ended)


def _evidence(stray: Stray) -> Evidence:
    names = {"command": stray.command[:60], "pid": str(stray.pid)}
    return Evidence(stray.told, pid=stray.pid, names=names)
