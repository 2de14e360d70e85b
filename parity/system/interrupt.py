"""Signals are recorded when they come, and acted on where it is safe: in `check()`.

Every wait in parity is a loop that calls `check()`. Code between two checks is never interrupted,
so nothing is half done when `Interrupted` unwinds it. But a long computation, or a hang, does not
get to a check: `PATIENCE` seconds after a signal, `Interrupted` is raised wherever parity is, even
in the middle of a regular expression. It is raised only once, as cleaning up must not be
interrupted, but `again()` tells a wait to hurry, and `HURRY` seconds after a second signal the
process exits at once: the guards end what still runs, the next run removes leftover files.
"""

import os
import signal
from types import FrameType

PATIENCE = 2.0
"""Seconds from a signal until code that does not get to a check is interrupted."""

HURRY = 5.0
"""Seconds that cleaning up may take after the second signal."""

ANSWER = 30.0
"""Seconds for explaining a log that ended with Ctrl-C."""

_seen: list[int] = []
_raised = False


class Interrupted(BaseException):
    """parity was told to end; `signum` is the first signal that said so."""

    def __init__(self, signum: int) -> None:
        super().__init__(signum)
        self.signum = signum


def install() -> None:
    """Start recording the signals that ask parity to end. An ignored SIGHUP (nohup) stays ignored.

    The parent process may have blocked signals, or ignored SIGCHLD; both are undone.
    """
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        if signum != signal.SIGHUP or signal.getsignal(signum) != signal.SIG_IGN:
            signal.signal(signum, _note)
    signal.signal(signal.SIGALRM, _overdue)


def own_process() -> bool:
    """Return whether this process is parity's own, and not a program that uses parity."""
    return signal.getsignal(signal.SIGINT) is _note


def _note(signum: int, _frame: FrameType | None) -> None:
    _seen.append(signum)
    if len(_seen) <= 2:
        _act_in(HURRY if _raised else PATIENCE)


def _act_in(seconds: float) -> None:
    signal.setitimer(signal.ITIMER_REAL, seconds)


def answering() -> None:
    """Allow `ANSWER` seconds for the answer after a signal that ended the input."""
    if len(_seen) == 1 and not _raised:
        _act_in(ANSWER)


def _overdue(_signum: int, _frame: FrameType | None) -> None:
    """Interrupt what has gone on too long after a signal; after a second one, exit."""
    if again():
        if _raised:
            os._exit(128 + _seen[0])
        _act_in(HURRY)
    check()


def check() -> None:
    """Raise `Interrupted` if a signal has come and it has not been raised yet."""
    global _raised
    if _seen and not _raised:
        _raised = True
        raise Interrupted(_seen[0])


def came() -> bool:
    """Return whether a signal has come, for code that can neither raise nor wait forever."""
    return bool(_seen)


def again() -> bool:
    """Return whether a second signal has come: stop waiting, and kill."""
    return len(_seen) > 1
