"""Words of a server's command that the server reads as something else than was meant.

`0.0.0.0:$PORT` without `--bind` before it, `workers=2`, `- w 2`: each becomes the app to serve, or
one argument too many.
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from parity.facts.servers import Server
from parity.records import Source
from parity.rules.views.command_words import Replacement, Word, changed, simple_commands
from parity.rules.views.python_source import file_of, suggestion
from parity.rules.views.server_command import ServerCommand, addressed, options, server_command
from parity.rules.views.typographic import plain_word

_APP = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*(?:\(.*\))?")
_MODULE = re.compile(r"[A-Za-z_][\w.]*")
_PATH = re.compile(r"\.py\b|/")
"""What shows that a word is the path of a file, which was meant for the app."""

_ADDRESS = re.compile(
    r"(?:(?:\d{1,3}(?:\.\d{1,3}){3}|localhost|\*|\[[\da-fA-F:]*\]|\$\{?\w+\}?)?:)?"
    r"(?:\$\{?PORT\}?|%PORT%|\d{4,5})|\d{1,3}(?:\.\d{1,3}){3}|localhost|:"
)
_SETTING = re.compile(r"([A-Za-z][\w.-]*)[=:](.+)")
_SWITCHED = frozenset("true false on off yes no 1 0".split())
_FEW = 2
"""The most digits of a number of workers (ours): a longer one is a port, or unclear."""


class Misread(NamedTuple):
    """A `word` of a command that `program` does not read as it was meant: `meant` says how.

    `words` are all that it takes for the app or for too many arguments. `right` is the whole
    command, corrected; None if nobody can tell what was meant.
    """

    program: str
    word: str
    meant: str
    words: tuple[str, ...]
    right: str | None


class _Meant(NamedTuple):
    change: Replacement
    word: str
    meant: str


class _Reading(NamedTuple):
    """What a server takes for arguments, and the words that were meant for options.

    `late` is an option behind the app, for a server that does not read it there.
    """

    positional: tuple[Word, ...]
    meant: tuple[_Meant, ...]
    late: Word | None = None


def misread(command: str, source: Source) -> Misread | None:
    """Return the first word that a server in the command misreads, and the corrected command."""
    found = server_command(command)
    reading = _read(found) if found and found.server.app else None
    if found is None or reading is None:
        return None
    app = _the_app(reading.positional, source)
    others = [word for word in reading.positional if word != app]
    if any(_PATH.search(word.value) for word in others):
        return None
    if app is None and not any(map(_never_an_app, others)) and not reading.meant:
        return None  # a misspelt module
    if not others and not reading.meant:
        return _behind_the_app(command, found, reading, app)
    return _corrected(command, found, reading, app, source)


def _read(found: ServerCommand) -> _Reading | None:
    """Return how the server reads its arguments; None if one may be an option's value."""
    words, server = found.arguments, found.server
    positional: list[Word] = []
    meant: list[_Meant] = []
    late, flag = None, ""
    number = 0
    while number < len(words):
        word, joined = words[number], _joined(server, words[number:])
        text = joined.text if joined else plain_word(word.text, server)
        number += 2 if joined else 1
        if text == "--":
            continue
        if text == "-" or not text.startswith("-"):
            switched = flag and word.value.lower() in _SWITCHED
            drop = Replacement(word.start - 1, word.end, "")
            meant += [_Meant(drop, word.text, f"`{flag}` takes no value")] if switched else []
            positional += [] if switched else [word]
            flag = ""
            continue
        option = _named(server, text)
        if option is None:
            return None
        late = late or (word if positional and server.first else None)
        if text != word.text:
            change = joined or Replacement(word.start, word.end, text)
            meant.append(_Meant(change, word.text, f"`{option}` was meant"))
        flag = text if text in server.flags else ""
        number += text in server.valued and number < len(words)
    return _Reading(tuple(positional), tuple(meant), late)


def _named(server: Server, text: str) -> str | None:
    """Return the option that a word names, perhaps with its value: `-w2`, `--workers=2`."""
    name = text.partition("=")[0]
    options = server.flags | server.valued
    return name if name in options else text[:2] if text[:2] in options else None


def _joined(server: Server, words: Sequence[Word]) -> Replacement | None:
    """Return the option that a dash with a blank behind it was meant to begin."""
    if len(words) < 2 or not re.fullmatch("-{1,2}", plain_word(words[0].text, server)):
        return None
    name, _, value = words[1].text.partition("=")
    option = _known(server, name)
    if option is None:
        return None
    text = f"{option}={value}" if value else option
    return Replacement(words[0].start, words[1].end, text)


def _known(server: Server, name: str) -> str | None:
    """Return the server's option of that name, written without dashes: `w`, `worker-class`."""
    option = f"-{name}" if len(name) == 1 else f"--{name}"
    return option if option in server.flags | server.valued else None


def _the_app(positional: Sequence[Word], source: Source) -> Word | None:
    """Return the word that names the app: one whose module exists, or the only `module:name`."""
    real = [w for w in positional if _exists(w, source)]
    apps = real or [w for w in positional if _APP.fullmatch(w.value)]
    return apps[0] if len(apps) == 1 else None


def _exists(word: Word, source: Source) -> bool:
    module = word.value.partition(":")[0]
    if not _MODULE.fullmatch(module):
        return False
    below = f"/{module.replace('.', '/')}.py"
    return file_of(source, module) is not None or any(p.endswith(below) for p in source.entries)


def _never_an_app(word: Word) -> bool:
    """Return whether a word cannot be the name of a module, or of one and the app in it."""
    return not _MODULE.fullmatch(word.value.partition(":")[0])


def _behind_the_app(
    command: str, found: ServerCommand, reading: _Reading, app: Word | None
) -> Misread | None:
    """Return an option that the server does not read, because the app comes before it."""
    if reading.late is None or app is None:
        return None
    meant = "its options must come before the app"
    return Misread(found.program, reading.late.text, meant, (app.value,), _app_last(command, app))


def _corrected(
    command: str, found: ServerCommand, reading: _Reading, app: Word | None, source: Source
) -> Misread:
    others = [word for word in reading.positional if word != app]
    meant = sorted([*reading.meant, *_meanings(found, others)])
    right: str | None = changed(command, [each.change for each in meant])
    if any(_ADDRESS.fullmatch(word.value) for word in others):
        right = addressed(right or "")
    if right and found.server.first and app:
        right = _app_last(right, app)
    if right and app is None:
        name = suggestion(source)
        right = f"{right} {name}" if name and len([*simple_commands(right)]) == 1 else None
    first = meant[0]
    words = (*(word.value for word in others), *(each.word for each in reading.meant))
    return Misread(found.program, first.word, first.meant, words, right)


def _meanings(found: ServerCommand, others: Sequence[Word]) -> Iterator[_Meant]:
    """Yield the meaning of each word that is neither an option nor the app."""
    end = 0
    for number, word in enumerate(others):
        if word.start >= end:
            behind = others[number + 1] if number + 1 < len(others) else None
            change, meant = _option(found.server, word, behind) or _value(found, word)
            yield _Meant(change, word.text, meant)
            end = change.end


def _option(server: Server, word: Word, behind: Word | None) -> tuple[Replacement, str] | None:
    """Return the option whose dashes are missing: `workers=2`, `bind 0.0.0.0:$PORT`, `preload`."""
    setting = _SETTING.fullmatch(word.value)
    option = _known(server, setting[1] if setting else word.value)
    if option is None:
        return None
    end, text = word.end, option
    if setting:
        text = f"{option}{'=' if option.startswith('--') else ' '}{setting[2]}"
    elif option in server.valued:
        if behind is None:
            return None
        end, text = behind.end, f"{option} {behind.text}"
    return Replacement(word.start, end, text), f"`{option}` was meant"


def _value(found: ServerCommand, word: Word) -> tuple[Replacement, str]:
    """Return the option that a value belongs to; a word that has no meaning goes."""
    server = found.server
    if _ADDRESS.fullmatch(word.value):
        named = next(options(found, server.address), None)
        alone = re.fullmatch(r"\$\{?PORT\}?|\d+", word.value)
        first = (server.both or (server.port if alone else server.host))[-1]
        meant = f"it belongs to `{named.name}`" if named else f"`{first}` is missing before it"
        return Replacement(word.start - 1, word.end, ""), meant
    workers = next((o for o in ("-w", "--workers") if o in server.valued), None)
    if workers and word.value.isdigit() and len(word.value) <= _FEW:
        change = Replacement(word.start, word.end, f"{workers} {word.text}")
        return change, f"`{workers}` is missing before it"
    return Replacement(word.start - 1, word.end, ""), "it is one word too many"


def _app_last(command: str, app: Word) -> str:
    """Return the command with the app behind the options."""
    found = server_command(command)
    here = next((w for w in found.arguments if w.text == app.text), None) if found else None
    if found is None or here is None or here == found.arguments[-1]:
        return command
    end = found.arguments[-1].end
    moved = [Replacement(here.start - 1, here.end, ""), Replacement(end, end, f" {app.text}")]
    return changed(command, moved)
