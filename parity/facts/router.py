"""Heroku's two routers: their common limits, and their differences.

New apps have had Router 2.0 since 2025. The legacy router is the library
https://github.com/heroku/vegur (read and run: observed), without Heroku's own settings.
"""

from collections.abc import Mapping
from typing import NamedTuple

from parity.facts import Fact

ROUTING = "https://devcenter.heroku.com/articles/http-routing"
VEGUR = "https://github.com/heroku/vegur"

REQUEST_LINE = Fact(8192, "bytes", "documented", f"{ROUTING}#request-validation-and-processing")
METHOD_NAME = Fact(127, "bytes", "documented", f"{ROUTING}#supported-http-methods")
HEADER_LINE = Fact(8192, "bytes", "documented", f"{ROUTING}#request-validation-and-processing")
HEADER_NAME = Fact(1000, "bytes", "documented", f"{ROUTING}#request-validation-and-processing")
HEADERS = Fact(1000, "headers", "documented", f"{ROUTING}#request-validation-and-processing")
HEAD = Fact(256 * 1024, "bytes", "ours", "no total is documented; 1000 long headers are a bomb")
STATUS_LINE = Fact(8192, "bytes", "documented", f"{ROUTING}#response-validation")
COOKIE_LINE = Fact(8192, "bytes", "documented", f"{ROUTING}#response-validation")
RESPONSE_LINE = Fact(524288, "bytes", "documented", f"{ROUTING}#response-validation")
CHUNK_LINE = Fact(4096, "bytes", "ours", "the longest line of a chunk's size and extensions")
TRAILERS = Fact(65536, "bytes", "ours", "the longest trailer section")
EMPTY_LINES = Fact(5, "lines", "observed", f"{VEGUR}: skipped before a request line")

BUFFER = Fact(1024 * 1024, "bytes", "documented", f"{ROUTING}#response-buffering")
CONCURRENCY = Fact(200, "requests per dyno", "documented", f"{ROUTING}#request-concurrency")
CONNECTIONS = Fact(10_000, "connections", "ours", "H22 exists, its number is not documented")
TRIES = Fact(10, "dynos", "documented", f"{ROUTING}#dyno-connection-behavior")

REQUEST_ID = (20, 200)
"""Length of an accepted X-Request-Id: https://devcenter.heroku.com/articles/http-request-id."""

CLIENT = b"203.0.113.7"
"""A visitor's address, in place of 127.0.0.1, which no dyno ever sees (RFC 5737; ours)."""


class Profile(NamedTuple):
    """The differences between the routers.

    `via`, `server`: the names they give themselves. `keeps`: a dyno's connection serves many
    requests (idle at most `Limits.dyno_idle`). `continues`: the router answers `Expect:
    100-continue` itself. `camel`: header names are rewritten in Camel-Case. `metrics`: Connect-Time
    and Total-Route-Time are added. `held`: a response of a known, shorter length is held until
    complete. `cuts_port`: the Host loses its port, which becomes X-Forwarded-Port. `long_line`: the
    status for a request line that is too long. `interim_ends`: a 1xx that is not 100 or 101 ends
    the exchange (else it is dropped). `blanks`: whitespace after a Content-Length is accepted.
    `h26`: refused requests are logged as H26. `heads`: `bytes=` includes the response's head.
    `partial`: a truncated answer is logged with the status that was sent. `strips`: headers listed
    in Connection are removed (RFC 9110 section 7.6.1).
    """

    name: str
    via: bytes
    server: bytes
    keeps: bool
    continues: bool
    camel: bool
    metrics: bool
    held: int
    cuts_port: bool
    long_line: int
    interim_ends: bool
    blanks: bool
    h26: bool
    heads: bool
    partial: bool
    strips: bool


ROUTER_2 = Profile(
    "2.0",
    via=b"1.1 heroku-router",  # documented (responses); observed in public copies
    server=b"Heroku",  # observed
    keeps=True,  # documented: keep-alive to the dyno, 90 s idle
    continues=True,  # documented; the labs feature http-end-to-end-continue turns it off
    camel=False,  # inferred: names are forwarded as they came
    metrics=False,  # inferred: no longer in the documented list
    held=0,  # inferred from H18 lines with status=200 (observed)
    cuts_port=False,  # documented
    long_line=400,  # documented
    interim_ends=False,  # documented as unsupported; dropping it is inferred
    blanks=True,  # RFC 9110 section 5.5; inferred
    h26=False,  # documented
    heads=False,  # observed
    partial=True,  # observed
    strips=True,  # RFC 9110 section 7.6.1; inferred
)
LEGACY = Profile(
    "legacy",
    via=b"1.1 vegur",
    server=b"Cowboy",
    keeps=False,
    continues=True,
    camel=True,
    metrics=True,
    held=64 * 1024,
    cuts_port=True,
    long_line=414,
    interim_ends=True,
    blanks=False,
    h26=True,
    heads=True,
    partial=False,
    strips=False,
)
"""All observed in vegur's own tests and by running it."""

PROFILES: Mapping[str, Profile] = {"2.0": ROUTER_2, "legacy": LEGACY}
"""The profiles by the name that `--router` takes."""


class RouterCode(NamedTuple):
    """One of Heroku's error codes: its words in the log, its level, the status of the answer.

    `fields`: which of dyno, connect, service and bytes the log line fills in (observed in real
    lines): `b` a count of bytes, `n` the same but empty for none, `0` always 0.
    """

    desc: str
    level: str
    status: int
    fields: str
    sock: str = ""


CODES: Mapping[str, RouterCode] = {
    "H10": RouterCode("App crashed", "error", 503, ""),
    "H11": RouterCode("Backlog too deep", "error", 503, ""),
    "H12": RouterCode("Request timeout", "error", 503, "dcs0"),
    "H13": RouterCode("Connection closed without response", "error", 503, "dcs0"),
    "H14": RouterCode("No web processes running", "error", 503, ""),
    "H15": RouterCode("Idle connection", "error", 503, "dcsn"),
    "H17": RouterCode("Poorly formatted HTTP response", "error", 503, "dcsb"),
    "H18": RouterCode("Server Request Interrupted", "error", 503, "dcsb", "backend"),
    "H19": RouterCode("Backend connection timeout", "error", 503, "dc"),
    "H20": RouterCode("App boot timeout", "error", 503, ""),
    "H21": RouterCode("Backend connection refused", "error", 503, "dc"),
    "H22": RouterCode("Connection limit reached", "error", 503, ""),
    "H24": RouterCode("Forced close", "error", 503, "dcsb"),
    "H25": RouterCode("HTTP restriction: {cause}", "error", 502, "dcsb"),
    "H26": RouterCode("Request Error", "error", 400, "dcsb"),
    "H27": RouterCode("Client Request Interrupted", "warning", 499, "dcsn", "client"),
    "H28": RouterCode("Client Connection Idle", "warning", 499, "dcsn"),
    "H80": RouterCode("Maintenance mode", "info", 503, ""),
    "H81": RouterCode("Blank app", "info", 502, ""),  # 502 in real lines; the article says 503
    "H99": RouterCode("Platform error", "error", 503, ""),
}
"""https://devcenter.heroku.com/articles/error-codes (documented); fields as in public log lines."""

RESTRICTIONS: Mapping[str, str] = {
    "length": "invalid content length",
    "cookie": "oversized cookie",
    "header": "oversized header",
    "status": "oversized status line",
}
"""The words of H25: https://devcenter.heroku.com/articles/error-codes (documented)."""

REQUEST_ERRORS: Mapping[str, str] = {
    "bad header": "bad header",
    "bad request": "bad header",
    "bad chunk": "bad chunk",
    "expect": "unsupported expect header value",
}
"""The cause in H26 (documented; `bad header` for a bad request line is inferred)."""
