"""Crashes because of the operating system: locales, ports that only root may bind."""

import re
from collections.abc import Iterator

from parity.facts.stacks import LOCALES
from parity.records.verdict import Evidence
from parity.rules.crash.symptoms import ENDINGS, at_command, at_place
from parity.rules.engine import rule
from parity.rules.views.python_source import at, find
from parity.rules.views.python_traceback import Crash

PACKAGES = "https://devcenter.heroku.com/articles/stack-packages"
PRIVILEGED = 1024
"""The first port that is not reserved for root; a dyno's user is not root: ip(7) (documented)."""


def _locale(crash: Crash) -> tuple[Evidence, str] | None:
    """Return evidence where an unsupported locale is set, and its name, or an empty string."""
    raised = crash.raised
    evidence = (
        at_place(crash) if raised and raised.message == "unsupported locale setting" else None
    )
    if evidence is None:
        return None
    name = re.search(r"""setlocale\([^"']*["']([\w.@-]*)["']""", evidence.names["code"])
    return evidence, name[1] if name else ""


def _on_heroku(name: str) -> bool:
    """Return whether the stack images have a locale.

    glibc ignores case and dashes in the encoding.
    """
    base, _, encoding = name.partition(".")
    plain = encoding.replace("-", "").lower()
    return (f"{base}.{plain}" if plain else base) in LOCALES


@rule(
    "locale-missing",
    leads_to=ENDINGS,
    title="The locale {name} is not in the dyno",
    cause="Heroku's stack images have only the locales C, POSIX, C.UTF-8 and en_US.UTF-8: {error}",
    fix="Format with a library that has its own data (Babel: `format_date(day, locale=…)`), or add"
    " a buildpack that installs locales.",
    docs=PACKAGES,
    apart="`locale.Error: unsupported locale setting`",
    laptop="The laptop has the locales of its language.",
)
def locale_missing(crash: Crash) -> Iterator[Evidence]:
    setting = _locale(crash)
    if setting and setting[1] and not _on_heroku(setting[1]):
        yield setting[0]._replace(names={**setting[0].names, "name": setting[1]})


@rule(
    "locale-not-here",
    effect="unknown",
    leads_to=ENDINGS,
    title="This machine lacks a locale that the dyno may have",
    cause="Heroku's stack images have en_US.UTF-8 besides C, POSIX and C.UTF-8; this machine does"
    " not have what `{code}` asks for: {error}",
    fix="Create it here (`localedef -i en_US -f UTF-8 en_US.UTF-8`, as root), then run parity"
    " again.",
    docs=PACKAGES,
)
def locale_not_here(crash: Crash) -> Iterator[Evidence]:
    setting = _locale(crash)
    if setting and (not setting[1] or _on_heroku(setting[1])):
        yield setting[0]


@rule(
    "privileged-port",
    leads_to=ENDINGS,
    title="Port {taken} is reserved for root, but a dyno's processes are not root",
    cause="Heroku chooses the port and passes it in $PORT. Its router serves 80 and 443 for the"
    " app, which may not bind them and need not: {error}",
    fix='Listen on host "0.0.0.0" and port `int(os.environ["PORT"])` instead of {taken}; on the'
    " command line `$PORT`.",
    docs="https://devcenter.heroku.com/articles/dyno-startup-behavior",
    apart="`Permission denied` where the server binds its port",
    laptop="On the laptop the server was started as root, or the system lets anyone bind 80.",
)
def privileged_port(crash: Crash) -> Iterator[Evidence]:
    port = _privileged(crash)
    if not port:
        return
    names = {"taken": port, "error": "Permission denied"}
    here, written = at_place(crash), rf"\b{port}\b"
    place = find(crash.source, rf"(?i)(?:port|bind|listen|serve|run)\b.*{written}")
    if here and re.search(written, here.names["code"]):
        yield here._replace(names={**here.names, **names})
    elif place and not re.search(written, crash.command):
        yield at(place.text, place, **names)
    else:
        yield at_command(crash, "Permission denied", **names)


def _privileged(crash: Crash) -> str | None:
    """Return the port below 1024 that the app may not bind."""
    raised = crash.raised
    refused = raised and raised.kind == "PermissionError" and "Errno 13" in raised.message
    binding = refused and raised and any("bind" in frame.name for frame in raised.frames)
    logged = crash.saying(r"Can't connect to \('|(?i:bind).*(?i:permission denied)")
    if not binding and not (logged and not raised):
        return None
    place = at_place(crash)
    text = f"{crash.command} {place.names['code'] if place else ''} {logged[0] if logged else ''}"
    ports = re.findall(r"(?:[:,=]\s*|--?p(?:ort)?\s+)(\d{2,3})(?![\w.])", text)
    return next((port for port in ports if int(port) < PRIVILEGED), None)
