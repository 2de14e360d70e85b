"""The server that a command starts, its arguments, and the command with the address Heroku needs.

Only the words for the address change: variables before the command, `exec`, `cd x &&`, quotes and
all other options stay as they are.
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from parity.facts.servers import SERVERS, Server
from parity.rules.views.command_words import Replacement, Word, changed, simple_commands

_ELSEWHERE = frozenset("pip pip3 echo printf which kill pkill killall cp mv cat test [ ls".split())
"""Programs after which the name of a server starts no server."""

_ADDRESS = re.compile(
    r"(?:(?:[\w.-]+|\[[\da-fA-F:]*\]|\*)?:)?(?:\d{2,5}|\$\{?PORT\b.*)|\[?[\da-fA-F:]*\]?"
    r"|\d+(?:\.\d+){3}|localhost"
)
"""A word that names an address to Django's runserver or Python's http.server."""


class ServerCommand(NamedTuple):
    """A server in a command: the word that is its `name`, and the words `after` it.

    `arguments` are those after the word that serves: `run` of `flask run`.
    """

    server: Server
    name: Word
    after: tuple[Word, ...]
    arguments: tuple[Word, ...]

    @property
    def program(self) -> str:
        return program(self.name)


def program(word: Word) -> str:
    """Return the name of the program that a word starts."""
    return word.value.rpartition("/")[2]


def server_command(command: str) -> ServerCommand | None:
    """Return the first server that a command starts, if it is a known one."""
    return next((found for words in simple_commands(command) for found in _servers(words)), None)


def _servers(words: Sequence[Word]) -> Iterator[ServerCommand]:
    for number, word in enumerate(words):
        if program(word) in _ELSEWHERE:
            return
        server = SERVERS.get(program(word))
        after = tuple(words[number + 1 :])
        arguments = _served(server, after) if server else None
        if server and arguments is not None:
            yield ServerCommand(server, word, after, arguments)
            return


def _served(server: Server, after: tuple[Word, ...]) -> tuple[Word, ...] | None:
    """Return the words after the one that serves; None if this command does not serve."""
    if not server.commands:
        return after
    at = next((n for n, word in enumerate(after) if word.value in server.commands), None)
    return None if at is None else after[at + 1 :]


class Option(NamedTuple):
    """An option with its value, in the word itself (`glue`: what is between) or in the next."""

    name: str
    value: str
    word: Word
    glue: str
    next: Word | None


def options(found: ServerCommand, names: Sequence[str]) -> Iterator[Option]:
    """Yield the options of a server among `names`, as far as the server reads options."""
    words, skipped = found.arguments, False
    for number, word in enumerate(words):
        if word.value == "--":
            return
        if skipped:
            skipped = False
            continue
        behind = words[number + 1] if number + 1 < len(words) else None
        option = _option(word, behind, names)
        if option:
            yield option
        bare = word.value in found.server.valued or (option and not option.glue)
        skipped = bool(bare and (not option or option.next))


def _option(word: Word, behind: Word | None, names: Sequence[str]) -> Option | None:
    for name in names:
        if word.value == name:
            own = behind if behind and not behind.value.startswith("-") else None
            return Option(name, own.value if own else "", word, "", own)
        value = word.value.removeprefix(f"{name}=")
        if value != word.value:
            return Option(name, value, word, "=", None)
        glued = re.match(r"[\d:$]", word.value.removeprefix(name))
        if len(name) == 2 and word.value.startswith(name) and glued:
            return Option(name, word.value.removeprefix(name), word, "glued", None)
    return None


def addressed(command: str) -> str | None:
    """Return the command with the address that Heroku needs; None for an unknown server."""
    found = server_command(command)
    if found is None:
        return None
    server = found.server
    if server.positional:
        return changed(command, _positional(found))
    named = [*options(found, server.address)]
    changes = [*_replaced(found, named)]
    missing = _missing(server, {option.name for option in named})
    if missing and not named:
        changes.append(_added(found, missing))
    elif missing:
        last = max(option.next or option.word for option in named).end
        changes = [c._replace(text=f"{c.text} {missing}") if c.end == last else c for c in changes]
    return changed(command, changes)


def _replaced(found: ServerCommand, named: Sequence[Option]) -> Iterator[Replacement]:
    """Yield the changes of the options that name an address; a second one of a kind goes."""
    seen: set[str] = set()
    for name, old, word, glue, behind in named:
        value = found.server.value(name, old)
        between = glue if glue == "=" else "" if glue == "glued" else " "
        text = f"{name}{between}{value}"
        end = behind.end if behind else word.end
        twice = value in seen and not old.startswith("unix:")
        yield Replacement(word.start - twice, end, "" if twice else text)
        seen.add(value)


def _missing(server: Server, names: set[str]) -> str:
    """Return the options to add to those that name a part of the address."""
    if not names:
        return server.right
    if names & {*server.both}:
        return ""
    parts = (server.host, "0.0.0.0", server.public), (server.port, "$PORT", False)
    more = [
        f"{options[-1]} {value}"
        for options, value, by_default in parts
        if options and not names & {*options} and not by_default
    ]
    return " ".join(more)


def _added(found: ServerCommand, text: str) -> Replacement:
    """Return the addition of options: behind the arguments, or before the app if they must be."""
    words = found.arguments
    if found.server.first or not words:
        served = [w for w in found.after if not words or w.start < words[0].start]
        at = (served[-1] if served else found.name).end
        return Replacement(at, at, f" {text}")
    stop = next((word for word in words if word.value == "--"), None)
    if stop:
        return Replacement(stop.start, stop.start, f"{text} ")
    return Replacement(words[-1].end, words[-1].end, f" {text}")


def _positional(found: ServerCommand) -> Iterator[Replacement]:
    """Yield the changes for a server that takes its address as a word."""
    named = [*options(found, found.server.host)]
    yield from _replaced(found, named)
    skipped = False
    for word in found.arguments:
        if not skipped and _ADDRESS.fullmatch(word.value) and word.value:
            yield Replacement(word.start, word.end, found.server.right)
            return
        skipped = word.value in found.server.valued
    served = [w for w in found.after if w not in found.arguments]
    at = (served[-1] if served else found.name).end
    yield Replacement(at, at, f" {found.server.right}")
