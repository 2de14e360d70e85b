"""Real builds of apps in any language, each in its own folder."""

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from parity.dyno.containment import Containment
from parity.push.build import build
from parity.push.detect import detect
from parity.push.source import lay_out
from parity.records import Config, Line, Slug
from parity.records.verdict import Finding
from parity.rules.engine import diagnose
from parity.rules.loading import load
from tests.trees import tree

SERVER = 'require("http").createServer((q, r) => r.end("ok")).listen(process.env.PORT);\n'


def package(**fields: object) -> dict[str, str]:
    """Return a Node.js app with these fields of package.json, which `npm start` can start."""
    told = {"name": "shop", "scripts": {"start": "node server.js"}, **fields}
    return {"package.json": json.dumps(told, indent=1), "server.js": SERVER}


def pushed(
    files: Mapping[str, str | bytes],
    place: Path,
    *,
    buildpacks: Sequence[str] = (),
    config: Mapping[str, str] | None = None,
    offline: bool = False,
) -> tuple[Slug, list[str]]:
    """Build an app in the new folder `place`; return the slug, and what git push prints."""
    source, values = tree(files), dict(config or {})
    said: list[Line] = []
    plan = detect(
        source,
        Config(values, dict.fromkeys(values, "--config")),
        stack="heroku-26",
        buildpacks=buildpacks,
        say=said.append,
        clock=time.time,
    )
    assert plan.refusal is None and plan.unsupported is None
    folder = place / "slug"
    folder.mkdir(parents=True)
    lay_out(source, folder)
    run = Containment().run
    slug = build(plan, folder, run=run, say=said.append, clock=time.time, offline=offline)
    return slug, [line.text for line in said]


def findings_of(slug: Slug) -> dict[str, Finding]:
    """Return the findings about a slug, by id."""
    load()
    return {finding.id: finding for finding in diagnose(slug)}
