"""Problems that appear after an obvious repair: labelled, and without influence on the verdict."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from parity import rehearse
from parity.facts.python import versions
from parity.records.options import Options
from parity.records.verdict import Verdict
from parity.rehearsal.pipeline import check
from parity.report import render
from tests.test_apps import GIT
from tests.test_receive import git, repository

pytestmark = pytest.mark.net

FLASK = {
    "requirements.txt": "flask\ngunicorn\n",
    "Procfile": "web: gunicorn app:app\n",
    "app.py": "from flask import Flask\n\napp = Flask(__name__)\n",
}
NO_WEB = {**FLASK, "Procfile": "Web: gunicorn app:app\n"}
"""An app with a problem that appears only once what stops the push is repaired."""


def checked(app: Path, files: Mapping[str, str], **options: object) -> Verdict:
    """Return the static verdict on a repository of `files`."""
    return check(repository(app / "app", dict(files)), options=Options(**options))  # type: ignore[arg-type]


def labelled(verdict: Verdict) -> list[tuple[str, str]]:
    """Return what was found after which repair, without notes."""
    return [(f.after, f.id) for f in verdict.findings if f.after and f.effect != "note"]


@pytest.mark.parametrize(
    ("more", "repaired", "what"),
    [
        ({"runtime.txt": "python-3.6.1\n"}, "python-version-eol", "in .python-version"),
        ({".python-version": "3.14.999\n"}, "python-version-unknown-patch", "`3.14` in"),
        ({".python-version": "3.99\n"}, "python-version-unknown-major", "in .python-version"),
        ({"runtime.txt": "Python 3.13\n"}, "runtime-txt-invalid-version", "`3.13` in"),
        ({".python-version": "v3.12\n"}, "python-version-file-invalid-version", "`3.12` in"),
        ({".python-version": "3.12\n3.13\n"}, "python-version-file-multiple-versions", "`3.12`"),
        ({".python-version": "# none\n"}, "python-version-file-no-version", "in .python-version"),
        ({"python-version": "3.11\n"}, "python-version-file-misspelled", "`3.11` in"),
        ({"poetry.lock": ""}, "package-manager-multiple-found", "only requirements.txt kept"),
        ({"Pipfile": ""}, "package-manager-pipenv-missing-lockfile", "no Pipfile"),
        ({"venv/pyvenv.cfg": ""}, "checks-existing-venv-dir", "venv taken out of git"),
        ({".heroku/python/x": ""}, "checks-existing-python-dir", ".heroku/python taken out"),
        ({".slugignore": "req*\n"}, "slugignore-package-file", "no `req*` in .slugignore"),
    ],
)
def test_what_comes_after(more: dict[str, str], repaired: str, what: str, tmp_path: Path) -> None:
    """The first problem decides; the missing web process is found in the repaired copy."""
    verdict = checked(tmp_path, {**NO_WEB, **more})
    assert (verdict.symptom, verdict.exit_code) == ("push-rejected", 1)
    assert next((r.finding, what in r.what) for r in verdict.repaired) == (repaired, True)
    assert labelled(verdict)[:2] == [(repaired, "H14"), (repaired, "procfile-type-name")]
    assert not (tmp_path / "app" / ".python-version").exists() or ".python-version" in more


def test_other_stacks_and_buildpacks(tmp_path: Path) -> None:
    """The app's stack and buildpacks are repaired, too."""
    twice = ("heroku/python", "heroku/python")
    verdict = checked(tmp_path, NO_WEB, stack="heroku-18", buildpacks=twice)
    assert [r.finding for r in verdict.repaired][:2] == [
        "checks-stack-eol",
        "checks-duplicate-python-buildpack",
    ]
    assert ("checks-duplicate-python-buildpack", "H14") in labelled(verdict)


def test_misspelt_and_in_a_folder(tmp_path: Path) -> None:
    """A misspelled file, and an app that is not in the root."""
    files = {f"web/{path}": text for path, text in NO_WEB.items()}
    files["web/requirement.txt"] = files.pop("web/requirements.txt")
    files["web/requirements.txt"] = ""
    verdict = checked(tmp_path, files)
    assert next(r.what for r in verdict.repaired) == "only web pushed"
    assert ("app-in-subfolder", "H14") in labelled(verdict)
    (tmp_path / "second").mkdir()
    misspelt = {**NO_WEB, "requirement.txt": "flask\n"}
    del misspelt["requirements.txt"]
    verdict = checked(tmp_path / "second", misspelt)
    assert next(r.what for r in verdict.repaired) == "requirement.txt renamed to requirements.txt"


def test_what_is_not_committed(tmp_path: Path) -> None:
    """Untracked and ignored files are read from the disk; nothing is written there."""
    app = repository(tmp_path / "app", {"app.py": FLASK["app.py"], ".gitignore": "*.txt\n"})
    (app / "requirements.txt").write_text("flask\ngunicorn\n")
    (app / "Procfile").write_text("web: gunicorn app:app\n")
    verdict = check(app)
    assert [r.finding for r in verdict.repaired] == [
        "package-file-not-committed",
        "procfile-not-committed",
    ]
    assert verdict.repaired[-1].outcome == "checked"
    assert git(app, "status", "--porcelain") == "?? Procfile"


def test_nothing_is_committed(tmp_path: Path) -> None:
    """It works after `git init` alone; ignored files stay out."""
    app = tmp_path / "app"
    app.mkdir()
    for path, text in {**NO_WEB, ".gitignore": "venv/\n", "venv/pyvenv.cfg": ""}.items():
        (app / path).parent.mkdir(exist_ok=True)
        (app / path).write_text(text)
    subprocess.run([*GIT, "init", "-q"], cwd=app, check=True)
    verdict = check(app)
    assert verdict.symptom == "nothing-to-push"
    assert ("nothing-to-push", "H14") in labelled(verdict)
    assert "checks-existing-venv-dir" not in {f.id for f in verdict.findings}


def test_a_repository_by_accident_is_committed(tmp_path: Path) -> None:
    """The files of a submodule that Heroku cannot fetch are treated as the app's own."""
    app = repository(tmp_path / "app", {**NO_WEB, ".gitmodules": ""})
    repository(app / "lib", {"x.py": ""})
    git(app, "add", "lib")
    git(app, "commit", "-qm", "oops")
    verdict = check(app)
    assert verdict.repaired[0].what == "the files of lib committed"
    assert ("submodule-not-mapped", "H14") in labelled(verdict)


@pytest.mark.parametrize(
    ("procfile", "what"),
    [
        (None, "`web: gunicorn app:app` in the Procfile"),
        ("web:gunicorn app:app\n", "`web: gunicorn app:app` in the Procfile"),
        ("# web: gunicorn app:app\n", "`web: gunicorn app:app` in the Procfile"),
        ("gunicorn app:app\n", "`web: gunicorn app:app` in the Procfile"),
    ],
)
def test_a_web_line(procfile: str | None, what: str, tmp_path: Path) -> None:
    """The right line for the Procfile is known."""
    files = {path: text for path, text in FLASK.items() if path != "Procfile"}
    verdict = checked(tmp_path, files if procfile is None else {**files, "Procfile": procfile})
    assert verdict.symptom == "H14"
    assert [(r.what, r.outcome) for r in verdict.repaired] == [(what, "checked")]
    assert (verdict.fixes, {f.tried for f in verdict.findings}) == ((), {None})


def test_a_server_that_nobody_requires(tmp_path: Path) -> None:
    """The line alone would not be enough."""
    files = {"requirements.txt": "flask\n", "app.py": FLASK["app.py"]}
    (repaired,) = checked(tmp_path, files).repaired
    assert repaired.what.endswith("in the Procfile, gunicorn in requirements.txt")


def test_what_is_not_obvious_is_left(tmp_path: Path) -> None:
    """A script that is not a server, and an app without a package file, are left alone."""
    script = {"requirements.txt": "", "app.py": "print('hello')\n"}
    assert checked(tmp_path / "a", script).repaired == ()
    assert checked(tmp_path / "b", {"main.py": "", "Procfile": "web: ./x\n"}).repaired == ()


def test_only_the_first(tmp_path: Path) -> None:
    """`--first-only` ends where Heroku stops."""
    verdict = checked(tmp_path, {**NO_WEB, ".python-version": "3.6\n"}, first_only=True)
    assert (verdict.repaired, labelled(verdict)) == ((), [])


def test_the_report_keeps_the_order(tmp_path: Path) -> None:
    """First what stops the push, then, with the repair in words, what came after."""
    verdict = checked(tmp_path, {**NO_WEB, ".python-version": "3.6\n"})
    text = render("full", verdict)
    first, after = text.index("cause[python-version-eol]"), text.index("after that: with `")
    assert first < after < text.index("fail[H14]")
    assert text.startswith("fails: Heroku rejects the push — Python 3.6 has reached its end")
    assert "(and 1 more after that)" in " ".join(text.split())
    assert "(after python-version-eol)" in render("concise", verdict)
    assert versions().newest


def test_this_machine_in_the_way_of_a_repair(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A repair that cannot be tried here does not change what was certain."""
    monkeypatch.setenv("PARITY_CACHE_DIR", str(tmp_path / "empty"))
    app = repository(tmp_path / "app", {**FLASK, ".python-version": "3.6\n"})
    reported: list[Verdict] = []
    verdict = rehearse(app, options=Options(offline=True), on_verdict=reported.append)
    assert (verdict.symptom, verdict.exit_code) == ("push-rejected", 1)
    assert [(r.finding, r.outcome) for r in verdict.repaired] == [("python-version-eol", "unknown")]
    assert verdict.slug is None and verdict.stages[2].status == "not-reached"
    assert [(v.symptom, v.repaired) for v in reported] == [("push-rejected", ())]


def test_the_verdict_is_told_before_a_repair_is_tried(tmp_path: Path) -> None:
    """People need not wait for what comes after; it is printed below, once."""
    files = {**NO_WEB, "requirements.txt": "", "Procfile": "Web: python server.py\n"}
    files["server.py"] = (Path(__file__).parent / "apps/works-stdlib-server/app.py").read_text()
    app = repository(tmp_path / "app", files)
    done = subprocess.run(
        [sys.executable, "-m", "parity", "run", str(app), "--quiet"],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    out = " ".join(done.stdout.split())
    assert done.returncode == 1
    assert out.startswith("fails: H14 No web process")
    later = out.index("after that: with `web: python server.py` in the Procfile")
    assert out.index("not reached: boot") < later < out.index("next: parity run --fix ")
    assert "nothing else fails; the last answer was 200." in out
    assert out.count("after that: ") == out.count("fails: ") == 1
