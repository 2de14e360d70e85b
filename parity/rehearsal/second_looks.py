"""Dynos of a release that are started a second time, to see what the judged run does not show."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from parity.records import Boot, ProcessType

if TYPE_CHECKING:
    from parity.dyno import Dyno
    from parity.router import Router
    from parity.runtime.edge import Edge
    from parity.runtime.formation import Formation


class Again(NamedTuple):
    """A dyno that was booted once more."""

    dyno: "Dyno"
    boot: Boot


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
        dyno = self._formation.dyno(
            self._process, "again", trace=trace, extra_env=extra_env or {}, hurry=hurry
        )
        with self._edge.holding(dyno):
            yield Again(dyno, self._edge.run(dyno.boot()))

    def router(self, again: Again, *, hurry: bool = False) -> "Router":
        """A router before it that logs nothing."""
        return self._formation.router(again.dyno, self._edge, hurry=hurry, quiet=True)

    def settle(self, again: Again) -> None:
        """Let it end, or log, what a failed request has led to."""
        self._edge.run(again.dyno.settle(again.boot, failed=True))
