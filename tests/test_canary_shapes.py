"""Canaries in the parts of values: keys in JSON, items, passwords, paths, headers, short ones.

One app prints every part as programs do; whatever command runs it, no output has any of them.
"""

import base64
import json
import os
import secrets
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pytest

from parity.report import KINDS
from tests.test_apps import commit
from tests.test_serve import eventually, serving

pytestmark = pytest.mark.net

BOT = """\
import base64, json, os, subprocess, sys, urllib.parse
e = os.environ
account = json.loads(e["GOOGLE_CREDENTIALS"])
print(account["private_key"])
print("id", account["private_key_id"])
print("item", e["API_KEYS"].split(",")[1], json.dumps({"k": e["API_KEYS"].split(",")[2]}))
pairs = dict(p.split("=", 1) for p in e["ADO"].split(";"))
print("password", pairs["Password"])
print("base64", base64.b64encode(pairs["Password"].encode()).decode())
url = urllib.parse.urlsplit(e["SERVICE_URL"])
print("query", urllib.parse.parse_qs(url.query)["token"][0], url.query)
print("POST", urllib.parse.urlsplit(e["HOOK"]).path, e["HOOK"].rpartition("/")[2])
print("user", urllib.parse.urlsplit(e["SENTRY_DSN"]).username)
print("database", urllib.parse.unquote(urllib.parse.urlsplit(e["DATABASE_URL"]).password))
for user in ("apikey", "joe", "a"):
    print("Basic", base64.b64encode(f"{user}:{e['API_TOKEN']}".encode()).decode())
print("bytes", e["UMLAUT_KEY"].encode(), ascii(e["UMLAUT_KEY"]))
sys.stdout.flush()
subprocess.run(["bash", "-xc", 'X="$UMLAUT_KEY"; : "$API_TOKEN"; true $UMLAUT_KEY'])
print("pin", e["DB_PIN"], "pin:" + e["DB_PIN"], "x" * 9_996 + e["API_TOKEN"], flush=True)
"""

CRASH = """\
token, key = e["API_TOKEN"], account["private_key"].splitlines()[1]
try:
    open(f"/app/{e['API_KEYS'].split(',')[0]}.json")
except OSError as error:
    raise ValueError(f"{error} {key} {pairs['Password']} {token} {e['DB_PIN']}")
"""

SERVE = """\
from http.server import BaseHTTPRequestHandler, HTTPServer
class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        print("asked", self.path, pairs["Password"], flush=True)
        if self.path == "/":
            self.send_response(302)
            self.send_header("Location", "/next?" + url.query)
            self.end_headers()
            return
        self.send_response(500)
        self.end_headers()
        self.wfile.write(("Error: " + account["private_key"] + e["HOOK"]).encode())
HTTPServer(("0.0.0.0", int(e["PORT"])), Handler).serve_forever()
"""


class Canaries:
    """Config vars with random secrets in them; `parts` must not be in any output."""

    def __init__(self) -> None:
        body = [base64.b64encode(secrets.token_bytes(48)).decode() for _ in range(3)]
        pem = "\n".join(("-----BEGIN PRIVATE KEY-----", *body, "-----END PRIVATE KEY-----", ""))
        account = {"type": "service_account", "private_key": pem}
        account["private_key_id"] = secrets.token_hex(20)
        items = [f"k{n}x{secrets.token_hex(9)}" for n in range(3)]
        password, query, token = (f"p{secrets.token_hex(3)}@/{n}&x" for n in range(3))
        password = password.replace("/", "!")
        hook, user, database = secrets.token_urlsafe(24), secrets.token_hex(16), f"d%{token}"
        umlaut = f"ä'ß{secrets.token_hex(9)}ö{secrets.token_hex(9)}"
        pin = f"q{secrets.randbelow(90) + 10}Z"
        ado = f"Server=tcp:127.0.0.1,1433;User ID=joe;Password={password};Encrypt=True"
        self.values = {
            "GOOGLE_CREDENTIALS": json.dumps(account),
            "API_KEYS": ",".join(items),
            "ADO": ado,
            "SERVICE_URL": f"https://api.example.com/v1?lang=en&token={quote(query, safe='')}",
            "HOOK": f"https://hooks.example.com/services/T0{user[:6].upper()}/B1/a1B2{hook}",
            "SENTRY_DSN": f"https://{user}@o1.example.com/1",
            "DATABASE_URL": f"postgres://joe:{quote(database, safe='')}@127.0.0.1/x",
            "API_TOKEN": token,
            "UMLAUT_KEY": umlaut,
            "DB_PIN": pin,
        }
        encoded = [base64.b64encode(text.encode()).decode()[4:-4] for text in (password, token)]
        pieces = [umlaut[3:15], umlaut[-15:]]
        plain = [*body, *items, password, query, token, hook, user, database, pin, *pieces]
        self.parts = [*plain, *encoded, account["private_key_id"], quote(query, safe="")]

    def leaked(self, outputs: dict[str, str]) -> list[tuple[str, str, str]]:
        """Return the parts that are in an output, with their surroundings."""
        hits = []
        for name, text in outputs.items():
            for part in self.parts:
                at = text.replace("\n", " ").find(part)
                if at >= 0:
                    hits.append((name, part, text[max(0, at - 40) : at + 40]))
        return hits


@pytest.fixture
def canaries() -> Canaries:
    """Return new values for every test."""
    return Canaries()


def app(folder: Path, canaries: Canaries, code: str) -> Path:
    """Create an app that prints its secrets, which are in its `.env`."""
    folder.mkdir()
    (folder / "requirements.txt").touch()
    (folder / "Procfile").write_text("web: python bot.py\nshow: python bot.py\n")
    (folder / "bot.py").write_text(BOT + code)
    commit(folder, {})
    # Only double quotes let a value have single ones, and only then a backslash is one itself.
    told = ((k, v.replace("\\", "\\\\").replace('"', '\\"')) for k, v in canaries.values.items())
    (folder / ".env").write_text("".join(f'{k}="{v}"\n' for k, v in told))
    return folder


def parity(*argv: str, folder: Path, stdin: str = "") -> "subprocess.CompletedProcess[str]":
    """Run one command of parity in a folder."""
    return subprocess.run(
        [sys.executable, "-m", "parity", *argv],
        cwd=folder,
        input=stdin,
        capture_output=True,
        text=True,
        errors="backslashreplace",
        env={**os.environ, "COLUMNS": "60"},
        check=False,
    )


@pytest.mark.parametrize("command", ["run", "check"])
@pytest.mark.parametrize("code", [CRASH, SERVE], ids=["crash", "error-page"])
def test_no_part_is_in_a_report(
    command: str, code: str, canaries: Canaries, tmp_path: Path
) -> None:
    """All formats, stdout and stderr have the names, but not the secrets."""
    folder = app(tmp_path / "app", canaries, code)
    reports = [f"--report={kind}={tmp_path / kind}" for kind in KINDS]
    done = parity(command, str(folder), *reports, folder=tmp_path)
    assert done.returncode == (1 if command == "run" else 0), done.stderr
    outputs = {kind: (tmp_path / kind).read_text() for kind in KINDS}
    outputs |= {"stdout": done.stdout, "stderr": done.stderr}
    assert canaries.leaked(outputs) == []
    seen = [n for n in canaries.values if f"[{n}]" in outputs["json"]]
    assert seen == ([*canaries.values] if command == "run" else [])
    if command == "run":
        assert '"id"' in outputs["json"]
        assert "password [ADO]" in outputs["json"]
        assert "127.0.0.1" in outputs["json"] or code == CRASH


def test_no_part_is_in_the_log_that_is_served(canaries: Canaries, tmp_path: Path) -> None:
    """They are hidden in the live log, in the error page's panel, and in messages on stderr."""
    folder = app(tmp_path / "app", canaries, CRASH)
    with serving(folder) as served:
        crashed = " to crashed"
        assert eventually(lambda: "\n".join(served.lines).count(crashed) > 1, 300), served.told
        status, page = served.get()
    assert status == 503
    outputs = {"page": page.decode(), "log": "\n".join(served.lines)}
    outputs["stderr"] = "\n".join(served.told)
    assert canaries.leaked(outputs) == []
    assert not [name for name in canaries.values if f"[{name}]" not in outputs["log"]]
    assert "[DB_PIN]" in outputs["page"]


def test_no_part_is_in_what_parity_says_of_a_command(canaries: Canaries, tmp_path: Path) -> None:
    """The output of `exec` is the command's own; parity's messages on stderr are masked."""
    folder = app(tmp_path / "app", canaries, CRASH)
    hook, token = canaries.values["HOOK"].rpartition("/")[2], canaries.values["API_TOKEN"]
    done = parity("exec", ".", "--", f": {hook} {token}; echo $API_TOKEN", folder=folder)
    assert done.stdout == f"{token}\n"
    assert canaries.leaked({"stderr": done.stderr}) == []
    assert "Running : [HOOK] [API_TOKEN]; echo" in done.stderr


def test_no_part_is_in_an_explained_log(canaries: Canaries, tmp_path: Path) -> None:
    """In the app's folder, `explain -` hides the values in its `.env`."""
    folder = app(tmp_path / "app", canaries, CRASH)
    log = parity("exec", ".", "--", "show", folder=folder)
    assert canaries.leaked({"log": log.stdout + log.stderr})
    head = "2026-11-25T19:48:42.907625+00:00"
    lines = [f"{head} app[web.1]: {line}" for line in (log.stdout + log.stderr).splitlines()]
    lines.append(f"{head} heroku[web.1]: Process exited with status 1")
    lines.append(f"{head} heroku[web.1]: State changed from starting to crashed")
    told = parity("explain", "-", folder=folder, stdin="\n".join(lines) + "\n")
    assert told.returncode == 0, told.stderr
    assert "H10" in told.stdout
    assert canaries.leaked({"stdout": told.stdout, "stderr": told.stderr}) == []


USES = """\
import json, parity
from parity.push.config import read
from pathlib import Path

def test_up(parity_app):
    assert parity_app

def test_api():
    found = parity.rehearse(".", config=read([], [], Path(".env")))
    raise ValueError(json.dumps(parity.to_dict(found))) from None
"""


def test_no_part_is_in_what_pytest_shows(canaries: Canaries, tmp_path: Path) -> None:
    """The fixture's report and the API's document are masked."""
    folder = app(tmp_path / "app", canaries, CRASH)
    (folder / "test_it.py").write_text(USES)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--tb=short", "test_it.py"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "password [ADO]" in done.stdout
    assert "1 failed, 1 error" in done.stdout
    assert canaries.leaked({"stdout": done.stdout, "stderr": done.stderr}) == []


def test_no_part_is_in_a_message(canaries: Canaries, tmp_path: Path) -> None:
    """A usage error names the option, not what was typed instead of a pair."""
    for part in canaries.parts:
        done = parity("check", ".", f"--config={part}", folder=tmp_path)
        if "=" not in part.rstrip("="):
            assert done.returncode == 2
            assert canaries.leaked({"stderr": done.stderr}) == []


def test_no_part_is_in_what_could_not_be_done(canaries: Canaries, tmp_path: Path) -> None:
    """A message about a file has its name, except for a secret in it."""
    folder = app(tmp_path / "app", canaries, CRASH)
    hook = canaries.values["HOOK"].rpartition("/")[2]
    done = parity("check", ".", f"--report=json=/nowhere/{hook}/a.json", folder=folder)
    assert done.returncode == 2
    assert "/nowhere/[HOOK]/a.json cannot be written there" in done.stderr
    assert canaries.leaked({"stderr": done.stderr}) == []


def test_nothing_of_a_value_is_left_on_disk(canaries: Canaries, tmp_path: Path) -> None:
    """After a run, no cache, key, manifest or temporary file has a secret."""
    folder, home = app(tmp_path / "app", canaries, CRASH), tmp_path / "home"
    (home / "tmp").mkdir(parents=True)
    env = {**os.environ, "HOME": str(home), "XDG_CACHE_HOME": str(home / "cache")}
    subprocess.run(
        [sys.executable, "-m", "parity", "run", str(folder)],
        env={**env, "TMPDIR": str(home / "tmp")},
        capture_output=True,
        check=False,
    )
    files = [path for path in home.rglob("*") if path.is_file() and path.stat().st_size < 1_000_000]
    assert files
    outputs = {str(path): path.read_bytes().decode("latin-1") for path in files}
    assert canaries.leaked(outputs) == []
