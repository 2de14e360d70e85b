"""The router's error pages while an app is served: Heroku's, with parity's panel added."""

from collections.abc import Mapping

from parity.records.verdict import Verdict
from parity.report.panel import Told, added
from parity.router import pages
from parity.serving.console import Console


class Pages:
    """Builds error pages from the current verdict; `config` may name the app's own pages."""

    def __init__(self, console: Console) -> None:
        self.config: Mapping[str, str] = {}
        self._console = console
        self._verdict: Verdict | None = None
        self._next = ""

    def update(self, masked: Verdict | None, following: str) -> None:
        """Set the current verdict, masked, and the next step."""
        self._verdict, self._next = masked, following

    def page(self, code: str, status: int) -> bytes:
        """Return the page for Heroku's `code`."""
        log = self._console.recent()
        plain = pages.page(code, status, self.config)
        return added(plain, code, Told(self._verdict, log, self._next))
