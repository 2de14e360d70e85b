"""The router's log line, in the fields and the order of each profile.

https://devcenter.heroku.com/articles/http-routing (documented); every request to a herokuapp.com
host is logged with `tls_version=unknown`, and Router 2.0's paths are decoded (observed).
"""

import re
from functools import lru_cache
from urllib.parse import unquote

from parity.facts.router import CODES, Profile
from parity.router.http1 import REMEMBERED
from parity.router.request_log import Passed

_UNPRINTABLE = re.compile(r'[\x00-\x1f\x7f"\ufffd\u2028\u2029]')


def line(passed: Passed, profile: Profile) -> str:
    """Return the `heroku[router]` line for `passed`."""
    method, path, host, request_id, fwd, tls, dyno, connect, service, status, count = passed[:11]
    shared = _shared if len(path) + len(fwd) <= REMEMBERED else _shared.__wrapped__
    request, fwd, protocol = shared(method, path, host, fwd, tls, profile.name)
    return (
        f"{_head(passed) if passed.code else 'at=info'} {request} request_id={request_id} {fwd} "
        f"dyno={dyno} connect={'' if connect is None else f'{connect}ms'} "
        f"service={'' if service is None else f'{service}ms'} "
        f"status={status} bytes={'' if count is None else count} {protocol}"
    )


@lru_cache(256)
def _shared(
    method: str, path: str, host: str, fwd: str, tls: bool, profile: str
) -> tuple[str, str, str]:
    """Return the parts of the line that requests for this path by the same client share."""
    legacy, path, fwd = profile == "legacy", path.replace('"', "%22"), fwd.replace('"', "")
    protocol = f"protocol=http1.1 tls={str(tls).lower()} tls_version=unknown"
    return (
        f'method={method} path="{path if legacy else _decoded(path)}" host={host}',
        f'fwd="{fwd.replace(" ", "")}"',
        f"protocol={'https' if tls else 'http'}" if legacy else protocol,
    )


def _head(passed: Passed) -> str:
    assert passed.code
    code = CODES[passed.code]
    sock = f"sock={code.sock} " if code.sock else ""
    desc = code.desc.format(cause=passed.cause)
    cause = f' cause="{passed.cause}"' if passed.cause and "{" not in code.desc else ""
    return f'{sock}at={code.level} code={passed.code} desc="{desc}"{cause}'


def _decoded(path: str) -> str:
    """Return the path with its percent escapes decoded, unless that would break the line."""
    if "%" not in path:
        return path
    name, mark, query = path.partition("?")
    plain = unquote(name)
    return path if _UNPRINTABLE.search(plain) else f"{plain}{mark}{query}"
