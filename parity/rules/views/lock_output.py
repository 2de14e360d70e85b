"""Package managers with a lock file, and how to read their files and their output."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from parity.records import Slug, Source
from parity.rules.views.pip_output import normalised, shown


class LockTool(NamedTuple):
    """A package manager with a lock file, and what it prints when that file is wrong (observed).

    `project` is the file that people edit, `lock` the command that creates `file` from it.
    """

    id: str
    name: str
    project: str
    file: str
    lock: str
    docs: str
    stale: str
    unreadable: str
    absent: str

    @property
    def reason(self) -> str:
        """Return Heroku's name for its failure."""
        return f"install-dependencies::{self.id}"


TOOLS = (
    LockTool(
        "pipenv",
        "Pipenv",
        "Pipfile",
        "Pipfile.lock",
        "pipenv lock",
        "https://pipenv.pypa.io/en/latest/commands.html",
        r"Your Pipfile\.lock \([0-9a-f]+\) is out of date",
        r"Your Pipfile\.lock \(\) is out of date|JSONDecodeError",
        r"Pipfile not found!",
    ),
    LockTool(
        "poetry",
        "Poetry",
        "pyproject.toml",
        "poetry.lock",
        "poetry lock",
        "https://python-poetry.org/docs/cli/#lock",
        r"pyproject\.toml changed significantly since poetry\.lock was last generated",
        r"^(?:Invalid|Unterminated|Expected|Unclosed|Unescaped|Cannot).*\((?:at line \d+|at end of)"
        r"|The lock file (?:is not|does not)",
        r"Poetry could not find a pyproject\.toml file",
    ),
    LockTool(
        "uv",
        "uv",
        "pyproject.toml",
        "uv.lock",
        "uv lock",
        "https://docs.astral.sh/uv/concepts/projects/sync/",
        r"The lockfile at `uv\.lock` needs to be updated",
        r"Failed to parse `uv\.lock`",
        r"No `pyproject\.toml` found",
    ),
)


def not_locked(source: Source, tool: LockTool) -> Iterator[tuple[int, str]]:
    """Yield the requirements that are not in the lock file, with their lines."""
    locked = {
        normalised(name)
        for name in re.findall(
            r'^\s*(?:name = )?"([\w.-]+)"(?:: \{)?$', source.text(tool.file) or "", re.MULTILINE
        )
    }
    for number, name in required(source.text(tool.project) or ""):
        if locked and normalised(name) not in locked:
            yield number, name


_TABLE = (
    r"\[(?:(?:dev-)?packages|tool\.poetry(?:\.group\.[\w-]+)?\.(?:dev-)?dependencies"
    r"|dependency-groups|project(?:\.optional-dependencies)?)\]"
)
_LIST = re.compile(r"([\w-]+)\s*=\s*\[")
_KEY = re.compile(r"""["']?([A-Za-z0-9][\w.-]*)["']?\s*=""")
_NAME = re.compile(r"""["']([A-Za-z0-9][\w.-]*+)[^"']*["']""")
_NO_LISTS = frozenset({"authors", "keywords", "classifiers", "maintainers", "dynamic"})


def required(text: str) -> Iterator[tuple[int, str]]:
    """Yield the line and name of every requirement in a Pipfile or pyproject.toml."""
    table, open_list = "", False
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if line.startswith("[") and not open_list:
            table = line if re.fullmatch(_TABLE, line) else ""
        elif table in ("[project]", "[project.optional-dependencies]", "[dependency-groups]"):
            begins = _LIST.match(line)
            if begins and begins[1] in _NO_LISTS:
                continue
            if begins or open_list:
                names = _NAME.findall(line.partition("=")[2] if begins else line)
                yield from ((number, name) for name in names)
                open_list = not line.endswith("]")
        elif table and (key := _KEY.match(line)) and key[1] != "python":
            yield number, key[1]


_WORDS = (
    r"^(?:error|ERROR|ERROR:): ?\S",
    r"^× ",
    r"^Unable to find installation candidates|did not match any known checksums",
    r"^(?:\w+\.)*[A-Z]\w*(?:Error|Exception)\b",
    r"(?i)\b(?:error|failed|not found|cannot|could not)\b",
)
"""Patterns of the line that explains a failure, the most specific first."""


def decisive(slug: Slug) -> str:
    """Return the line that says why, with the next line if it continues there."""
    lines = [line.strip(" │|") for line in slug.output]
    lines = [line for line in lines if line and "Aborting deploy" not in line]
    for pattern in _WORDS:
        for number, line in enumerate(lines):
            if re.search(pattern, line):
                more = lines[number + 1] if number + 1 < len(lines) else ""
                goes_on = re.match(r"(?:╰─▶|Caused by:) *", more)
                return shown(f"{line}: {more[goes_on.end() :]}" if goes_on else line)
    return shown(lines[-1]) if lines else "no error message"
