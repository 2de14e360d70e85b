"""Apps that work only with the values of a `.env`, which Heroku does not read."""

from collections.abc import Iterator
from typing import NamedTuple

from parity.facts.addons import ADD_ONS
from parity.records import Exchange, Traffic
from parity.records.verdict import Evidence
from parity.rules.crash.node import errors as node
from parity.rules.crash.python import config as python
from parity.rules.crash.symptoms import at_either
from parity.rules.engine import rule
from parity.rules.traffic.traffic import request_line
from parity.rules.view import view
from parity.rules.views.facts import UnsetVariable
from parity.rules.views.node_error import node_crash, node_error
from parity.rules.views.python_traceback import Crash, crash

CONFIG_VARS = "https://devcenter.heroku.com/articles/config-vars"
DOTENV = ".env"
_SHOWN = 5


class BareFailure(NamedTuple):
    """The failure of an app that was booted again without the values of its `.env`.

    `names` are the variables that it sets, `what` the failure in words. `unset` is the variable
    for want of which the app fails, `evidence` where that shows; `committed`: git has the file.
    """

    names: tuple[str, ...]
    what: str
    unset: UnsetVariable | None
    evidence: tuple[Evidence, ...]
    committed: bool

    @property
    def expected(self) -> bool:
        """True if it lacks what an uncommitted `.env` sets: users set that on Heroku, too."""
        return not self.committed and (self.unset is None or self.unset.name in self.names)

    @property
    def setting(self) -> str:
        """The command that sets what the app lacks."""
        if self.unset is None:
            return f"heroku config:set {' '.join(f'{n}=VALUE' for n in self.names[:_SHOWN])}"
        addon = ADD_ONS.get(self.unset.name)
        command = f"heroku config:set {self.unset.name}=VALUE"
        return f"heroku addons:create {addon.plan}" if addon else command


@view
def bare_failure(traffic: Traffic) -> BareFailure | None:
    """Return why the app fails without its `.env`, if it works with it."""
    bare = traffic.bare
    if bare is None or not traffic.needs_dotenv:
        return None
    plan = traffic.boot.release.slug.plan
    left = bare.boot.release.slug.plan.config.values
    names = tuple(sorted(name for name in plan.config.values if name not in left))
    failed = crash(bare) if bare.boot.state == "up" else crash(bare.boot)
    unset = _unset(failed) if failed else None
    refused = next((e for e in bare.exchanges if e.code or e.status >= 400), None)
    evidence = _places(failed, unset, refused)
    committed = DOTENV in plan.source.entries
    return BareFailure(names, _what(failed, refused), unset, evidence, committed)


def _unset(failed: Crash) -> UnsetVariable | None:
    variable = python.unset(failed)
    thrown = None if variable else node_crash(failed)
    error = node_error(thrown) if thrown else None
    return variable or (node.unset(error) if error else None)


def _what(failed: Crash | None, refused: Exchange | None) -> str:
    told = f": {failed.raised.told}" if failed and failed.raised else ""
    if refused:
        return f"{request_line(refused)} gets {refused.code or refused.status}{told}"
    return f"the app crashes{told}"


def _places(
    failed: Crash | None, unset: UnsetVariable | None, refused: Exchange | None
) -> tuple[Evidence, ...]:
    """Return where the failure shows: the read of the variable, the app's line, the answer."""
    if unset:
        rows = (unset.evidence,) if isinstance(unset.evidence, Evidence) else unset.evidence
        return tuple(row._replace(names={}) for row in rows)
    if failed:
        seen = failed.raised.told if failed.raised else f"Process exited with status {failed.exit}"
        return (at_either(failed, seen)._replace(names={}),)
    return (Evidence(_what(failed, refused)),)


def _found(failure: BareFailure) -> Iterator[Evidence]:
    names = {
        "names": ", ".join(failure.names[:_SHOWN]),
        "what": failure.what,
        "set": failure.setting,
        "name": failure.unset.name if failure.unset else failure.names[0],
        "lacking": f": {failure.unset.name} is not set" if failure.unset else "",
        "committed": " Committing the file does not help." if failure.committed else "",
    }
    first, *rest = failure.evidence
    yield first._replace(names=names)
    yield from rest
    yield Evidence(f"{DOTENV} sets {names['names']}", DOTENV)


@rule(
    "works-only-with-dotenv",
    effect="warn",
    title="The app needs the values in .env, which Heroku does not read{lacking:-}",
    cause="A second boot without them ({names:the variables of .env}) failed: {what:the app"
    " crashes}.{committed:-}",
    fix="Type `{set:heroku config:set NAME=VALUE}`, unless the app already has it (`heroku"
    " config` lists what is set). `parity run --no-env` shows the whole failure.",
    docs=CONFIG_VARS,
    apart="`parity run` works, and `parity run --no-env` does not",
    laptop="On the laptop `heroku local` and other tools read .env.",
)
def works_only_with_dotenv(failure: BareFailure) -> Iterator[Evidence]:
    if not failure.expected:
        yield from _found(failure)


@rule(
    "config-vars-needed",
    effect="note",
    title="The app does not work without the config vars in .env{lacking:-}",
    cause="A second boot without them ({names:the variables of .env}) failed: {what:the app"
    " crashes}. On Heroku they exist only if they are set on the app.",
    fix="Type `{set:heroku config:set NAME=VALUE}`, unless the app already has it.",
    docs=CONFIG_VARS,
)
def config_vars_needed(failure: BareFailure) -> Iterator[Evidence]:
    if failure.expected:
        yield from _found(failure)
