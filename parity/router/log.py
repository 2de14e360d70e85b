"""The router's log line, in the fields and the order of each profile.

https://devcenter.heroku.com/articles/http-routing (documented); `tls_version=unknown` is what every
request to a herokuapp.com host logs, and Router 2.0's paths are decoded (observed).
"""

import re
from functools import lru_cache
from urllib.parse import unquote

from parity.facts.router import CODES, Profile
from parity.router.trip import Passed

_UNPRINTABLE = re.compile(r'[\x00-\x1f\x7f"\ufffd\u2028\u2029]')


_TAILS = {
    ("2.0", True): "protocol=http1.1 tls=true tls_version=unknown",
    ("2.0", False): "protocol=http1.1 tls=false tls_version=unknown",
    ("legacy", True): "protocol=https",
    ("legacy", False): "protocol=http",
}


def line(passed: Passed, profile: Profile) -> str:
    """What `heroku[router]` logs about `passed`."""
    asked = _asked(passed.method, passed.path, passed.host, profile.name)
    fwd = passed.fwd.replace('"', "").replace(" ", "")
    return (
        f'{_head(passed)} {asked} request_id={passed.request_id} fwd="{fwd}" dyno={passed.dyno} '
        f"connect={_ms(passed.connect_ms)} service={_ms(passed.service_ms)} "
        f"status={passed.status} bytes={'' if passed.bytes is None else passed.bytes} "
        f"{_TAILS[profile.name, passed.tls]}"
    )


@lru_cache(256)
def _asked(method: str, path: str, host: str, profile: str) -> str:
    path = path.replace('"', "%22")
    path = path if profile == "legacy" else _decoded(path)
    return f'method={method} path="{path}" host={host}'


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
