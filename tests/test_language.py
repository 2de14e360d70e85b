"""A language needs only a package and two entries: a made-up one works in every command."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from parity.cli.main import main
from parity.facts.buildpacks import BUILDPACKS
from parity.push.buildpacks import LANGUAGES
from parity.push.buildpacks.language import Language
from tests.hello_language import HELLO, LANGUAGE, WEB
from tests.test_receive import repository

Report = Callable[..., dict[str, Any]]

LOG = """\
2026-11-22T11:20:01.123456+00:00 heroku[web.1]: Starting process with command `pyhton3 -m x 2`
2026-11-22T11:20:02.123456+00:00 app[web.1]: bash: line 1: pyhton3: command not found
2026-11-22T11:20:03.123456+00:00 heroku[web.1]: Process exited with status 127
2026-11-22T11:20:03.223456+00:00 heroku[web.1]: State changed from starting to crashed
"""


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Register the made-up buildpack as Heroku's last one, with its emulation."""
    monkeypatch.setitem(BUILDPACKS, HELLO.id, HELLO)
    monkeypatch.setitem(LANGUAGES, HELLO.id, lambda: LANGUAGE)


@pytest.fixture
def report(capsys: pytest.CaptureFixture[str]) -> Report:
    """Return a function that runs a command and returns its JSON document."""

    def run(*words: str) -> dict[str, Any]:
        code = main([*words, "--format", "json"])
        document: dict[str, Any] = json.loads(capsys.readouterr().out)
        assert document["exit_code"] == code
        return document

    return run


def push_output(document: dict[str, Any]) -> list[str]:
    """Return the lines that `git push` prints."""
    return [line.partition(" remote: ")[2] for line in document["log"] if " remote: " in line]


@pytest.mark.net
def test_it_is_checked(tmp_path: Path, report: Report) -> None:
    """It is detected by its file, and has a version and a web process without a Procfile."""
    app = repository(tmp_path / "app", {"hello.txt": "hello\n"})
    document = report("check", str(app))
    assert document["verdict"] == "works", document["findings"]
    assert document["plan"]["buildpacks"] == [HELLO.id]
    assert document["plan"]["package_manager"] == "cp"
    assert {"-----> Hello app detected", "-----> Using Hello 1.0"} <= {*push_output(document)}


@pytest.mark.net
def test_it_runs(tmp_path: Path, report: Report) -> None:
    """It is built, starts with its default command, and answers a request."""
    app = repository(tmp_path / "app", {"hello.txt": "hello\n"})
    document = report("run", str(app), "--path", "/hello.txt")
    assert document["verdict"] == "works", document["findings"]
    assert document["process_types"] == {"web": WEB}
    assert any("Starting process with command `python3 -m h" in x for x in document["log"])
    assert [answer["status"] for answer in document["requests"]] == [200]
    assert "       Default types for buildpack -> web" in push_output(document)


@pytest.mark.net
def test_it_refuses(tmp_path: Path, report: Report) -> None:
    """Its refusal rejects the push, with its own text."""
    app = repository(tmp_path / "app", {"hello.txt": ""})
    document = report("check", str(app))
    assert (document["verdict"], document["symptom"]) == ("fails", "push-rejected")
    assert " !     Error: hello.txt is empty." in push_output(document)
    assert " !     Push rejected, failed to compile Hello app." in push_output(document)


@pytest.mark.net
def test_it_comes_after_another(tmp_path: Path, report: Report) -> None:
    """After Node.js, it decides the process types."""
    app = repository(tmp_path / "app", {"hello.txt": "hello\n", "package.json": "{}"})
    both = ("--buildpack", "nodejs", "--buildpack", HELLO.id)
    document = report("check", str(app), *both)
    assert document["plan"]["buildpacks"] == ["heroku/nodejs", HELLO.id]
    assert document["process_types"] == {"web": WEB}


@pytest.mark.net
def test_it_needs_a_procfile(
    tmp_path: Path, report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without default process types, an app without a Procfile has no web process."""
    monkeypatch.setitem(LANGUAGES, HELLO.id, lambda: Language(LANGUAGE.decide, LANGUAGE.compile))
    app = repository(tmp_path / "app", {"hello.txt": "hello\n"})
    document = report("check", str(app))
    assert (document["symptom"], document["process_types"]) == ("H14", {})


@pytest.mark.net
def test_its_log_is_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Heroku's log of such an app leads to the line of its Procfile."""
    files = {"hello.txt": "hello\n", "Procfile": "web: pyhton3 -m http.server $PORT\n"}
    app = repository(tmp_path / "app", files)
    (tmp_path / "log").write_text(LOG)
    monkeypatch.chdir(app)
    assert main(["explain", str(tmp_path / "log")]) == 0
    output = capsys.readouterr().out
    assert "Procfile:1" in output and "pyhton3" in output
