"""The way in: signals are noted before anything slow is imported, and nothing is cleared up."""

import gc
import os
import sys

from parity.system import interrupt
from parity.system.errors import troubled

TYPE_CHECKING = False  # as in parity.cli

if TYPE_CHECKING:
    from typing import NoReturn

GARBAGE = 50_000
"""Objects between two looks for garbage: what a start makes is none, and Python's 700 are soon
made by imports."""

DIGITS = 100_000
"""Digits of a number that Python may read: more than a line of a log has, less than takes long."""

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
    except SystemExit as printed:  # argparse's help, or what is wrong with the arguments
        code = int(printed.code or 0)
    _leave(code)


def _prepare() -> None:
    from parity.system import ulimits  # on resource(3), which Windows has not

    _standard()
    interrupt.install()
    ulimits.lift()
    os.umask(os.umask(0o077) & 0o077)  # what is made can be read by its owner, whatever was set
    gc.set_threshold(GARBAGE)
    sys.set_int_max_str_digits(DIGITS)


def _unable(error: Exception) -> "NoReturn":
    """parity cannot even start: by itself Python would exit with 1, which means "would fail"."""
    trouble = troubled(error)
    what = trouble.what if trouble else f"parity cannot start: {error}"
    fix = trouble.fix if trouble else "Install parity again, on a machine with /dev and /proc."
    try:
        os.write(2, f"parity: could not tell: {what}\n  fix: {fix}\n".encode())
    except OSError:
        pass
    os._exit(3)


def _leave(code: int) -> None:
    """End at once: to free every object first takes as long as to start Python."""
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError, AttributeError):  # closed, or full: Python says so
        sys.exit(code)
    os._exit(code)


def _standard() -> None:
    """Nothing stands in for a standard stream that is closed: a pipe of ours would take its number,
    and the dyno's output replace it."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) < 3:
        os.set_inheritable(descriptor, True)
    os.close(descriptor)
    if sys.stdin is None:
        sys.stdin = os.fdopen(0)


if __name__ == "__main__":
    main()
