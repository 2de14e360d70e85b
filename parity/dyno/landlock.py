"""Shields other processes from a command where no namespace does: landlock(7), for guard.py.

A process in a Landlock domain cannot trace one outside of it, and so cannot read the environment
or the memory of parity, of the shell that started it, or of any other program of the same user
(proc(5), ptrace(2)). Root can still read environments. Access to files does not change.
"""

import ctypes
import os

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
"""System calls; the numbers are the same on every architecture that Python runs on."""

REFER = ctypes.c_uint64(1 << 13)
"""The right to move files between folders: only by a rule in a domain (Linux 5.19)."""

VERSION, PATH_BENEATH = 1, 1
LEAST = 2
"""The first version of Landlock that has REFER."""


class _Beneath(ctypes.Structure):
    """struct landlock_path_beneath_attr."""

    _pack_ = 1
    _fields_ = [("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32)]


def apart() -> bool:
    """Enter a new domain, which children inherit; return False if this machine has none.

    The process must have PR_SET_NO_NEW_PRIVS.
    """
    call = ctypes.CDLL(None).syscall
    if call(CREATE_RULESET, None, ctypes.c_size_t(0), VERSION) < LEAST:
        return False
    rules = call(CREATE_RULESET, ctypes.byref(REFER), ctypes.c_size_t(8), 0)
    if rules < 0:
        return False
    root = os.open("/", os.O_PATH | os.O_CLOEXEC)
    rule = _Beneath(REFER.value, root)
    entered = call(ADD_RULE, rules, PATH_BENEATH, ctypes.byref(rule), 0) == 0
    entered = entered and call(RESTRICT_SELF, rules, 0) == 0
    os.close(root)
    os.close(rules)
    return bool(entered)
