"""Run a command to which the kernel refuses some system calls (seccomp(2), x86-64).

`python refusing.py CALL[,CALL...][=ERRNO] COMMAND...`: with EPERM, or another error.
"""

import ctypes
import errno
import os
import struct
import sys

NUMBERS = {
    "mount": 165,
    "unshare": 272,
    "clone3": 435,
    "pidfd_open": 434,
    "prctl": 157,
    "setrlimit": 160,
    "prlimit64": 302,
    "seccomp": 317,
    "ptrace": 101,
    "pivot_root": 155,
    "mount_setattr": 442,
    "setsid": 112,
    "getsid": 124,
    "flock": 73,
    "epoll_create1": 291,
    "socketpair": 53,
    "memfd_create": 319,
    "copy_file_range": 326,
    "sendfile": 40,
    "getrandom": 318,
    "statx": 332,
    "symlink": 88,
    "symlinkat": 266,
    "link": 86,
    "chmod": 90,
    "fchmod": 91,
    "fchmodat": 268,
    "utimensat": 280,
    "eventfd2": 290,
    "inotify_init1": 294,
    "io_uring_setup": 425,
    "close_range": 436,
    "accept4": 288,
    "getpriority": 140,
    "sched_getaffinity": 204,
    "sysinfo": 99,
    "kill": 62,
    "vfork": 58,
    "pipe2": 293,
}
NETLINK, NEWUSER = "netlink", "newuser"
"""socket(AF_NETLINK), and clone(CLONE_NEWUSER): by an argument, not by the call alone."""

LOAD, EQUAL, AND_SET, RETURN = 0x20, 0x15, 0x45, 0x06
ALLOW, ERROR = 0x7FFF0000, 0x00050000
FIRST = 16
"""Where struct seccomp_data has the first argument."""


def program(names: list[str], error: int) -> list[tuple[int, int, int, int]]:
    """The filter: code, jump if true, jump if false, constant."""
    made = []
    for name in names:
        if name == NETLINK:
            made += _with_argument(41, EQUAL, 16, error)
        elif name == NEWUSER:
            made += _with_argument(56, AND_SET, 0x10000000, error)
        else:
            made += [(LOAD, 0, 0, 0), (EQUAL, 0, 1, NUMBERS[name]), (RETURN, 0, 0, ERROR | error)]
    return [*made, (RETURN, 0, 0, ALLOW)]


def _with_argument(call: int, test: int, value: int, error: int) -> list[tuple[int, int, int, int]]:
    return [
        (LOAD, 0, 0, 0),
        (EQUAL, 0, 3, call),
        (LOAD, 0, 0, FIRST),
        (test, 0, 1, value),
        (RETURN, 0, 0, ERROR | error),
    ]


class Program(ctypes.Structure):
    """struct sock_fprog."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def main(told: str, command: list[str]) -> None:
    """Refuse from now on, and become the command."""
    names, _, error = told.partition("=")
    number = getattr(errno, error) if error else errno.EPERM
    code = b"".join(struct.pack("HBBI", *line) for line in program(names.split(","), number))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(
        22, 2, ctypes.byref(Program(len(code) // 8, code)), 0, 0
    ):
        raise OSError(ctypes.get_errno(), "no seccomp filter")
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
