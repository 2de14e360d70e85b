"""Why Node.js apps fail, shown by small apps: some are booted and requested, some only built."""

import json
from pathlib import Path

import pytest

from tests.builds import refusing, sdist
from tests.crashes import Case, check, every
from tests.pushes import SERVER, findings_of, package, pushed

pytestmark = pytest.mark.net

SERVES = 'require("http").createServer((q, r) => r.end("ok"))'


def node(server: str, *, name: str = "server.js", **fields: object) -> dict[str, str]:
    """Return an app that starts with `server`."""
    told = {"name": "shop", "scripts": {"start": f"node {name}"}, **fields}
    return {"package.json": json.dumps(told, indent=1), name: server}


CASES = [
    Case(
        "module-not-installed",
        {
            **node('require("shop-kit/none");\n', dependencies={"shop-kit": "file:./kit"}),
            "kit/package.json": '{"name": "shop-kit", "version": "1.0.0"}',
        },
        "package.json:7",
        "install again",
    ),
    Case(
        "submodule-missing",
        node(f'{SERVER}\nrequire("./lib/prices");\n'),
        "server.js:3",
        "Commit the file",
    ),
    Case(
        "import-outside-module",
        node(f'import http from "http";\n{SERVER}', name="server.cjs"),
        "server.cjs:1",
        'Add `"type": "module"`',
    ),
    Case(
        "require-in-module", node(SERVER, type="module"), "server.js:1", "Write `import x from 'x'`"
    ),
    Case(
        "port-not-a-port",
        node(f"{SERVES}.listen(process.env.PORT + '5000');\n"),
        "server.js:1",
        "Listen on `process.env.PORT` as it is",
    ),
    Case(
        "node-modules-from-elsewhere",
        {
            **node('require("ms");\n', dependencies={"ms": "2.1.3"}),
            "node_modules/ms/index.js": 'require("./fast.node");\n',
            "node_modules/ms/package.json": '{"name": "ms", "version": "2.1.3"}',
            "node_modules/ms/fast.node": "MZ" + "x" * 4096,
        },
        "node_modules",
        "git rm -r --cached node_modules",
    ),
    Case(
        "unhandled-exception",
        node('\nthrow new TypeError("no prices");\n'),
        "server.js:2",
        "Correct that line",
    ),
    Case(
        "unhandled-exception",
        node(
            'require("http").createServer((q, r) => {\n  try {\n    prices();\n  } catch (e) {\n'
            "    console.error(e);\n    r.statusCode = 500;\n    r.end();\n  }\n"
            "}).listen(process.env.PORT);\n"
        ),
        "server.js:3",
        "Correct that line",
    ),
    Case(
        "address-in-use",
        node(f"{SERVER}{SERVES}.listen(process.env.PORT);\n"),
        "server.js:2",
        "Call `listen` once",
    ),
    Case(
        "exits-at-once",
        node('console.log("done");\n'),
        "package.json:4",
        "Start a server in it",
    ),
]  # fmt: skip


@every(CASES)
def test_the_cause_is_named(case: Case, tmp_path: Path) -> None:
    """Exactly one cause is named, at its place, with what to write there."""
    check(tmp_path / "shop", case)


def script(text: str) -> dict[str, str]:
    """Return an app that is built by a script."""
    return package(scripts={"build": text, "start": "node server.js"})


KIT_JSON = '{"name": "kit", "version": "1.0.0", "scripts": {"install": "exit 1"}}'
HEAP = "node --max-old-space-size=16 -e 'a = []; for (;;) a.push(new Array(1e5).fill(1))'"
_, KIT = sdist("kit", "1.0.0", {"package.json": KIT_JSON})
YARN = """\
__metadata:
  version: 8
  cacheKey: 10c0

"shop@workspace:.":
  version: 0.0.0-use.local
  resolution: "shop@workspace:."
  languageName: unknown
  linkType: soft
"""
WANTS_MS = package(dependencies={"ms": "2.1.3"})
BUILDS: dict[str, dict[str, str | bytes]] = {
    "npm-package-name-typo": package(dependencies={"My Package": "1.0.0"}),
    "outdated-yarn-lockfile": {**WANTS_MS, "yarn.lock": "# yarn lockfile v1\n"},
    "yarn-lockfile-out-of-sync": {
        **package(dependencies={"ms": "2.1.3"}, packageManager="yarn@4.5.0"),
        "yarn.lock": YARN,
    },
    "pnpm-lockfile-out-of-sync": {
        **WANTS_MS,
        "pnpm-lock.yaml": "lockfileVersion: '9.0'\n\nimporters:\n\n  .: {}\n",
    },
    "openssl-unsupported-algorithm": script("node -e 'crypto.createHash(`md4`)'"),
    "node-out-of-memory": script(HEAP),
    "node-install-failed": package(dependencies={"kit": "file:./kit.tgz"}),
    "dependency-failed-to-build": {
        **package(dependencies={"kit": "file:kit.tgz"}),
        "kit.tgz": KIT,
    },
}


@pytest.mark.parametrize("cause", BUILDS)
def test_the_build_names_it(cause: str, tmp_path: Path) -> None:
    """npm itself, or the build script, fails; the cause quotes it."""
    slug, _ = pushed(BUILDS[cause], tmp_path)
    assert slug.unknown is None and slug.refusal
    assert [f.id for f in findings_of(slug).values() if f.effect != "note"] == [
        "push-rejected",
        cause,
    ]


def test_a_private_repository(tmp_path: Path) -> None:
    """git asks for a password, which Heroku does not have."""
    with refusing(401) as address:
        asks = package(dependencies={"kit": f"git+{address}/shop/kit.git"})
        slug, _ = pushed(asks, tmp_path)
    told = [f.id for f in findings_of(slug).values() if f.effect != "note"]
    assert told == ["push-rejected", "private-git-dependency-without-auth"], slug.output
