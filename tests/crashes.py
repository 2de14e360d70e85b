"""Small broken apps, pushed and booted for real, and the cause that parity names."""

import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from parity import rehearse
from parity.facts.limits import LIMITS
from parity.records import Config
from parity.records.options import Options
from parity.records.verdict import Finding, Verdict
from tests.decisions import disagreeing
from tests.recorded import Tape, digest, is_recorded
from tests.test_apps import commit

FLASK = "flask==3.1.3\ngunicorn==27.0.1\n"
DJANGO = "django==5.2.19\ngunicorn==27.0.1\nwhitenoise==6.12.0\n"
FASTAPI = "fastapi==0.165.0\nuvicorn==0.54.0\ngunicorn==27.0.1\n"
HELLO = """\
from flask import Flask

app = Flask(__name__)


@app.get("/")
def hello():
    return "hello"
"""
SERVER = """\
import os
from http.server import BaseHTTPRequestHandler, HTTPServer


class Hello(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")


HTTPServer(("0.0.0.0", int(os.environ["PORT"])), Hello).serve_forever()
"""


class Case(NamedTuple):
    """An app and its expected diagnosis: `cause`, some evidence at `blame`, `fix` in its fix.

    `files` and `untracked` are texts by path; `also` are further causes.
    """

    cause: str
    files: Mapping[str, str]
    blame: str | None
    fix: str
    config: Mapping[str, str] = {}
    untracked: Mapping[str, str] = {}
    also: tuple[str, ...] = ()
    limits: Mapping[str, float] = {}

    @property
    def everything(self) -> dict[str, bytes]:
        """The contents of all its files, by path."""
        return {p: t.encode() for p, t in {**self.files, **self.untracked}.items()}

    @property
    def settings(self) -> Config:
        """Its config vars."""
        return Config(self.config, dict.fromkeys(self.config, "--config"))

    @property
    def of(self) -> str:
        """The hash of all that its rehearsal depends on, which is not what is expected of it."""
        return digest(self.everything, [*self.untracked], dict(self.config), dict(self.limits))

    @property
    def recording(self) -> str:
        """The name of its recording: one with other files has another name."""
        return f"cases/{self.cause}-{self.of}"


def every(cases: Sequence[Case]) -> "pytest.MarkDecorator":
    """Return a test's `case`: those that are recorded run for real on request, but the first."""

    def parameters() -> Iterable[Any]:
        for number, case in enumerate(cases):
            skipped = is_recorded(case.recording) and number > 0
            mark = pytest.mark.recorded(skipped=skipped)
            yield pytest.param(case, id=f"{number}-{case.cause}", marks=mark)

    return pytest.mark.parametrize("case", [*parameters()])


def app(command: str, files: Mapping[str, str], requirements: str = "") -> dict[str, str]:
    """Return an app with one web command."""
    return {"Procfile": f"web: {command}\n", "requirements.txt": requirements, **files}


def written(folder: Path, case: Case) -> None:
    """Write a case's files into the new `folder`."""
    shutil.rmtree(folder, ignore_errors=True)
    for path, data in case.everything.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)


def rehearsed(folder: Path, case: Case, run: Callable[..., Verdict] = rehearse) -> Verdict:
    """Return the verdict on a case's app, committed in `folder`."""
    written(folder, case)
    commit(folder, {"untracked": list(case.untracked)})
    facts = LIMITS.shortened(**case.limits)
    return run(folder, config=case.settings, options=Options(), facts=facts)


def causes(verdict: Verdict) -> dict[str, Finding]:
    """Return the causes that explain a symptom, by id."""
    findings = (f for f in verdict.findings if f.kind == "cause" and f.symptom and f.after is None)
    return {f.id: f for f in findings}


def check(folder: Path, case: Case) -> None:
    """Rehearse the case's app, and assert that the verdict is right."""
    tape = Tape(case.recording, case.of, case.everything, log=False)
    diagnosed(rehearsed(folder, case, tape.rehearse), case)
    tape.save(folder)


def diagnosed(verdict: Verdict, case: Case) -> None:
    """Assert that only the case's cause is named, at its place and with its fix."""
    assert [*disagreeing(verdict)] == []
    story = "\n".join(f"{line.source}: {line.text}" for line in verdict.log)
    found = causes(verdict)
    assert [*found] == [case.cause, *case.also], f"{[*found]}\n{story}"
    named = found[case.cause]
    places = [f"{e.file}:{e.line}" if e.line else e.file for e in named.evidence]
    assert case.blame in places, named
    assert case.fix in named.fix, named
