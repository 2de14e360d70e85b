"""A second boot, traced from inside: the line that binds, the exceptions that go to `logging`.

The hooks are a `sitecustomize` on the second dyno's PYTHONPATH, and a module that Node.js loads
first (NODE_OPTIONS). They report to a file of parity's.
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from parity.records import Bind, Frame, Release

HOOK = Path(__file__).with_name("trace_hook")
VARIABLE = "PARITY_TRACE"
LIMIT = 4 * 1024 * 1024


def variables(report: Path, home: Path, release: Release) -> Mapping[str, str]:
    """Return the variables that a traced dyno has in addition."""
    config = release.slug.plan.config.values
    options = config.get("NODE_OPTIONS", "")
    return {
        "PYTHONPATH": f"{HOOK}:{config.get('PYTHONPATH', str(home))}",
        "NODE_OPTIONS": f'--require "{HOOK / "listen.cjs"}" {options}'.strip(),
        VARIABLE: str(report),
    }


def files(report: Path) -> tuple[Path, Path]:
    """Return the files that a traced dyno writes: events, and stacks."""
    return report, report.with_name(f"{report.name}.stacks")


def binds(report: Path | None, home: Path) -> tuple[Bind, ...]:
    """Return the calls of `socket.bind`, or of `listen` in Node.js, in their order."""
    return tuple(
        Bind(str(e["host"]), int(e["port"]), tuple(_frames(e["frames"], home)))
        for e in _events(report, "bind")
    )


def tracebacks(report: Path | None) -> tuple[tuple[str, ...], ...]:
    """Return the tracebacks of all exceptions that went through `logging`, in their order."""
    return tuple(tuple(str(e["text"]).splitlines()) for e in _events(report, "exception"))


def refusals(report: Path | None) -> tuple[str, ...]:
    """Return Django's log messages for requests that it refuses for security, in their order."""
    return tuple(str(e["text"]) for e in _events(report, "refusal"))


def stack(report: Path | None, home: Path) -> tuple[Frame, ...]:
    """Return the stack where the app's code was most often, innermost frame first, or nothing.

    A function's frame says more than a module's, which may just run the server.
    """
    if report is None:
        return ()
    try:
        data = files(report)[1].read_bytes()
    except OSError:
        return ()
    text = data[-LIMIT:].decode("utf-8", "replace")
    stacks: dict[tuple[bool, str, int], list[tuple[Frame, ...]]] = {}
    for block in re.split(r"(?m)^(?:Current t|T)hread 0x.*$|^Timeout .*$", text):
        frames = tuple(_dumped(block, home))
        own = next((f for f in frames if not f.file.startswith(("/", ".heroku/", "<"))), None)
        if own:
            stacks.setdefault((own.name != "<module>", own.file, own.line), []).append(frames)
    best = max(stacks, key=lambda place: (place[0], len(stacks[place])), default=None)
    return stacks[best][-1] if best else ()


def _dumped(block: str, home: Path) -> Iterator[Frame]:
    for file, line, name in re.findall(r'(?m)^  File "([^"]+)", line (\d+) in (.+)$', block):
        yield Frame(_relative(file, home), int(line), None, name)


def _events(report: Path | None, kind: str) -> Iterator[dict[str, Any]]:
    if report is None:
        return
    try:
        with report.open("rb") as file:
            data = file.read(LIMIT)
    except OSError:
        return
    for line in data.splitlines():
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if isinstance(event, dict) and event.get("kind") == kind:
            yield event


def _frames(rows: list[list[Any]], home: Path) -> Iterator[Frame]:
    for file, line, column, name in rows:
        yield Frame(_relative(str(file), home), int(line), column, str(name))


def _relative(file: str, home: Path) -> str:
    inside = file.removeprefix(f"{home}/")
    return file if inside.startswith(".heroku/") else inside
