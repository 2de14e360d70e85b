"""The causes of what a log shows, found by the rules of a rehearsal."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from parity.facts.log_lines import BOTS
from parity.logs.life import Life
from parity.logs.replay import boot, quoted_slug, records, rejected, slug_of
from parity.logs.story import Story
from parity.records import Boot, Plan, Record, Slug
from parity.records.verdict import Evidence, Finding
from parity.rules.engine import diagnose
from parity.rules.loading import load
from parity.rules.views.python_variables import all_reads

SYMPTOMS = frozenset(
    "R10 R12 R14 R15 H10 H12 H13 H14 H15 H17 H18 H19 crashed release-failed push-rejected"
    " http-403 http-500".split()
)
"""The symptoms that a log can show."""

NEED_CODE = frozenset({"never-listens", "boots-too-slowly"})
"""Causes that claim the app's code lacks something: without the code that is unknown."""

_FOLLOWING = frozenset({"H10", "H20", "H21"})
"""Codes that visitors get because a dyno does not start."""

MANIFEST = "package.json"


class Cause(NamedTuple):
    """A symptom and its causes; `life` is that of the dyno (None: any).

    Without a symptom: the app logs an exception, and the log does not show what came of it.
    """

    symptom: Finding | None
    causes: tuple[Finding, ...]
    life: Life | None

    @property
    def id(self) -> str:
        """The symptom's id, or an empty string."""
        return self.symptom.id if self.symptom else ""


def causes(story: Story, plan: Plan | None, static: Sequence[Finding] = ()) -> list[Cause]:
    """Return the causes of the story's codes; `plan` of the app's folder makes them certain.

    `static` are the findings about that folder: they explain what the log alone does not.
    """
    load()
    slug = slug_of(plan) if plan else quoted_slug(story)
    judged = list(records(story, slug))
    if plan and ("H14" in story.tallies or (story.rejected and plan.refusal)):
        judged.append((plan, None))
    elif story.stopped_building:
        judged.append((rejected(story.pushed, slug), None))
    found = [x for record, life in judged for x in _causes(record, life, sure=bool(plan))]
    if story.endless and not any(cause.causes for cause in found):
        printed = (entry.text for entry in story.output("web.1"))
        return list(_causes(rejected(printed, slug), None, sure=bool(plan)))
    if not found or not any(cause.causes for cause in found):
        found += _logged(story, slug, sure=bool(plan))
    found = [_foreseen(cause, static) for cause in found]
    return [*found, *_foretold(story, found, static)]


def _causes(record: Record, life: Life | None, *, sure: bool) -> Iterator[Cause]:
    findings = diagnose(record)
    for symptom in (f for f in findings if f.id in SYMPTOMS):
        explaining = (f for f in findings if f.kind == "cause" and f.symptom == symptom.id)
        explaining = (f for f in explaining if f.id != "boots-too-slowly" or not _portless(record))
        found = tuple(_corrected(f, symptom, life) for f in explaining)
        yield Cause(symptom, found if sure else tuple(_from_log_alone(found, life)), life)


def _from_log_alone(found: Sequence[Finding], life: Life | None) -> Iterator[Finding]:
    """Yield the causes that hold without the code.

    That a program does not listen is known if its output is that of a bot or of a worker.
    """
    bot = next((x.text for x in life.output if BOTS.search(x.text)), None) if life else None
    for cause in map(_without_place, found):
        if cause.id not in NEED_CODE:
            yield cause
        elif cause.id == "never-listens" and bot:
            yield cause._replace(evidence=(Evidence(bot), *cause.evidence))


def _without_place(cause: Finding) -> Finding:
    """Return the cause without the lines of package.json, which a log does not show."""
    hidden = (e._replace(file=None) if e.file == MANIFEST else e for e in cause.evidence)
    return cause._replace(evidence=tuple(hidden))


def _portless(record: Record) -> bool:
    """Return whether nothing in a Python app mentions $PORT.

    Such an app listens on another port, and the log does not say that it listened on none.
    """
    if not isinstance(record, Boot):
        return False
    source, command = record.release.slug.plan.source, record.process.command
    read = any(read.name == "PORT" for read in all_reads(source))
    written = "PORT" in command or "gunicorn" in command
    return not read and not written and any(path.endswith(".py") for path in source.entries)


def _corrected(cause: Finding, symptom: Finding, life: Life | None) -> Finding:
    """Return the cause; a fix that repeats the logged command is replaced by the symptom's."""
    same = life is not None and f"{life.type}: {life.command}`" in cause.fix
    return cause._replace(fix=symptom.fix) if same and symptom.id == "R10" else cause


def _logged(story: Story, slug: Slug, *, sure: bool) -> Iterator[Cause]:
    """Yield the causes of the exceptions that dynos logged, whose end the log does not show."""
    known = {id(life) for life in story.failed.values()}
    for life in story.lives():
        if id(life) in known or life.stopped or not life.output:
            continue
        record = boot(life, slug)._replace(state="crashed")
        for cause in _causes(record, life, sure=sure):
            if cause.causes:
                yield cause._replace(symptom=None)


def _foretold(story: Story, found: Sequence[Cause], static: Sequence[Finding]) -> Iterator[Cause]:
    """Yield why the app does not start, from its folder, if the log has only visitors' errors."""
    if found or not _FOLLOWING & set(story.tallies):
        return
    for symptom in (f for f in static if f.kind == "symptom" and f.id in ("H10", "R10")):
        yield _foreseen(Cause(symptom, (), None), static)


def _foreseen(cause: Cause, static: Sequence[Finding]) -> Cause:
    """Return the cause with what the app's folder explains, if the log alone explains nothing."""
    if cause.causes or cause.symptom is None:
        return cause
    more = [f for f in static if f.kind == "cause" and f.symptom == cause.id]
    return cause._replace(causes=tuple(more))
