"""A story turned back into the records of a rehearsal, and judged by the same rules."""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from parity.facts.dynos import SIZES
from parity.logs.grammar import LogEntry, seconds
from parity.logs.quoted import tree
from parity.logs.refused import output, refusal
from parity.logs.story import Life, Story
from parity.records import (
    Bind,
    Boot,
    Config,
    Ended,
    Exchange,
    Frame,
    Line,
    Listener,
    Plan,
    ProcessType,
    Record,
    Release,
    Shutdown,
    Slug,
    Source,
    Traffic,
)
from parity.records.verdict import Finding
from parity.rules.engine import diagnose
from parity.rules.loading import load
from parity.rules.views.python_source import found as places
from parity.rules.views.python_traceback import logged
from parity.rules.views.python_variables import all_reads

MB = 1024 * 1024
HOME = "/app"
"""The app's folder in a dyno: https://devcenter.heroku.com/articles/slug-compiler (documented)."""

SYMPTOMS = frozenset(
    "R10 R12 R14 R15 H10 H12 H13 H14 H15 H17 H18 H19 crashed release-failed push-rejected"
    " http-403 http-500".split()
)
"""The symptoms that a log can show."""

NEED_CODE = frozenset({"never-listens", "boots-too-slowly"})
"""Causes that claim the app's code lacks something: without the code that is unknown."""

_BINDS = r"\.run\(|\bserve\(|\.listen\(|run_server\(|\.bind\("
_PORT = re.compile(r"(?:--port|-p|--bind|-b|--http|--listen)[ =]?\S*?:?(\d{4,5})\b|:(\d{4,5})\b")
_LISTENS = re.compile(
    r"(?:listening|running|serving|server at|available at|local:|visit|started at)\b[^\n]{0,40}?"
    r"(?:https?://)?(?P<host>127\.0\.0\.1|localhost|0\.0\.0\.0|\[::1?\]|\*)?:(?P<port>\d{2,5})\b"
    r"|(?:listening|running|started)\b[^\n]{0,30}?\bport[ :=]+(?P<bare>\d{2,5})\b",
    re.IGNORECASE,
)
"""Messages of servers about where they listen: gunicorn, uvicorn, Flask, waitress, Express."""

USUAL = frozenset({3000, 4567, 5000, 7860, 8000, 8050, 8080, 8081, 8501, 8888, 9292})
"""Default ports of frameworks, none of which is ever $PORT (observed)."""


SERVICES = frozenset({3306, 5432, 5672, 6379, 9092, 9200, 11211, 27017})
"""Ports of databases, caches and queues: an app that mentions one talks about a service it uses."""


class Another(int):
    """A $PORT that is not in the log; in a sentence it reads `$PORT is another number`."""

    def __format__(self, spec: str) -> str:
        return "another number"

    def __str__(self) -> str:
        return format(self)


class Cause(NamedTuple):
    """A symptom's finding and its causes; `life` is that of the dyno (None: any)."""

    symptom: Finding
    causes: tuple[Finding, ...]
    life: Life | None


def causes(story: Story, plan: Plan | None) -> list[Cause]:
    """Return the causes of the story's codes; `plan` of the app's folder makes them certain."""
    load()
    slug = _slug(plan or _plan(_quoted(story)))
    records = list(_records(story, slug))
    if plan and ("H14" in story.tallies or (story.rejected and plan.refusal)):
        records.append((plan, None))
    elif story.rejected:
        records.append((_rejected(story.pushed, slug), None))
    all_causes = [
        cause for record, life in records for cause in _causes(record, life, sure=bool(plan))
    ]
    if story.endless and not any(cause.causes for cause in all_causes):
        printed = (entry.text for entry in story.output("web.1"))
        return list(_causes(_rejected(printed, slug), None, sure=bool(plan)))
    return all_causes


def _causes(record: Record, life: Life | None, *, sure: bool) -> Iterator[Cause]:
    findings = diagnose(record)
    for symptom in (f for f in findings if f.id in SYMPTOMS):
        explaining = (f for f in findings if f.kind == "cause" and f.symptom == symptom.id)
        explaining = (f for f in explaining if sure or f.id not in NEED_CODE)
        explaining = (f for f in explaining if f.id != "boots-too-slowly" or not _portless(record))
        yield Cause(symptom, tuple(_corrected(f, symptom, life) for f in explaining), life)


def _portless(record: Record) -> bool:
    """Return whether nothing in a Python app mentions $PORT.

    Such an app listens on another port, and the log does not say that it listened on none.
    """
    if not isinstance(record, Boot):
        return False
    source, command = record.release.slug.plan.source, record.process.command
    read = any(read.name == "PORT" for read in all_reads(source))
    written = "PORT" in command or "gunicorn" in command
    return not read and not written and any(path.endswith(".py") for path in source.entries)


def _corrected(cause: Finding, symptom: Finding, life: Life | None) -> Finding:
    """Return the cause; a fix that repeats the logged command is replaced by the symptom's."""
    same = life is not None and f"{life.type}: {life.command}`" in cause.fix
    return cause._replace(fix=symptom.fix) if same and symptom.id == "R10" else cause


def _records(story: Story, slug: Slug) -> Iterator[tuple[Record, Life | None]]:
    for life in story.failed.values():
        if life.type == "release":
            yield _release(life, slug), life
        elif life.error != "R15":
            yield _boot(life, slug), life
    codes = (code for code in story.requests if code != "H21")
    exchanges = [_exchange(fields, code) for code in codes for fields in story.requests[code]]
    output = tuple(map(_line, story.output("web.1")))
    exchanges += _refused_forms(output)
    up = _boot(Life("web.1", _command(slug, "web"), ""), slug)._replace(state="up")
    broken = tuple(_exchange(fields, None) for fields in story.answered)
    if broken and not exchanges and not story.failed and logged(Traffic(up, broken, output)):
        exchanges = [*broken]
    if exchanges:
        yield Traffic(up, tuple(exchanges), output), None
    if story.swollen and story.swollen.memory:
        yield _shutdown(story.swollen, slug), story.swollen
    if story.overstayed:
        yield _shutdown(story.overstayed, slug)._replace(killed=True, peak=None), story.overstayed


def _command(slug: Slug, type: str) -> str:
    process = slug.plan.processes.get(type)
    return process.command if process else ""


def _quoted(story: Story) -> Source:
    output = [entry.text for life in story.failed.values() for entry in life.output]
    return tree(HOME, (*output, *(entry.text for entry in story.output("web.1"))))


def _plan(source: Source) -> Plan:
    return Plan(source, Config({}, {}), "", (), None, None, {}, (), None, None)


def _slug(plan: Plan) -> Slug:
    return Slug(plan, Path(HOME), {}, None, False, (), {}, None, None, 0.0)


def _rejected(pushed: Iterable[str], slug: Slug) -> Slug:
    """Return the build with which the push ended."""
    lines = tuple(pushed)
    return slug._replace(output=output(lines), refusal=refusal(lines))


def _process(life: Life, slug: Slug) -> ProcessType:
    """Return the process type from the Procfile, or else from the log."""
    declared = slug.plan.processes.get(life.type)
    return declared or ProcessType(life.type, life.command, 0)


def _boot(life: Life, slug: Slug) -> Boot:
    output = tuple(map(_line, life.output))
    listeners = tuple(_listeners(life))
    port = _port(life, listeners)
    if life.error == "R10":  # uvicorn's parent says so of workers that never come up
        listeners = tuple(x for x in listeners if (x.host, x.port) != ("0.0.0.0", port))
    return Boot(
        release=Release(slug, None, None, None),
        process=_process(life, slug),
        name=life.ps,
        port=port,
        state="timeout" if life.error == "R10" else "crashed",
        predicted=False,
        exit=life.exit,
        seconds=0.0,
        listeners=listeners if life.error == "R10" else (),
        reachable=None,
        foreign=(),
        output=output,
        command=life.command,
        home=HOME,
        size="",
        bound_first=life.was_up,
        binds=_binds(listeners, slug.plan.source),
    )


def _binds(listeners: tuple[Listener, ...], source: Source) -> tuple[Bind, ...] | None:
    """Return the only call in the app that can be listening; None if there are several."""
    calls = list(places(source, _BINDS))
    if len(calls) != 1:
        return None
    frame = Frame(calls[0].file, calls[0].line, calls[0].column, "")
    return tuple(Bind(x.host, x.port, (frame,)) for x in listeners)


def _release(life: Life, slug: Slug) -> Release:
    ended = Ended(life.exit or 0, tuple(map(_line, life.output)), 0.0)
    return Release(slug, _process(life, slug), ended, None)


def _line(entry: LogEntry) -> Line:
    return Line(seconds(entry.at), f"{entry.source}[{entry.ps}]", entry.text)


def _listeners(life: Life) -> Iterator[Listener]:
    """Yield the addresses that the app itself says it listens on."""
    for entry in life.output:
        match = _LISTENS.search(entry.text)
        if match:
            host = (match["host"] or "0.0.0.0").strip("[]")
            host = {"localhost": "127.0.0.1", "*": "0.0.0.0"}.get(host, host)
            port = int(match["port"] or match["bare"])
            if port in SERVICES:
                continue
            yield Listener(host, port, 0, life.command, False, True, True)


def _port(life: Life, listeners: Iterable[Listener]) -> int:
    """Return $PORT, which Heroku substitutes in the logged command, or else `Another`."""
    match = _PORT.search(life.command)
    if match and int(match[1] or match[2]) not in USUAL:
        return int(match[1] or match[2])
    named = next((x.port for x in listeners if x.port not in USUAL), None)
    return named if named is not None else Another()


def _refused_forms(output: Iterable[Line]) -> Iterator[Exchange]:
    """Yield forms that Django refused for their Origin: the router logs them as a plain 403."""
    for line in output:
        match = re.search(r"Forbidden \(Origin checking failed - .*\): (/\S*)", line.text)
        if match:
            path = match[1]
            yield Exchange("POST", path, "", 403, None, "", 0, 0, 0, {}, b"", path)


def _exchange(fields: Mapping[str, str], code: str | None) -> Exchange:
    """Return a request as the router logs it; without a code the answer is the app's own."""
    path = fields.get("path") or "/"
    return Exchange(
        method=fields.get("method") or "GET",
        path=path,
        host=fields.get("host", ""),
        status=_number(fields.get("status", "")) or 503,
        code=code,
        detail=fields.get("desc") or code or "",
        connect_ms=_number(fields.get("connect", "")),
        service_ms=_number(fields.get("service", "")),
        bytes=_number(fields.get("bytes", "")),
        headers={},
        body=b"",
        first=path,
    )


def _number(text: str) -> int:
    match = re.match(r"\d+", text)
    return int(match[0]) if match else 0


def _shutdown(life: Life, slug: Slug) -> Shutdown:
    used, percent = life.memory or (0, 0.0)
    quota = round(100 * used / percent) * MB if percent else SIZES["basic"].quota
    boot = _boot(life, slug)._replace(state="up")
    return Shutdown(boot, None, 0.0, life.exit, False, used * MB, quota, (), ())
