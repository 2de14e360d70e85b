"""Dyno sizes: their limits besides memory, and what parity does not emulate."""

from collections.abc import Iterator

from parity.facts.dynos import DEFAULT, GENERATION, ONE_PER_TYPE, SIZES
from parity.records import Boot, Shutdown
from parity.records.verdict import Evidence
from parity.rules.crash.symptoms import ENDINGS
from parity.rules.engine import rule

SCALING = "https://devcenter.heroku.com/articles/dyno-scaling-and-process-limits"
TYPES = "https://devcenter.heroku.com/articles/dyno-types"


@rule(
    "process-limit",
    effect="warn",
    title="{tasks:N} processes and threads at a time: a {size} dyno allows {limit}",
    cause="Processes and threads count together. Beyond the limit no new one can be started: `can't"
    " start new thread`, `Resource temporarily unavailable`.",
    fix="Start fewer workers or threads (`heroku config:set WEB_CONCURRENCY=…`, `--threads`; for"
    " numerical libraries OMP_NUM_THREADS=1), or use a larger dyno (`--dyno standard-2x`).",
    docs=SCALING,
)
def process_limit(shutdown: Shutdown) -> Iterator[Evidence]:
    size = SIZES.get(shutdown.boot.size, DEFAULT)
    tasks = shutdown.memory.tasks if shutdown.memory else 0
    if 0 < size.processes < tasks:
        names = {"tasks": str(tasks), "size": size.name, "limit": str(size.processes)}
        yield Evidence(f"{shutdown.boot.name} had {tasks} processes and threads", names=names)


@rule(
    "killed-by-r15",
    leads_to=ENDINGS,
    title="Heroku killed it because of its memory (R15)",
    cause="The dyno was at {peak} MB when it was killed; see R15 above.",
    fix="See the fix for R15's cause.",
    docs="https://devcenter.heroku.com/articles/error-codes#r15-memory-quota-vastly-exceeded",
)
def killed_by_r15(boot: Boot) -> Iterator[Evidence]:
    if boot.state == "crashed" and boot.memory and boot.memory.over == "R15":
        peak = str(boot.memory.peak // (1024 * 1024))
        yield Evidence("Stopping process with SIGKILL", names={"peak": peak})


@rule(
    "one-dyno-per-type",
    effect="note",
    title="A process type can have only one {size} dyno",
    cause="On Heroku {size} dynos cannot be scaled out: `heroku ps:scale` refuses {name}.",
    fix="Use Standard dynos for it: `--dyno standard-1x`.",
    docs=TYPES,
)
def one_dyno_per_type(boot: Boot) -> Iterator[Evidence]:
    number = boot.name.rpartition(".")[2]
    if boot.size in ONE_PER_TYPE and number.isdigit() and int(number) > 1:
        names = {"size": boot.size, "name": boot.name}
        yield Evidence(f"{boot.name} is a {boot.size} dyno", names=names)


@rule(
    "fir-generation",
    effect="note",
    title="{size} is a size of the Fir generation: only its memory and cores are emulated",
    cause="Fir apps are built by Cloud Native Buildpacks and must listen on IPv6, `[::]:$PORT`."
    " parity builds, routes and starts apps as on Cedar.",
    fix="Nothing to do, if only the size matters here.",
    docs=TYPES,
)
def fir_generation(boot: Boot) -> Iterator[Evidence]:
    if boot.size.startswith(GENERATION):
        yield Evidence(f"--dyno {boot.size}", names={"size": boot.size})
