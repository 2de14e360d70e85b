"""Edits to the app's files, as data: both the sentence that advises one and its diff come from it.

A rule puts an `Advice` among the names that fill its texts; the code that makes the change reads
its `edit`, never the words.
"""

from typing import NamedTuple


class Edit(NamedTuple):
    """A line to write into `file`; empty: the line goes.

    It is a line of the Procfile or a shell script, or the text of a `script` in package.json, or a
    requirement, or what line number `line` of a source file becomes, without its indent.
    """

    file: str
    new: str
    script: str | None = None
    line: int | None = None

    @property
    def written(self) -> str:
        """The line as written in the file."""
        return self.new if self.script is None else f'"{self.script}": "{self.new}"'

    @property
    def place(self) -> str:
        """The file's name in a sentence, and the line if the edit replaces one."""
        if self.line is not None:
            return f"line {self.line} of {self.file}"
        return "the Procfile" if self.file == "Procfile" else self.file


class Command(str):
    """A shell command, typed in the app's folder, that makes the fix or is its first step."""


def add_to_git(path: str, *, ignored: bool = False) -> Command:
    """Return the command that commits a file; `path` is one word of a shell command."""
    forced = "-f " if ignored else ""
    return Command(f'git add {forced}{path} && git commit -m "Add what the app needs"')


class Advice(str):
    """A sentence that advises an edit: `head`, what to write, `more`."""

    edit: Edit

    def __new__(cls, edit: Edit, more: str = ".", *, head: str = "") -> "Advice":
        advice = super().__new__(cls, f"{head or f'In {edit.place} write'} `{edit.written}`{more}")
        advice.edit = edit
        return advice


def command(process: str, new: str, more: str = ".") -> Advice:
    """Return the advice to give a process type in the Procfile another command."""
    return Advice(Edit("Procfile", f"{process}: {new}"), more)


def without_line(file: str, number: int) -> Advice:
    """Return the advice to delete a line of a file, counted from 1; the others keep their place."""
    advice = str.__new__(Advice, f"Delete line {number} of {file}.")
    advice.edit = Edit(file, "", line=number)
    return advice


def on_platform(file: str, requirement: str, platform: str, head: str) -> Advice:
    """Return the advice to limit a requirement to one platform (`win32`, `darwin`).

    `head` offers an alternative.
    """
    return Advice(Edit(file, f'{requirement}; sys_platform == "{platform}"'), head=head)


def script(name: str, new: str, more: str = ".") -> Advice:
    """Return the advice to change a script of package.json."""
    return Advice(Edit("package.json", new, name), more)


def line(file: str, number: int, new: str, more: str = ".") -> Advice:
    """Return the advice to write `new` as a line of a source file."""
    return Advice(Edit(file, new, line=number), more)
