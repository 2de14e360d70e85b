"""The router, haproxy, nginx, aiohttp and mitmproxy in front of the same upstream, in one run.

`python tests/bench/proxies.py [--seconds N] [--only NAME ...]`. Needs wrk; what is not installed is
skipped and named. Each proxy has one process of one thread. Only ratios within one run are
meaningful. Requests go round in turns: A B C A B C.
"""

import argparse
import asyncio
import contextlib
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

ROOT = Path(__file__).parent.parent.parent
HOST = "shop-0123456789ab.herokuapp.com"
BIG = 100_000_000
LOADS = {"1 conn": 1, "1 conn, one CPU": 1, "50 conn": 50, "500 conn": 500}
"""On one CPU a single connection measures the proxies; on several it measures how fast the machine
wakes an idle CPU, which takes longer than all of haproxy's work.
"""
PATIENCE = 8
"""Seconds after which a transfer counts as unsupported by this proxy."""


# ---- the upstream: small answers, 100 MB down and up, an echo after an upgrade ----


class Upstream(asyncio.Protocol):
    """Answers by path, and echoes what follows an upgrade."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport, self.buffer, self.left, self.echo = transport, b"", 0, False
        self.free = asyncio.Event()

    def pause_writing(self) -> None:
        self.free.clear()

    def resume_writing(self) -> None:
        self.free.set()

    def data_received(self, data: bytes) -> None:
        if self.echo:
            self.transport.write(data)
            return
        if self.left:
            self._sunk(len(data))
            return
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n") + 4) > 3:
            head, self.buffer = self.buffer[:end], self.buffer[end:]
            self._answer(head.lower())

    def _answer(self, head: bytes) -> None:
        length = re.search(rb"content-length: (\d+)", head)
        if b"upgrade: websocket" in head:
            self.echo = True
            switch = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"
            accept = b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
            self.transport.write(switch + accept + b"Upgrade: websocket\r\n\r\n")
        elif length and int(length[1]):
            self.left = int(length[1])
            rest, self.buffer = self.buffer, b""
            self._sunk(len(rest))
        elif b"get /big" in head:
            self.sending = asyncio.ensure_future(self._big())
        else:
            self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    def _sunk(self, count: int) -> None:
        self.left -= count
        if self.left <= 0:
            self.left = 0
            self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    async def _big(self) -> None:
        self.free.set()
        self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % BIG)
        piece = b"x" * 100_000
        for _ in range(BIG // len(piece)):
            self.transport.write(piece)
            await self.free.wait()


def upstream(port: int) -> None:
    """Serve forever."""

    async def serve() -> None:
        server = await asyncio.get_running_loop().create_server(
            Upstream, "127.0.0.1", port, backlog=1024
        )
        await server.serve_forever()

    asyncio.run(serve())


# ---- the proxies ----


def parity(port: int, to: int, profile: str) -> None:
    """Run the router alone; its log lines are built and discarded."""
    from parity.facts.limits import LIMITS
    from parity.facts.router import PROFILES
    from parity.router import Backend, Router

    loop = asyncio.new_event_loop()
    with Router(
        [Backend("web.1", to)] * 4,  # 200 requests per dyno are allowed at once
        HOST,
        loop=loop,
        during=lambda work: work(),
        limits=LIMITS,
        say=lambda _line: None,
        profile=PROFILES[profile],
        port=port,
    ):
        loop.run_forever()


def aiohttp_proxy(port: int, to: int) -> None:
    """Run a reverse proxy as one would write it with aiohttp."""
    from aiohttp import ClientSession, TCPConnector, WSMsgType, web

    async def handle(request: web.Request) -> web.StreamResponse:
        session: ClientSession = request.app["session"]
        url = f"http://127.0.0.1:{to}{request.path_qs}"
        body = request.content if request.body_exists else None
        async with session.request(
            request.method, url, headers=request.headers, data=body, allow_redirects=False
        ) as answer:
            out = web.StreamResponse(status=answer.status, headers=answer.headers)
            await out.prepare(request)
            async for piece in answer.content.iter_any():
                await out.write(piece)
            return out

    async def made() -> web.Application:
        app = web.Application(client_max_size=1 << 30)
        app["session"] = ClientSession(connector=TCPConnector(limit=0), auto_decompress=False)
        app.router.add_route("*", "/{path:.*}", handle)
        assert WSMsgType
        return app

    web.run_app(made(), host="127.0.0.1", port=port, print=None, access_log=None)


HAPROXY = """
global
  nbthread 1
  maxconn 4000
defaults
  mode http
  timeout connect 5s
  timeout client 55s
  timeout server 55s
  timeout tunnel 55s
  http-reuse always
frontend f
  bind 127.0.0.1:{port}
  http-request set-header X-Forwarded-Proto https
  http-request set-header X-Request-Start %[date]
  option forwardfor
  default_backend b
backend b
  {close}
  server s 127.0.0.1:{to}
"""
NGINX = """
worker_processes 1; daemon off; pid {folder}/pid; error_log /dev/null crit;
events {{ worker_connections 4000; }}
http {{
  access_log off; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  map $http_upgrade $connection_upgrade {{ default upgrade; '' ''; }}
  upstream u {{ server 127.0.0.1:{to}; keepalive 600; }}
  server {{
    listen 127.0.0.1:{port} backlog=1024; keepalive_requests 10000000; client_max_body_size 0;
    location / {{
      proxy_pass http://u; proxy_http_version 1.1; proxy_set_header Host $host;
      proxy_set_header Connection $connection_upgrade; proxy_set_header Upgrade $http_upgrade;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto https;
      proxy_buffering off; proxy_request_buffering off;
    }}
  }}
}}
"""


def command(name: str, port: int, to: int, folder: Path) -> list[str] | None:
    """Return the command that starts a proxy, None if it is not installed."""
    this = [sys.executable, __file__, "--serve"]
    if name in ("parity", "parity-legacy"):
        return [*this, name, str(port), str(to)]
    if name == "aiohttp":
        return [*this, name, str(port), str(to)] if _importable("aiohttp") else None
    if name.startswith("haproxy"):
        file = folder / f"{name}.cfg"
        close = "option httpclose" if name.endswith("close") else ""
        file.write_text(HAPROXY.format(port=port, to=to, close=close))
        return [haproxy, "-q", "-f", str(file)] if (haproxy := _found("haproxy")) else None
    if name == "nginx":
        file = folder / "nginx.conf"
        file.write_text(NGINX.format(port=port, to=to, folder=folder))
        return [nginx, "-c", str(file)] if (nginx := _found("nginx")) else None
    mitm = _found("mitmdump")
    mode = f"reverse:http://127.0.0.1:{to}"
    return (
        [mitm, "-q", "--mode", mode, "-p", str(port), "--set", "keep_host_header=true"]
        if (mitm)
        else None
    )


def _found(name: str) -> str | None:
    return shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")


def _importable(name: str) -> bool:
    import importlib.util

    return importlib.util.find_spec(name) is not None


NAMES = ("parity", "haproxy", "nginx", "aiohttp", "mitmproxy", "parity-legacy", "haproxy-close")


def free_port() -> int:
    """Return a port that nobody uses."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@contextlib.contextmanager
def running(argv: list[str], port: int) -> Iterator[psutil.Process]:
    """Run a server that listens on `port`."""
    process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 20
        while time.monotonic() < until:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.02)
        yield psutil.Process(process.pid)
    finally:
        process.kill()  # some wait a minute for their connections to end
        process.wait()


def tree(process: psutil.Process) -> list[psutil.Process]:
    """Return the process and its children."""
    return [process, *process.children(recursive=True)]


def cpu(process: psutil.Process) -> float:
    """Return the seconds of CPU so far."""
    times = [p.cpu_times() for p in tree(process)]
    return sum(t.user + t.system for t in times)


def memory(process: psutil.Process) -> float:
    """Return its own MiB."""
    return sum(p.memory_full_info().pss for p in tree(process)) / 2**20


@contextlib.contextmanager
def together(processes: list[psutil.Process]) -> Iterator[None]:
    """Put this process and everything it starts on one CPU."""
    everyone = [psutil.Process(), *(p for process in processes for p in tree(process))]
    before = [process.cpu_affinity() for process in everyone]
    try:
        for process in everyone:
            process.cpu_affinity([min(before[0])])
        yield
    finally:
        for process, cpus in zip(everyone, before, strict=True):
            process.cpu_affinity(cpus)


def wrk(port: int, connections: int, seconds: float) -> tuple[float, float, int]:
    """Return requests per second, median latency in µs, and failed requests."""
    load = ["wrk", "-t1", f"-c{connections}", f"-d{seconds:.0f}s", "--latency"]
    target = ["-H", f"Host: {HOST}", f"http://127.0.0.1:{port}/"]
    out = subprocess.run([*load, *target], capture_output=True, text=True, check=True).stdout
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1])  # type: ignore[index]
    half = re.search(r"50%\s+([\d.]+)(us|ms|s)", out)
    scale = {"us": 1, "ms": 1e3, "s": 1e6}
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", out)
    return rate, float(half[1]) * scale[half[2]] if half else 0.0, int(bad[1]) if bad else 0


def connected(port: int, head: str) -> socket.socket:
    """Return a connection that has sent a head."""
    sock = socket.create_connection(("127.0.0.1", port), PATIENCE)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.sendall(f"{head} HTTP/1.1\r\nHost: {HOST}\r\n".encode())
    return sock


def down(port: int) -> float:
    """Return the seconds for 100 MB down."""
    began = time.perf_counter()
    with connected(port, "GET /big") as sock:
        sock.sendall(b"\r\n")
        got, room = 0, bytearray(1 << 20)
        while got < BIG:
            count = sock.recv_into(room)
            assert count, f"closed after {got}"
            got += count
    return time.perf_counter() - began


def up(port: int) -> float:
    """Return the seconds for 100 MB up."""
    began, piece = time.perf_counter(), b"x" * 1_000_000
    with connected(port, "POST /up") as sock:
        sock.sendall(f"Content-Length: {BIG}\r\n\r\n".encode())
        for _ in range(BIG // len(piece)):
            sock.sendall(piece)
        assert sock.recv(1000).startswith(b"HTTP/1.1 200")
    return time.perf_counter() - began


def echo(port: int) -> float:
    """Microseconds of a 64-byte message there and back after an upgrade."""
    with connected(port, "GET /ws") as sock:
        key = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        sock.sendall(f"Connection: Upgrade\r\nUpgrade: websocket\r\n{key}\r\n".encode())
        assert sock.recv(4096).startswith(b"HTTP/1.1 101")
        times = []
        for _ in range(2000):
            began = time.perf_counter()
            sock.sendall(b"\x81\x3e" + b"x" * 62)
            got = 0
            while got < 64:
                count = len(sock.recv(4096))
                assert count, "closed in the middle of the echo"
                got += count
            times.append(time.perf_counter() - began)
    return statistics.median(times) * 1e6


def measure(names: list[str], seconds: float, rounds: int) -> None:
    """Start everything, go round, print the table."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        to = free_port()
        argv = [sys.executable, __file__, "--serve", "upstream", str(to)]
        servers: Servers = {"direct": (to, stack.enter_context(running(argv, to)))}
        for name in names:
            port = free_port()
            argv = command(name, port, to, folder)
            if argv is None:
                print(f"{name}: not installed")
                continue
            servers[name] = (port, stack.enter_context(running(argv, port)))
        table(servers, seconds, rounds)


Servers = dict[str, "tuple[int, psutil.Process]"]


def table(servers: Servers, seconds: float, rounds: int) -> None:
    """Measure and print."""
    print("| proxy | " + " | ".join(f"{load}: req/s, p50 µs" for load in LOADS), end="")
    print(" | CPU µs/req at 50 | PSS MiB at 500 | 100 MB down s | up s | echo µs |")
    print("|---" * (6 + len(LOADS)) + "|", flush=True)
    rates: dict[str, Rates] = {name: {load: [] for load in LOADS} for name in servers}
    used: dict[str, list[float]] = {name: [] for name in servers}
    pss: dict[str, float] = {}
    everyone = [process for _, process in servers.values()]
    bulk: dict[str, list[tuple[float | None, ...]]] = {name: [] for name in servers}
    for _ in range(rounds):
        for load, connections in LOADS.items():
            for name, (port, process) in servers.items():
                before = cpu(process)
                with together(everyone) if "one CPU" in load else contextlib.nullcontext():
                    rate, half, bad = wrk(port, connections, seconds)
                rates[name][load].append((rate, half, bad))
                if connections == 50:
                    used[name].append((cpu(process) - before) / (rate * seconds) * 1e6)
                if connections == 500:
                    pss[name] = memory(process)
        for name, (port, _process) in servers.items():
            bulk[name].append(tuple(attempted(act, port) for act in (down, up, echo)))
    for name in servers:
        print(row(name, rates[name], used[name], pss.get(name), bulk[name]), flush=True)


def attempted(act: "object", port: int) -> float | None:
    """What `act` measures, None where the proxy cannot do it."""
    assert callable(act)
    try:
        return float(act(port))
    except (OSError, AssertionError):
        return None


Rates = dict[str, list[tuple[float, float, int]]]


def row(
    name: str,
    rates: Rates,
    used: list[float],
    pss: float | None,
    bulk: list[tuple[float | None, ...]],
) -> str:
    """One line of the table: medians."""
    cells = [name]
    for values in rates.values():
        rate = statistics.median(v[0] for v in values)
        half = statistics.median(v[1] for v in values)
        bad = sum(v[2] for v in values)
        cells.append(f"{rate:,.0f}, {half:.0f}" + (f" ({bad} failed)" if bad else ""))
    cells.append(f"{statistics.median(used):.0f}" if used else "")
    cells.append(f"{pss:.1f}" if pss else "")
    for values in zip(*bulk, strict=True):
        known = [v for v in values if v is not None]
        number = statistics.median(known) if known else None
        cells.append(
            "no" if number is None else f"{number:.3f}" if number < 10 else f"{number:.0f}"
        )
    return "| " + " | ".join(cells) + " |"


def main() -> None:
    """Serve one of them, or measure all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--serve", nargs="+", help=argparse.SUPPRESS)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="+", default=list(NAMES))
    given = parser.parse_args()
    if not given.serve:
        measure(given.only, given.seconds, given.rounds)
        return
    name, *ports = given.serve
    numbers = [int(port) for port in ports]
    if name == "upstream":
        upstream(numbers[0])
    elif name == "aiohttp":
        aiohttp_proxy(*numbers)
    else:
        parity(*numbers, profile="legacy" if name.endswith("legacy") else "2.0")


if __name__ == "__main__":
    main()
