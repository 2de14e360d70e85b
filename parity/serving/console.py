"""What a person sees of an app that is served: the log on stdout, the rest on stderr; masked."""

import sys
from argparse import Namespace
from collections import deque
from typing import TYPE_CHECKING

from parity.records import Boot, Config, Line, Stray
from parity.records.verdict import EffectName, Finding, Verdict
from parity.report import findings
from parity.report import stray_processes as strays
from parity.report.exposed import exposed
from parity.report.page import Page
from parity.report.panel import LAST
from parity.report.show import Show, coloured, columns
from parity.report.stream import Stream
from parity.report.summary import Group, groups
from parity.system.text import emit, oneline

if TYPE_CHECKING:
    from collections.abc import Iterable

    from parity.masking.mask import Mask
    from parity.runtime.front import Front
    from parity.serving.events import Events

SERIOUS: frozenset[EffectName] = frozenset({"reject", "fail", "unknown", "warn"})


class Teller:
    """Tells each finding once until `restart`; who stops reading the log ends `events`."""

    def __init__(self, config: Config, events: "Events", *, quiet: bool) -> None:
        choice = Namespace(format="full", report=[], quiet=quiet)
        self._show = Show(choice, config, sys.stderr, sys.stderr)
        self._stream = Stream(sys.stdout)
        self._events = events
        self._quiet = quiet
        self._told: set[tuple[str, str]] = set()
        self._mask: Mask | None = None
        self._heard, self._exposed = True, False
        self._recent: deque[Line] = deque(maxlen=LAST)
        self.knows(config, None)

    def knows(self, config: Config, verdict: Verdict | None) -> None:
        """What there is to hide, and what names files of the app and is no secret."""
        self._config, self._source = config, verdict.source if verdict else None
        if config.values:
            from parity.masking.mask import Flow, Mask

            self._mask = Mask(config, self._source)
            self._stream.hide(Flow(self._mask))

    def front(self, front: "Front") -> None:
        """The address is the first line of all; https needs an authority that browsers trust."""
        if front.authority:
            trust = f"add {front.authority} to their authorities"
            self.note(f"for browsers to trust this address, {trust}")
        self._stream.text(f"{front.url}\n")

    def stage(self, name: str) -> None:
        """A stage of the build begins."""
        self._show.stage(name)

    def line(self, line: Line) -> None:
        """A line of Heroku's log; what `git push` prints is not part of it."""
        if line.source != "heroku[router]":
            self._recent.append(line)
        if line.source == "remote":
            self._show.line(line)
            return
        self._show.pause()
        if self._heard and not self._stream.line(line):
            self._heard = False
            self.note("stdout takes no more of the log: parity ends")
            self._events.quit()

    def recent(self) -> tuple[Line, ...]:
        """The last lines, as anybody may see them; without the router's."""
        last = tuple(self._recent)
        return self._mask.log(last) if self._mask else last

    def note(self, text: str) -> None:
        """One line of parity's own."""
        self._show.pause()
        if not self._quiet:
            emit(f"parity: {oneline(text)}\n", sys.stderr)

    def listens(self, boot: Boot, network: str) -> None:
        """Who can reach the app while it is served; once."""
        text = "" if self._exposed else exposed(boot, network)
        if text:
            self._exposed = True
            self.note(text)

    def strays(self, found: "Iterable[Stray]") -> None:
        """What outlived the dynos."""
        self._show.pause()
        strays.tell(found, self._config, self._source, quiet=self._quiet)

    def masked(self, verdict: Verdict) -> Verdict:
        """The verdict as anybody may see it."""
        return self._mask.verdict(verdict) if self._mask else verdict

    def restart(self) -> None:
        """Another build: what was told before may be told again."""
        self._told.clear()

    def report(self, masked: Verdict) -> None:
        """All of a verdict that was reached before any dyno ran."""
        self._fresh(groups(masked.findings))
        self._show.verdict(masked)

    def findings(self, masked: Verdict) -> bool:
        """What is to be told of a verdict and was not yet; False if that is nothing."""
        fresh = self._fresh(g for g in groups(masked.findings) if g.effect in SERIOUS)
        if not fresh:
            return False
        page = Page(columns(sys.stderr), coloured(sys.stderr))
        for group in fresh:
            page.blank()
            show = findings.warning if group.effect == "warn" else findings.group
            show(page, group, masked.source)
        self._show.pause()
        emit(f"{page}\n", sys.stderr)
        return True

    def close(self) -> None:
        """No more signs of life."""
        self._show.__exit__(None, None, None)

    def _fresh(self, found: "Iterable[Group]") -> list[Group]:
        fresh = [g for g in found if not {(f.id, f.title) for f in _all(g)} <= self._told]
        self._told |= {(f.id, f.title) for group in fresh for f in _all(group)}
        return fresh


def _all(group: Group) -> tuple[Finding, ...]:
    return (group.first, *group.causes)
