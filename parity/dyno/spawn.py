"""A guard's task, and how the guard starts its command: standard library only, as in guard.py."""

import _signal as signal  # not `signal`, whose enums take as long to import as all the rest
import os
import resource

from parity.dyno import signals
from parity.system import ulimits

IGNORED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
"""Signals that a terminal or a careless `kill` may send; only parity's orders count."""


class Task:
    """The task on the guard's command line, and the command's environment from a file."""

    def __init__(self, argv: list[str]) -> None:
        control, status, environment, self.level, self.cookie, self.app = argv[:6]
        self.control, self.status = int(control), int(status)
        self.env = _environment(int(environment))
        self.door, self.processes = int(argv[6]), int(argv[7])
        self.open_files, self.cores = int(argv[8]), int(argv[9])
        paths, rest = int(argv[10]), argv[11:]
        self.paths, self.command = rest[:paths], rest[paths:]
        self.files: dict[str, int] = {}
        self.guard_fds = [fd for fd in (self.control, self.status, self.door) if fd >= 0]

    def tell(self, line: str) -> None:
        """Send a line to parity, if it is still there."""
        try:
            os.write(self.status, f"{line}\n".encode("utf-8", "backslashreplace"))
        except OSError:
            pass


def _environment(file: int) -> dict[bytes, bytes]:
    """Return the variables in `file`, and close it, so that the command does not inherit it."""
    data = b""
    while more := os.read(file, 1 << 16):
        data += more
    os.close(file)
    pairs = (item.partition(b"=") for item in data.split(b"\0") if item)
    return {name: value for name, _, value in pairs}


def spawn(task: Task, wake: int) -> int:
    """Start the command, and return its process id. Raises `OSError` if this machine refuses."""
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
        _become(task.command, task.env)
    except Exception as error:
        os.write(tell, f"{task.command[0]}: {getattr(error, 'strerror', error)}".encode())
    finally:
        os._exit(127)


def _prepare(task: Task, wake: int) -> None:
    """Set up a session, limits, and the default handling of every signal."""
    for fd in (*task.guard_fds, wake):
        os.close(fd)
    os.setsid()
    for signum in (*IGNORED, signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(signum, signal.SIG_DFL)
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, set())
    _share(task.cores)
    ulimits.lift(task.open_files)
    ulimits.none(resource.RLIMIT_CORE)  # it would hold config vars
    if task.level == "pidns" and task.processes:
        from parity.dyno import namespace  # loaded already: parity's files are out of reach here

        namespace.limit(task.processes)
    if task.level != "pidns":
        signals.mark(task.cookie)
        signals.keep_apart()


def _share(cores: int) -> None:
    """Have the command run on, and see, no more than `cores` of this machine's, on Linux."""
    try:
        mine = sorted(os.sched_getaffinity(0))
        if 0 < cores < len(mine):
            os.sched_setaffinity(0, mine[:cores])
    except (OSError, AttributeError):
        pass  # not Linux, or a sandbox that refuses it


def _become(command: list[str], env: dict[bytes, bytes]) -> None:
    """Execute the command like os.execvpe, which imports `warnings` where that is out of reach.

    A program that is missing, or not executable, is reported as by a shell; other errors are
    raised.
    """
    failure: OSError | None = None
    for folder in os.fsdecode(env.get(b"PATH", os.defpath.encode())).split(":"):
        try:
            os.execve(os.path.join(folder, command[0]), command, env)
        except (FileNotFoundError, NotADirectoryError) as error:
            failure = failure or error
        except PermissionError as error:
            failure = error
    why = failure.strerror if failure else "No such file or directory"
    os.write(2, f"{command[0]}: {why}\n".encode())
