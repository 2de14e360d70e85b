"""Workers by the number of cores: a dyno shows many, and has little memory."""

from collections.abc import Iterator

from parity.facts.dynos import DEFAULT, MB, SIZES
from parity.records import Boot, Memory, Shutdown
from parity.records.verdict import Evidence
from parity.rules.engine import rule
from parity.rules.shutdown.memory import R14, R15, fitting, over, usual, workers
from parity.rules.views.core_workers import CoreWorkers, core_workers

DOCS = "https://devcenter.heroku.com/articles/python-concurrency"


@rule(
    "workers-per-core",
    leads_to=(R15, R14),
    title="One worker per core: {count:more} workers share {quota} MB",
    cause="A dyno sees all the cores of the machine it shares with others: {cores:8} here. The"
    " number of workers depends on them, and each worker needs about {each:N} MB.",
    fix="{advice:Set the number of workers yourself, or take it from WEB_CONCURRENCY, which"
    " Heroku sets to suit the dyno's memory.}",
    docs=DOCS,
    instead_of=("too-many-workers", "memory-grows"),
    laptop="The laptop has fewer cores or much more memory.",
    by={
        "gunicorn": "no `workers` in gunicorn.conf.py: WEB_CONCURRENCY decides",
        "celery": "--concurrency 2",
        "Node cluster": "process.env.WEB_CONCURRENCY",
    },
)
def workers_per_core(record: Boot | Shutdown) -> Iterator[Evidence]:
    boot = record if isinstance(record, Boot) else record.boot
    memory = record.memory if over(record) else None
    sized = core_workers(boot) if memory else None
    size = SIZES.get(boot.size, DEFAULT)
    if memory and sized and 0 < fitting(memory, size) < len(workers(memory)):
        yield _evidence(boot, sized, memory, sized.workers or len(workers(memory)))


@rule(
    "workers-outgrow-dyno",
    effect="warn",
    title="{count:More} workers, one per core, need about {together:N} MB of {quota} MB",
    cause="A dyno sees {cores:8} cores, and the number of workers depends on them. {here:Some}"
    " ran here, with about {each:N} MB each; {count:all} need more than the dyno has.",
    fix="{advice:Set the number of workers yourself, or take it from WEB_CONCURRENCY, which"
    " Heroku sets to suit the dyno's memory.}",
    docs=DOCS,
    basis="predicted",
    heroku="R14",
)
def workers_outgrow_dyno(shutdown: Shutdown) -> Iterator[Evidence]:
    memory, sized = shutdown.memory, core_workers(shutdown.boot)
    running = workers(memory) if memory and sized and not over(shutdown) else []
    if not memory or not sized or not sized.workers or not running:
        return
    here, each = len(running), usual(running)
    together = memory.peak + (sized.workers - here) * each
    size = SIZES.get(shutdown.boot.size, DEFAULT)
    if sized.workers > here and together > size.quota:
        evidence = _evidence(shutdown.boot, sized, memory, sized.workers)
        names = {**evidence.names, "here": str(here), "together": str(together // MB)}
        yield evidence._replace(names=names)


def _evidence(boot: Boot, sized: CoreWorkers, memory: Memory, count: int) -> Evidence:
    names = {
        "count": str(count),
        "quota": str(SIZES.get(boot.size, DEFAULT).memory),
        "cores": str(sized.cores),
        "each": str(usual(workers(memory)) // MB),
        "advice": sized.advice,
    }
    place = sized.place
    return Evidence(place.text, place.file, place.line, place.column, names=names)
