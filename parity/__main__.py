"""The entry point: it records signals before slow imports, and exits without freeing objects."""

import gc
import os
import sys

from parity.system import interrupt
from parity.system.errors import troubled

TYPE_CHECKING = False  # as in parity.cli

if TYPE_CHECKING:
    from typing import NoReturn

GARBAGE = 50_000
"""Objects between two garbage collections: a start creates no garbage, and its imports would
trigger Python's default of 700 many times.
"""

DIGITS = 100_000
"""Digits of a number that Python may parse: more than a line of a log has, yet still fast."""

WINDOWS = """\
parity: could not tell: on Windows there are no dynos: parity needs bash, signals and process groups
  fix: Install WSL (`wsl --install`), clone your app there, and type parity there.
"""


def main() -> None:
    """Run the command line and leave with its exit code."""
    if sys.platform == "win32":
        sys.stderr.write(WINDOWS)
        sys.exit(3)
    try:
        _prepare()
        from parity.cli import main as cli
    except (MemoryError, OSError, ImportError, RuntimeError) as error:
        _unable(error)
    try:
        code = cli.main(sys.argv[1:])
    except SystemExit as printed:  # argparse has printed help or an error
        code = int(printed.code or 0)
    _leave(code)


def _prepare() -> None:
    from parity.system import ulimits  # on resource(3), which Windows has not

    _standard()
    interrupt.install()
    ulimits.lift()
    os.umask(os.umask(0o077) & 0o077)  # the owner can read what parity creates
    gc.set_threshold(GARBAGE)
    sys.set_int_max_str_digits(DIGITS)


def _unable(error: Exception) -> "NoReturn":
    """Exit with 3 if parity cannot start: Python's own 1 would mean "would fail"."""
    trouble = troubled(error)
    what = trouble.what if trouble else f"parity cannot start: {error}"
    fix = trouble.fix if trouble else "Install parity again, on a machine with /dev and /proc."
    try:
        os.write(2, f"parity: could not tell: {what}\n  fix: {fix}\n".encode())
    except OSError:
        pass
    os._exit(3)


def _leave(code: int) -> None:
    """Exit at once: freeing every object first takes as long as starting Python."""
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError, AttributeError):  # closed, or full: Python says so
        sys.exit(code)
    os._exit(code)


def _standard() -> None:
    """Open standard streams that are closed.

    Otherwise a pipe of ours would get such a number, and the dyno's output replace it.
    """
    while (descriptor := os.open(os.devnull, os.O_RDWR)) < 3:
        os.set_inheritable(descriptor, True)
    os.close(descriptor)
    if sys.stdin is None:
        sys.stdin = os.fdopen(0)


if __name__ == "__main__":
    main()
