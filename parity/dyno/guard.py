"""Between parity and a stranger's command: nothing of the command outlives either of them.

Started alone, isolated, without `site` (see contained.py). Levels of isolation, the first that this
machine has (isolation.py):

`pidns`: an outer guard, and an inner one that is process 1 of a private user, pid, mount and IPC
namespace. Whichever of them dies, the kernel ends all that the command has started.
`guard`: the same two without namespaces, each a subreaper (prctl(2)), so every descendant,
daemonised or not, ends up as a child of the inner guard, or of the outer one once that is gone.
`subreaper`: the inner guard alone. `basic`: alone, and finds its processes by their group and by
marks that they inherit (reach.py). These two tell what had to be looked for.

The inner guard takes single bytes from CONTROL: `T` sends SIGTERM to every process, `K` ends them
all; the end of the pipe means that parity has died, and does the same. Lines to STATUS: `root PID`,
then `ready` or `refused WHY`, then `exit N`, then `left PID ended|alive COMMAND` for each process
that outlived the command outside of its session, then `done`. At DOOR, a socket or -1, it makes
sockets of the dyno's own network for parity (door.py). Standard library only, one thread.
"""

import _signal as signal  # what is behind signal, whose enums take as long as all the rest
import os
import resource

from parity import ulimits
from parity.dyno import reach

TYPE_CHECKING = False

if TYPE_CHECKING:
    from parity.dyno.reach import Reach

IGNORED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
"""What a terminal or a careless `kill` may send: only parity's orders count."""

TICK = 0.05
"""Seconds between two looks at processes whose end nobody tells."""

GRACE = 0.3
"""Seconds in which a process that outlives the command may end by itself."""

MOST = 20
"""Processes that are told."""

LONGEST = 300
"""Characters of a command line that are told."""


class Task:
    """What the command line says; LOCALE is the LC_CTYPE that the command is to have."""

    def __init__(self, argv: list[str]) -> None:
        control, status, self.level, self.locale, self.cookie, self.app = argv[:6]
        self.control, self.status = int(control), int(status)
        self.door, self.processes = int(argv[6]), int(argv[7])
        self.files, paths, rest = int(argv[8]), int(argv[9]), argv[10:]
        self.paths, self.command = rest[:paths], rest[paths:]
        self.kept = [fd for fd in (self.control, self.status, self.door) if fd >= 0]

    def tell(self, line: str) -> None:
        """One line to parity, if it is still there."""
        try:
            os.write(self.status, f"{line}\n".encode("utf-8", "backslashreplace"))
        except OSError:
            pass


def main(argv: list[str]) -> None:
    """Guard the command line's command until nothing of it is left."""
    task = Task(argv)
    # A signal that comes before its handler is installed would be fatal: block first.
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    for signum in IGNORED:
        signal.signal(signum, signal.SIG_IGN)
    if not task.locale:
        os.environ.pop("LC_CTYPE", None)  # ours: Python sets it in a C locale (PEP 538)
    try:
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
        reach.adopt()
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
    sweep(reach.below)


def _inner(task: Task, lifeline: int | None) -> None:
    """Run the command until it has ended or had to, and say how."""
    wake = _wake_on_child()
    if task.level in ("guard", "subreaper"):
        reach.adopt()
    if task.level != "pidns":
        reach.humble()
    command = _spawn(task, wake)
    signal.pthread_sigmask(signal.SIG_SETMASK, set())
    task.tell("ready")
    send = reach.by(task.level, task.cookie, command)
    code, late = _watch(task, wake, lifeline, command, send)
    if code is not None:
        task.tell(f"exit {code}")
    outside = _outside(task, command, GRACE if code is not None else 0.0)
    swept = sweep(send, command)
    if code is None:
        task.tell(f"exit {swept}")
    if task.level != "pidns":
        _told(task, outside if late else {})
    task.tell("done")


def _outside(task: Task, command: int, grace: float) -> dict[int, str]:
    """What the end of the command's session does not reach: process ids, command lines."""
    if task.level not in ("subreaper", "basic"):
        return {}
    for _ in range(int(grace / TICK)):
        if not reach.beyond(task.level, task.cookie, command):
            return {}
        reach.ready([], TICK)
        _reaped(command)
    return reach.beyond(task.level, task.cookie, command)


def _told(task: Task, late: dict[int, str]) -> None:
    """Tell who was late, and who is still there."""
    alive = reach.found(task.level, task.cookie)
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


def _spawn(task: Task, wake: int) -> int:
    """Start the command. Raises `OSError` where this machine refuses what that takes."""
    failed, tell = os.pipe()  # closes when another program is executed
    pid = os.fork()
    if pid:
        os.close(tell)
        why = os.read(failed, 1000)
        os.close(failed)
        if why:
            raise OSError(0, why.decode())
        return pid
    try:
        _prepare(task, wake)
        _become(task.command)
    except Exception as error:
        os.write(tell, f"{task.command[0]}: {getattr(error, 'strerror', error)}".encode())
    finally:
        os._exit(127)


def _prepare(task: Task, wake: int) -> None:
    """A session of its own, limits, and every signal as a fresh process has it."""
    for fd in (*task.kept, wake):
        os.close(fd)
    os.setsid()
    for signum in (*IGNORED, signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(signum, signal.SIG_DFL)
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, set())
    ulimits.lift(task.files)
    ulimits.none(resource.RLIMIT_CORE)  # it would hold config vars
    if task.level == "pidns" and task.processes:
        from parity.dyno import namespace  # loaded already: nothing of ours is shown here

        namespace.limit(task.processes)
    if task.level != "pidns":
        reach.mark(task.cookie)


def _become(command: list[str]) -> None:
    """As os.execvp does, which imports `warnings` when there is nothing to import from.

    What lies with the program is told in the command's name; other errors are raised.
    """
    found: OSError | None = None
    for folder in os.environ.get("PATH", os.defpath).split(":"):
        try:
            os.execv(os.path.join(folder, command[0]), command)
        except (FileNotFoundError, NotADirectoryError) as error:
            found = found or error
        except PermissionError as error:
            found = error
    why = found.strerror if found else "No such file or directory"
    os.write(2, f"{command[0]}: {why}\n".encode())


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
        ready = reach.ready(sources, None if code is None else TICK)
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


def sweep(send: "Reach", command: int = 0) -> int:
    """Kill every process until there is none, as long as patience lasts; the command's code, else
    137."""
    found = 137
    for number in range(reach.PATIENCE):
        send(signal.SIGSTOP)  # a stopped process forks no more
        reached = send(signal.SIGKILL)
        code, left = _reaped(command)
        found = found if code is None else code
        if not (left or reached):
            break
        reach.pause(number)
    return found
