"""The table of what Heroku's own proxy library asserts: `python tests/bench/conformance.py`.

Runs the rows against `--router legacy` and prints each as `same`, `different` with its reason, or
`FAILED`. Row numbers are those of the library's test functions in the order of its suites.
"""

import re
import sys
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
FILES = sorted((ROOT / "tests").glob("test_conformance_*.py"))
LAST = 170

PLATFORM = "Heroku's own directory of apps and domains; there is none on one machine"
DIFFERENT = {
    97: "the PROXY protocol between Heroku's own load balancers; parity has none",
    99: "Instance-Name names one of Heroku's routers; the two times are there (rows 102, 103)",
    108: "headers that Heroku's control software adds; it is not known which",
    118: "the documented limit of 8,192 bytes is exact; the library looks only while it waits",
    127: f"a domain that moved: {PLATFORM}",
    131: f"no route: {PLATFORM}",
    140: "an idle dyno: none falls asleep here",
    141: f"an app without code: {PLATFORM}",
    154: "folded trailers: a careful router refuses them (request smuggling); quotes pass",
    169: "the library's user may go on with the client after the dyno has left; a router does not",
}
"""Rows that are different on purpose."""


class Outcomes:
    """Collects the outcome of every test by its row."""

    def __init__(self) -> None:
        self.rows: dict[int, list[bool]] = defaultdict(list)
        self.texts: dict[int, str] = {}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            row = number(item.name)
            if row and isinstance(item, pytest.Function):
                self.texts[row] = (item.function.__doc__ or "").strip().splitlines()[0]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        row = number(report.nodeid.rpartition("::")[2])
        if row and (report.when == "call" or report.failed):
            self.rows[row].append(report.passed)


def number(name: str) -> int | None:
    """Return the row that a test is named after."""
    match = re.match(r"test_v(\d{3})", name)
    return int(match[1]) if match else None


def main() -> int:
    """Run the rows and print the table; the exit code is 1 if any row fails or has no test."""
    seen = Outcomes()
    pytest.main(["-q", "--no-header", "-p", "no:cacheprovider", *map(str, FILES)], plugins=[seen])
    print("\n| row | behaviour | parity, legacy |\n|---|---|---|")
    bad = 0
    for row in range(1, LAST + 1):
        failed = not all(seen.rows[row]) or (not seen.rows[row] and row not in DIFFERENT)
        bad += failed
        word = f"different: {DIFFERENT[row]}" if row in DIFFERENT else "same"
        text = seen.texts.get(row, "")
        print(f"| V{row:03} | {text} | {'FAILED' if failed else word} |")
    print(f"\n{LAST - len(DIFFERENT) - bad} same, {len(DIFFERENT)} different, {bad} failed")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
