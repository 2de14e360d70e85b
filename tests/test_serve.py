"""`parity serve`: an app behind the router, with real processes, sockets, signals and terminals."""

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import html5lib
import pytest

from parity.router import pages
from tests.grammar import LINE, parses
from tests.test_apps import APPS, materialise
from tests.test_leftovers import gone

pytestmark = pytest.mark.net

PATIENCE = 60.0
SERVER = """
import os, signal, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Page(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/crash":
            print("the end", flush=True)
            os._exit(7)
        if self.path == "/garbage":
            self.wfile.write(b"garbage\\n\\n")
            return
        body = (f"{WORD} {os.environ['DYNO']} {os.getpid()} {self.headers['Host']} "
                f"{self.headers['X-Forwarded-Proto']}").encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

WORD = "hello"
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
print("started \\x1b[31mred", os.environ.get("SECRET"), flush=True)
ThreadingHTTPServer(("0.0.0.0", int(os.environ["PORT"])), Page).serve_forever()
"""


class Served:
    """A running `parity serve`; `lines` are those of stdout, `told` those of stderr, so far."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.lines: list[str] = []
        self.told: list[str] = []
        for stream, into in ((process.stdout, self.lines), (process.stderr, self.told)):
            assert stream
            threading.Thread(target=_collect, args=(stream, into), daemon=True).start()

    @property
    def port(self) -> int:
        """The router's port, from the address line."""
        assert eventually(lambda: bool(self.lines)), self.told
        return int(self.lines[0].rpartition(":")[2])

    def get(self, path: str = "/", host: str = "") -> tuple[int, bytes]:
        """Return status and body of one request."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)) as made:
            made.request("GET", path, headers={"Host": host or f"app.localhost:{self.port}"})
            answer = made.getresponse()
            return answer.status, answer.read()

    def logs(self, *wanted: str, times: int = 1) -> bool:
        """Return whether stdout soon has each of the `wanted` texts, `times` times."""
        return eventually(lambda: all("\n".join(self.lines).count(w) >= times for w in wanted))

    def says(self, *wanted: str) -> bool:
        """Return whether stderr soon has each of the `wanted` texts."""
        return eventually(lambda: all(w in "\n".join(self.told) for w in wanted))

    def end(self, signum: int = signal.SIGINT) -> int:
        """Send a signal; return the exit code."""
        self.process.send_signal(signum)
        return self.process.wait(PATIENCE)


def _collect(stream: Iterable[str], into: list[str]) -> None:
    into.extend(line.rstrip("\n") for line in stream)


def eventually(happened: Callable[[], bool], seconds: float = PATIENCE) -> bool:
    """Return whether it becomes true in time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if happened():
            return True
        time.sleep(0.02)
    return happened()


@contextmanager
def serving(folder: Path | None, *options: str) -> Iterator[Served]:
    """Run `parity serve` of `folder`, on a separate port; afterwards nothing is left of it."""
    where = [str(folder)] if folder else []
    tmp = folder.parent if folder else Path("/tmp")
    port = [] if "--port" in options else ["--port", str(free())]
    process = subprocess.Popen(
        [sys.executable, "-m", "parity", "serve", *where, *port, *options],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp)},
    )
    try:
        yield Served(process)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        process.wait(PATIENCE)
        for stream in (process.stdout, process.stderr):
            assert stream
            stream.close()


def free() -> int:
    """Return a port that nobody uses."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def app(tmp_path: Path, server: str = SERVER, procfile: str = "web: python server.py\n") -> Path:
    """Create an app with `server.py`."""
    folder = tmp_path / "app"
    folder.mkdir()
    (folder / "server.py").write_text(server)
    (folder / "requirements.txt").touch()
    (folder / "Procfile").write_text(procfile)
    return folder


def panel(body: bytes) -> str:
    """Return the words of the panel, as a browser has them; it must be the only addition."""
    tree = html5lib.parse(body, namespaceHTMLElements=False)
    asides = tree.findall(".//aside[@id='parity']")
    assert len(asides) == 1
    assert tree.findall(".//script") == []
    return " ".join("".join(asides[0].itertext()).split())


def heroku(body: bytes) -> bytes:
    """Return the page without what parity has put into it."""
    body = re.sub(rb"<meta http-equiv[^>]*>\n", b"", body)
    return re.sub(rb"<style>\n#parity.*</aside>\n?", b"", body, flags=re.DOTALL)


def test_a_good_app(tmp_path: Path) -> None:
    """Through the router; Heroku's log and nothing else on stdout; Ctrl-C leaves nothing."""
    with serving(app(tmp_path), "--config", "SECRET=correct-horse-battery") as served:
        assert served.port
        assert re.fullmatch(r"http://app\.localhost:\d+", served.lines[0])
        status, body = served.get()
        assert (status, body.split()[:2]) == (200, [b"hello", b"web.1"])
        assert body.split()[3:] == [f"app.localhost:{served.port}".encode(), b"http"]
        assert served.get(host="evil.example")[0] == 404
        assert served.logs("method=GET", "State changed from starting to up")
        assert served.end() == 130
        assert served.logs("Stopping all processes with SIGTERM", "Process exited with status 0")
        assert [line for line in served.lines[1:] if not parses(line)] == []
        assert any("started \\x1b[31mred [SECRET]" in line for line in served.lines)
        assert "correct-horse" not in "\n".join((*served.lines, *served.told))
    assert gone(str(tmp_path)) == []
    assert [p.name for p in tmp_path.iterdir()] == ["app"]


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGHUP])
def test_other_signals(tmp_path: Path, signum: int) -> None:
    """They end it in the same way."""
    with serving(app(tmp_path)) as served:
        served.get()
        assert served.end(signum) == 128 + signum
    assert gone(str(tmp_path)) == []


def test_ctrl_c_while_it_builds(tmp_path: Path) -> None:
    """The build ends with it."""
    folder = app(tmp_path)
    (folder / "bin").mkdir()
    (folder / "bin" / "pre_compile").write_text("#!/bin/sh\nsleep 100\n")
    (folder / "bin" / "pre_compile").chmod(0o755)
    with serving(folder) as served:
        assert served.says("pre_compile")
        assert served.end() == 130
    assert gone(str(tmp_path)) == []


def test_twice_kills(tmp_path: Path) -> None:
    """After a second Ctrl-C, a dyno that ignores SIGTERM does not get 30 seconds."""
    stubborn = SERVER.replace("lambda *_: os._exit(0)", "signal.SIG_IGN")
    with serving(app(tmp_path, stubborn)) as served:
        served.get()
        served.process.send_signal(signal.SIGINT)
        assert served.logs("Stopping all processes with SIGTERM")
        began = time.monotonic()
        assert served.end() == 130
        assert time.monotonic() - began < 20
        assert served.logs("Process exited with status 137")
    assert gone(str(tmp_path)) == []


def test_a_crash_and_the_start_after_it(tmp_path: Path) -> None:
    """The first time at once; after the second, H10 with the reason in the page."""
    with serving(app(tmp_path)) as served:
        assert served.get("/crash")[0] == 503
        assert served.logs("Process exited with status 7", "State changed from crashed to starting")
        assert served.get()[1].split()[:2] == [b"hello", b"web.1"]
        served.get("/crash")
        assert served.says("starts again in 10 min")
        status, body = served.get()
        assert (status, heroku(body)) == (503, pages.page("H10", 503, {}))
        assert "H10 App crashed" in panel(body)
        assert "the end" in panel(body)
        assert served.logs('code=H10 desc="App crashed"')
        assert [line for line in served.lines[1:] if not parses(line)] == []
        assert served.end() == 130


def test_an_app_that_does_not_boot(tmp_path: Path) -> None:
    """The page names the line to blame, with no config var's value and no live markup."""
    broken = (
        "import os\nprint('<script>alert(1)</script>', os.environ['KEY'])\n"
        "import nothing_of_that_name\n"
    )
    with serving(app(tmp_path, broken), "--config", "KEY=<b>swordfish-12345</b>") as served:
        assert served.says("web.1 is down")
        status, body = served.get()
        assert status == 503
        assert heroku(body) == pages.page("H10", 503, {})
        text = panel(body)
        assert "server.py:3" in text
        assert "nothing_of_that_name" in text
        assert "fix:" in text
        assert "<script>alert(1)</script> [KEY]" in text
        assert b"<script" not in body
        assert b"swordfish" not in body
        policy = re.search(rb'Content-Security-Policy" content="([^"]+)"', body)
        assert policy and policy[1].startswith(b"default-src 'none'; style-src 'sha256-")
        assert served.end() == 130
    assert "swordfish" not in "\n".join((*served.lines, *served.told))


def test_a_wrong_address(tmp_path: Path) -> None:
    """R10 is reported without waiting for it, with the line that binds; it is not tried again."""
    folder = tmp_path / "app"
    folder.mkdir()
    materialise(APPS / "r10-loopback", {}, folder)
    with serving(folder) as served:
        assert served.says("web.1 is down")
        status, body = served.get()
        assert status == 503
        assert "app.py:" in panel(body)
        assert "binds-loopback" in panel(body)
        assert "\n".join(served.lines).count("Starting process") == 1


def test_a_push_that_is_rejected(tmp_path: Path) -> None:
    """Heroku's blank app, with the reason in the page."""
    folder = app(tmp_path)
    (folder / ".python-version").write_text("3.7\n")
    with serving(folder) as served:
        assert served.says("python-version-eol")
        status, body = served.get()
        assert (status, heroku(body)) == (502, pages.page("H81", 502, {}))
        assert "python-version-eol" in panel(body)
        assert ".python-version:1" in panel(body)
        assert served.logs('at=info code=H81 desc="Blank app"')
        assert served.end() == 130


def test_no_web_process(tmp_path: Path) -> None:
    """The existing types run, and a browser gets H14."""
    with serving(app(tmp_path, procfile="worker: echo working; sleep 100\n")) as served:
        assert served.logs("app[worker.1]: working")
        status, body = served.get()
        assert (status, heroku(body)) == (503, pages.page("H14", 503, {}))
        assert "No web processes running" in panel(body)


def test_a_code_without_a_verdict(tmp_path: Path) -> None:
    """The page says what the code means; the terminal, what was seen."""
    with serving(app(tmp_path)) as served:
        status, body = served.get("/garbage")
        assert status == 503
        assert "H17" in panel(body)
        assert served.says("[H17]")
        assert served.get()[0] == 200


def test_a_host_that_the_app_refuses(tmp_path: Path) -> None:
    """A 400 is the app's own answer; a line suggests the reason."""
    strict = SERVER.replace("self.send_response(200)", "self.send_response(400)")
    with serving(app(tmp_path, strict)) as served:
        assert served.get()[0] == 400
        assert served.says("ALLOWED_HOSTS", f"app.localhost:{served.port}")


def test_a_worker_that_dies(tmp_path: Path) -> None:
    """It is reported, and started again at once; web goes on."""
    procfile = "web: python server.py\nworker: sleep 1; exit 3\n"
    with serving(app(tmp_path, procfile=procfile), "--process", "web,worker") as served:
        assert served.says("worker.1 is down")
        assert served.logs("heroku[worker.1]: Process exited with status 3", times=2)
        assert served.get()[0] == 200


def test_its_own_error_page(tmp_path: Path) -> None:
    """ERROR_PAGE_URL is the app's, the panel below it parity's."""
    url = "https://example.com/oops.html"
    broken = "import nothing_of_that_name\n"
    with serving(app(tmp_path, broken), "--config", f"ERROR_PAGE_URL={url}") as served:
        assert served.says("web.1 is down")
        body = served.get()[1]
        assert heroku(body) == pages.page("H10", 503, {"ERROR_PAGE_URL": url})
        assert "nothing_of_that_name" in panel(body)


def test_two_web_dynos(tmp_path: Path) -> None:
    """Both get requests, and one of them goes on alone."""
    with serving(app(tmp_path), "--process", "web=2") as served:
        seen = set()
        assert eventually(lambda: len(seen.add(served.get()[1].split()[1]) or seen) == 2)  # type: ignore[func-returns-value]
        assert seen == {b"web.1", b"web.2"}
        assert {m["source"] for m in map(LINE.fullmatch, served.lines[1:]) if m} >= {
            "app[web.1]", "app[web.2]", "heroku[router]",
        }  # fmt: skip


def test_watch(tmp_path: Path) -> None:
    """When a file that would be pushed changes, it is built again, and the new dyno takes over."""
    folder = app(tmp_path)
    git = ["git", "-C", str(folder), "-c", "user.name=a", "-c", "user.email=a@example.com"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
        subprocess.run([*git, *words], check=True)
    with serving(folder, "--watch") as served:
        assert served.get()[1].startswith(b"hello")
        (folder / "notes.txt").write_text("not tracked")
        (folder / "server.py").write_text(SERVER.replace('"hello"', '"changed"'))
        assert served.says("server.py changed: building again")
        assert eventually(lambda: served.get()[1].startswith(b"changed"))
        assert served.logs("Restarting", "Stopping all processes with SIGTERM")
        (folder / "server.py").write_text("import nothing_of_that_name\n")
        assert served.says("web.1 is down")
        assert "nothing_of_that_name" in panel(served.get()[1])
        (folder / ".python-version").write_text("3.7\n")
        (folder / "server.py").write_text(SERVER)
        assert eventually(lambda: served.get()[1].startswith(b"hello"))
        subprocess.run([*git, "add", "."], check=True)
        assert served.says("what was released before stays up")
        assert served.get()[0] == 200
        assert [line for line in served.lines[1:] if not parses(line)] == []
        assert served.end() == 130
    assert gone(str(tmp_path)) == []


def test_upstream() -> None:
    """A server that somebody else has started, and the page when it is not there."""
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER],
        env={**os.environ, "PORT": str(port := free()), "DYNO": "mine"},
        stdout=subprocess.PIPE,
    )
    assert server.stdout
    server.stdout.readline()
    with serving(None, "--upstream", f"127.0.0.1:{port}") as served:
        assert eventually(lambda: served.get(host="localhost")[0] == 200)
        assert served.get(host="localhost")[1].split()[:2] == [b"hello", b"mine"]
        server.kill()
        server.wait()
        server.stdout.close()
        status, body = served.get(host="localhost")
        assert (status, heroku(body)) == (503, pages.page("H21", 503, {}))
        assert f"127.0.0.1:{port}" in panel(body)
        assert served.end() == 130
    assert [line for line in served.lines[1:] if not parses(line)] == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["nowhere"], "no such folder"),
        (["--port", "80"], "--port 80"),
        (["--upstream", "here"], "--upstream here: type HOST:PORT"),
        (["--upstream", "[::1]:80"], "IPv4"),
        (["--upstream", "127.0.0.1:1", "--watch"], "--watch"),
        (["--watch", "--ref", "HEAD"], "leave out --ref"),
        (["--process", "web=x"], "--process web=x"),
    ],
)
def test_wrong_usage(tmp_path: Path, options: list[str], said: str) -> None:
    """One line that says what to type."""
    done = subprocess.run(
        [sys.executable, "-m", "parity", "serve", *options],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_port_in_use(tmp_path: Path) -> None:
    """Exit 3, with what to do."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with serving(app(tmp_path), "--port", port) as served:
            assert served.process.wait(PATIENCE) == 3
            assert served.says(f"cannot listen on port {port}", "Choose another port")


def test_a_reader_that_has_enough(tmp_path: Path) -> None:
    """`parity serve | head -1` ends."""
    with serving(app(tmp_path)) as served:
        assert served.port
    folder = tmp_path / "app"
    done = subprocess.run(
        f"{sys.executable} -m parity serve {folder} --port {free()} | head -1",
        shell=True,
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    assert done.stdout.startswith("http://app.localhost:")
    assert gone(str(tmp_path)) == []


def test_a_full_disk(tmp_path: Path) -> None:
    """If the log cannot be written, parity ends, and says so."""
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "parity", "serve", str(app(tmp_path)), "--port", str(free())],
            stdin=subprocess.DEVNULL,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=PATIENCE,
            env={**os.environ, "TMPDIR": str(tmp_path)},
        )
    assert "parity: stdout takes no more of the log: parity ends" in done.stderr
    assert gone(str(tmp_path)) == []


def test_a_reader_that_stands_still(tmp_path: Path) -> None:
    """An unread log blocks the log, but not the end."""
    flood = SERVER.replace("ThreadingHTTPServer((", LOUD + "ThreadingHTTPServer((")
    process = subprocess.Popen(
        [sys.executable, "-m", "parity", "serve", str(app(tmp_path, flood)), "--port", str(free())],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    assert process.stdout
    while b"line 9" not in process.stdout.readline():
        continue
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    assert process.wait(PATIENCE) == 130
    assert time.monotonic() - began < 30
    process.communicate()
    assert gone(str(tmp_path)) == []


LOUD = """
def shout():
    n = 0
    while True:
        print("line", n := n + 1, "x" * 200, flush=True)

import threading
threading.Thread(target=shout, daemon=True).start()
"""
