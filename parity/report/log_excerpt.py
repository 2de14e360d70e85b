"""The part of the log that says why: what Heroku prints, and the app's own last lines."""

import re
from collections.abc import Sequence
from itertools import dropwhile

from parity.records.verdict import UNEXPLAINED, Verdict
from parity.report.summary import Group, decisive

SHOWN = 6
"""Lines that are shown as what Heroku prints."""

LAST = 4
"""Lines of an app's output without a traceback that are shown."""

SHORT = 8
"""Characters of a message that may be in another text by chance."""

TRACEBACK = 8
"""Lines of a traceback that are shown: the app's own frames, the last ones."""

_NOTABLE = (
    r"Error [RHL]\d\d|at=error|status=[45]\d\d|exited with status [1-9]|Stopping .*SIGKILL"
    r"|to crashed|[Rr]elease command failed"
)
_ROUTER = re.compile(r" host=\S+.*?(?= status=)| bytes=\S*.*$")
"""The fields of a router's line that say nothing about the failure."""

_BEGIN = "Traceback (most recent call last):"
_MARKS = re.compile(r"[\s~^]*")
"""A line below one of code, with marks alone."""

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_PROFILE = re.compile(r"(?:Python|Node\.js) buildpack: ")
"""Lines of the scripts in .profile.d, which Heroku's buildpacks put before the app's own."""

_BASH = re.compile(r"^bash: line \d+: ")
"""The head of a message of bash's, in which the number says nothing."""

_OTHERS = re.compile(r'  File "(?:<|.*/(?:site-packages/|lib/python\d|\.heroku/|envs/))')
"""A frame of a library, or of Python itself."""


def unexplained(verdict: Verdict) -> bool:
    """Return whether the log is the best lead: no finding, or no known cause, decided."""
    group = decisive(verdict)
    if group is None:
        return verdict.verdict != "works" and verdict.interrupted is None
    return group.first.cause.endswith(UNEXPLAINED)


def heroku(verdict: Verdict) -> list[str]:
    """Return the few lines of Heroku's own that people would search for."""
    if verdict.verdict == "works" or unexplained(verdict):
        return []
    if any(f.effect == "reject" and f.after is None for f in verdict.findings):
        marked = [li.text for li in verdict.log if li.source == "remote" and _marked(li.text)]
        return marked if len(marked) <= SHOWN else marked[: SHOWN - 1] + marked[-1:]
    return [
        _ROUTER.sub(lambda m: " …" if m[0].startswith(" host") else "", line.text)
        for line in verdict.log
        if line.source.startswith("heroku[") and re.search(_NOTABLE, line.text)
    ][-SHOWN:]


def _marked(text: str) -> bool:
    """Return whether a line of the push has Heroku's error mark, and some text."""
    return text.lstrip().startswith("!") and len(text.strip()) > 1


def apps(verdict: Verdict) -> list[str]:
    """Return the app's own last lines, or the end of its last traceback, if they are news.

    They are not if the findings show them already, or if the whole end of the log is shown.
    """
    group = decisive(verdict)
    if group is None or unexplained(verdict) or group.first.stage not in _RUNNING:
        return []
    output = [line for line in verdict.log if line.source.startswith("app[")]
    own = [
        li.text for li in output if li.source == output[-1].source and not _PROFILE.match(li.text)
    ]
    lines = [_COLOUR.sub("", text).rstrip() for text in own]
    traces = _tracebacks(lines)
    if traces:
        apps_own = [trace for trace in traces if _own(trace)] or traces
        return [] if any(_shown(trace[-1], group) for trace in apps_own) else _cut(apps_own[-1])
    if group.causes and verdict.boot and verdict.boot.state == "timeout":
        return []  # its sockets say more than its output
    last = [text for text in lines if text.strip()][-LAST:]
    return [text for text in last if not _shown(text, group)]


_RUNNING = ("release", "boot", "route")


def _tracebacks(lines: Sequence[str]) -> list[list[str]]:
    """Return Python's tracebacks, each of which ends with its first line at the margin."""
    blocks: list[list[str]] = []
    inside = False
    for text in lines:
        if text.strip() == _BEGIN:
            blocks.append([])
            inside = True
        if inside and not _MARKS.fullmatch(text):
            blocks[-1].append(text)
            inside = len(blocks[-1]) == 1 or text[0].isspace()
    return blocks


def _own(trace: list[str]) -> list[str]:
    """Return the lines of a traceback that belong to the app's own frames."""
    frames: list[list[str]] = []
    for text in trace[1:-1]:
        if text.startswith("  File ") or not frames:
            frames.append([])
        frames[-1].append(text)
    return [text for frame in frames if not _OTHERS.match(frame[0]) for text in frame]


def _cut(trace: list[str]) -> list[str]:
    """Return the app's own frames of a traceback, or those that fit, and the exception."""
    own = _own(trace)
    left_out = len(own) < len(trace) - 2 or len(own) > TRACEBACK
    end = list(dropwhile(lambda text: not text.startswith("  File "), own[-TRACEBACK:]))
    return ["…" if left_out else trace[0], *end, trace[-1]]


def _shown(text: str, group: Group) -> bool:
    """Return whether a finding of the group quotes a line of output, or an exception's message."""
    said = _BASH.sub("bash: ", text.strip())
    message = said.partition("Error: ")[2]
    quoted = (said, message) if len(message) > SHORT else (said,)
    parts = [
        p for f in (group.first, *group.causes) for p in (f.cause, *(e.seen for e in f.evidence))
    ]
    return any(one in part for one in quoted for part in parts)
