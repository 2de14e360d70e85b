"""Mistakes in a Node.js app's own code, and what to type."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.crashes import Case, check, every, rehearsed

pytestmark = pytest.mark.net

SERVER = 'const server = require("http").createServer((ask, answer) => answer.end("ok"));\n'
LISTENS = "server.listen(process.env.PORT);\n"
BROKEN = (
    "src/index.ts(1,21): error TS7016: Could not find a declaration file for module '@koa/router'."
)


def app(files: Mapping[str, str], **scripts: str) -> dict[str, str]:
    """Return an app that starts server.js."""
    package = {"name": "shop", "scripts": {"start": "node server.js", **scripts}}
    return {"package.json": json.dumps(package), **files}


CASES = [
    Case(
        "script-without-path",
        app({"server.js": SERVER + LISTENS}, start="server.js"),
        "package.json:1",
        'In package.json write `"start": "node server.js"`.',
    ),
    Case(
        "port-in-quotes",
        app({"server.js": SERVER + 'server.listen("process.env.PORT" || 3000);\n'}),
        "server.js:2",
        "In line 2 of server.js write `process.env.PORT` without quotes.",
        limits={"boot_timeout": 4},
    ),
    Case(
        "binds-loopback",
        app(
            {
                "server.js": SERVER + "const host = '127.0.0.1';\n"
                "server.listen(process.env.PORT, host, () => {});\n"
            }
        ),
        "server.js:2",
        "In line 2 of server.js write `const host = '0.0.0.0';`.",
        limits={"idle_before_verdict": 0.5},
    ),
    Case(
        "file-not-there",
        app({"server.js": 'require("fs").readFileSync("key.pem");\n', ".gitignore": "*.pem\n"}),
        ".gitignore:1",
        "the router terminates TLS",
        untracked={"key.pem": "secret"},
    ),
    Case(
        "file-not-there",
        app({"server.js": 'require("fs").readFileSync("data\\\\a.txt");\n', "data/a.txt": "a"}),
        "server.js:1",
        'Write `"data/a.txt"`.',
    ),
    Case(
        "file-not-there",
        app({"server.js": 'require("fs").readFileSync("./Data.json");\n', "data.json": "{}"}),
        "server.js:1",
        "Write `data.json`.",
    ),
    Case(
        "service-on-localhost",
        app(
            {
                "server.js": 'const url = "mongodb://127.0.0.1/shop";\n'
                "class MongooseError extends Error { name = 'MongooseError'; }\n"
                "throw new MongooseError("
                "'Operation `shops.find()` buffering timed out after 10000ms');\n"
            }
        ),
        "server.js:1",
        "process.env.MONGODB_URI",
    ),
    Case(
        "service-on-localhost",
        app(
            {
                "server.js": 'require("http").createServer((ask, answer) => {\n'
                '  require("net").connect(5432, "127.0.0.1").on("error", (error) => {\n'
                "    console.error(error.stack);\n    answer.writeHead(500).end();\n  });\n"
                "}).listen(process.env.PORT);\n"
            }
        ),
        "package.json:1",
        "process.env.DATABASE_URL",
    ),
    Case(
        "missing-config-var",
        app(
            {
                "server.js": 'require("http").createServer((ask, answer) => {\n'
                "  const sign = (key) => { if (!key) throw Error('key must have a value'); };\n"
                "  try {\n    sign(process.env.SHOP_KEY);\n  } catch (error) {\n"
                "    console.error(error.stack);\n    answer.writeHead(500).end();\n  }\n"
                "}).listen(process.env.PORT);\n"
            }
        ),
        "server.js:4",
        "Type `heroku config:set SHOP_KEY=VALUE`",
    ),
    Case(
        "missing-dependency",
        app(
            {
                "server.js": 'require("http").createServer((ask, answer) => {\n'
                '  try {\n    require("ejs");\n  } catch (error) {\n'
                "    console.error(error.stack);\n    answer.writeHead(500).end();\n  }\n"
                "}).listen(process.env.PORT);\n"
            }
        ),
        "server.js:3",
        "Type `npm install ejs`",
    ),
    Case(
        "module-extension-missing",
        {
            "package.json": '{"type": "module", "scripts": {"start": "node src/server.js"}}',
            "src/server.js": "import { x } from '../lib/util';\n",
            "lib/util.js": "export const x = 1;\n",
        },
        "src/server.js:1",
        "Write `../lib/util.js` instead of `../lib/util`.",
    ),
    Case(
        "module-extension-missing",
        {
            "package.json": '{"type": "module", "scripts": {"start": "node server.js"}}',
            "server.js": "import { x } from './lib';\n",
            "lib/index.js": "export const x = 1;\n",
        },
        "server.js:1",
        "Write `./lib/index.js` instead of `./lib`.",
    ),
    Case(
        "unhandled-exception",
        app(
            {
                "server.js": "const start = (count) => { throw new Error('count is missing'); };\n"
                "start(process.env.SHOP_COUNT || 2);\nstart(process.env.WEB_CONCURRENCY);\n"
            }
        ),
        "server.js:1",
        "Correct that line",
    ),
    Case(
        "build-script-error",
        app(
            {
                "server.js": SERVER + LISTENS,
                "src/index.ts": "",
                "build.js": f'console.log("{BROKEN}"); process.exit(2);',
            },
            build="node build.js",
        ),
        "src/index.ts:1",
        "Type `npm install --save-dev @types/koa__router`, commit.",
    ),
]


@every(CASES)
def test_the_cause_is_named(case: Case, tmp_path: Path) -> None:
    """Exactly one cause is named, at its place, with what to type."""
    check(tmp_path / "app", case)


def test_an_error_at_the_first_request_is_none_of_the_start(tmp_path: Path) -> None:
    """The dyno is up when it throws, so it did not crash at the start."""
    code = "require('http').createServer(() => { throw new Error('no') })"
    case = Case(
        "unhandled-exception",
        app({"server.js": f"{code}.listen(process.env.PORT);\n"}),
        "server.js:1",
        "Correct that line",
    )
    check(tmp_path / "app", case)


def test_a_page_that_nothing_builds(tmp_path: Path) -> None:
    """Express answers 404 and logs what it did not find: the visitor sees `Not Found`."""
    code = (
        "require('http').createServer((ask, answer) => {\n"
        "  require('fs').stat(__dirname + '/client/build/index.html', (error) => {\n"
        "    console.error(error.stack);\n    answer.writeHead(404).end();\n  });\n"
        "}).listen(process.env.PORT);\n"
    )
    files = app({"server.js": code, "client/package.json": '{"scripts": {"build": "echo"}}'})
    verdict = rehearsed(tmp_path / "app", Case("", files, None, ""))
    findings = {f.id: f for f in verdict.findings if f.effect == "warn"}
    assert verdict.verdict == "works" and [*findings] == ["page-file-missing"]
    assert "npm run build --prefix client" in findings["page-file-missing"].fix
