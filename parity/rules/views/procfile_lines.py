"""The intended meaning of Procfile lines that Heroku reads differently or not at all."""

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

from parity.facts.procfile import CLASSIC, LOCAL, ROUTED, SHORT_RUN
from parity.records import ProcessType, Procfile

_INVISIBLE = "\ufeff\u00a0\u00ad\u200b-\u200f\u2007\u2060\u202f"
_HIDDEN = f"[{_INVISIBLE}]"
_WIDTH = 200
_CLASSIC = re.compile(CLASSIC)
_LOCAL = re.compile(LOCAL)
_GLUED = r"(?i)web:([^\s].*)"
_MEANT = r"(?i)[^\w#]*web(?:\.\d+)?(?![\w-])[^\w./$({#]*(.*)"
_COMMENTED = r"\s*#+\s*web:\s*(.+)"
_NEAR = r"(?i)web[-_]?(?:\d+|apps?|sites?|servers?|process|dyno|s)?"
_SERVES = (
    r"\b(?:gunicorn|uvicorn|hypercorn|daphne|waitress-serve|uwsgi|granian|flask\s+run|runserver"
    r"|streamlit\s+run|http\.server)\b"
)
_WORKS = (
    r"\bcelery\b.*\b(?:worker|beat)\b|\brq\s+worker\b|\bdramatiq\b|\bhuey_consumer|\barq\s"
    r"|\bmanage\.py\s+(?:rqworker|qcluster|process_tasks|runworker|db_worker|celery)\b"
)
"""Programs that wait for jobs until they are stopped, from their documentation."""

_COMMANDS = (
    r"python[\d.]*|gunicorn|uvicorn|hypercorn|daphne|waitress-serve"
    r"|flask|streamlit|node|npm|bash|sh"
)


def shown(text: str) -> str:
    """Return `text`, cut if it would fill the screen."""
    return text if len(text) <= _WIDTH else f"{text[:_WIDTH]}…"


class Dropped(NamedTuple):
    """A line that Heroku drops although it should start web; `why` completes "This one …"."""

    number: int
    text: str
    kind: Literal["no-space", "bom", "not-read"]
    command: str
    why: str


def dropped(procfile: Procfile) -> Iterator[Dropped]:
    """Yield the dropped lines that were meant to start web."""
    for number, text in procfile.ignored:
        bare = re.sub(_HIDDEN, " ", text).strip()
        classic, glued = _CLASSIC.match(bare), re.match(_GLUED, bare)
        meant = re.match(_MEANT, bare)
        if text.startswith("\ufeff") and classic and classic[1] == ROUTED:
            yield Dropped(number, bare, "bom", classic[2], "is hidden by a byte order mark")
        elif glued and not re.search(_HIDDEN, text):
            yield Dropped(number, bare, "no-space", glued[1], "has no space after the colon")
        elif meant:
            command = meant[1].rstrip("\"'") if bare[0] in "\"'" else meant[1]
            yield Dropped(number, bare, "not-read", command.strip(), _why(text, bare, command))


def _why(text: str, bare: str, command: str) -> str:
    hidden = re.search(_HIDDEN, text)
    if hidden:
        return f"has the invisible character U+{ord(hidden[0]):04X} where a space belongs"
    if not command:
        return "has no command"
    if "\uff1a" in bare:
        return "has a full-width colon (U+FF1A)"
    if bare[0] in "\"'`":
        return "has quotes around the name"
    if re.match(r"\W*web\s*=", bare, re.IGNORECASE):
        return "has an = where a colon belongs"
    if re.match(r"web\.\d", bare, re.IGNORECASE):
        return "has a number after the name, like the name of a dyno"
    return "does not begin with a name, a colon and a space"


def commented(procfile: Procfile) -> tuple[int, str] | None:
    """Return the number and command of a web line that is commented out."""
    matches = ((n, re.match(_COMMENTED, line)) for n, line in enumerate(procfile.lines, 1))
    return next(((n, match[1]) for n, match in matches if match), None)


def near_web(process: ProcessType) -> bool:
    """Return whether the name, or the name with the start of the command, was meant to be `web`."""
    if not process.name.strip("-_"):
        return process.command.startswith("web:")
    return bool(re.fullmatch(_NEAR, process.name)) or _one_edit(process.name.lower())


def _one_edit(name: str) -> bool:
    """Return whether `name` is `web` with one letter wrong, missing or too many, or two swapped."""
    if len(name) == 3:
        wrong = sum(a != b for a, b in zip(name, ROUTED, strict=True))
        return wrong == 1 or name in ("ewb", "wbe")
    longer, shorter = max(name, ROUTED, key=len), min(name, ROUTED, key=len)
    return len(longer) == len(shorter) + 1 and any(
        longer[:i] + longer[i + 1 :] == shorter for i in range(len(longer))
    )


def is_server(command: str) -> bool:
    """Return whether a command starts a web server."""
    return re.search(_SERVES, command) is not None


def is_worker(command: str) -> bool:
    """Return whether a command waits for jobs until it is stopped."""
    detached = re.search(r"--detach\b|--daemon\b|\bmulti\s+start\b", command)
    return detached is None and re.search(_WORKS, command) is not None


def serves(process: ProcessType) -> bool:
    """Return whether the command starts a web server, or uses `$PORT`."""
    return process.name not in SHORT_RUN and bool(
        is_server(process.command) or re.search(r"\$\{?PORT\b", process.command)
    )


def no_type(process: ProcessType, line: str) -> bool:
    """Return whether the line is a bare command, whose first word Heroku takes for a type."""
    return _bare(process, line, _COMMANDS)


def _bare(process: ProcessType, line: str, commands: str) -> bool:
    behind = line.strip().removeprefix(process.name)
    return bool(re.fullmatch(commands, process.name)) and not behind.startswith(":")


def read_differently(procfile: Procfile) -> Iterator[tuple[int, str, str]]:
    """Yield number, text and difference of each line that `heroku local` reads differently."""
    for number, line in enumerate(procfile.lines, 1):
        taken, local = _taken(line), _LOCAL.match(line)
        if local and not taken:
            yield number, line.strip(), "Heroku drops it, heroku local runs it"
        elif taken and not local:
            how = f"Heroku reads the process type {shown(taken)}, heroku local reads none"
            yield number, line.strip(), how


def _taken(line: str) -> str | None:
    """Return the process type that Heroku reads from the line."""
    match = _CLASSIC.match(line)
    return match[1] if match and match[2].strip() else None


def repeated(procfile: Procfile) -> Iterator[tuple[str, int, int]]:
    """Yield each repeated type: its name, the line that counts, and the one that does not."""
    lines: dict[str, int] = {}
    for number, line in enumerate(procfile.lines, 1):
        name = _taken(line)
        if name and name in procfile.types:
            if name in lines:
                yield name, number, lines[name]
            lines[name] = number
