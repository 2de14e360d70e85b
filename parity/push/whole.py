"""Results that do not depend on a damaged cache: after damage, the work is done again."""

from collections.abc import Callable
from typing import TypeVar

from parity.push import cache
from parity.system.errors import Trouble

T = TypeVar("T")


class Spoilt(Exception):
    """A part of the cache that was used is damaged, so the result does not count."""


def check(*, offline: bool) -> None:
    """Raise `Spoilt` if any part of the cache that was used within `sure` is damaged.

    Damaged parts are dropped, so that the next use builds them again. Raises `Trouble` if that is
    impossible, and `interrupt.Interrupted`.
    """
    from parity.push import downloads, environment

    damaged = [*environment.spoilt(), *downloads.emptied(offline=offline)]
    if damaged:
        raise Spoilt(", ".join(dict.fromkeys(damaged)))


def sure(
    act: Callable[[], T], doubtful: Callable[[T], object] = lambda _: False, *, offline: bool
) -> T:
    """Return the result of `act`; call it again if it failed and the cache was damaged.

    It has failed if it raises or if its result is `doubtful`. Raises what `act` raises, and
    `Trouble` if the cache is damaged a second time.
    """
    from parity.push import environment

    for _ in range(2):
        try:
            with environment.use():
                return _checked(act, doubtful, offline=offline)
        except Spoilt as spoilt:
            damaged = str(spoilt)
            cache.tell(f"damaged in the cache, and built again: {damaged}")
    raise Trouble(
        f"the cache is damaged while it is used: {damaged}",
        "Let nothing else write there (`parity cache clear` empties it), then try again.",
    )


def _checked(act: Callable[[], T], doubtful: Callable[[T], object], *, offline: bool) -> T:
    try:
        result = act()
    except Spoilt:
        raise
    except Exception:
        check(offline=offline)
        raise
    if doubtful(result):
        check(offline=offline)
    return result
