"""One request of a scenario."""

from collections.abc import Mapping
from typing import NamedTuple


class Step(NamedTuple):
    """One `[[request]]`: what to send, by how many `clients` at once, and the status to expect.

    `seconds`: how long sending the body takes. `leave`: seconds after which the client leaves.
    `websocket`: messages to send, each of which is answered with one.
    """

    path: str
    method: str = "GET"
    headers: Mapping[str, str] = {}
    body: bytes = b""
    expect: int | None = None
    clients: int = 1
    seconds: float = 0.0
    leave: float | None = None
    websocket: tuple[str, ...] = ()

    @property
    def special(self) -> bool:
        """True if it needs more than an ordinary request of a browser."""
        return bool(self.seconds or self.websocket) or self.leave is not None
