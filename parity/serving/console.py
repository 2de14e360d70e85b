"""The terminal while an app is served: the log on stdout, the rest on stderr, both masked."""

import sys
from argparse import Namespace
from collections import deque
from shlex import quote
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
from parity.serving.keys import HINT, at_terminal
from parity.system.text import emit, oneline

if TYPE_CHECKING:
    from collections.abc import Iterable

    from parity.masking.mask import Mask
    from parity.runtime.front import Front
    from parity.serving.events import Events

SERIOUS: frozenset[EffectName] = frozenset({"reject", "fail", "unknown", "warn"})


class Console:
    """Prints each finding once until `restart`; quits `events` when nothing reads the log.

    `url` is the address of the front, once there is one.
    """

    def __init__(self, config: Config, events: "Events", *, quiet: bool) -> None:
        choice = Namespace(format="full", report=[], quiet=quiet)
        self._show = Show(choice, config, sys.stderr, sys.stderr)
        self._stream = Stream(sys.stdout)
        self._events = events
        self._quiet = quiet
        self._shown: set[tuple[str, str, str]] = set()
        self._said = ""
        self._mask: Mask | None = None
        self._log_open, self._exposed, self._hinted = True, False, False
        self.url = ""
        self._recent: deque[Line] = deque(maxlen=LAST)
        self.mask_with(config, None)

    def mask_with(self, config: Config, verdict: Verdict | None) -> None:
        """Set the values to mask, and the tree whose files' names are not secrets."""
        self._config, self._source = config, verdict.source if verdict else None
        if config.values:
            from parity.masking.mask import Flow, Mask

            self._mask = Mask(config, self._source)
            self._stream.hide(Flow(self._mask))

    def front(self, front: "Front") -> None:
        """Print the address on the first line, and for https the authority that browsers need."""
        self.url = front.url
        if front.authority:
            trust = f"add {front.authority} to their authorities"
            self.note(f"for browsers to trust this address, {trust}")
        self._stream.text(f"{front.url}\n")

    def ready(self, seconds: float) -> None:
        """Print that the app takes requests, and once which keys there are."""
        self.note(f"ready: {self.url} (after {seconds:.1f} s)")
        if at_terminal() and not self._hinted:
            self.note(HINT)
        self._hinted = True

    def stage(self, name: str) -> None:
        """Show that a stage of the build begins."""
        self._show.stage(name)

    def line(self, line: Line) -> None:
        """Print a line of Heroku's log, which does not include the output of `git push`."""
        if line.source != "heroku[router]":
            self._recent.append(line)
        if line.source == "remote":
            self._show.line(line)
            return
        self._show.pause()
        if self._log_open and not self._stream.line(line):
            self._log_open = False
            self.note("stdout takes no more of the log: parity ends")
            self._events.quit()

    def recent(self) -> tuple[Line, ...]:
        """Return the last lines of the log, masked, without the router's."""
        last = tuple(self._recent)
        return self._mask.log(last) if self._mask else last

    def note(self, text: str) -> None:
        """Print one of parity's own lines."""
        self._show.pause()
        if not self._quiet:
            emit(f"parity: {oneline(text)}\n", sys.stderr)

    def unpushed(self, path: str, *, ignored: bool) -> None:
        """Print that the app does not have a file, once, unless a finding has said so."""
        if path.rstrip("/") in self._said:
            return
        self._said += f"{path}\n"
        what = f"{path} is on this disk, but not in git: the app does not have it"
        self.note(f"{what}; next: git add {'-f ' if ignored else ''}{quote(path)}")

    def note_exposure(self, boot: Boot, network: str) -> None:
        """Print once who can reach the app while it is served."""
        text = "" if self._exposed else exposed(boot, network)
        if text:
            self._exposed = True
            self.note(text)

    def strays(self, processes: "Iterable[Stray]") -> None:
        """Print the processes that outlived the dynos."""
        self._show.pause()
        strays.tell(processes, self._config, self._source, quiet=self._quiet)

    def masked(self, verdict: Verdict) -> Verdict:
        """Return the verdict with all values masked."""
        return self._mask.verdict(verdict) if self._mask else verdict

    def restart(self) -> None:
        """Allow findings of earlier builds to be printed again."""
        self._shown.clear()
        self._said = ""

    def report(self, masked: Verdict) -> None:
        """Print the whole verdict of a build that did not reach any dyno."""
        self._fresh(groups(masked.findings))
        self._show.verdict(masked)

    def findings(self, masked: Verdict) -> bool:
        """Print the serious findings that are new; return False if there are none."""
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
        """Stop showing progress."""
        self._show.__exit__(None, None, None)

    def _fresh(self, all_groups: "Iterable[Group]") -> list[Group]:
        """Return the groups with a cause that is new; of one without causes, itself counts."""
        fresh = [group for group in all_groups if not _keys(group) <= self._shown]
        self._shown |= {key for group in fresh for key in _keys(group)}
        self._said += "".join(f"{f.title}\n{f.cause}\n{f.fix}\n" for g in fresh for f in _all(g))
        return fresh


def _keys(group: Group) -> set[tuple[str, str, str]]:
    return {(group.first.id, f.id, f.title) for f in group.causes or (group.first,)}


def _all(group: Group) -> tuple[Finding, ...]:
    return (group.first, *group.causes)
