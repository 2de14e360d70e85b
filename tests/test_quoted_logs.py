"""`parity explain -` on logs as people quote them: no false word, and the cause where it is."""

import pytest

from parity.logs import causes, read
from parity.report.log_report import page, unclear
from tests.quoted_logs import LOGS, Quoted
from tests.trees import planned, tree


def answer(quoted: Quoted) -> str:
    """Return the whole answer, in one line and in lower case."""
    plan = planned(tree(quoted.files))[0] if quoted.files else None
    story = read([quoted.text.encode()])
    found = causes(story, plan)
    trouble = unclear(story, found)
    shown = page(story, found, plan.source if plan else None, 200, False)
    shown = f"{trouble} {trouble.fix}" if trouble else shown
    return " ".join(shown.split()).lower()


@pytest.mark.parametrize("quoted", LOGS.values(), ids=list(LOGS))
def test_a_quoted_log_is_explained(quoted: Quoted) -> None:
    """Whatever was left out, added or broken, the answer has the right words and no wrong one."""
    shown = answer(quoted)
    assert [word for word in quoted.says if word.lower() not in shown] == [], shown
    assert [word for word in quoted.never if word.lower() in shown] == [], shown
