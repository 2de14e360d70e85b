"""Config vars that are missing, as apps complain of them: in any language, in any form."""

import pytest

from tests.tracebacks import LIBRARY, causes, trace

FRENCH = """\
import os
import sys

JETON = os.getenv("BOT_JETON")
if JETON is None:
    sys.exit("Le jeton n'est pas défini")
"""
GERMAN = """\
import os

TOKEN = os.getenv("BOT_TOKEN", "").strip()


def main():
    if not TOKEN:
        raise RuntimeError("BOT_TOKEN fehlt.")
"""
LISTED = """\
import os

NEEDED = ["SHOP_ID", "SHOP_KEY"]
missing = [name for name in NEEDED if not os.environ.get(name)]
if missing:
    raise RuntimeError(f"Faltan: {', '.join(missing)}")
"""
SETTINGS = """\
import os


class Settings:
    token = os.environ.get("API_TOKEN")


settings = Settings()
"""
CHECKED = """\
from conf import settings


def create_app():
    if not (settings.token and True):
        raise ValueError("konfigurácia je neúplná")
"""
ASSERTED = """\
import os

key = os.getenv("STRIPE_KEY")
assert key is not None and len(key) > 3
"""
EITHER = """\
import os

user, password = os.getenv("SMTP_USER"), os.getenv("SMTP_PASSWORD")
if not user or not password:
    raise SystemError("mail")
"""
HELPER = """\
import os


def need(name):
    return os.environ[name]


KEY = need("MAP_KEY")
"""
NEEDED = trace(
    "app.py:8", "app.py:5:need", "<frozen os>:685:__getitem__", error="KeyError: 'MAP_KEY'"
)
OR_EXIT = """\
import os
import sys

URL = os.environ.get("HOOK_URL") or sys.exit("Kein Ziel angegeben")
"""
PAGE = """\
import os

from flask import Flask

app = Flask(__name__)


@app.get("/")
def home():
    if not os.getenv("WEATHER_KEY"):
        return {"error": "weather key missing"}, 500
    return "ok"
"""
LOGGED = """\
import logging
import os
import sys

if not os.getenv("CHANNEL"):
    logging.error("no channel to post to")
    sys.exit(1)
"""
DATABASE = """\
import dj_database_url

DATABASES = {"default": dj_database_url.config(conn_max_age=600)}
"""


@pytest.mark.parametrize(
    ("files", "log", "name", "place"),
    [
        ({"app.py": FRENCH}, ("Le jeton n'est pas défini",), "BOT_JETON", "app.py:4"),
        (
            {"app.py": GERMAN},
            trace("app.py:8:main", error="RuntimeError: BOT_TOKEN fehlt."),
            "BOT_TOKEN",
            "app.py:3",
        ),
        (
            {"app.py": LISTED},
            trace("app.py:6", error="RuntimeError: Faltan: SHOP_ID, SHOP_KEY"),
            "SHOP_ID=VALUE SHOP_KEY",
            "app.py:3",
        ),
        (
            {"conf.py": SETTINGS, "app.py": CHECKED},
            trace("app.py:6:create_app", error="ValueError: konfigurácia je neúplná"),
            "API_TOKEN",
            "conf.py:5",
        ),
        ({"app.py": ASSERTED}, trace("app.py:4", error="AssertionError"), "STRIPE_KEY", "app.py:3"),
        (
            {"app.py": EITHER},
            trace("app.py:5", error="SystemError: mail"),
            "SMTP_USER=VALUE SMTP_PASSWORD",
            "app.py:3",
        ),
        (
            {"app.py": HELPER},
            NEEDED,
            "MAP_KEY",
            "app.py:5",
        ),
        ({"app.py": OR_EXIT}, ("Kein Ziel angegeben",), "HOOK_URL", "app.py:4"),
        ({"app.py": LOGGED}, ("ERROR:root:no channel to post to",), "CHANNEL", "app.py:5"),
    ],
)  # fmt: skip
def test_the_variable_is_named(
    files: dict[str, str], log: tuple[str, ...], name: str, place: str
) -> None:
    """The message names it in any language, or the tests around the line do."""
    found = causes(files, log)
    assert [*found] == ["missing-config-var"], found
    finding = found["missing-config-var"]
    assert f"heroku config:set {name}=VALUE`" in finding.fix
    assert place in [f"{e.file}:{e.line}" for e in finding.evidence]


def test_a_page_that_says_what_is_missing() -> None:
    """Without a traceback the text of the page leads to the line, and the line to the variable."""
    page = '{"error":"weather key missing"}\n'
    found = causes({"app.py": PAGE}, (), page=page)
    assert [*found] == ["missing-config-var"]
    assert "config:set WEATHER_KEY=VALUE" in found["missing-config-var"].fix


def test_djangos_database_has_no_address() -> None:
    """dj-database-url without DATABASE_URL leaves the settings empty."""
    text = "settings.DATABASES is improperly configured. Please supply the ENGINE value."
    log = trace(
        f"{LIBRARY}/django/db/backends/dummy/base.py:20:complain",
        error=f"django.core.exceptions.ImproperlyConfigured: {text}",
    )
    assert [*causes({"settings.py": DATABASE}, log)] == ["add-on-variable-missing"]
    given = DATABASE.replace("conn_max_age=600", 'default="sqlite:///x"')
    assert "add-on-variable-missing" not in causes({"settings.py": given}, log)


OPTIONAL = """\
import os

DEBUG = os.getenv("SHOP_DEBUG")
LIMIT = int(os.getenv("LIMIT", "5"))


def main(items):
    if LIMIT < len(items):
        raise RuntimeError("too many items")
    if not items:
        raise RuntimeError("nothing to do, with or without SHOP_DEBUGGER")
"""


@pytest.mark.parametrize(
    ("log", "config"),
    [
        (trace("app.py:9:main", error="RuntimeError: too many items"), {}),
        (trace("app.py:11:main", error="RuntimeError: nothing to do"), {}),
        (trace("app.py:11:main", error="RuntimeError: SHOP_DEBUG"), {"SHOP_DEBUG": "1"}),
        (("no channel to post to", "and then something else went wrong"), {"CHANNEL": "x"}),
        (("[INFO] SHOP_DEBUG is off", "Killed"), {}),
    ],
)
def test_what_another_cause_has_is_not_blamed_on_a_variable(
    log: tuple[str, ...], config: dict[str, str]
) -> None:
    """A variable that is optional, set, or only near the line is not the cause."""
    found = causes({"app.py": OPTIONAL, "log.py": LOGGED}, log, config=config)
    assert "missing-config-var" not in found


def test_a_page_about_something_else() -> None:
    """A page with an error that the app prints for another reason names no variable."""
    page = "no items: nothing to show"
    files = {"app.py": PAGE + f'\n\ndef other():\n    return "{page}", 500\n'}
    assert "missing-config-var" not in causes(files, (), page=page)
