"""The way in: signals are noted before anything slow is imported."""

import gc
import os
import sys

from parity import interrupt

GARBAGE = 50_000
"""Objects between two looks for garbage: what a start makes is none, and Python's 700 are soon
made by imports."""


def main() -> None:
    """Run the command line and leave with its exit code."""
    interrupt.install()
    gc.set_threshold(GARBAGE)
    from parity import cli

    code = cli.main(sys.argv[1:])
    # `emit` keeps nothing back; to free every object before the end takes longer than to start.
    os._exit(code)


if __name__ == "__main__":
    main()
