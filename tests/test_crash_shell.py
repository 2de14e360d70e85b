"""bash's errors about a command: its syntax, and what it names."""

from pathlib import Path

import pytest

from tests.crashes import FLASK, HELLO, SERVER, Case, app, check, every

pytestmark = pytest.mark.net

CASES = [
    Case(
        "no-such-script",
        app("python shop\\server.py", {"shop/server.py": SERVER}),
        "Procfile:1",
        "In the Procfile write `web: python shop/server.py`.",
    ),
    Case(
        "shell-syntax",
        app("gunicorn shop:create_app()", {"shop.py": "def create_app():\n    pass\n"}, FLASK),
        "Procfile:1",
        'In the Procfile write `web: gunicorn "shop:create_app()"`.',
    ),
    Case(
        "shell-syntax",
        app("python 'server.py", {"server.py": SERVER}),
        "Procfile:1",
        "close every quote",
    ),
    Case(
        "quoted-command",
        app('"python server.py"', {"server.py": SERVER}),
        "Procfile:1",
        "In the Procfile write `web: python server.py`.",
    ),
    Case(
        "virtual-environment-in-command",
        app("venv/bin/python server.py", {"server.py": SERVER}),
        "Procfile:1",
        "In the Procfile write `web: python server.py`.",
    ),
    Case(
        "virtual-environment-in-command",
        app("source env/bin/activate && python server.py", {"server.py": SERVER}),
        "Procfile:1",
        "In the Procfile write `web: python server.py`.",
    ),
    Case(
        "script-not-there",
        app("bin/start-pgbouncer python server.py", {"server.py": SERVER}),
        "Procfile:1",
        "Commit the script",
    ),
    Case(
        "script-not-executable",
        app("./start.sh", {"start.sh": "#!/bin/sh\nexec python server.py\n", "server.py": SERVER}),
        "start.sh",
        "git update-index --chmod=+x start.sh",
    ),
    Case(
        "windows-line-ends",
        app(
            "bash start.sh",
            {"start.sh": "#!/bin/sh\r\nexec python server.py\r\n", "server.py": SERVER},
        ),
        "start.sh:1",
        r"sed -i 's/\r$//' start.sh",
    ),
    Case(
        "folder-not-there",
        app("cd backend && python server.py", {"server.py": SERVER}),
        "Procfile:1",
        "folder's name",
    ),
    Case(
        "folder-not-there",
        app("gunicorn --chdir back app:app", {"backend/app.py": HELLO}, FLASK),
        "Procfile:1",
        "folder's name",
    ),
    Case(
        "no-such-script",
        app("python sever.py", {"server.py": SERVER}),
        "Procfile:1",
        "In the Procfile write `web: python server.py`.",
    ),
    Case(
        "no-such-script",
        app("python server.py", {"src/server.py": SERVER}),
        "Procfile:1",
        "In the Procfile write `web: python src/server.py`.",
    ),
    Case(
        "command-not-found",
        app("gunicorn app:app", {"app.py": HELLO}, "flask==3.1.3\n"),
        "requirements.txt",
        "Add the line `gunicorn` to requirements.txt.",
    ),
    Case(
        "build-tool-not-at-run-time",
        app("poetry run python server.py", {"server.py": SERVER}),
        "Procfile:1",
        "In the Procfile write `web: python server.py`.",
    ),
    Case(
        "other-python",
        app("python3.7 server.py", {"server.py": SERVER}),
        "Procfile:1",
        "In the Procfile write `web: python server.py`.",
    ),
    Case(
        "needs-node",
        app("npm start", {"server.py": SERVER}),
        "Procfile:1",
        "heroku buildpacks:add --index 1 heroku/nodejs",
    ),
    Case(
        "script-without-path",
        app("server.py", {"server.py": SERVER}),
        "Procfile:1",
        "In the Procfile write `web: python server.py`.",
    ),
    Case(
        "not-for-a-dyno",
        app("ngrok http 5000", {"server.py": SERVER}),
        "Procfile:1",
        "Remove it from the command.",
    ),
    Case(
        "program-misspelt",
        app("gunicron app:app", {"app.py": HELLO}, FLASK),
        "Procfile:1",
        "In the Procfile write `web: gunicorn app:app`.",
    ),
    Case(
        "program-not-on-heroku",
        app("shopserver --port 1", {"server.py": SERVER}),
        "Procfile:1",
        "heroku-community/apt",
    ),
]


@every(CASES)
def test_the_cause_is_named(case: Case, tmp_path: Path) -> None:
    """Exactly one cause is named, at its place, with what to type."""
    check(tmp_path / "app", case)
