"""What real runs have left, judged by today's rules: what they must say is the same as for real."""

from pathlib import Path

import pytest

from parity.report.diffs import diffs
from tests.recorded import FOLDER, load, replayed
from tests.test_apps import EVERY, App, copy

RECORDED = [app for app in EVERY if app.is_recorded]
AGAIN = "its files have changed since: pytest --record -k "


@pytest.mark.parametrize("app", RECORDED, ids=lambda app: app.name)
def test_app(app: App, tmp_path: Path) -> None:
    """An app's recording leads to the expected findings, and to the diff that git has applied."""
    copy(app.folder, app.git, tmp_path)
    recorded = load(f"apps/{app.name}", app.files, tmp_path)
    assert recorded.of == app.digest, AGAIN + app.name
    verdict, *later = (replayed(take, app.config, app.options) for take in recorded.takes)
    app.check(verdict)
    assert diffs(verdict) == recorded.diff
    assert [(v.verdict, v.repaired) for v in later] == [("works", ())] * bool(recorded.diff)


def test_no_recording_is_left_over() -> None:
    """Every recording belongs to an app."""
    known = {app.name for app in EVERY}
    assert [p.stem for p in (FOLDER / "apps").glob("*.json") if p.stem not in known] == []
