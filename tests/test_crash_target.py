"""What a server's command names: the module, the app in it, the server's own options."""

from pathlib import Path

import pytest

from tests.crashes import DJANGO, FASTAPI, FLASK, HELLO, Case, app, check, every

pytestmark = pytest.mark.net

PROJECT = {
    "manage.py": "",
    "shop/__init__.py": "",
    "shop/settings.py": 'SECRET_KEY = "x"\nROOT_URLCONF = "shop.urls"\n',
    "shop/wsgi.py": (
        "import os\n\nfrom django.core.wsgi import get_wsgi_application\n\n"
        'os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")\n'
        "application = get_wsgi_application()\n"
    ),
}
FACTORY = "from flask import Flask\n\n\ndef create_app():\n    return Flask(__name__)\n"
ASGI = "from fastapi import FastAPI\n\napi = FastAPI()\n"
WITHOUT_STATIC = {"DISABLE_COLLECTSTATIC": "1"}

CASES = [
    Case(
        "space-in-target",
        app("gunicorn app: app", {"app.py": HELLO}, FLASK),
        "Procfile:1",
        "`web: gunicorn app:app`",
    ),
    Case(
        "file-as-target",
        app("gunicorn app.py:app", {"app.py": HELLO}, FLASK),
        "Procfile:1",
        "In the Procfile write `web: gunicorn app:app`.",
    ),
    Case(
        "file-as-target",
        app("gunicorn shop/web:app", {"shop/web.py": HELLO}, FLASK),
        "Procfile:1",
        "In the Procfile write `web: gunicorn shop.web:app`.",
    ),
    Case(
        "wrong-module",
        app("gunicorn server:app", {"app.py": HELLO}, FLASK),
        "Procfile:1",
        "In the Procfile write `web: gunicorn app:app`.",
    ),
    Case(
        "wrong-module",
        app("uvicorn main:app --host 0.0.0.0 --port $PORT", {"api.py": ASGI}, FASTAPI),
        "Procfile:1",
        "In the Procfile write `web: uvicorn api:api --host 0.0.0.0 --port $PORT`.",
    ),
    Case(
        "wrong-module",
        app("gunicorn app:app", {"backend/app.py": HELLO}, FLASK),
        "Procfile:1",
        "In the Procfile write `web: gunicorn --chdir backend app:app`.",
    ),
    Case(
        "wrong-module",
        app("gunicorn store.wsgi", {f"site/{k}": v for k, v in PROJECT.items()}, DJANGO),
        "Procfile:1",
        "In the Procfile write `web: gunicorn --chdir site shop.wsgi:application`.",
        WITHOUT_STATIC,
    ),
    Case(
        "wrong-attribute",
        app("gunicorn app", {"app.py": HELLO}, FLASK),
        "Procfile:1",
        "In the Procfile write `web: gunicorn app:app`.",
    ),
    Case(
        "wrong-attribute",
        app(
            "gunicorn app:application",
            {"app.py": HELLO, ".python-version": "3.11\n"},
            "flask==3.1.3\ngunicorn==19.9.0\nsetuptools==69.5.1\n",
        ),
        "Procfile:1",
        "In the Procfile write `web: gunicorn app:app`.",
    ),
    Case(
        "wrong-attribute",
        app("gunicorn shop:app", {"shop.py": FACTORY}, FLASK),
        "Procfile:1",
        'In the Procfile write `web: gunicorn "shop:create_app()"`.',
    ),
    Case(
        "wrong-attribute",
        app("uvicorn api:app --port $PORT", {"api.py": ASGI}, FASTAPI),
        "Procfile:1",
        "In the Procfile write `web: uvicorn api:api --port $PORT`.",
    ),
    Case(
        "wrong-attribute",
        app(
            "gunicorn shop:app",
            {
                "shop.py": "from flask import Flask\n\n\ndef main():\n"
                "    app = Flask(__name__)\n    app.run()\n"
            },
            FLASK,
        ),
        "Procfile:1",
        "Move line 5 of shop.py",
    ),
    Case(
        "no-target",
        app("gunicorn", {"app.py": HELLO}, FLASK),
        "Procfile:1",
        "In the Procfile write `web: gunicorn app:app`.",
    ),
    Case(
        "no-target",
        app("flask run --host 0.0.0.0 --port $PORT", {"shop.py": HELLO}, FLASK),
        "Procfile:1",
        "In the Procfile write `web: flask --app shop:app run --host 0.0.0.0 --port $PORT`.",
    ),
    Case(
        "not-an-app-object",
        app("gunicorn shop:name", {"shop.py": 'name = "x"\n' + HELLO}, FLASK),
        "Procfile:1",
        "In the Procfile write `web: gunicorn shop:app`.",
    ),
    Case(
        "not-an-app-object",
        app("gunicorn shop:create_app", {"shop.py": FACTORY}, FLASK),
        "Procfile:1",
        'In the Procfile write `web: gunicorn "shop:create_app()"`.',
    ),
    Case(
        "asgi-under-wsgi",
        app("gunicorn api:api", {"api.py": ASGI}, FASTAPI),
        "Procfile:1",
        "`web: uvicorn api:api --host 0.0.0.0 --port $PORT`",
    ),
    Case(
        "wsgi-under-asgi",
        app(
            "uvicorn app:app --host 0.0.0.0 --port $PORT",
            {"app.py": HELLO},
            f"{FASTAPI}flask==3.1.3\n",
        ),
        "Procfile:1",
        "`web: gunicorn app:app`",
    ),
    Case(
        "worker-class",
        app("gunicorn -k gevent app:app", {"app.py": HELLO}, FLASK),
        "Procfile:1",
        "Add the line `gunicorn[gevent]` to requirements.txt.",
    ),
    Case(
        "factory-returns-nothing",
        app('gunicorn "shop:create_app()"', {"shop.py": "def create_app():\n    pass\n"}, FLASK),
        "shop.py:1",
        "return app",
    ),
    Case(
        "server-config-not-there",
        app("gunicorn -c conf/gunicorn.py app:app", {"app.py": HELLO}, FLASK),
        "Procfile:1",
        "git add conf/gunicorn.py",
    ),
    Case(
        "import-string-needed",
        app(
            "python main.py",
            {
                "main.py": "import os\n\nimport uvicorn\nfrom fastapi import FastAPI\n\n"
                "app = FastAPI()\n"
                'uvicorn.run(app, host="0.0.0.0", port=int(os.environ["PORT"]))\n'
            },
            FASTAPI,
        ),
        "main.py:7",
        'uvicorn.run("main:app", host="0.0.0.0", port=int(os.environ["PORT"]))',
        {"WEB_CONCURRENCY": "2"},
    ),
    Case(
        "wrong-option",
        app("gunicorn --port $PORT app:app", {"app.py": HELLO}, FLASK),
        "Procfile:1",
        "`gunicorn --help` lists them",
    ),
    Case(
        "wrong-option",
        app("uvicorn api:api --bind 0.0.0.0:$PORT", {"api.py": ASGI}, FASTAPI),
        "Procfile:1",
        "`uvicorn --help` lists them",
    ),
    Case(
        "option-of-flask-migrate",
        {
            "Procfile": "web: gunicorn app:app\nrelease: flask db upgrade\n",
            "requirements.txt": FLASK,
            "app.py": HELLO,
        },
        "Procfile:2",
        "Add the line `Flask-Migrate` to requirements.txt",
    ),
    Case(
        "development-server-refused",
        app(
            "python web.py",
            {
                "web.py": HELLO + "\nfrom flask_socketio import SocketIO\n\n"
                'SocketIO(app).run(app, host="0.0.0.0")\n'
            },
            FLASK + "flask-socketio==5.7.0\n",
        ),
        "web.py:12",
        "In the Procfile write `web: gunicorn -w 1 --threads 100 web:app`.",
    ),
    Case(
        "not-an-app-object",
        app(
            "gunicorn web:app",
            {
                "web.py": "from dash import Dash\n\napp = Dash(__name__)\n",
                "dash.py": "import flask\n\n\nclass Dash:\n    def __init__(self, name):\n"
                "        self.server = flask.Flask(name)\n",
            },
            FLASK,
        ),
        "Procfile:1",
        "Add the line `server = app.server` below line 3 of web.py. In the Procfile write"
        " `web: gunicorn web:server`.",
    ),
    Case(
        "daemon-in-config",
        app("gunicorn app:app", {"app.py": HELLO, "gunicorn.conf.py": "daemon = True\n"}, FLASK),
        "gunicorn.conf.py:1",
        "Remove line 1 from gunicorn.conf.py.",
    ),
    Case(
        "invalid-port",
        app("gunicorn --bind 0.0.0.0:%PORT% app:app", {"app.py": HELLO}, FLASK),
        "Procfile:1",
        "`web: gunicorn --bind 0.0.0.0:$PORT app:app`",
    ),
    Case(
        "invalid-port",
        app("gunicorn --bind $HOST:$PORT app:app", {"app.py": HELLO}, FLASK),
        "Procfile:1",
        "`web: gunicorn --bind 0.0.0.0:$PORT app:app`",
        {"HOST": "https://shop.herokuapp.com"},
    ),
]


@every(CASES)
def test_the_cause_is_named(case: Case, tmp_path: Path) -> None:
    """Exactly one cause is named, at its place, with what to type."""
    check(tmp_path / "app", case)
