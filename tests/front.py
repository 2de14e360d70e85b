"""A separate parity process around one dyno: `python -m tests.front LEVEL FOLDER COMMAND`.

It boots the dyno, prints `up`, passes on the app's line `ready`, waits for the command's end and
exits with its code; a signal ends it as it ends `parity run`.
"""

import os
import sys
from pathlib import Path

from parity.system import interrupt


def main(level: str, folder: str, command: str) -> int:
    """Run the command and return its exit code. Raises `interrupt.Interrupted`."""
    from parity.records import Line
    from tests.dynos import dyno

    class Told(list[Line]):
        def append(self, line: Line) -> None:
            if line.text in ("ready", "State changed from starting to up"):
                print(line.text.split()[-1], flush=True)

    with dyno(
        Path(folder), command, kind="worker", said=Told(), config={"MARK": folder}, isolated=level
    ) as made:
        boot = made.boot()
        while boot.state != "crashed" and not made.ended(1.0):
            continue
        return made.watch.code if made.watch.code is not None else 70


if __name__ == "__main__":
    interrupt.install()
    try:
        code = main(*sys.argv[1:])
    except interrupt.Interrupted as ended:
        code = 128 + ended.signum
    os._exit(code)
