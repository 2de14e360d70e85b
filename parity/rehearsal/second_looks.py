"""Second boots of a release's dynos, which show what the judged run does not."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from parity.records import Boot, Config, ProcessType
from parity.runtime.release import RunningRelease

if TYPE_CHECKING:
    from parity.dyno import Dyno
    from parity.router import Router
    from parity.runtime.edge import Edge
    from parity.runtime.formation import Formation
    from parity.runtime.process import RunningDyno


class SecondBoot:
    """A dyno that was booted again."""

    def __init__(self, running: "RunningDyno", boot: Boot) -> None:
        self.running = running
        self.boot = boot

    @property
    def dyno(self) -> "Dyno":
        """The dyno."""
        return self.running.dyno


class SecondLooks:
    """Boots `process` again, each time in its own dyno and copy; nothing is logged."""

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
        config: Config | None = None,
        hurry: bool = False,
    ) -> Iterator[SecondBoot]:
        """Yield another booted dyno; with `hurry`, do not wait for the whole boot timeout."""
        formation = self._formation.again(
            trace=trace, extra_env=extra_env, config=config, hurry=hurry
        )
        release = RunningRelease(formation, [(self._process, "again")])
        with self._edge.holding(release):
            release.launch()
            (boot,) = self._edge.run(release.boot())
            yield SecondBoot(release.dynos[0], boot)

    def router(self, second: SecondBoot, *, hurry: bool = False) -> "Router":
        """Return a router for the dyno that logs nothing."""
        return self._formation.router(second.dyno, self._edge, hurry=hurry, quiet=True)

    def settle(self, second: SecondBoot) -> None:
        """Wait for what a failed request leads to: the dyno's end, or lines in its log."""
        self._edge.run(second.running.settle(failed=True))
