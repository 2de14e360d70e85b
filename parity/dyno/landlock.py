"""Keeps a command from the processes around it, where no namespace does: landlock(7), for guard.py.

Who is in a Landlock domain cannot trace what is outside of it, and so cannot read the environment
or the memory of parity, of the shell that started it, or of any other program of the same user's
(proc(5), ptrace(2)). Root can read environments nevertheless. Files stay as they are.
"""

import ctypes
import os

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
"""System calls; the numbers are the same on every architecture that Python runs on."""

REFER = ctypes.c_uint64(1 << 13)
"""To move files between folders: refused in every domain (Linux 5.19) unless a rule allows it."""

VERSION, PATH_BENEATH = 1, 1
LEAST = 2
"""The first version of Landlock that has REFER."""


class _Beneath(ctypes.Structure):
    """struct landlock_path_beneath_attr."""

    _pack_ = 1
    _fields_ = [("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32)]


def apart() -> bool:
    """Enter a domain of its own, this process and its children; False where there is none.

    The process has PR_SET_NO_NEW_PRIVS.
    """
    call = ctypes.CDLL(None).syscall
    if call(CREATE_RULESET, None, ctypes.c_size_t(0), VERSION) < LEAST:
        return False
    rules = call(CREATE_RULESET, ctypes.byref(REFER), ctypes.c_size_t(8), 0)
    if rules < 0:
        return False
    root = os.open("/", os.O_PATH | os.O_CLOEXEC)
    rule = _Beneath(REFER.value, root)
    made = call(ADD_RULE, rules, PATH_BENEATH, ctypes.byref(rule), 0) == 0
    made = made and call(RESTRICT_SELF, rules, 0) == 0
    os.close(root)
    os.close(rules)
    return bool(made)
