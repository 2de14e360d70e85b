"""The judge of a served app, as a protocol, and a browser's failed request as a record."""

from collections.abc import Callable
from typing import Protocol

from parity.records import Boot, Exchange, Line, Record, Release, Say, Traffic
from parity.records.verdict import Verdict
from parity.router import Passed
from parity.runtime.deploy import Observer
from parity.runtime.formation import Formation


class BuildObserver(Observer, Protocol):
    """Observes one build."""

    def stuck(self, what: str, fix: str) -> None:
        """Note that this machine ended the build, and what to do."""

    def verdict(self) -> Verdict:
        """Return the verdict on what was observed so far."""


class Judge(Protocol):
    """Explains what an app does; serving itself knows no rules."""

    def build(self, say: Say, on_stage: Callable[[str], None]) -> BuildObserver:
        """Return an observer for another build; it passes the platform's lines on to `say`."""

    def judged(
        self, released: Release, boot: Boot, *later: Record, log: tuple[Line, ...] = ()
    ) -> Verdict:
        """Return the verdict on a release with this boot, and any traffic or shutdown after it."""

    def explained(self, formation: Formation, boot: Boot) -> Boot:
        """Return the boot with the result of a second look, if there is one."""


def failed_request(boot: Boot, passed: Passed, output: tuple[Line, ...]) -> Traffic:
    """Return a browser's failed request as the traffic of a rehearsal; its body is not known."""
    exchange = Exchange(
        method=passed.method,
        path=passed.path,
        host=passed.host,
        status=passed.status,
        code=passed.code,
        detail=passed.detail,
        connect_ms=passed.connect_ms or 0,
        service_ms=passed.service_ms or 0,
        bytes=passed.bytes or 0,
        headers={},
        body=b"",
        first=passed.path,
    )
    return Traffic(boot, (exchange,), output)
