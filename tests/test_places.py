"""Where people work: defaults in pyproject.toml, hooks, completion, the Action, the API."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import jsonschema
import pytest

import parity
from parity.cli.completion import SHELLS, script
from parity.cli.main import parsed
from parity.report import KINDS
from parity.report.json import schema
from parity.rules.loading import load
from parity.system.errors import Usage
from tests.test_apps import GIT

pytestmark = pytest.mark.net

ROOT = Path(__file__).parent.parent
ACTION = ROOT / ".github" / "actions" / "parity"
HEROKU = "https://git.heroku.com/shop.git"
ZERO = "0" * 40


def run(
    *arguments: str,
    cwd: Path,
    text: str = "",
    env: Mapping[str, str] | None = None,
    program: tuple[str, ...] = (sys.executable, "-m", "parity"),
) -> subprocess.CompletedProcess[str]:
    """Run a command line of parity's in `cwd`."""
    return subprocess.run(
        [*program, *arguments],
        input=text,
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**os.environ, **(env or {})},
        check=False,
    )


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """An app whose push is rejected, in its own repository: quick to judge."""
    folder = tmp_path / "app"
    folder.mkdir()
    (folder / "Procfile").write_text("web: python app.py\n")
    (folder / "requirements.txt").write_text("")
    (folder / ".python-version").write_text("3.6\n")
    (folder / "app.py").write_text("print(1)\n")
    for arguments in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-qm", "app"]):
        subprocess.run([*GIT, *arguments], cwd=folder, check=True)
    return folder


def head(folder: Path) -> str:
    """Return the last commit."""
    done = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


# [tool.parity]; for what it may set see test_defaults.py


def with_table(folder: Path, table: str) -> Path:
    """Give an app that pyproject.toml."""
    (folder / "pyproject.toml").write_text(table)
    return folder


def test_defaults_stand_in_pyproject(tmp_path: Path) -> None:
    """Every kind of option can be given, and applies unless it was typed."""
    table = """
    [tool.parity]
    path = ["/health", "/"]
    dyno = "standard-2x"
    strict = true
    config = { A = "one", B = "two" }
    """
    result = parsed(["run", str(with_table(tmp_path, table))])
    assert result.paths == ["/health", "/"]
    assert (result.dyno, result.strict) == ("standard-2x", True)
    assert result.config == ["A=one", "B=two"]


def test_what_is_typed_counts_more(tmp_path: Path) -> None:
    """Even if the typed value is the built-in default; lists are not merged."""
    table = '[tool.parity]\npath = ["/a", "/b"]\ndyno = "standard-2x"\n'
    result = parsed(["run", str(with_table(tmp_path, table)), "--path", "/c", "--dyno", "basic"])
    assert (result.paths, result.dyno) == (["/c"], "basic")


def test_a_key_of_another_command_is_no_error(tmp_path: Path) -> None:
    """`check` has no --dyno; the table is for `run` too."""
    result = parsed(["check", str(with_table(tmp_path, '[tool.parity]\ndyno = "basic"\n'))])
    assert not hasattr(result, "dyno")


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ('[tool.parity]\ndino = "basic"\n', "Did you mean dyno?"),
        ("[tool.parity]\nfoo = 1\n", "one of buildpack, config, "),
        ("[tool.parity]\nrun_release = true\n", "type --run-release on the command line"),
        ('[tool.parity]\nreport = "json=/etc/x"\n', "type --report on the command line"),
        ("[tool.parity]\ndyno = 3\n", "dyno must be a string"),
        ('[tool.parity]\nport = "80"\n', "port must be a number"),
        ('[tool.parity]\nstrict = "yes"\n', "strict must be true or false"),
        ("[tool.parity]\npath = [1]\n", "path must be a string or a list of strings"),
        ("[tool]\nparity = 1\n", "tool.parity must be a table"),
        ("[tool.parity\n", "is not TOML"),
        ("[tool.parity]\na = " + "[" * 5000, "is not TOML"),
        ("\udcff parity", "is not TOML"),
    ],
)
def test_a_wrong_table_is_wrong_usage(table: str, told: str, tmp_path: Path) -> None:
    """One line that says what to write, exit 2."""
    (tmp_path / "pyproject.toml").write_bytes(table.encode("utf-8", "surrogateescape"))
    done = run("check", cwd=tmp_path)
    assert done.returncode == 2
    assert told in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_pyproject_that_is_not_ours_is_left_alone(tmp_path: Path) -> None:
    """A broken file that does not mention parity is Heroku's to refuse."""
    assert parsed(["check", str(with_table(tmp_path, "[tool.other\n"))]).format == "full"


# hooks


def pushed(*refs: str) -> str:
    """Return what git writes to a pre-push hook."""
    pairs = zip(refs[::2], refs[1::2], strict=True)
    return "".join(f"refs/heads/main {commit} {ref} {ZERO}\n" for commit, ref in pairs)


def test_a_push_to_heroku_is_rehearsed(broken: Path) -> None:
    """A push that Heroku would reject does not leave the machine."""
    text = pushed(head(broken), "refs/heads/main")
    done = run("hook", "heroku", HEROKU, cwd=broken, text=text)
    assert done.returncode == 1
    assert "python-version-eol" in done.stdout


@pytest.mark.parametrize(
    ("url", "ref"),
    [
        ("https://github.com/octocat/shop.git", "refs/heads/main"),
        ("https://git.heroku.com.evil.example/shop.git", "refs/heads/main"),
        (HEROKU, "refs/heads/feature"),
        (HEROKU, "refs/tags/v1"),
    ],
)
def test_what_is_no_deploy_goes_through(url: str, ref: str, broken: Path) -> None:
    """Other remotes, other branches and tags are let through."""
    text = pushed(head(broken), ref)
    done = run("hook", "origin", url, cwd=broken, text=text)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_deleted_branch_goes_through(broken: Path) -> None:
    """git reports a deletion as a commit of zeros."""
    text = pushed(ZERO, "refs/heads/main")
    assert run("hook", "heroku", HEROKU, cwd=broken, text=text).returncode == 0


@pytest.mark.parametrize(
    "url",
    [
        "git@heroku.com:shop.git",
        "ssh://git@heroku.com/shop.git",
        "https://x:y@git.heroku.com/s.git",
    ],
)
def test_every_address_of_herokus_is_known(url: str, broken: Path) -> None:
    """https and SSH, with or without a token."""
    text = pushed(head(broken), "refs/heads/master")
    assert run("hook", "heroku", url, cwd=broken, text=text).returncode == 1


def test_the_commit_is_tested_and_not_the_disk(broken: Path) -> None:
    """Heroku does not get an uncommitted fix on disk."""
    (broken / ".python-version").write_text("3.13\n")
    text = pushed(head(broken), "refs/heads/main")
    assert run("hook", "heroku", HEROKU, cwd=broken, text=text).returncode == 1


def test_git_itself_calls_the_hook(broken: Path, tmp_path: Path) -> None:
    """A real `git push` over ssh:// is stopped before anything is sent."""
    remote, ssh = tmp_path / "remote.git", tmp_path / "ssh"
    subprocess.run(["git", "init", "-q", "--bare", str(remote)], check=True)
    ssh.write_text(f'#!/bin/sh\nexec git-receive-pack "{remote}"\n')
    hook = broken / ".git" / "hooks" / "pre-push"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m parity hook "$@"\n')
    for script_file in (ssh, hook):
        script_file.chmod(0o755)
    push = ("git", "push", "ssh://git@heroku.com/shop.git", "main")
    refused = run(program=push, cwd=broken, env={"GIT_SSH": str(ssh)})
    assert refused.returncode != 0
    assert "python-version-eol" in refused.stdout + refused.stderr
    assert not list((remote / "refs" / "heads").iterdir())
    hook.unlink()
    assert run(program=push, cwd=broken, env={"GIT_SSH": str(ssh)}).returncode == 0


def test_pre_commit_tells_the_push_in_variables(broken: Path) -> None:
    """As the pre-push stage of pre-commit runs it."""
    env = {
        "PRE_COMMIT_REMOTE_URL": HEROKU,
        "PRE_COMMIT_TO_REF": head(broken),
        "PRE_COMMIT_REMOTE_BRANCH": "refs/heads/main",
    }
    assert run("hook", cwd=broken, env=env).returncode == 1
    env["PRE_COMMIT_REMOTE_URL"] = "https://github.com/octocat/shop.git"
    assert run("hook", cwd=broken, env=env).returncode == 0


def test_a_hook_without_a_push_is_wrong_usage(tmp_path: Path) -> None:
    """Typed by hand, it says who should call it."""
    assert run("hook", cwd=tmp_path).returncode == 2


def test_the_hooks_file_is_taken_by_pre_commit() -> None:
    """Its own validator accepts it, and the commands that it names exist."""
    import yaml

    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    for hook in hooks:
        command = hook["entry"].split()
        assert run(*command[1:], "--help", cwd=ROOT).returncode == 0
    file = str(ROOT / ".pre-commit-hooks.yaml")
    checker = Path(sys.executable).with_name("pre-commit")
    done = run("validate-manifest", file, program=(str(checker),), cwd=ROOT)
    assert done.returncode == 0, done.stdout


# the Action


def test_the_action_is_valid() -> None:
    """GitHub's own schema for actions accepts it."""
    checker = str(Path(sys.executable).with_name("check-jsonschema"))
    done = run(
        "--builtin-schema",
        "vendor.github-actions",
        str(ACTION / "action.yml"),
        program=(checker,),
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stdout


def act(folder: Path, app: Path, **inputs: str) -> tuple[subprocess.CompletedProcess[str], str]:
    """Run the Action's step as a runner does; return what it wrote to GITHUB_OUTPUT."""
    temp = folder / "runner"
    (temp / "parity-venv" / "bin").mkdir(parents=True, exist_ok=True)
    for name in ("python", "parity"):
        link = temp / "parity-venv" / "bin" / name
        link.write_text(
            f'#!/bin/sh\nexec "{sys.executable}" {"-m parity " if name == "parity" else ""}"$@"\n'
        )
        link.chmod(0o755)
    given = {"PATH": str(app), "COMMAND": "check", "ARGS": "", "FAIL_ON_UNKNOWN": "false"} | inputs
    env = {f"PARITY_{key}": value for key, value in given.items()}
    env |= {"PARITY_PYTHON": "python3", "RUNNER_TEMP": str(temp)}
    env |= {"PARITY_JSON": str(folder / "p.json"), "PARITY_SARIF": str(folder / "p.sarif")}
    env |= {"GITHUB_ACTION_PATH": str(ACTION), "GITHUB_OUTPUT": str(folder / "out")}
    env |= {"GITHUB_STEP_SUMMARY": str(folder / "summary.md")}
    done = run(program=("bash", str(ACTION / "run.sh")), cwd=app, env=env)
    out = folder / "out"
    return done, out.read_text() if out.exists() else ""


def test_the_action_annotates_and_reports(broken: Path, tmp_path: Path) -> None:
    """Annotations on stdout, a summary, JSON and SARIF, outputs, and the exit status."""
    done, out = act(tmp_path, broken)
    assert done.returncode == 1
    assert "::error file=.python-version,line=1" in done.stdout
    assert out == "exit-code=1\nverdict=fails\nsymptom=push-rejected\n"
    assert json.loads((tmp_path / "p.json").read_text())["command"] == "check"
    assert json.loads((tmp_path / "p.sarif").read_text())["version"] == "2.1.0"
    assert (tmp_path / "summary.md").read_text().startswith("## fails: ")


def test_the_actions_inputs_are_no_shell(broken: Path, tmp_path: Path) -> None:
    """An input is one or several words, never a command."""
    done, _ = act(tmp_path, broken, ARGS="--quiet $(touch owned) `touch owned` ; touch owned *")
    assert done.returncode == 2
    assert not list(tmp_path.rglob("owned"))
    assert act(tmp_path, broken, COMMAND="doctor; touch owned")[0].returncode == 2
    assert not list(tmp_path.rglob("owned"))


def test_the_action_installs_parity_from_its_own_folder() -> None:
    """pip gets the folder with pyproject.toml."""
    assert (ACTION / ".." / ".." / ".." / "pyproject.toml").is_file()
    assert '"$GITHUB_ACTION_PATH/../../.."' in (ACTION / "run.sh").read_text()


# completion


def completed(shell: str, line: str) -> set[str]:
    """Return what the shell itself offers at the end of `line`."""
    from parity.cli.main import _parser

    text = script(shell, _parser())
    words = line.split(" ")
    if shell == "fish":
        code = f"{text}\ncomplete -C '{line}'"
        done = run(program=("fish", "--no-config", "-c", code), cwd=ROOT)
        return {row.split("\t")[0] for row in done.stdout.splitlines()}
    quoted = " ".join(f"'{word}'" for word in words)
    code = f"{text}\nCOMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}; _parity; "
    code += 'printf "%s\\n" "${COMPREPLY[@]}"'
    done = run(program=("bash", "-c", code), cwd=ROOT)
    assert done.stderr == ""
    return set(done.stdout.split())


@pytest.mark.parametrize("shell", ["bash", "fish"])
@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("parity ru", {"run"}),
        ("parity run --form", {"--format"}),
        ("parity run --format sa", {"sarif"}),
        ("parity run --dyno performance-", {"performance-m", "performance-l"}),
        ("parity explain binds-loop", {"binds-loopback"}),
        ("parity explain H9", {"H99"}),
        ("parity completion f", {"fish"}),
        ("parity cache s", {"show"}),
        ("parity doctor --format ", {"full", "json"}),
        ("parity serve --router l", {"legacy"}),
        ("parity run --isolation p", {"pidns"}),
    ],
)
def test_the_shell_completes(shell: str, line: str, offered: set[str]) -> None:
    """Commands, options, their values and ids, in the shell itself."""
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not on this machine")
    assert offered <= completed(shell, line)


def test_every_shell_takes_its_script(tmp_path: Path) -> None:
    """There is no syntax error in the shells that are installed."""
    for shell in SHELLS:
        text = run("completion", shell, cwd=tmp_path).stdout
        assert all(word in text for word in ("run", "check", "explain", *KINDS, *load()))
        if shutil.which(shell):
            (tmp_path / "script").write_text(text)
            assert run("-n", "script", program=(shell,), cwd=tmp_path).stderr == ""


# the API


def test_the_api_is_the_document(broken: Path) -> None:
    """`to_dict` of a verdict is what `--format json` prints, and matches the schema."""
    verdict = parity.check(broken)
    document = parity.to_dict(verdict)
    printed = json.loads(run("check", "--format", "json", "--no-env", cwd=broken).stdout)
    for one in (document, printed):
        one["log"] = [row.partition(" ")[2] for row in one["log"]]
        one["stages"] = [stage | {"seconds": 0} for stage in one["stages"]]
    assert document == printed
    jsonschema.validate(document, json.loads(schema()))


def test_the_api_hides_values(broken: Path) -> None:
    """The document is for others to read: values of config vars are masked as on the terminal."""
    config = parity.Config({"TOKEN": "3.6.0-my-secret"}, {"TOKEN": "--config"})
    (broken / ".python-version").write_text("3.6.0-my-secret\n")
    document = json.dumps(parity.to_dict(parity.check(broken, config=config)))
    assert "my-secret" not in document
    assert "[TOKEN]" in document


ECHO = """\
import os
from http.server import BaseHTTPRequestHandler, HTTPServer
class Echo(BaseHTTPRequestHandler):
    def do_GET(self):
        body = " ".join(self.headers[name] for name in ("X-Forwarded-Proto", "Via")).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
HTTPServer(("0.0.0.0", int(os.environ["PORT"])), Echo).serve_forever()
"""


def test_an_app_stays_up_while_it_is_asked(tmp_path: Path) -> None:
    """The context boots the app, answers through the router, and stops the dyno at the end."""
    files = {"app.py": ECHO, "requirements.txt": "", "Procfile": "web: python app.py\n"}
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    with parity.App(tmp_path) as app:
        answer = app.get("/hello")
        assert (answer.status_code, answer.text) == (200, "https 1.1 heroku-router")
        assert str(parity.to_dict(app.verdict)["boot"]["port"]) not in app.url
        assert any("State changed from starting to up" in line for line in app.logs)
        assert any('heroku[router]: at=info method=GET path="/hello"' in line for line in app.logs)
        assert app.verdict.shutdown is None
    assert app.verdict.shutdown
    assert any("Stopping all processes with SIGTERM" in line for line in app.logs)


def test_an_app_that_does_not_come_up_is_told(broken: Path) -> None:
    """The exception's message is the verdict's first line, and it has the verdict."""
    with pytest.raises(parity.NotUp, match=r"Python 3\.6 has reached its end of life") as caught:
        parity.App(broken).__enter__()
    assert caught.value.verdict.symptom == "push-rejected"
    with pytest.raises(Usage):
        parity.App(broken / "nowhere").__enter__()


# pytest


def inner_session(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run pytest in that folder, with the plugin as it is installed."""
    program = (sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:xdist")
    return run("-q", "-rA", *arguments, program=program, cwd=folder)


def test_the_fixture_boots_once_per_session(tmp_path: Path) -> None:
    """Two tests share one dyno; the log and the answers are there."""
    shutil.copytree(ROOT / "examples" / "hello_app", tmp_path, dirs_exist_ok=True)
    (tmp_path / "test_it.py").write_text(
        "urls = []\n"
        "def test_one(parity_app):\n"
        "    urls.append(parity_app.url)\n"
        "    assert parity_app.get('/').status_code == 200\n"
        "def test_two(parity_app):\n"
        "    assert urls == [parity_app.url]\n"
        "    assert any('Starting process' in line for line in parity_app.logs)\n"
    )
    done = inner_session(tmp_path)
    assert "2 passed" in done.stdout, done.stdout


def test_the_fixture_fails_with_the_report(broken: Path) -> None:
    """An app that does not come up fails its tests with parity's own report, no traceback."""
    (broken / "test_it.py").write_text("def test_one(parity_app): pass\n")
    done = inner_session(broken)
    assert done.returncode == 1
    assert "cause[python-version-eol]" in done.stdout
    assert "Traceback" not in done.stdout
    assert "pytest_plugin.py" not in done.stdout


def test_a_wrong_setting_is_one_line_in_pytest(tmp_path: Path) -> None:
    """Neither the fixture nor the stages show parity's own code for it."""
    (tmp_path / "pytest.ini").write_text("[pytest]\nparity_path = nowhere\n")
    (tmp_path / "test_it.py").write_text("def test_one(parity_app): pass\n")
    done = inner_session(tmp_path, "--parity")
    told = [line for line in done.stdout.splitlines() if line.startswith("parity: ")]
    assert told == [f"parity: {tmp_path}/nowhere: no such folder"] * 3
    assert "pytest_plugin.py" not in done.stdout


def test_the_stages_are_tests(broken: Path) -> None:
    """`--parity` adds the checks, `--parity-run` the whole rehearsal, each stage by name."""
    done = inner_session(broken, "--parity")
    assert "PASSED parity check::source" in done.stdout
    assert "FAILED parity check::detect" in done.stdout
    assert "cause[python-version-eol]" in done.stdout
    done = inner_session(broken, "--parity-run")
    assert "FAILED parity run::detect" in done.stdout
    assert "1 failed, 1 passed, 5 skipped" in done.stdout


def test_the_plugin_costs_nothing_when_unused(tmp_path: Path) -> None:
    """Without the fixture and the options, only the plugin is imported."""
    (tmp_path / "test_it.py").write_text(
        "import sys\n"
        "def test_one():\n"
        "    loaded = {m for m in sys.modules if m.split('.')[0] == 'parity'}\n"
        "    plugin = {'parity.cli', 'parity.cli.pytest_plugin'}\n"
        "    assert loaded == {'parity', 'parity.version', *plugin}, loaded\n"
        "    assert 'jinja2' not in sys.modules and 'requests' not in sys.modules\n"
    )
    done = inner_session(tmp_path)
    assert "1 passed" in done.stdout, done.stdout
