"""A story turned back into the records that a rehearsal leaves."""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from parity.facts.buildpacks import BUILDPACKS, NODE
from parity.facts.dynos import SIZES
from parity.facts.log_lines import NODE as NODE_LINES
from parity.facts.log_lines import NODE_COMMAND
from parity.logs.addresses import binds, listeners, port
from parity.logs.grammar import LogEntry, seconds
from parity.logs.life import Life
from parity.logs.quoted import scripts, tree
from parity.logs.refused import output, refusal
from parity.logs.story import Story
from parity.records import (
    Boot,
    Config,
    Ended,
    Exchange,
    Line,
    Plan,
    ProcessType,
    Record,
    Release,
    Shutdown,
    Slug,
    Traffic,
)
from parity.rules.views.node_source import is_node
from parity.rules.views.python_traceback import last_raised

MB = 1024 * 1024
HOME = "/app"
"""The app's folder in a dyno: https://devcenter.heroku.com/articles/slug-compiler (documented)."""

TRACEBACK = "Traceback (most recent call last):"
_LISTED = re.compile(r"\s+\d+\. (\S+)\s*")
_ONE = re.compile(r"-----> Using buildpack: (\S+)")
_DETECTED = re.compile(r"-----> (\S+) app detected")


def quoted_slug(story: Story) -> Slug:
    """Return what the log alone tells about the app."""
    printed = [entry.text for life in story.lives() for entry in life.output]
    source = tree(HOME, printed, story.pushed)
    runs = _runs(story, printed)
    return slug_of(Plan(source, Config({}, {}), "", (), None, None, {}, (), None, None, runs))


def slug_of(plan: Plan) -> Slug:
    """Return a slug of the plan, of which nothing else is known."""
    return Slug(plan, Path(HOME), {}, None, False, (), {}, None, None, 0.0)


def _runs(story: Story, printed: Iterable[str]) -> tuple[str, ...]:
    """Return the buildpacks that the build names, or else the language of what was printed."""
    named = [match[1] for row in story.pushed if (match := _LISTED.fullmatch(row))]
    named = named or [match[1] for row in story.pushed if (match := _ONE.match(row))]
    known = {pack.name: id for id, pack in BUILDPACKS.items()}
    found = (_DETECTED.match(row) for row in story.pushed)
    named = named or [known[match[1]] for match in found if match and match[1] in known]
    if named:
        return tuple(named)
    commands = [life.command for life in story.lives()]
    node = any(map(NODE_COMMAND.match, commands)) or any(map(NODE_LINES.match, printed))
    return (NODE,) if node else ()


def records(story: Story, slug: Slug) -> Iterator[tuple[Record, Life | None]]:
    """Yield every record that the log tells of, with the dyno's life if it is about one."""
    for life in story.failed.values():
        if life.type == "release":
            yield _release(life, slug), life
        elif life.error != "R15":
            yield boot(life, slug), life
    codes = (code for code in story.requests if code != "H21")
    exchanges = [_exchange(fields, code) for code in codes for fields in story.requests[code]]
    lines = _lines(story.output("web.1"), slug)
    exchanges += _refused_forms(lines)
    up = boot(Life("web.1", _command(slug, "web"), ""), slug)._replace(state="up")
    if story.answered and not exchanges and not story.failed:
        exchanges = [_exchange(fields, None) for fields in story.answered]
    if exchanges:
        yield Traffic(up, tuple(exchanges), lines), None
    if story.swollen and story.swollen.memory:
        yield _shutdown(story.swollen, slug), story.swollen
    if story.overstayed:
        yield _shutdown(story.overstayed, slug)._replace(killed=True, peak=None), story.overstayed


def _command(slug: Slug, type: str) -> str:
    process = slug.plan.processes.get(type)
    return process.command if process else ""


def rejected(pushed: Iterable[str], slug: Slug) -> Slug:
    """Return the build with which the push ended."""
    lines = tuple(pushed)
    return slug._replace(output=output(lines), refusal=refusal(lines))


def _process(life: Life, slug: Slug) -> ProcessType:
    """Return the process type from the Procfile, or else from the log."""
    declared = slug.plan.processes.get(life.type)
    return declared or ProcessType(life.type, life.command or _started(life), 0)


def _started(life: Life) -> str:
    """Return the command that calls the first script which npm or yarn names."""
    name = next(iter(scripts(entry.text for entry in life.output)), None)
    return "npm start" if name == "start" else f"npm run {name}" if name else ""


def boot(life: Life, slug: Slug) -> Boot:
    """Return one start of a dyno."""
    output = _lines(life.output, slug)
    named = tuple(listeners(life))
    expected = port(life, named)
    if life.error == "R10":  # uvicorn's parent says so of workers that never come up
        named = tuple(x for x in named if (x.host, x.port) != ("0.0.0.0", expected))
    return Boot(
        release=Release(slug, None, None, None),
        process=_process(life, slug),
        name=life.ps,
        port=expected,
        state="timeout" if life.error == "R10" else "crashed",
        predicted=False,
        exit=life.exit,
        seconds=0.0,
        listeners=named if life.error == "R10" else (),
        reachable=None,
        foreign=(),
        output=output,
        command=life.command,
        home=HOME,
        size="",
        bound_first=life.was_up,
        binds=binds(named, slug.plan.source),
    )


def _release(life: Life, slug: Slug) -> Release:
    ended = Ended(life.exit or 0, _lines(life.output, slug), 0.0)
    return Release(slug, _process(life, slug), ended, None)


def _lines(entries: Iterable[LogEntry], slug: Slug) -> tuple[Line, ...]:
    """Return a dyno's output; an exception without its traceback gets the line that starts one."""
    lines = [Line(seconds(x.at), f"{x.source}[{x.ps}]", x.text) for x in entries]
    texts = [line.text for line in lines]
    if is_node(slug.plan) or TRACEBACK in texts or last_raised(texts):
        return tuple(lines)
    bare = (n for n in range(len(texts) - 1, -1, -1) if last_raised((TRACEBACK, texts[n])))
    number = next(bare, None)
    if number is not None:
        lines.insert(number, lines[number]._replace(text=TRACEBACK))
    return tuple(lines)


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
    up = boot(life, slug)._replace(state="up")
    return Shutdown(up, None, 0.0, life.exit, False, used * MB, quota, (), ())
