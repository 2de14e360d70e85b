"""The contents of a log in bounded memory: its codes, and the last life of every dyno."""

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice

from parity.logs.grammar import MESSAGE, OUTPUT, Form, LogEntry, entry, form_of, lines, utf8
from parity.logs.life import Life, Tally
from parity.logs.quotation import quotation, undone

HEAD = 2000
"""Lines from which the form of a log is determined."""

PUSHED = 2000
"""Lines of a push that are kept: enough to include pip's own."""

LIVES = 50
"""Dynos whose last failed life is kept."""

ONE_OFF = frozenset({"run", "scheduler"})
"""Dynos outside the formation: one-off and scheduled commands."""

REQUESTS = 5
"""Requests that are kept per code."""

_ROUTER = re.compile(
    r'(?:(?:sock=\w+ )?(?:at=)?\w+ )?code=(?P<code>[HLR]\d\d) desc="(?P<words>[^"]*)"'
)
_ERROR = re.compile(r"(?:Error )?(?P<code>[HLR]\d\d)(?: \((?P<words>[^)]*)\)|:)")
_BROKEN = re.compile(r"\bstatus=50[0-4]\b")
"""An error status from the app itself, without a code from Heroku."""
_STARTING = re.compile(r"Starting process with command `(.*)`")
_EXITED = re.compile(r"Process exited with status (\d+)")
_STATE = re.compile(r"State changed from (\w+) to (\w+)")
_CRASHED = re.compile(r"State changed from \w+ to crashed")
_STOPS = re.compile(
    r" !     (?:Error|Push)\b|-----> Build failed|\s*npm (?:ERR!|error) code|\s*ERR_PNPM_"
    r"|\s*ERROR: (?:No matching|Could not|Cannot|Failed)|\s*error: subprocess-exited-with-error"
)
"""Lines of a build that does not go on."""

_RELEASED = re.compile(r"\s*Released v\d+|Verifying deploy")
_RELEASING = re.compile(r"Running release command")
_RELEASE_FAILED = re.compile(r"Waiting for release\.* failed")
"""What a push prints about the release command
(https://devcenter.heroku.com/articles/release-phase, documented).
"""

_NEW = re.compile(r"Release v\d+ created|Deploy [0-9a-f]{7,40} by")
_BUILT = re.compile(r"Build (?P<end>failed|succeeded)(?:.*?(?P<url>https://\S+))?")
_MEMORY = re.compile(r"Process running mem=(\d+)M\(([\d.]+)%\)")
_FIELD = re.compile(r'\b(\w+)=(?:"([^"]*)"|(\S*))')


class Story:
    """Everything in a log that a diagnosis needs."""

    def __init__(self, form: Form | None) -> None:
        self.form = form
        self.count = 0
        self.unread = self.alike = 0
        self.first = self.last = ""
        self.tallies: dict[str, Tally] = {}
        self.requests: dict[str, list[dict[str, str]]] = {}
        self.answered: deque[dict[str, str]] = deque(maxlen=REQUESTS)
        self.failed: dict[str, Life] = {}
        self.crashes = self.deploys = 0
        self.build: str | None = None
        self.swollen: Life | None = None
        self.overstayed: Life | None = None
        self.up: dict[str, str] = {}
        self.pushed: deque[str] = deque(maxlen=PUSHED)
        self._lives: dict[str, Life] = {}

    def take(self, line: str) -> None:
        """Process one line of the log."""
        self.count += 1
        parsed = entry(self.form, line) if self.form else None
        if parsed is None:
            self.unread += bool(line.strip())
            self.alike += bool(MESSAGE.match(line))
            return
        self.first, self.last = self.first or parsed.at, parsed.at or self.last
        if parsed.source == "remote":
            self.pushed.append(parsed.text)
        elif not parsed.platform:
            self._life(parsed).output.append(parsed)
        elif parsed.ps == "router":
            self._router_line(parsed)
        elif parsed.ps == "api":
            self._deploy_line(parsed)
        else:
            self._platform_line(parsed)

    @property
    def rejected(self) -> bool:
        """True if the log is a push that Heroku rejected."""
        return any("Push rejected" in x or "!     Push failed" in x for x in self.pushed)

    @property
    def stopped_building(self) -> bool:
        """True if the log is a build that fails, even if the end of it is missing."""
        if self.rejected:
            return True
        return any(map(_STOPS.match, self.pushed)) and not any(map(_RELEASED.match, self.pushed))

    @property
    def endless(self) -> bool:
        """True if it is only an app's output, so that its end is unknown."""
        return self.form is not None and self.form.name == OUTPUT

    def output(self, ps: str) -> tuple[LogEntry, ...]:
        """Return the last output of a dyno."""
        life = self._lives.get(ps)
        return tuple(life.output) if life else ()

    def lives(self) -> tuple[Life, ...]:
        """Return the dynos: those that failed, and the last start of each."""
        last = (life for life in self._lives.values() if life not in self.failed.values())
        return (*self.failed.values(), *last)

    def _life(self, line: LogEntry) -> Life:
        if line.ps not in self._lives:
            while len(self._lives) >= LIVES:
                del self._lives[next(iter(self._lives))]
            self._lives[line.ps] = Life(line.ps, "", line.at, self.deploys)
        return self._lives[line.ps]

    def _count(self, code: str, words: str, at: str) -> None:
        tally = self.tallies.get(code) or Tally(code, words or "", 0, at, at)
        self.tallies[code] = tally._replace(times=tally.times + 1, last=at)

    def _router_line(self, line: LogEntry) -> None:
        match = _ROUTER.match(line.text) or _ERROR.match(line.text)
        if match is None:
            if _BROKEN.search(line.text):
                self.answered.append(_fields(line.text))
            return
        self._count(match["code"], match["words"], line.at)
        requests = self.requests.setdefault(match["code"], [])
        if len(requests) < REQUESTS:
            requests.append(_fields(line.text))

    def _deploy_line(self, line: LogEntry) -> None:
        """Apply a message about a build or a release, of which the newest counts."""
        built = _BUILT.match(line.text)
        if built:
            failed = built["end"] == "failed"
            self.build = (built["url"] or "the dashboard's Activity tab") if failed else None
        self.deploys += bool(_NEW.match(line.text))

    def _platform_line(self, line: LogEntry) -> None:
        starting = _STARTING.match(line.text)
        if starting:
            self._lives.pop(line.ps, None)
            self._life(line).command = starting[1]
            return
        error = _ERROR.match(line.text)
        if error:
            self._count(error["code"], error["words"], line.at)
        if line.source == "heroku" and "." in line.ps:
            self._apply(self._life(line), line, error)

    def _apply(self, life: Life, line: LogEntry, error: re.Match[str] | None) -> None:
        """Apply a message from Heroku about one dyno."""
        exited, state = _EXITED.match(line.text), _STATE.match(line.text)
        if _CRASHED.match(line.text) and not life.down:
            self._crashed(life)
        memory = _MEMORY.match(line.text)
        if error and error["code"] in ("R10", "R15"):
            life.error = error["code"]
            self._fail(life)
        if memory:
            life.memory = (int(memory[1]), float(memory[2]))
        if error and error["code"] in ("R14", "R15"):
            self.swollen = life
        if error and error["code"] == "R12":
            self.overstayed = life
        if line.text.startswith(("Stopping all processes", "Stopping remaining", "Error R12")):
            life.stopped = True
        if state and state[2] == "up":
            life.was_up = True
            self.up[life.type] = line.at
        if exited:
            self._exited(life, int(exited[1]))

    def end(self) -> None:
        """Finish: an app's output without Heroku's lines counts as that of a crash.

        What failed before a deploy after which the same type failed again is over.
        """
        if self.endless and not self.failed:
            for life in self._lives.values():
                self._fail(life)
        self._release_of_push()
        newest = {life.type: 0 for life in self.failed.values()}
        for life in self.failed.values():
            newest[life.type] = max(newest[life.type], life.deploys)
        self.failed = {k: x for k, x in self.failed.items() if x.deploys == newest[x.type]}

    def _release_of_push(self) -> None:
        """Apply a release command that failed at the end of a push, whose output it prints."""
        rows = list(self.pushed)
        start = next((n for n, row in enumerate(rows) if _RELEASING.match(row)), None)
        if start is not None and any(map(_RELEASE_FAILED.match, rows[start:])):
            life = Life("release.1", "", "")
            printed = (row for row in rows[start + 1 :] if not _RELEASE_FAILED.match(row))
            life.output.extend(LogEntry("", "app", "release.1", row) for row in printed)
            life.exit = 1
            self._fail(life)

    def _crashed(self, life: Life) -> None:
        """Apply the state after a crash, whose exit status may be missing."""
        life.down = True
        if life.exit is None and life.crashed and life.type not in ONE_OFF:
            self.crashes += 1
            self._fail(life)

    def _exited(self, life: Life, status: int) -> None:
        if life.stopped:
            life.stopped = False  # the next dyno may have started before this one was gone
            return
        life.exit, counted = status, life.down
        if life.crashed and not counted and life.type not in ONE_OFF:
            self.crashes += 1
            self._fail(life)

    def _fail(self, life: Life) -> None:
        self.up.pop(life.type, None)
        self.failed[f"{life.type} {life.error or 'crashed'}"] = life


def _fields(text: str) -> dict[str, str]:
    """Return the `name=value` pairs of a router's line."""
    return {m[1]: m[2] or m[3] or "" for m in _FIELD.finditer(text)}


def read(chunks: Iterable[bytes], hide: Callable[[str], str] | None = None) -> Story:
    """Read a log, passing each line through `hide`."""
    every = map(hide, lines(utf8(chunks))) if hide else lines(utf8(chunks))
    head = list(islice(every, HEAD))
    quoted = quotation(head)
    story = Story(form_of(undone(head, quoted)))
    for line in undone(chain(head, every), quoted):
        story.take(line)
    story.end()
    return story


def ranked(story: Story) -> Iterator[Tally]:
    """Yield the codes, causes before effects: a failed boot, then the visitors' errors."""
    order = {code: n for n, code in enumerate(ORDER)}
    yield from sorted(story.tallies.values(), key=lambda t: (order.get(t.code, 99), -t.times))


ORDER = "R10 R11 R15 R17 H14 H81 H10 H20 H21 H12 H13 H19 H18 H15 H17 R14 R12 H80 H82 H27".split()
