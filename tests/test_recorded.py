"""What real runs have left, judged by today's rules: what they must say is the same as for real."""

from pathlib import Path

import pytest

from parity.report.diffs import diffs
from tests import test_pip_causes, test_proof
from tests.crashes import Case, diagnosed, written
from tests.kinds import kinds
from tests.recorded import AGAIN, FOLDER, is_recorded, load, load_build, replayed
from tests.test_apps import EVERY, App, copy
from tests.test_causes import REHEARSED
from tests.test_pip_causes import REJECTED, Row, refused
from tests.test_proof import fixed, in_sarif, recording
from tests.trees import NO_CONFIG

RECORDED = [app for app in EVERY if app.is_recorded]
CASES = [case for case in REHEARSED if is_recorded(case.recording)]
BUILDS = [row for row in REJECTED if is_recorded(test_pip_causes.recording(row)[0])]
FIXES = [case for case in test_proof.CASES if is_recorded(recording(*case)[0])]


@pytest.mark.parametrize("app", RECORDED, ids=lambda app: app.name)
def test_app(app: App, tmp_path: Path) -> None:
    """An app's recording leads to the expected findings, and to the diff that git has applied."""
    copy(app.folder, app.git, tmp_path)
    recorded = load(f"apps/{app.name}", app.files, tmp_path)
    assert recorded.of == app.digest, f"its files have changed. {AGAIN}"
    verdict, *later = (replayed(take, app.config, app.options) for take in recorded.takes)
    app.check(verdict)
    assert diffs(verdict) == recorded.diff
    assert [(v.verdict, v.repaired) for v in later] == [("works", ())] * bool(recorded.diff)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.recording)
def test_case(case: Case, tmp_path: Path) -> None:
    """A case's recording leads to its cause."""
    written(tmp_path, case)
    recorded = load(case.recording, case.everything, tmp_path)
    (verdict,) = (replayed(take, case.settings) for take in recorded.takes)
    diagnosed(verdict, case)


@pytest.mark.parametrize(("cause", "files"), FIXES, ids=lambda v: v if type(v) is str else "")
def test_fix(cause: str, files: dict[str, str], tmp_path: Path) -> None:
    """The fix is the one with which the app has worked, and does not break what works."""
    name, _, contents = recording(cause, files)
    recorded = load(name, contents, tmp_path)
    verdict, again = (replayed(take, NO_CONFIG) for take in recorded.takes)
    fixed(verdict, cause)
    assert diffs(verdict) == recorded.diff
    after = dict(files)
    for path, (_, new) in verdict.fixes[0].changes.items():
        after.pop(path, None)
        if new and new.data is not None:
            after[path] = new.data.decode()
    in_sarif(verdict, files, after)
    assert (again.verdict, again.fixes) == ("works", ())


@pytest.mark.parametrize("row", BUILDS, ids=lambda row: row[2])
def test_build(row: Row, tmp_path: Path) -> None:
    """The recording of a build that pip refused leads to its cause."""
    name, files = test_pip_causes.recording(row)
    built = load_build(name, files, tmp_path)
    refused(built.slug, built.log, row)


def test_each_kind_runs_for_real(tmp_path: Path) -> None:
    """Recordings do not show that parity itself still does what it did: `real = true` apps do."""
    seen: dict[str, list[App]] = {}
    for app in RECORDED:
        for kind in kinds(app, load(f"apps/{app.name}", app.files, tmp_path)):
            seen.setdefault(kind, []).append(app)
    unreal = {kind: app[0].name for kind, app in seen.items() if not any(a.real for a in app)}
    assert unreal == {}, "make one of them real"


def test_no_recording_is_left_over() -> None:
    """Every recording belongs to an app or a case."""
    known = {f"apps/{app.name}" for app in EVERY} | {case.recording for case in REHEARSED}
    known |= {recording(*case)[0] for case in test_proof.CASES}
    known |= {test_pip_causes.recording(row)[0] for row in REJECTED}
    there = {str(p.relative_to(FOLDER).with_suffix("")) for p in FOLDER.rglob("*.json")}
    assert there - known == set(), "delete them"
