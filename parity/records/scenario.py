"""One request of a scenario."""

from collections.abc import Mapping
from typing import NamedTuple


class Step(NamedTuple):
    """One `[[request]]`: what is asked, by how many `clients` at once, and what should come.

    `seconds`: the body is sent slowly, over so long. `leave`: the client goes after so many
    seconds. `websocket`: messages to send, each of which gets one in return.
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
        """Whether it takes more than a browser's ordinary request."""
        return bool(self.seconds or self.websocket) or self.leave is not None
