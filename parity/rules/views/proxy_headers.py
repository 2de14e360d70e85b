"""Where an app checks whether a request came over https, and how to use the router's header."""

import re

from parity.records import ProcessType, Source
from parity.rules.views.node_source import find as find_script
from parity.rules.views.python_source import CodePlace, find, server

_STARLETTE = r"^(?!\s*(?:from|import)\b).*(?:HTTPSRedirectMiddleware|request\.url\.scheme)"
_ASKED = r"Talisman\(|SSLify\(|is_secure|request\.(?:scheme|protocol|secure)\b|startswith\(.http://"
_SERVERS = {
    "hypercorn": 'wrap the app: `app = ProxyFixMiddleware(app, mode="legacy", trusted_hops=1)` from'
    " hypercorn.middleware",
    "daphne": "start it with `--proxy-headers`",
    "granian": 'wrap the app: `app = wrap_asgi_with_proxy_headers(app, trusted_hosts="*")` from'
    " granian.utils.proxies",
}
"""How to make ASGI servers use the header, from their documentation.

uvicorn uses it because of FORWARDED_ALLOW_IPS.
"""

_FRAMEWORKS = {
    "tornado": "`HTTPServer(app, xheaders=True)`, or `app.listen(port, xheaders=True)`: then"
    " self.request.protocol is the browser's",
    "aiohttp": 'check `request.headers.get("X-Forwarded-Proto")` instead of the connection',
    "sanic": "`app.config.PROXIES_COUNT = 1`: then request.scheme is the browser's",
    "flask": "`app.wsgi_app = ProxyFix(app.wsgi_app, x_proto=1)` from"
    " werkzeug.middleware.proxy_fix",
}
"""How to make frameworks use the header, from their documentation."""


def django_header(place: CodePlace | None) -> str:
    """Return the advice on what Django's settings need."""
    header = 'SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")'
    file = place.file if place else "the settings"
    return f"Add `{header}` to {file} (X-Forwarded-Proto is the router's header)."


def asking(source: Source, process: ProcessType) -> tuple[CodePlace | None, str]:
    """Return the place where the app checks for https, and what to change."""
    django = find(source, r"SECURE_SSL_REDIRECT\s*=")
    if django:
        return django, django_header(django)
    return _python(source, process) or _script(source)


def _python(source: Source, process: ProcessType) -> tuple[CodePlace, str] | None:
    starlette, place = find(source, _STARLETTE), find(source, _ASKED)
    trust = "Trust the router's X-Forwarded-Proto"
    if starlette:
        name = server(process) or ""
        how = _SERVERS.get(name, "let the server read the forwarded headers")
        return starlette, f"{trust}: {how}."
    if place is None:
        return None
    text = source.text(place.file) or ""
    imported = rf"(?m)^\s*(?:import|from) ({'|'.join(_FRAMEWORKS)})\b"
    framework = re.search(imported, text)
    return place, f"{trust}: {_FRAMEWORKS[framework[1] if framework else 'flask']}."


def _script(source: Source) -> tuple[CodePlace | None, str]:
    trust = "app.set('trust proxy', 1)"
    express = find_script(source, r"req\.secure\b|req\.protocol\b|HTTPS\(|forceS+L|sslRedirect")
    if express:
        return express, (
            f"Add `{trust}` to {express.file}, before the routes: Express then takes req.secure and"
            " req.protocol from the router's X-Forwarded-Proto."
        )
    plain = find_script(source, r"\b(?:socket|connection)\.encrypted\b")
    header = "req.headers['x-forwarded-proto'] === 'https'"
    return plain, f"Check the router's X-Forwarded-Proto instead: `{header}`."
