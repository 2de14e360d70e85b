"""What outlived its command, told at the end of commands that have no report."""

import sys
from collections.abc import Iterable

from parity.records import Config, Source, Stray
from parity.system.text import emit, oneline


def tell(found: Iterable[Stray], config: Config, source: Source | None, *, quiet: bool) -> None:
    """A line on stderr for each, masked; `quiet`: only for what still runs."""
    from parity.masking.mask import Mask

    for stray in found:
        if stray.ended and quiet:
            continue
        text = f"parity: outlived the command that started it: {stray.told}"
        emit(oneline(Mask(config, source).text(text)) + "\n", sys.stderr)
