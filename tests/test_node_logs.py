"""What the log of a Node.js app that failed says: its cause, and what to type."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from parity.facts.buildpacks import NODE
from parity.records import Boot, Config, Interpreter, Line, ProcessType, Runtime
from parity.records.verdict import Finding
from parity.rules.engine import diagnose
from parity.rules.loading import load
from tests import verdicts

NPM_START = ProcessType("web", "npm start", 0)


class Log(NamedTuple):
    """The log of a crashed app with `package` as package.json, whose fix has the text `fix`.

    Without `cause` none is named.
    """

    cause: str | None
    package: Mapping[str, object]
    lines: str
    fix: str = ""
    files: Mapping[str, str] = {}
    process: ProcessType = NPM_START
    config: Mapping[str, str] = {}
    exit: int = 1


def crashed(log: Log) -> Boot:
    """Return a web dyno of a Node.js app that ended with this log."""
    files = {"package.json": json.dumps(log.package, indent=1), **log.files}
    config = Config(log.config, dict.fromkeys(log.config, "--config"))
    node = Runtime(NODE, "npm", "24.x", "engines.node", "24.1.0")
    plan = verdicts.plan(
        verdicts.source(files),
        config,
        runtimes=(node,),
        runs=(NODE,),
        processes={"web": log.process},
        detected=(NODE,),
        buildpack=NODE,
    )
    slug = verdicts.slug(plan, interpreters={NODE: Interpreter(Path("/n"), "24.1.0", True)})
    output = tuple(Line(verdicts.AT, "app[web.1]", text) for text in log.lines.splitlines())
    return verdicts.boot(slug, state="crashed", exit=log.exit, output=output, listeners=())


def causes(log: Log) -> dict[str, Finding]:
    """Return the causes of the crash, by id."""
    load()
    return {f.id: f for f in diagnose(crashed(log)) if f.kind == "cause" and f.symptom}


def yarn(text: str, **more: str) -> dict[str, object]:
    """Return a package.json with a start script."""
    return {"scripts": {"start": text, **more}}


PROCFILE = ProcessType("web", "yarn start", 1)
LOGS = [
    Log(
        "package-manager-not-installed",
        yarn("node server.js"),
        "bash: line 1: yarn: command not found",
        "In the Procfile write `web: npm start`; or commit the lock file",
        process=PROCFILE,
        exit=127,
    ),
    Log(
        "package-manager-not-installed",
        yarn("pnpm run db:up && node server.js", **{"db:up": "node up.js"}),
        "sh: 1: pnpm: not found",
        'In package.json write `"start": "npm run db:up && node server.js"`',
        exit=127,
    ),
    Log(
        "package-manager-not-installed",
        yarn("yarn && node server.js"),
        "sh: 1: yarn: not found",
        "Run its part with npm",
        exit=127,
    ),
    *(
        Log(
            "given-service-without-ssl",
            {"scripts": {"start": "node server.js"}},
            refusal,
            "Turn TLS on there",
            {"server.js": "const ssl = { rejectUnauthorized: false };"},
            config={"DATABASE_URL": "postgres://u:p@127.0.0.1/d"},
        )
        for refusal in (
            "Error: The server does not support SSL connections\n    at /app/server.js:1:1",
            "SequelizeConnectionError: The server does not support SSL connections",
            "Error: Server does not support secure connection",
            "Error opening a TLS connection: server does not support TLS",
        )
    ),
    Log(
        "given-service-refuses",
        {},
        "Error: connect ECONNREFUSED 127.0.0.1:5432",
        "Start the service",
        config={"DATABASE_URL": "postgres://u:p@127.0.0.1/d"},
    ),
    Log(
        "add-on-variable-missing",
        {},
        "Error: connect ECONNREFUSED 127.0.0.1:6379",
        "--config REDIS_URL=",
        {"server.js": "createClient({ url: process.env.REDIS_URL || 'redis://localhost:6379' })"},
    ),
    Log(
        "add-on-variable-missing",
        {},
        "Error: connect ECONNREFUSED ::1:5432",
        "`heroku addons:attach ADDON --as HEROKU_POSTGRESQL_AMBER`",
        {"db.js": "new Pool({ connectionString: process.env.HEROKU_POSTGRESQL_AMBER_URL })"},
    ),
    Log(
        "service-on-localhost",
        {},
        "Error: connect ECONNREFUSED 127.0.0.1:6379",
        "process.env.REDIS_URL",
        {"server.js": "createClient({ url: 'redis://localhost:6379' })\nprocess.env.DATABASE_URL"},
    ),
]


@pytest.mark.parametrize("log", LOGS, ids=[f"{log.cause}-{n}" for n, log in enumerate(LOGS)])
def test_the_log_names_the_cause(log: Log) -> None:
    """Exactly one cause is named, or none, and its fix says what to type."""
    found = causes(log)
    assert [*found] == ([log.cause] if log.cause else [])
    assert not log.cause or log.fix in found[log.cause].fix
