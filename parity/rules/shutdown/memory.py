"""R14 and R15: what uses the memory, and what would fit."""

import re
from collections.abc import Iterator, Sequence

from parity.facts.dynos import COMMON, DEFAULT, MB, SIZES, DynoSize, holding
from parity.facts.lifecycle import running
from parity.records import Boot, Memory, Share, Shutdown, Source
from parity.records.edits import Command
from parity.records.verdict import Evidence
from parity.rules.engine import rule
from parity.rules.views.python_source import at, find

CODES = "https://devcenter.heroku.com/articles/error-codes"
MEMORY = "https://devcenter.heroku.com/articles/dyno-memory-behavior"

LARGE_PART = 0.15
"""The smallest part of the peak at which a process is reported (ours)."""

ALIKE, MOST_OF_IT = 0.5, 0.3
"""The smallest part of the largest worker that another holds; of the peak, all together (ours)."""

GROWN = 0.25
"""The smallest part of the peak, used after the first answer, that counts as growth (ours)."""

LOADS = (
    r"from_pretrained\(|torch\.load\(|joblib\.load\(|pickle\.loads?\(|load_model\(|spacy\.load\("
    r"|SentenceTransformer\(|read_(?:csv|parquet|excel|json)\(|np\.load\(|KeyedVectors|bytearray\("
)
"""Calls that load models or data."""


def over(record: Boot | Shutdown) -> str | None:
    """Return R14 or R15 if Heroku logs it; for a boot, only the R15 that ended it."""
    size = SIZES.get(_boot(record).size, DEFAULT)
    if isinstance(record, Boot):
        killed = record.state == "crashed" and record.memory and record.memory.over == "R15"
        return "R15" if killed else None
    if over(record.boot):
        return None
    if record.memory:
        return record.memory.over
    peak = record.peak or 0
    return "R15" if peak >= size.deadly else "R14" if peak > size.quota and size.swaps else None


def _boot(record: Boot | Shutdown) -> Boot:
    return record if isinstance(record, Boot) else record.boot


def _peak(record: Boot | Shutdown) -> int:
    return record.memory.peak if record.memory else getattr(record, "peak", None) or 0


def _peak_evidence(record: Boot | Shutdown) -> Evidence:
    peak, size = _peak(record), SIZES.get(_boot(record).size, DEFAULT)
    names = {
        "peak": str(peak // MB),
        "quota": str(size.memory),
        "deadly": str(size.vastly),
        **_larger(record),
    }
    return Evidence(f"{_boot(record).name}: {running(peak, size.quota)}", names=names)


def _larger(record: Boot | Shutdown) -> dict[str, str]:
    """Return the process type and the smallest dyno that fits the peak, or else the largest."""
    size = holding(_peak(record)) or COMMON[-1]
    return {"type": _boot(record).process.name, "larger": size.name}


@rule(
    "R15",
    effect="fail",
    title="Memory quota vastly exceeded: {peak} MB of {quota} MB",
    cause="At {deadly} MB Heroku kills this dyno ({quota} MB of memory), starts it again, and kills"
    " it again.",
    fix="Use less memory, or a larger dyno: `heroku ps:type {type}={larger:standard-2x}` (`parity"
    " run --dyno {larger:standard-2x}` tries it).",
    docs=f"{CODES}#r15-memory-quota-vastly-exceeded",
    heroku="R15",
    prints=(
        "heroku[web.1]: Process running mem=1214M(237.2%)",
        "heroku[web.1]: Error R15 (Memory quota vastly exceeded)",
        "heroku[web.1]: Stopping process with SIGKILL",
    ),
    laptop="As with R14: the laptop has many times the memory of a dyno.",
)
def R15(record: Boot | Shutdown) -> Iterator[Evidence]:
    if over(record) == "R15":
        yield _peak_evidence(record)


@rule(
    "R14",
    effect="warn",
    title="Memory quota exceeded: {peak} MB of {quota} MB",
    cause="The dyno's processes use more memory than the dyno has ({quota} MB). It goes on in swap,"
    " which is slow, and logs this every 20 seconds.",
    fix="Use less memory, or a larger dyno: `heroku ps:type {type}={larger:standard-2x}` (`parity"
    " run --dyno {larger:standard-2x}` tries it).",
    docs=f"{CODES}#r14-memory-quota-exceeded",
    heroku="R14",
    prints=(
        "heroku[web.1]: Process running mem=541M(105.8%)",
        "heroku[web.1]: Error R14 (Memory quota exceeded)",
    ),
    laptop="The laptop has 8 GB or more, a Basic dyno 512 MB, for all workers together.",
    by={
        "gunicorn": "fewer workers (WEB_CONCURRENCY), `--preload`, `--max-requests 500`",
        "pandas": "read in chunks, and only the columns that are used",
        "models": "load the smaller one, once, before the workers are forked",
    },
)
def R14(record: Shutdown) -> Iterator[Evidence]:
    if over(record) == "R14":
        yield _peak_evidence(record)


def _memory(record: Boot | Shutdown) -> Memory | None:
    """Return the measured memory if it is over the quota."""
    return record.memory if over(record) and record.memory and record.memory.shares else None


def workers(memory: Memory) -> list[Share]:
    """Return the workers: processes alike the largest that hold most of the memory together."""
    largest = memory.shares[0]
    alike = [
        share
        for share in memory.shares
        if share.command == largest.command and share.bytes >= ALIKE * largest.bytes
    ]
    held = sum(share.bytes for share in alike)
    return alike if len(alike) > 1 and held >= MOST_OF_IT * memory.peak else []


def fitting(memory: Memory, size: DynoSize) -> int:
    """Return how many of the workers fit into the dyno."""
    running = workers(memory)
    if len(running) < 2:
        return 0
    each = usual(running)
    rest = max(0, memory.peak - len(running) * each)
    return max(0, (size.quota - rest) // each)


def usual(running: Sequence[Share]) -> int:
    """Return the median memory of the workers, in bytes."""
    held = sorted(share.bytes for share in running)
    return (held[(len(held) - 1) // 2] + held[len(held) // 2]) // 2


def _holding(share: Share) -> str:
    return f"pid {share.pid} ({share.command}) holds {share.bytes // MB} MB"


@rule(
    "too-many-workers",
    leads_to=(R15, R14),
    title="{count:N} workers of {each:N} MB each: {fits:fewer} would fit into {quota} MB",
    cause="Every worker is a process with its own memory. Together they need more than the dyno"
    " has.",
    fix="Start {fits:fewer} of them: {repair:write their number into the command, or set"
    " WEB_CONCURRENCY}.",
    docs="https://devcenter.heroku.com/articles/python-concurrency",
)
def too_many_workers(record: Boot | Shutdown) -> Iterator[Evidence]:
    memory, size = _memory(record), SIZES.get(_boot(record).size, DEFAULT)
    fits = fitting(memory, size) if memory else 0
    if not memory or not 0 < fits < len(workers(memory)):
        return
    running, process = workers(memory), _boot(record).process
    set_here = re.search(r"(?:-w|--workers?)[ =]?(\d+)", process.command)
    names = {
        "count": str(len(running)),
        "each": str(usual(running) // MB),
        "fits": str(fits),
        "quota": str(size.memory),
        "repair": f"in the Procfile write `{set_here[0].replace(set_here[1], str(fits))}`"
        if set_here
        else f"`heroku config:set WEB_CONCURRENCY={fits}`",
    }
    if not set_here:
        names["typed"] = Command(f"heroku config:set WEB_CONCURRENCY={fits}")
    line = process.line or None if set_here else None
    for share in running:
        file = "Procfile" if line else None
        yield Evidence(_holding(share), file, line, pid=share.pid, names=names)


@rule(
    "memory-grows",
    leads_to=(R15, R14),
    title="The app grew by {grown:N} MB after its first answer",
    cause="It used less at its first answer. What grew is `{process}`: it keeps what it creates for"
    " a request, or loads something late.",
    fix="Look for lists, caches and models that are filled while a request is answered. For a leak"
    " that cannot be found, gunicorn's `--max-requests 500 --max-requests-jitter 50` restarts"
    " workers in time. Or use a larger dyno: `heroku ps:type {type}={larger:standard-2x}`.",
    docs=MEMORY,
)
def memory_grows(record: Boot | Shutdown) -> Iterator[Evidence]:
    memory = _memory(record)
    growing = [s for s in memory.shares if s.grown] if memory else []
    grown = sum(s.grown for s in growing)
    if memory and grown >= GROWN * memory.peak:
        most = max(growing, key=lambda s: s.grown)
        names = {"grown": str(grown // MB), "process": most.command, **_larger(record)}
        for share in sorted(growing, key=lambda s: -s.grown)[:3]:
            message = f"{_holding(share)}, {share.grown // MB} MB more than at the first answer"
            yield Evidence(message, pid=share.pid, names=names)


@rule(
    "memory-at-start",
    leads_to=(R15, R14),
    title="{process} holds {held:N} MB",
    cause="What it imports and loads at the start, or at its first request, is larger than the"
    " dyno.",
    fix="Load a smaller model or less data, or only what a request needs. Or use a larger dyno:"
    " `heroku ps:type {type}={larger:standard-2x}`.",
    docs=MEMORY,
    fallback=True,
)
def memory_at_start(record: Boot | Shutdown) -> Iterator[Evidence]:
    memory = _memory(record)
    if not memory:
        return
    largest = memory.shares[0]
    names = {
        "process": f"`{largest.command}`" if largest.command else f"pid {largest.pid}",
        "held": str(largest.bytes // MB),
        **_larger(record),
    }
    place = find(_source(record), LOADS)
    if place:
        yield at(place.text, place, **names)
    for share in memory.shares[:3]:
        if share.bytes >= LARGE_PART * memory.peak:
            yield Evidence(_holding(share), pid=share.pid, names=names)


def _source(record: Boot | Shutdown) -> Source:
    return _boot(record).release.slug.plan.source
