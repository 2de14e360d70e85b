"""What a guard is told to start, and how it starts it: standard library only, as in guard.py."""

import _signal as signal  # what is behind signal, whose enums take as long as all the rest
import os
import resource

from parity.dyno import signals
from parity.system import ulimits

IGNORED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
"""What a terminal or a careless `kill` may send: only parity's orders count."""


class Task:
    """What the command line says; the file GIVEN has the command's environment."""

    def __init__(self, argv: list[str]) -> None:
        control, status, given, self.level, self.cookie, self.app = argv[:6]
        self.control, self.status = int(control), int(status)
        self.env = _environment(int(given))
        self.door, self.processes = int(argv[6]), int(argv[7])
        self.open_files, paths, rest = int(argv[8]), int(argv[9]), argv[10:]
        self.paths, self.command = rest[:paths], rest[paths:]
        self.files: dict[str, int] = {}
        self.kept = [fd for fd in (self.control, self.status, self.door) if fd >= 0]

    def tell(self, line: str) -> None:
        """One line to parity, if it is still there."""
        try:
            os.write(self.status, f"{line}\n".encode("utf-8", "backslashreplace"))
        except OSError:
            pass


def _environment(file: int) -> dict[bytes, bytes]:
    """The variables in `file`, which is closed: the command is not to find it open."""
    data = b""
    while more := os.read(file, 1 << 16):
        data += more
    os.close(file)
    pairs = (item.partition(b"=") for item in data.split(b"\0") if item)
    return {name: value for name, _, value in pairs}


def spawn(task: Task, wake: int) -> int:
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
        _become(task.command, task.env)
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
    ulimits.lift(task.open_files)
    ulimits.none(resource.RLIMIT_CORE)  # it would hold config vars
    if task.level == "pidns" and task.processes:
        from parity.dyno import namespace  # loaded already: nothing of ours is shown here

        namespace.limit(task.processes)
    if task.level != "pidns":
        signals.mark(task.cookie)
        signals.keep_apart()


def _become(command: list[str], env: dict[bytes, bytes]) -> None:
    """As os.execvpe does, which imports `warnings` when there is nothing to import from.

    What lies with the program is told in the command's name; other errors are raised.
    """
    found: OSError | None = None
    for folder in os.fsdecode(env.get(b"PATH", os.defpath.encode())).split(":"):
        try:
            os.execve(os.path.join(folder, command[0]), command, env)
        except (FileNotFoundError, NotADirectoryError) as error:
            found = found or error
        except PermissionError as error:
            found = error
    why = found.strerror if found else "No such file or directory"
    os.write(2, f"{command[0]}: {why}\n".encode())
