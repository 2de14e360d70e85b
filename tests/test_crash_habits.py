"""Wrong habits and assumptions: characters, folders, programs, headers, the app itself."""

from pathlib import Path

import pytest

from tests.crashes import DJANGO, FASTAPI, FLASK, HELLO, SERVER, Case, app, check, every

pytestmark = pytest.mark.net

MIGRATE = "release: alembic upgrade head\nweb: gunicorn app:app\n"

CASES = [
    Case(
        "typographic-characters",
        app("gunicorn\u00a0app:app", {"app.py": HELLO}, FLASK),
        "Procfile:1",
        "write `web: gunicorn app:app`",
    ),
    Case(
        "typographic-characters",
        app("gunicorn \u201capp:make()\u201d", {"app.py": HELLO}, FLASK),
        "Procfile:1",
        'write `web: gunicorn "app:make()"`',
    ),
    Case(
        "equals-for-colon",
        {"Procfile": "web = gunicorn app:app\n", "requirements.txt": FLASK, "app.py": HELLO},
        "Procfile:1",
        "write `web: gunicorn app:app`",
    ),
    Case(
        "package-not-executable",
        app("python -m shop", {"shop/__init__.py": "", "shop/web.py": f"import os\n\n{SERVER}"}),
        "Procfile:1",
        "Commit a shop/__main__.py",
    ),
    Case(
        "package-not-executable",
        app(
            "python -u -m shop",
            {
                "shop/__init__.py": "",
                "shop/web.py": "def main():\n    pass\n\n\n"
                'if __name__ == "__main__":\n    main()\n',
            },
        ),
        "Procfile:1",
        "write `web: python -u -m shop.web`",
    ),
    Case(
        "migrations-not-there",
        {
            "Procfile": MIGRATE,
            "requirements.txt": f"{FLASK}alembic\n",
            "app.py": HELLO,
            "backend/alembic.ini": "[alembic]\nscript_location = migrations\n",
        },
        "Procfile:1",
        "write `release: cd backend && alembic upgrade head`",
    ),
    Case(
        "migrations-not-there",
        {
            "Procfile": MIGRATE,
            "requirements.txt": f"{FLASK}alembic\n",
            "app.py": HELLO,
            "alembic.ini": "[alembic]\nscript_location = migrations\n",
            ".gitignore": "migrations/\n",
        },
        ".gitignore:1",
        "Remove line 1 (`migrations/`) from .gitignore",
        untracked={"migrations/env.py": ""},
    ),
    Case(
        "option-of-flask-migrate",
        {
            "Procfile": "release: flask --app app db upgrade\nweb: gunicorn app:app\n",
            "requirements.txt": f"{FLASK}flask-migrate\n",
            "app.py": HELLO,
        },
        "Procfile:1",
        "Flask-Migrate is installed: create a `Migrate(app, db)` in the app",
    ),
    Case(
        "program-not-in-dyno",
        app(
            "gunicorn app:app",
            {
                "app.py": "import pdfkit\n"
                + HELLO.replace('return "hello"', 'return pdfkit.from_string("x", False)')
            },
            f"{FLASK}pdfkit\n",
        ),
        "app.py:9",
        "write `wkhtmltopdf`",
    ),
    Case(
        "wrong-package",
        app(
            "python server.py",
            {"server.py": f"from jwt import encode, PyJWT\n{SERVER}"},
            "jwt==1.4.0\n",
        ),
        "server.py:1",
        "write `PyJWT` instead of `jwt`",
    ),
    Case(
        "missing-dependency",
        {
            "Procfile": "web: gunicorn shop.wsgi\n",
            "requirements.txt": "django==5.2.19\n",
            "manage.py": "import os\nimport sys\n\n"
            "from django.core.management import execute_from_command_line\n\n"
            'os.environ["DJANGO_SETTINGS_MODULE"] = "settings"\n'
            "execute_from_command_line(sys.argv)\n",
            "settings.py": 'SECRET_KEY = "x"\nINSTALLED_APPS = ["django.contrib.staticfiles"]\n'
            'STATIC_URL = "s/"\nSTATIC_ROOT = "out"\nSTORAGES = {"staticfiles": {"BACKEND":'
            ' "whitenoise.storage.CompressedStaticFilesStorage"}}\n',
        },
        "settings.py:5",
        "Add the line `whitenoise`",
    ),
    Case(
        "static-root-in-dirs",
        {
            "Procfile": "web: gunicorn shop.wsgi\n",
            "requirements.txt": DJANGO,
            "static/a.css": "",
            "manage.py": "import os\nimport sys\n\n"
            "from django.core.management import execute_from_command_line\n\n"
            'os.environ["DJANGO_SETTINGS_MODULE"] = "settings"\n'
            "execute_from_command_line(sys.argv)\n",
            "settings.py": 'SECRET_KEY = "x"\nINSTALLED_APPS = ["django.contrib.staticfiles"]\n'
            'STATIC_URL = "s/"\nSTATIC_ROOT = "static"\nSTATICFILES_DIRS = ["static"]\n',
        },
        "settings.py:5",
        "in a separate folder",
    ),
    Case(
        "settings-file-not-there",
        app(
            "python server.py",
            {
                "server.py": "import configparser\n\nconf = configparser.ConfigParser()\n"
                'conf.read("shop.ini")\nHOST = conf["shop"]["host"]\n' + SERVER
            },
        ),
        "server.py:4",
        '`os.environ["SHOP_HOST"]`',
    ),
    Case(
        "settings-file-not-there",
        app(
            "python server.py",
            {
                "server.py": "from dotenv import dotenv_values\n\nconf = dotenv_values()\n"
                'KEY = conf["SHOP_KEY"]\n' + SERVER
            },
            "python-dotenv\n",
        ),
        "server.py:3",
        "`heroku config:set SHOP_KEY=VALUE`",
    ),
    Case(
        "file-not-there",
        app(
            "uvicorn app:app --host 0.0.0.0 --port $PORT",
            {
                ".gitignore": "dist/\n",
                "web/main.js": "",
                "app.py": "from fastapi import FastAPI\n"
                "from fastapi.responses import FileResponse\n"
                '\napp = FastAPI()\n\n\n@app.get("/")\ndef page():\n'
                '    return FileResponse("web/dist/index.html")\n',
            },
            FASTAPI,
        ),
        "app.py:9",
        "Remove line 1 (`dist/`) from .gitignore",
        untracked={"web/dist/index.html": ""},
    ),
    Case(
        "wrong-attribute",
        app(
            "gunicorn app:app",
            {
                "app.py": "from flask import Flask\n\n\ndef start():\n    return Flask(__name__)\n"
                '\n\nif __name__ == "__main__":\n    app = start()\n    app.run()\n'
            },
            FLASK,
        ),
        "Procfile:1",
        "Move line 9 of app.py",
    ),
    Case(
        "optional-dependency",
        app("gunicorn app:app", {"app.py": HELLO.replace("def", "async def")}, FLASK),
        "requirements.txt",
        "`Flask[async]`",
    ),
    Case(
        "unhandled-exception",
        app("python server.py", {"server.py": f"import os\n\nos.makedirs('/srv/x')\n{SERVER}"}),
        "server.py:3",
        "only below /app and /tmp",
    ),
    Case(
        "unhandled-exception",
        app("python server.py", {"server.py": f"HOME = math.pi\n{SERVER}"}),
        "server.py:1",
        "write `import math`",
    ),
    Case(
        "submodule-missing",
        {
            "Procfile": "web: gunicorn shop.wsgi\n",
            "requirements.txt": DJANGO,
            "shop/__init__.py": "",
            "shop/urls.py": "urlpatterns = []\n",
            "shop/settings.py": 'SECRET_KEY = "x"\nALLOWED_HOSTS = ["*"]\n'
            'ROOT_URLCONF = "shop.url"\nMIDDLEWARE = []\n',
            "shop/wsgi.py": "import os\n\nfrom django.core.wsgi import get_wsgi_application\n\n"
            'os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")\n'
            "application = get_wsgi_application()\n",
        },
        "shop/settings.py:3",
        "Write `shop.urls`",
    ),
    Case(
        "file-not-there",
        app(
            "gunicorn app:app",
            {
                "app.py": "import os\n"
                + HELLO.replace(
                    'return "hello"',
                    'open("uploads/a.txt", "w").close()\n    return "hello"',
                )
            },
            FLASK,
        ),
        "app.py:9",
        'os.makedirs("uploads", exist_ok=True)',
    ),
    Case(
        "file-not-there",
        app(
            "uvicorn app:app --host 0.0.0.0 --port $PORT --workers 1",
            {
                ".gitignore": "media/\n",
                "app.py": "from starlette.applications import Starlette\n"
                "from starlette.staticfiles import StaticFiles\n\napp = Starlette()\n"
                'app.mount("/media", StaticFiles(directory="media"))\n',
            },
            "starlette\nuvicorn\n",
        ),
        "app.py:5",
        "git add -f media/.gitkeep",
        untracked={"media/a.png": ""},
    ),
    Case(
        "file-not-there",
        app(
            "python server.py",
            {"server.py": f"import os\n\nos.listdir('Data')\n{SERVER}", "data/a.csv": ""},
        ),
        "server.py:3",
        "Write `data`",
    ),
    Case(
        "asks-itself",
        app(
            "gunicorn app:app --workers 1 --timeout 60",
            {
                "app.py": "import os\nimport urllib.request\n"
                + HELLO.replace(
                    'return "hello"',
                    "port = os.environ['PORT']\n"
                    '    return urllib.request.urlopen(f"http://localhost:{port}/a").read()',
                )
            },
            FLASK,
        ),
        "app.py:11",
        "Call the function that makes that answer",
        limits={"first_byte": 3},
    ),
    Case(
        "boots-too-slowly",
        app(
            "python server.py",
            {
                "server.py": "import time\n\n\ndef poll():\n    while True:\n"
                f"        time.sleep(1)\n\n\npoll()\n{SERVER}"
            },
        ),
        "server.py:6",
        "`worker: python …`",
        limits={"boot_timeout": 4},
    ),
    Case(
        "binds-loopback",
        app(
            "gunicorn app:app",
            {"app.py": HELLO, "gunicorn.conf.py": 'bind = "127.0.0.1:8061"\n'},
            FLASK,
        ),
        "gunicorn.conf.py:1",
        "write `web: gunicorn app:app --bind 0.0.0.0:$PORT`",
    ),
    Case(
        "binds-loopback",
        app(
            "python shop.py",
            {"shop.py": "import cherrypy\n\ncherrypy.quickstart(None)\n"},
            "cherrypy\nsetuptools<81\n",
        ),
        "shop.py:3",
        '"server.socket_port": int(os.environ["PORT"])',
    ),
    Case(
        "proxy-header-ignored",
        app(
            "hypercorn -b 0.0.0.0:$PORT app:app",
            {
                "app.py": "from fastapi import FastAPI\n"
                "from starlette.middleware.httpsredirect import HTTPSRedirectMiddleware\n\n"
                "app = FastAPI()\napp.add_middleware(HTTPSRedirectMiddleware)\n"
            },
            f"{FASTAPI}hypercorn\n",
        ),
        "app.py:5",
        "hypercorn.middleware",
    ),
    Case(
        "allowed-hosts",
        app(
            "uvicorn app:app --host 0.0.0.0 --port $PORT",
            {
                "app.py": "from fastapi import FastAPI\n"
                "from starlette.middleware.trustedhost import TrustedHostMiddleware\n\n"
                "app = FastAPI()\n"
                'app.add_middleware(TrustedHostMiddleware, allowed_hosts=["localhost"])\n'
            },
            FASTAPI,
        ),
        "app.py:5",
        '`allowed_hosts = ["*.herokuapp.com", "localhost"]`',
    ),
]


@every(CASES)
def test_the_cause_is_named(case: Case, tmp_path: Path) -> None:
    """Exactly one cause is named, at its place, with what to type."""
    check(tmp_path / "app", case)
