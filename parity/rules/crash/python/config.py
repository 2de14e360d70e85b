"""The config vars whose absence ends a Python app, and the lines that read them."""

import re
from collections.abc import Iterator

from parity.records import Exchange, Traffic
from parity.rules.crash.symptoms import at_place
from parity.rules.traffic.traffic import broken, request_line
from parity.rules.views.facts import UnsetVariable
from parity.rules.views.pydantic_settings import lacking
from parity.rules.views.python_guards import ends_after, missing_at, printing
from parity.rules.views.python_source import CodePlace, at, find, line_of
from parity.rules.views.python_traceback import Crash, Raised
from parity.rules.views.python_variables import PLATFORM, Read, all_reads, by_name, read_at, used

_NAME = r"[A-Z][A-Z0-9_]*"
_NAMING = (
    rf"^({_NAME}) not found\. Declare it as envvar"
    rf"|^Environment variable \"({_NAME})\" (?:not set|invalid)"
    rf"|^Set the ({_NAME}) environment variable"
    rf"|^Config '({_NAME})' is missing"
    rf"|(?:set|setting) (?:the )?[`'\"]?({_NAME})\b[`'\"]?.* environment variable"
    r"|(?i:missing|required)[\w ]{0,99}(?i:environment variable|config var|env var)s?:?"
    rf" ['\"`]?({_NAME})"
    r"|['\"`]?([A-Z][A-Z0-9_]{0,49})['\"`]? (?i:environment variable|env var"
    r"|is not set|must be set|is required"
    r"|is missing|not set)"
)
"""Messages of python-decouple, environs, django-environ, Starlette, OpenAI and of apps."""

_EMPTY = (
    r"None|Expecting value: line 1 column 1 \(char 0\)"
    r"|(?i:must (?:be set|not be empty|be provided|pass|provide)|empty|not set|missing|required"
    r"|token|api[ _]?key|credential|unauthori[sz]ed|invalid literal for int|could not parse|url)"
)
"""Messages of exceptions that a variable may cause that is None or empty."""

_NO_DATABASE = r"settings\.DATABASES is improperly configured|supply the (?:ENGINE|NAME) value"
_URL_CALL = r"""\bdj_database_url\.config\((?!.*\bdefault\b)(?:.*\benv\s*=\s*["'](\w+)["'])?"""
"""dj-database-url returns no settings at all without the variable (from its documentation)."""

_LAST = 5
"""Lines at the end of a log in which a command without a traceback says why it ends (ours)."""

_SHORT = 2000
"""Characters of a page that is a message, and no report with all settings (ours)."""


def _missing(crash: Crash) -> list[Read]:
    """Return the reads of the config vars whose absence ended the command."""
    raised = crash.raised
    if raised is None:
        return _announced(crash)
    if raised.kind == "ModuleNotFoundError":
        return []
    if "settings are not configured" in raised.message:  # Django's settings, all of them
        return []
    near, variable = list(_near(crash)), _named(raised)
    if variable:
        reads = [r for r in (*near, *all_reads(crash.source)) if r.name == variable]
        return reads[:1] or _library(crash, variable)
    found = [*lacking(crash.source, raised)] or _refused(crash) or _no_database(crash)
    if found or not re.search(_EMPTY, raised.message):
        return found
    options = (*near, *_setting(crash), *_constants(crash))
    return [r for r in options if not r.default and _unset(crash, r)][:1]


def _named(raised: Raised) -> str | None:
    """Return the variable that the exception itself names."""
    text = raised.message.strip("'\"") if raised.kind == "KeyError" else raised.message
    match = re.search(_NAMING, text)
    if match:
        return next(group for group in match.groups() if group)
    return text or None if raised.kind == "KeyError" else None


def _library(crash: Crash, name: str) -> list[Read]:
    """Return a variable that a package reads by itself, at the app's line that calls it."""
    raised = crash.raised
    place = raised.place if raised else None
    if raised is None or place is None or name not in raised.message:
        return []
    if raised.kind == "KeyError" and not _from_environ(raised):
        return []
    text = line_of(crash.source, place.file, place.line)
    return [Read(name, CodePlace(place.file, place.line, 1, text), place.line, "", False)]


def _from_environ(raised: Raised) -> bool:
    """Return whether `os.environ` itself raised the exception."""
    return (
        bool(raised.frames)
        and re.search(r"(?:/os\.py|^<frozen os>)$", raised.frames[-1].file) is not None
    )


def _near(crash: Crash) -> Iterator[Read]:
    """Yield the reads in the lines that the exception passed through, innermost first."""
    raised = crash.raised
    for frame in reversed(raised.frames if raised else ()):
        if frame.file in crash.source.entries:
            yield from read_at(crash.source, frame.file, frame.line)


def _refused(crash: Crash) -> list[Read]:
    """Return the unset variables because of which the app itself raised the exception.

    Its message names them, in any language, or the tests that lead to the line use them.
    """
    raised = crash.raised
    place = raised.place if raised else None
    if raised is None or place is None:
        return []
    named = [r for r in by_name(crash.source, raised.message) if _unset(crash, r)]
    if raised.frames[-1] != place:
        return [read for read in named if "_" in read.name and not read.default]
    return named or _guarding(crash, place.file, place.line)


def _guarding(crash: Crash, file: str, line: int) -> list[Read]:
    """Return the unset variables without which the code reaches a line."""
    reads = (
        read
        for expression in missing_at(crash.source, file, line)
        for read in used(crash.source, file, expression)
    )
    return [*{r.name: r for r in reads if not r.default and _unset(crash, r)}.values()]


def _announced(crash: Crash) -> list[Read]:
    """Return the unset variables that the last lines, or the page with the error, complain of."""
    for text, ends in _complaints(crash):
        place = printing(crash.source, text)
        if place is None or (ends and not ends_after(crash.source, place.file, place.line)):
            continue
        named = [r for r in by_name(crash.source, text) if not r.default and _unset(crash, r)]
        found = named or _guarding(crash, place.file, place.line)
        if found:
            return found
    return []


def _complaints(crash: Crash) -> Iterator[tuple[str, bool]]:
    """Yield texts that may say why the app fails, and whether the process ended after them."""
    page = page_of(crash)
    if page:
        yield page[1], False
    elif crash.starting and crash.exit:
        lines = [line for line in crash.lines if line.strip()]
        yield from ((line, True) for line in reversed(lines[-_LAST:]))


def page_of(crash: Crash) -> tuple[Exchange, str] | None:
    """Return the app's own answer with a 5xx and its text, if that is a short message."""
    record = crash.record
    exchange = broken(record) if isinstance(record, Traffic) else None
    text = exchange.body.decode("utf-8", "replace") if exchange else ""
    return (exchange, text) if exchange and 0 < len(text) <= _SHORT else None


def _no_database(crash: Crash) -> list[Read]:
    """Return the read of the address without which Django has no database."""
    raised = crash.raised
    call = find(crash.source, _URL_CALL)
    if raised is None or call is None or not re.search(_NO_DATABASE, raised.message):
        return []
    match = re.search(_URL_CALL, call.text)
    name = (match[1] if match else None) or "DATABASE_URL"
    return [Read(name, call, call.line, "DATABASES", False)]


def _setting(crash: Crash) -> Iterator[Read]:
    """Yield the reads that set a setting that the exception names, as in Django and Flask."""
    raised = crash.raised
    names = re.findall(r"\b[A-Z][A-Z_]{3,}\b", raised.message) if raised else []
    for read in all_reads(crash.source) if names else ():
        if read.into in names:
            yield read


def _constants(crash: Crash) -> Iterator[Read]:
    """Yield the reads that set a constant that the failing line uses."""
    place = at_place(crash)
    words = {*re.findall(r"\b[A-Z][A-Z0-9_]+\b", place.names["code"])} if place else set()
    for read in all_reads(crash.source) if words else ():
        if read.into in words:
            yield read


def _unset(crash: Crash, read: Read) -> bool:
    return not crash.plan.config.values.get(read.name) and read.name not in PLATFORM


def unset(crash: Crash) -> UnsetVariable | None:
    """Return the config var whose absence ended the command: its read, then the failing line."""
    reads = [read for read in _missing(crash) if _unset(crash, read)]
    if not reads:
        return None
    read, here = reads[0], at_place(crash)
    error = crash.raised.told if crash.raised else _said(crash)
    evidence = [at(error, read.place)]
    if here and (here.file, here.line) != (read.place.file, read.place.line):
        evidence.append(here._replace(names={}))
    more = tuple((r.name, at(r.place.text, r.place)) for r in reads[1:] if r.name != read.name)
    return UnsetVariable(read.name, error, crash, tuple(evidence), more)


def _said(crash: Crash) -> str:
    """Return the line, or the answer, with which an app without a traceback failed."""
    page = page_of(crash)
    if page:
        return f"{request_line(page[0])} → {page[0].status}, and the page says why"
    lines = (text.strip() for text, _ in _complaints(crash) if printing(crash.source, text))
    return next(lines, "")
