"""The first requests to a release's dynos, and the second looks that explain what came of them."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from threading import Thread
from typing import TYPE_CHECKING

from parity.dyno import Dyno
from parity.facts.procfile import background
from parity.records import Boot, Exchange, Traffic
from parity.rehearsal import reruns
from parity.rehearsal.trial import Trial
from parity.rules.loading import load
from parity.rules.order import UP
from parity.rules.views.python_traceback import logged
from parity.runtime.formation import Formation

if TYPE_CHECKING:
    from parity.router import Router

WORKER_WATCH = 5.0
"""Seconds that a worker is watched: it has no port by which to know that it is up."""


SOCKET_IO = "python-engineio"
"""What speaks Socket.IO in Python: https://pypi.org/project/python-engineio."""

CSRF = b"CSRF verification failed"
"""What Django's 403 page says, with DEBUG on or off (observed)."""

FORBIDDEN = 403
SERVER_ERROR = 500
"""From this status on the reason comes in the log, often after the answer."""

QUICK_ANSWER_MS = 2000
"""Only pages that come at once are asked for again (ours)."""


class Probing:
    """Starts, asks and judges the dynos of `formation`."""

    def __init__(self, trial: Trial, formation: Formation) -> None:
        self.formation = formation
        self._trial = trial

    def serve(self, dyno: Dyno) -> tuple[Boot, Traffic | None]:
        """Boot the web dyno, send it the first requests, judge both."""
        with self._trial.stage("boot"):
            Thread(target=_prepare, daemon=True).start()
            boot = dyno.boot()
        return self.ask(dyno, boot)

    def ask(self, dyno: Dyno, boot: Boot) -> tuple[Boot, Traffic | None]:
        """Send a web dyno its first requests, once it is up, and judge what came of them."""
        exchanges: tuple[Exchange, ...] = ()
        self._trial.listens(boot)
        with self._trial.stage("route"):
            if boot.state == "up":
                exchanges = self._probe(dyno)
                failed = any(e.code or e.status >= SERVER_ERROR for e in exchanges)
                boot = dyno.settle(boot, failed=failed)
            elif boot.state == "crashed":
                self._probe(dyno)  # what a visitor gets now: H10 in the log, nothing to judge
        self._trial.observe(self.explained(boot))
        if not boot.goes_on:
            return boot, None
        traffic = self._looked_into(dyno, Traffic(boot, exchanges, dyno.output()))
        self._trial.observe(traffic)
        return boot, traffic

    def workers(self) -> None:
        """Boot what an app without a web process runs; each is watched for a while."""
        plan = self.formation.released.slug.plan
        for process in background(plan):
            with self.formation.dyno(process, f"{process.name}.1") as dyno:
                with self._trial.stage("boot"):
                    boot = dyno.boot()
                self._trial.observe(boot)
                with self._trial.stage("stop"):
                    self._trial.observe(dyno.stop(boot, None))

    def _probe(self, dyno: Dyno) -> tuple[Exchange, ...]:
        exchanges: tuple[Exchange, ...] = ()
        with self.formation.router(dyno) as router:
            for path in self.formation.options.paths:
                exchanges += router.probe(path)
                if not dyno.alive():
                    return exchanges
            for step in self.formation.options.scenario:
                exchanges += router.play(step)
        return exchanges

    def _hurried(self, dyno: Dyno) -> "Router":
        return self.formation.router(dyno, hurry=True, quiet=True)

    def _quiet(self, dyno: Dyno) -> "Router":
        return self.formation.router(dyno, quiet=True)

    def _launch(self, boot: Boot) -> reruns.Launch:
        def launch(
            *,
            trace: bool = False,
            extra_env: Mapping[str, str] | None = None,
            hurry: bool = False,
        ) -> AbstractContextManager[Dyno]:
            return self.formation.dyno(
                boot.process, "again", trace=trace, extra_env=extra_env, hurry=hurry
            )

        return launch

    def explained(self, boot: Boot) -> Boot:
        """A boot that bound the wrong address, with the line that did it."""
        if boot.state != "timeout" or boot.foreign:
            return boot
        if not boot.listeners:
            return boot._replace(stack=reruns.stack(self._launch(boot)))
        return boot._replace(binds=reruns.binds(self._launch(boot)))

    def _looked_into(self, dyno: Dyno, traffic: Traffic) -> Traffic:
        """What is worth a second look: a silent 500, a 400, an answer that may hold state."""
        for exchange in (e for e in traffic.exchanges if not e.as_expected):
            if exchange.code == "H12":
                launch = self._launch(traffic.boot)
                return traffic._replace(stack=reruns.stack(launch, self._hurried, exchange.first))
            if exchange.status == 500 and exchange.code is None and not logged(traffic):
                lines = reruns.traceback(self._launch(traffic.boot), self._quiet, exchange.first)
                return traffic._replace(traceback=lines)
            if exchange.status == FORBIDDEN and exchange.scenario and CSRF in exchange.body:
                steps = self.formation.options.scenario
                lines = reruns.refusals(self._launch(traffic.boot), self._quiet, steps)
                return traffic._replace(traceback=lines)
            if exchange.status == 400:
                source = self.formation.released.slug.plan.source
                with self._quiet(dyno) as router:
                    return traffic._replace(hosts=reruns.hosts(router, exchange, source))
        return self._asked_again(dyno, traffic)

    def _asked_again(self, dyno: Dyno, traffic: Traffic) -> Traffic:
        last = next(e for e in reversed(traffic.exchanges) if not e.scenario)
        if last.status != reruns.OK or last.code or last.service_ms > QUICK_ANSWER_MS:
            return traffic
        with self._quiet(dyno) as router:
            bodies = reruns.repeats(router, last)
            traffic = traffic._replace(parts=reruns.parts(router, last))
        if SOCKET_IO in self.formation.released.slug.packages:
            known, others = reruns.connected(self._launch(traffic.boot), self._hurried, last.first)
            traffic = traffic._replace(sessions=known, beside=others)
        if len(set(bodies)) in (1, len(bodies)):
            return traffic._replace(repeats=bodies)
        alone = reruns.single(self._launch(traffic.boot), self._quiet, last.first)
        return traffic._replace(repeats=bodies, single=alone)


def _prepare() -> None:
    """Import what the probes and the judgement need, while the app boots."""
    import parity.router.client  # noqa: F401

    load(UP)
