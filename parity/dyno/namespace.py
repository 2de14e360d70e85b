"""Private namespaces, with a root folder like a dyno's in them; for guard.py alone.

An ordinary user may create user, pid, mount and IPC namespaces (user_namespaces(7)). In them the
command has user id 42000 and no capability; outside it is the user who runs parity. This machine's
files are read-only in them (mount_setattr(2), Linux 5.12); /app and a few more are the dyno's own.
Everything is imported at the start, because the standard library is out of reach later.
"""

import _signal as signal
import _socket as socket
import ctypes
import os
import resource
import sys

UID = 42000
"""The id of a dyno's user: an ordinary one called `u` and its id, in group `dyno` (observed)."""

SYSTEM = (
    "bin",
    "sbin",
    "lib",
    "lib32",
    "lib64",
    "libx32",
    "usr",
    "etc",
    "opt",
    "nix",
    "gnu",
    "sys",
)
"""The entries of this machine's root folder that the command has: no home, no /run, no data."""

HIDDEN = ("shadow", "shadow-", "gshadow", "gshadow-", "sudoers", "pip.conf")
"""Files of /etc that read as empty."""

SHARED = "/dev/shm"
WRITABLE = ("/tmp", "/var/tmp", SHARED)
"""The folders that are private to the dyno, in addition to /app."""

NPROC = """\
#!/bin/sh
cores={cores}
for option; do
  case $option in --ignore=*) cores=$((cores - ${{option#*=}})) ;; esac
done
[ "$cores" -gt 0 ] || cores=1
echo "$cores"
"""
"""Replaces nproc(1), which counts the cores that this machine allows."""

DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
LINKS = {"fd": "/proc/self/fd", "stdin": "fd/0", "stdout": "fd/1", "stderr": "fd/2"}
ROOTS_OWN = ("sys", "sysrq-trigger", "irq", "bus", "fs")
"""Entries of /proc to which only root's user id may write."""

NEW = 0x10000000 | 0x20000000 | 0x00020000 | 0x08000000
"""The flags CLONE_NEWUSER, NEWPID, NEWNS and NEWIPC of clone(2)."""

NEWNET = 0x40000000

NUMBERS = {"x86_64": (56, 155), "aarch64": (220, 41)}
"""The numbers of clone and pivot_root (syscalls(2)); mount_setattr's is the same everywhere."""

MOUNT_SETATTR, AT_FDCWD, AT_RECURSIVE = 442, -100, 0x8000
NOSUID, NODEV, NOEXEC, RDONLY, REMOUNT = 2, 4, 8, 1, 32
BIND, REC, PRIVATE, DETACH = 4096, 16384, 1 << 18, 2
NO_NEW_PRIVS = 38
SIOCSIFFLAGS, UP = 0x8914, 1 | 8 | 64
"""The request to set an interface's flags, and IFF_UP, IFF_LOOPBACK, IFF_RUNNING (netdevice(7))."""

_libc = ctypes.PyDLL(None, use_errno=True)


def _checked(what: str, result: int) -> int:
    if result < 0:
        raise OSError(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")
    return result


def _number(call: int) -> int:
    machine = os.uname().machine
    if machine not in NUMBERS:
        raise OSError(0, f"namespaces are not tried on {machine}")
    return NUMBERS[machine][call]


def clone(*, network: bool) -> int:
    """Fork into new namespaces: return 0 in the child, its id in the parent. Raises `OSError`."""
    flags = ctypes.c_long(NEW | (NEWNET if network else 0) | signal.SIGCHLD)
    return _checked("clone", _libc.syscall(_number(0), flags, None, None, None, None))


def enter(user: tuple[int, int], app: str, paths: list[str], cores: int, *, network: bool) -> None:
    """Become the dyno's user in the child, with a private /proc and, for an `app`, a root folder.

    Without an `app`, the user who runs parity stays the same, unless that is root.
    Each of `paths` begins with `r` (read-only) or `w` (writable). `cores` is the number that the
    command sees (0: this machine's). Raises `OSError`.
    """
    inside = (UID, UID) if app or 0 in user else user
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{inside[0]} {user[0]} 1")
    _write("/proc/self/gid_map", f"{inside[1]} {user[1]} 1")
    if network:
        _loopback()
    _mount("none", "/", None, REC | PRIVATE)
    if app:
        _root(f"{app}.root", app, paths, cores, root=user[0] == 0)
    else:
        _proc("", root=user[0] == 0)
        _shared_memory()
    _libc.prctl(NO_NEW_PRIVS, 1, 0, 0, 0)


def _shared_memory() -> None:
    """Mount a private /dev/shm, unless the command's arguments or variables name a path in it."""
    texts = (os.getcwd(), *os.environ.values(), *sys.argv)
    if os.path.isdir(SHARED) and not any(SHARED in text for text in texts):
        _mount("tmpfs", SHARED, "tmpfs", NOSUID | NODEV, "mode=1777")


def _loopback() -> None:
    """Bring up the new network's loopback interface (netdevice(7))."""
    request = ctypes.create_string_buffer(b"lo".ljust(16, b"\0") + UP.to_bytes(2, "little"), 40)
    any_socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    _checked("lo", _libc.ioctl(any_socket.fileno(), SIOCSIFFLAGS, request))
    any_socket.close()


def hand_over(door: int) -> bool:
    """Create the socket that parity requests over `door`, and send it; return False at its end."""
    request = os.read(door, 12)
    if len(request) < 12:
        return False
    numbers = [int.from_bytes(request[n : n + 4], sys.byteorder) for n in (0, 4, 8)]
    channel = socket.socket(fileno=os.dup(door))
    try:
        new = socket.socket(*numbers)
        descriptor = new.fileno().to_bytes(4, sys.byteorder)
        channel.sendmsg([b"s"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, descriptor)])
        new.close()
    except OSError:
        channel.sendmsg([b"e"])
    channel.close()
    return True


def limit(processes: int) -> None:
    """Set a dyno's limit of processes and threads, plus one for the guard.

    It is counted per namespace since Linux 5.14; root's own processes may exceed it.
    """
    try:
        _, hard = resource.getrlimit(resource.RLIMIT_NPROC)
        most = processes + 1 if hard == resource.RLIM_INFINITY else min(processes + 1, hard)
        resource.setrlimit(resource.RLIMIT_NPROC, (most, most))
    except (OSError, ValueError):
        pass  # some containers refuse it


def _root(base: str, app: str, paths: list[str], cores: int, *, root: bool) -> None:
    """Build the new root at `base`, and leave the old one."""
    if any(path[1:].startswith("/app/") for path in paths):
        raise OSError(0, "parity's own files are in /app, where the dyno's are to be")
    os.makedirs(base, exist_ok=True)
    _mount("tmpfs", base, "tmpfs", NOSUID | NODEV, "mode=755")
    for folder in WRITABLE:
        os.makedirs(base + folder)
        _mount("tmpfs", base + folder, "tmpfs", NOSUID | NODEV, "mode=1777")
    for name in SYSTEM:
        _show(base, f"/{name}")
    for path in sorted(paths, key=len):
        _show(base, path[1:], writable=path[0] == "w")
    _etc(base)
    _cores(base, cores)
    _devices(base)
    os.symlink("/run", f"{base}/var/run")
    os.mkdir(f"{base}/proc")
    _proc(base, root=root)
    os.mkdir(f"{base}/app")
    _mount(app, f"{base}/app", None, BIND)
    _mount("none", base, None, REMOUNT | BIND | RDONLY | NOSUID | NODEV)
    os.chdir(base)
    _checked("pivot_root", _libc.syscall(_number(1), b".", b"."))
    _checked("umount", _libc.umount2(b".", DETACH))
    os.chdir("/app")


def _show(base: str, path: str, *, writable: bool = False) -> None:
    """Mount a folder or file of this machine at the same path."""
    target = base + path
    if os.path.lexists(target) or not os.path.lexists(path):
        return
    os.makedirs(os.path.dirname(target), exist_ok=True)
    if os.path.islink(path) and path.count("/") == 1:
        os.symlink(os.readlink(path), target)
        return
    if os.path.isdir(path):
        os.mkdir(target)
    else:
        _write(target, "")
    _mount(path, target, None, BIND | REC)
    if not writable:
        _read_only(target)


def _etc(base: str) -> None:
    """Put a dyno's users in place of this machine's, and keep the address of the name server."""
    users = "root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534::/nonexistent:/bin/false\n"
    groups = "root:x:0:\nnogroup:x:65534:\n"
    _replace(base, "etc/passwd", f"{users}u{UID}:x:{UID}:{UID}::/app:/bin/bash\n")
    _replace(base, "etc/group", f"{groups}dyno:x:{UID}:\n")
    for name in HIDDEN:
        _replace(base, f"etc/{name}", "")
    _show(base, os.path.realpath("/etc/resolv.conf"))


def _cores(base: str, cores: int) -> None:
    """Have C libraries and `nproc` report `cores`, where those of a dyno are known.

    glibc and musl count the cores of that file (sysconf(3)). What asks for the CPU affinity
    instead sees this machine's.
    """
    if cores:
        for name in ("online", "present", "possible"):
            _replace(base, f"sys/devices/system/cpu/{name}", f"0-{cores - 1}\n")
        _replace(base, "usr/bin/nproc", NPROC.format(cores=cores), mode=0o755)


def _replace(base: str, name: str, text: str, mode: int = 0o644) -> None:
    """Make the file /`name` read as `text`, if it exists."""
    target, ours = f"{base}/{name}", f"{base}/.replaced"
    if not os.path.isfile(target) or os.path.islink(target):
        return
    _write(ours, text)
    os.chmod(ours, mode)
    _mount(ours, target, None, BIND)
    _read_only(target)
    os.unlink(ours)


def _devices(base: str) -> None:
    os.makedirs(f"{base}/dev/pts")
    for name in filter(lambda name: os.path.exists(f"/dev/{name}"), DEVICES):
        _write(f"{base}/dev/{name}", "")
        _mount(f"/dev/{name}", f"{base}/dev/{name}", None, BIND)
    for name, target in LINKS.items():
        os.symlink(target, f"{base}/dev/{name}")
    options = "newinstance,ptmxmode=0666,mode=620"
    _mount("devpts", f"{base}/dev/pts", "devpts", NOSUID | NOEXEC, options)
    os.symlink("pts/ptmx", f"{base}/dev/ptmx")


def _proc(base: str, *, root: bool) -> None:
    """Mount a /proc that shows the processes of this namespace only."""
    _mount("proc", f"{base}/proc", "proc", NOSUID | NODEV | NOEXEC)
    for name in ROOTS_OWN if root else ():
        target = f"{base}/proc/{name}"
        if os.path.exists(target):
            _mount(target, target, None, BIND | REC)
            _read_only(target)


def _mount(
    source: str, target: str, kind: str | None, flags: int, options: str | None = None
) -> None:
    result = _libc.mount(
        os.fsencode(source),
        os.fsencode(target),
        kind and kind.encode(),
        ctypes.c_ulong(flags),
        options and options.encode(),
    )
    _checked(f"mount {target}", result)


def _read_only(path: str) -> None:
    """Make every mount at and below `path` read-only and ignore set-user-id bits there."""
    attributes = (ctypes.c_uint64 * 4)(RDONLY | NOSUID, 0, 0, 0)
    size = ctypes.c_size_t(ctypes.sizeof(attributes))
    target = ctypes.c_char_p(os.fsencode(path))
    result = _libc.syscall(
        MOUNT_SETATTR, AT_FDCWD, target, AT_RECURSIVE, ctypes.byref(attributes), size
    )
    _checked(f"mount_setattr {path}", result)


def _write(path: str, text: str) -> None:
    with open(path, "w") as file:
        file.write(text)
