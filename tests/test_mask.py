"""Values of config vars are never shown, and nothing else is hidden."""

import json
from base64 import b64encode
from collections.abc import Callable
from html import escape
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parity.masking.mask import Mask
from parity.records import Config, Line, Release, Traffic
from parity.records.verdict import Evidence, Verdict
from parity.report import KINDS, render
from parity.report.terminal import later
from tests import verdicts
from tests.verdicts import boot, exchange, finding, plan, slug, source

CANARY = "qX7/vB2+mK9 \"t'&é<zW4%yP8"
"""A value that is written differently in every notation."""


def mask(**values: str) -> Mask:
    """Return a mask for an app that has `shop/settings.py` and `hello.py`."""
    tree = source({"hello.py": "", "shop/settings.py": "", "static/css/site.css": ""})
    return Mask(Config(values, {}), tree)


@pytest.mark.parametrize(
    "spelling",
    [
        str,
        quote,
        quote_plus,
        lambda s: quote(s, safe=""),
        lambda s: (
            quote(s, safe="")
            .lower()
            .replace("qx7", "qX7")
            .replace("vb2", "vB2")
            .replace("mk9", "mK9")
            .replace("zw4", "zW4")
            .replace("yp8", "yP8")
        ),
        lambda s: json.dumps(s)[1:-1],
        lambda s: json.dumps(s, ensure_ascii=False)[1:-1],
        lambda s: repr(s)[1:-1],
        escape,
        lambda s: b64encode(s.encode()).decode(),
    ],
    ids=[
        "plain",
        "URL",
        "form",
        "URL part",
        "lower-case hex",
        "JSON",
        "UTF-8 JSON",
        "repr",
        "HTML",
        "base64",
    ],
)
def test_every_spelling_is_masked(spelling: Callable[[str], str]) -> None:
    """A value is hidden as URLs, JSON, Python, HTML and base64 write it."""
    told = mask(SECRET_KEY=CANARY).text(f"key={spelling(CANARY)} end")
    assert told.replace("=]", "]").startswith("key=[SECRET_KEY]")
    assert told.endswith(" end")


URL = "postgres://joe:s3cr%40t99@db.example.com:5432/shop"


@pytest.mark.parametrize(
    ("shown", "told"),
    [
        (URL, "[DATABASE_URL]"),
        (URL.replace("postgres:", "postgresql+psycopg:"), "postgresql+psycopg://[DATABASE_URL]"),
        ("user joe:s3cr%40t99 refused", "user [DATABASE_URL] refused"),
        ("password s3cr@t99 refused", "password [DATABASE_URL] refused"),
        ("host db.example.com:5432 refused", "host db.example.com:5432 refused"),
    ],
    ids=["all", "another scheme", "user and password", "password", "host"],
)
def test_passwords_in_urls_are_masked_alone(shown: str, told: str) -> None:
    """Of a URL with a password, only the secret parts are hidden, wherever they occur."""
    assert mask(DATABASE_URL=URL).text(shown) == told


@pytest.mark.parametrize(
    "value",
    [
        "short",
        "production",
        "Production",
        "hello.py",
        "shop/settings.py",
        "static/css",
        "./static",
        "/app/static/css",
        "shop.settings",
        "hello:app",
        "shop.settings.Production",
        "hello:create_app()",
        "logging.handlers",
        "0.0.0.0",
        "localhost",
    ],
)
def test_what_is_no_secret_stays(value: str) -> None:
    """Short values, tracked paths, modules and common words are not hidden."""
    text = f"running {value} now"
    assert mask(NAME=value).text(text) == text


@pytest.mark.parametrize("value", ["hello.other-thing", "eyJhbGci.eyJzdWIi.c2lnbmF0", "http://["])
def test_what_only_looks_like_a_module_is_masked(value: str) -> None:
    """A dotted value is not a module unless the app or Python has one of that name."""
    assert mask(TOKEN=value).text(f"a {value} b") == "a [TOKEN] b"


def test_the_longest_value_wins() -> None:
    """A value that contains another is hidden as a whole."""
    told = mask(ONE="abc-def", TWO="abc-defghijkl").text("abc-defghijkl abc-def")
    assert told == "[TWO] [ONE]"


@pytest.mark.parametrize("cut", range(1, len(CANARY)))
def test_a_value_is_masked_across_lines(cut: int) -> None:
    """A value across two log lines is hidden, and they stay two lines."""
    lines = ("head " + CANARY[:cut], CANARY[cut:] + " tail")
    assert mask(KEY=CANARY).lines(lines) == ("head [KEY]", " tail")


def test_a_value_is_masked_across_other_sources() -> None:
    """The platform may write a line between two lines of the app."""
    log = (Line(1.0, "app", "a qX7vB2m"), Line(2.0, "heroku", "b"), Line(3.0, "app", "K9tzW4 c"))
    texts = [line.text for line in mask(KEY="qX7vB2mK9tzW4").log(log)]
    assert texts == ["a [KEY]", "b", " c"]


def test_a_key_of_many_lines_is_masked() -> None:
    """A PEM key is hidden whole, on one line with escapes, and line by line."""
    key = "-----BEGIN KEY-----\nMIIEvQIBADANBg\nkqhkiG9w0BAQEF\n-----END KEY-----\n"
    hide = mask(KEY=key)
    assert hide.lines(("x", *key.splitlines(), "y")) == ("x", "[KEY]", "", "", "", "y")
    assert hide.text(f"key = {key!r}") == "key = '[KEY]'"
    assert hide.text("only kqhkiG9w0BAQEF") == "only [KEY]"


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        ("failed: qX7vB2mK9t…", "failed: [KEY]"),
        ("failed: qX7vB2mK9t", "failed: [KEY]"),
        ("…mK9tzW4yP8 failed", "[KEY] failed"),
        ("a cut elsewhere…", "a cut elsewhere…"),
    ],
)
def test_a_value_that_an_excerpt_cuts_is_masked(seen: str, told: str) -> None:
    """Evidence may quote part of a line: part of a value is hidden, too."""
    assert mask(KEY="qX7vB2mK9tzW4yP8").excerpt(seen) == told


VALUES = st.text(
    st.characters(
        codec="utf-8", exclude_characters="[]", exclude_categories=("Cc", "Zs", "Zl", "Zp")
    ),
    min_size=20,
    max_size=60,
)


@settings(max_examples=100, deadline=None)
@given(VALUES, st.text(max_size=20), st.integers(0, 60))
def test_no_value_gets_through(value: str, around: str, cut: int) -> None:
    """Whatever a value consists of and wherever a line breaks, it is not in the output."""
    text = f"{around}{value[:cut]}\n{value[cut:]}{around}"
    told = mask(TOKEN=value).text(text)
    assert value not in told.replace("\n", "")
    assert told.count("\n") == text.count("\n")


def leaky(value: str) -> Verdict:
    """Return a run in which the app and its tree show `value` wherever they can."""
    config = Config({"TOKEN": value, "TINY": "qX7"}, {"TOKEN": "--config"})
    tree = source({"hello.py": f"a\nKEY = '{value}'\nb\n"})
    log = (Line(1.0, "app[web.1]", f"x {value[:9]}"), Line(2.0, "app[web.1]", f"{value[9:]} y"))
    types = {"web": verdicts.plan(tree).processes["web"]._replace(command=f"run {value}")}
    built = slug(plan(tree, config, processes=types), output=(f"pip {value}",))
    started = boot(built, output=log, command=f"run {value}", why=f"why {value}")
    asked = exchange(
        path=f"/?t={value}",
        first=f"/?t={value}",
        headers={"location": f"/{value}"},
        body=f"body {value}".encode(),
        detail=value,
    )
    traffic = Traffic(started, (asked,), log, traceback=(f"Error: {value}",))
    blamed = finding(
        "leak",
        title=value,
        cause=value,
        fix=value,
        diff=f"+{value}",
        evidence=(Evidence(value, "hello.py", 2, 7, names={"x": value}),),
    )
    late = finding("late", stage="stop", title=value, evidence=(Evidence(value),))
    made = verdicts.works(findings=(blamed, late), log=log, source=tree, not_emulated=(value,))
    assert made.shutdown
    ended = made.shutdown._replace(boot=started, traffic=traffic, written=(f"/tmp/{value}",))
    return made._replace(
        plan=built.plan,
        slug=built,
        release=Release(built, types["web"], None, value),
        boot=started,
        traffic=traffic,
        shutdown=ended,
    )


def hidden(value: str) -> Verdict:
    """Return `leaky`, masked."""
    verdict = leaky(value)
    assert verdict.plan
    return Mask(verdict.plan.config, verdict.source).verdict(verdict)


SECRET = "zK3vQ8mX1wT6yB9n"


def test_no_report_shows_a_value() -> None:
    """Neither a masked verdict nor any report of it shows a value."""
    masked = hidden(SECRET)
    texts = [render(kind, masked) for kind in KINDS]
    texts += [later(masked, width=80, colour=False), repr(masked)]
    assert [text for text in texts if SECRET in text or SECRET[:9] in text] == []
    assert "[TOKEN]" in texts[0]
    assert masked.plan
    assert masked.plan.config.values["TINY"] == "[TINY]"


def test_places_and_addresses_stay() -> None:
    """File, line, column, ports, hosts and parity's own words are unchanged."""
    verdict = verdicts.loopback()
    values = {"A": "hello.py:12", "B": "timeout", "C": "127.0.0.1", "D": "binds-loopback"}
    values |= {"E": "worktree", "F": "23817", "G": "app[web.1]", "H": "heroku/python"}
    masked = Mask(Config(values, {}), verdict.source).verdict(verdict)
    assert masked.boot
    assert verdict.boot
    assert masked.boot.state == "timeout"
    assert masked.boot.listeners == verdict.boot.listeners
    assert masked.findings[1].id == "binds-loopback"
    assert [e._replace(seen="") for e in masked.findings[1].evidence] == [
        e._replace(seen="") for e in verdict.findings[1].evidence
    ]
    assert [line.source for line in masked.log] == [line.source for line in verdict.log]
    assert json.loads(render("json", masked))["source"]["kind"] == "worktree"
    assert json.loads(render("json", masked))["plan"]["buildpack"] == "heroku/python"


def test_records_still_share_their_past() -> None:
    """A masked verdict is one chain of records as before, not a copy for each."""
    masked = hidden(SECRET)
    assert masked.traffic
    assert masked.boot is masked.traffic.boot
    assert masked.plan is masked.boot.release.slug.plan
    assert masked.source is masked.boot.release.slug.plan.source


def test_a_verdict_without_values_is_equal() -> None:
    """With nothing to hide, nothing changes."""
    verdict = verdicts.error_500()
    assert Mask(Config({}, {}), verdict.source).verdict(verdict) == verdict


def test_a_large_log_is_masked_quickly() -> None:
    """A megabyte of log and fifty values take well under a second."""
    values = {f"NAME_{n}": f"value-{n:03}-{'x' * n}" for n in range(50)}
    log = tuple(
        Line(float(n), "app[web.1]", f"line {n} of the log of an app") for n in range(30000)
    )
    verdict = verdicts.works(log=(*log, Line(9.0, "app[web.1]", values["NAME_7"])))
    masked = Mask(Config(values, {}), None).verdict(verdict)
    assert masked.log[-1].text == "[NAME_7]"


def test_paths_are_not_followed() -> None:
    """The root of the app is a path on this machine, and stays."""
    made = verdicts.works(source=source(root=Path("/work/shop")))
    masked = Mask(Config({"A": "/work/shop"}, {}), None).verdict(made)
    assert masked.source
    assert masked.source.root == Path("/work/shop")
