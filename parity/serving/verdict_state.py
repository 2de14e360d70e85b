"""The current verdict on the app, which the terminal, the error pages and the exit code share."""

from collections.abc import Callable

from parity.records import Boot, Line, Record, Release
from parity.records.verdict import Verdict
from parity.serving.console import Console
from parity.serving.error_panel import Pages
from parity.serving.judge import Judge


class Current:
    """Holds the last verdict; `on_settled` is called after the first one."""

    def __init__(
        self, judge: Judge, console: Console, pages: Pages, on_settled: Callable[[], None]
    ) -> None:
        self.judge = judge
        self._console = console
        self._pages = pages
        self._on_settled: Callable[[], None] | None = on_settled
        self._verdict: Verdict | None = None

    @property
    def exit_code(self) -> int:
        """The exit code of `parity run` for the app as it is now."""
        return self._verdict.exit_code if self._verdict else 0

    def consider(
        self,
        released: Release,
        boot: Boot,
        *later: Record,
        following: str,
        log: tuple[Line, ...] = (),
    ) -> bool:
        """Judge, print new findings, and return whether there are any; `following` is next."""
        verdict = self.judge.judged(released, boot, *later, log=log)
        self.update(verdict, following)
        return self._console.findings(self._console.masked(verdict))

    def update(self, verdict: Verdict, following: str) -> None:
        """Set the current verdict and the next step."""
        self._verdict = verdict
        self._pages.update(self._console.masked(verdict), following)
        if self._on_settled:
            self._on_settled()
            self._on_settled = None
