"""The panel in Heroku's error page: no text from an app becomes part of the page itself."""

import base64
import hashlib
import re

import html5lib
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parity.facts.router import CODES
from parity.records import Line
from parity.report.panel import Told, added
from parity.router import pages
from tests.test_formats import PAYLOADS
from tests.test_report import hostile


def shape(text: str, code: str = "H10") -> list[tuple[str, tuple[str, ...]]]:
    """Return every element of the page, with the names of its attributes."""
    log = [Line(0.0, "app[web.1]", text), Line(0.0, text, "said")]
    page = added(pages.page(code, 503, {}), code, Told(hostile(text), log, "press r"))
    tree = html5lib.parse(page, namespaceHTMLElements=False)
    found = [(str(e.tag), tuple(e.attrib)) for e in tree.iter()]
    return [each for each in found if each[0] != "code"]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_hostile_text_stays_text(payload: str) -> None:
    """The page has the same elements as with a harmless word."""
    assert shape(payload) == shape("word")


@given(st.text(max_size=40))
def test_any_text_stays_text(text: str) -> None:
    """The page has no element and no attribute that is not the template's."""
    allowed = set(shape("word"))
    assert {e for e in shape(text) if e not in allowed} <= {("pre", ()), ("div", ())}


@pytest.mark.parametrize("code", sorted(CODES))
def test_every_code_has_its_panel(code: str) -> None:
    """It has the code's meaning, and no script, form or loaded address except Heroku's own."""
    page = added(pages.page(code, 503, {}), code, Told(None)).decode()
    assert f"{code}</code>" in page
    assert not re.search(r"<(script|form|img|link|object|base)\b|javascript:|\son\w+=", page)
    assert re.findall(r'src="([^"]*)"', page) == re.findall(
        r'src="([^"]*)"', pages.page(code, 503, {}).decode()
    )


def test_the_policy_allows_these_styles_alone() -> None:
    """Its hashes are those of the two style sheets in the page."""
    page = added(pages.page("H10", 503, {}), "H10", Told(None)).decode()
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy
    styles = re.findall(r"<style[^>]*>(.*?)</style>", page, re.DOTALL)
    digests = [base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() for s in styles]
    assert re.findall(r"sha256-([^']+)'", policy[1]) == digests
    assert len(digests) == 2
    assert "default-src 'none'" in policy[1]
    assert "unsafe" not in policy[1]


@pytest.mark.parametrize(("code", "again"), [("H10", True), ("H12", False), ("H13", False)])
def test_the_page_loads_again_until_the_app_is_back(code: str, again: bool) -> None:
    """Only where no request has reached the app: repeating one may do something twice."""
    page = added(pages.page(code, 503, {}), code, Told(None)).decode()
    assert ('<meta http-equiv="refresh" content="3">' in page) == again


def test_a_page_of_another_form_stays_as_it_is() -> None:
    """It has no place for a panel."""
    assert added(b"<p>Sorry.", "H10", Told(None)) == b"<p>Sorry."
