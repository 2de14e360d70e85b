"""The log of a rehearsal is limited: the app's lines are dropped in a flood, never Heroku's."""

from parity.records import Line
from parity.rehearsal.trial import Trial
from parity.system.log_buffer import FIRST, LAST


def log(*lines: Line) -> tuple[Line, ...]:
    """Return the verdict's log after these lines."""
    trial = Trial("run", None, None, strict=False)
    for line in lines:
        trial.say(line)
    return trial.verdict().log


def app(number: int) -> Line:
    """Return a numbered line of the app."""
    return Line(float(number), "app[web.1]", f"line {number}")


def test_log_up_to_the_limit_is_complete() -> None:
    """Up to the limit, no line is dropped."""
    lines = [app(n) for n in range(FIRST + LAST)]
    assert log(*lines) == tuple(lines)


def test_middle_of_a_flood_is_dropped() -> None:
    """The beginning and the end stay, with Heroku's notice between them; so do Heroku's lines."""
    platform = Line(0.5, "heroku[web.1]", "State changed from starting to up")
    lines = [app(n) for n in range(10_000)]
    kept = log(*lines[:5000], platform, *lines[5000:])
    assert kept[:FIRST] == tuple(lines[:FIRST])
    dropped = 10_000 - FIRST - LAST
    notice = f"Error L10 (output buffer overflow): {dropped} messages dropped since "
    assert kept[FIRST].text.startswith(notice)
    assert kept[FIRST + 1] == platform
    assert kept[FIRST + 2 :] == tuple(lines[-LAST:])
