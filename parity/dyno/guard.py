"""The guard between parity and an untrusted command, which ends with either of them.

It is a separate program, started isolated and without `site` (see guard_pipes.py). It has four
levels of isolation, of which isolation.py takes the first that this machine grants:

`pidns`: an outer guard, and an inner one that is process 1 of private user, pid, mount and IPC
namespaces. If either of them dies, the kernel ends everything that the command has started.
`guard`: the same two without namespaces, each a subreaper (prctl(2)), so every descendant,
daemonised or not, ends up as a child of the inner guard, or of the outer one if that is gone.
`subreaper`: the inner guard alone. `basic`: the inner guard alone, which finds its processes by
their group and by marks that they inherit (signals.py). These two report what they had to look for.

The inner guard reads single bytes from CONTROL: `T` sends SIGTERM to every process, `K` ends them
all; so does the end of the pipe, which means that parity has died. It writes lines to STATUS:
`root PID`, then `ready` or `refused WHY`, then `exit N`, then `left PID ended|alive COMMAND` for
each process that outlived the command outside of its session, then `done`. Over DOOR, a socket or
-1, parity asks it for sockets of the dyno's own network (netns_sockets.py). Standard library only,
one thread.
"""

import _signal as signal  # not `signal`, whose enums take as long to import as all the rest
import os

from parity.dyno import shared, signals
from parity.dyno.spawn import IGNORED, Task, spawn

TYPE_CHECKING = False

if TYPE_CHECKING:
    from parity.dyno.signals import Reach

TICK = 0.05
"""Seconds between two looks at processes whose end sends no signal."""

LOOK = 0.5
"""Seconds between two looks at the shared memory that the command's processes hold (ours)."""

GRACE = 0.3
"""Seconds in which a process that outlives the command may end by itself."""

MOST = 20
"""The most processes that are reported."""

LONGEST = 300
"""The most characters of a command line that are reported."""


def main(argv: list[str]) -> None:
    """Guard the command in `argv` until none of its processes is left."""
    task = Task(argv)
    # A signal that comes before its handler is installed would be fatal: block first.
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    for signum in IGNORED:
        signal.signal(signum, signal.SIG_IGN)
    try:
        if task.level != "pidns":
            signals.conceal()
        if task.level in ("pidns", "guard"):
            _outer(task)
        else:
            _inner(task, None)
    except OSError as error:
        task.tell(f"refused {error.strerror or error}")


def _outer(task: Task) -> None:
    """Start the inner guard, and end what is left of the command if something kills that guard."""
    lifeline, mine = os.pipe()
    if task.level == "pidns":
        from parity.dyno import namespace

        user = (os.getuid(), os.getgid())
        pid = namespace.clone(network=task.door >= 0)
    else:
        signals.adopt()
        pid = os.fork()
    if pid == 0:
        os.close(mine)
        try:
            if task.level == "pidns":
                network = task.door >= 0
                namespace.enter(user, task.app, task.paths, task.cores, network=network)
            _inner(task, lifeline)
        except Exception as error:
            task.tell(f"refused {getattr(error, 'strerror', None) or error}")
        finally:
            os._exit(0)
    os.close(lifeline)
    os.close(task.control)
    if task.door >= 0:
        os.close(task.door)
    task.tell(f"root {pid}")
    os.waitpid(pid, 0)
    files = _shared(task)
    sweep(signals.below)
    shared.remove(files)


def _inner(task: Task, lifeline: int | None) -> None:
    """Run the command until it ends or is ended, and report how."""
    wake = _wake_on_child()
    if task.level in ("guard", "subreaper"):
        signals.adopt()
    if task.level != "pidns":
        signals.humble()
    command = spawn(task, wake)
    signal.pthread_sigmask(signal.SIG_SETMASK, set())
    task.tell("ready")
    send = signals.by(task.level, task.cookie, command)
    code, late = _watch(task, wake, lifeline, command, send)
    if code is not None:
        task.tell(f"exit {code}")
    outside = _outside(task, command, GRACE if code is not None else 0.0)
    task.files |= _shared(task)
    swept = sweep(send, command, signals.LOOKS if task.level == "basic" else 1)
    shared.remove(task.files)
    if code is None:
        task.tell(f"exit {swept}")
    if task.level != "pidns":
        _report(task, outside if late else {})
    task.tell("done")


def _shared(task: Task) -> dict[str, int]:
    """Return the shared memory that the command's processes hold, unless a namespace removes it."""
    return {} if task.level == "pidns" else shared.held(signals.pids(task.level, task.cookie))


def _outside(task: Task, command: int, grace: float) -> dict[int, str]:
    """Return the processes that have left the command's session: ids and command lines."""
    if task.level not in ("subreaper", "basic"):
        return {}
    for _ in range(int(grace / TICK)):
        if not signals.beyond(task.level, task.cookie, command):
            return {}
        signals.ready([], TICK)
        _reaped(command)
    return signals.beyond(task.level, task.cookie, command)


def _report(task: Task, late: dict[int, str]) -> None:
    """Report the processes that outlived the command, and those that are still alive."""
    alive = signals.command_lines(task.level, task.cookie)
    for pid, name in [*({**late, **alive}).items()][:MOST]:
        task.tell(f"left {pid} {'alive' if pid in alive else 'ended'} {name[:LONGEST]}")


def _wake_on_child() -> int:
    """Return a file descriptor that is readable after a SIGCHLD."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    os.set_blocking(reader, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    return reader


def _watch(
    task: Task, wake: int, lifeline: int | None, command: int, send: "Reach"
) -> tuple[int | None, bool]:
    """Return the command's exit code, None if it must be killed, and whether all had time to end.

    The dyno ends with the command; only after `T` do the others have until `K` to end by
    themselves.
    """
    code, stopping = None, False
    control, door = task.control, task.door
    sources = [fd for fd in (control, wake, lifeline, door) if fd is not None and fd >= 0]
    pause = None if task.level == "pidns" else LOOK
    while True:
        ready = signals.ready(sources, pause if code is None else TICK)
        if not ready:
            task.files |= _shared(task)
        if wake in ready:
            os.read(wake, 4096)
        ended, left = _reaped(command)
        code = ended if code is None else code
        if code is not None and not (stopping and (left or _hides(task, send))):
            return code, True
        if lifeline in ready or (control in ready and os.read(control, 1) != b"T"):
            return code, stopping
        if door in ready:
            _open(door, sources)
        if control in ready:
            stopping = True
            task.files |= _shared(task)
            send(signal.SIGTERM, signal.SIGCONT)


def _hides(task: Task, send: "Reach") -> bool:
    """Return whether the command has processes that are not children of the guard."""
    return task.level == "basic" and send(0) > 0


def _open(door: int, sources: list[int]) -> None:
    """Pass a socket of the dyno's network to parity."""
    from parity.dyno import namespace  # loaded already

    if not namespace.hand_over(door):
        sources.remove(door)


def _reaped(command: int) -> tuple[int | None, bool]:
    """Reap the children that have ended.

    Return the command's code if it is among them, and whether any child is left.
    """
    code = None
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return code, False
        if pid == 0:
            return code, True
        if pid == command:
            code = _code(status)


def _code(status: int) -> int:
    """Return an exit status as Heroku counts: 128 + signal."""
    code = os.waitstatus_to_exitcode(status)
    return 128 - code if code < 0 else code


def sweep(send: "Reach", command: int = 0, looks: int = 1) -> int:
    """Kill every process until `looks` in a row find none, or patience runs out.

    Return the command's code, or 137 if it is not known.
    """
    result, empty = 137, 0
    for _ in signals.rounds():
        send(signal.SIGSTOP)  # a stopped process does not fork
        reached = send(signal.SIGKILL)
        code, left = _reaped(command)
        result = result if code is None else code
        empty = 0 if left or reached else empty + 1
        if empty == looks:
            break
    return result
