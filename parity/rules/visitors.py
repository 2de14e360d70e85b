"""What visitors see although the app answers: loops, refused hosts, answers that differ."""

import re
from collections.abc import Iterator

from parity.records import Exchange, Source, Traffic
from parity.rules import rule
from parity.rules.code import Place, at, find, found
from parity.rules.node_code import find as find_script
from parity.rules.traffic import ROUTING, asked
from parity.verdict import Evidence


def _source(traffic: Traffic) -> Source:
    return traffic.boot.release.slug.plan.source


@rule(
    "redirect-loop",
    effect="fail",
    title="{path} redirects for ever",
    cause="The browser is sent back to the address it has just asked for. Heroku ends TLS before"
    " the app: every request reaches it over plain http, with `X-Forwarded-Proto: https`. An app"
    " that looks at the connection instead of the header redirects to https again and again.",
    fix="{advice:Trust X-Forwarded-Proto. Django: `SECURE_PROXY_SSL_HEADER ="
    ' ("HTTP_X_FORWARDED_PROTO", "https")`; Flask: `ProxyFix(app.wsgi_app, x_proto=1)`;'
    " Express: `app.set('trust proxy', 1)`.}",
    docs=ROUTING,
)
def REDIRECT_LOOP(traffic: Traffic) -> Iterator[Evidence]:
    last = next((e for e in reversed(traffic.exchanges) if not e.scenario), None)
    if last is None or last.code or not 300 <= last.status < 400:
        return
    visited = [e.path for e in traffic.exchanges if e.first == last.first]
    if len(visited) < 4 or len(set(visited)) > len(visited) // 2:
        return
    source = _source(traffic)
    place, advice = _https(source)
    seen = f"{asked(last)} → {last.status}, Location: {last.location}, {len(visited)} times"
    yield at(seen, place, path=last.path, advice=advice)


def _https(source: Source) -> tuple[Place | None, str]:
    """Where the app asks for https, and how it learns of the header."""
    django = find(source, r"SECURE_SSL_REDIRECT\s*=")
    if django:
        header = 'SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")'
        return (
            django,
            f"Add `{header}` to {django.file} (X-Forwarded-Proto is the router's header).",
        )
    flask = find(source, r"Talisman\(|SSLify\(|is_secure|request\.scheme|startswith\(.http://")
    if flask:
        fix = "app.wsgi_app = ProxyFix(app.wsgi_app, x_proto=1)"
        return (
            flask,
            f"Trust the router's X-Forwarded-Proto: `{fix}` from werkzeug.middleware.proxy_fix.",
        )
    express = find_script(source, r"req\.secure\b|req\.protocol\b|HTTPS\(|forceS+L|sslRedirect")
    if express:
        trust = "app.set('trust proxy', 1)"
        return (
            express,
            f"Add `{trust}` to {express.file}, before the routes: Express then takes req.secure"
            " and req.protocol from the router's X-Forwarded-Proto.",
        )
    return None, (
        "Look at the X-Forwarded-Proto header instead of the connection: Express"
        " `app.set('trust proxy', 1)` and `req.secure`, Flask ProxyFix, Django"
        " SECURE_PROXY_SSL_HEADER."
    )


def _letting_in(traffic: Traffic) -> Exchange | None:
    """A request that got through with another Host, after the public one was refused."""
    refused = any(e.status == 400 and e.code is None for e in traffic.exchanges)
    return next((e for e in traffic.hosts if e.status != 400), None) if refused else None


def _public(traffic: Traffic) -> Exchange | None:
    """The same with a host that the world can reach: then the public host is merely another one."""
    return next(
        (
            e
            for e in traffic.hosts
            if e.status != 400 and "." in e.host and not re.match(r"[\d.]+$|localhost", e.host)
        ),
        None,
    )


_HOSTS = r"(?i)\b(allowed_hosts|trusted_hosts)\b\s*[=+:(\[]"


@rule(
    "http-400",
    effect="fail",
    title="The app answers 400 to every visitor: ALLOWED_HOSTS does not have its Heroku host",
    cause="The same request is answered with Host {other} and refused with {host}: the app accepts"
    " only hosts on its list (ALLOWED_HOSTS in Django), and the herokuapp.com one is not there.",
    fix='Add ".herokuapp.com", and your own domain, to the list:'
    ' `ALLOWED_HOSTS = [".herokuapp.com", "localhost"]`.',
    docs="https://docs.djangoproject.com/en/stable/ref/settings/#allowed-hosts",
)
def HTTP_400(traffic: Traffic) -> Iterator[Evidence]:
    other = _letting_in(traffic)
    if other is None or _public(traffic):
        return
    refused = next(e for e in traffic.exchanges if e.status == 400)
    place = next(found(_source(traffic), _HOSTS), None)
    names = {"other": other.host, "host": refused.host}
    yield at(f"{asked(refused)} with Host {refused.host} → 400", place, **names)
    yield Evidence(f"{asked(other)} with Host {other.host} → {other.status}")


@rule(
    "host-not-allowed",
    effect="note",
    title="The app answers only to the hosts on its list, such as {other}",
    cause="parity asked with {host} and got 400; with {other} the app answers. On Heroku the app's"
    " own herokuapp.com host must be on the list too, if visitors use it.",
    fix="`--host {other}` tests with that host.",
    docs="https://docs.djangoproject.com/en/stable/ref/settings/#allowed-hosts",
)
def host_not_allowed(traffic: Traffic) -> Iterator[Evidence]:
    public = _public(traffic) if _letting_in(traffic) else None
    if public:
        refused = next(e for e in traffic.exchanges if e.status == 400)
        seen = f"{asked(public)} with Host {public.host} → {public.status}"
        yield Evidence(seen, names={"other": public.host, "host": refused.host})


@rule(
    "state-per-worker",
    effect="warn",
    title="Two workers, two memories: the answers depend on which one answers",
    cause="Heroku runs two or more worker processes (WEB_CONCURRENCY, here 2), and each has its own"
    " global variables{name:-}. With one worker the answers are consistent, with several they are"
    " not; and every restart empties them.",
    fix="Keep state outside the process: a database (Heroku Postgres) or Redis. `--workers 1` hides"
    " it until the next restart.",
    docs="https://devcenter.heroku.com/articles/optimizing-dyno-usage",
)
def state_per_worker(traffic: Traffic) -> Iterator[Evidence]:
    if not traffic.single or len(set(traffic.single)) != len(traffic.single):
        return
    if len(set(traffic.repeats)) == len(traffic.repeats):
        return
    place = _global_state(_source(traffic))
    name = f", such as `{place.text}`" if place else ""
    seen = f"asked {len(traffic.repeats)} times: {_some(traffic.repeats)}"
    yield at(seen, place, name=name)
    yield Evidence(f"with one worker: {_some(traffic.single)}")


def _some(bodies: tuple[bytes, ...]) -> str:
    return ", ".join(repr(body[:40].decode("utf-8", "backslashreplace")) for body in bodies[:7])


def _global_state(source: Source) -> Place | None:
    """The first module-level container or counter that a function of the same file changes."""
    for place in found(
        source, r"^(\w+)\s*(?::[^=]+)?=\s*(?:\[|\{|0\b|set\(|dict\(|list\(|\w*Counter\()"
    ):
        name = place.text.partition("=")[0].partition(":")[0].strip()
        text = source.text(place.file) or ""
        changed = r"\.(?:append|add|update|pop|insert)\(|\[[^]]+\]\s*[-+]?=|\s*[-+]="
        if re.search(rf"(?m)^\s+.*\b{name}\b(?:{changed})|global .*\b{name}\b", text):
            return place
    return None
