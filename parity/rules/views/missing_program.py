"""The program that a shell did not find, and the line of the app's script that starts it."""

import re
from typing import NamedTuple

from parity.records import Source
from parity.rules.view import view
from parity.rules.views.python_source import CodePlace
from parity.rules.views.python_traceback import Crash

_IN_SCRIPT = re.compile(r"(?:^|\s)(?:/app/|\./)?([\w][\w./-]*): (?:line )?(\d+): ")
"""The place in the messages of dash, `setup.sh: 3: `, and of bash, `setup.sh: line 3: `."""

_NOT_FOUND = r"(?:line \d+: |bash: |: \d+: )([^\s:]+:?): (?:command )?not found"


class MissingProgram(NamedTuple):
    """A command that the shell did not find; `place`: the line of a script that starts it."""

    crash: Crash
    name: str
    place: CodePlace | None

    @property
    def command(self) -> str:
        """The text that starts the program: a script's line, or the command of the process."""
        return self.place.text if self.place else self.crash.command


@view
def missing_program(crash: Crash) -> MissingProgram | None:
    """Return the program if the command ended with the shell's status for a missing one."""
    if crash.exit != 127:
        return None
    match = crash.saying(_NOT_FOUND)
    if match is None:
        return None
    return MissingProgram(crash, match[1], in_script(crash.source, match.string))


def in_script(source: Source, message: str) -> CodePlace | None:
    """Return the line of a script in the tree that a shell's message names."""
    match = _IN_SCRIPT.search(message)
    lines = (source.text(match[1]) or "").splitlines() if match else []
    if match is None or not 0 < int(match[2]) <= len(lines):
        return None
    text = lines[int(match[2]) - 1]
    column = len(text) - len(text.lstrip()) + 1
    return CodePlace(match[1], int(match[2]), column, text.strip())
