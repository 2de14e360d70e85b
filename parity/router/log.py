"""The router's log line, in the fields and the order of Router 2.0.

https://devcenter.heroku.com/articles/http-routing (documented); `tls_version=unknown` is what every
request to a herokuapp.com host logs (observed).
"""

from parity.records import Exchange

DESCRIPTIONS = {
    "H10": "App crashed",
    "H12": "Request timeout",
    "H13": "Connection closed without response",
    "H14": "No web processes running",
    "H15": "Idle connection",
    "H17": "Poorly formatted HTTP response",
    "H18": "Server Request Interrupted",
    "H19": "Backend connection timeout",
    "H20": "App boot timeout",
    "H21": "Backend connection refused",
}
"""https://devcenter.heroku.com/articles/error-codes (documented)."""

UNREACHED = frozenset({"H10", "H14", "H20"})
"""Codes of requests that never got to a dyno: its fields stay empty."""


def line(exchange: Exchange, request_id: str, client: str) -> str:
    """What `heroku[router]` logs about `exchange`."""
    code = exchange.code
    head = "at=info" if code is None else f'at=error code={code} desc="{DESCRIPTIONS[code]}"'
    if code == "H18":
        head = f"sock=backend {head}"
    return (
        f'{head} method={exchange.method} path="{exchange.path}" host={exchange.host} '
        f'request_id={request_id} fwd="{client}" {_dyno(exchange)} '
        f"protocol=http1.1 tls=true tls_version=unknown"
    )


def _dyno(exchange: Exchange) -> str:
    if exchange.code in UNREACHED:
        return f"dyno= connect= service= status={exchange.status} bytes="
    if exchange.code in ("H19", "H21"):
        return f"dyno=web.1 connect={exchange.connect_ms}ms service= status=503 bytes="
    return (
        f"dyno=web.1 connect={exchange.connect_ms}ms service={exchange.service_ms}ms "
        f"status={exchange.status} bytes={exchange.bytes}"
    )
