"""What to write where, as data: the sentence that says so is printed from it, and so is the diff.

A rule puts an `Advice` among the names that fill its texts; whoever makes the change reads its
`edit`, never the words.
"""

from typing import NamedTuple


class Edit(NamedTuple):
    """A line that is to stand in `file`: of the Procfile, or the text of a `script` in
    package.json, or a requirement."""

    file: str
    new: str
    script: str | None = None

    @property
    def written(self) -> str:
        """The line as it stands in the file."""
        return self.new if self.script is None else f'"{self.script}": "{self.new}"'

    @property
    def place(self) -> str:
        """The file as a sentence names it."""
        return "the Procfile" if self.file == "Procfile" else self.file


class Advice(str):
    """The sentence that tells a person to make an edit; `head` stands before what to write,
    `more` behind it."""

    edit: Edit

    def __new__(cls, edit: Edit, more: str = ".", *, head: str = "") -> "Advice":
        made = super().__new__(cls, f"{head or f'In {edit.place} write'} `{edit.written}`{more}")
        made.edit = edit
        return made


def command(process: str, new: str, more: str = ".") -> Advice:
    """The Procfile's line of a process type, with another command."""
    return Advice(Edit("Procfile", f"{process}: {new}"), more)


def on_platform(file: str, requirement: str, platform: str, head: str) -> Advice:
    """A requirement for one platform (`win32`, `darwin`) alone; `head` offers another way."""
    return Advice(Edit(file, f'{requirement}; sys_platform == "{platform}"'), head=head)


def script(name: str, new: str, more: str = ".") -> Advice:
    """A script of package.json, with another text."""
    return Advice(Edit("package.json", new, name), more)
