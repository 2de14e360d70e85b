"""A dyno's environment, from nothing: https://devcenter.heroku.com/articles/dynos (documented).

Observed on real dynos: DYNO, HOME, PATH, PORT, what bash sets itself, and the config vars; nothing
of the machine around. The buildpack's variables come from its `.profile.d` scripts.
"""

import errno
import os
from collections.abc import Mapping
from itertools import count
from typing import TYPE_CHECKING

from parity.facts.dynos import DynoSize

if TYPE_CHECKING:
    from parity.dyno.isolation import Place

PATH = "/usr/local/bin:/usr/bin:/bin"
COOKIE = "PARITY_RUN_ID"
"""The one variable of ours: by it, processes of an earlier run can be told from others."""

CLEAN: Mapping[str, str] = {}
"""The environment of a guard. The command's would act on the guard, too, which is not contained:
LD_PRELOAD and the like make any program run code of the app's."""

STRING = 128 * 1024
"""Bytes from which on execve(2) refuses one string."""

RUN_ID = os.urandom(8).hex()
_numbers = count(1)


def cookie() -> str:
    """A value of the cookie that no other command has."""
    return f"{RUN_ID}.{next(_numbers)}"


SHELL = (
    'for script in .profile.d/*.sh; do [ -r "$script" ] && . "$script"; done; unset script; '
    '[ -r .profile ] && . ./.profile; unset PARITY_DYNO_MB PARITY_DYNO_CORES; exec bash -c "$1"'
)
"""Scripts are sourced in order, the app's own .profile last, then the command runs in bash:
https://devcenter.heroku.com/articles/dyno-startup-behavior (documented)."""


def command(text: str) -> list[str]:
    """The command line of a process type, as a dyno runs it."""
    return ["bash", "-c", SHELL, "bash", text]


def variables(
    config: Mapping[str, str],
    *,
    place: "Place",
    name: str,
    port: int,
    size: DynoSize,
    extra: Mapping[str, str],
) -> dict[str, str]:
    """Everything a dyno's first shell sees. A config var never replaces the dyno's own.

    A dyno has no TMPDIR; one without a /tmp to itself gets a folder that goes with it.
    """
    own = {
        "DYNO": name,
        "HOME": str(place.home),
        "PORT": str(port),
        "PWD": str(place.home),
        "PARITY_DYNO_MB": str(size.memory),
        "PARITY_DYNO_CORES": str(size.cores or 0),
        COOKIE: cookie(),
    }
    ours = {"TMPDIR": str(place.temporary)} if place.temporary else {}
    return {"PATH": PATH, **ours, **config, **extra, **own}


def packed(env: Mapping[str, str]) -> int:
    """A file without a name that holds `env`. Raises `OSError` and `ValueError` where no process
    could have it."""
    strings = [os.fsencode(f"{name}={value}") for name, value in env.items()]
    if any(b"\0" in string for string in strings):
        raise ValueError("embedded null byte")
    if (
        max(map(len, strings), default=0) >= STRING
        or sum(map(len, strings)) > os.sysconf("SC_ARG_MAX") // 2
    ):
        raise OSError(errno.E2BIG, os.strerror(errno.E2BIG))
    file = _unnamed()
    with open(file, "wb", closefd=False) as stream:
        stream.write(b"\0".join(strings))
    os.lseek(file, 0, os.SEEK_SET)
    return file


def _unnamed() -> int:
    try:
        return os.memfd_create("environment")
    except (AttributeError, OSError):  # not Linux, or refused
        import tempfile

        with tempfile.TemporaryFile() as file:
            return os.dup(file.fileno())
