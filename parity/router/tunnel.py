"""A connection that is no longer HTTP: bytes are copied both ways until one side ends."""

from parity.router.request_log import Fault, Trip
from parity.router.transport import Turn, Wire


async def tunnel(client: Wire, dyno: Wire, turn: Turn, trip: Trip, idle: float) -> None:
    """Copy bytes both ways. Raises `Fault` (H15) if none moves for `idle` seconds."""
    heard = turn.now
    while True:
        moved = _move(dyno, client)
        trip.bytes += moved
        moved += _move(client, dyno)
        heard = turn.now if moved else heard
        if (dyno.ended and not dyno.inbox) or (client.ended and not client.inbox):
            break
        if client.broken or dyno.broken:
            break
        if not await turn.wait(max(heard, client.taken, dyno.taken) + idle):
            raise Fault("H15", "silent for too long")
    while not dyno.sent and not dyno.broken:
        if not await turn.wait(max(heard, dyno.taken) + idle):
            break


def _move(source: Wire, target: Wire) -> int:
    if not source.inbox or target.clogged:
        return 0
    data = source.take()
    target.send(data)
    return len(data)
