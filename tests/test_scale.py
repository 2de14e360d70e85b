"""A formation: several types, several dynos of one, all at once."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from parity.records import ProcessType
from parity.runtime.scale import chosen, parsed
from parity.system.errors import Usage
from tests.test_leftovers import gone

SERVER = """
import os
from http.server import BaseHTTPRequestHandler, HTTPServer

class Named(BaseHTTPRequestHandler):
    def do_GET(self):
        open("told.txt", "a").write(os.environ["DYNO"])
        body = b"ok"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

print("before", os.path.exists("told.txt"), flush=True)
HTTPServer(("0.0.0.0", int(os.environ["PORT"])), Named).serve_forever()
"""


def app(folder: Path, types: Mapping[str, str]) -> Path:
    """Create an app of these process types, with `server.py`."""
    folder.mkdir(exist_ok=True)
    (folder / "server.py").write_text(SERVER)
    (folder / "requirements.txt").touch()
    (folder / "Procfile").write_text("".join(f"{k}: {v}\n" for k, v in types.items()))
    return folder


def run(folder: Path, *options: str) -> tuple[int, dict[str, Any], str]:
    """Run `parity run`; return exit code, report, stderr."""
    done = subprocess.run(
        [sys.executable, "-m", "parity", "run", str(folder), "--format", "json", *options],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, json.loads(done.stdout or "{}"), done.stderr


def log(report: dict[str, Any], source: str) -> list[str]:
    """Return what `source` has logged."""
    lines = (line.split(" ", 1)[1] for line in report["log"])
    return [line.split(": ", 1)[1] for line in lines if line.startswith(f"{source}:")]


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (["worker"], {"worker": 1}),
        (["web=2", "worker=1"], {"web": 2, "worker": 1}),
        (["web=2,worker"], {"web": 2, "worker": 1}),
        (["web@3"], {"web": 3}),
        (["web=2", "web=1"], {"web": 1}),
        ([" web = 2".replace(" = ", "=")], {"web": 2}),
    ],
)
def test_what_is_asked_for(given: list[str], wanted: dict[str, int]) -> None:
    """As `heroku ps:scale` accepts it; the last number of a type counts."""
    assert dict(parsed(given)) == wanted


@pytest.mark.parametrize("given", ["", "web=", "web=x", "web=-1", "=2", "web 2", "web=101", "a,,b"])
def test_what_cannot_be_asked_for(given: str) -> None:
    """One line that says what to type."""
    with pytest.raises(Usage, match="--process"):
        parsed([given])


def test_no_dyno_at_all() -> None:
    """Without dynos there is nothing to judge."""
    with pytest.raises(Usage, match="no dyno"):
        chosen({"web": ProcessType("web", "true", 1)}, [("web", 0)])


def test_every_dyno_has_a_name() -> None:
    """Those of web come first; `all` is one of each, except types that end by themselves."""
    names = ("worker", "web", "release", "clock")
    types = {name: ProcessType(name, "true", 1) for name in names}
    assert [n for _, n in chosen(types, [("worker", 1), ("web", 2)])] == [
        "web.1", "web.2", "worker.1",
    ]  # fmt: skip
    assert [n for _, n in chosen(types, [("all", 1), ("clock", 0)])] == ["web.1", "worker.1"]
    assert chosen(types, ()) == []


@pytest.mark.net
@pytest.mark.parametrize("wanted", ["nosuch", "release", "Web"])
def test_a_type_that_is_not_there(tmp_path: Path, wanted: str) -> None:
    """Refused before anything is built, in Heroku's words, with the existing types."""
    folder = app(tmp_path / "app", {"web": "python server.py", "release": "true"})
    code, report, told = run(folder, "--process", wanted)
    assert (code, report) == (2, {})
    assert f"Couldn't find that process type ({wanted})" in told
    assert told.strip().endswith("declares web.")


@pytest.mark.net
def test_side_by_side(tmp_path: Path) -> None:
    """Two of web and a worker: each its own port, its own copy of the slug; stopped together."""
    folder = app(
        tmp_path / "app",
        {"web": "python server.py", "worker": "while true; do echo $DYNO; sleep 0.1; done"},
    )
    began = time.monotonic()
    code, report, _ = run(
        folder, "--process", "web=2", "--process", "worker=1", "--dyno", "standard-1x"
    )
    assert code == 0
    assert time.monotonic() - began < 30
    assert [(d["name"], d["state"]) for d in report["formation"]] == [
        ("web.1", "up"), ("web.2", "up"), ("worker.1", "up"),
    ]  # fmt: skip
    assert log(report, "app[web.1]")[2:3] == log(report, "app[web.2]")[2:3] == ["before False"]
    assert "worker.1" in log(report, "app[worker.1]")
    for name in ("web.1", "web.2", "worker.1"):
        assert log(report, f"heroku[{name}]")[-2:] == [
            "Stopping all processes with SIGTERM",
            "Process exited with status 143",
        ]
    assert report["boot"]["state"] == "up"
    assert gone(str(tmp_path)) == []


@pytest.mark.net
def test_the_worker_alone(tmp_path: Path) -> None:
    """Without web there are no requests, and no H14: that is what was typed."""
    folder = app(tmp_path / "app", {"web": "python server.py", "worker": "sleep 100"})
    code, report, _ = run(folder, "--process", "worker")
    assert code == 0
    assert report["requests"] == []
    assert [d["name"] for d in report["formation"]] == ["worker.1"]


@pytest.mark.net
def test_a_small_dyno_cannot_be_scaled(tmp_path: Path) -> None:
    """A note says that on Heroku this takes Standard dynos."""
    folder = app(tmp_path / "app", {"web": "python server.py"})
    code, report, _ = run(folder, "--process", "web=2")
    assert code == 0
    assert "one-dyno-per-type" in [f["id"] for f in report["findings"]]


@pytest.mark.net
def test_a_worker_that_dies_while_web_is_asked(tmp_path: Path) -> None:
    """The death is noticed, reported and judged, though web answered."""
    folder = app(tmp_path / "app", {"web": "python server.py", "worker": "sleep 1; exit 7"})
    code, report, _ = run(folder, "--process", "all")
    assert (code, report["verdict"], report["symptom"]) == (1, "fails", "crashed")
    assert [r["status"] for r in report["requests"]] == [200]
    assert log(report, "heroku[worker.1]")[-2:] == [
        "Process exited with status 7",
        "State changed from up to crashed",
    ]


@pytest.mark.net
@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_interrupted(tmp_path: Path, signum: int) -> None:
    """A signal while a formation boots ends all of it."""
    types = {f"p{n}": "echo here; sleep 100" for n in range(8)}
    folder = app(tmp_path / "app", types)
    process = subprocess.Popen(
        [sys.executable, "-m", "parity", "run", str(folder), "--process", "all"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    assert process.stderr
    assert any(b"boot:" in line for line in process.stderr)
    process.send_signal(signum)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 128 + signum
    assert b"Traceback" not in errors
    assert gone(str(tmp_path)) == []


@pytest.mark.net
def test_fifty_types(tmp_path: Path) -> None:
    """All of them are started, logged, and gone again."""
    types = {f"p{n}": "echo hello; exec sleep 100" for n in range(50)}
    folder = app(tmp_path / "app", types)
    code, report, _ = run(folder, "--process", "all")
    assert code == 0
    assert sum(line.endswith(": hello") for line in report["log"]) == 50
    assert {d["state"] for d in report["formation"]} == {"up"}
    assert gone(str(tmp_path)) == []
