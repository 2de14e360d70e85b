"""When a dyno that has crashed is started again: https://devcenter.heroku.com/articles/dyno-restarts.

After the first crash at once (observed). After later ones Heroku waits, and longer each time; the
count starts again with a release. The figures of today are not published: these are those of 2013
(inferred), and `Limits` has them.
"""

from parity.facts.limits import Limits


def pause(crashes: int, limits: Limits) -> float:
    """Seconds to wait after the `crashes`-th crash of a dyno since its release.

    >>> from parity.facts.limits import LIMITS
    >>> [pause(crashes, LIMITS) for crashes in (1, 2, 3, 4, 99)]
    [0.0, 600.0, 1200.0, 2400.0, 86400.0]
    """
    if crashes < 2:
        return 0.0
    doubled = min(crashes - 2, 20)  # more would only overflow: the longest is reached by then
    wait: float = limits.cool_off.value * 2**doubled
    return float(min(wait, limits.longest_cool_off.value))
