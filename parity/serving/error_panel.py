"""The router's error pages while an app is served: Heroku's, with parity's panel in them."""

from collections.abc import Mapping

from parity.records.verdict import Verdict
from parity.report.panel import Told, added
from parity.router import pages
from parity.serving.console import Teller


class Pages:
    """Makes the page for a fault of what is known now; `config` may name pages of the app's own."""

    def __init__(self, teller: Teller) -> None:
        self.config: Mapping[str, str] = {}
        self._teller = teller
        self._verdict: Verdict | None = None
        self._next = ""

    def knows(self, masked: Verdict | None, following: str) -> None:
        """The verdict that stands now, masked, and what comes or is to be done."""
        self._verdict, self._next = masked, following

    def page(self, code: str, status: int) -> bytes:
        """The page for Heroku's `code`."""
        log = self._teller.recent()
        plain = pages.page(code, status, self.config)
        return added(plain, code, Told(self._verdict, log, self._next))
