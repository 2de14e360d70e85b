"""Line numbers of a repaired copy in a report about the files that were pushed."""

from parity.records.verdict import Evidence, Finding
from parity.rehearsal.copy_lines import as_pushed
from tests.trees import tree

BEFORE = "from flask import Flask\n\napp = Flask(__name__)\napp.run(debug=True)\n"
AFTER = f"import os\n{BEFORE}".replace("app = ", "\napp = ")


def finding(line: int, after: str | None = "binds-loopback") -> Finding:
    """Return a finding with this line of app.py in its evidence and its texts."""
    return Finding(
        id="debugger-on",
        kind="cause",
        symptom=None,
        effect="warn",
        stage="route",
        heroku=None,
        title=f"Line {line} switches the debugger on",
        basis="observed",
        after=after,
        evidence=(Evidence("* Debugger is active!", "app.py", line),),
        cause=f"See app.py:{line}.",
        fix=f"Correct line {line} of app.py.",
        diff=None,
        docs="",
    )


def test_the_line_that_was_pushed() -> None:
    """A line that the repair has moved has the number that the user sees."""
    copies = {"binds-loopback": tree({"app.py": AFTER})}
    moved = as_pushed(finding(6), tree({"app.py": BEFORE}), copies)
    assert moved.evidence[0].line == 4
    assert (moved.cause, moved.fix) == ("See app.py:4.", "Correct line 4 of app.py.")


def test_the_repaired_line() -> None:
    """A line that the repair has changed is the one in its place."""
    copies = {"binds-loopback": tree({"app.py": AFTER.replace("debug=True", "host='0.0.0.0'")})}
    assert as_pushed(finding(6), tree({"app.py": BEFORE}), copies).evidence[0].line == 4


def test_lines_that_stay() -> None:
    """Lines of the judged run, of other files and those that only the copy has are left alone."""
    pushed, copies = tree({"app.py": BEFORE}), {"binds-loopback": tree({"app.py": AFTER})}
    for untouched in (finding(6, None), finding(6, "other"), finding(1)):
        assert as_pushed(untouched, pushed, copies) == untouched
    assert as_pushed(finding(6), tree({}), copies) == finding(6)
