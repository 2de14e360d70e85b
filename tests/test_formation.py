"""Several web dynos behind one router, all on one loop: real processes."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from parity.facts.limits import LIMITS
from parity.records import Line
from parity.router import Backend, Passed, Router
from parity.runtime.edge import Edge
from tests import dynos
from tests.doors import HOST

pytestmark = pytest.mark.real

SERVER = """\
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        if self.path == "/die":
            os._exit(3)
        body = os.environ["DYNO"].encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST


ThreadingHTTPServer(("0.0.0.0", int(os.environ["PORT"])), Handler).serve_forever()
"""


@contextlib.contextmanager
def two(tmp: Path, edge: Edge) -> Iterator[list[dynos.AtEdge]]:
    """Two booted dynos that share a loop."""
    with contextlib.ExitStack() as stack:
        both = []
        for number in (1, 2):
            folder = tmp / str(number)
            folder.mkdir()
            dyno = stack.enter_context(
                dynos.dyno(
                    folder, f"{dynos.PYTHON} app.py", {"app.py": SERVER}, number=number, edge=edge
                )
            )
            assert dyno.boot().state == "up"
            both.append(dyno)
        yield both


def test_one_of_two_dynos_dies(tmp_path: Path) -> None:
    """Both answer; after one has died, the other does, and nobody sees an error."""
    said: list[Line] = []
    passed: list[Passed] = []
    limits = LIMITS.shortened(quarantine=0.5)
    with Edge() as edge, two(tmp_path, edge) as running:
        backends = [Backend(dyno.name, dyno.port) for dyno in running]
        with Router(
            backends,
            HOST,
            loop=edge.loop,
            during=edge.beside,
            limits=limits,
            say=said.append,
            on_passed=passed.append,
        ) as router:
            bodies = [router.ask(f"https://{HOST}/").body for _ in range(30)]
            assert set(bodies) == {b"web.1", b"web.2"}
            assert {p.dyno for p in passed} == {"web.1", "web.2"}
            gone = router.ask(f"https://{HOST}/die", method="POST", body=b"")
            assert gone.code in ("H13", "H18")
            dead = passed[-1].dyno
            after = [router.ask(f"https://{HOST}/") for _ in range(20)]
            assert {e.code for e in after} == {None}
            assert {e.body for e in after} == {b"web.1", b"web.2"} - {dead.encode()}
            died = next(dyno for dyno in running if dyno.name == dead)
            assert died.ended(5.0)
            assert died.watch.code == 3
