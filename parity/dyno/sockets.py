"""The kernel's table of listening TCP sockets.

On Linux: sock_diag(7) over netlink, which is exact (IPv6-only, too) and cheap; elsewhere: psutil.
"""

import os
import socket
import struct
from collections.abc import Callable, Iterable
from typing import NamedTuple, TypeAlias

SOCK_DIAG_BY_FAMILY = 20
NLM_F_REQUEST_DUMP = 0x301
NETLINK_SOCK_DIAG = 4
TCP_LISTEN = 10
INET_DIAG_SKV6ONLY = 11
NLMSG_DONE, NLMSG_ERROR = 3, 2
_MESSAGE = struct.Struct("=BBBBHH16s16s8I")
"""The struct inet_diag_msg of linux/inet_diag.h; its ports are big-endian."""


Make: TypeAlias = Callable[[int, int, int], socket.socket]
"""A function that creates a socket of a family, kind and protocol."""


class Socket(NamedTuple):
    """A listening socket; `inode` identifies it among the file descriptors of processes."""

    host: str
    port: int
    inode: int
    v6only: bool


def listening(make: Make = socket.socket) -> list[Socket] | None:
    """Return every listening TCP socket of this network namespace; None if there is no table.

    `make` creates the netlink socket, perhaps in another namespace.
    """
    try:
        return [s for family in (socket.AF_INET, socket.AF_INET6) for s in _dump(family, make)]
    except (OSError, AttributeError):
        return None


def _dump(family: int, make: Make) -> list[Socket]:
    request = struct.pack("=BBBBI", family, socket.IPPROTO_TCP, 0xFF, 0, 1 << TCP_LISTEN)
    request += bytes(48)
    header = struct.pack("=IHHII", 16 + len(request), SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST_DUMP, 1, 0)
    parsed: list[Socket] = []
    with make(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_SOCK_DIAG) as netlink:
        netlink.settimeout(1)
        netlink.send(header + request)
        while _parsed(netlink.recv(1 << 18), family, parsed):
            pass
    return parsed


def _parsed(data: bytes, family: int, parsed: list[Socket]) -> bool:
    """Add the sockets of one datagram; return False at the end of the dump. Raises `OSError`."""
    offset = 0
    while offset < len(data):
        length, kind = struct.unpack_from("=IH", data, offset)
        if kind == NLMSG_DONE:
            return False
        if kind == NLMSG_ERROR:
            raise OSError("the kernel refuses sock_diag")
        parsed.append(_socket(data[offset + 16 : offset + length], family))
        offset += (length + 3) & ~3
    return True


def _socket(message: bytes, family: int) -> Socket:
    fields = _MESSAGE.unpack_from(message)
    port = socket.ntohs(fields[4])
    size = 4 if family == socket.AF_INET else 16
    host = socket.inet_ntop(family, fields[6][:size])
    v6only = family == socket.AF_INET6 and _v6only(message[_MESSAGE.size :])
    return Socket(host, port, fields[15], v6only)


def _v6only(attributes: bytes) -> bool:
    offset = 0
    while offset + 4 <= len(attributes):
        length, kind = struct.unpack_from("=HH", attributes, offset)
        if kind == INET_DIAG_SKV6ONLY:
            return attributes[offset + 4] == 1
        offset += max(4, (length + 3) & ~3)
    return False


def holders(pids: Iterable[int]) -> dict[int, int]:
    """Return the first of `pids` that holds each socket, by the socket's inode."""
    holder: dict[int, int] = {}
    for pid in pids:
        for inode in _inodes(pid):
            holder.setdefault(inode, pid)
    return holder


def _inodes(pid: int) -> list[int]:
    inodes: list[int] = []
    try:
        names = os.listdir(f"/proc/{pid}/fd")
    except OSError:
        return inodes
    for name in names:
        try:
            target = os.readlink(f"/proc/{pid}/fd/{name}")
        except OSError:
            continue
        if target.startswith("socket:["):
            inodes.append(int(target[8:-1]))
    return inodes
