"""Packages, Pythons and libraries that do not work together."""

from pathlib import Path

import pytest

from tests.crashes import FLASK, HELLO, SERVER, Case, app, check, every

pytestmark = pytest.mark.net

CASES = [
    Case(
        "shared-library-missing",
        app(
            "python server.py",
            {"server.py": 'import ctypes\n\nctypes.CDLL("libshop.so.6")\n' + SERVER},
        ),
        "server.py:3",
        "heroku-community/apt",
    ),
    Case(
        "incompatible-versions",
        app("gunicorn app:app", {"app.py": "from flask import Markup\n" + HELLO}, FLASK),
        "requirements.txt:1",
        "Write `from markupsafe import Markup` in app.py, or pin `flask<3` in requirements.txt.",
    ),
    Case(
        "incompatible-versions",
        app(
            "gunicorn app:app",
            {
                "app.py": "from flask import Flask\nfrom flask_sqlalchemy import SQLAlchemy\n"
                "app = Flask(__name__)\ndb = SQLAlchemy(app)\n",
                ".python-version": "3.11\n",
            },
            "flask==2.2.5\nwerkzeug==2.2.3\nflask-sqlalchemy==2.5.1\nsqlalchemy==2.0.25\n"
            "gunicorn==27.0.1\n",
        ),
        "requirements.txt:4",
        "or pin `sqlalchemy<2` there",
    ),
    Case(
        "package-breaks-on-import",
        app(
            "python server.py",
            {"server.py": "import cattr\n" + SERVER},
            "attrs==19.1.0\ncattrs==1.0.0\n",
        ),
        "server.py:1",
        "in requirements.txt the versions with which the app works",
    ),
    Case(
        "module-gone-from-package",
        app("gunicorn app:app", {"app.py": HELLO}, "flask==3.1.3\ngunicorn==19.9.0\n"),
        "requirements.txt:2",
        "Write `gunicorn` without its old version in requirements.txt; or write `3.11`",
    ),
    Case(
        "removed-from-python",
        app(
            "gunicorn app:app",
            {"app.py": HELLO, ".python-version": "3.11\n"},
            "flask==1.0.2\njinja2==2.10\nmarkupsafe==2.0.1\nwerkzeug==0.14.1\n"
            "itsdangerous==1.1.0\ngunicorn==27.0.1\n",
        ),
        "requirements.txt:4",
        "Use a newer version of werkzeug.",
    ),
    Case(
        "changed-by-version",
        app(
            "python server.py",
            {
                "server.py": "from discord.ext.commands import Bot\n\nBot(command_prefix='!')\n"
                + SERVER
            },
            "discord.py==2.7.1\n",
        ),
        "server.py:3",
        "Write `intents=discord.Intents.default()` in the call",
    ),
    Case(
        "removed-from-python",
        app("python server.py", {"server.py": "from collections import Mapping\n" + SERVER}),
        "server.py:1",
        "(`from collections.abc import …`)",
    ),
    Case(
        "module-gone-from-package",
        app("gunicorn app:app", {"app.py": "import flask.ext.login\n" + HELLO}, FLASK),
        "app.py:1",
        "Write `flask_NAME` instead of `flask.ext.NAME`.",
    ),
]


@every(CASES)
def test_the_cause_is_named(case: Case, tmp_path: Path) -> None:
    """Exactly one cause is named, at its place, with what to type."""
    check(tmp_path / "app", case)
