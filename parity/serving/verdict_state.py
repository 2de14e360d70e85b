"""What is known of the app now: one verdict, which the terminal, the pages and the end share."""

from collections.abc import Callable

from parity.records import Boot, Line, Record, Release
from parity.records.verdict import Verdict
from parity.serving.console import Teller
from parity.serving.error_panel import Pages
from parity.serving.judge import Judge


class Knowing:
    """Keeps the last verdict; `on_settled` is called when there is a first one."""

    def __init__(
        self, judge: Judge, teller: Teller, pages: Pages, on_settled: Callable[[], None]
    ) -> None:
        self.judging = judge
        self._teller = teller
        self._pages = pages
        self._on_settled: Callable[[], None] | None = on_settled
        self._verdict: Verdict | None = None

    @property
    def exit_code(self) -> int:
        """What `parity run` would have returned for the app as it is now."""
        return self._verdict.exit_code if self._verdict else 0

    def judge(
        self,
        released: Release,
        boot: Boot,
        *later: Record,
        following: str,
        log: tuple[Line, ...] = (),
    ) -> bool:
        """Judge and tell what is new; whether there was anything. `following`: what comes now."""
        verdict = self.judging.judged(released, boot, *later, log=log)
        self.stands(verdict, following)
        return self._teller.findings(self._teller.masked(verdict))

    def stands(self, verdict: Verdict, following: str) -> None:
        """This is the verdict now."""
        self._verdict = verdict
        self._pages.knows(self._teller.masked(verdict), following)
        if self._on_settled:
            self._on_settled()
            self._on_settled = None
