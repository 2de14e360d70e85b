"""Between parity and a stranger's command: nothing of the command outlives either of them.

Started alone, isolated, without `site` (see guard_pipes.py). Levels of isolation, the first that
this machine has (isolation.py):

`pidns`: an outer guard, and an inner one that is process 1 of a private user, pid, mount and IPC
namespace. Whichever of them dies, the kernel ends all that the command has started.
`guard`: the same two without namespaces, each a subreaper (prctl(2)), so every descendant,
daemonised or not, ends up as a child of the inner guard, or of the outer one once that is gone.
`subreaper`: the inner guard alone. `basic`: alone, and finds its processes by their group and by
marks that they inherit (signals.py). These two tell what had to be looked for.

The inner guard takes single bytes from CONTROL: `T` sends SIGTERM to every process, `K` ends them
all; the end of the pipe means that parity has died, and does the same. Lines to STATUS: `root PID`,
then `ready` or `refused WHY`, then `exit N`, then `left PID ended|alive COMMAND` for each process
that outlived the command outside of its session, then `done`. At DOOR, a socket or -1, it makes
sockets of the dyno's own network for parity (netns_sockets.py). Standard library only, one thread.
"""

import _signal as signal  # what is behind signal, whose enums take as long as all the rest
import os

from parity.dyno import shared, signals
from parity.dyno.spawn import IGNORED, Task, spawn

TYPE_CHECKING = False

if TYPE_CHECKING:
    from parity.dyno.signals import Reach

TICK = 0.05
"""Seconds between two looks at processes whose end nobody tells."""

GRACE = 0.3
"""Seconds in which a process that outlives the command may end by itself."""

MOST = 20
"""Processes that are told."""

LONGEST = 300
"""Characters of a command line that are told."""


def main(argv: list[str]) -> None:
    """Guard the command line's command until nothing of it is left."""
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
    """Start the inner guard, and end what it leaves when something has killed it."""
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
                namespace.enter(user, task.app, task.paths, network=task.door >= 0)
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
    shared.removed(files)


def _inner(task: Task, lifeline: int | None) -> None:
    """Run the command until it has ended or had to, and say how."""
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
    shared.removed(task.files)
    if code is None:
        task.tell(f"exit {swept}")
    if task.level != "pidns":
        _told(task, outside if late else {})
    task.tell("done")


def _shared(task: Task) -> dict[str, int]:
    """The shared memory that the command's processes hold now; in a namespace it goes with that."""
    return {} if task.level == "pidns" else shared.held(signals.pids(task.level, task.cookie))


def _outside(task: Task, command: int, grace: float) -> dict[int, str]:
    """What the end of the command's session does not reach: process ids, command lines."""
    if task.level not in ("subreaper", "basic"):
        return {}
    for _ in range(int(grace / TICK)):
        if not signals.beyond(task.level, task.cookie, command):
            return {}
        signals.ready([], TICK)
        _reaped(command)
    return signals.beyond(task.level, task.cookie, command)


def _told(task: Task, late: dict[int, str]) -> None:
    """Tell who was late, and who is still there."""
    alive = signals.found(task.level, task.cookie)
    for pid, name in [*({**late, **alive}).items()][:MOST]:
        task.tell(f"left {pid} {'alive' if pid in alive else 'ended'} {name[:LONGEST]}")


def _wake_on_child() -> int:
    """A file descriptor that is readable after a SIGCHLD."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    os.set_blocking(reader, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    return reader


def _watch(
    task: Task, wake: int, lifeline: int | None, command: int, send: "Reach"
) -> tuple[int | None, bool]:
    """The command's exit code once it has ended, None if it is to be; whether all had time to end.

    Its end is the dyno's; only after `T` the others have until `K` to end by themselves.
    """
    code, stopping = None, False
    control, door = task.control, task.door
    sources = [fd for fd in (control, wake, lifeline, door) if fd is not None and fd >= 0]
    while True:
        ready = signals.ready(sources, None if code is None else TICK)
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
    """Whether there is anything of the command that is nobody's child here."""
    return task.level == "basic" and send(0) > 0


def _open(door: int, sources: list[int]) -> None:
    """Hand a socket of the dyno's network to parity."""
    from parity.dyno import namespace  # loaded already

    if not namespace.hand_over(door):
        sources.remove(door)


def _reaped(command: int) -> tuple[int | None, bool]:
    """Reap what has ended: the command's code if it is among them, and whether any is left."""
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
    """An exit status as Heroku counts: 128 + signal."""
    code = os.waitstatus_to_exitcode(status)
    return 128 - code if code < 0 else code


def sweep(send: "Reach", command: int = 0, looks: int = 1) -> int:
    """Kill every process until there is none, as long as patience lasts; the command's code, else
    137. `looks` in a row must find none."""
    found, empty = 137, 0
    for _ in signals.rounds():
        send(signal.SIGSTOP)  # a stopped process forks no more
        reached = send(signal.SIGKILL)
        code, left = _reaped(command)
        found = found if code is None else code
        empty = 0 if left or reached else empty + 1
        if empty == looks:
            break
    return found
