"""Code that is newer than its Python, missing settings, and missing parts of a stack."""

import subprocess
from pathlib import Path

import pytest

from tests.crashes import FLASK, HELLO, SERVER, Case, app, causes, check, every, rehearsed

pytestmark = pytest.mark.net

PINNED = {".python-version": "3.11\n"}
FROM_HELPER = "from helper import VALUE\n\n"

CASES = [
    Case(
        "needs-newer-python",
        app(
            "python server.py",
            {
                **PINNED,
                "helper.py": 'PEOPLE = {"a": 1}\nVALUE = f"<b>{PEOPLE["a"]}</b>"\n',
                "server.py": FROM_HELPER + SERVER,
            },
        ),
        "helper.py:2",
        "Write `3.12` (or newer) into .python-version",
    ),
    Case(
        "needs-newer-python",
        app(
            "python server.py",
            {
                "runtime.txt": "python-3.10.13\n",
                "server.py": "import tomllib\n\ntomllib.loads('')\n" + SERVER,
            },
        ),
        "server.py:1",
        "Write `python-3.11` (or newer) into runtime.txt",
    ),
    Case(
        "needs-newer-python",
        app(
            "python server.py", {**PINNED, "server.py": "from typing import override\n\n" + SERVER}
        ),
        ".python-version:1",
        "Write `3.12`",
    ),
    Case(
        "syntax-error",
        app(
            "python server.py",
            {**PINNED, "server.py": SERVER.replace("def do_GET(self):", 'x = f"{a b}"', 1)},
        ),
        "server.py:6",
        "Correct line 6 of server.py",
    ),
    Case(
        "syntax-error",
        app("python server.py", {"server.py": f"<<<<<<< HEAD\n{SERVER}=======\n>>>>>>> b\n"}),
        "server.py:1",
        "keep one of the two versions in server.py",
    ),
    Case(
        "missing-config-var",
        app(
            "python server.py",
            {
                "shop/__init__.py": "",
                "shop/conf.py": "from pydantic_settings import BaseSettings, SettingsConfigDict\n"
                "\n\nclass Base(BaseSettings):\n"
                '    model_config = SettingsConfigDict(env_prefix="shop_")\n\n\n'
                "class Settings(Base):\n    dsn: str\n    key: str\n",
                "server.py": "from shop.conf import Settings\n\nSettings()\n" + SERVER,
            },
            "pydantic-settings\n",
        ),
        "shop/conf.py:10",
        "Type `heroku config:set SHOP_DSN=VALUE SHOP_KEY=VALUE`",
    ),
    Case(
        "missing-config-var",
        app(
            "python server.py",
            {
                "server.py": "from pydantic import Field\n"
                "from pydantic_settings import BaseSettings\n\n\n"
                "class Settings(BaseSettings):\n"
                '    key: str = Field(validation_alias="Shop_Key")\n\n\nSettings()\n' + SERVER
            },
            "pydantic-settings\n",
        ),
        "server.py:6",
        "Type `heroku config:set Shop_Key=VALUE`",
    ),
    Case(
        "missing-config-var",
        app(
            "python server.py",
            {
                "server.py": "from starlette.config import Config\n\nconfig = Config()\n"
                'TOKEN = config("ADMIN_TOKEN")\n' + SERVER
            },
            "starlette\n",
        ),
        "server.py:4",
        "Type `heroku config:set ADMIN_TOKEN=VALUE`",
    ),
    Case(
        "missing-config-var",
        app(
            "gunicorn app:app",
            {
                "conf.py": 'import os\n\nTOKEN = os.getenv("BOT_TOKEN")\n',
                "app.py": "from conf import TOKEN\n\nURL = 'https://example.com/' + TOKEN\n"
                + HELLO,
            },
            FLASK,
        ),
        "conf.py:3",
        "Type `heroku config:set BOT_TOKEN=VALUE`",
    ),
    Case(
        "missing-config-var",
        app(
            "python server.py",
            {
                "server.py": "import json\nimport os\n\n"
                'KEY = json.loads(os.environ.get("SHEET_KEY", ""))\n' + SERVER
            },
        ),
        "server.py:4",
        "Type `heroku config:set SHEET_KEY=VALUE`",
    ),
    Case(
        "exits-at-once",
        app(
            "python server.py",
            {
                "server.py": SERVER.replace(
                    "HTTPServer((", 'if __name__ == "main":\n    HTTPServer(('
                )
            },
        ),
        "server.py:13",
        'In line 13 of server.py write `if __name__ == "__main__":`',
    ),
    Case(
        "exits-at-once",
        app(
            "python server.py",
            {"server.py": "async def main():\n    print('never')\n\n\nmain()\n"},
        ),
        "server.py:5",
        "write `asyncio.run(main())`",
    ),
    Case(
        "exits-at-once",
        app(
            "python server.py",
            {
                "server.py": "import asyncio\nimport os\n\n\nasync def main():\n"
                "    port = int(os.environ['PORT'])\n"
                "    await asyncio.start_server(print, '0.0.0.0', port)\n\n\n"
                "asyncio.run(main())\n"
            },
        ),
        "server.py:10",
        "`await asyncio.Event().wait()`",
    ),
    Case(
        "locale-missing",
        app(
            "python server.py",
            {
                "server.py": "import locale\n\nlocale.setlocale(locale.LC_ALL, 'de_DE.UTF-8')\n"
                + SERVER
            },
        ),
        "server.py:3",
        "Babel",
    ),
    Case(
        "privileged-port",
        app(
            "python server.py",
            {"server.py": SERVER.replace('int(os.environ["PORT"])', "80")},
        ),
        "server.py:13",
        'port `int(os.environ["PORT"])` instead of 80',
    ),
    Case(
        "file-not-there",
        app(
            "python server.py",
            {
                "server.py": "from logging.config import dictConfig\n\n"
                'FILE = {"class": "logging.FileHandler", "filename": "logs/app.log"}\n'
                'dictConfig({"version": 1, "handlers": {"file": FILE}})\n' + SERVER
            },
        ),
        "server.py:4",
        'os.makedirs("logs", exist_ok=True)',
    ),
    Case(
        "lfs-pointer-opened",
        app(
            "python server.py",
            {
                "model.pkl": "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n",
                "server.py": "import pickle\n\n"
                'with open("model.pkl", "rb") as file:\n    MODEL = pickle.load(file)\n' + SERVER,
            },
        ),
        "model.pkl:1",
        "git lfs migrate export --include=model.pkl",
    ),
    Case(
        "database-not-in-git",
        app(
            "python server.py",
            {
                ".gitignore": "*.db\n",
                "server.py": "import sqlite3\n\n"
                'sqlite3.connect("file:shop.db?mode=ro", uri=True)\n' + SERVER,
            },
        ),
        ".gitignore:1",
        "Remove line 1 (`*.db`) from .gitignore",
        untracked={"shop.db": ""},
    ),
    Case(
        "sslmode-for-asyncpg",
        app(
            "python server.py",
            {
                "server.py": "import asyncio\nimport os\n\n"
                "from sqlalchemy.ext.asyncio import create_async_engine\n\n"
                'ENGINE = create_async_engine(os.environ["DATABASE_URL"])\n\n\n'
                "async def main():\n    await ENGINE.connect()\n\n\nasyncio.run(main())\n"
            },
            "sqlalchemy[asyncio]\nasyncpg\n",
        ),
        "server.py:6",
        'connect_args={"ssl": "require"}',
        {"DATABASE_URL": "postgresql+asyncpg://a:b@localhost/c?sslmode=require"},
    ),
    Case(
        "unhandled-exception",
        app(
            "uvicorn app:app --host 0.0.0.0 --port $PORT",
            {
                "app.py": "import asyncio\n\nfrom starlette.applications import Starlette\n\n"
                "asyncio.run(asyncio.sleep(0))\napp = Starlette()\n"
            },
            "starlette\nuvicorn\n",
        ),
        "app.py:5",
        "Await the call in the app's lifespan",
        limits={"boot_timeout": 6},
    ),
]


@every(CASES)
def test_the_cause_is_named(case: Case, tmp_path: Path) -> None:
    """Exactly one cause is named, at its place, with what to type."""
    check(tmp_path / "app", case)


def test_a_locale_that_only_this_machine_lacks(tmp_path: Path) -> None:
    """Heroku has en_US.UTF-8: if it is missing here, the answer is "could not tell"."""
    code = "import locale\n\nlocale.setlocale(locale.LC_ALL, '')\n" + SERVER
    case = Case("locale-not-here", app("python server.py", {"server.py": code}), None, "")
    verdict = rehearsed(tmp_path / "app", case)
    here = subprocess.run(["locale", "-a"], capture_output=True, text=True, check=True).stdout
    if "en_US.utf8" in here:
        assert verdict.verdict == "works"
    else:
        assert (verdict.verdict, [*causes(verdict)]) == ("unknown", ["locale-not-here"])
