"""The first requests to a release's dynos, and the second looks that explain the answers."""

from threading import Thread
from typing import TYPE_CHECKING

from parity.dyno import Dyno
from parity.facts.addons import ADD_ONS
from parity.push.config import without_dotenv
from parity.records import Boot, Exchange, Traffic
from parity.records.scenario import Step
from parity.rehearsal import reruns, sessions
from parity.rehearsal.second_looks import SecondLooks
from parity.rehearsal.trial import Trial
from parity.rules.loading import load
from parity.rules.order import UP
from parity.rules.views.host_lists import BAD, refuses, worth_trying
from parity.rules.views.python_traceback import logged
from parity.runtime.edge import Edge
from parity.runtime.formation import Formation
from parity.runtime.process import RunningDyno
from parity.runtime.release import RunningRelease

if TYPE_CHECKING:
    from parity.router import Router

SOCKET_IO = "python-engineio"
"""The package behind Socket.IO in Python: https://pypi.org/project/python-engineio."""

CSRF = b"CSRF verification failed"
"""The text of Django's 403 page, with DEBUG on or off (observed)."""

FORBIDDEN = 403
SERVER_ERROR = 500
"""The lowest status whose reason comes in the log, often after the answer."""

QUICK_ANSWER_MS = 2000
"""Milliseconds within which a page must have come to be requested again (ours)."""


class Probing:
    """Boots and judges dynos of `formation`, and requests them, on the loop of `edge`."""

    def __init__(self, trial: Trial, formation: Formation, edge: Edge) -> None:
        self.formation = formation
        self.edge = edge
        self._trial = trial

    def boot(self, release: RunningRelease) -> None:
        """Boot all dynos of the release at once, and meanwhile import what comes next."""
        with self._trial.stage("boot"):
            release.launch()  # before there is a loop, whose import is slow
            if any(one.routed for one in release.dynos):
                Thread(target=_prepare, daemon=True).start()
            self.edge.run(release.boot())

    def ask(self, one: RunningDyno) -> None:
        """Send a web dyno its first requests, once it is up, and judge the answers."""
        dyno, boot = one.dyno, one.boot
        assert boot, "the dyno was not booted"
        exchanges: tuple[Exchange, ...] = ()
        self._trial.listens(boot)
        with self._trial.stage("route"):
            if boot.state == "up":
                exchanges = self._probe(dyno)
                failed = any(e.code or e.status >= SERVER_ERROR for e in exchanges)
                boot = self.edge.run(one.settle(failed=failed))
            elif boot.state == "crashed":
                self._probe(dyno)  # a visitor's request: H10 in the log, nothing to judge
        self._trial.observe(self.explained(boot))
        if boot.goes_on:
            traffic = self._with_session(one, Traffic(boot, exchanges, dyno.output()))
            traffic = self._with_second_looks(dyno, traffic)
            one.traffic = self._without_dotenv(traffic)
            self._trial.observe(one.traffic)

    def _probe(self, dyno: Dyno) -> tuple[Exchange, ...]:
        exchanges: tuple[Exchange, ...] = ()
        with self.formation.router(dyno, self.edge) as router:
            for path in self.formation.options.paths:
                exchanges += router.probe(path)
                if self.edge.run(dyno.watch.ended(0.0)):
                    return exchanges
            for step in self.formation.options.scenario:
                exchanges += router.play(step)
        return exchanges

    def _quiet(self, dyno: Dyno) -> "Router":
        return self.formation.router(dyno, self.edge, quiet=True)

    def _looks(self, boot: Boot) -> SecondLooks:
        return SecondLooks(self.formation, self.edge, boot.process)

    def explained(self, boot: Boot) -> Boot:
        """Return a failed boot with the line that bound the wrong address, or where it hangs."""
        if boot.state != "timeout" or boot.foreign:
            return boot
        if not boot.listeners:
            return boot._replace(stack=reruns.stack(self._looks(boot)))
        return boot._replace(binds=reruns.binds(self._looks(boot)))

    def _with_second_looks(self, dyno: Dyno, traffic: Traffic) -> Traffic:
        """Return the traffic with second looks at a silent 500, a 400, or possible state."""
        looks = self._looks(traffic.boot)
        for exchange in (e for e in traffic.exchanges if not e.as_expected):
            if exchange.code == "H12":
                return traffic._replace(stack=reruns.stack(looks, exchange.first))
            if exchange.status == 500 and exchange.code is None and not logged(traffic):
                lines = reruns.traceback(looks, exchange.first)
                return traffic._replace(traceback=lines)
            if exchange.status == FORBIDDEN and exchange.scenario and CSRF in exchange.body:
                steps = self.formation.options.scenario
                lines = reruns.refusals(looks, steps)
                return traffic._replace(traceback=lines)
            if refuses(exchange) and worth_trying(traffic.boot.release.slug.plan, exchange):
                return self._with_other_hosts(dyno, traffic, exchange)
        return self._repeated(dyno, traffic)

    def _with_session(self, one: RunningDyno, traffic: Traffic) -> Traffic:
        """Return the traffic of a page whose script runs per visitor with one session more."""
        with self._quiet(one.dyno) as router:
            failed = sessions.opened(router, traffic)
        if failed is None:
            return traffic
        boot = self.edge.run(one.settle(failed=True))
        answers = (*traffic.exchanges, *failed)
        return traffic._replace(boot=boot, exchanges=answers, output=one.dyno.output())

    def _without_dotenv(self, traffic: Traffic) -> Traffic:
        """Return the traffic of an app that works with one boot more, without its `.env`.

        What an add-on sets is kept: on Heroku it is there.
        """
        config = without_dotenv(self.formation.released.slug.plan.config, ADD_ONS)
        answers = [e for e in traffic.exchanges if not e.scenario]
        works = bool(answers) and all(e.code is None and e.status < BAD for e in answers)
        if config is None or not works:
            return traffic
        return traffic._replace(bare=reruns.bare(self._looks(traffic.boot), config, traffic))

    def _with_other_hosts(self, dyno: Dyno, traffic: Traffic, refused: Exchange) -> Traffic:
        """Return the traffic with the request's answers to other Hosts, or Django's reason."""
        with self._quiet(dyno) as router:
            others = reruns.hosts(router, refused, self.formation.released.slug.plan)
        if refused.status != BAD or any(e.status != BAD for e in others):
            return traffic._replace(hosts=others)
        django = "django" in self.formation.released.slug.packages
        lines = reruns.refusals(self._looks(traffic.boot), [Step(refused.path)]) if django else ()
        return traffic._replace(hosts=others, traceback=lines or None)

    def _repeated(self, dyno: Dyno, traffic: Traffic) -> Traffic:
        last = next(e for e in reversed(traffic.exchanges) if not e.scenario)
        if last.status != reruns.OK or last.code or last.service_ms > QUICK_ANSWER_MS:
            return traffic
        with self._quiet(dyno) as router:
            bodies = reruns.repeats(router, last)
            traffic = traffic._replace(parts=reruns.parts(router, last))
        if SOCKET_IO in self.formation.released.slug.packages:
            known, others = reruns.connected(self._looks(traffic.boot), last.first)
            traffic = traffic._replace(sessions=known, beside=others)
        if len(set(bodies)) in (1, len(bodies)):
            return traffic._replace(repeats=bodies)
        alone = reruns.single(self._looks(traffic.boot), last.first)
        return traffic._replace(repeats=bodies, single=alone)


def _prepare() -> None:
    """Import what the probes and the judgement need, while the app boots."""
    import parity.router.client  # noqa: F401

    load(UP)
