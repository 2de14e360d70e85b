"""Apps that work only with the values of their `.env`, which Heroku does not read."""

from pathlib import Path

import pytest

from parity import rehearse
from parity.push.config import without_dotenv
from parity.records import Boot, Config, Line, Traffic
from parity.records.verdict import Finding
from parity.rules.engine import diagnose
from parity.rules.loading import load
from tests.verdicts import AT, boot, exchange, plan, slug, source

VALUES = {"MODE": "development", "API_KEY": "s3cr3t"}
CODE = """\
import os
from http.server import BaseHTTPRequestHandler, HTTPServer

if os.environ.get("MODE") != "development":
    KEY = os.environ["API_KEY"]


class Hello(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()


HTTPServer(("0.0.0.0", int(os.environ["PORT"])), Hello).serve_forever()
"""
CRASH = (
    "Traceback (most recent call last):",
    '  File "/app/app.py", line 5, in <module>',
    '    KEY = os.environ["API_KEY"]',
    "KeyError: 'API_KEY'",
)


def config(*names: str) -> Config:
    """Return config vars that come from .env."""
    return Config({n: VALUES[n] for n in names}, dict.fromkeys(names, ".env"))


def findings(bare: Boot, *names: str, committed: bool = True, status: int = 200) -> list[Finding]:
    """Return the findings about a working app whose second boot, without .env, is `bare`."""
    load()
    files = {"app.py": CODE, "Procfile": "web: python app.py\n"}
    tested = source({**files, ".env": "MODE=development\n"} if committed else files)
    first = boot(slug(plan(tested, config(*names))))
    left = slug(plan(tested, Config({}, {})))
    again = bare._replace(release=bare.release._replace(slug=left))
    answers = (exchange(status=status),) if again.state == "up" else ()
    traffic = Traffic(first, (exchange(),), (), bare=Traffic(again, answers, again.output))
    return [f for f in diagnose(traffic) if "dotenv" in f.id or f.id == "config-vars-needed"]


def crashed() -> Boot:
    """Return a boot that ended for want of API_KEY."""
    output = tuple(Line(AT, "app[web.1]", text) for text in CRASH)
    return boot(slug(plan(source())), state="crashed", exit=1, output=output, listeners=())


def test_a_committed_dotenv_hides_a_failure() -> None:
    """The variable, its line and the command are named, no value is."""
    (finding,) = findings(crashed(), "MODE")
    assert (finding.id, finding.effect) == ("works-only-with-dotenv", "warn")
    assert [(e.file, e.line) for e in finding.evidence] == [("app.py", 5), (".env", None)]
    assert "heroku config:set API_KEY=VALUE" in finding.fix and "development" not in str(finding)


def test_what_a_private_dotenv_sets_is_to_be_set_on_heroku() -> None:
    """The variable that is missing is one of its own: a note. Another one: a warning."""
    (note,) = findings(crashed(), "MODE", "API_KEY", committed=False)
    assert (note.id, note.effect) == ("config-vars-needed", "note")
    (warning,) = findings(crashed(), "MODE", committed=False)
    assert warning.id == "works-only-with-dotenv"


def test_a_page_that_needs_dotenv() -> None:
    """The app comes up without it, but the page gets an error."""
    (finding,) = findings(boot(slug(plan(source()))), "MODE", status=404)
    assert "GET / gets 404" in finding.cause


@pytest.mark.parametrize("state", ["up", "timeout", "unknown"])
def test_an_app_that_works_without_it(state: str) -> None:
    """Neither an app that answers, nor one that is merely slow, gets a word."""
    assert findings(boot(slug(plan(source())), state=state), "MODE", "API_KEY") == []


def test_what_is_left_without_dotenv() -> None:
    """What --config sets stays, and what an add-on sets on Heroku."""
    given = Config(
        {"A": "1", "B": "2", "DATABASE_URL": "3"},
        {"A": ".env", "B": "--config", "DATABASE_URL": ".env"},
    )
    rest = without_dotenv(given, {"DATABASE_URL"})
    assert rest and rest.values == {"B": "2", "DATABASE_URL": "3"}
    assert without_dotenv(given, {"A", "DATABASE_URL"}) is None


@pytest.mark.net
def test_a_second_boot_without_dotenv(tmp_path: Path) -> None:
    """The verdict stays, with the warning; with the variable set otherwise there is none."""
    (tmp_path / "app.py").write_text(CODE)
    (tmp_path / "Procfile").write_text("web: python app.py\n")
    (tmp_path / "requirements.txt").write_text("")
    (tmp_path / ".env").write_text("MODE=development\n")
    verdict = rehearse(tmp_path, config=config("MODE"))
    assert (verdict.verdict, [f.id for f in verdict.findings if f.effect == "warn"]) == (
        "works",
        ["works-only-with-dotenv"],
    )
    both = Config(VALUES, {"MODE": ".env", "API_KEY": "--config"})
    assert not [f for f in rehearse(tmp_path, config=both).findings if f.effect == "warn"]
