"""The pause before a crashed dyno restarts: https://devcenter.heroku.com/articles/dyno-restarts.

After the first crash there is none (observed). After later ones Heroku waits, longer each time;
a release resets the count. Today's figures are not published: those in `Limits` are from 2013
(inferred).
"""

from parity.facts.limits import Limits


def pause(crashes: int, limits: Limits) -> float:
    """Return the seconds to wait after the `crashes`-th crash of a dyno since its release.

    >>> from parity.facts.limits import LIMITS
    >>> [pause(crashes, LIMITS) for crashes in (1, 2, 3, 4, 99)]
    [0.0, 600.0, 1200.0, 2400.0, 86400.0]
    """
    if crashes < 2:
        return 0.0
    doubled = min(crashes - 2, 20)  # avoids an overflow: the longest pause is reached by then
    wait: float = limits.cool_off.value * 2**doubled
    return float(min(wait, limits.longest_cool_off.value))
