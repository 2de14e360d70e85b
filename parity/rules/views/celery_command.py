"""Celery's command line: which word it takes for the app, and the command that it reads as meant.

https://docs.celeryq.dev/en/stable/reference/cli.html (documented): `-A` comes before the command.
"""

from typing import NamedTuple

from parity.records import Source
from parity.rules.views.command_words import Replacement, Word, changed, simple_commands
from parity.rules.views.python_source import file_of, found
from parity.rules.views.server_command import program

_COMMANDS = frozenset("worker beat flower events multi inspect control status shell".split())


class CeleryCommand(NamedTuple):
    """A `word` of a command that Celery reads differently, why, and the corrected command."""

    word: str
    why: str
    right: str | None


def celery_command(command: str, source: Source) -> CeleryCommand | None:
    """Return what is wrong with the first Celery command, if something is."""
    for words in simple_commands(command):
        at = next((n for n, word in enumerate(words) if program(word) == "celery"), None)
        if at is not None:
            return _late(command, words[at:]) or _named(command, words[at:], source)
    return None


def _late(command: str, words: tuple[Word, ...]) -> CeleryCommand | None:
    """Return the option for the app behind the command, where Celery 5 does not read it."""
    verb = next((n for n, word in enumerate(words) if word.value in _COMMANDS), len(words))
    option = _option(words)
    if option is None or verb > option or words[option - 1].value in ("-b", "--broker"):
        return None
    own = "=" in words[option].value
    last = words[option if own else min(option + 1, len(words) - 1)]
    text = command[words[option].start : last.end]
    name, to = words[0], words[verb].value
    moved = [
        Replacement(words[option].start - 1, last.end, ""),
        Replacement(name.end, name.end, f" {text}"),
    ]
    why = f"It is an option of celery itself, and must come before `{to}`"
    return CeleryCommand(words[option].text, why, changed(command, moved))


def _option(words: tuple[Word, ...]) -> int | None:
    """Return the place of `-A` or `--app`."""
    named = (n for n, word in enumerate(words) if word.value.partition("=")[0] in ("-A", "--app"))
    return next(named, None)


def _named(command: str, words: tuple[Word, ...], source: Source) -> CeleryCommand | None:
    """Return the value of `-A`, if it is Celery's own command, a file, or no module of the app."""
    option = _option(words)
    if option is None or option + 1 >= len(words) or "=" in words[option].value:
        return None
    value = words[option + 1]
    module = value.value.removesuffix(".py").replace("/", ".").partition(":")[0]
    if value.value in _COMMANDS and not any(w.value in _COMMANDS for w in words[option + 2 :]):
        app = _app(source)
        why = f"`-A` needs the app's module as its value, and takes `{value.text}` for it"
        right = [Replacement(value.start, value.start, f"{app} ")]
        return CeleryCommand(value.text, why, changed(command, right) if app else None)
    if file_of(source, module.rpartition(".")[0] or module) and module == value.value:
        return None
    exists = file_of(source, module) is not None
    app = module if exists else _app(source)
    why = "`-A` takes a module, not a file" if exists else "The app has no module with that name"
    right = [Replacement(value.start, value.end, app or "")]
    return CeleryCommand(value.text, why, changed(command, right) if app else None)


def _app(source: Source) -> str | None:
    """Return the module that makes the Celery app; a package for the celery.py in it."""
    files = list(dict.fromkeys(place.file for place in found(source, r"=\s*Celery\(")))
    if len(files) != 1:
        return None
    module = files[0].removesuffix(".py").removesuffix("/__init__")
    return module.removesuffix("/celery").replace("/", ".")
