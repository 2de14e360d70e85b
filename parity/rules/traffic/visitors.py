"""Failures although the app answers: redirect loops, refused forms, state per worker."""

import re
from collections.abc import Iterator
from html import unescape

from parity.records import Exchange, Source, Traffic
from parity.records.verdict import Evidence
from parity.rules.engine import rule
from parity.rules.traffic.traffic import ROUTING, request_line
from parity.rules.views.proxy_headers import asking, django_header
from parity.rules.views.python_source import CodePlace, at, find, found

FORBIDDEN = 403


def _source(traffic: Traffic) -> Source:
    return traffic.boot.release.slug.plan.source


@rule(
    "redirect-loop",
    effect="fail",
    title="{path} redirects forever",
    cause="The browser is sent back to the address it has just asked for. Most such apps redirect"
    " to https: Heroku terminates TLS before the app, and only X-Forwarded-Proto says so.",
    fix="Look at the X-Forwarded-Proto header instead of the connection before you redirect.",
    docs=ROUTING,
    prints=('heroku[router]: at=info method=GET path="/" … status=301, again and again',),
    laptop="On the laptop there is no router that terminates TLS before the app.",
    by={
        "Django": 'SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")',
        "Flask": "app.wsgi_app = ProxyFix(app.wsgi_app, x_proto=1)",
        "uvicorn": "--proxy-headers --forwarded-allow-ips='*'",
        "Express": "app.set('trust proxy', 1)",
    },
)
def REDIRECT_LOOP(traffic: Traffic) -> Iterator[Evidence]:
    last = _looping(traffic)
    if last:
        times = len([e for e in traffic.exchanges if e.first == last.first])
        seen = f"{request_line(last)} → {last.status}, Location: {last.location}, {times} times"
        yield Evidence(seen, names={"path": last.path})


def _looping(traffic: Traffic) -> Exchange | None:
    """Return the last answer of an endless chain of redirects."""
    last = next((e for e in reversed(traffic.exchanges) if not e.scenario), None)
    if last is None or last.code or not 300 <= last.status < 400:
        return None
    visited = [e.path for e in traffic.exchanges if e.first == last.first]
    return None if len(visited) < 4 or len(set(visited)) > len(visited) // 2 else last


@rule(
    "http-403",
    effect="fail",
    title="The app refuses, with 403, a form that it sent out itself",
    cause="A browser sends `Origin: {origin:ADDRESS}` with the form, and Django compares it with"
    " the address that it believes to be its own.",
    fix="Where {origin:ADDRESS} is the app's own address, the app mistakes https for http: write"
    ' `SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")` in the settings. Otherwise'
    ' write `CSRF_TRUSTED_ORIGINS = ["{origin:ADDRESS}"]` there.',
    docs="https://docs.djangoproject.com/en/stable/ref/settings/#csrf-trusted-origins",
    prints=(
        "app[web.1]: Forbidden (Origin checking failed - https://… does not match any trusted"
        " origins.): /login/",
        'heroku[router]: at=info method=POST path="/login/" … status=403',
    ),
    laptop="On the laptop the page and its form use the same plain http://.",
    by={
        "Django": 'SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")',
        "a CDN in front": 'CSRF_TRUSTED_ORIGINS = ["https://DOMAIN"]',
        "gunicorn, uvicorn": "trust the header by themselves: Heroku sets FORWARDED_ALLOW_IPS",
    },
)
def HTTP_403(traffic: Traffic) -> Iterator[Evidence]:
    refusal = _refused_origin(traffic)
    if refusal:
        refused, origin = refusal
        seen = f"{request_line(refused)} → 403: Origin checking failed"
        yield Evidence(f"{seen} - {origin} does not match any trusted origins", names=_of(origin))


def _of(origin: str) -> dict[str, str]:
    return {"origin": origin}


def _refused_origin(traffic: Traffic) -> tuple[Exchange, str] | None:
    """Return a refused request and its Origin, from the log, the page or a second boot."""
    own = (e for e in traffic.exchanges if e.code is None and not e.as_expected)
    refused = next((e for e in own if e.status == FORBIDDEN), None)
    if refused is None:
        return None
    page = unescape(refused.body.decode("utf-8", "replace"))
    texts = [*(line.text for line in traffic.output), page, *(traffic.traceback or ())]
    pattern = r"Origin checking failed - (\S+) does not match any trusted origins"
    match = next((m for text in texts if (m := re.search(pattern, text))), None)
    return (refused, match[1]) if match else None


@rule(
    "proxy-header-ignored",
    leads_to=(REDIRECT_LOOP, HTTP_403),
    title="The app does not look at X-Forwarded-Proto, and mistakes https for http",
    cause="Heroku terminates TLS before the app: every request reaches it over plain http, with"
    " `X-Forwarded-Proto: https`. {then:An app that looks at the connection redirects to https"
    " again and again, or mistakes its own page's address for another one.}",
    fix="{advice:Trust X-Forwarded-Proto. Django: `SECURE_PROXY_SSL_HEADER ="
    ' ("HTTP_X_FORWARDED_PROTO", "https")`; Flask: `ProxyFix(app.wsgi_app, x_proto=1)`;'
    " Express: `app.set('trust proxy', 1)`.}",
    docs=ROUTING,
    apart="a redirect to https://, or the Origin in the log begins with https://",
    laptop="On the laptop there is no router that terminates TLS before the app.",
)
def proxy_header_ignored(traffic: Traffic) -> Iterator[Evidence]:
    source = _source(traffic)
    refusal, last = _refused_origin(traffic), _looping(traffic)
    if refusal and refusal[1] == f"https://{refusal[0].host}":
        place = find(source, r"^\s*(?:CSRF_TRUSTED_ORIGINS|ALLOWED_HOSTS|MIDDLEWARE)\s*=")
        then = f"Django believes it is at http://{refusal[0].host}, and refuses {refusal[1]}."
        yield at("Django compares with http://", place, then=then, advice=django_header(place))
    elif last:
        place, advice = asking(source, traffic.boot.process)
        then = "This app looks at the connection, and redirects to https again and again."
        if place:
            yield at(place.text, place, then=then, advice=advice)


@rule(
    "csrf-other-address",
    leads_to=HTTP_403,
    title="Visitors come through {origin:ADDRESS}, but Django knows another address",
    cause="The form's page has the address {origin:ADDRESS}. What reaches the app has {host:the"
    " app's own Host}. The reason is a domain on a CDN, or a front end elsewhere.",
    fix='Write `CSRF_TRUSTED_ORIGINS = ["{origin:ADDRESS}"]` in the settings.',
    docs="https://docs.djangoproject.com/en/stable/ref/settings/#csrf-trusted-origins",
    apart="the Origin in the log is not the Host of the request",
)
def csrf_other_address(traffic: Traffic) -> Iterator[Evidence]:
    refusal = _refused_origin(traffic)
    if refusal and refusal[0].host and refusal[1].partition("://")[2] != refusal[0].host:
        place = find(_source(traffic), r"^\s*(?:CSRF_TRUSTED_ORIGINS|ALLOWED_HOSTS)\s*=")
        names = {"origin": refusal[1], "host": f"Host: {refusal[0].host}"}
        yield at(f"Origin: {refusal[1]}, Host: {refusal[0].host}", place, **names)


@rule(
    "state-per-worker",
    effect="warn",
    title="Two workers, two memories: the answer depends on which one gives it",
    cause="Heroku runs two or more worker processes (WEB_CONCURRENCY, here 2), and each has its own"
    " global variables{name:-}. With one worker the answers are consistent, with several they are"
    " not; and every restart empties them.",
    fix="Keep state outside the process: a database (Heroku Postgres) or Redis. `--workers 1` hides"
    " it until the next restart.",
    docs="https://devcenter.heroku.com/articles/optimizing-dyno-usage",
    laptop="The laptop runs one process; gunicorn runs several, each with its own memory.",
    by={"Flask": "sessions in cookies (a fixed SECRET_KEY), Redis or the database"},
)
def state_per_worker(traffic: Traffic) -> Iterator[Evidence]:
    if not traffic.single or len(set(traffic.single)) != len(traffic.single):
        return
    if len(set(traffic.repeats)) == len(traffic.repeats):
        return
    place = _global_state(_source(traffic))
    if place is None and find(_source(traffic), _DATABASE):
        return
    name = f", such as `{place.text}`" if place else ""
    seen = f"asked {len(traffic.repeats)} times: {_some(traffic.repeats)}"
    yield at(seen, place, name=name)
    yield Evidence(f"with one worker: {_some(traffic.single)}")


_DATABASE = (
    r"^\s*(?:import|from)\s+(?:sqlite3|sqlalchemy|flask_sqlalchemy|psycopg\w*|asyncpg|pymongo|motor"
    r"|redis|peewee|sqlmodel|tortoise|pymysql|MySQLdb|aiosqlite|databases|mongoengine)\b"
    r"|\bmodels\.Model\b"
)
"""Clients of databases: the state that answers depend on may be there, not in the process."""


def _some(bodies: tuple[bytes, ...]) -> str:
    return ", ".join(repr(body[:40].decode("utf-8", "backslashreplace")) for body in bodies[:7])


def _global_state(source: Source) -> CodePlace | None:
    """Return the first global container or counter that a function of the same file changes."""
    for place in found(
        source, r"^(\w+)\s*(?::[^=]+)?=\s*(?:\[|\{|0\b|set\(|dict\(|list\(|\w*Counter\()"
    ):
        name = place.text.partition("=")[0].partition(":")[0].strip()
        text = source.text(place.file) or ""
        changed = r"\.(?:append|add|update|pop|insert)\(|\[[^]]+\]\s*[-+]?=|\s*[-+]="
        if re.search(rf"(?m)^[^\S\n]++.*\b{name}\b(?:{changed})|global .*\b{name}\b", text):
            return place
    return None
