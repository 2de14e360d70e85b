"""The log of a rehearsal is bounded: a flood of the app's, never what Heroku says."""

from parity.records import Line
from parity.rehearsal.trial import Trial
from parity.system.log_buffer import FIRST, LAST


def log(*lines: Line) -> tuple[Line, ...]:
    """The log that a verdict has after these lines."""
    trial = Trial("run", None, None, strict=False)
    for line in lines:
        trial.say(line)
    return trial.verdict().log


def app(number: int) -> Line:
    """One of the app's lines."""
    return Line(float(number), "app[web.1]", f"line {number}")


def test_a_log_that_is_no_flood_is_whole() -> None:
    """Nothing is left out up to the limit."""
    lines = [app(n) for n in range(FIRST + LAST)]
    assert log(*lines) == tuple(lines)


def test_of_a_flood_the_middle_is_left_out() -> None:
    """The beginning, a notice of Heroku's kind, the end; all that the platform said, in order."""
    said = Line(0.5, "heroku[web.1]", "State changed from starting to up")
    lines = [app(n) for n in range(10_000)]
    kept = log(*lines[:5000], said, *lines[5000:])
    assert kept[:FIRST] == tuple(lines[:FIRST])
    dropped = 10_000 - FIRST - LAST
    notice = f"Error L10 (output buffer overflow): {dropped} messages dropped since "
    assert kept[FIRST].text.startswith(notice)
    assert kept[FIRST + 1] == said
    assert kept[FIRST + 2 :] == tuple(lines[-LAST:])
