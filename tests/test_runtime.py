"""Several releases on one loop, each behind its own router: real processes."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from parity.dyno.abandoned import workspace
from parity.dyno.containment import Containment
from parity.dyno.sandbox import Sandbox
from parity.facts.limits import LIMITS
from parity.records import Line, ProcessType, Release
from parity.records.options import DEFAULTS
from parity.router import Router
from parity.runtime.formation import Formation
from parity.runtime.release import DynoEvent, RunningRelease, together
from parity.system.errors import Trouble
from parity.system.workspace import Workspace
from tests.dynos import PYTHON, slug_of
from tests.test_leftovers import gone

pytestmark = pytest.mark.real

SERVER = """\
import os, signal, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/die":
            os._exit(3)
        body = f"{os.environ['DYNO']} of {os.environ['VERSION']}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if os.environ.get("FAILS"):
    sys.exit(3)
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
ThreadingHTTPServer(("0.0.0.0", int(os.environ["PORT"])), Handler).serve_forever()
"""
WEB = ProcessType("web", f"exec {PYTHON} server.py", 1)
PATIENCE = 30.0
"""Seconds after which a test fails because an event is missing."""


class App:
    """One app: its router, the log, and the events of its dynos."""

    def __init__(self, name: str, folder: Path, work: Workspace) -> None:
        self.name = name
        self.logged: list[str] = []
        self.events: list[DynoEvent] = []
        self._folder = folder
        self._sandbox = Sandbox(Workspace(work.folder(name)), Containment())
        self._condition = asyncio.Condition()
        self.router = Router(
            [],
            f"{name}.herokuapp.com",
            loop=asyncio.get_running_loop(),
            during=lambda work: work(),
            limits=LIMITS,
            say=self._say,
        )

    def release(self, version: str, **config: str) -> RunningRelease:
        """Return a release of the app, with one web dyno."""
        root = self._folder / f"{self.name}-{version}"
        root.mkdir()
        slug = slug_of({"server.py": SERVER}, root, {"VERSION": version, **config})
        released = Release(slug, None, None, None)
        formation = Formation(released, self._sandbox, DEFAULTS, LIMITS, self._say)
        dynos = [(WEB, "web.1")]
        return RunningRelease(formation, dynos, router=self.router, listener=self)

    async def happened(self, event: DynoEvent) -> None:
        """Record the event."""
        async with self._condition:
            self.events.append(event)
            self._condition.notify_all()

    def failed(self, error: BaseException) -> None:
        """Fail the test: no dyno may fail."""
        raise AssertionError from error

    async def hears(self, *kinds: str) -> None:
        """Wait for these events, in this order, and check that there are no others."""
        async with asyncio.timeout(PATIENCE), self._condition:
            await self._condition.wait_for(lambda: len(self.events) >= len(kinds))
        assert [f"{event.dyno.dyno.name} {event.kind}" for event in self.events] == [*kinds]

    async def get(self, path: str = "/") -> tuple[int, str]:
        """Return a browser's answer; the router delays it while a dyno is starting."""
        async with asyncio.timeout(PATIENCE):
            reader, writer = await asyncio.open_connection("127.0.0.1", self.router.http.port)
            host = f"Host: {self.name}.herokuapp.com"
            head = (f"GET {path} HTTP/1.1", host, "Connection: close", "", "")
            writer.write("\r\n".join(head).encode())
            answer = await reader.read()
            writer.close()
        top, _, body = answer.decode().partition("\r\n\r\n")
        return int(top.split()[1]), body

    def heroku(self, dyno: str) -> list[str]:
        """Return Heroku's log lines about one dyno, without the commands."""
        texts = [line for source, line in self._lines() if source == f"heroku[{dyno}]"]
        return ["Starting" if text.startswith("Starting") else text for text in texts]

    def _lines(self) -> Iterator[tuple[str, str]]:
        for line in self.logged:
            source, _, text = line.partition(": ")
            yield source, text

    def _say(self, line: Line) -> None:
        self.logged.append(f"{line.source}: {line.text}")


@contextmanager
def nothing_left(tmp: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Check that no process, socket, other open file or folder is left after the block."""
    monkeypatch.setenv("TMPDIR", str(tmp))
    this = psutil.Process()
    before = (this.num_fds(), this.children(), this.net_connections())
    yield
    assert gone(str(tmp)) == []
    assert (this.num_fds(), this.children(), this.net_connections()) == before
    assert [path.name for path in tmp.iterdir()] == ["slugs"]


def test_three_releases_on_one_loop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One restarts after a crash, one is replaced, one is scaled to 2 and back; all are stopped."""
    slugs = tmp_path / "slugs"

    async def run(work: Workspace) -> None:
        slugs.mkdir()
        apps = [App(name, slugs, work) for name in ("crashes", "renewed", "scaled")]
        crashes, renewed, scaled = apps
        with crashes.router, renewed.router, scaled.router:
            running = [app.release("v1") for app in apps]
            await together([each.start() for each in running])
            answers = await together([app.get() for app in apps])
            assert answers == [(200, "web.1 of v1")] * 3
            _, newer, _ = await asyncio.gather(
                _crash(crashes), _renew(renewed, running[1]), _scale(scaled, running[2])
            )
            running[1] = newer
            shutdowns = await together([each.stop() for each in running])
            assert [[end and (end.exit, end.killed) for end in ends] for ends in shutdowns] == [
                [(0, False)]
            ] * 3
            assert [app.events[-1].kind for app in apps] == ["stopped"] * 3
            await together([each.close() for each in running])
        assert asyncio.all_tasks() == {asyncio.current_task()}

    with nothing_left(tmp_path, monkeypatch), workspace() as work:
        asyncio.run(run(work))


async def _crash(app: App) -> None:
    """Check that a dyno that a request ends is started again, and answers the next request."""
    status, _ = await app.get("/die")
    assert status == 503
    await app.hears("web.1 booted", "web.1 ended", "web.1 booted")
    assert app.events[1].restarts_in == 0
    assert app.events[1].boot and app.events[1].boot.exit == 3
    assert await app.get() == (200, "web.1 of v1")
    assert app.heroku("web.1") == [
        "Starting",
        "State changed from starting to up",
        "Process exited with status 3",
        "State changed from up to crashed",
        "State changed from crashed to starting",
        "Starting",
        "State changed from starting to up",
    ]


async def _renew(app: App, old: RunningRelease) -> RunningRelease:
    """Replace a release; check that the new dyno starts at once, while the old one ends."""
    new = app.release("v2")
    (end,) = await (await new.replace(old))
    assert end and (end.exit, end.killed) == (0, False)
    await old.close()
    assert await app.get() == (200, "web.1 of v2")
    restarts = ["Restarting", "State changed from up to starting", "Starting"]
    assert app.heroku("web.1")[2:5] == restarts
    return new


async def _scale(app: App, running: RunningRelease) -> None:
    """Scale to 2 and back; check that both dynos answer, and that the second one's folder goes."""
    assert await running.scale(WEB, 2) == []
    await app.hears("web.1 booted", "web.2 booted")
    bodies = {body for _, body in await together([app.get() for _ in range(40)])}
    assert bodies == {"web.1 of v1", "web.2 of v1"}
    folder = running.dynos[1].dyno.folder
    assert folder.is_dir()
    (end,) = await running.scale(WEB, 1)
    assert end and (end.boot.name, end.exit) == ("web.2", 0)
    assert not folder.exists()
    assert {body for _, body in await together([app.get() for _ in range(9)])} == {"web.1 of v1"}
    assert app.heroku("web.2")[1:] == [
        "State changed from starting to up",
        "State changed from up to down",
        "Stopping all processes with SIGTERM",
        "Process exited with status 0",
    ]


def test_a_process_that_cannot_be_spawned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Starting the release raises an error, and the other release goes on."""

    async def run(work: Workspace) -> None:
        slugs = tmp_path / "slugs"
        slugs.mkdir()
        good, bad = App("good", slugs, work), App("bad", slugs, work)
        with good.router, bad.router:
            running = good.release("v1"), bad.release("v1", HUGE="x" * 200_000)
            await running[0].start()
            with pytest.raises(Trouble, match="cannot be started"):
                await running[1].start()
            assert await good.get() == (200, "web.1 of v1")
            await together([each.close() for each in running])

    with nothing_left(tmp_path, monkeypatch), workspace() as work:
        asyncio.run(run(work))


@pytest.mark.parametrize("moment", ["launched", "crashed", "booted"])
def test_closed_at_any_moment(moment: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A release can be closed while its guard starts, before a restart, and while it is up."""

    async def run(work: Workspace) -> None:
        slugs = tmp_path / "slugs"
        slugs.mkdir()
        app = App("closed", slugs, work)
        with app.router:
            running = app.release("v1", FAILS="1" if moment == "crashed" else "")
            await running.start()
            if moment != "launched":
                await app.hears(f"web.1 {moment}")
            await running.close()

    with nothing_left(tmp_path, monkeypatch), workspace() as work:
        asyncio.run(run(work))
