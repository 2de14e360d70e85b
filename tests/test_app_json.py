"""app.json: parsed within limits, applied only to a new app."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from parity import rehearse
from parity.push.app_json import read
from parity.records import Config
from parity.records.options import Options
from parity.records.verdict import Finding, Verdict
from parity.rehearsal.pipeline import check
from tests.test_receive import by_id, repository
from tests.trees import tree

pytestmark = pytest.mark.net

APP = {
    "requirements.txt": "",
    "Procfile": "web: python server.py\n",
    "server.py": "PORT\n",
    ".python-version": "3.14\n",
}


def checked(place: Path, manifest: object, *, new: bool = True, **options: object) -> Verdict:
    """Return the static verdict on an app with this app.json."""
    text = manifest if isinstance(manifest, str) else json.dumps(manifest, indent=1)
    app = repository(place / "app", {**APP, "app.json": text})
    values = {"GIVEN": "by hand"}
    return check(
        app,
        config=Config(values, dict.fromkeys(values, "--config")),
        options=Options(new_app=new, **options),  # type: ignore[arg-type]
    )


def texts(found: dict[str, Finding]) -> str:
    """Return everything that the rules about app.json say."""
    return " ".join(f"{f.title} {f.fix}" for f in found.values() if f.id.startswith("app-json"))


BROKEN = [
    ('{"env": }', "Expecting value (column 9)", 1),
    ('{\n  // a remark\n  "env": {}\n}', "JSON has no comments", 2),
    ('{\n  "env": {},\n}', "a comma before a closing bracket", 3),
    ("[]", "it is no JSON object", 1),
    ("", "Expecting value", 1),
    ('{"a": NaN}', "NaN is no JSON", None),
    ("[" * 100_000, "nested more than 64 deep", None),
    ('{"a": ' * 65 + "1" + "}" * 65, "nested more than 64 deep", None),
    ('{"description": "' + "x" * 1024 * 1024 + '"}', "larger than 1 MiB", None),
]


@pytest.mark.parametrize(("text", "words", "line"), BROKEN, ids=range(len(BROKEN)))
def test_a_broken_one(text: str, words: str, line: int | None, tmp_path: Path) -> None:
    """A broken app.json fails the setup of a new app, with the place; otherwise it is a note."""
    verdict = checked(tmp_path / "new", text)
    assert (verdict.symptom, verdict.exit_code) == ("app-setup-failed", 1)
    cause = by_id(verdict)["app-json-invalid"]
    assert words in cause.title
    assert (cause.evidence[0].file, cause.evidence[0].line) == ("app.json", line)
    verdict = checked(tmp_path / "old", text, new=False)
    assert verdict.exit_code == 0
    assert words in by_id(verdict)["app-json-problem"].title


def test_bytes_that_are_no_text() -> None:
    """UTF-16 is not JSON; a byte order mark is skipped."""
    result = read(tree({"app.json": '{"stack": "heroku-24"}'.encode("utf-16")}))
    assert result and result.broken
    result = read(tree({"app.json": '{"stack": "heroku-24"}'.encode("utf-8-sig")}))
    assert result and (result.stack, result.problems) == ("heroku-24", ())
    assert read(tree({"a.py": ""})) is None


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('{"env": {"A": "1", "A": "2"}}', "`A` appears twice"),
        ('{"envs": {}}', "Heroku knows no key `envs`"),
        ('{"env": {"A": 5}}', "`A` must be a string or an object"),
        ('{"env": {"A": {"value": 5}}}', "the value of `A` must be a string"),
        ('{"env": {"A": {"generator": "uuid"}}}', "the only generator is `secret`"),
        ('{"env": {"A-B": "x"}}', "the name `A-B` has other characters"),
        ('{"env": []}', ""),
        ('{"env": [1]}', "`env` must be an object"),
        ('{"buildpacks": [{"name": "x"}]}', "a buildpack must be an object with a `url`"),
        ('{"formation": {"web": {"quantity": -1}}}', "the quantity of `web`"),
        ('{"scripts": {"postdeploy": 1}}', "the script `postdeploy` must be a string"),
        ('{"stack": 26}', "`stack` must be a string"),
    ],
)
def test_values_of_a_wrong_kind(content: str, words: str) -> None:
    """Each value of a wrong type is named; the rest is read."""
    result = read(tree({"app.json": content}))
    assert result and not result.broken
    assert words in " ".join(problem.seen for problem in result.problems)
    assert bool(result.problems) == bool(words)


NEW = {
    "env": {
        "PLAIN": "text",
        "VALUED": {"value": "given in the file", "description": "x"},
        "SECRET_KEY": {"generator": "secret"},
        "OPTIONAL": {"required": False},
        "GIVEN": {"required": True},
    },
    "buildpacks": [{"url": "https://github.com/heroku/heroku-buildpack-python"}],
    "stack": "heroku-24",
    "formation": {"web": {"quantity": 1, "size": "Standard-2X"}, "worker": {"quantity": 1}},
    "addons": ["heroku-postgresql:essential-0", {"plan": "heroku-redis:mini"}],
    "scripts": {"postdeploy": "python seed.py", "pr-predestroy": "./bye"},
}


def test_a_new_app(tmp_path: Path) -> None:
    """Config vars, buildpacks and stack come from app.json; what was typed takes precedence."""
    verdict = checked(tmp_path, NEW)
    plan = verdict.plan
    assert verdict.exit_code == 0 and plan
    values = plan.config.values
    assert set(values) == {"PLAIN", "VALUED", "SECRET_KEY", "GIVEN"}
    assert (values["VALUED"], values["GIVEN"]) == ("given in the file", "by hand")
    assert len(values["SECRET_KEY"]) == 64
    assert plan.stack == "heroku-24"
    assert "-----> Using buildpack: https://github.com/heroku/heroku-buildpack-python" in [
        line.text for line in verdict.log
    ]
    findings = by_id(verdict)
    assert set(findings) & {"config-vars-to-set", "app-json-config-vars", "app-json-stack"} == set()
    told = findings["app-json-not-rehearsed"].title
    assert "heroku-postgresql:essential-0" in told and "scripts.pr-predestroy" in told


def test_typed_before_written(tmp_path: Path) -> None:
    """`--stack` and `--buildpack` override app.json."""
    verdict = checked(tmp_path, NEW, stack="heroku-22", buildpacks=("heroku/python",))
    assert verdict.plan and verdict.plan.stack == "heroku-22"
    assert "-----> Using buildpack: heroku/python" in [line.text for line in verdict.log]


def test_a_required_config_var(tmp_path: Path) -> None:
    """A config var is required by default; without a value the setup fails."""
    verdict = checked(tmp_path, {"env": {"MAIL_FROM": {"description": "who writes"}}})
    cause = by_id(verdict)["config-var-required"]
    assert (verdict.symptom, cause.evidence[0].line) == ("app-setup-failed", 3)
    assert "--config MAIL_FROM=" in cause.fix


def test_docker_is_not_rehearsed(tmp_path: Path) -> None:
    """The stack of container images has no buildpacks: could not tell."""
    verdict = checked(tmp_path / "new", {"stack": "container"})
    assert (verdict.verdict, verdict.exit_code) == ("unknown", 3)
    assert "app-json-container" in by_id(verdict)
    assert checked(tmp_path / "old", {"stack": "container"}, new=False).exit_code == 0


def test_a_formation_without_web(tmp_path: Path) -> None:
    """An app without web dynos answers nothing until somebody scales it up."""
    verdict = checked(tmp_path, {"formation": [{"process": "web", "quantity": 0}]})
    assert by_id(verdict)["app-json-without-web"].effect == "warn"


def test_what_a_push_leaves_out(tmp_path: Path) -> None:
    """Without `--new-app`, app.json decides nothing: notes say what the app would miss."""
    manifest = {**NEW, "buildpacks": [{"url": "heroku/nodejs"}, {"url": "heroku/python"}]}
    verdict = checked(tmp_path, manifest, new=False)
    findings = by_id(verdict)
    assert verdict.exit_code == 0
    assert "PLAIN, VALUED, SECRET_KEY" in findings["app-json-config-vars"].title
    assert "GIVEN" not in findings["app-json-config-vars"].title
    assert "heroku/nodejs, heroku/python" in findings["app-json-buildpacks"].title
    assert "heroku-24, but heroku-26 was tested" in findings["app-json-stack"].title
    assert {f.effect for f in findings.values() if f.id.startswith("app-json")} == {"note"}
    assert "by hand" not in texts(findings)


SERVER = """\
import os
from http.server import BaseHTTPRequestHandler, HTTPServer

print(os.environ["WEB_CONCURRENCY"], "workers", flush=True)
KEY = os.environ["SECRET_KEY"]


class Hello(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(KEY.encode())


HTTPServer(("0.0.0.0", int(os.environ["PORT"])), Hello).serve_forever()
"""


@pytest.mark.parametrize(
    ("script", "symptom"), [("echo seeded $PLAIN", None), ("exit 3", "postdeploy-failed")]
)
def test_postdeploy_runs_once(script: str, symptom: str | None, tmp_path: Path) -> None:
    """postdeploy runs after the release, in a one-off dyno with the new app's config vars."""
    manifest = {**NEW, "scripts": {"postdeploy": script}, "env": {**NEW["env"], "GIVEN": "x"}}  # type: ignore[dict-item]
    files = {**APP, "server.py": SERVER, "app.json": json.dumps(manifest)}
    verdict = rehearse(repository(tmp_path / "app", files), options=Options(new_app=True))
    log = [line.text for line in verdict.log]
    assert f"Starting process with command `{script}`" in log
    assert verdict.symptom == symptom
    if symptom is None:
        assert "seeded text" in log
        assert "4 workers" in log, "the size in app.json's formation has 1024 MB"
        assert verdict.traffic and verdict.traffic.exchanges[0].status == 200


def test_postdeploy_and_a_database_elsewhere(tmp_path: Path) -> None:
    """postdeploy does not run against what may be the production database."""
    files = {**APP, "server.py": SERVER, "app.json": json.dumps(NEW)}
    values = {"DATABASE_URL": "postgres://u:p@db.example.com/x", "GIVEN": "x"}
    verdict = rehearse(
        repository(tmp_path / "app", files),
        config=Config(values, dict.fromkeys(values, "--config")),
        options=Options(new_app=True),
    )
    assert verdict.verdict == "works"
    assert "DATABASE_URL" in by_id(verdict)["postdeploy-skipped"].title
    assert not any("seed.py" in line.text for line in verdict.log)


def test_what_is_generated_is_masked(tmp_path: Path) -> None:
    """A secret that Heroku would generate is never shown, even where the app prints it."""
    files = {**APP, "app.json": json.dumps({**NEW, "scripts": {"postdeploy": "true"}})}
    files["server.py"] = "import os\nprint('key', os.environ['SECRET_KEY'])\nraise SystemExit(1)\n"
    app = repository(tmp_path / "app", files)
    options = ["--new-app", "--config", "GIVEN=x", "--quiet", "--format", "json"]
    done = subprocess.run(
        [sys.executable, "-m", "parity", "run", str(app), *options],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 1
    assert "key [SECRET_KEY]" in done.stdout
