"""Which parts of a value are secret, how they may be written, and what must stay readable."""

import html
import json
import os
import shlex
import shutil
import subprocess
from base64 import b64encode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parity.masking.mask import Flow, Mask
from parity.masking.secret import secret_name
from parity.masking.spelling import spellings
from parity.records import Config, Line
from tests.verdicts import source


def mask(**values: str) -> Mask:
    """Return a mask for an app without files."""
    return Mask(Config(values, {}), source({}))


PEM_BODY = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj"
PEM = (
    f"-----BEGIN PRIVATE KEY-----\n{PEM_BODY}\nMzEfYyjiWA4R4/M2bS1GB4t7NXp9\n"
    "-----END PRIVATE KEY-----\n"
)
KEY_ID = "0b9f7c1e5f9d4f6a9d8e2d3c8a7b1f10aabbccdd"
ACCOUNT = json.dumps(
    {
        "type": "service_account",
        "project_id": "shop-123",
        "private_key_id": KEY_ID,
        "private_key": PEM,
        "client_email": "robot@shop-123.iam.gserviceaccount.com",
        "token_uri": "https://oauth2.googleapis.com/token",
    }
)
HOOK_KEY = "aB3dE5fG7hI9jK1lM2nO4pQ6"
HOOK = f"https://hooks.slack.com/services/T0ABCDEF1/B0ABCDEF2/{HOOK_KEY}"
BOT_KEY = "bot123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"
DSN = f"https://{KEY_ID[:32]}@o123.ingest.sentry.io/1"
ADO = "Server=tcp:db.example.com,1433;User ID=joe;Password=p@ss;Encrypt=True"
AZURE = "DefaultEndpointsProtocol=https;AccountName=shop;AccountKey=abcDEF123/+x==;Suffix=net"
MONGO = "mongodb://joe:hunter22@h1:27017,h2:27017/db?replicaSet=rs"
API = "https://api.example.com/v1?token=abc1234&lang=en"

PARTS = {
    "a JSON key parsed": (ACCOUNT, PEM.rstrip(), "[V]\n\n\n"),
    "a line of it": (ACCOUNT, f"  {PEM_BODY}", "  [V]"),
    "its id": (ACCOUNT, f"id {KEY_ID}", "id [V]"),
    "base64 of JSON": (b64encode(ACCOUNT.encode()).decode(), f"x {PEM_BODY}", "x [V]"),
    "a key with escapes": (PEM.replace("\n", "\\n"), PEM_BODY, "[V]"),
    "a URL's token": (API, "/v1?lang=en&token=abc1234", "/v1?lang=en&token=[V]"),
    "a webhook's path": (HOOK, f"POST /services/T0ABCDEF1/B0ABCDEF2/{HOOK_KEY}", "POST [V]"),
    "its last part": (HOOK, f"id {HOOK_KEY}", "id [V]"),
    "a bot's path": (f"https://api.telegram.org/{BOT_KEY}/getMe", BOT_KEY, "[V]"),
    "a DSN's user": (DSN, f"sentry_key={KEY_ID[:32]},", "sentry_key=[V],"),
    "a DSN's user, one word": ("https://PUBLICKEY@host/1", "is PUBLICKEY", "is [V]"),
    "a password of ADO.NET": (ADO, "for joe with p@ss", "for joe with [V]"),
    "a quoted one": ("Server=a;Password='p;4xQz!';x=1", "with p;4xQz!", "with [V]"),
    "an account key": (AZURE, "AccountKey abcDEF123/+x==", "AccountKey [V]"),
    "a password of libpq": ("host=db user=joe password=hunter22", "joe hunter22", "joe [V]"),
    "a password of several hosts": (MONGO, "joe hunter22 h1", "joe [V] h1"),
    "an unquoted password": ("postgres://joe:pa/ss#w0rd@host/db", "pa/ss#w0rd", "[V]"),
    "a decoded password": ("redis://:p%40ss0rd@h:6379/0", "AUTH p@ss0rd", "AUTH [V]"),
    "the second of two URLs": ("redis://:hunter22@a/0,redis://:hunter33@b/0", "hunter33", "[V]"),
    "a bearer's token": ("Authorization: Bearer qwer-asdf", "token qwer-asdf", "token [V]"),
    "a key among words": ("curl --key sk_live_9zX8cV7bN6mQ", "sk_live_9zX8cV7bN6mQ", "[V]"),
}
"""A value, what an app prints, and what is shown of it."""


@pytest.mark.parametrize(("value", "printed", "told"), PARTS.values(), ids=PARTS)
def test_secret_parts_are_masked_alone(value: str, printed: str, told: str) -> None:
    """A secret part is hidden where a program prints it alone."""
    assert mask(V=value).text(printed) == told


@pytest.mark.parametrize(
    ("name", "value", "printed", "told"),
    [
        ("API_KEYS", "alpha1x,beta-22", "used beta-22.", "used [API_KEYS]."),
        ("API_KEYS", "alpha, gamma99", "alpha gamma99", "[API_KEYS] [API_KEYS]"),
        ("API_KEYS", '["k1-9zX","k2-8cV"]', "k2-8cV", "[API_KEYS]"),
        ("BASIC_AUTH", "joe:hunter2", "joe hunter2", "joe [BASIC_AUTH]"),
        ("PIN", "4711", "PIN 4711, not 47110", "PIN [PIN], not 47110"),
        ("PIN", "4711", "login:4711 at 10:00:4711", "login:[PIN] at 10:00:4711"),
        ("PASS", "qX7", "qX7 qX7a aqX7 %2FqX7 \\nqX7", "[PASS] qX7a aqX7 %2F[PASS] \\n[PASS]"),
        ("PASSWORD", "sunshine", "sunshine, sunshines", "[PASSWORD], sunshines"),
        ("dbPassword", "abc-d", "(abc-d)", "([dbPassword])"),
    ],
)
def test_a_name_says_what_is_secret(name: str, value: str, printed: str, told: str) -> None:
    """If the variable's name is a secret's, short values, words and list items are hidden, too."""
    assert mask(**{name: value}).text(printed) == told


def test_base64_is_masked_within_more_of_it() -> None:
    """A value inside longer base64 is hidden, wherever it begins in there."""
    secret = "sEcr3t-pAss+w0rd/"
    for before in ("apikey:", "user:", "ab:", ":", ""):
        for after in ("", ":", ":x", ":xy"):
            header = b64encode(f"{before}{secret}{after}".encode()).decode()
            told = mask(KEY=secret).text(f"Basic {header} end")
            assert "[KEY]" in told
            assert len(told) < len("Basic  end[KEY]") + len(header) - len(secret)


@pytest.mark.real
@pytest.mark.parametrize("shell", ["bash", "dash"])
@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
@pytest.mark.parametrize("value", ["it's a p'ss-2nd", "a\tb'\xe9\n2nd$x`y\"z\\q", "1\\slash!2nd"])
def test_what_a_shell_writes_is_masked(shell: str, locale: str, value: str) -> None:
    """A traced command quotes a value; so do `declare -p` and `printf %q`."""
    if shutil.which(shell) is None:
        pytest.skip(f"this machine has no {shell}")
    script = 'set -x; X="$V"; : "$V"; export X; set +x; export -p; '
    script += 'printf "%q\\n" "$V"' if shell == "bash" else ""
    env = {"V": value, "LC_ALL": locale, "PATH": os.defpath}
    done = subprocess.run([shell, "-c", script], env=env, capture_output=True, check=False)
    printed = (done.stderr + done.stdout).decode("utf-8", "backslashreplace")
    assert printed.count("2nd") >= 4
    assert "2nd" not in mask(V=value).text(printed)


ORDINARY = {
    "DEBUG": "True",
    "SECRET_KEY": "changeme",
    "POSTGRES_PASSWORD": "postgres",
    "ADMIN_PASSWORD": "admin",
    "API_TOKEN": "none",
    "TOKEN_TTL": "3600",
    "PASSWORD_MIN_LENGTH": "10",
    "JWT_ALGORITHM": "HS256",
    "PUBLIC_KEY": "ab12",
    "WEB_CONCURRENCY": "2",
    "DB_PORT": "5432",
    "DB_HOST": "db",
    "DB_NAME": "django",
    "DB_USER": "application",
    "APP_ID": "123456",
    "TIMEOUT": "100000s",
    "LOG_LEVEL": "info",
    "NODE_ENV": "production",
    "PROCESS": "web",
    "TIME_ZONE": "America/Sao_Paulo",
    "BIND": "0.0.0.0:8000",
    "ORIGIN": "http://localhost:3000",
    "REDIS_URL": "redis://localhost:6379/0",
    "UPSTREAM": "10.0.0.5:8080",
    "ALLOWED_HOSTS": "localhost,127.0.0.1,.herokuapp.com",
    "DATABASE_URL": "postgres://postgres:postgres@db.example.com:5432/postgres",
    "ACCOUNT": ACCOUNT,
    "ADO": ADO,
    "HOOK": HOOK,
    "SENTRY_DSN": DSN,
}
SENTENCES = (
    "app[web.1]: django 4.2, a web application on 0.0.0.0:8000 in production, DEBUG=True",
    "could not connect to db.example.com:5432 as postgres; localhost:6379 refused, db is unknown",
    "Error R10: no process bound 5432 within 60 seconds, 2 workers, exit 1, line 3600, admin/",
    "http://localhost:3000 redis://localhost:6379/0 10.0.0.5:8080 123456 and 100000s info none",
    "-----BEGIN PRIVATE KEY----- service_account shop-123 oauth2.googleapis.com/token HS256 ab12",
    "joe at hooks.slack.com, https://hooks.slack.com",
    "o123.ingest.sentry.io America/Sao_Paulo .herokuapp.com changeme 10 True 1433",
)


@pytest.mark.parametrize("text", SENTENCES)
def test_ordinary_values_leave_a_report_readable(text: str) -> None:
    """Words, numbers, ports, hosts and weak passwords are shown, whoever has set them."""
    assert mask(**ORDINARY).text(text) == text


def test_what_a_name_has_to_end_in() -> None:
    """The last word of a name decides, apart from a stage or notation after it."""
    secret = "SECRET_KEY SECRET_KEY_BASE API_KEY_2 DB_PASSWORD_PROD dbPassword AccountKey Pwd"
    other = "TOKEN_TTL SECRET_NAME KEYBOARD PUBLIC_KEY CACHE_KEY AUTH_ENABLED PASSWORD_FILE MONKEY"
    assert [name for name in secret.split() if not secret_name(name)] == []
    assert [name for name in other.split() if secret_name(name)] == []


KEYS = st.text("abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789-_/+&'\"<é$ ", min_size=16)


@settings(max_examples=150, deadline=None)
@given(KEYS.filter(lambda s: s == s.strip() and len(set(s)) > 6), st.binary(max_size=4))
def test_every_notation_is_masked(value: str, before: bytes) -> None:
    """A random value in each notation of the module is hidden entirely."""
    hide, data = mask(API_TOKEN=value), value.encode()
    quoted = shlex.quote(value)
    notations = {
        *spellings(value),
        quoted if quoted == value else quoted[1:-1],
        repr(data)[2:-1],
        ascii(value)[1:-1],
        json.dumps({"x": value})[7:-2],
        html.escape(value),
    }
    for text in notations:
        assert hide.text(f"x {text} y") in ("x [API_TOKEN] y", "x [API_TOKEN]= y")
    inner = b64encode(before + data + b"~").decode()
    told = hide.text(inner)
    assert "[API_TOKEN]" in told
    assert inner[8:-8] not in told


def flowed(flow: Flow, *texts: str, source: str = "app[web.1]") -> list[str]:
    """Return lines of one source as they are shown while they come."""
    return [flow.text(Line(1.0, source, text)) for text in texts]


def test_a_log_that_flows_hides_what_goes_on() -> None:
    """A value that began in the source's previous line is hidden."""
    flow = Flow(mask(KEY="qX7vB2mK9tzW4yP8-aB3dE5fG7hI9"))
    assert flowed(flow, "a qX7vB2mK9") == ["a [KEY]"]
    assert flowed(flow, "b", source="heroku[web.1]") == ["b"]
    assert flowed(flow, "tzW4yP8-aB3d", "E5fG7hI9 c", "d") == ["", " c", "d"]
    assert flowed(flow, "a qX7vB2mK9", "other", "tzW4yP8") == ["a [KEY]", "other", "tzW4yP8"]


@pytest.mark.parametrize("cut", range(1, 16))
def test_a_long_line_that_is_cut_hides_the_value(cut: int) -> None:
    """If a line of 10,000 bytes ends inside a value, its rest is hidden in the next line."""
    value = "qX7vB2mK9tzW4yP8"
    head = "x" * (10_000 - cut) + value[:cut]
    first, second = flowed(Flow(mask(KEY=value)), head, f"{value[cut:]} y")
    assert second == " y"
    assert first.endswith("x[KEY]" if cut >= 4 else value[:cut])


def test_no_line_of_a_file_of_config_vars_is_shown() -> None:
    """A malformed line of `.env` may be a value: the report shows only names."""
    text = "KEY=-----BEGIN\nMIIE/zK3vQ8mX1wT6yB9n\nexport A_B='c\n"
    hide = Mask(Config({}, {}), source({}))
    assert hide.file(".env", text.encode()) == "KEY=[KEY]\n[…]\nexport A_B=[A_B]\n".encode()
    assert hide.file("settings.py", b"k=1\n") == b"k=1\n"
