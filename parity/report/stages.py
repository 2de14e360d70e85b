"""The stages of a rehearsal as a small table: how each ended, how long it took, what it was."""

from collections.abc import Iterator

from parity.facts.buildpacks import BUILDPACKS, NODE
from parity.records import Boot, Exchange, Shutdown, Slug
from parity.records.verdict import StageResult, Verdict
from parity.report.page import Page
from parity.system.text import oneline

STYLE = {"ok": "good", "warn": "warn", "fail": "fail", "unknown": "unknown"}
MB = 1024 * 1024


def table(page: Page, verdict: Verdict) -> None:
    """Print every stage that was reached, and in one line those that were not."""
    for stage in verdict.stages:
        if stage.status != "not-reached":
            row(page, stage, verdict)
    missing = [s.name for s in verdict.stages if s.status == "not-reached" and _awaited(s, verdict)]
    if missing:
        page.prose(", ".join(missing), label="not reached: ", style="dim")


def _awaited(stage: StageResult, verdict: Verdict) -> bool:
    """Return whether to mention a stage that was not reached; `check` ends with the plan."""
    if verdict.command == "check":
        return stage.name in ("source", "detect")
    return stage.name != "stop" or verdict.boot is None


def row(page: Page, stage: StageResult, verdict: Verdict) -> None:
    """Print one stage; further details are below the first."""
    details = list(DETAILS[stage.name](verdict)) or [""]
    label = f"{stage.name:<8}{stage.status:<8}{stage.seconds:6.1f} s  "
    for number, detail in enumerate(details):
        head = label if number == 0 else " " * len(label)
        page.prose(oneline(detail), label=head, style=STYLE.get(stage.status, ""))


def _source(verdict: Verdict) -> Iterator[str]:
    source = verdict.source
    if source is None:
        return
    head = source.commit[:7] if source.commit else "no commit yet"
    where = f"{source.branch} at {head}" if source.branch else head
    kinds = {
        "commit": f"commit {head}",
        "worktree": f"tracked files on disk ({where})",
        "folder": "a folder without git",
    }
    yield kinds[source.kind] + (f", only {source.prefix}" if source.prefix else "")


def _detect(verdict: Verdict) -> Iterator[str]:
    plan = verdict.plan
    if plan and plan.buildpack:
        parts = [" + ".join(plan.runs) or plan.buildpack]
        for made in plan.runtimes:
            name = BUILDPACKS[made.language].name
            parts += [made.manager, f"{name} {made.version} ({made.origin})"]
        yield ", ".join(parts)


def _build(verdict: Verdict) -> Iterator[str]:
    slug = verdict.slug
    if slug and not slug.refusal:
        cached = ", from parity's cache" if slug.cached else ""
        yield f"{_built(slug)}{cached}{_stand_ins(slug)}"


def _built(slug: Slug) -> str:
    count = len(slug.packages)
    if NODE in slug.interpreters and not slug.environment and not slug.packages:
        return "node_modules"
    return f"{count} package{'' if count == 1 else 's'}"


def _stand_ins(slug: Slug) -> str:
    here = [(BUILDPACKS[x].name, one) for x, one in sorted(slug.interpreters.items(), reverse=True)]
    return "".join(f"; ran here with {name} {one.version}" for name, one in here if not one.exact)


def _release(verdict: Verdict) -> Iterator[str]:
    release = verdict.release
    if release is None or release.command is None:
        yield "no release command"
    else:
        skipped = f": {release.skipped}" if release.skipped else ""
        yield f"`{release.command.command}` {release.status}{skipped}"


def _boot(verdict: Verdict) -> Iterator[str]:
    boot = verdict.boot
    if boot is None:
        return
    port = f", $PORT {boot.port}" if boot.process.name == "web" else ""
    yield f"{boot.name}: `{boot.command}`{port}"
    yield from _ended(boot)
    yield from (f"{other.name}: {_state(other)}" for other in verdict.formation[1:])


def _state(boot: Boot) -> str:
    return boot.state if boot.exit is None else f"{boot.state}, exit {boot.exit}"


def _ended(boot: Boot) -> Iterator[str]:
    if boot.exit is not None:
        yield f"exit {boot.exit}"
    if boot.predicted:
        yield "predicted; --exact waits for Heroku's limit"
    if boot.why:
        yield boot.why


def _route(verdict: Verdict) -> Iterator[str]:
    alike: dict[tuple[object, ...], list[Exchange]] = {}
    for number, e in enumerate(verdict.traffic.exchanges if verdict.traffic else ()):
        same = (e.method, e.path, e.status, e.code) if e.scenario else (number,)
        alike.setdefault(same, []).append(e)
    for exchanges in alike.values():
        slowest = max(exchanges, key=lambda e: e.service_ms)
        times = f", the slowest of {len(exchanges)}" if len(exchanges) > 1 else ""
        yield _exchange(slowest) + times


def _exchange(exchange: Exchange) -> str:
    """Return `GET / → 200, 12 ms`."""
    code = f" {exchange.code}" if exchange.code else ""
    to = f" to {exchange.location}" if exchange.location else ""
    answer = f"{exchange.status}{code}{to}, {exchange.service_ms} ms"
    return f"{exchange.method} {exchange.path} → {answer}"


def _stop(verdict: Verdict) -> Iterator[str]:
    shutdown = verdict.shutdown
    if shutdown:
        how = "SIGKILL" if shutdown.killed else "SIGTERM"
        ended = "" if shutdown.exit is None else f", exit {shutdown.exit}"
        yield (
            f"{how} after {shutdown.seconds:.1f} s{ended}"
            if shutdown.killed
            else (f"{how}, gone after {shutdown.seconds:.1f} s{ended}")
        )
        yield from _memory(shutdown)


def _memory(shutdown: Shutdown) -> Iterator[str]:
    if shutdown.peak is not None:
        most = shutdown.memory.shares[:1] if shutdown.memory else ()
        whose = f", {round(most[0].bytes / MB)} MB of it `{most[0].command}`" if most else ""
        yield (
            f"memory: peak {round(shutdown.peak / MB)} MB of {round(shutdown.quota / MB)} MB{whose}"
        )


DETAILS = {
    "source": _source,
    "detect": _detect,
    "build": _build,
    "release": _release,
    "boot": _boot,
    "route": _route,
    "stop": _stop,
}
