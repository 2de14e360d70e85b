"""What kinds of rehearsal there are, each of which is seen for real in every run of the suite."""

from collections.abc import Iterator
from typing import Any

from parity.records import Boot, Plan, Release, Shutdown, Slug, Traffic
from tests.recorded import Recorded
from tests.test_apps import App

LOOKS = {
    Boot: ("exit", "reachable", "foreign", "binds", "stack", "predicted"),
    Traffic: ("hosts", "single", "traceback", "stack", "parts", "sessions"),
    Shutdown: ("killed", "survivors", "outside", "written"),
    Release: ("ended", "skipped", "postdeploy"),
}
"""What only some rehearsals see, by the record that holds it."""


def kinds(app: App, recorded: Recorded) -> Iterator[str]:
    """Yield the kinds to which an app belongs, by what is expected of it and was recorded."""
    yield f"verdict {app.expected['verdict']}"
    yield f"symptom {app.expected.get('code')}"
    yield from (f"option {name}" for name in app.expected.get("options", ()))
    yield from (f"git {name}" for name in app.git)
    first, *later = recorded.takes[0].parts
    yield from (f"repaired {min(2, number)} times" for number, _ in enumerate(later, 1))
    if recorded.diff:
        yield "a diff that is applied"
    last = [type(seen.record).__name__ for seen in first.seen if not seen.dyno][-1]
    yield f"ends with a {last}"
    for seen in first.seen:
        yield from _seen(seen.record)


def _seen(record: Any) -> Iterator[str]:
    for name in LOOKS.get(type(record), ()):
        if getattr(record, name):
            yield f"{type(record).__name__} with {name}"
    if isinstance(record, Plan):
        yield from (f"{runtime.language} by {runtime.manager}" for runtime in record.runtimes)
    if isinstance(record, Slug) and not record.goes_on:
        yield "a build that fails"
    if isinstance(record, Boot):
        yield f"a {record.state} boot of {record.process.name}"
        if record.state == "up":
            yield f"started by {record.process.command.split()[0]}"
    if isinstance(record, Shutdown) and record.memory and record.memory.over:
        yield f"memory {record.memory.over}"
