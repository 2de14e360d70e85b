"""The cost of masking: `python -m tests.bench.masks [LINES]`.

30 config vars with 10 secrets each, 100,000 lines of log: one by one as they are served, together
as in a report, with a secret in no line and in each.
"""

import random
import sys
import time
from collections.abc import Callable

from parity.masking.mask import Flow, Mask
from parity.records import Config, Line

WORDS = (
    "GET /static/app.js status=200 bytes=1234 served http://example.com/x in 12ms connect=0ms"
    " service=3ms INFO worker booted pid 1234 Traceback File line"
).split()


def main(lines: int = 100_000) -> None:
    """Print seconds for each way."""
    made = random.Random(1)
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    secrets = ["".join(made.choices(letters, k=24)) for _ in range(300)]
    values = {f"KEYS_{n}": ",".join(secrets[10 * n : 10 * n + 10]) for n in range(30)}
    quiet = [" ".join(made.choices(WORDS, k=12)) for _ in range(lines)]
    loud = [f"{line} {secrets[n % 300]}" for n, line in enumerate(quiet)]
    masks: list[Mask] = []
    timed("build the mask", lambda: masks.append(Mask(Config(values, {}), None)))
    ways(masks[0], quiet, "no secret")
    ways(masks[0], loud, "a secret in each line")


def ways(mask: Mask, log: list[str], kind: str) -> None:
    """Print seconds for each way to mask one log."""
    flow = Flow(mask)
    timed(f"{kind}, line by line", lambda: [mask.text(text) for text in log])
    timed(f"{kind}, served", lambda: [flow.text(Line(0.0, "app", text)) for text in log])
    timed(f"{kind}, explained", lambda: [mask.excerpt(text) for text in log])
    timed(f"{kind}, together", lambda: mask.lines(log))


def timed(name: str, act: Callable[[], object]) -> None:
    """Print how long `act` takes."""
    start = time.perf_counter()
    act()
    print(f"{time.perf_counter() - start:7.2f} s  {name}", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
