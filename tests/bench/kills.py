"""Random kills, on request: `python -m tests.bench.kills [--runs 1000] [--builds 0.5] [LEVEL ...]`.

Every run starts one of the apps of tests/misbehaving.py at a level of isolation, or under `honcho`,
and ends it in a random way at a random moment. A share of `--builds` is all of `parity run` with
one of the apps of hostile.py; `all` is every level. It prints what was left (files: after the next
run's sweep, if parity itself was killed), what hung, and which exit codes were wrong (honcho's are
not judged).
"""

import argparse
import random
import signal
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from parity.dyno.isolation import LEVELS
from parity.system import folders
from tests.bench import hostile
from tests.misbehaving import Case, Outcome, randomly


class Sum(NamedTuple):
    """The figures of a series of runs."""

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
    parser.add_argument("what", nargs="*", default=["pidns"], choices=[*LEVELS, "all", "honcho"])
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--builds", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    # Children would inherit signals ignored because of `&` or nohup, and spoil the measurement.
    for signum in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
        signal.signal(signum, signal.SIG_DFL)
    with scratch() as folder:
        cache = hostile.warm(folder) if options.builds else None
        for what in LEVELS if "all" in options.what else options.what:
            began, found = time.monotonic(), list[tuple[Case, Outcome]]()
            for case, outcome in series(what, options, cache):
                found.append((case, outcome))
                told(what, case, outcome)
            print(f"{what}: {summed(what, found)}; {time.monotonic() - began:.0f} s", flush=True)


def told(what: str, case: Case, outcome: Outcome) -> None:
    """Print a run that went wrong."""
    wrong = case.wrong(outcome) if what != "honcho" and outcome.code is not None else None
    if outcome.left or outcome.code is None or wrong:
        print(f"  {what}: {case} -> exit {outcome.code}, left {outcome.left} {wrong}", flush=True)


@contextmanager
def scratch() -> Iterator[Path]:
    """A short-lived folder for one run."""
    folder = Path(tempfile.mkdtemp(prefix="kills-"))
    try:
        yield folder
    finally:
        folders.remove(folder)


def series(
    what: str, options: argparse.Namespace, cache: Path | None
) -> Iterator[tuple[Case, Outcome]]:
    """Do all runs of a series, some at a time."""

    def one(number: int) -> tuple[Case, Outcome]:
        rng = random.Random(options.seed * 10**6 + number)
        with scratch() as folder:
            if cache and rng.random() < options.builds:
                return hostile.randomly(rng, what, folder, cache)
            return randomly(rng, what, folder)

    with ThreadPoolExecutor(options.workers) as pool:
        yield from pool.map(one, range(options.runs))


def summed(what: str, found: list[tuple[Case, Outcome]]) -> Sum:
    """Return the figures of a series."""
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
