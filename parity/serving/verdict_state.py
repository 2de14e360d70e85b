"""The current verdict on the app, which the terminal, the error pages and the exit code share."""

from collections.abc import Callable

from parity.records import Boot, Line, Record, Release
from parity.records.verdict import Verdict
from parity.serving.console import Console
from parity.serving.error_panel import Pages
from parity.serving.judge import Judge


class Current:
    """Holds the last verdict; `browse` opens the app, if `opens` also after the first verdict."""

    def __init__(
        self,
        judge: Judge,
        console: Console,
        pages: Pages,
        browse: Callable[[], None],
        *,
        opens: bool,
    ) -> None:
        self.judge = judge
        self.browse = browse
        self._console = console
        self._pages = pages
        self._opens = opens
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
        if self._opens:
            self._opens = False
            self.browse()
