"""Crashes because a library verifies the certificate of an add-on that signs its own."""

import ast
import re
from collections.abc import Iterator

from parity.records import Source, edits
from parity.records.verdict import Evidence
from parity.rules.crash.symptoms import ENDINGS, at_either
from parity.rules.engine import rule
from parity.rules.views.python_source import at, calls, find, modules, place
from parity.rules.views.python_traceback import Crash

_UNVERIFIED = (
    r"rediss:// URL must have parameter ssl_cert_reqs"
    r"|CERTIFICATE_VERIFY_FAILED.*self[- ]signed certificate"
    r"|certificate verify failed: self[- ]signed certificate"
)
"""Messages of Celery, and of Python's ssl."""

_CLIENTS = ("from_url", "Redis", "StrictRedis")
"""Calls of redis-py that take `ssl_cert_reqs`: https://redis.readthedocs.io (documented)."""


def _passed_by(crash: Crash, pattern: str) -> bool:
    """Return whether an exception of the log passed through a library."""
    files = (frame.file for raised in crash.chain for frame in raised.frames)
    return any(re.search(pattern, file) for file in files)


@rule(
    "redis-certificate",
    leads_to=ENDINGS,
    title="Heroku Key-Value Store's certificate is self-signed: turn verification off",
    cause="Heroku Key-Value Store uses TLS (rediss://) with a self-signed certificate, which no"
    " client can verify: {error}",
    fix="{advice:Pass `ssl_cert_reqs=None` where the client is created: `redis.from_url(url,"
    " ssl_cert_reqs=None)`.} A redis:// address, such as the laptop's, does not take that option.",
    docs="https://devcenter.heroku.com/articles/connecting-heroku-redis",
    apart="`CERTIFICATE_VERIFY_FAILED … self-signed certificate` from redis-py or Celery",
    laptop="The laptop's Redis has no TLS, and so no certificate.",
    by={
        "redis-py": "redis.from_url(url, ssl_cert_reqs=None)",
        "Celery": 'broker_use_ssl={"ssl_cert_reqs": ssl.CERT_NONE}, the same for'
        " redis_backend_use_ssl",
        "django-redis": '"OPTIONS": {"CONNECTION_POOL_KWARGS": {"ssl_cert_reqs": None}}',
        "Channels": '"hosts": [{"address": url, "ssl_cert_reqs": None}]',
    },
)
def redis_certificate(crash: Crash) -> Iterator[Evidence]:
    match = crash.saying(_UNVERIFIED)
    named = match and re.search(r"\brediss?(?:://|\.exceptions)", match.string)
    if not match or not (named or _passed_by(crash, r"(?:^|/)redis/")):
        return
    advice = _unverifying(crash.source)
    seen = match.string.strip()[:300]
    names = {"error": match[0], **({"advice": advice} if advice else {})}
    yield at_either(crash, seen)._replace(names=names)
    written = find(
        crash.source, r"\bCelery\(|(?:Strict)?Redis\(|\bfrom_url\(|BROKER_URL|rediss?://"
    )
    if written:
        yield at(written.text, written)


def _unverifying(source: Source) -> str:
    """Return advice on where the app turns verification off; empty if it is not clear."""
    if find(source, r"\bCelery\("):
        none = '{"ssl_cert_reqs": ssl.CERT_NONE}'
        return f"Give Celery `broker_use_ssl={none}` and `redis_backend_use_ssl={none}`."
    if find(source, r"django_redis"):
        return 'Write `"OPTIONS": {"CONNECTION_POOL_KWARGS": {"ssl_cert_reqs": None}}` in CACHES.'
    if find(source, r"channels_redis"):
        return 'Write `"hosts": [{"address": URL, "ssl_cert_reqs": None}]` in CHANNEL_LAYERS.'
    for path in modules(source):
        for name, call in calls(source, path):
            if name.rpartition(".")[2] in _CLIENTS and _plain(call):
                here = place(source, path, call)
                line = (source.text(path) or "").splitlines()[here.line - 1]
                end = len(line.encode()[: call.end_col_offset].decode(errors="ignore")) - 1
                more = ", " if call.args or call.keywords else ""
                right = f"{line[:end]}{more}ssl_cert_reqs=None{line[end:]}".strip()
                return edits.line(path, here.line, right)
    return ""


def _plain(call: ast.Call) -> bool:
    """Return whether a call is on one line and does not name the option yet."""
    options = [keyword.arg for keyword in call.keywords]
    return call.lineno == call.end_lineno and "ssl_cert_reqs" not in options and None not in options


@rule(
    "postgres-certificate",
    leads_to=ENDINGS,
    title="The app tries to verify the certificate of Heroku Postgres, which is self-signed",
    cause="Heroku Postgres requires TLS, and its certificate is self-signed, so it cannot be"
    " verified: {error}",
    fix='{advice:Encrypt without verifying: `sslmode=require`; asyncpg: `ssl="require"`.}',
    docs="https://devcenter.heroku.com/articles/connecting-heroku-postgres",
    apart="`CERTIFICATE_VERIFY_FAILED` from asyncpg or pg8000, `root certificate file … does not"
    " exist` from psycopg",
    laptop="The laptop's Postgres has no TLS.",
)
def postgres_certificate(crash: Crash) -> Iterator[Evidence]:
    file = crash.saying(r"root certificate file \"[^\"]*\" does not exist")
    match = file or crash.saying(_UNVERIFIED)
    if not match or not (file or _passed_by(crash, r"(?:^|/)(?:asyncpg|pg8000)/")):
        return
    advice = 'Write `ssl="require"` where asyncpg connects: it encrypts without verifying.'
    if file:
        advice = "Write `sslmode=require` instead of `verify-full` or `verify-ca`."
    elif not _passed_by(crash, r"(?:^|/)asyncpg/"):
        advice = (
            "Give the context of pg8000 `check_hostname = False` and `verify_mode = CERT_NONE`."
        )
    yield at_either(crash, match[0], error=match[0], advice=advice)
    pattern = r"sslmode\s*=|verify-(?:full|ca)|create_default_context\(|\bssl\s*="
    written = find(crash.source, pattern)
    if written:
        yield at(written.text, written)
