"""What the log of a Node.js app that failed says: its cause, and what to type."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from parity.facts.buildpacks import NODE
from parity.records import Boot, Config, Interpreter, Line, ProcessType, Refusal, Runtime
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
    files = {path: text for path, text in files.items() if text}
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
        "Use npm for it",
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
        "dev-tool-at-start",
        yarn("tsc && node out/i.js") | {"devDependencies": {"typescript": "5"}},
        "sh: 1: tsc: not found",
        '`"build": "tsc"`, and `"start": "node out/i.js"`',
    ),
    Log(
        "compiles-at-start",
        yarn("npm run build && node out/i.js", build="tsc")
        | {"dependencies": {"typescript": "5"}, "devDependencies": {"@types/node": "20"}},
        "error TS2688: Cannot find type definition file for 'node'.",
        'In package.json write `"start": "node out/i.js"`; Heroku runs `build` in the build',
    ),
    Log(
        "compiles-at-start",
        yarn("tsc && node out/i.js")
        | {"dependencies": {"typescript": "5"}, "devDependencies": {"@types/koa__router": "1"}},
        "src/i.ts(1,8): error TS7016: Could not find a declaration file for module '@koa/router'.",
        '`"build": "tsc"`',
    ),
    Log(
        "unhandled-exception",
        yarn("tsc && node out/i.js") | {"devDependencies": {"@types/node": "20"}},
        "src/i.ts(3,7): error TS2322: Type 'string' is not assignable to type 'number'.",
        "Correct that line",
        {"src/i.ts": "\n\nconst n: number = 'x';"},
    ),
    Log(
        "tool-not-in-dyno",
        {},
        "> shop@1.0.0 start\n> tsc && node dist/index.js\nsh: 1: tsc: not found",
        '`"build": "tsc"`, and `"start": "node dist/index.js"`',
        {"package.json": ""},
    ),
    Log(
        "tool-not-in-dyno",
        {},
        'up: $ yarn prisma migrate deploy\nup: error Command "prisma" not found.',
        "`npm install --save-prod prisma`, which moves the line to dependencies",
        {"package.json": ""},
    ),
    Log(
        "tool-not-in-dyno",
        {},
        "sh: 1: webpack-dev-server: not found",
        'Build the pages in the build (`"build": "webpack"`)',
        {"package.json": ""},
    ),
    Log("start-script-missing", yarn("x"), 'error Command "serve" not found.', '"serve": "'),
    Log(
        "prisma-not-generated",
        yarn("node server.js", build="tsc") | {"dependencies": {"@prisma/client": "5.22.0"}},
        'Error: @prisma/client did not initialize yet. Please run "prisma generate"\n'
        "    at Object.<anonymous> (/app/server.js:1:1)",
        '`"build": "prisma generate --schema data/schema.prisma && tsc"`, and type `npm install'
        " --save-dev prisma@5.22.0`",
        {"server.js": "new PrismaClient();", "data/schema.prisma": "model Guest {}"},
    ),
    Log(
        "prisma-not-generated",
        yarn("node server.js") | {"dependencies": {"@prisma/client": "6", "prisma": "6"}},
        "Error: Cannot find module './generated/prisma'\n"
        "Require stack:\n- /app/server.js\n    at Object.<anonymous> (/app/server.js:1:1)",
        '`"build": "prisma generate"`; Heroku runs it',
        {
            "server.js": "require('./generated/prisma');",
            "prisma/schema.prisma": 'generator client {\n  output = "../generated/prisma"\n}',
        },
    ),
    Log(
        "submodule-missing",
        {"dependencies": {"@prisma/client": "6"}},
        "Error: Cannot find module './prices'\n"
        "Require stack:\n- /app/server.js\n    at Object.<anonymous> (/app/server.js:1:1)",
        "Commit the file",
        {"server.js": "require('./prices');", "prisma/schema.prisma": "model Guest {}"},
    ),
    Log(
        "browser-not-in-build",
        {},
        "browserType.launch: Executable doesn't exist at /app/.cache/ms-playwright/chrome",
        "`npx playwright install chromium`",
        {"server.js": "const browser = await chromium.launch();"},
    ),
    Log(
        "browser-not-in-build",
        {},
        "Error: Could not find Chrome (ver. 131.0.6778.204). This can occur if either",
        ".puppeteerrc.cjs",
        {"server.js": "const browser = await puppeteer.launch();"},
    ),
    Log(
        "browser-lacks-library",
        {},
        "/app/.cache/chrome/chrome: error while loading shared libraries: libnss3.so: cannot open",
        "chrome-for-testing",
    ),
    Log(
        "unhandled-exception",
        {},
        "Error: No key. Please set one with setKey().\n    at Object.<anonymous> (/app/a.js:1:1)",
        "Do what the message asks for: “Please set one with setKey().”",
        {"a.js": "start();"},
    ),
    Log(
        "unhandled-exception",
        {},
        "TypeError: Cannot set properties of undefined (setting 'x')\n    at /app/a.js:1:1",
        "Correct that line",
        {"a.js": "a.x = 1;"},
    ),
    Log(
        "service-on-localhost",
        {},
        "Error: connect ECONNREFUSED 127.0.0.1:6379",
        "process.env.REDIS_URL",
        {"server.js": "createClient({ url: 'redis://localhost:6379' })\nprocess.env.DATABASE_URL"},
    ),
]


TRACES = {
    "main.go:7": "panic: assignment to entry in nil map\n\ngoroutine 1 [running]:\nmain.main()\n"
    "\t/tmp/build_7f00c1/main.go:7 +0x1d",
    "app.rb:2": "/app/vendor/ruby-3.3.9/lib/ruby/3.3.0/kernel_require.rb:136:in `require': cannot"
    " load such file -- sinatra (LoadError)\n\tfrom /app/app.rb:2:in `<main>'",
    "index.php:3": "PHP Fatal error:  Uncaught Error: Call to undefined function f() in"
    " /app/index.php:3",
    "src/Main.java:5": 'Exception in thread "main" java.lang.IllegalStateException: no key\n'
    "\tat shop.Main.main(Main.java:5)",
    "src/main.rs:4": "thread 'main' panicked at src/main.rs:4:5:\nno key",
    "Program.cs:9": "Unhandled exception. System.InvalidOperationException: no key\n"
    "   at Program.<Main>$(String[] args) in /app/Program.cs:line 9",
    "lib/shop.ex:3": "** (RuntimeError) no key\n    lib/shop.ex:3: Shop.start/2",
}


@pytest.mark.parametrize("place", TRACES)
def test_other_languages(place: str) -> None:
    """The app's own line is named, whatever the language of the trace."""
    file = place.partition(":")[0]
    found = causes(Log("unhandled-exception", {}, TRACES[place], files={file: "x\n" * 9}, exit=2))
    (evidence, *_) = found["unhandled-exception"].evidence
    assert f"{evidence.file}:{evidence.line}" == place


@pytest.mark.parametrize("log", LOGS, ids=[f"{log.cause}-{n}" for n, log in enumerate(LOGS)])
def test_the_log_names_the_cause(log: Log) -> None:
    """Exactly one cause is named, or none, and its fix says what to type."""
    found = causes(log)
    assert [*found] == ([log.cause] if log.cause else [])
    assert not log.cause or log.fix in found[log.cause].fix


def rejected(reason: str, script: str, output: str, files: Mapping[str, str]) -> dict[str, Finding]:
    """Return the causes of a rejected push of a Node.js app, by id."""
    load()
    plan = verdicts.plan(verdicts.source(files), runs=(NODE,), detected=(NODE,), buildpack=NODE)
    refusal = Refusal(reason, (" !     Error: failed.",), "package.json", None, script)
    here = {NODE: Interpreter(Path("/n"), "24.1.0", True)}
    lines = tuple(output.splitlines())
    slug = verdicts.slug(plan, refusal=refusal, output=lines, interpreters=here)
    return {f.id: f for f in diagnose(slug) if f.kind == "cause" and f.symptom}


WEB = {"web/package.json": json.dumps({"devDependencies": {"vite": "5"}}, indent=1)}
NESTED = "nested-install-without-dev"


@pytest.mark.parametrize(
    ("build", "right"),
    [
        ("cd web && npm install && npm run build", "cd web && npm install --include=dev &&"),
        ("npm ci --prefix web && npm run web", "npm ci --include=dev --prefix web &&"),
        ("npm --prefix=web i; npm run web", "npm --prefix=web i --include=dev;"),
        ("yarn --cwd web && yarn --cwd web build", "yarn --cwd web --production=false && yarn"),
        ("(cd web && yarn && yarn build)", "(cd web && yarn --production=false && yarn build)"),
        ("pnpm -C web install && pnpm -C web build", "pnpm -C web install --prod=false &&"),
    ],
)
def test_a_nested_installation(build: str, right: str) -> None:
    """NODE_ENV is `production` in the build: a second installation leaves devDependencies out."""
    files = {"package.json": json.dumps({"scripts": {"build": build}}), **WEB}
    found = rejected("unknown-build-script-error", "build", "sh: 1: vite: not found", files)
    assert [*found] == [NESTED] and right in found[NESTED].fix


@pytest.mark.parametrize(
    ("build", "files"),
    [
        ("cd web && npm install --include=dev && npm run build", WEB),
        ("cd web && NODE_ENV=development npm install && npm run build", WEB),
        ("cd web && npm install && npm run build", {"web/package.json": "{}"}),
        ("npm install --prefix api && vite build", {"api/package.json": "{}", **WEB}),
        ("vite build", WEB),
    ],
)
def test_another_reason(build: str, files: Mapping[str, str]) -> None:
    """The folder's devDependencies are installed, or do not have the tool."""
    files = {"package.json": json.dumps({"scripts": {"build": build}}), **files}
    found = rejected("unknown-build-script-error", "build", "sh: 1: vite: not found", files)
    assert [*found] == ["build-tool-not-installed"]


@pytest.mark.parametrize(
    ("id", "code", "line"),
    [
        ("npm-allow-remote-blocked", "EALLOWREMOTE", "allow-remote=root"),
        ("npm-allow-git-blocked", "EALLOWGIT", "allow-git=root"),
    ],
)
def test_what_npm_12_refuses(id: str, code: str, line: str) -> None:
    """A dependency by address is refused; the log may have npm's code and nothing else."""
    output = f"       NPM_CONFIG_LOGLEVEL=error\n       npm error code {code}"
    cause = rejected(id, "", output, {"package.json": "{}"})[id]
    assert line in cause.fix and f"code {code}" in cause.cause
    output += '\nnpm error Refusing to fetch "kit@https://example.com/kit.tgz"'
    assert "refuses kit" in rejected(id, "", output, {"package.json": "{}"})[id].title
