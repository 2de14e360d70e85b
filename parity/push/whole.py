"""A failure counts only where what was used of the cache is whole: else it is built again."""

from collections.abc import Callable
from typing import TypeVar

from parity.push import cache
from parity.system.errors import Trouble

T = TypeVar("T")


class Spoilt(Exception):
    """Something that was used of the cache is damaged: what came of it does not count."""


def check(*, offline: bool) -> None:
    """Raise `Spoilt` if anything of the cache that was used within `sure` is damaged.

    What is damaged is forgotten, so that the next use builds it. Raises `Trouble` if
    that cannot be, `interrupt.Interrupted`.
    """
    from parity.push import downloads, environment

    found = [*environment.spoilt(), *downloads.emptied(offline=offline)]
    if found:
        raise Spoilt(", ".join(dict.fromkeys(found)))


def sure(
    act: Callable[[], T], doubtful: Callable[[T], object] = lambda _: False, *, offline: bool
) -> T:
    """What `act` returns; once more if that is doubtful, or it raised, and the cache was damaged.

    Raises what `act` raises, and `Trouble` if the cache is damaged again meanwhile.
    """
    from parity.push import environment

    for _ in range(2):
        try:
            with environment.use():
                return _checked(act, doubtful, offline=offline)
        except Spoilt as spoilt:
            found = str(spoilt)
            cache.tell(f"damaged in the cache, and built again: {found}")
    raise Trouble(
        f"the cache is damaged while it is used: {found}",
        "Let nothing else write there (`parity cache clear` empties it), then try again.",
    )


def _checked(act: Callable[[], T], doubtful: Callable[[T], object], *, offline: bool) -> T:
    try:
        made = act()
    except Spoilt:
        raise
    except Exception:
        check(offline=offline)
        raise
    if doubtful(made):
        check(offline=offline)
    return made
