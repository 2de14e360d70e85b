"""What the Node.js buildpack decides and builds: releases, package managers, scripts, the cache."""

import json
from pathlib import Path

import pytest

from parity.facts.nodejs import inventory
from parity.push.buildpacks.nodejs import semver
from parity.push.buildpacks.nodejs.decision import chosen
from parity.records import Config, Refusal, Runtime
from parity.rules.build.node.build import PAGES as BUILD_PAGES
from parity.rules.build.node.plan import PAGES as PLAN_PAGES
from tests.pushes import findings_of, package, pushed
from tests.trees import NO_CONFIG, findings, planned, tree

LTS = inventory().lts
EDGE = (semver.HIGHEST, 0, 0)


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("20", (20, 0, 0), (21, 0, 0)), ("20.x", (20, 0, 0), (21, 0, 0)),
        ("20.x.x", (20, 0, 0), (21, 0, 0)), ("v20.1.1", (20, 1, 1), (20, 1, 2)),
        ("=20.1", (20, 1, 0), (20, 2, 0)), ("^20.1.2", (20, 1, 2), (21, 0, 0)),
        ("^0.12.3", (0, 12, 3), (0, 13, 0)), ("^0.0.3", (0, 0, 3), (0, 0, 4)),
        ("~20.3", (20, 3, 0), (20, 4, 0)), ("~>18", (18, 0, 0), (19, 0, 0)),
        (">=18", (18, 0, 0), EDGE), ("> 18", (19, 0, 0), EDGE), ("<18", (0, 0, 0), (18, 0, 0)),
        ("<=18.2", (0, 0, 0), (18, 3, 0)), (">=18 <21", (18, 0, 0), (21, 0, 0)),
        ("18 - 20", (18, 0, 0), (21, 0, 0)), ("1.2.3 - 2.3.4", (1, 2, 3), (2, 3, 5)),
        ("*", (0, 0, 0), EDGE), ("x", (0, 0, 0), EDGE), ("", (0, 0, 0), EDGE),
    ],
)  # fmt: skip
def test_ranges(text: str, low: tuple[int, ...], high: tuple[int, ...]) -> None:
    """npm's ranges are intervals: https://github.com/npm/node-semver#ranges."""
    assert semver.parse(text) == ((low, high),)


def test_alternatives() -> None:
    """`||` joins ranges; contradictions admit nothing."""
    wanted = semver.parse("18.x || >=20 <22")
    assert wanted
    told = [v for v in (17, 18, 19, 20, 21, 22) if semver.admits(wanted, (v, 3, 1))]
    assert told == [18, 20, 21]
    nothing = semver.parse(">=20 <18")
    assert nothing is not None
    assert not any(semver.admits(nothing, (v, 0, 0)) for v in range(30))


@pytest.mark.parametrize(
    "text",
    ["latest", "lts/*", "node20", "20.", "20.1.2.3", "stable", ">=", "20 ||| 22", "~~20", "1.02"],
)
def test_no_ranges(text: str) -> None:
    """What npm cannot parse is not a range."""
    assert semver.parse(text) is None


def decided(
    *, config: Config = NO_CONFIG, files: dict[str, str] | None = None, **fields: object
) -> tuple[Runtime | None, Refusal | None]:
    """Return the buildpack's decision for a package.json with these fields."""
    return chosen(tree({**package(**fields), **(files or {})}), config)


@pytest.mark.parametrize(
    ("asked", "major"),
    [
        ("22.x", 22), ("20", 20), ("^18.1.0", 18), ("0.10.x", 0), ("14 || 16", 16), ("<12", 11),
        ("*", LTS), ("latest", LTS), (">=16", LTS), ("26.x", 26),
    ],
)  # fmt: skip
def test_release(asked: str, major: int) -> None:
    """The newest release in the range; an open range ends with the active LTS."""
    node, refusal = decided(engines={"node": asked})
    assert node and refusal is None
    assert int(node.version.partition(".")[0]) == major
    assert node.certain


def test_release_is_the_newest_of_its_line() -> None:
    """`24.x` and no request are the same release today; an exact version stays."""
    none, x = decided()[0], decided(engines={"node": f"{LTS}.x"})[0]
    assert none and x and none.version == x.version
    assert none.requested is None
    exact = decided(engines={"node": "20.11.1"})[0]
    assert exact and exact.version == "20.11.1"
    number = decided(engines={"node": 20})[0]
    assert number and number.version.startswith("20.")


@pytest.mark.parametrize(
    ("asked", "warnings"),
    [
        ("24.x", []), ("18.x", ["eol"]), (">=18", ["wide-range", "lts-upper-bound"]),
        (">=18 <23", []), ("*", ["wide-range", "lts-upper-bound"]), (">=26", ["wide-range"]),
    ],
)  # fmt: skip
def test_warnings(asked: str, warnings: list[str]) -> None:
    """Open ranges and releases past their end cause warnings."""
    node, _ = decided(engines={"node": asked})
    assert node and [w.reason for w in node.warnings] == warnings


def test_wide_range_by_config_var() -> None:
    """NODEJS_ALLOW_WIDE_RANGE lifts the cap."""
    config = Config({"NODEJS_ALLOW_WIDE_RANGE": "true"}, {})
    node, _ = decided(engines={"node": ">=18"}, config=config)
    assert node and int(node.version.partition(".")[0]) == inventory().newest_major


def test_release_that_may_exist_by_now() -> None:
    """A release newer than parity's list is neither accepted nor refused."""
    newest = max(inventory().newest[LTS])
    node, refusal = decided(engines={"node": f"{LTS}.{newest + 2}.0"})
    assert node and refusal is None and not node.certain
    made, _ = planned(tree(package(engines={"node": f"{LTS}.{newest + 2}.0"})))
    assert made.unsupported
    assert findings(tree(package(engines={"node": f"{LTS}.{newest + 2}.0"})))["not-emulated"]


REFUSED: dict[str, tuple[dict[str, str], dict[str, object]]] = {
    "dot-heroku": ({".heroku": ""}, {}),
    "dot-heroku-node": ({".heroku/node": ""}, {}),
    "invalid-package-json": ({"package.json": '{\n "name": "a",\n}\n'}, {}),
    "multiple-lock-files": ({"yarn.lock": "", "package-lock.json": "{}"}, {}),
    "shrinkwrap-lock-file-conflict": ({"yarn.lock": "", "npm-shrinkwrap.json": "{}"}, {}),
    "multiple-package-managers": ({}, {"engines": {"npm": "10"}, "packageManager": "yarn@4.1.0"}),
    "iojs-unsupported": ({}, {"engines": {"iojs": "1.0.0"}}),
    "invalid-semver-requirement": ({}, {"engines": {"node": "lts/*"}}),
    "invalid-node-version": ({}, {"engines": {"node": "24.99.0"}}),
}


@pytest.mark.parametrize("reason", [page.reason for page in PLAN_PAGES])
def test_refusals_and_their_pages(reason: str) -> None:
    """Each refusal before the installation has its page, filled in."""
    files, fields = REFUSED[reason]
    source = tree({**package(**fields), **files})
    results = findings(source)
    assert list(results)[:2] == ["push-rejected", reason]
    assert results[reason].heroku == reason
    for text in (results[reason].title, results[reason].cause, results[reason].fix):
        assert not {"SUBJECT", "LTS", "WISH", "REMOVE", "LINE", "ERROR"} & set(text.split())
    said = planned(source)[1]
    assert "-----> Build failed" in said
    assert " !     Push rejected, failed to compile Node.js app." in said


def test_order_of_the_refusals() -> None:
    """The first check in the buildpack decides."""
    engines = {"node": "lts/*", "iojs": "1", "npm": "1", "yarn": "1"}
    locks = {"yarn.lock": "", "package-lock.json": "{}"}
    worse: list[tuple[dict[str, str], dict[str, str]]] = [
        ({".heroku/node": "", "package.json": "{", **locks}, engines),
        ({"package.json": "{", **locks}, engines),
        (locks, engines),
        ({}, engines),
        ({}, {"node": "lts/*", "iojs": "1"}),
        ({}, {"node": "lts/*"}),
    ]
    refusals = [decided(files=files, engines=asked)[1] for files, asked in worse]
    assert [r and r.reason for r in refusals] == [
        "dot-heroku-node",
        "invalid-package-json",
        "multiple-lock-files",
        "multiple-package-managers",
        "iojs-unsupported",
        "invalid-semver-requirement",
    ]


def test_line_of_broken_json() -> None:
    """The extra comma is blamed, not the brace after it."""
    files = {"package.json": '{\n "name": "a",\n "scripts": {},\n}\n'}
    evidence = findings(tree(files))["invalid-package-json"].evidence[0]
    assert (evidence.file, evidence.line) == ("package.json", 3)


@pytest.mark.parametrize(
    ("files", "fields", "manager", "berry"),
    [
        ({}, {}, "npm", False),
        ({"package-lock.json": "{}"}, {}, "npm", False),
        ({"npm-shrinkwrap.json": "{}"}, {}, "npm", False),
        ({"yarn.lock": ""}, {}, "yarn", False),
        ({"yarn.lock": ""}, {"packageManager": "yarn@1.22.22"}, "yarn", False),
        ({"yarn.lock": ""}, {"packageManager": "yarn@4.5.0"}, "yarn", True),
        ({"yarn.lock": "", ".yarnrc.yml": ""}, {}, "yarn", True),
        ({"pnpm-lock.yaml": ""}, {}, "pnpm", False),
    ],
)
def test_package_manager(
    files: dict[str, str], fields: dict[str, object], manager: str, berry: bool
) -> None:
    """The lock file chooses the package manager."""
    node, refusal = decided(files=files, **fields)
    assert refusal is None and node
    assert (node.manager, node.edition) == (manager, "berry" if berry else "")


@pytest.mark.net
def test_log_of_a_build(tmp_path: Path) -> None:
    """The lines are those of a push, from the first to the last."""
    slug, said = pushed(package(), tmp_path / "a")
    assert slug.refusal is None and slug.unknown is None and slug.interpreters
    start = said.index("-----> Node.js app detected")
    assert said[start : start + 16] == [
        "-----> Node.js app detected",
        "       ",
        "-----> Creating runtime environment",
        "       ",
        "       NPM_CONFIG_LOGLEVEL=error",
        "       NODE_VERBOSE=false",
        "       NODE_ENV=production",
        "       NODE_MODULES_CACHE=true",
        "       ",
        "-----> Installing binaries",
        "       engines.node (package.json):   unspecified",
        "       engines.npm (package.json):    unspecified (use default)",
        "       ",
        "       No Node.js version specified, resolving current LTS version...",
        f"       Downloading and installing node {slug.plan.runtimes[0].version}...",
        "       Validating checksum",
    ]
    heads = [line for line in said[start:] if line.startswith("----->")]
    assert heads[3:] == [
        "-----> Installing dependencies",
        "-----> Build",
        "-----> Caching build",
        "-----> Pruning devDependencies",
        "-----> Build succeeded!",
        "-----> Discovering process types",
        "-----> Compressing...",
        "-----> Launching...",
    ]
    assert "       Default types for buildpack -> web" in said
    assert slug.plan.processes["web"].command == "npm start"


@pytest.mark.net
def test_procfile_wins_over_the_default(tmp_path: Path) -> None:
    """An app with its own web line has no default type; with other types it has both."""
    slug, said = pushed({**package(), "Procfile": "web: node server.js\n"}, tmp_path / "a")
    assert slug.plan.processes["web"].command == "node server.js"
    assert "       Procfile declares types -> web" in said
    slug, said = pushed({**package(), "Procfile": "job: node server.js\n"}, tmp_path / "b")
    assert sorted(slug.plan.processes) == ["job", "web"]
    assert "       Procfile declares types     -> job" in said
    assert "H14" not in findings(tree(package()))


@pytest.mark.net
def test_warning_of_no_start_method(tmp_path: Path) -> None:
    """Without a way to start, Heroku warns and deploys."""
    slug, said = pushed({"package.json": '{"name": "shop"}'}, tmp_path / "a")
    assert slug.refusal is None
    assert " !     This app may not specify any way to start a node process" in said


@pytest.mark.net
def test_scripts_in_their_order(tmp_path: Path) -> None:
    """heroku-prebuild, installation, heroku-postbuild before build, heroku-cleanup; with config."""
    names = ("heroku-prebuild", "postinstall", "build", "heroku-postbuild", "heroku-cleanup")
    told = {name: f"echo {name} $SECRET $NODE_ENV >> order" for name in names}
    slug, said = pushed(package(scripts=told), tmp_path / "a", config={"SECRET": "s3cret"})
    assert (slug.root / "order").read_text().splitlines() == [
        f"{name} s3cret production"
        for name in ("heroku-prebuild", "postinstall", "heroku-postbuild", "heroku-cleanup")
    ]
    assert '       Detected both "build" and "heroku-postbuild" scripts' in said
    assert "-----> Prebuild" in said and "-----> Cleanup" in said


@pytest.mark.net
def test_failing_script(tmp_path: Path) -> None:
    """A failing build script rejects the push, with its name and its last lines."""
    slug, said = pushed(package(scripts={"build": "echo broken glass >&2; exit 3"}), tmp_path / "a")
    assert slug.refusal and slug.refusal.reason == "unknown-build-script-error"
    assert said[-8:-6] == ["", " !     Push rejected, failed to compile Node.js app."]
    cause = findings_of(slug)["build-script-failed"]
    assert "broken glass" in cause.cause
    assert "`npm install && npm run build`" in cause.fix
    assert cause.evidence[0].file == "package.json"


@pytest.mark.net
def test_typescript_older_than_the_types(tmp_path: Path) -> None:
    """If types use newer syntax than the required TypeScript, TypeScript is to blame."""
    tools = {"typescript": "4.2.3", "@types/node": "24.0.0"}
    files = package(scripts={"build": "tsc --types node index.ts"}, devDependencies=tools)
    slug, _ = pushed({**files, "index.ts": "export {};\n"}, tmp_path / "a")
    results = findings_of(slug)
    assert "build-script-failed" not in results
    cause = results["typescript-too-old"]
    assert "@types/node" in cause.title and "TypeScript 4.2.3" in cause.cause
    assert "`npm install --save-dev typescript@latest`" in cause.fix
    assert cause.evidence[0].file == "package.json"


LOCAL = {"local/package.json": '{"name": "local", "version": "1.0.0"}', "local/index.js": ""}


@pytest.mark.net
def test_node_modules_come_from_the_cache(tmp_path: Path) -> None:
    """The second build has the same files and log; what an app writes stays its own."""
    files = package(dependencies={"ms": "2.1.3"}, engines={"node": f"{LTS}.x"})
    first, said = pushed(files, tmp_path / "a")
    assert first.refusal is None and not first.unknown, first.output
    module = Path("node_modules", "ms", "index.js")
    good = (first.root / module).read_text()
    assert not (first.root / module).is_symlink()
    (first.root / module).write_text("throw new Error('poison')")
    second, again = pushed(files, tmp_path / "b")
    assert second.cached
    assert again == said
    assert (second.root / module).read_text() == good
    assert (second.root / "node_modules" / "ms" / "package.json").stat().st_nlink == 1
    other, _ = pushed({**files, "package-lock.json": _lock(second.root)}, tmp_path / "c")
    assert not other.cached or (other.root / module).read_text() == good


def _lock(root: Path) -> str:
    return (root / "package-lock.json").read_text()


@pytest.mark.net
def test_development_dependencies_are_pruned(tmp_path: Path) -> None:
    """They exist for the build script, and not in the slug, unless NODE_ENV says otherwise."""
    build = "node -p \"require('ms')(1000)\" > built"
    files = package(devDependencies={"ms": "2.1.3"}, scripts={"build": build, "start": "true"})
    slug, _ = pushed(files, tmp_path / "a")
    assert (slug.root / "built").read_text() == "1s\n"
    assert not (slug.root / "node_modules" / "ms").exists()
    slug, said = pushed(files, tmp_path / "b", config={"NODE_ENV": "development"})
    assert (slug.root / "node_modules" / "ms").exists()
    assert "       Skipping because NODE_ENV is not 'production'" in said


@pytest.mark.net
def test_registry_that_does_not_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """This machine's network is not the app's fault."""
    monkeypatch.setenv("NPM_CONFIG_REGISTRY", "http://127.0.0.1:9/")
    monkeypatch.setenv("npm_config_fetch_retries", "0")
    slug, _ = pushed(package(dependencies={"not-in-any-cache-xyz": "1.0.0"}), tmp_path / "a")
    assert slug.unknown and "did not answer" in slug.unknown
    assert findings_of(slug)["build-undecided"].effect == "unknown"


@pytest.mark.net
def test_own_registry_settings_do_not_beat_the_apps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An .npmrc of the app decides, as on Heroku."""
    monkeypatch.setenv("NPM_CONFIG_REGISTRY", "http://127.0.0.1:9/")
    files = {**package(scripts={"build": "npm config get registry > said"})}
    slug, _ = pushed({**files, ".npmrc": "registry=https://npm.example.com/\n"}, tmp_path / "a")
    assert (slug.root / "said").read_text().strip() == "https://npm.example.com/"


@pytest.mark.net
def test_committed_node_modules(tmp_path: Path) -> None:
    """A node_modules in git is completed, not replaced, with a warning."""
    files = {**package(), "node_modules/own/index.js": "", "node_modules/own/package.json": "{}"}
    slug, said = pushed(files, tmp_path / "a")
    assert "       Prebuild detected (node_modules already exists)" in said
    assert slug.refusal is None
    assert findings(tree(files))["node-modules-committed"].effect == "warn"


def test_every_build_page_is_complete() -> None:
    """Each installation failure has a title, a cause, a fix and a pattern with a group."""
    for page in BUILD_PAGES:
        assert page.title and page.cause and page.fix
        assert "(" in page.pattern


def test_report_has_node(tmp_path: Path) -> None:
    """`parity check --format json` says what the Node.js buildpack decides."""
    from parity.rehearsal.pipeline import check
    from parity.report.json import document

    (tmp_path / "package.json").write_text(json.dumps({"name": "a", "engines": {"node": "22.x"}}))
    plan = json.loads(document(check(tmp_path)))["plan"]
    assert plan["buildpack"] == "heroku/nodejs"
    assert plan["package_manager"] == "npm"
    assert plan["node"]["requested"] == "22.x"
    assert plan["node"]["version"].startswith("22.")
