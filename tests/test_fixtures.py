"""The request fixtures in gunicorn's source distribution, through the router to a dyno.

Skipped unless PARITY_GUNICORN_SDIST names the unpacked distribution: `python
tests/bench/fixtures.py` downloads it and runs this.
"""

import contextlib
import os
import re
from pathlib import Path

import h11
import pytest

from tests.doors import QUICK, stage
from tests.framing import understood

FOLDER = Path(os.environ.get("PARITY_GUNICORN_SDIST") or "/nonexistent")
FILES = sorted(FOLDER.glob("tests/requests/*valid/*.http"))

REFUSED = {
    "compat_obs_fold": "folded headers: refused in requests (RFC 9112 section 5.2)",
    "pp_04": "the PROXY protocol is not HTTP",
    "pp_05": "the PROXY protocol is not HTTP",
    "rfc9112_smuggle_gzip_chunked_01": "only chunked is understood as a transfer coding",
    "rfc9112_smuggle_te_identity_chunked_01": "only chunked is understood as a transfer coding",
    "rfc9112_target_absolute_userinfo_01": "the target names another host than Host",
    "rfc9112_target_authority_connect_01": "CONNECT is not supported (documented)",
    "rfc9112_target_authority_ipv6_01": "CONNECT is not supported (documented)",
}
"""Valid requests with a Host that this router refuses on purpose."""

HARMLESS = {
    "011": "good under the default limits; gunicorn's test sets lower ones",
    "012": "good under the default limits; gunicorn's test sets lower ones",
    "041": "two Content-Type headers: an app's matter, not framing",
    "rfc9112_leading_crlf_02": "an empty line before the request is skipped (RFC 9112 section 2.2)",
    "rfc9112_smuggle_cl_te_chunked_01": "chunks win, the length is removed (documented)",
}
"""Invalid for gunicorn, but forwarded by this router, in a form that cannot be misread."""


def sent(data: bytes) -> tuple[bytes, bytes]:
    """Return what reaches the dyno of `data`, and the first bytes that the client gets."""
    hosts = re.findall(rb"(?im)^host:[ \t]*([^\r\n]*)", data)
    with stage(limits=QUICK) as scene:
        names = {host.decode("latin-1").lower().partition(":")[0] for host in hosts}
        scene.router.context.names.update(names)
        client = scene.client(data)
        scene.servers[0].settimeout(0.25)
        got = b""
        with contextlib.suppress(TimeoutError):
            dyno = scene.dyno()
            dyno.sock.settimeout(0.25)
            with contextlib.suppress(OSError):
                while piece := dyno.sock.recv(65536):
                    got += piece
            dyno.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        client.sock.settimeout(1)
        with contextlib.suppress(OSError):
            client.got += client.sock.recv(1000)
        return got, client.got


def meant(path: Path) -> bytes:
    """Return the bytes that a fixture stands for."""
    data = path.read_bytes().replace(b"\n", b"").replace(b"\\r\\n", b"\r\n")
    data = data.replace(b"\\0", b"\0").replace(b"\\n", b"\n").replace(b"\\t", b"\t")
    return re.sub(rb"\\x([0-9A-Fa-f]{2})", lambda m: bytes([int(m[1], 16)]), data)


@pytest.mark.skipif(not FILES, reason="tests/bench/fixtures.py fetches the fixtures")
@pytest.mark.parametrize("path", FILES, ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_fixture(path: Path) -> None:
    """A valid request with a Host is forwarded, an invalid one is not."""
    data = meant(path)
    good = path.parent.name == "valid"
    hosts = len(re.findall(rb"(?im)^host:", data))
    got, back = sent(data)
    if good and hosts and path.stem not in REFUSED:
        assert got, back
    elif not good and path.stem not in HARMLESS:
        assert not _whole(got), got
    if got:
        _whole(got)
    elif hosts:
        assert back.startswith(b"HTTP/1.1 ") or data.count(b"\r\n\r\n") == 0


def _whole(got: bytes) -> bool:
    """Return whether a whole message has reached the dyno; h11 must not refuse it."""
    first = got.partition(b"\r\n\r\n")[0]
    assert len(re.findall(rb"(?im)^(?:content-length|transfer-encoding):", first)) < 2
    try:
        return bool(got) and understood(got) is not None
    except h11.RemoteProtocolError:
        # part of a bad body was forwarded before the connection was cut
        return False
