"""SARIF's fixes, as an editor would apply them."""

import json
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sarif_pydantic import Sarif

from parity.masking.mask import Mask
from parity.push import worktree
from parity.records import Config, Source
from parity.records.verdict import Fix, Repaired, Verdict
from parity.rehearsal.edits.diff import changes, unified
from parity.report import render
from tests import verdicts
from tests.trees import NO_CONFIG, tree
from tests.verdicts import finding

POSITIONS = ["startLine", "startColumn", "endLine", "endColumn"]
REGION = {
    "type": "object",
    "required": POSITIONS,
    "additionalProperties": False,
    "properties": {key: {"type": "integer", "minimum": 1} for key in POSITIONS},
}
TEXT = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}}
FIXES = {
    "type": "array",
    "minItems": 1,
    "uniqueItems": True,
    "items": {
        "type": "object",
        "required": ["artifactChanges", "description"],
        "additionalProperties": False,
        "properties": {
            "description": TEXT,
            "artifactChanges": {
                "type": "array",
                "minItems": 1,
                "items": {
                    "type": "object",
                    "required": ["artifactLocation", "replacements"],
                    "properties": {
                        "replacements": {
                            "type": "array",
                            "minItems": 1,
                            "items": {
                                "type": "object",
                                "required": ["deletedRegion", "insertedContent"],
                                "properties": {"deletedRegion": REGION, "insertedContent": TEXT},
                            },
                        }
                    },
                },
            },
        },
    },
}
"""The requirements of SARIF 2.1.0 for `fixes` (§3.27.30, §3.55 to §3.57), and whole positions."""


def applied(result: Mapping[str, Any], files: Mapping[str, str]) -> dict[str, str]:
    """Return `files` after the one fix of a result, the last replacement first."""
    made = dict(files)
    jsonschema.validate(result["fixes"], FIXES)
    (fix,) = result["fixes"]
    for change in fix["artifactChanges"]:
        file = change["artifactLocation"]["uri"]
        for edit in reversed(change["replacements"]):
            region, text = edit["deletedRegion"], made[file]
            start = offset(text, region["startLine"], region["startColumn"])
            end = offset(text, region["endLine"], region["endColumn"])
            made[file] = text[:start] + edit["insertedContent"]["text"] + text[end:]
    return made


def offset(text: str, line: int, column: int) -> int:
    """Return the offset of a position that the text must have."""
    lines = text.split("\n")
    assert column <= len(lines[line - 1]) + 1
    return sum(len(each) + 1 for each in lines[: line - 1]) + column - 1


def sources(*steps: Mapping[str, str | bytes]) -> list[Source]:
    """Return a tree and its later states, edit by edit."""
    return [tree(files) for files in steps]


def mended(steps: list[Source], config: Config = NO_CONFIG) -> Verdict:
    """Return a verdict with one proved edit per step; the first one's finding decides."""
    made = verdicts.loopback()
    after, found, fixes = None, [], []
    for number, (old, new) in enumerate(pairwise(steps)):
        changed, name = changes(old, new), f"cause-{number}"
        found.append(finding(name, after=after, diff=unified(changed)))
        fixes.append(Fix(name, f"step {number}", changed))
        after = name
    return made._replace(
        source=steps[0],
        plan=verdicts.plan(steps[0], config),
        findings=tuple(found),
        repaired=tuple(Repaired(fix.finding, fix.what, "works", 200) for fix in fixes),
        fixes=tuple(fixes),
    )


def results(verdict: Verdict) -> list[dict[str, Any]]:
    """Return the results of the report, which an independent reader accepts, too."""
    text = render("sarif", verdict)
    Sarif.model_validate_json(text)
    told: list[dict[str, Any]] = json.loads(text)["runs"][0]["results"]
    return told


lines = st.lists(st.sampled_from(["a", "b", "ä🙂", "", "a\r", "\u2028", "`x` ##[y]"]), max_size=8)
texts = st.builds(lambda rows, end: "\n".join(rows) + end, lines, st.sampled_from(["", "\n"]))


@settings(max_examples=300, deadline=None)
@given(texts, texts)
def test_a_fix_makes_the_file_what_was_proved(before: str, after: str) -> None:
    """Any edit, with any line ends, at any place of the file."""
    old, new = {"a.py": before}, {"a.py": after}
    (result,) = results(mended(sources(old, new)))
    if before == after:
        assert "fixes" not in result
    else:
        assert applied(result, old) == new


def test_edits_that_were_proved_together_stand_together() -> None:
    """Each result has all of them, against the files as they are."""
    steps = (
        {"a.py": "1\n2\n3\n", "Procfile": "web: x\n"},
        {"a.py": "0\n1\n2\n3\n", "Procfile": "web: x\n"},
        {"a.py": "0\n1\n2\n4\n", "Procfile": "web: y\n"},
    )
    first, second = results(mended(sources(*steps)))
    assert applied(first, steps[0]) == applied(second, steps[0]) == steps[2]
    assert first["fixes"][0]["description"]["text"] == "step 0, step 1."


def test_a_file_that_comes_or_goes_or_changes_its_mode_has_no_fix() -> None:
    """SARIF cannot express it, and half of an edit is none."""
    (old,) = sources({"a.py": "1\n"})
    (with_more,) = sources({"a.py": "2\n", "b.py": ""})
    entry = old.entries["a.py"]._replace(mode=worktree.EXECUTABLE, data=b"2\n")
    executable = old._replace(entries={"a.py": entry})
    for steps in ([old, with_more], [with_more, old], [old, executable]):
        (result,) = results(mended(steps))
        assert result["properties"]["diff"]
        assert "fixes" not in result


@pytest.mark.parametrize("line", [1, 20])
def test_a_masked_value_is_in_no_fix(line: int) -> None:
    """A replacement with a name instead of the value would be wrong; other values do not matter."""
    config = NO_CONFIG._replace(values={"TOKEN": "hunter2hunter2"})
    rows = ["x"] * 20
    rows[line - 1] = "key = 'hunter2hunter2'"
    old, new = "\n".join(("port = 1", *rows)), "\n".join(("port = 2", *rows))
    verdict = mended(sources({"a.py": old}, {"a.py": new}), config)
    (result,) = results(Mask(config, verdict.source).verdict(verdict))
    assert "hunter2hunter2" not in json.dumps(result)
    assert ("fixes" in result) == (line == 20)


def test_without_a_proof_there_is_no_fix() -> None:
    """An unproved diff is not a fix; nor are the other results' edits."""
    assert all("fixes" not in result for result in results(verdicts.loopback()))
    other = finding("other")
    verdict = mended(sources({"a.py": "1"}, {"a.py": "2"}))
    mine, theirs = results(verdict._replace(findings=(*verdict.findings, other)))
    assert ("fixes" in mine, "fixes" in theirs) == (True, False)


def test_a_fix_is_placed_from_the_repository() -> None:
    """Fixes are placed relative to the repository, as results are."""
    old, new = (s._replace(prefix="apps/shop") for s in sources({"ä.py": "1"}, {"ä.py": "2"}))
    (result,) = results(mended([old, new]))
    place = result["fixes"][0]["artifactChanges"][0]["artifactLocation"]
    assert place == {"uri": "apps/shop/%C3%A4.py", "uriBaseId": "%SRCROOT%"}
