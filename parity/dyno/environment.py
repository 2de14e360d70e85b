"""A dyno's environment, from scratch: https://devcenter.heroku.com/articles/dynos (documented).

Observed on real dynos: DYNO, HOME, PATH, PORT, what bash itself sets, and the config vars; nothing
from the host. The buildpack's variables come from its `.profile.d` scripts.
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
"""Parity's one variable, which tells processes of an earlier run from others."""

CLEAN: Mapping[str, str] = {}
"""A guard's environment: empty, because the command's would act on the guard, too, which is not
contained (LD_PRELOAD and the like make any program run the app's code)."""

STRING = 128 * 1024
"""The size in bytes from which execve(2) refuses a string."""

RUN_ID = os.urandom(8).hex()
_numbers = count(1)


def cookie() -> str:
    """Return a value of the cookie that no other command has."""
    return f"{RUN_ID}.{next(_numbers)}"


SHELL = (
    'for script in .profile.d/*.sh; do [ -r "$script" ] && . "$script"; done; unset script; '
    '[ -r .profile ] && . ./.profile; unset PARITY_DYNO_MB PARITY_DYNO_CORES; exec bash -c "$1"'
)
"""Sources the scripts in order, the app's own .profile last, then runs the command in bash:
https://devcenter.heroku.com/articles/dyno-startup-behavior (documented)."""


def command(text: str) -> list[str]:
    """Return the command line with which a dyno runs the command of a process type."""
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
    """Return the environment of a dyno's first shell. Config vars never replace the dyno's own.

    A dyno has no TMPDIR, except that one without a private /tmp gets a folder that is removed
    with it.
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
    """Return the descriptor of an unnamed file that holds `env`.

    Raises `OSError` and `ValueError` for an environment that no process could have.
    """
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
