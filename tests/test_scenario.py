"""Scenarios: what a file may contain, and one clear line for anything else."""

import threading
import time
from pathlib import Path

import pytest

from parity.cli import main
from parity.records.scenario import Step
from parity.router.scenario import read
from parity.system.errors import Usage
from tests.doors import QUICK, answer, stage


def written(tmp: Path, text: str) -> Path:
    """Write a scenario file."""
    file = tmp / "scenario.toml"
    file.write_text(text)
    return file


def test_all_keys(tmp_path: Path) -> None:
    """Every key of a request."""
    text = """
[[request]]
path = "/a?b=c"
method = "put"
headers = { Authorization = "Bearer x", X-Number = 5 }
body = "ü"
expect = 204
clients = 3
seconds = 1.5
leave = 2

[[request]]
path = "/ws"
websocket = ["a", "b"]
"""
    first, second = read(written(tmp_path, text))
    headers = {"Authorization": "Bearer x", "X-Number": "5"}
    assert first == Step("/a?b=c", "PUT", headers, "ü".encode(), 204, 3, 1.5, 2.0)
    assert (second.expect, second.websocket, second.special) == (101, ("a", "b"), True)


def test_defaults(tmp_path: Path) -> None:
    """A path is enough; a body makes it a POST."""
    first, second = read(
        written(tmp_path, '[[request]]\npath = "/"\n[[request]]\npath = "/"\nbytes = 3\n')
    )
    assert first == Step("/")
    assert not first.special
    assert (second.method, second.body) == ("POST", b"xxx")


WRONG = {
    "": "[[request]] sections",
    "x = ": "not TOML",
    "[request]\npath = '/'": "[[request]] sections",
    "[[request]]\npath = '/'\n[other]": "[[request]] sections",
    "[[request]]": "path is required",
    "[[request]]\npath = 'a'": "start with /",
    '[[request]]\npath = "/\\n"': "printable",
    "[[request]]\npath = '/'\nmethod = 'G T'": "method must be letters",
    "[[request]]\npath = '/'\nclients = 0": "clients must be from 1 to 200",
    "[[request]]\npath = '/'\nclients = true": "clients must be a whole number",
    "[[request]]\npath = '/'\nexpect = 20": "expect must be a status",
    "[[request]]\npath = '/'\nleave = -1": "must not be negative",
    "[[request]]\npath = '/'\nbody = 'a'\nbytes = 1": "not both",
    "[[request]]\npath = '/'\nwait = 1": "unknown key wait; it takes path, method",
    "[[request]]\npath = '/'\nheaders = { host = 'a' }": "host is set by parity",
    '[[request]]\npath = "/"\nheaders = { A = "b\\r\\nC: d" }': "printable",
}


@pytest.mark.parametrize("text", [text for text, words in WRONG.items() if words])
def test_wrong(tmp_path: Path, text: str) -> None:
    """One line that says where and what."""
    with pytest.raises(Usage) as raised:
        read(written(tmp_path, text))
    words = WRONG[text]
    assert words
    assert words in str(raised.value)
    assert "\n" not in str(raised.value)


def test_no_such_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 2."""
    assert main.main(["run", str(tmp_path), "--scenario", str(tmp_path / "none.toml")]) == 2
    assert "none.toml: No such file" in capsys.readouterr().err


def test_no_such_router(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 2, with the existing names."""
    assert main.main(["run", str(tmp_path), "--router", "3"]) == 2
    assert "one of 2.0, legacy" in capsys.readouterr().err


def test_no_such_host(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 2: the router would refuse it, and that is not the app's fault."""
    assert main.main(["run", str(tmp_path), "--host", "a b"]) == 2
    assert "--host a b: a name such as" in capsys.readouterr().err


@pytest.mark.net
def test_a_client_that_stalls() -> None:
    """A client that is too slow for the router gets H28 in its record."""
    with stage(limits=QUICK) as scene:
        (exchange,) = scene.router.play(Step("/", "POST", body=b"x" * 40, seconds=40.0))
        assert (exchange.code, exchange.status) == ("H28", 499)


@pytest.mark.net
def test_an_answer_to_a_slow_client() -> None:
    """A slow client gets its answer."""
    with stage() as scene:
        got: list[bytes] = []

        def serve() -> None:
            dyno = scene.dyno()
            dyno.head()
            got.append(dyno.take(40))
            dyno.send(answer("201 Created", "Content-Length: 2", body=b"ok"))

        thread = threading.Thread(target=serve)
        thread.start()
        (exchange,) = scene.router.play(Step("/", "POST", body=b"x" * 40, seconds=0.2, expect=201))
        thread.join()
        assert got == [b"x" * 40]
        assert (exchange.status, exchange.body, exchange.as_expected) == (201, b"ok", True)


@pytest.mark.net
@pytest.mark.parametrize("step", [Step("/", leave=0.3), Step("/", "POST", body=b"x", seconds=0.01)])
def test_a_client_that_has_enough(step: Step) -> None:
    """A client that leaves is not kept by an endless answer, nor is any kept for too long."""
    with stage(limits=QUICK) as scene:
        over = threading.Event()

        def drip() -> None:
            dyno = scene.dyno()
            dyno.head()
            dyno.send(answer("200 OK", "Content-Type: text/event-stream"))
            while not over.wait(0.05):
                dyno.send(b"data: x\n\n")

        thread = threading.Thread(target=drip)
        thread.start()
        began = time.monotonic()
        try:
            (exchange,) = scene.router.play(step)
        finally:
            over.set()
            thread.join()
        assert time.monotonic() - began < 5
        assert (exchange.code, exchange.status) == (None, 200)
