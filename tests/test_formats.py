"""Every format is parsed by a reader that is not ours, whatever the app wrote into it."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import html5lib
import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from junitparser import JUnitXml, TestSuite
from markdown_it import MarkdownIt
from sarif_pydantic import Sarif

from parity.records import Line
from parity.records.verdict import Evidence, Verdict
from parity.report import KINDS, render
from parity.report.html import FIRST, LAST
from parity.report.json import schema
from tests import verdicts
from tests.test_report import hostile
from tests.verdicts import VERDICTS, finding, source

each = pytest.mark.parametrize("make", VERDICTS.values(), ids=VERDICTS)
anything = st.text(st.characters(exclude_categories=()), max_size=80)

PAYLOADS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'-alert(1)-'",
    "javascript:alert(1)",
    "</style><script>alert(1)</script>",
    "</td></tr></table><h1>forged</h1>",
    "{{ 7 * 7 }} {% raw %}",
    "]]><failure/>",
    "&lt;b&gt; &#60;b&#62;",
    "`</code><b>`",
    "--><script>",
)


@each
def test_the_document_obeys_its_schema(make: Callable[[], Verdict]) -> None:
    """The published schema is valid, and accepts every document of ours."""
    published = json.loads(schema())
    jsonschema.Draft202012Validator.check_schema(published)
    jsonschema.validate(json.loads(render("json", make())), published)


@pytest.mark.parametrize(
    "spoilt",
    [
        {"verdict": "perhaps"},
        {"schema": "parity.report/2"},
        {"stages": []},
        {"findings": [{"id": "R10"}]},
        {"log": [1]},
    ],
)
def test_the_schema_refuses_what_is_no_report(spoilt: dict[str, Any]) -> None:
    """A schema that accepts anything would prove nothing."""
    document = json.loads(render("json", verdicts.loopback())) | spoilt
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, json.loads(schema()))


def test_every_key_of_the_document_is_in_the_schema() -> None:
    """No key is published that the schema does not have."""

    def unknown(value: Any, known: dict[str, Any], root: dict[str, Any]) -> set[str]:
        known = root["$defs"]["finding"] if "$ref" in known else known
        if isinstance(value, list):
            return {key for item in value for key in unknown(item, known["items"], root)}
        if not isinstance(value, dict) or "additionalProperties" not in known:
            return set()
        if known["additionalProperties"] is not True:
            return set()
        missing = set(value) - set(known["properties"])
        inner = (unknown(v, known["properties"][k], root) for k, v in value.items())
        return missing.union(*inner)

    published = json.loads(schema())
    assert unknown(json.loads(render("json", verdicts.loopback())), published, published) == set()


@pytest.mark.real
def test_the_schema_is_printed() -> None:
    """An installed parity prints it with `parity explain --schema`."""
    done = subprocess.run(
        [sys.executable, "-m", "parity", "explain", "--schema"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == schema()


@each
def test_sarif_is_read(make: Callable[[], Verdict]) -> None:
    """Each result names a rule of the driver, a level and, with a tree, a place."""
    text = render("sarif", make())
    log = Sarif.model_validate_json(text)
    (run,) = json.loads(text)["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert len(log.runs[0].results or []) == len(run["results"])
    for result in run["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]
        assert result["locations"]


def test_sarif_places_are_seen_from_the_repository() -> None:
    """An app in a sub-folder is annotated at its path in the repository; names are URIs."""
    blamed = finding("a", evidence=(Evidence("seen", "my app/ä#1.py", 3, 2),))
    tested = source({"my app/ä#1.py": "x"}, prefix="apps/shop")
    verdict = verdicts.works(source=tested, findings=(blamed,))
    (result,) = json.loads(render("sarif", verdict))["runs"][0]["results"]
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "apps/shop/my%20app/%C3%A4%231.py"
    assert place["region"] == {"startLine": 3, "startColumn": 2}


def test_sarif_fingerprints_outlive_a_moved_line() -> None:
    """The same cause three lines further down is no new alert; one in another file is."""

    def print_of(file: str, line: int) -> str:
        blamed = finding("a", evidence=(Evidence("seen", file, line),))
        verdict = verdicts.works(findings=(blamed,))
        (result,) = json.loads(render("sarif", verdict))["runs"][0]["results"]
        return str(result["partialFingerprints"]["parity/1"])

    assert print_of("a.py", 1) == print_of("a.py", 4) != print_of("b.py", 1)


def suite(verdict: Verdict) -> TestSuite:
    """Return the one suite of a JUnit report."""
    (read,) = JUnitXml.fromstring(render("junit", verdict).encode())
    assert isinstance(read, TestSuite)
    return read


@each
def test_junit_is_read(make: Callable[[], Verdict]) -> None:
    """A stage is a case; the counts are right; the failure is what decided the verdict."""
    verdict, read = make(), suite(make())
    results = [(case.name, kind.type) for case in read for kind in case.result]
    assert read.tests == (2 if verdict.command == "check" else 7)
    assert (read.failures > 0) == (verdict.verdict == "fails")
    if verdict.symptom:
        assert verdict.symptom in [kind for _, kind in results]


def test_junit_tells_what_could_not_be_decided_as_an_error() -> None:
    """`unknown` is neither passed nor failed."""
    read = suite(verdicts.unknown())
    assert (read.failures, read.errors) == (0, 1)


def test_strict_fails_in_junit_too() -> None:
    """If --strict makes a warning decisive, its stage fails."""
    verdict = verdicts.slow_stop()._replace(verdict="fails", symptom="R12")
    assert suite(verdict).failures == 1


@each
def test_one_annotation_per_result(make: Callable[[], Verdict]) -> None:
    """Every line but the last is a command that GitHub knows, with a place if there is one."""
    *commands, last = render("github", make()).splitlines()
    pattern = re.compile(r"::(error|warning|notice) ((\w+=[^:,\r\n]*)(,\w+=[^:,\r\n]*)*)::[^\r\n]+")
    assert all(pattern.fullmatch(command) for command in commands)
    assert not last.startswith("::")


@pytest.mark.parametrize("text", ["x::y", "a,file=b", "%0A::error::x", "\n::error::x", "a\r::b::"])
def test_nothing_forges_an_annotation(text: str) -> None:
    """An app's text cannot end or begin a command, nor add a property."""
    rows = render("github", hostile(text)).splitlines()
    assert len(rows) == 3
    for row in rows[:2]:
        properties = row.split(" ", 1)[1].split("::", 1)[0]
        names = [part.split("=")[0] for part in properties.split(",")]
        assert names in (["file", "line", "col", "title"], ["title"])


def page(verdict: Verdict) -> Any:
    """Return the HTML page as a browser would parse it; raises for what is not HTML5."""
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    return parser.parse(render("html", verdict))


def shape(verdict: Verdict) -> list[tuple[str, tuple[str, ...]]]:
    """Return every element of the page with its attributes' names."""
    return [
        (e.tag, tuple(map(str, e.attrib))) for e in page(verdict).iter() if isinstance(e.tag, str)
    ]


@each
def test_html_is_valid_and_self_contained(make: Callable[[], Verdict]) -> None:
    """The page has no script, loads nothing, and links only to the documentation."""
    root = page(make())
    for element in root.iter():
        for name, value in element.attrib.items():
            assert name in ("href", "content") or "://" not in value
            assert not str(name).startswith("on")
        assert element.tag not in ("script", "link", "img", "iframe", "form", "base", "object")
        assert element.attrib.get("href", "https://").startswith("https://")


@pytest.mark.parametrize("payload", PAYLOADS)
def test_html_keeps_hostile_text_as_text(payload: str) -> None:
    """Whatever the app writes, the page has the same elements as for a harmless word."""
    spans = payload.count("`") // 2
    harmless = "`word`" * spans or "word"
    assert shape(hostile(payload)) == shape(hostile(harmless))


@settings(max_examples=40, deadline=None)
@given(anything)
def test_no_text_breaks_a_format(text: str) -> None:
    """Every format stays readable, and HTML gets no extra element."""
    verdict = hostile(text)
    Sarif.model_validate_json(render("sarif", verdict))
    assert suite(verdict).tests == 7
    jsonschema.validate(json.loads(render("json", verdict)), json.loads(schema()))
    tags = {tag for tag, _ in shape(verdict)}
    assert tags <= {tag for tag, _ in shape(hostile("`a`"))} | {"div", "pre", "span"}


def test_html_of_a_flood_is_cut_in_the_middle() -> None:
    """Of a very long log, the page shows the beginning and the end, and says so."""
    log = tuple(Line(float(n), "app[web.1]", f"line {n}.") for n in range(FIRST + LAST + 500))
    text = render("html", verdicts.works(log=log))
    assert "500 lines left out" in text
    assert "line 999." in text
    assert "line 1000." not in text
    assert f"line {FIRST + LAST + 499}." in text


def test_html_shows_the_lines_that_the_file_has() -> None:
    """There is no extra line after the last line end."""
    blamed = finding("a", evidence=(Evidence("seen", "a.py", 2),))
    verdict = verdicts.works(
        verdict="fails", symptom="a", findings=(blamed,), source=source({"a.py": "one\ntwo\n"})
    )
    (pre,) = page(verdict).iter("pre")
    assert "".join(pre.itertext()).split() == ["1", "one", "2", "▶", "two"]


def elements(verdict: Verdict) -> list[str]:
    """Return the elements of a Markdown report except code, as a CommonMark reader sees them."""
    text = MarkdownIt("commonmark").enable("table").render(render("md", verdict))
    return [tag for tag in re.findall(r"<(?!!--)/?(\w+)", text) if tag != "code"]


@pytest.mark.parametrize(
    "text",
    [
        *PAYLOADS[:8],
        "a ``` b ```` c",
        "````\n\n# forged",
        "![x](https://evil.example/x.png)",
        "[x](https://evil.example)",
        "<https://evil.example>",
        "a | b | c",
        "**bold** _it_ ~~no~~ # 1",
        "<!-- a",
        "- [ ] task",
        "a\\",
    ],
)
def test_markdown_keeps_hostile_text_as_text(text: str) -> None:
    """An app's text makes no element: not a link, a picture, a heading, a cell."""
    assert elements(hostile(text)) == elements(hostile("word"))


@pytest.mark.parametrize("text", ["@octocat", "#12", "https://evil.example", "www.evil.example"])
def test_markdown_makes_no_mention_and_no_link(text: str) -> None:
    """What only GitHub would link is broken up, outside of code."""
    outside = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", render("md", hostile(text)), flags=re.DOTALL)
    assert text not in outside


@pytest.mark.real
def test_every_kind_goes_to_a_file(tmp_path: Path) -> None:
    """One run writes all kinds, each to its own file."""
    reports = [f"--report={kind}={tmp_path / kind}" for kind in KINDS]
    done = subprocess.run(
        [sys.executable, "-m", "parity", "check", "examples/hello_app", *reports, "--quiet"],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parent.parent,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert all((tmp_path / kind).read_text() for kind in KINDS)


@pytest.mark.real
def test_the_step_summary_is_written_for_github_alone(tmp_path: Path) -> None:
    """`--format github` appends to the step's summary; another format leaves it alone."""
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    for kind in ("concise", "github"):
        subprocess.run(
            [sys.executable, "-m", "parity", "check", "examples/hello_app", "--format", kind],
            capture_output=True,
            cwd=Path(__file__).parent.parent,
            env={"GITHUB_STEP_SUMMARY": str(summary), "PATH": "/usr/bin:/bin"},
            check=True,
        )
    assert summary.read_text().startswith("before\n## check: ")
    assert summary.read_text().count("## check: ") == 1


@pytest.mark.real
def test_a_kind_that_is_nearly_right_is_understood() -> None:
    """An unknown kind is wrong usage, and the nearest one is suggested."""
    done = subprocess.run(
        [sys.executable, "-m", "parity", "check", "--format", "junitxml"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr == "parity: --format: no report junitxml. Did you mean junit?\n"
