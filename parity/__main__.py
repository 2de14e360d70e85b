"""The way in: signals are noted before anything slow is imported."""

import os
import sys

from parity import interrupt


def main() -> None:
    """Run the command line and leave with its exit code."""
    interrupt.install()
    from parity import cli

    code = cli.main(sys.argv[1:])
    # `emit` keeps nothing back; to free every object before the end takes longer than to start.
    os._exit(code)


if __name__ == "__main__":
    main()
