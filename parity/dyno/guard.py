"""Between parity and a stranger's command: nothing of the command outlives either of them.

Run as `python -I -S guard.py CONTROL STATUS LOCALE COMMAND ...`; the first two are inherited pipes.
The guard is the subreaper of the command (prctl(2)), so every descendant, daemonised or not, ends
up as its child. It takes single bytes from CONTROL: `T` sends SIGTERM to every process, `K` ends
them all; the end of the pipe means that parity has died, and does the same. It writes `exit N` to
STATUS. LOCALE is the LC_CTYPE that the command is to have.
Standard library only, one thread: this is where private namespaces go.
"""

import os
import select
import signal
import sys

IGNORED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
"""What a terminal or a careless `kill` may send: only parity's orders count."""

SUBREAPER = 36
"""PR_SET_CHILD_SUBREAPER of prctl(2)."""


def main() -> None:
    """Guard the command line's command until nothing of it is left."""
    control, status = int(sys.argv[1]), int(sys.argv[2])
    # A signal that comes before its handler is installed would be fatal: block first.
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    wake = _wake_on_child()
    _become_subreaper()
    if not sys.argv[3]:
        os.environ.pop("LC_CTYPE", None)  # ours: Python sets it in a C locale (PEP 538)
    command = _spawn(sys.argv[4:], (control, status, wake))
    for signum in IGNORED:
        signal.signal(signum, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_SETMASK, set())
    code = _watch(command, control, wake)
    try:
        os.write(status, f"exit {code}\n".encode())
    except OSError:
        pass
    sweep()


def _wake_on_child() -> int:
    """A file descriptor that is readable after a SIGCHLD."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    os.set_blocking(reader, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    return reader


def _become_subreaper() -> None:
    try:
        import ctypes

        ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0)
    except (ImportError, OSError, AttributeError):
        pass  # not Linux: the process group is what there is


def _spawn(command: list[str], close: tuple[int, ...]) -> int:
    """Start `command` in a session of its own, every signal as a fresh process has it."""
    pid = os.fork()
    if pid:
        return pid
    try:
        for fd in close:
            os.close(fd)
        os.setsid()
        for signum in (*IGNORED, signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(signum, signal.SIG_DFL)
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, set())
        os.execvp(command[0], command)
    except OSError as error:
        os.write(2, f"{command[0]}: {error.strerror}\n".encode())
        os._exit(127)


def _watch(command: int, control: int, wake: int) -> int:
    """The command's exit code, once it has ended or had to.

    Its end is the dyno's; only after `T` the others have until `K` to end by themselves.
    """
    code, stopping = None, False
    while True:
        ready, _, _ = select.select([control, wake], [], [])
        if wake in ready:
            os.read(wake, 4096)
            ended, left = _reaped(command)
            code = ended if code is None else code
            if code is not None and not (stopping and left):
                return code
        if control in ready:
            if os.read(control, 1) != b"T":
                return sweep(command)
            stopping = True
            _tell(signal.SIGTERM, signal.SIGCONT)


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


def sweep(command: int = 0) -> int:
    """Kill every descendant until the kernel knows of none; the command's code, else 137."""
    found = 137
    while True:
        _tell(signal.SIGSTOP)  # a stopped process forks no more
        _tell(signal.SIGKILL)
        try:
            pid, status = os.waitpid(-1, 0)
        except ChildProcessError:
            return found
        if pid == command:
            found = _code(status)


def _tell(*signals: int) -> None:
    for pid in descendants(os.getpid()):
        for signum in signals:
            try:
                os.kill(pid, signum)
            except (ProcessLookupError, PermissionError):
                continue


def descendants(pid: int) -> list[int]:
    """Every process below `pid`: its children, theirs, and so on."""
    found: list[int] = []
    todo = [pid]
    while todo:
        children = _children(todo.pop())
        found += children
        todo += children
    return found


def _children(pid: int) -> list[int]:
    found: list[int] = []
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children", "rb") as file:
                found += map(int, file.read().split())
    except (FileNotFoundError, ProcessLookupError):
        return found
    return found


if __name__ == "__main__":
    main()
