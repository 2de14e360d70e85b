"""The front: the router at the address that the user opens, with https on request."""

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from parity.facts.limits import Limits
from parity.facts.router import PROFILES
from parity.records import Say
from parity.records.options import Options
from parity.router import Backend, Passed, Router
from parity.router.context import Page

PORT = 5006
"""The router's default port, if it is free (ours)."""


class Front(NamedTuple):
    """The router, its address, and the certificate of the authority that browsers must trust."""

    router: Router
    url: str
    authority: Path | None = None


@contextmanager
def opened(
    host: str,
    options: Options,
    loop: asyncio.AbstractEventLoop,
    limits: Limits,
    say: Say,
    page: Page,
    *,
    https: bool,
    backends: tuple[Backend, ...] = (),
    on_passed: Callable[[Passed], None] | None = None,
) -> Iterator[Front]:
    """Yield the router for `host`, at the port in `options`, else the default one, else any.

    Raises `Trouble` for a port in use, `Usage` for https without its extra.
    """
    port = options.port or (PORT if _free(PORT) else 0)
    router = Router(
        backends,
        host,
        loop=loop,
        during=lambda work: work(),
        limits=limits,
        say=say,
        profile=PROFILES[options.router],
        port=0 if https else port,
        page=page,
        on_passed=on_passed,
    )
    with router:
        if not https:
            yield Front(router, f"http://{host}:{router.http.port}")
            return
        from parity.runtime.certificates import context
        from parity.runtime.tls import Decrypting

        tls, public = context(host)
        with Decrypting(router, port, tls) as decrypting:
            yield Front(router, f"https://{host}:{decrypting.port}", public)


def _free(port: int) -> bool:
    try:
        with socket.create_server(("127.0.0.1", port)):
            return True
    except OSError:
        return False
