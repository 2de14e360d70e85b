"""Dynos of a release that are started a second time, to see what the judged run does not show."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from parity.records import Boot, ProcessType
from parity.runtime.release import RunningRelease

if TYPE_CHECKING:
    from parity.dyno import Dyno
    from parity.router import Router
    from parity.runtime.edge import Edge
    from parity.runtime.formation import Formation
    from parity.runtime.process import RunningDyno


class Again:
    """A dyno that was booted once more."""

    def __init__(self, running: "RunningDyno", boot: Boot) -> None:
        self.running = running
        self.boot = boot

    @property
    def dyno(self) -> "Dyno":
        """The dyno itself."""
        return self.running.dyno


class SecondLooks:
    """Boots `process` again, each time in a dyno and a copy of its own; nothing is logged."""

    def __init__(self, formation: "Formation", edge: "Edge", process: ProcessType) -> None:
        self._formation = formation
        self._edge = edge
        self._process = process

    @contextmanager
    def dyno(
        self,
        *,
        trace: bool = False,
        extra_env: Mapping[str, str] | None = None,
        hurry: bool = False,
    ) -> Iterator[Again]:
        """Another dyno, booted; `hurry`: it need not wait for the whole boot timeout."""
        formation = self._formation.again(trace=trace, extra_env=extra_env, hurry=hurry)
        release = RunningRelease(formation, [(self._process, "again")])
        with self._edge.holding(release):
            release.launch()
            (boot,) = self._edge.run(release.boot())
            yield Again(release.dynos[0], boot)

    def router(self, again: Again, *, hurry: bool = False) -> "Router":
        """A router before it that logs nothing."""
        return self._formation.router(again.dyno, self._edge, hurry=hurry, quiet=True)

    def settle(self, again: Again) -> None:
        """Let it end, or log, what a failed request has led to."""
        self._edge.run(again.running.settle(failed=True))
