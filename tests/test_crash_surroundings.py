"""What an app expects of its environment: config vars, services, ports, versions, programs."""

import socket
from pathlib import Path

import pytest

from tests.crashes import (
    DJANGO,
    FASTAPI,
    FLASK,
    HELLO,
    SERVER,
    Case,
    app,
    causes,
    check,
    every,
    rehearsed,
)

pytestmark = pytest.mark.net

LOCAL = 'socket.create_connection(("localhost", 6379))\n'
SQL = "sqlalchemy==2.1.9\n"

CASES = [
    Case(
        "no-keyboard",
        app("python server.py", {"server.py": 'NAME = input("Your name: ")\n' + SERVER}),
        "server.py:1",
        "a config var",
    ),
    Case(
        "file-not-there",
        app(
            "python shop/server.py",
            {"shop/server.py": 'DATA = open("data.json").read()\n' + SERVER, "shop/data.json": ""},
        ),
        "shop/server.py:1",
        'Write `Path(__file__).parent / "data.json"`',
    ),
    Case(
        "missing-config-var",
        app(
            "python server.py",
            {
                "server.py": "import client\n\nclient.connect()\n" + SERVER,
                "client.py": "def connect():\n"
                "    raise ValueError('Missing credentials. Pass `key`, or set the `SHOP_KEY` or"
                " `SHOP_ADMIN` environment variable.')\n",
            },
        ),
        "client.py:2",
        "Type `heroku config:set SHOP_KEY=VALUE`",
    ),
    Case(
        "service-on-localhost",
        app(
            "python server.py",
            {"server.py": "import socket\n" + LOCAL.replace("6379", "8123") + SERVER},
        ),
        "server.py:2",
        "call the function instead of asking over HTTP",
    ),
    Case(
        "service-on-localhost",
        app(
            "python server.py",
            {
                "server.py": "import pymysql\n\nfrom settings import DATABASES\n\n"
                'pymysql.connect(host=DATABASES["HOST"], user="root")\n' + SERVER,
                "settings.py": 'DATABASES = {\n    "HOST": "127.0.0.1",\n}\n',
            },
            "pymysql==1.1.2\n",
        ),
        "settings.py:2",
        "heroku addons:create jawsdb",
    ),
    Case(
        "command-before-server",
        app(
            "python bot.py && python server.py",
            {
                "bot.py": "import time\n\nwhile True:\n    time.sleep(1)\n",
                "server.py": SERVER,
            },
        ),
        "bot.py:4",
        "`web: python server.py` and `worker: python bot.py`",
        limits={"boot_timeout": 4},
    ),
    Case(
        "missing-config-var",
        app("python server.py", {"server.py": SERVER.replace('"PORT"', '"SHOP_PORT"')}),
        "server.py:13",
        "Type `heroku config:set SHOP_PORT=VALUE`",
    ),
    Case(
        "missing-config-var",
        app(
            "python server.py",
            {"server.py": 'import os\n\nLIMIT = os.getenv("LIMIT")\nprint(int(LIMIT))\n' + SERVER},
        ),
        "server.py:3",
        "Type `heroku config:set LIMIT=VALUE`",
    ),
    Case(
        "missing-config-var",
        app(
            "gunicorn shop.wsgi",
            {
                "shop/__init__.py": "",
                "shop/settings.py": 'import os\n\nSECRET_KEY = os.environ.get("DJANGO_KEY")\n',
                "shop/wsgi.py": "import os\n\nfrom django.core.wsgi import get_wsgi_application\n\n"
                'os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")\n'
                "application = get_wsgi_application()\n\n"
                "from django.core.signing import Signer\n\nSigner()\n",
            },
            DJANGO,
        ),
        "shop/settings.py:3",
        "Type `heroku config:set DJANGO_KEY=VALUE`",
    ),
    Case(
        "missing-config-var",
        app(
            "python server.py",
            {
                "server.py": "from pydantic_settings import BaseSettings\n\n\n"
                "class Settings(BaseSettings):\n    shop_token: str\n\n\nSettings()\n" + SERVER
            },
            "pydantic-settings\n",
        ),
        "server.py:5",
        "Type `heroku config:set SHOP_TOKEN=VALUE`",
    ),
    Case(
        "postgres-scheme",
        app(
            "python server.py",
            {
                "server.py": "import os\n\nfrom sqlalchemy import create_engine\n\n"
                'url = os.environ.get("DATABASE_URL", "sqlite://")\ncreate_engine(url)\n' + SERVER
            },
            SQL,
        ),
        "server.py:5",
        'In line 5 of server.py write `url = os.environ.get("DATABASE_URL",'
        ' "sqlite://").replace("postgres://", "postgresql://", 1)`.',
        {"DATABASE_URL": "postgres://u:p@localhost/shop"},
    ),
    Case(
        "async-driver",
        app(
            "python server.py",
            {
                "server.py": "from sqlalchemy.ext.asyncio import create_async_engine\n\n"
                'create_async_engine("sqlite://")\n' + SERVER
            },
            f"{SQL}greenlet\n",
        ),
        "server.py:3",
        "postgresql+asyncpg://",
    ),
    Case(
        "redis-certificate",
        app(
            "python server.py",
            {
                "server.py": "raise ValueError('A rediss:// URL must have parameter ssl_cert_reqs"
                " and this must be set')\n" + SERVER
            },
        ),
        "server.py:1",
        "ssl_cert_reqs=None",
        {"REDIS_URL": "rediss://:pw@localhost:6379"},
    ),
    Case(
        "missing-dependency",
        app(
            "python server.py",
            {
                "server.py": "from sqlalchemy import create_engine\n\n"
                'create_engine("postgresql://localhost/shop")\n' + SERVER
            },
            f"{SQL}psycopg2-binary\n",
        ),
        "requirements.txt",
        "Add the line `psycopg[binary]` to requirements.txt. Or name the driver that is"
        " installed: `postgresql+psycopg2://` in the URL.",
    ),
    Case(
        "optional-dependency",
        app(
            "gunicorn shop.wsgi",
            {
                "shop/__init__.py": "",
                "shop/settings.py": 'SECRET_KEY = "x"\nINSTALLED_APPS = ["django.contrib.auth",'
                ' "django.contrib.contenttypes"]\n'
                'DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql"}}\n',
                "shop/wsgi.py": "import os\n\nfrom django.core.wsgi import get_wsgi_application\n\n"
                'os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")\n'
                "application = get_wsgi_application()\n",
            },
            DJANGO,
        ),
        "requirements.txt",
        "Add the line `psycopg2-binary` to requirements.txt.",
    ),
    Case(
        "service-on-localhost",
        app("python server.py", {"server.py": f"import socket\n\n{LOCAL}{SERVER}"}),
        "server.py:3",
        'heroku addons:create heroku-redis:mini` and `os.environ["REDIS_URL"]`',
    ),
    Case(
        "service-on-localhost",
        app(
            "python server.py",
            {
                "server.py": "from sqlalchemy import create_engine\n\n"
                'url = "postgresql+psycopg2://postgres@localhost:5439/shop"\n'
                "create_engine(url).connect()\n" + SERVER
            },
            f"{SQL}psycopg2-binary\n",
        ),
        "server.py:3",
        "Create an add-on",
    ),
    Case(
        "service-of-compose",
        app(
            "python server.py",
            {
                "server.py": "import psycopg2\n\n"
                'psycopg2.connect(host="db", user="postgres")\n' + SERVER
            },
            "psycopg2-binary\n",
        ),
        "server.py:3",
        "instead of `db`",
    ),
    Case(
        "sslmode-for-sqlite",
        app(
            "python server.py",
            {"server.py": 'import sqlite3\n\nsqlite3.connect("x", sslmode="require")\n' + SERVER},
        ),
        None,
        'ssl_require="DATABASE_URL" in os.environ',
    ),
    Case(
        "database-folder-missing",
        app(
            "python server.py",
            {"server.py": 'import sqlite3\n\nsqlite3.connect("data/shop.db")\n' + SERVER},
        ),
        "server.py:3",
        "touch data/.gitkeep",
    ),
    Case(
        "port-is-text",
        app(
            "python server.py",
            {"server.py": SERVER.replace('int(os.environ["PORT"])', 'os.environ["PORT"]')},
        ),
        "server.py:13",
        'int(os.environ["PORT"])',
    ),
    Case(
        "address-not-here",
        app("gunicorn -b 192.0.2.7:$PORT app:app", {"app.py": HELLO}, FLASK),
        "Procfile:1",
        '"0.0.0.0"',
    ),
    Case(
        "address-in-use",
        app(
            "gunicorn app:app --preload",
            {
                "app.py": "import os\nimport socket\n\n"
                f"{HELLO}\n\nserver = socket.create_server(('0.0.0.0', int(os.environ['PORT'])))\n"
            },
            FLASK,
        ),
        "Procfile:1",
        "Start the server in one place",
    ),
    Case(
        "host-not-found-here",
        app(
            "python server.py",
            {"server.py": 'import socket\n\nsocket.create_connection(("api.shop.invalid", 443))\n'},
        ),
        "server.py:3",
        "Try `nslookup api.shop.invalid`",
    ),
    Case(
        "changed-by-version",
        app(
            "gunicorn app:app",
            {"app.py": f"{HELLO}\n\n@app.before_first_request\ndef load():\n    pass\n"},
            FLASK,
        ),
        "app.py:11",
        "pin `flask<2.3`",
    ),
    Case(
        "program-not-in-dyno",
        app(
            "python server.py",
            {"server.py": 'import subprocess\n\nsubprocess.run(["wkhtmltopdf-shop"])\n' + SERVER},
        ),
        "server.py:3",
        "write `wkhtmltopdf-shop`",
    ),
    Case(
        "no-browser",
        app(
            "python server.py",
            {"server.py": 'raise RuntimeError("unknown error: cannot find Chrome binary")\n'},
        ),
        "server.py:1",
        "heroku-community/chrome-for-testing",
    ),
    Case(
        "file-not-there",
        app(
            "python server.py",
            {"server.py": 'open("creds.json")\n' + SERVER, ".gitignore": "creds.json\n"},
        ),
        ".gitignore:1",
        'heroku config:set CREDS_JSON="$(cat creds.json)"',
        untracked={"creds.json": "{}"},
    ),
    Case(
        "no-session-key",
        app(
            "gunicorn app:app",
            {
                "app.py": "from flask import session\n\n"
                + HELLO.replace('    return "hello"', '    session["a"] = 1\n    return "hello"')
            },
            FLASK,
        ),
        "app.py:10",
        "app.secret_key",
    ),
    Case(
        "table-missing",
        app(
            "gunicorn app:app",
            {
                "app.py": "import sqlite3\n\n"
                + HELLO.replace(
                    '    return "hello"',
                    '    return str(sqlite3.connect(":memory:").execute("SELECT * FROM item"))',
                )
            },
            FLASK,
        ),
        "app.py:10",
        "Create the tables before the first request",
    ),
    Case(
        "template-missing",
        app(
            "gunicorn app:app",
            {
                "app.py": HELLO.replace("import Flask", "import Flask, render_template").replace(
                    '"hello"\n', 'render_template("index.html")\n'
                ),
                "templates/Index.html": "hello\n",
            },
            FLASK,
        ),
        "app.py:8",
        "Write `Index.html`.",
    ),
    Case(
        "language-data-missing",
        app(
            "python server.py",
            {
                "server.py": 'raise LookupError("\\n***\\n  Resource stopwords not found.\\n'
                "  >>> nltk.download('stopwords')\\n***\")\n" + SERVER
            },
        ),
        "server.py:1",
        "Write `stopwords` in a file nltk.txt",
    ),
    Case(
        "service-on-localhost",
        app(
            "gunicorn app:app",
            {
                "app.py": "import socket\n\n"
                + HELLO.replace('    return "hello"', f'    {LOCAL}    return "hello"')
            },
            FLASK,
        ),
        "app.py:10",
        "heroku addons:create heroku-redis:mini",
    ),
    Case(
        "worker-timeout",
        app(
            "gunicorn --timeout 1 app:app",
            {
                "app.py": "import time\n\n"
                + HELLO.replace('    return "hello"', '    time.sleep(20)\n    return "hello"')
            },
            FLASK,
        ),
        "app.py:10",
        "A longer --timeout does not help",
    ),
    Case(
        "worker-died",
        app(
            "gunicorn app:app",
            {
                "app.py": "import os\n\n"
                + HELLO.replace('    return "hello"', '    os._exit(1)\n    return "hello"')
            },
            FLASK,
        ),
        "app.py:10",
        "Remove `os._exit(1)` from app.py",
    ),
    Case(
        "missing-config-var",
        app(
            "uvicorn api:app --host 0.0.0.0 --port $PORT",
            {
                "api.py": "import os\n\nfrom fastapi import FastAPI\n\napp = FastAPI()\n\n\n"
                '@app.get("/")\ndef home():\n    return os.environ["SHOP_NAME"]\n'
            },
            FASTAPI,
        ),
        "api.py:10",
        "Type `heroku config:set SHOP_NAME=VALUE`",
    ),
    Case(
        "slow-start-behind-port",
        app("gunicorn app:app", {"app.py": f"import time\n\n{HELLO}\n\ntime.sleep(60)\n"}, FLASK),
        "app.py:13",
        "Move that work out of the start",
        limits={"first_byte": 3, "exit_timeout": 1},
    ),
    Case(
        "out-of-memory",
        app("sh start.sh", {"start.sh": "kill -9 $$\n"}),
        "Procfile:1",
        "--dyno standard-2x",
    ),
    Case(
        "given-service-refuses",
        app("python server.py", {"server.py": f"import socket\n\n{LOCAL}{SERVER}"}),
        "Procfile:1",
        "Start the service",
        {"REDIS_URL": "redis://localhost:6379"},
    ),
    Case(
        "port-overridden-by-dotenv",
        app(
            "python server.py",
            {
                "server.py": "from dotenv import load_dotenv\n\nload_dotenv(\n  override=True,\n)\n"
                + SERVER,
                ".env": "PORT=5057\n",
            },
            "python-dotenv\n",
        ),
        ".env:1",
        "Remove `override=True` from `load_dotenv(`",
        limits={"idle_before_verdict": 0.5},
    ),
]


@every(CASES)
def test_the_cause_is_named(case: Case, tmp_path: Path) -> None:
    """Exactly one cause is named, at its place, with what to type."""
    check(tmp_path / "app", case)


def test_an_exception_that_was_caught_at_the_start_is_no_reason(tmp_path: Path) -> None:
    """The app goes on without its cache, so a page's 500 has another reason."""
    code = (
        "import logging\nimport socket\n\nfrom flask import abort\n\n"
        f"try:\n    {LOCAL}except OSError:\n    logging.exception('no cache')\n\n"
        + HELLO.replace('return "hello"', "abort(500)")
    )
    case = Case("", app("gunicorn app:app", {"app.py": code}, FLASK), None, "")
    verdict = rehearsed(tmp_path / "app", case)
    assert verdict.symptom == "http-500" and [*causes(verdict)] == []


def test_a_fixed_port_that_a_stranger_has(tmp_path: Path) -> None:
    """Another program of this machine occupies the port that the app wants: still R10."""
    with socket.create_server(("0.0.0.0", 0)) as stranger:
        port = stranger.getsockname()[1]
        files = {"server.py": SERVER.replace('int(os.environ["PORT"])', str(port))}
        case = Case("fixed-port-taken", app("python server.py", files), "server.py:13", "$PORT")
        verdict = rehearsed(tmp_path / "app", case)
    assert [*causes(verdict)] == ["fixed-port-taken"] and verdict.symptom == "R10"


def test_more_memory_than_the_dyno_has(tmp_path: Path) -> None:
    """R14 is a warning with figures."""
    files = {"server.py": "DATA = bytearray(600_000_000)\n" + SERVER}
    verdict = rehearsed(tmp_path / "app", Case("R14", app("python server.py", files), None, ""))
    warned = [f for f in verdict.findings if f.id == "R14"]
    assert verdict.verdict == "works" and "of 512 MB" in warned[0].title
