"""Messages about processes that outlived their command, for commands that have no report."""

import sys
from collections.abc import Iterable

from parity.records import Config, Source, Stray
from parity.system.text import emit, oneline


def tell(strays: Iterable[Stray], config: Config, source: Source | None, *, quiet: bool) -> None:
    """Print a line on stderr for each process, masked; `quiet`: only for those still running."""
    from parity.masking.mask import Mask

    for stray in strays:
        if stray.ended and quiet:
            continue
        text = f"parity: outlived the command that started it: {stray.told}"
        emit(oneline(Mask(config, source).text(text)) + "\n", sys.stderr)
