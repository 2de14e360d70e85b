"""Signals are noted when they come and acted on where it is safe: at `check()`.

Every wait of parity is a loop that calls `check()`. Code between two checks never sees an
interruption, so nothing is half made when `Interrupted` unwinds it. Once raised, a signal does not
raise again (cleaning up must not be interrupted), but `again()` tells a wait to hurry.
"""

import signal
from types import FrameType

_seen: list[int] = []
_raised = False


class Trouble(Exception):
    """This machine, not the app, stands in the way: one line what, one line what to do (exit 3)."""

    def __init__(self, what: str, fix: str) -> None:
        super().__init__(what)
        self.what = what
        self.fix = fix


class Usage(Exception):
    """What was typed cannot be done as it stands: one line that says what to type (exit 2)."""


class Interrupted(BaseException):
    """parity was told to end; `signum` is the first signal that said so."""

    def __init__(self, signum: int) -> None:
        super().__init__(signum)
        self.signum = signum


def install() -> None:
    """Note what asks parity to end from now on. A SIGHUP ignored at start (nohup) stays so."""
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        if signum != signal.SIGHUP or signal.getsignal(signum) != signal.SIG_IGN:
            signal.signal(signum, _note)


def own_process() -> bool:
    """Whether this process is parity's own, and not a program that uses parity."""
    return signal.getsignal(signal.SIGINT) is _note


def _note(signum: int, _frame: FrameType | None) -> None:
    _seen.append(signum)


def check() -> None:
    """Raise `Interrupted` if a signal has come and none was raised yet."""
    global _raised
    if _seen and not _raised:
        _raised = True
        raise Interrupted(_seen[0])


def came() -> bool:
    """Whether a signal has come, raised or not: for what can neither raise nor wait for ever."""
    return bool(_seen)


def again() -> bool:
    """Whether a second signal has come: stop waiting for anything, kill."""
    return len(_seen) > 1
