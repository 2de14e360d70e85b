"""Logs in bounded memory: what is kept of a flood, its order, and the notice about the rest."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from parity.dyno.lines import LONGEST, Lines
from parity.records import Line
from parity.system.log_buffer import FIRST, FIRST_LENGTH, LAST, LAST_LENGTH, Log


def app(number: int, text: str = "") -> Line:
    """Return a line of an app's, a second after the one before."""
    return Line(float(number), "app[web.1]", text or str(number))


def test_a_short_log_is_kept_whole() -> None:
    """Lines of several sources stay in the order in which they came."""
    log = Log()
    lines = [
        app(1),
        Line(2.0, "heroku[web.1]", "up"),
        app(3),
        Line(4.0, "heroku[router]", "at=info"),
    ]
    for line in lines:
        log.add(line)
    assert log.lines() == tuple(lines)


def test_a_flood_of_one_source_costs_no_other_its_lines() -> None:
    """The platform's few lines stay where they were, whatever the app prints."""
    log = Log()
    log.add(Line(0.0, "heroku[web.1]", "before"))
    for number in range(1, 10_001):
        log.add(app(number))
    log.add(Line(10_001.0, "heroku[web.1]", "after"))
    lines = log.lines()
    assert (lines[0].text, lines[-1].text) == ("before", "after")
    assert [x.text for x in lines[1 : FIRST + 1]] == [str(n) for n in range(1, FIRST + 1)]
    assert [x.text for x in lines[-LAST - 1 : -1]] == [str(n) for n in range(8001, 10_001)]
    assert lines[FIRST + 1] == Line(
        FIRST + 1.0,
        "heroku[logplex]",
        "Error L10 (output buffer overflow): 7000 messages dropped since "
        "1970-01-01T00:16:41+00:00.",
    )


def test_long_lines_count_by_their_length() -> None:
    """Very long lines are limited by the megabyte, not by the thousand."""
    log = Log()
    for number in range(5000):
        log.add(app(number, "x" * LONGEST))
    kept = sum(len(line.text) for line in log.lines())
    assert FIRST_LENGTH + LAST_LENGTH - LONGEST < kept < FIRST_LENGTH + LAST_LENGTH + 2 * LONGEST


@pytest.mark.parametrize("size", [1, 7, 4096, 10_001, 1 << 18])
def test_lines_do_not_depend_on_how_they_are_read(size: int) -> None:
    """The fast path and the careful path split the same lines."""
    data = (b"short\n\ncaf\xc3\xa9\r\n\xff\n" + b"x" * 25_000 + b"\nplain\n" * 100) * 3 + b"rest"
    lines = Lines()
    found = [text for n in range(0, len(data), size) for text in lines.feed(data[n : n + size])]
    found += lines.end()
    other = Lines()
    assert found == other.feed(data) + other.end()
    assert found[:4] == ["short", "", "café", "\\xff"]
    assert found[-1] == "rest" and max(map(len, found)) == LONGEST


@pytest.mark.real
def test_memory_of_an_endless_line(tmp_path: Path) -> None:
    """A line of 100 MB takes hardly more memory than none."""
    code = (
        "import resource, sys; from pathlib import Path; from tests.bench.output import flooded\n"
        "flooded(sys.argv[1]); print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )

    def peak(command: str) -> int:
        done = subprocess.run(
            [sys.executable, "-c", code, command],
            capture_output=True,
            check=True,
            cwd=Path(__file__).parent.parent,
            env={**os.environ, "TMPDIR": str(tmp_path)},
        )
        return int(done.stdout)

    kilobytes = peak("head -c 100000000 /dev/zero | tr '\\0' x") - peak("true")
    assert kilobytes < 20_000
