"""Modules that are not found, and names that they do not have."""

from pathlib import Path

import pytest

from tests.crashes import DJANGO, FLASK, HELLO, SERVER, Case, app, check, every

pytestmark = pytest.mark.net

SETTINGS = 'SECRET_KEY = "x"\n'
WSGI = (
    "import os\n\nfrom django.core.wsgi import get_wsgi_application\n\n"
    'os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.setting")\n'
    "application = get_wsgi_application()\n"
)

CASES = [
    Case(
        "windows-module",
        app("python server.py", {"server.py": f"import winreg\n{SERVER}"}),
        "server.py:1",
        'if sys.platform == "win32"',
    ),
    Case(
        "module-not-in-git",
        app("python server.py", {"server.py": "import prices\n" + SERVER}),
        "prices.py",
        "Type `git add prices.py`, commit, push.",
        untracked={"prices.py": "A = 1\n"},
    ),
    Case(
        "module-not-in-git",
        app(
            "python server.py",
            {
                "server.py": "from shop import prices\n" + SERVER,
                "shop/__init__.py": "",
                ".gitignore": "prices*\n",
            },
        ),
        ".gitignore:1",
        "Remove line 1 (`prices*`) from .gitignore or narrow it, then `git add shop/prices.py`",
        untracked={"shop/prices.py": "A = 1\n"},
    ),
    Case(
        "module-in-other-case",
        app("python server.py", {"server.py": "import Prices\n" + SERVER, "prices.py": ""}),
        "server.py:1",
        "Write `prices`",
    ),
    Case(
        "settings-module",
        app(
            "gunicorn shop.wsgi",
            {"shop/__init__.py": "", "shop/settings.py": SETTINGS, "shop/wsgi.py": WSGI},
            DJANGO,
        ),
        "shop/wsgi.py:5",
        "Write `shop.settings` there.",
    ),
    Case(
        "settings-module",
        app(
            "gunicorn shop.wsgi",
            {"shop/__init__.py": "", "shop/settings.py": SETTINGS, "shop/wsgi.py": WSGI},
            DJANGO,
        ),
        None,
        "heroku config:set DJANGO_SETTINGS_MODULE=shop.settings",
        {"DJANGO_SETTINGS_MODULE": "shop.production"},
    ),
    Case(
        "settings-not-configured",
        app(
            "gunicorn shop.web:application",
            {
                "shop/__init__.py": "",
                "shop/settings.py": SETTINGS,
                "shop/wsgi.py": WSGI.replace("shop.setting", "shop.settings"),
                "shop/web.py": "from django.contrib.auth.models import User\n",
            },
            DJANGO,
        ),
        "shop/web.py:1",
        "In the Procfile write `web: gunicorn shop.wsgi:application`.",
    ),
    Case(
        "settings-not-configured",
        app(
            "python bot.py",
            {
                "shop/__init__.py": "",
                "shop/settings.py": SETTINGS,
                "bot.py": "import django\n\ndjango.setup()\n",
            },
            DJANGO,
        ),
        "bot.py:3",
        'At the top of bot.py write `os.environ.setdefault("DJANGO_SETTINGS_MODULE",'
        ' "shop.settings")`',
    ),
    Case(
        "settings-module",
        app(
            "gunicorn shop.shop.wsgi --preload",
            {
                "shop/manage.py": "DJANGO_SETTINGS_MODULE = 'shop.settings'\n",
                "shop/shop/__init__.py": "",
                "shop/shop/settings.py": SETTINGS,
                "shop/shop/wsgi.py": WSGI.replace("shop.setting", "shop.settings"),
            },
            DJANGO,
        ),
        "shop/shop/wsgi.py:5",
        "In the Procfile write `web: gunicorn --chdir shop shop.wsgi --preload`.",
        {"DISABLE_COLLECTSTATIC": "1"},
    ),
    Case(
        "submodule-missing",
        app(
            "python server.py",
            {"server.py": "import shop.price\n" + SERVER, "shop/prices.py": ""},
        ),
        "server.py:1",
        "Write `shop.prices`.",
    ),
    Case(
        "own-module-misspelt",
        app("python server.py", {"server.py": "import pricse\n" + SERVER, "prices.py": ""}),
        "server.py:1",
        "Write `prices` there.",
    ),
    Case(
        "missing-dependency",
        app("python server.py", {"server.py": "import shelfdb\n" + SERVER, "shelfdbs.py": ""}),
        "server.py:1",
        "requirements.txt",
    ),
    Case(
        "module-elsewhere",
        app(
            "gunicorn shop.web:app",
            {"shop/web.py": "import prices\n" + HELLO, "shop/prices.py": ""},
            FLASK,
        ),
        "shop/web.py:1",
        "In the Procfile write `web: gunicorn --chdir shop web:app`.",
    ),
    Case(
        "relative-import",
        app("python shop/server.py", {"shop/server.py": "from . import prices\n" + SERVER}),
        "shop/server.py:1",
        "without the leading dot: `import prices`",
    ),
    Case(
        "circular-import",
        app(
            "python server.py",
            {
                "server.py": "import shop\n" + SERVER,
                "shop.py": "from prices import price\n\nTAX = 2\n",
                "prices.py": "from shop import TAX\n\nprice = TAX\n",
            },
        ),
        "prices.py:1",
        "Move `TAX` into a separate module",
    ),
    Case(
        "name-not-in-module",
        app(
            "python server.py",
            {"server.py": "from shop import price\n" + SERVER, "shop.py": "prices = 1\n"},
        ),
        "server.py:1",
        "correct the name in line 1 of server.py",
    ),
    Case(
        "not-a-package",
        app("python server.py", {"server.py": "import os.environ\n" + SERVER}),
        "server.py:1",
        "Write `import os` and use `os.environ`, or `from os import environ`.",
    ),
    Case(
        "shadowed-module",
        app(
            "python server.py",
            {"server.py": "from flask import Flask\n" + SERVER, "flask.py": "x = 1\n"},
            FLASK,
        ),
        "flask.py:1",
        "Type `git mv flask.py my_flask.py`",
    ),
    Case(
        "shadowed-module",
        app(
            "gunicorn app:app", {"app.py": HELLO, "random.py": "def pick():\n    return 1\n"}, FLASK
        ),
        "random.py:1",
        "Type `git mv random.py my_random.py`",
    ),
    Case(
        "standard-module-gone",
        app("python server.py", {"server.py": "import webob\n" + SERVER}, "webob==1.8.7\n"),
        "requirements.txt:1",
        "Use a newer version of webob",
    ),
    Case(
        "missing-dependency",
        app("gunicorn app:app", {"app.py": HELLO}, "flask==3.1.3\ngunicorn==20.0.4\n"),
        "requirements.txt",
        "Add the line `setuptools<82` to requirements.txt. Or use a newer gunicorn",
    ),
    Case(
        "standard-module-gone",
        app("python server.py", {"server.py": "import cgi\n" + SERVER}),
        "server.py:1",
        "write `3.12` into .python-version",
    ),
    Case(
        "no-desktop",
        app("python server.py", {"server.py": "import tkinter.nothing\n" + SERVER}),
        "server.py:1",
        "matplotlib.use('Agg')",
    ),
    Case(
        "missing-dependency",
        app("python server.py", {"server.py": "import bs4\n" + SERVER}),
        "requirements.txt",
        "Add the line `beautifulsoup4` to requirements.txt.",
    ),
    Case(
        "missing-dependency",
        app("python server.py", {"server.py": "from google.cloud import storage\n" + SERVER}),
        "server.py:1",
        "Add the line `google-cloud-storage` to requirements.txt.",
    ),
    Case(
        "missing-dependency",
        app(
            "gunicorn shop.wsgi",
            {
                "shop/__init__.py": "",
                "shop/settings.py": SETTINGS + 'INSTALLED_APPS = [\n    "corsheaders",\n]\n',
                "shop/wsgi.py": WSGI.replace("shop.setting", "shop.settings"),
            },
            DJANGO,
        ),
        "shop/settings.py:3",
        "Add the line `django-cors-headers` to requirements.txt.",
    ),
    Case(
        "optional-dependency",
        app(
            "python server.py",
            {
                "server.py": "try:\n    import email_validator\nexcept ImportError as e:\n"
                '    raise ImportError("email-validator is not installed, run `pip install'
                " 'pydantic[email]'`\") from e\n" + SERVER
            },
        ),
        "server.py:4",
        "Add the line `email-validator` to requirements.txt.",
    ),
]


@every(CASES)
def test_the_cause_is_named(case: Case, tmp_path: Path) -> None:
    """Exactly one cause is named, at its place, with what to type."""
    check(tmp_path / "app", case)
