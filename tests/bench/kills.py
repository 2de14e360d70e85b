"""Random kills, on request: `python -m tests.bench.kills [--runs 1000] [LEVEL | honcho ...]`.

Every run starts one of the apps of tests/misbehaving.py under a level of isolation, or under
honcho, and ends it in a random way at a random moment. Printed is what was left, what hung, and
which exit codes were wrong (honcho's are not judged).
"""

import argparse
import random
import signal
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from parity.dyno.isolation import LEVELS
from tests.misbehaving import Case, Outcome, randomly


class Sum(NamedTuple):
    """What a series of runs has come to."""

    runs: int
    left: int
    processes: int
    hung: int
    wrong: int

    def __str__(self) -> str:
        return (
            f"{self.runs} runs: {self.left} left something ({self.processes} processes), "
            f"{self.hung} hung, {self.wrong} wrong exit codes"
        )


def main() -> None:
    """Run the series asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("what", nargs="*", default=["pidns"], choices=[*LEVELS, "honcho"])
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    # What `&` and nohup have ignored, children would ignore, too: not what is measured here.
    for signum in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
        signal.signal(signum, signal.SIG_DFL)
    for what in options.what:
        began = time.monotonic()
        found = list(series(what, options.runs, options.seed, options.workers))
        for case, outcome in found:
            if outcome.left or outcome.code is None or (what != "honcho" and case.wrong(outcome)):
                print(f"  {what}: {case} -> exit {outcome.code}, left {outcome.left}")
        print(f"{what}: {summed(what, found)}; {time.monotonic() - began:.0f} s", flush=True)


def series(what: str, runs: int, seed: int, workers: int) -> Iterator[tuple[Case, Outcome]]:
    """All runs of a series, `workers` at a time."""

    def one(number: int) -> tuple[Case, Outcome]:
        with tempfile.TemporaryDirectory(prefix="kills-", ignore_cleanup_errors=True) as folder:
            return randomly(random.Random(seed * 10**6 + number), what, Path(folder))

    with ThreadPoolExecutor(workers) as pool:
        yield from pool.map(one, range(runs))


def summed(what: str, found: list[tuple[Case, Outcome]]) -> Sum:
    """The figures of a series."""
    return Sum(
        len(found),
        sum(bool(outcome.left) for _, outcome in found),
        sum(len(outcome.left) for _, outcome in found),
        sum(outcome.code is None for _, outcome in found),
        sum(
            what != "honcho" and outcome.code is not None and bool(case.wrong(outcome))
            for case, outcome in found
        ),
    )


if __name__ == "__main__":
    main()
