"""The program that a shell did not find."""

from typing import NamedTuple

from parity.rules.view import view
from parity.rules.views.python_traceback import Crash


class MissingProgram(NamedTuple):
    """A command that the shell did not find."""

    crash: Crash
    name: str


@view
def missing_program(crash: Crash) -> MissingProgram | None:
    """Return the program if the command ended with the shell's status for a missing one."""
    if crash.exit != 127:
        return None
    match = crash.saying(r"(?:line \d+: |bash: |sh: \d+: )([^\s:]+): (?:command )?not found")
    return MissingProgram(crash, match[1]) if match else None
