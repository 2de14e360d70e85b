"""Signals are noted when they come and acted on where it is safe: at `check()`.

Every wait of parity is a loop that calls `check()`. Code between two checks sees no interruption,
so nothing is half made when `Interrupted` unwinds it. But what computes, or hangs, for long comes
to no check: `PATIENCE` seconds after a signal `Interrupted` is raised wherever parity is, also in
the middle of a regular expression. Once raised, a signal does not raise again (cleaning up must not
be interrupted), but `again()` tells a wait to hurry, and `HURRY` seconds after a second signal the
process ends as it stands: the guards end what runs, the next run removes what lies about.
"""

import os
import signal
from types import FrameType

PATIENCE = 2.0
"""Seconds from a signal to the end of what comes to no check."""

HURRY = 5.0
"""Seconds that cleaning up may take after the second signal."""

ANSWER = 30.0
"""Seconds for what a log says that ended with Ctrl-C."""

_seen: list[int] = []
_raised = False


class Interrupted(BaseException):
    """parity was told to end; `signum` is the first signal that said so."""

    def __init__(self, signum: int) -> None:
        super().__init__(signum)
        self.signum = signum


def install() -> None:
    """Note what asks parity to end from now on. A SIGHUP ignored at start (nohup) stays so.

    Whoever has started parity may have blocked signals, or ignored the end of children.
    """
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        if signum != signal.SIGHUP or signal.getsignal(signum) != signal.SIG_IGN:
            signal.signal(signum, _note)
    signal.signal(signal.SIGALRM, _overdue)


def own_process() -> bool:
    """Whether this process is parity's own, and not a program that uses parity."""
    return signal.getsignal(signal.SIGINT) is _note


def _note(signum: int, _frame: FrameType | None) -> None:
    _seen.append(signum)
    if len(_seen) <= 2:
        _act_in(HURRY if _raised else PATIENCE)


def _act_in(seconds: float) -> None:
    signal.setitimer(signal.ITIMER_REAL, seconds)


def answering() -> None:
    """A signal that has come was the end of the question: the answer may take `ANSWER` seconds."""
    if len(_seen) == 1 and not _raised:
        _act_in(ANSWER)


def _overdue(_signum: int, _frame: FrameType | None) -> None:
    """Nothing has acted on a signal for long: end what goes on, after a second one the process."""
    if again():
        if _raised:
            os._exit(128 + _seen[0])
        _act_in(HURRY)
    check()


def check() -> None:
    """Raise `Interrupted` if a signal has come and none was raised yet."""
    global _raised
    if _seen and not _raised:
        _raised = True
        raise Interrupted(_seen[0])


def came() -> bool:
    """Whether a signal has come, raised or not: for what can neither raise nor wait forever."""
    return bool(_seen)


def again() -> bool:
    """Whether a second signal has come: stop waiting for anything, kill."""
    return len(_seen) > 1
