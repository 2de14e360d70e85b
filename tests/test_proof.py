"""Every kind of fix for real: the app fails, git applies the diff, the app works."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from parity import rehearse
from parity.facts.limits import LIMITS
from parity.records.verdict import Verdict
from parity.report import render
from parity.report.diffs import diffs
from tests.recorded import Tape, digest, is_recorded
from tests.test_apps import GIT, commit
from tests.test_receive import git
from tests.test_sarif import applied
from tests.trees import NO_CONFIG

pytestmark = pytest.mark.net

SERVER = (Path(__file__).parent / "apps/works-stdlib-server/app.py").read_text()
STDLIB = {"requirements.txt": "", "Procfile": "web: python app.py\n", "app.py": SERVER}
FLASK = {
    "requirements.txt": "flask==3.1.3\ngunicorn\n",
    "Procfile": "web: gunicorn app:app\n",
    "app.py": "from flask import Flask\n\napp = Flask(__name__)\napp.add_url_rule('/', 'x', str)\n",
}
FACTORY = "from flask import Flask\n\n\ndef create_app():\n    app = Flask(__name__)\n"
FACTORY += "    app.add_url_rule('/', 'x', str)\n    return app\n"
BIND = "from http.server import HTTPServer, SimpleHTTPRequestHandler\n"
BOUND = "HTTPServer(({}), SimpleHTTPRequestHandler).serve_forever()\n"
NODE = "const http = require('http');\nconst s = http.createServer((q, r) => r.end('ok'));\n"

CASES: list[tuple[str, dict[str, str]]] = [
    ("binds-loopback", {**FLASK, "Procfile": "web: gunicorn -w 1 --bind 127.0.0.1:$PORT app:app"}),
    ("binds-loopback", {**FLASK, "Procfile": "web: flask --app app run -p $PORT  # x\r\n"}),
    (
        "binds-loopback",
        {
            **STDLIB,
            "app.py": f"{BIND}\nPORT = 6173\r\n".replace("\r", "")
            + BOUND.format("'localhost', PORT"),
        },
    ),
    (
        "wrong-port",
        {
            "requirements.txt": "waitress\nflask==3.1.3\n",
            "Procfile": "web: python app.py\n",
            "app.py": f"{FLASK['app.py']}\nif __name__ == '__main__':\n"
            "    from waitress import serve\n    serve(app, host='0.0.0.0', port=6174)\n",
        },
    ),
    (
        "wrong-port",
        {
            "package.json": '{\n  "name": "x",\n  "scripts": {"start": "PORT=6175 node s.js"}\n}\n',
            "s.js": f"{NODE}s.listen(process.env.PORT, '0.0.0.0');\n",
        },
    ),
    (
        "wrong-port",
        {
            "package.json": '{"name": "x"}',
            "Procfile": "web: node s.js",
            "s.js": f"{NODE}s.listen(6176);\r\n",
        },
    ),
    ("invalid-port", {**FLASK, "Procfile": "web: gunicorn --bind 0.0.0.0:%PORT% app:app\n"}),
    ("other-python", {**STDLIB, "Procfile": "web: python3.4 app.py\n"}),
    ("quoted-command", {**STDLIB, "Procfile": 'web: "python app.py"\n'}),
    ("shell-syntax", {**FLASK, "app.py": FACTORY, "Procfile": "web: gunicorn app:create_app()\n"}),
    ("virtual-environment-in-command", {**FLASK, "Procfile": "web: venv/bin/gunicorn app:app\n"}),
    ("program-misspelt", {**FLASK, "Procfile": "web: gunicron app:app\n"}),
    ("space-in-target", {**FLASK, "Procfile": "web: gunicorn app: app\n"}),
    ("file-as-target", {**FLASK, "Procfile": "web: gunicorn app.py\n"}),
    (
        "not-an-app-object",
        {**FLASK, "app.py": FACTORY, "Procfile": "web: gunicorn app:create_app\n"},
    ),
    ("no-target", {**FLASK, "Procfile": "web: gunicorn\n"}),
    ("script-without-path", {**STDLIB, "Procfile": "web: app.py\n"}),
    ("not-for-a-dyno", {**STDLIB, "Procfile": "web: sudo python app.py\n"}),
    (
        "windows-line-ends",
        {**STDLIB, "Procfile": "web: ./run.sh\n", "run.sh": "#!/bin/sh\r\npython app.py\r\n"},
    ),
    (
        "script-not-executable",
        {**STDLIB, "Procfile": "web: ./run.sh\n", "run.sh": "#!/bin/sh\nexec python app.py\n"},
    ),
    (
        "module-in-other-case",
        {**STDLIB, "app.py": f"import Tools\n{SERVER}Tools\n", "tools.py": ""},
    ),
    ("freeze-artefact", {**STDLIB, "requirements.txt": "pkg-resources==0.0.0\r\nsix\r\n"}),
    ("import-name-required", {**STDLIB, "requirements.txt": "six\nyaml\n"}),
    ("not-a-requirement", {**STDLIB, "requirements.txt": "# mine\nsix 1.17.0\n"}),
    ("standard-library-required", {**STDLIB, "requirements.txt": "six\nos\n"}),
    ("macos-only-package", {**STDLIB, "requirements.txt": "six\npyobjc-core==10.3\n"}),
    (
        "package-file-misspelt",
        {"requirement.txt": "six\n", **{k: v for k, v in STDLIB.items() if k[0] != "r"}},
    ),
    ("procfile-bom", {**STDLIB, "Procfile": "\ufeffweb: python app.py\n"}),
    ("procfile-line-not-read", {**STDLIB, "Procfile": "# x\nweb=python app.py\n"}),
    ("procfile-no-type", {**STDLIB, "Procfile": "python app.py\n"}),
    ("procfile-no-web", {**FLASK, "Procfile": "release: true\r\n"}),
    ("procfile-empty", {**FLASK, "Procfile": "# nothing yet\r\n"}),
    ("python-required", {**STDLIB, "requirements.txt": "six\npython==3.13\n"}),
    ("server-argument", {**FLASK, "Procfile": "web: gunicorn 0.0.0.0:$PORT app:app\n"}),
    (
        "typographic-characters",
        {**FLASK, "Procfile": "web: cd . && exec gunicorn \u2013 w 1 app:app\n"},
    ),
    (
        "procfile-line-in-script",
        {
            **STDLIB,
            "Procfile": "web: sh setup.sh && python app.py\n",
            "setup.sh": "mkdir -p x\n\nweb: python app.py\n",
        },
    ),
    ("procfile-no-space", {**STDLIB, "Procfile": "release: true\r\nweb:python app.py\r\n"}),
]


def written(app: Path, files: dict[str, str]) -> None:
    """Create a repository with one commit; line ends are those of `files`."""
    app.mkdir()
    for path, text in files.items():
        (app / path).write_bytes(text.encode())
        if text.startswith("#!") and "\r" in text:
            (app / path).chmod(0o755)
    commit(app, {})


def texts(app: Path) -> dict[str, str]:
    """Return the app's files, with their line ends."""
    files = (file for file in app.rglob("*") if file.is_file() and ".git" not in file.parts)
    return {str(file.relative_to(app)): file.read_bytes().decode() for file in files}


def recording(cause: str, files: dict[str, str]) -> tuple[str, str, dict[str, bytes]]:
    """Return the name of a case's recording, the hash of its files, and their contents by path."""
    contents = {path: text.encode() for path, text in files.items()}
    of = digest(contents)
    return f"fixes/{cause}-{of}", of, contents


def parameters() -> Iterator[Any]:
    """Yield the cases; those that are recorded run for real on request, but the first."""
    for number, (cause, files) in enumerate(CASES):
        skipped = number > 0 and is_recorded(recording(cause, files)[0])
        mark = pytest.mark.recorded(skipped=skipped)
        yield pytest.param(cause, files, id=f"{number}-{cause}", marks=mark)


@pytest.mark.parametrize(("cause", "files"), [*parameters()])
def test_a_fix(cause: str, files: dict[str, str], tmp_path: Path) -> None:
    """The offered fix is right: git applies it, and then the app works."""
    app = tmp_path / "app"
    written(app, files)
    tape = Tape(*recording(cause, files))
    verdict = tape.rehearse(app, config=NO_CONFIG, facts=LIMITS)
    fixed(verdict, cause)
    diff = diffs(verdict)
    before = texts(app)
    subprocess.run([*GIT, "apply", "--index"], input=diff.encode(), cwd=app, check=True)
    in_sarif(verdict, before, texts(app))
    again = tape.rehearse(app, config=NO_CONFIG, facts=LIMITS)
    assert (again.verdict, again.fixes) == ("works", ())
    tape.save(app, diff)


def fixed(verdict: Verdict, cause: str) -> None:
    """Assert that the cause alone has a fix."""
    shown = [(f.id, f.tried) for f in verdict.findings if f.effect != "note"]
    assert [fix.finding for fix in verdict.fixes] == [cause], (shown, verdict.repaired)


def in_sarif(verdict: Verdict, before: dict[str, str], after: dict[str, str]) -> None:
    """Assert that the SARIF report makes the same change."""
    sarif = json.loads(render("sarif", verdict))["runs"][0]["results"]
    for result in (result for result in sarif if "fixes" in result):
        assert applied(result, before) == after


@pytest.mark.parametrize(
    ("cause", "files"),
    [
        ("procfile-no-space", {**STDLIB, "Procfile": "web:python other.py\n"}),
        ("single-equals", {**STDLIB, "requirements.txt": "six=1.17.0\nno-such-thing-x==1\n"}),
        (
            "binds-loopback",
            {
                **STDLIB,
                "app.py": f"{BIND}X = 1 / 0 if __import__('os').environ.get("
                "'PORT') == 'x' else 6177\n" + BOUND.format("'localhost', X"),
            },
        ),
    ],
)
def test_no_diff(cause: str, files: dict[str, str], tmp_path: Path) -> None:
    """An edit that is not enough, or not certain, is not offered; nothing is written."""
    app = tmp_path / "app"
    written(app, files)
    verdict = rehearse(app)
    found = next(f for f in verdict.findings if f.id == cause)
    assert (verdict.fixes, diffs(verdict), found.diff) == ((), "", None)
    assert found.tried is None or found.tried.endswith("no diff is offered")
    assert git(app, "status", "--porcelain") == ""
