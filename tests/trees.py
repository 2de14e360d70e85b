"""Trees as Heroku would get them, written down instead of read from a disk."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from parity.push.detect import detect
from parity.records import Config, Entry, Ignored, Line, Plan, Source
from parity.records.verdict import Finding
from parity.rules.build.python import hooks
from parity.rules.engine import diagnose
from parity.rules.push import config, failure_reasons, plan, procfile, procfile_lines

RULES = (config, hooks, plan, procfile, procfile_lines, failure_reasons)
NO_CONFIG = Config({}, {})
FLASK = {
    "requirements.txt": "flask\ngunicorn\n",
    "app.py": "from flask import Flask\n\napp = Flask(__name__)\n",
    ".python-version": "3.14\n",
}


def tree(
    files: Mapping[str, str | bytes],
    *,
    links: Mapping[str, str] | None = None,
    absent: Mapping[str, Ignored | None] | None = None,
) -> Source:
    """Return a tree of `files` and symbolic `links`; `absent` are on disk, but not in it."""
    entries = {}
    for path, content in files.items():
        data = content.encode() if isinstance(content, str) else content
        entries[path] = Entry(0o100644, len(data), None, data)
    for path, target in (links or {}).items():
        entries[path] = Entry(0o120000, len(target), None, target.encode())
    return Source(Path(), "worktree", None, "main", "", "shop", entries, (), absent or {}, {})


def planned(
    source: Source,
    *,
    buildpacks: Sequence[str] = (),
    stack: str = "heroku-26",
    config: Config = NO_CONFIG,
    builds: bool = True,
) -> tuple[Plan, list[str]]:
    """Return the plan, and the lines that Heroku would have printed."""
    said: list[Line] = []
    made = detect(
        source,
        config,
        stack=stack,
        buildpacks=buildpacks,
        say=said.append,
        clock=lambda: 7.5,
        builds=builds,
    )
    assert all(line.source == "remote" and line.at == 7.5 for line in said)
    return made, [line.text for line in said]


def findings(source: Source, **options: object) -> dict[str, Finding]:
    """Return the findings about the plan, by id."""
    made, _ = planned(source, **options)  # type: ignore[arg-type]
    return {finding.id: finding for finding in diagnose(made)}
