"""Dynos of tiny apps, with real records around them."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from parity.dyno import Dyno
from parity.facts.dynos import DEFAULT
from parity.facts.limits import LIMITS
from parity.records import Config, Line, Plan, ProcessType, Release, Slug, Source

QUICK = LIMITS.shortened(boot_timeout=6, exit_timeout=1, idle_before_verdict=0.5)
PYTHON = "/usr/bin/env python3"


def slug_of(files: Mapping[str, str], root: Path, config: Mapping[str, str]) -> Slug:
    """A slug with these files, that no buildpack has touched."""
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    vars_ = Config(dict(config), dict.fromkeys(config, "--config"))
    source = Source(root, "folder", None, None, "", None, {}, (), {}, {})
    plan = Plan(source, vars_, "heroku-26", (), "heroku/python", None, {}, (), None, None)
    return Slug(plan, root, {}, None, False, (), {}, None, None, 0.0)


@contextmanager
def dyno(
    tmp: Path,
    command: str,
    files: Mapping[str, str] | None = None,
    *,
    kind: str = "web",
    number: int = 1,
    said: list[Line] | None = None,
    config: Mapping[str, str] | None = None,
    **options: object,
) -> Iterator[Dyno]:
    """A dyno of `command` over a folder with `files`; what it says goes to `said`."""
    root, home = tmp / "slug", tmp / "home"
    root.mkdir(), home.mkdir()
    slug = slug_of(files or {}, root, config or {})
    for path, text in (files or {}).items():
        (home / path).parent.mkdir(parents=True, exist_ok=True)
        (home / path).write_text(text)
    lines: list[Line] = [] if said is None else said
    chosen: dict[str, object] = {"limits": QUICK, "size": DEFAULT, "say": lines.append, **options}
    with Dyno(
        Release(slug, None, None, None),
        ProcessType(kind, command, 1),
        f"{kind}.{number}",
        folder=home,
        **chosen,  # type: ignore[arg-type]
    ) as made:
        yield made


def eventually(happened: object, seconds: float = 5.0) -> bool:
    """Whether the callable `happened` comes true in time."""
    until = time.monotonic() + seconds
    assert callable(happened)
    while time.monotonic() < until:
        if happened():
            return True
        time.sleep(0.01)
    return bool(happened())
