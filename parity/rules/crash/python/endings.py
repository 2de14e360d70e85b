"""Python apps that end by themselves, by an exception, or because they took their own port."""

import re
from collections.abc import Mapping

from parity.records import Boot
from parity.records.verdict import Evidence
from parity.rules.crash.symptoms import at_command, at_place
from parity.rules.views import exception_advice
from parity.rules.views.facts import EndedAtOnce, PortTaken, Unhandled
from parity.rules.views.node_error import node_crash
from parity.rules.views.node_source import is_node
from parity.rules.views.python_guards import condition
from parity.rules.views.python_source import at, find, server, suggestion
from parity.rules.views.python_traceback import Crash, Raised


def ended(crash: Crash) -> EndedAtOnce | None:
    """Return the command if it ended with status 0 and did not go to the background."""
    daemon = re.search(r"&\s*$|^:|--daemon|-D\b", crash.command)
    if crash.exit != 0 or daemon or crash.raised or not isinstance(crash.record, Boot):
        return None
    if node_crash(crash):
        return None
    evidence = at_command(crash, "Process exited with status 0")
    slip = _slip(crash) if crash.process.name == "web" else None
    if slip:
        return EndedAtOnce(crash.command, slip[1], (slip[0], evidence))
    return EndedAtOnce(crash.command, _goes_on(crash), (evidence,))


def _goes_on(crash: Crash) -> str:
    if crash.process.name != "web" or server(crash.process):
        return "Make the command wait for work instead of ending."
    target = suggestion(crash.source) or "module:app"
    return f"Start a server in it: `web: gunicorn {target}`, or call `app.run(…)` in the file."


def _slip(crash: Crash) -> tuple[Evidence, str] | None:
    """Return the line that keeps the script's server from running, and what to write there."""
    never = crash.saying(
        r"(?<!\S)(\S+\.py):(\d+): RuntimeWarning: coroutine '([\w.]+)' was never awaited"
    )
    if never:
        file, call = never[1].removeprefix("/app/"), f"{never[3]}()"
        advice = f"An async function runs only in an event loop: write `asyncio.run({call})`."
        return Evidence(never[0], file, int(never[2])), advice
    guard = find(crash.source, _GUARD)
    if guard and guard.file in crash.command:
        right = re.sub(_GUARD, '__name__ == "__main__"', guard.text)
        return at(guard.text, guard), f"In line {guard.line} of {guard.file} write `{right}`."
    loop = find(crash.source, r"asyncio\.run\(")
    if loop and loop.file in crash.command:
        advice = "The loop ends with that function: at its end write `await asyncio.Event().wait()`"
        return at(loop.text, loop), f"{advice}, or the server's own `serve_forever()`."
    return None


_GUARD = r"""__name__\s*(?:==|is)\s*["'](?!__main__["'])\w*["']"""
"""A comparison that is never true, with `"main"`, `"__main___"`."""


def unhandled(crash: Crash) -> Unhandled | None:
    """Return the last exception, unless a server raised it and only the line above explains it."""
    raised, evidence = crash.raised, at_place(crash)
    if not raised:
        return None
    names = evidence.names if evidence else {}
    where = f", in line {names['line']} of {names['file']}: `{names['code']}`" if names else ""
    if evidence is None and raised.kind not in _SERVERS_OWN:
        evidence = at_command(crash, raised.told, error=raised.told, when=crash.when)
    advice = _advice(crash, raised, names)
    return Unhandled(where, advice, evidence) if evidence else None


def _advice(crash: Crash, raised: Raised, names: Mapping[str, str]) -> str:
    """Return advice on the exception and the app's line that it came through."""
    if not names:
        return exception_advice.advice(raised.told)
    file, line = names["file"], int(names["line"])
    raises = bool(raised.frames) and raised.frames[-1] == raised.place
    test = condition(crash.source, file, line) if raises else ""
    return exception_advice.advice(raised.told, f"line {line} of {file}", names["code"], test)


_SERVERS_OWN = ("ModuleNotFoundError", "AppImportError")
"""Exceptions of a server that say nothing without the line above them."""


def port_taken(crash: Crash) -> PortTaken | None:
    """Return the error of a server that is started twice."""
    match = crash.saying(r"(?i)^.*address already in use.*")
    if not match or is_node(crash.plan):
        return None
    place, seen = find(crash.source, r"\.run\(|serve\("), match[0].strip()
    advice = 'Start the server in one place: put `app.run(…)` under `if __name__ == "__main__":`.'
    how = "a server started at import, and again by the command"
    evidence = Evidence(seen, place.file, place.line, place.column) if place else None
    return PortTaken(seen, how, advice, evidence or at_command(crash, seen))
