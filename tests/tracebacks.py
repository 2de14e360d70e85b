"""Crashes written by hand: an app's files, its log, and the causes that the rules name."""

from collections.abc import Mapping
from pathlib import Path

from parity.facts.buildpacks import PYTHON
from parity.records import (
    Boot,
    Config,
    Ended,
    Ignored,
    Interpreter,
    Line,
    ProcessType,
    Release,
    Slug,
    Traffic,
)
from parity.records.verdict import Finding
from parity.rules.engine import diagnose
from parity.rules.loading import load
from tests import verdicts
from tests.trees import NO_CONFIG

TRACE = "Traceback (most recent call last):"
HERE = {PYTHON: Interpreter(Path("/usr/bin/python3.14"), "3.14.0", True)}
LIBRARY = "/app/.heroku/python/lib/python3.14/site-packages"


def trace(*frames: str, error: str) -> tuple[str, ...]:
    """Return a traceback; a frame is `file:line:name`, `:name` may be missing."""
    lines = [TRACE]
    for frame in frames:
        file, line, *name = frame.split(":")
        path = file if file.startswith(("/", "<")) else f"/app/{file}"
        lines += [f'  File "{path}", line {line}, in {name[0] if name else "<module>"}', "    x"]
    return (*lines, error)


def slug_of(
    files: Mapping[str, str],
    config: Mapping[str, str],
    packages: str,
    types: Mapping[str, str],
    absent: Mapping[str, Ignored | None],
) -> Slug:
    """Return the build of an app with these `types` of processes."""
    given = Config(config, dict.fromkeys(config, "--config")) if config else NO_CONFIG
    processes = {
        name: ProcessType(name, line, n) for n, (name, line) in enumerate(types.items(), 1)
    }
    plan = verdicts.plan(verdicts.source(files)._replace(absent=absent), given, processes=processes)
    return verdicts.slug(plan, interpreters=HERE, packages=dict.fromkeys(packages.split(), "1.0"))


def causes(
    files: Mapping[str, str],
    log: tuple[str, ...],
    *,
    command: str = "python app.py",
    config: Mapping[str, str] = {},
    packages: str = "",
    release: str = "",
    page: str | None = None,
    at: str = "boot",
    absent: Mapping[str, Ignored | None] = {},
) -> dict[str, Finding]:
    """Return the causes of a failure, by id: `at` the boot, the release, or a request.

    `page` is the body of a page with status 500.
    """
    load()
    types = {"web": command, **({"release": release} if release else {})}
    slug = slug_of(files, config, packages, types, absent)
    output = tuple(Line(verdicts.AT, "app[web.1]", text) for text in log)
    record: Boot | Release | Traffic
    if at == "release":
        process = slug.plan.processes["release"]
        record = Release(slug, process, Ended(1, output, 1.0), None)
    elif at == "request" or page is not None:
        body = (page or "Internal Server Error").encode()
        answer = verdicts.exchange(status=500, body=body)
        record = Traffic(verdicts.boot(slug), (answer,), output)
    else:
        record = verdicts.boot(slug, state="crashed", exit=1, output=output, listeners=())
    return {f.id: f for f in diagnose(record) if f.kind == "cause"}
