"""Rehearsals as a real run left them: the records of each step, to be judged again without it.

`Tape` listens to a real rehearsal; `replayed` gives its records to the same judge, which finds the
causes, chooses the repairs and makes the diffs anew. Only what a run must show is recorded.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from parity import rehearse
from parity.facts.limits import Limits
from parity.records import Boot, Config, Line, Plan, Pushed, Record, Slug, Source
from parity.records.options import DEFAULTS, Options
from parity.records.verdict import Verdict
from parity.rehearsal import pipeline
from parity.rehearsal.trial import Trial
from tests import codec
from tests.steady import APP, Steady

FOLDER = Path(__file__).parent / "recordings"
AGAIN = "Record it again: pytest --record -k NAME"
AT = 1_800_000_000.0
"""The time of every recorded line."""


class Recording:
    """`on`: the tests that run for real record what they see (`pytest --record`)."""

    on = False


class Seen(NamedTuple):
    """A record that was judged; `dyno` 0: it is the report's, otherwise another dyno's."""

    record: Record
    dyno: int = 0


class Part(NamedTuple):
    """What was seen of the push (`after` empty), or of a copy with the repair `after`."""

    after: tuple[str, ...]
    seen: tuple[Seen, ...]


class Take(NamedTuple):
    """A whole rehearsal; without its log, if no test looks at that."""

    parts: tuple[Part, ...]
    log: tuple[Line, ...] = ()
    formation: tuple[Boot, ...] = ()


codec.TYPES.update({kind.__name__: kind for kind in (Seen, Part, Take)})


class Listening(Trial):
    """A judge that also keeps what it is given."""

    made: list["Listening"]

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._parts: list[tuple[tuple[str, ...], list[Seen]]] = [((), [])]
        self._dyno = self._dynos = 0
        self._judging = False
        Listening.made.append(self)

    def observe(self, record: Record) -> None:
        """Keep the record, and judge it; what the judgement itself adds comes again by itself."""
        if not self._judging:
            self._parts[-1][1].append(Seen(record, self._dyno))
        outer, self._judging = self._judging, True
        try:
            super().observe(record)
        finally:
            self._judging = outer

    @contextmanager
    def after(self, finding: str, what: str, copy: Source) -> Iterator[None]:
        """Begin another part."""
        self._parts.append(((finding, what), []))
        with super().after(finding, what, copy):
            yield

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Keep what is seen of another dyno under a number of its own."""
        self._dynos += 1
        outer, self._dyno = self._dyno, self._dynos
        with super().aside():
            yield
        self._dyno = outer

    def take(self, verdict: Verdict) -> Take:
        """Return all that was kept."""
        parts = tuple(Part(after, tuple(seen)) for after, seen in self._parts)
        return Take(parts, verdict.log, verdict.formation)


def replayed(take: Take, config: Config, options: Options = DEFAULTS) -> Verdict:
    """Return the verdict on a take, as today's rules and repairs judge it."""
    trial = Trial("run", None, None, strict=options.strict)
    for line in take.log:
        trial.say(line)
    first, *later = take.parts
    _play(trial, first.seen)
    records = [seen.record for seen in first.seen]
    source = next(r for r in records if isinstance(r, Source))
    plan = next((r for r in records if isinstance(r, Plan)), None)
    stack = plan.stack if plan else options.stack
    pushed = Pushed(source, plan.config if plan else config, stack, options.buildpacks)
    copies = iter(later)

    def go_on(_: Pushed) -> None:
        copy, now = next(copies, None), trial.repaired[-1]
        assert copy and copy.after == (now.finding, now.what), (
            f"a repair that no recorded run has tried: {now.what} ({now.finding}). {AGAIN}"
        )
        _play(trial, copy.seen)

    if take.formation:
        trial.formation(take.formation)
    pipeline.after_that(trial, pushed, options, go_on)
    missing = next(copies, None)
    assert missing is None, f"a recorded repair is not made: {missing and missing.after}. {AGAIN}"
    return trial.verdict()


def _play(trial: Trial, seen: tuple[Seen, ...]) -> None:
    """Give the records to the judge, those of another dyno together."""
    for dyno, group in groupby(seen, lambda one: one.dyno):
        with trial.aside() if dyno else nullcontext():
            for one in group:
                trial.observe(one.record)


def digest(files: Mapping[str, bytes], *more: object) -> str:
    """Return the hash of an app's files, and of all else that its rehearsal depends on."""
    names = [f"{path} {sha256(data).hexdigest()}" for path, data in sorted(files.items())]
    return sha256("\n".join([*names, *map(repr, more)]).encode()).hexdigest()[:12]


class Recorded(NamedTuple):
    """A recording: the hash `of` the app, its takes, and the `diff` that git has applied."""

    of: str
    takes: tuple[Take, ...]
    diff: str = ""


class Built(NamedTuple):
    """The recording of a build alone: its slug, and what git push printed."""

    slug: Slug
    log: tuple[str, ...]


codec.TYPES |= {"Recorded": Recorded, "Built": Built}


def _place(name: str) -> Path:
    return FOLDER / f"{name}.json"


def is_recorded(name: str) -> bool:
    """Return whether there is a recording of this name."""
    return _place(name).exists()


def load(name: str, files: Mapping[str, bytes], folder: Path) -> Recorded:
    """Return the recording `name` of the app with these files, which is in `folder` now."""
    recorded = _read(name, files, folder)
    assert isinstance(recorded, Recorded)
    return recorded


def load_build(name: str, files: Mapping[str, bytes], folder: Path) -> Built:
    """Return the recording of a build."""
    built = _read(name, files, folder)
    assert isinstance(built, Built)
    return built


def save_build(
    name: str, files: Mapping[str, bytes], folder: Path, slug: Slug, log: Sequence[str]
) -> None:
    """Write the recording of a build, if `Recording.on`."""
    if Recording.on:
        _write(name, Built(slug, tuple(log)), files, folder)


def _read(name: str, files: Mapping[str, bytes], folder: Path) -> object:
    document = json.loads(_place(name).read_text())
    value: object = codec.Reader(files, AT, {APP: folder}).value(document)
    return value


def _write(
    name: str, record: object, files: Mapping[str, bytes], folder: Path, *, numbers: bool = True
) -> None:
    """Write a recording of the app in `folder`."""
    place = _place(name)
    place.parent.mkdir(parents=True, exist_ok=True)
    written = codec.Writer(files).value(record)
    place.write_text(codec.pretty(Steady(folder, numbers=numbers).document(written)) + "\n")


class Tape:
    """Rehearses an app with these files, and records that if `Recording.on`."""

    def __init__(self, name: str, of: str, files: Mapping[str, bytes], *, log: bool = True) -> None:
        self._name, self._of, self._files, self._log = name, of, files, log
        self._runs: list[tuple[Take, Verdict, Config, Options]] = []

    def rehearse(
        self, folder: Path, *, config: Config, options: Options = DEFAULTS, facts: Limits
    ) -> Verdict:
        """Return the verdict of a real rehearsal."""
        if not Recording.on:
            return rehearse(folder, config=config, options=options, facts=facts)
        Listening.made = []
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(pipeline, "Trial", Listening)
            verdict = rehearse(folder, config=config, options=options, facts=facts)
        self._runs.append((Listening.made[-1].take(verdict), verdict, config, options))
        return verdict

    def save(self, folder: Path, diff: str = "") -> None:
        """Write the recording of the app in `folder`, if it leads to the same verdicts."""
        if not Recording.on:
            return
        takes = tuple(take for take, *_ in self._runs)
        takes = takes if self._log else tuple(take._replace(log=()) for take in takes)
        recorded = Recorded(self._of, takes, diff)
        for numbers in (True, False):
            _write(self._name, recorded, self._files, folder, numbers=numbers)
            wrong = self._wrong(folder)
            if not wrong:
                return
        _place(self._name).unlink()
        raise AssertionError(wrong)

    def _wrong(self, folder: Path) -> str:
        """Return how the recording's verdicts differ from those of the real run."""
        for take, (_, verdict, config, options) in zip(
            load(self._name, self._files, folder).takes, self._runs, strict=True
        ):
            try:
                again = replayed(take, config, options)
            except AssertionError as error:
                return str(error)
            if gist(again) != gist(verdict):
                return f"{gist(again)}\n{gist(verdict)}"
        return ""


def gist(verdict: Verdict) -> tuple[object, ...]:
    """Return what a verdict decides, without words that hold times and sizes."""
    findings = [(f.id, f.effect, f.symptom, f.after, f.diff, f.tried) for f in verdict.findings]
    places = [[(e.file, e.line, e.column) for e in f.evidence] for f in verdict.findings]
    repaired = [(r.finding, r.what, r.outcome, r.answer) for r in verdict.repaired]
    fixes = [(fix.finding, fix.what) for fix in verdict.fixes]
    return verdict.verdict, verdict.symptom, findings, places, repaired, fixes
