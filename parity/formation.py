"""The dynos of one release: each with its own copy of the slug, asked and judged."""

import re
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from hashlib import sha256
from random import randint
from threading import Thread
from typing import TYPE_CHECKING

from parity import second
from parity.dyno import Dyno
from parity.dyno import one_off as run_one_off
from parity.facts.dynos import SIZES
from parity.facts.limits import Limits
from parity.push.slug import copy
from parity.records import Boot, Ended, Exchange, ProcessType, Release, Slug, Traffic
from parity.router import Router
from parity.rules import load
from parity.trial import Trial
from parity.workspace import Workspace

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

    from parity.pipeline import Options

SHORT_RUN = ("release", "console", "rake")
"""Process types that are no part of a running formation (Heroku's Ruby defaults among them)."""

WORKER_WATCH = 5.0
"""Seconds that a worker is watched: it has no port by which to know that it is up."""


QUICK_ANSWER_MS = 1000
"""Only pages that come at once are asked for again (ours)."""


class Formation:
    """Starts, asks and judges the dynos of `released`."""

    def __init__(
        self, trial: Trial, released: Release, work: Workspace, options: "Options", facts: Limits
    ) -> None:
        self._trial = trial
        self._released = released
        self._work = work
        self._options = options
        self._facts = facts
        self._host = options.host or host_of(released)

    @contextmanager
    def dyno(
        self,
        process: ProcessType,
        name: str,
        *,
        trace: bool = False,
        extra_env: Mapping[str, str] | None = None,
        loop: "AbstractEventLoop | None" = None,
    ) -> Iterator[Dyno]:
        """One dyno in its own copy of the slug. A second look is not logged."""
        again = trace or extra_env is not None
        folder = self._work.folder(name)
        copy(self._released.slug.root, folder)
        limits = self._facts.shortened(idle_before_verdict=0.3) if again else self._facts
        with Dyno(
            self._released,
            process,
            name,
            folder=folder,
            size=SIZES[self._options.dyno],
            limits=limits,
            say=_unsaid if again else self._trial.say,
            port=self._options.port if name == "web.1" and not again else None,
            exact=self._options.exact and not again,
            trace=trace,
            extra_env=extra_env or {},
            loop=loop,
        ) as dyno:
            yield dyno

    def serve(self, dyno: Dyno) -> tuple[Boot, Traffic | None]:
        """Boot the web dyno, send it the first requests, judge both."""
        with self._trial.stage("boot"):
            Thread(target=_prepare, daemon=True).start()
            boot = dyno.boot()
        return self.ask(dyno, boot)

    def ask(self, dyno: Dyno, boot: Boot) -> tuple[Boot, Traffic | None]:
        """Send a web dyno its first requests, once it is up, and judge what came of them."""
        exchanges: tuple[Exchange, ...] = ()
        with self._trial.stage("route"):
            if boot.state == "up":
                exchanges = self._probe(dyno)
                boot = dyno.settle(boot, failed=any(e.code for e in exchanges))
        if not self._trial.judge(self._explained(boot)) or boot.state != "up":
            return boot, None
        traffic = self._looked_into(dyno, Traffic(boot, exchanges, dyno.output()))
        self._trial.judge(traffic)
        return boot, traffic

    def workers(self) -> None:
        """Boot what an app without a web process runs; each is watched for a while."""
        for process in self._released.slug.plan.processes.values():
            if process.name not in SHORT_RUN:
                with self.dyno(process, f"{process.name}.1") as dyno:
                    with self._trial.stage("boot"):
                        boot = dyno.boot()
                    self._trial.judge(boot)
                    with self._trial.stage("stop"):
                        self._trial.judge(dyno.stop(boot, None))

    def _router(self, dyno: Dyno, *, quiet: bool = False) -> Router:
        say = _unsaid if quiet else self._trial.say
        return Router(dyno.port, self._host, limits=self._facts, say=say, during=dyno.during)

    def _quiet(self, dyno: Dyno) -> Router:
        return self._router(dyno, quiet=True)

    def _probe(self, dyno: Dyno) -> tuple[Exchange, ...]:
        router = self._router(dyno)
        exchanges: tuple[Exchange, ...] = ()
        for path in self._options.paths:
            exchanges += router.probe(path)
            if not dyno.alive():
                break
        return exchanges

    def _launch(self, boot: Boot) -> second.Launch:
        def launch(
            *, trace: bool = False, extra_env: Mapping[str, str] | None = None
        ) -> AbstractContextManager[Dyno]:
            return self.dyno(boot.process, "again", trace=trace, extra_env=extra_env)

        return launch

    def _explained(self, boot: Boot) -> Boot:
        """A boot that bound the wrong address, with the line that did it."""
        if boot.state != "timeout" or not boot.listeners:
            return boot
        return boot._replace(binds=second.binds(self._launch(boot)))

    def _looked_into(self, dyno: Dyno, traffic: Traffic) -> Traffic:
        """What is worth a second look: a silent 500, a 400, an answer that may hold state."""
        router = self._quiet(dyno)
        for exchange in traffic.exchanges:
            if exchange.status == 500 and exchange.code is None and not _logged(traffic):
                lines = second.traceback(self._launch(traffic.boot), self._quiet, exchange.first)
                return traffic._replace(traceback=lines)
            if exchange.status == 400:
                source = self._released.slug.plan.source
                return traffic._replace(hosts=second.hosts(router, exchange, source))
        return self._asked_again(router, traffic)

    def _asked_again(self, router: Router, traffic: Traffic) -> Traffic:
        last = traffic.exchanges[-1]
        if last.status != 200 or last.code or last.service_ms > QUICK_ANSWER_MS:
            return traffic
        bodies = second.repeats(router, last)
        if len(set(bodies)) in (1, len(bodies)):
            return traffic._replace(repeats=bodies)
        alone = second.single(self._launch(traffic.boot), self._quiet, last.first)
        return traffic._replace(repeats=bodies, single=alone)


def one_off(
    trial: Trial,
    slug: Slug,
    process: ProcessType,
    work: Workspace,
    options: "Options",
    facts: Limits,
) -> Ended:
    """Run a release command in a dyno of its own; four digits end its name, as on Heroku."""
    name = f"release.{randint(1000, 9999)}"
    folder = work.folder(name)
    copy(slug.root, folder)
    return run_one_off(
        slug,
        process,
        name,
        folder=folder,
        size=SIZES[options.dyno],
        limit=facts.release_timeout.value,
        say=trial.say,
    )


def host_of(released: Release) -> str:
    """`NAME-<12 hex>.herokuapp.com`, from the git remote or the folder; the same at every run.

    The form of new apps' hosts since 2023: https://devcenter.heroku.com/articles/custom-domains.
    """
    source = released.slug.plan.source
    name = source.remote or re.sub(r"[^a-z0-9]+", "-", source.root.resolve().name.lower())
    name = name.strip("-")[:30].strip("-") or "app"
    return f"{name}-{sha256(name.encode()).hexdigest()[:12]}.herokuapp.com"


def _prepare() -> None:
    """Import what the probes and the judgement need, while the app boots."""
    import parity.router.faults  # noqa: F401

    load()


def _unsaid(_line: object) -> None:
    """A second look prints nothing: it is not part of the deploy."""


def _logged(traffic: Traffic) -> bool:
    return any(line.text.startswith("Traceback (most recent") for line in traffic.output)
