"""What `check` predicts from the source alone: certain failures, and nothing else."""

import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest

from parity.records import Config
from parity.records.verdict import Finding
from parity.rehearsal.pipeline import check
from tests.test_apps import APPS, materialise

FLASK = "from flask import Flask\n\napp = Flask(__name__)\n"
GOOD = {
    "Procfile": "web: gunicorn app:app\n",
    "requirements.txt": "Flask\ngunicorn\n",
    ".python-version": "3.13\n",
    "app.py": FLASK,
}


def told(folder: Path, files: Mapping[str, str], config: Mapping[str, str] = {}) -> list[Finding]:
    """Return the causes that `check` predicts for the good app with `files` in it."""
    for name, text in {**GOOD, **files}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    verdict = check(folder, config=Config(config, dict.fromkeys(config, "--config")))
    return [f for f in verdict.findings if f.basis == "static" and f.kind == "cause"]


def script(*lines: str, command: str = "python app.py") -> dict[str, str]:
    """Return the good app, started as a script that ends in `lines`."""
    return {"Procfile": f"web: {command}\n", "app.py": FLASK + "\n".join(lines) + "\n"}


MAIN = 'if __name__ == "__main__":\n    '
WAITRESS = {
    **script("from waitress import serve", "serve(app)"),
    "requirements.txt": "Flask\nwaitress\n",
}
WRONG = [
    ("binds-loopback", "app.py:4", script("app.run()")),
    ("binds-loopback", "app.py:5", script(f"{MAIN}app.run(port=8000)")),
    ("binds-loopback", "app.py:6", script("def main():", "  x = 1", "  app.run()", "main()")),
    ("wrong-port", "app.py:4", script('app.run(host="0.0.0.0", port=5000)')),
    ("wrong-port", "app.py:4", script('app.run("0.0.0.0")')),
    ("wrong-port", "app.py:5", WAITRESS),
    ("wrong-port", "Procfile:1", {"Procfile": "web: gunicorn app:app -b 0.0.0.0:8000\n"}),
    ("binds-loopback", "Procfile:1", {"Procfile": "web: gunicorn -b 127.0.0.1:$PORT app:app\n"}),
    ("wrong-port", "Procfile:1", {"Procfile": "web: python -m gunicorn app:app -b 0.0.0.0:80\n"}),
    ("binds-loopback", "Procfile:1", {"Procfile": "web: flask run --port $PORT\n"}),
    ("wrong-port", "Procfile:1", {"Procfile": "web: flask run --host 0.0.0.0\n"}),
    ("wrong-attribute", "Procfile:1", {"Procfile": "web: gunicorn app:application\n"}),
    ("space-in-target", "Procfile:1", {"Procfile": "web: gunicorn app: app\n"}),
    ("single-equals", "requirements.txt:2", {"requirements.txt": "Flask\ngunicorn=20.1.0\n"}),
    ("file-url", "requirements.txt:1", {"requirements.txt": "six @ file:///tmp/build/six\n"}),
    ("windows-only-package", "requirements.txt:1", {"requirements.txt": "pywin32==300\n"}),
    ("freeze-artefact", "requirements.txt:1", {"requirements.txt": "pkg-resources==0.0.0\n"}),
    ("wrong-module", "Procfile:1", {"Procfile": "web: gunicorn main:app\n"}),
    ("command-not-found", "Procfile:1", {"requirements.txt": "Flask\n"}),
    ("missing-dependency", "app.py:4", {"app.py": f"{FLASK}import requests\n"}),
    (
        "missing-dependency",
        "models.py:1",
        {"app.py": f"{FLASK}import models\n", "models.py": "from flask_sqlalchemy import X\n"},
    ),
    (
        "missing-config-var",
        "app.py:5",
        {"app.py": f"{FLASK}import os\nKEY = os.environ['KEY']\n"},
    ),
    (
        "missing-config-var",
        "app.py:6",
        {"app.py": f"{FLASK}import os\nclass C:\n    N = int(os.getenv('N'))\n"},
    ),
    (
        "add-on-variable-missing",
        "app.py:5",
        {"app.py": f"{FLASK}import os\nDB = os.environ['DATABASE_URL']\n"},
    ),
]


@pytest.mark.parametrize(("rule", "place", "files"), WRONG)
def test_what_every_start_runs_into(
    rule: str, place: str, files: dict[str, str], tmp_path: Path
) -> None:
    """Exactly one cause, at its line, with every placeholder of its texts filled."""
    (found,) = told(tmp_path, files)
    assert found.id == rule
    assert place in [f"{e.file}:{e.line}" for e in found.evidence]
    texts = " ".join((found.title, found.cause, found.fix))
    for name in ("NAME", "ERROR", "ADVICE", "REPAIR", "WHO", "WHEN", "MODULE", "ADDRESS", "TAKEN"):
        assert name not in texts.replace("=VALUE", "").split()


RIGHT: list[dict[str, str]] = [
    {},
    {"Procfile": "web: python -m gunicorn app:app\n"},
    script('app.run(host="0.0.0.0", port=int(os.environ["PORT"]))'),
    script("app.run(**options)"),
    script("import sys", "sys.exit()", "app.run()"),
    script("if DEBUG:", "    app.run()"),
    script(f"{MAIN}app.run()", command="gunicorn app:app"),
    {"Procfile": "web: gunicorn app:app -b 0.0.0.0:$PORT\n"},
    {"Procfile": "web: gunicorn -b :${PORT:-8000} app:app\n"},
    {"Procfile": "web: cd src && gunicorn main:app\n"},
    {"Procfile": "web: gunicorn --chdir src main:app\n", "src/main.py": FLASK},
    {"Procfile": "web: gunicorn 'app:create()'\n", "app.py": "def create():\n    pass\n"},
    {"Procfile": "web: gunicorn main:app\n", "gunicorn.conf.py": "chdir = 'src'\n"},
    {"Procfile": "web: gunicorn mlflow.server:app\n", "requirements.txt": "mlflow\n"},
    {"app.py": "from flask import *\nfrom factory import *\n", "factory.py": ""},
    {"app.py": "import flask\nglobals()['app'] = flask.Flask('x')\n"},
    {"app.py": f"{FLASK}try:\n    import requests\nexcept ImportError:\n    pass\n"},
    {"app.py": f"{FLASK}def late():\n    import requests\n"},
    {"app.py": f"{FLASK}import requests\n", "requirements.txt": "Flask\ngunicorn\nunheard-of\n"},
    {"app.py": f"{FLASK}import requests\n", "requirements.txt": "Flask\ngunicorn\n-e git+https://x\n"},
    {"app.py": f"{FLASK}import requests\n", "requests/__init__.py": ""},
    {"requirements.txt": "Flask\ngunicorn\npywin32; sys_platform == 'win32'\n"},
    {"app.py": f"{FLASK}import jinja2, werkzeug, click\n"},
    {"app.py": f"{FLASK}import os\nK = os.environ.get('K')\n"},
    {"app.py": f"{FLASK}import os\nK = os.environ['PORT']\n"},
    {"app.py": f"{FLASK}import os\nK = 'K' in os.environ and os.environ['K']\n"},
    {"app.py": f"{FLASK}import os\nK = os.environ['K'] if os.getenv('A') else 1\n"},
    {"app.py": f"{FLASK}import os\nif X:\n    os.environ['K'] = 'x'\nos.environ['K']\n"},
    {"app.py": f"{FLASK}import os\nos.environ.setdefault('K', 'x')\nos.environ['K']\n"},
    {"app.py": f"{FLASK}import os\nos.environ['K']\n", "app.json": '{"env": {"K": "x"}}'},
    {"app.py": f"{FLASK}import os\nos.environ['K']\n", ".profile": "export K=1\n"},
    {"app.py": f"{FLASK}import os\nos.environ['K']\n", "Procfile": "web: K=1 gunicorn app:app\n"},
    {"app.py": f"{FLASK}import os\nget = lambda: os.environ['K']\n"},
]  # fmt: skip


@pytest.mark.parametrize("files", RIGHT, ids=range(len(RIGHT)))
def test_what_may_well_work(files: dict[str, str], tmp_path: Path) -> None:
    """Nothing is claimed about code that may not run, or about what may come from elsewhere."""
    assert [f.id for f in told(tmp_path, files)] == []


def test_a_config_var_that_is_set(tmp_path: Path) -> None:
    """`--config` supplies it."""
    files = {"app.py": f"{FLASK}import os\nKEY = os.environ['KEY']\n"}
    assert told(tmp_path, files, {"KEY": "secret-value"}) == []


@pytest.mark.real
@pytest.mark.parametrize("app", sorted(APPS.glob("works-*")), ids=lambda p: p.name)
def test_an_app_that_works_is_not_accused(app: Path, tmp_path: Path) -> None:
    """The source of apps that work when they are run has no bad findings."""
    expected = tomllib.loads((app / "expected.toml").read_text())
    materialise(app, expected.get("git", {}), tmp_path)
    values = expected.get("config", {})
    verdict = check(tmp_path, config=Config(values, dict.fromkeys(values, "--config")))
    assert [f.id for f in verdict.findings if f.basis == "static"] == []
