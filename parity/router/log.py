"""The router's log line, in the fields and the order of each profile.

https://devcenter.heroku.com/articles/http-routing (documented); `tls_version=unknown` is what every
request to a herokuapp.com host logs, and Router 2.0's paths are decoded (observed).
"""

import re
from urllib.parse import unquote

from parity.facts.router import CODES, Profile
from parity.router.trip import Passed

_UNPRINTABLE = re.compile(r'[\x00-\x1f\x7f"\ufffd\u2028\u2029]')


def line(passed: Passed, profile: Profile) -> str:
    """What `heroku[router]` logs about `passed`."""
    legacy = profile.name == "legacy"
    path = passed.path.replace('"', "%22")
    path = path if legacy else _decoded(path)
    fwd = passed.fwd.replace('"', "").replace(" ", "")
    scheme = "https" if passed.tls else "http"
    tail = (
        f"protocol={scheme}"
        if legacy
        else f"protocol=http1.1 tls={str(passed.tls).lower()} tls_version=unknown"
    )
    return (
        f'{_head(passed)} method={passed.method} path="{path}" host={passed.host} '
        f'request_id={passed.request_id} fwd="{fwd}" dyno={passed.dyno} '
        f"connect={_ms(passed.connect_ms)} service={_ms(passed.service_ms)} "
        f"status={passed.status} bytes={'' if passed.bytes is None else passed.bytes} {tail}"
    )


def _head(passed: Passed) -> str:
    if passed.code is None:
        return "at=info"
    code = CODES[passed.code]
    sock = f"sock={code.sock} " if code.sock else ""
    desc = code.desc.format(cause=passed.cause)
    cause = f' cause="{passed.cause}"' if passed.cause and "{" not in code.desc else ""
    return f'{sock}at={code.level} code={passed.code} desc="{desc}"{cause}'


def _ms(value: int | None) -> str:
    return "" if value is None else f"{value}ms"


def _decoded(path: str) -> str:
    """The path without percent signs, but with nothing that would break the line."""
    if "%" not in path:
        return path
    name, mark, query = path.partition("?")
    plain = unquote(name)
    return path if _UNPRINTABLE.search(plain) else f"{plain}{mark}{query}"
