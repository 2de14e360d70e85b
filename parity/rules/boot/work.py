"""R10 of a start that does other work first: it compiles, installs, migrates or downloads."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from parity.facts.log_lines import BOTS, WORDS, WORK, Work
from parity.records import Boot
from parity.records.verdict import Evidence
from parity.rules.boot.boot import R10, R10_DOCS
from parity.rules.engine import rule
from parity.rules.texts import filled
from parity.rules.views.build_advice import built, chain
from parity.rules.views.node_listeners import concerns
from parity.rules.views.node_source import at_start

LAST = 3
"""Lines at the end of the output that show what the start is doing when Heroku stops it."""

_CALLS = re.compile(r"\s*(?:\[[\w-]+\] )?[>$] (.*\S)")
_NAMES = re.compile(r"\s*(?:\[[\w-]+\] )?> @?[^\s@]+@\S+ [\w:.-]+(?: /\S*)?\s*")


class Doing(NamedTuple):
    """The work that a start was at: `command` calls it (empty: unknown), `seen` is the line."""

    work: Work
    command: str
    seen: str


def doing(boot: Boot) -> Doing | None:
    """Return the work that a web process was still at when its time was over."""
    if boot.state != "timeout" or boot.listeners or boot.foreign:
        return None
    lines = [line.text for line in boot.output if line.text.strip()]
    if not lines or any(map(BOTS.search, lines)):
        return None
    call = _call(lines[-1])
    if call:
        work = next((w for w in WORK if w.commands.search(call[1])), None)
        return Doing(work, _part(call[1], work), lines[-1].strip()) if work else None
    printed = ((w, x) for x in reversed(lines[-LAST:]) for w in WORK if w.prints.match(x))
    work, seen = next(printed, (None, ""))
    called = next((m[1] for x in reversed(lines) if (m := _call(x))), boot.process.command)
    return Doing(work, _part(called, work), seen.strip()) if work else None


def _call(line: str) -> re.Match[str] | None:
    """Return the command that npm or yarn says it runs."""
    return None if _NAMES.fullmatch(line) else _CALLS.fullmatch(line)


def _part(command: str, work: Work) -> str:
    """Return the commands of a chain up to the last one that does the work."""
    parts = chain(command)
    last = max((n for n, part in enumerate(parts) if work.commands.search(part)), default=-1)
    return " && ".join(parts[: last + 1])


@rule(
    "work-before-server",
    instead_of=("boots-too-slowly", "never-listens", "command-before-server"),
    leads_to=R10,
    title="{what:Other work runs} before the server listens: the start {does:works} for too long",
    cause="Each time a dyno starts, Heroku waits 60 seconds for the port. After that, this was"
    " still running: {work:…}",
    fix="{advice:Do it in the build or the release command, and let the start command only"
    " start the server.}",
    docs=R10_DOCS,
    apart="the last lines before the R10 come from a compiler, pip, npm, a migration or a download",
    laptop="The laptop does it once and keeps the result, and nothing limits how long it takes.",
    by={
        "Node.js": 'package.json: `"build": "tsc"`, `"start": "node dist/index.js"`: Heroku runs'
        " `build` at the push",
        "Django": "Procfile: `release: python manage.py migrate`",
        "models": "download them in bin/post_compile, or at the first request",
    },
)
def work_before_server(boot: Boot) -> Iterator[Evidence]:
    at = doing(boot)
    if at is None:
        return
    names = {
        "what": f"`{at.command}` runs" if at.command else "Other work runs",
        "does": WORDS[at.work.kind],
        "work": at.seen,
        "advice": _advice(boot, at),
    }
    if concerns(boot):
        yield at_start(boot.release.slug.plan.source, boot.process, at.seen, **names)
    else:
        line = boot.process.line or None
        yield Evidence(at.seen, "Procfile" if line else None, line, names=names)


_ADVICE = {
    "build": "Compile in the build (the buildpack runs bin/post_compile), and let the Procfile"
    " only start the server.",
    "install": "Remove {command:the installation} from the start command: Heroku installs the"
    " packages in the build.",
    "migrate": "Move {command:the migration} from the start command to `release:` in the"
    " Procfile: that runs once per deploy, before the new dynos start, and has more"
    " time.",
    "download": "Download in the build, so that the file is in the slug (Python:"
    ' bin/post_compile; Node.js: a "build" script). If it is too large for the'
    " slug, download it in the background once the server listens.",
}
"""What to do with each kind of work; Node.js has a script for the build."""


def _advice(boot: Boot, at: Doing) -> str:
    if at.work.kind == "build" and concerns(boot):
        return built(boot.release.slug.plan.source, boot.process, at.command)
    return filled(_ADVICE[at.work.kind], {"command": f"`{at.command}`"} if at.command else {})
