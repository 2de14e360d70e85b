"""Canaries: random values of config vars, wherever an app puts them, must not reach any output.

The apps are real; every kind of report is made of each run, and searched for the values, their
spellings, and pieces of them.
"""

import base64
import json
import os
import secrets
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest

from parity.report import KINDS
from tests.test_apps import commit

pytestmark = pytest.mark.net

PIECE = 12
"""Consecutive characters of a value that no output may contain."""

BOT = """\
import base64, json, os, sys, urllib.parse
token = os.environ["API_TOKEN"]
print("plain", token)
print("url", urllib.parse.quote(token, safe=""), urllib.parse.quote_plus(token))
print("json", json.dumps({"token": token}))
print("repr", repr(token))
print("base64", base64.b64encode(token.encode()).decode())
print("cut", token[:20] + "\\n" + token[20:])
print("pad", "x" * 9990 + token)
print("\\x1b[31m" + token + "\\x1b[0m <b>" + token + "</b> ::error::" + token)
sys.stdout.flush()
"""

CRASHES = BOT + "raise ValueError(f\"cannot use {token} with {os.environ['DATABASE_URL']}\")\n"

SERVES = (
    BOT
    + """\
from http.server import BaseHTTPRequestHandler, HTTPServer
class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        print("asked", self.path, token, flush=True)
        if self.path == "/":
            self.send_response(302)
            self.send_header("Location", "/next?key=" + urllib.parse.quote_plus(token))
            self.end_headers()
            return
        self.send_response(500)
        self.end_headers()
        self.wfile.write(("Traceback (most recent call last): " + token).encode())
HTTPServer(("0.0.0.0", int(os.environ["PORT"])), Handler).serve_forever()
"""
)

LOOPBACK = BOT + (
    "import socket\n"
    "s = socket.create_server(('127.0.0.1', 5000 + os.getpid() % 999))\n"
    "while True:\n    c, _ = s.accept()\n"
    "    c.sendall(b'HTTP/1.0 200 OK\\r\\n\\r\\n' + token.encode())\n    c.close()\n"
)

APPS = {
    "crash": {"Procfile": "web: python bot.py\n", "bot.py": CRASHES},
    "error-page": {"Procfile": "web: python bot.py\n", "bot.py": SERVES},
    "wrong-address": {"Procfile": "web: python bot.py\n", "bot.py": LOOPBACK},
    "command-line": {"Procfile": "web: python bot.py --token $API_TOKEN\n", "bot.py": CRASHES},
    "release": {
        "Procfile": "release: python bot.py\nweb: python -m http.server $PORT\n",
        "bot.py": CRASHES,
    },
    "shell": {"Procfile": 'web: bash -c "echo $API_TOKEN; $API_TOKEN"\n', "bot.py": ""},
    "build": {
        "Procfile": "web: python bot.py\n",
        "bot.py": CRASHES,
        "bin/post_compile": "echo compiling with $API_TOKEN; exit 1\n",
    },
}


def token() -> str:
    """Return a random value that is spelled differently in every notation."""
    return f"k1{secrets.token_urlsafe(18)}/+ &k2{secrets.token_urlsafe(18)}"


def spellings(value: str) -> set[str]:
    """Return the value as programs write it, and every piece of it."""
    whole = {
        value,
        quote(value),
        quote(value, safe=""),
        quote_plus(value),
        json.dumps(value)[1:-1],
        base64.b64encode(value.encode()).decode().rstrip("="),
    }
    return {text[n : n + PIECE] for text in whole for n in range(len(text) - PIECE + 1)}


def leaked(value: str, outputs: dict[str, str]) -> list[tuple[str, str]]:
    """Return the places of pieces of the value, with their surroundings."""
    hits = []
    for name, text in outputs.items():
        for piece in spellings(value):
            at = text.find(piece)
            if at >= 0:
                hits.append((name, text[max(0, at - 40) : at + 40]))
                break
    return hits


@pytest.mark.parametrize("source", ["--config", ".env"])
@pytest.mark.parametrize("app", APPS)
def test_no_value_reaches_an_output(app: str, source: str, tmp_path: Path) -> None:
    """No value is in any report, stdout or stderr of an app that prints its secrets everywhere."""
    folder = tmp_path / "app"
    for name, text in {"requirements.txt": "", **APPS[app]}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    commit(folder, {})
    values = {
        "API_TOKEN": token(),
        "DATABASE_URL": f"postgres://joe:{secrets.token_hex(12)}@127.0.0.1/x",
    }
    given = [f"--config={name}={value}" for name, value in values.items()]
    if source == ".env":
        (folder / ".env").write_text("".join(f"{k}='{v}'\n" for k, v in values.items()))
        given = []
    reports = [f"--report={kind}={tmp_path / kind}" for kind in KINDS]
    done = subprocess.run(
        [sys.executable, "-m", "parity", "run", str(folder), *given, *reports],
        capture_output=True,
        text=True,
        errors="backslashreplace",
        env={**os.environ, "COLUMNS": "60"},
        check=False,
    )
    assert done.returncode in (1, 3), done.stderr
    outputs = {kind: (tmp_path / kind).read_text() for kind in KINDS}
    assert "[API_TOKEN]" in outputs["json"]
    outputs |= {"stdout": done.stdout, "stderr": done.stderr}
    password = values["DATABASE_URL"].split(":")[2].split("@")[0]
    assert leaked(values["API_TOKEN"], outputs) == []
    assert leaked(password, outputs) == []


def test_the_search_finds_what_is_there() -> None:
    """The search itself detects a value, its spellings and its pieces."""
    value = token()
    assert leaked(value, {"a": f"x{value}y"})
    assert leaked(value, {"a": quote_plus(value)})
    assert leaked(value, {"a": base64.b64encode(value.encode()).decode()})
    assert leaked(value, {"a": value[3:20]})
    assert not leaked(value, {"a": token()})
