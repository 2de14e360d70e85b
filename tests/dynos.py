"""Dynos of tiny apps, with real records."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from parity.dyno import Dyno
from parity.dyno.containment import Containment
from parity.dyno.isolation import AUTO
from parity.facts.dynos import DEFAULT
from parity.facts.limits import LIMITS
from parity.records import (
    Boot,
    Config,
    Line,
    Plan,
    ProcessType,
    Release,
    Shutdown,
    Slug,
    Source,
    Traffic,
)
from parity.runtime.edge import Edge

QUICK = LIMITS.shortened(boot_timeout=6, exit_timeout=1, idle_before_verdict=0.5)
PYTHON = "/usr/bin/env python3"


def slug_of(files: Mapping[str, str], root: Path, config: Mapping[str, str]) -> Slug:
    """Return a slug with these files that no buildpack has touched."""
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    vars_ = Config(dict(config), dict.fromkeys(config, "--config"))
    source = Source(root, "folder", None, None, "", None, {}, (), {}, {})
    plan = Plan(source, vars_, "heroku-26", (), "heroku/python", None, {}, (), None, None)
    return Slug(plan, root, {}, None, False, (), {}, None, None, 0.0)


class AtEdge:
    """A dyno whose coroutines are run to their end by code outside of its loop."""

    def __init__(self, dyno: Dyno, edge: Edge) -> None:
        self.dyno = dyno
        self.edge = edge

    def __getattr__(self, name: str) -> Any:
        return getattr(self.dyno, name)

    def boot(self) -> Boot:
        """Launch the dyno, and return the result of its boot."""
        self.dyno.launch()
        return self.edge.run(self.dyno.boot())

    def settle(self, boot: Boot, *, failed: bool) -> Boot:
        """Return the boot as it stands now."""
        return self.edge.run(self.dyno.settle(boot, failed=failed))

    def stop(self, boot: Boot, traffic: Traffic | None) -> Shutdown:
        """Stop the dyno as Heroku does."""
        return self.edge.run(self.dyno.stop(boot, traffic))

    def renew(self, folder: Path) -> None:
        """Prepare another boot."""
        self.edge.run(self.dyno.renew(folder))

    def ended(self, seconds: float) -> bool:
        """Return whether the dyno ends within `seconds`."""
        return self.edge.run(self.dyno.watch.ended(seconds))


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
    isolated: str = AUTO,
    network: str = "host",
    edge: Edge | None = None,
    **options: object,
) -> Iterator[AtEdge]:
    """Yield a dyno of `command` in a folder with `files`; it logs to `said`."""
    root, home = tmp / "slug", tmp / "home"
    root.mkdir(), home.mkdir()
    slug = slug_of(files or {}, root, config or {})
    for path, text in (files or {}).items():
        (home / path).parent.mkdir(parents=True, exist_ok=True)
        (home / path).write_text(text)
    lines: list[Line] = [] if said is None else said
    chosen: dict[str, object] = {"limits": QUICK, "size": DEFAULT, "say": lines.append, **options}
    chosen["containment"] = Containment(isolated, network)
    new = Dyno(
        Release(slug, None, None, None),
        ProcessType(kind, command, 1),
        f"{kind}.{number}",
        folder=home,
        **chosen,  # type: ignore[arg-type]
    )
    with Edge() as own, (edge or own).holding(new):
        yield AtEdge(new, edge or own)


def eventually(happened: object, seconds: float = 5.0) -> bool:
    """Return whether the callable `happened` becomes true in time."""
    until = time.monotonic() + seconds
    assert callable(happened)
    while time.monotonic() < until:
        if happened():
            return True
        time.sleep(0.01)
    return bool(happened())
