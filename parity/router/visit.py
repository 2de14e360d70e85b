"""A visitor's browser: requests to the router's own socket. Its import is slow."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

import requests
from urllib3.exceptions import HTTPError

KEPT_BODY = 64 * 1024

BROWSER = {
    "User-Agent": "Mozilla/5.0 (compatible; parity)",
    "Accept": "text/html,application/xhtml+xml,*/*;q=0.8",
    "Accept-Encoding": "gzip, deflate",
    "Connection": "keep-alive",
}


class Seen(NamedTuple):
    """What the visitor got. `status` 0: no answer; `left`: the visitor went before its end."""

    status: int
    headers: Mapping[str, str]
    cookies: Mapping[str, str]
    body: bytes
    left: bool


NOTHING = Seen(0, {}, {}, b"", False)


def visit(
    url: str,
    *,
    method: str,
    headers: Mapping[str, str],
    body: bytes | None,
    timeout: float,
    patience: float,
) -> Seen:
    """Ask, and read the answer for at most `patience` seconds after its head has come.

    `trust_env` is off: a proxy or a .netrc password of this machine is not the app's business.
    """
    session = requests.Session()
    session.trust_env = False
    session.headers.clear()
    prepared = session.prepare_request(
        requests.Request(method, url.split("/", 3)[0] + "//" + url.split("/", 3)[2] + "/")
    )
    prepared.url = url
    prepared.headers.clear()
    prepared.headers.update(headers)
    if body is not None:
        prepared.body = body
        prepared.headers["Content-Length"] = str(len(body))
    try:
        response = session.send(prepared, stream=True, timeout=timeout, allow_redirects=False)
    except requests.RequestException:
        return NOTHING
    return _read(response, patience)


def _read(response: requests.Response, patience: float) -> Seen:
    """The first bytes of the body, cut off where an endless one would go on."""
    body = b""
    with _patience(response, patience) as cut, response:
        try:
            for chunk in _pieces(response):
                body += chunk[: KEPT_BODY - len(body)]
        except (HTTPError, OSError):
            pass  # the router knows why
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Seen(response.status_code, headers, _cookies(response), body, cut.is_set())


def _pieces(response: requests.Response) -> Iterator[bytes]:
    """The body as it comes: without length or chunks a read for more would wait for the end."""
    raw, headers = response.raw, response.headers
    if raw.chunked or "Content-Length" in headers or "Content-Encoding" in headers:
        yield from raw.stream(16 * 1024, decode_content=True)
    else:
        yield from iter(lambda: raw.read1(16 * 1024), b"")


@contextmanager
def _patience(response: requests.Response, seconds: float) -> Iterator[threading.Event]:
    """End the reading of `response` after `seconds`; the event says that it was us."""
    cut = threading.Event()

    def end() -> None:
        cut.set()
        response.raw.shutdown()

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield cut
    finally:
        timer.cancel()


def _cookies(response: requests.Response) -> dict[str, str]:
    """The cookies an answer sets, whatever their attributes: the host stays the same."""
    pairs = (line.split(";")[0] for line in response.raw.headers.getlist("Set-Cookie"))
    split = (pair.partition("=") for pair in pairs)
    return {name.strip(): value.strip() for name, _, value in split}
