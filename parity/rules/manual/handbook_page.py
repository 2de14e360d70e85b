"""The shape of what the manual adds to a rule."""

from collections.abc import Mapping
from typing import NamedTuple


class Manual(NamedTuple):
    """`prints`: Heroku's lines. `apart`: how to tell this cause from the symptom's others.

    `browser`: what a visitor's browser says. `laptop`: why it worked there. `by`: the fix for each
    framework.
    """

    prints: tuple[str, ...] = ()
    apart: str = ""
    browser: str = ""
    laptop: str = ""
    by: Mapping[str, str] = {}
