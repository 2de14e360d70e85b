"""The dynos of one release: each with its own copy of the slug, asked and judged."""

import re
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from hashlib import sha256
from pathlib import Path
from random import randint
from threading import Thread
from typing import TYPE_CHECKING

from parity.dyno import Dyno
from parity.dyno import one_off as run_one_off
from parity.facts.dynos import SIZES
from parity.facts.limits import Limits
from parity.facts.router import PROFILES
from parity.push.slug import copy
from parity.records import Boot, Ended, Exchange, ProcessType, Release, Slug, Traffic
from parity.rehearsal import reruns
from parity.rehearsal.trial import Trial
from parity.rules.engine import UP, load
from parity.rules.views.procfile_lines import background
from parity.rules.views.python_traceback import logged
from parity.system.workspace import Workspace

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

    from parity.records.options import Options
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

SLOW = 5.0
"""Seconds after which a request or a boot is looked into: where is the code now? (ours)"""

QUICK_ANSWER_MS = 2000
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
        hurry: bool = False,
        loop: "AbstractEventLoop | None" = None,
    ) -> Iterator[Dyno]:
        """One dyno in its own copy of the slug. A second look is not logged."""
        again = trace or extra_env is not None
        folder = self.fresh(name)
        limits = self._facts.shortened(idle_before_verdict=0.3) if again else self._facts
        if hurry:
            limits = limits.shortened(boot_timeout=min(limits.boot_timeout.value, SLOW))
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
            extra_env={**_metadata(self._released.slug, self._options), **(extra_env or {})},
            isolated=self._options.isolation,
            network=self._options.network,
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
        self._trial.listens(boot)
        with self._trial.stage("route"):
            if boot.state == "up":
                exchanges = self._probe(dyno)
                failed = any(e.code or e.status >= SERVER_ERROR for e in exchanges)
                boot = dyno.settle(boot, failed=failed)
            elif boot.state == "crashed":
                self._probe(dyno)  # what a visitor gets now: H10 in the log, nothing to judge
        if not self._trial.judge(self.explained(boot)) or boot.state != "up":
            return boot, None
        traffic = self._looked_into(dyno, Traffic(boot, exchanges, dyno.output()))
        self._trial.judge(traffic)
        return boot, traffic

    def workers(self) -> None:
        """Boot what an app without a web process runs; each is watched for a while."""
        plan = self._released.slug.plan
        for process in background(plan.procfile, plan.processes.values()):
            with self.dyno(process, f"{process.name}.1") as dyno:
                with self._trial.stage("boot"):
                    boot = dyno.boot()
                self._trial.judge(boot)
                with self._trial.stage("stop"):
                    self._trial.judge(dyno.stop(boot, None))

    def fresh(self, name: str) -> Path:
        """Another copy of the slug, for a dyno that is started again."""
        folder = self._work.folder(name)
        copy(self._released.slug.root, folder)
        return folder

    def _router(self, dyno: Dyno, limits: Limits | None = None, *, quiet: bool = False) -> "Router":
        from parity.router import Backend, Router

        crashed = dyno.state == "crashed"
        return Router(
            [Backend(dyno.name, dyno.watch.front, state="crashed" if crashed else "up")],
            self._host,
            loop=dyno.watch.loop,
            during=dyno.during,
            limits=limits or self._facts,
            say=_unsaid if quiet else self._trial.say,
            profile=PROFILES[self._options.router],
            config=self._released.slug.plan.config.values,
        )

    def _hurried(self) -> Limits:
        """The limits of a look at what is slow: it need not be seen to its end."""
        return self._facts.shortened(first_byte=min(self._facts.first_byte.value, SLOW))

    def _impatient(self, dyno: Dyno) -> "Router":
        return self._router(dyno, self._hurried(), quiet=True)

    def _quiet(self, dyno: Dyno) -> "Router":
        return self._router(dyno, quiet=True)

    def _probe(self, dyno: Dyno) -> tuple[Exchange, ...]:
        exchanges: tuple[Exchange, ...] = ()
        with self._router(dyno) as router:
            for path in self._options.paths:
                exchanges += router.probe(path)
                if not dyno.alive():
                    return exchanges
            for step in self._options.scenario:
                exchanges += router.play(step)
        return exchanges

    def _launch(self, boot: Boot) -> reruns.Launch:
        def launch(
            *,
            trace: bool = False,
            extra_env: Mapping[str, str] | None = None,
            hurry: bool = False,
        ) -> AbstractContextManager[Dyno]:
            return self.dyno(boot.process, "again", trace=trace, extra_env=extra_env, hurry=hurry)

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
                return traffic._replace(stack=reruns.stack(launch, self._impatient, exchange.first))
            if exchange.status == 500 and exchange.code is None and not logged(traffic):
                lines = reruns.traceback(self._launch(traffic.boot), self._quiet, exchange.first)
                return traffic._replace(traceback=lines)
            if exchange.status == FORBIDDEN and exchange.scenario and CSRF in exchange.body:
                steps = self._options.scenario
                lines = reruns.refusals(self._launch(traffic.boot), self._quiet, steps)
                return traffic._replace(traceback=lines)
            if exchange.status == 400:
                source = self._released.slug.plan.source
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
        if SOCKET_IO in self._released.slug.packages:
            known, others = reruns.connected(
                self._launch(traffic.boot), self._impatient, last.first
            )
            traffic = traffic._replace(sessions=known, beside=others)
        if len(set(bodies)) in (1, len(bodies)):
            return traffic._replace(repeats=bodies)
        alone = reruns.single(self._launch(traffic.boot), self._quiet, last.first)
        return traffic._replace(repeats=bodies, single=alone)


def one_off(
    trial: Trial,
    slug: Slug,
    process: ProcessType,
    work: Workspace,
    options: "Options",
    facts: Limits,
) -> Ended:
    """Run a release command, or another one-off one, in a dyno of its own.

    Four digits end its name, as on Heroku.
    """
    name = f"{process.name}.{randint(1000, 9999)}"
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
        isolated=options.isolation,
        extra=_metadata(slug, options),
        network=options.network,
    )


def _metadata(slug: Slug, options: "Options") -> dict[str, str]:
    if not options.metadata:
        return {}
    from parity.dyno import metadata

    return metadata.variables(options.host or _host(slug), slug.plan.source.commit)


def host_of(released: Release) -> str:
    """`NAME-<12 hex>.herokuapp.com`, from the git remote or the folder; the same at every run.

    The form of new apps' hosts since 2023: https://devcenter.heroku.com/articles/custom-domains.
    """
    return _host(released.slug)


def _host(slug: Slug) -> str:
    source = slug.plan.source
    name = name_of(source.root, source.remote)
    return f"{name}-{sha256(name.encode()).hexdigest()[:12]}.herokuapp.com"


def name_of(root: Path, remote: str | None = None) -> str:
    """The app's name: the remote's, else what the name of the folder allows."""
    name = remote or re.sub(r"[^a-z0-9]+", "-", root.resolve().name.lower())
    return name.strip("-")[:30].strip("-") or "app"


def _prepare() -> None:
    """Import what the probes and the judgement need, while the app boots."""
    import parity.router.client  # noqa: F401

    load(UP)


def _unsaid(_line: object) -> None:
    """A second look prints nothing: it is not part of the deploy."""
