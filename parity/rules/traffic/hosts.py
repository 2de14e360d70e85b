"""Hosts that the app refuses: with the status 400, or 403, 404 and 421 in some servers."""

import re
from collections.abc import Iterator
from itertools import chain
from typing import NamedTuple

from parity.facts.hosts import HASHED_SINCE, HEROKU, REFUSING
from parity.records import Exchange, Traffic
from parity.records.verdict import Evidence
from parity.rules.engine import rule
from parity.rules.traffic.traffic import request_line
from parity.rules.view import view
from parity.rules.views.host_lists import HostList, address, host_lists, possible, refuses
from parity.rules.views.python_source import at

ALLOWED_HOSTS = "https://docs.djangoproject.com/en/stable/ref/settings/#allowed-hosts"
_INVALID = r"Invalid HTTP_HOST header: '[^']*'\. You may need to add"


class RefusedHost(NamedTuple):
    """A request that the app refuses for its Host.

    `accepted` are repetitions with other Hosts that it answers; `said` is its own reason, if any.
    """

    exchange: Exchange
    accepted: tuple[Exchange, ...]
    said: str
    traffic: Traffic

    @property
    def reachable(self) -> Exchange | None:
        """The first accepted request whose host an app on Heroku can have."""
        return next((e for e in self.accepted if possible(e.host)), None)

    @property
    def hosts(self) -> HostList | None:
        """The list that refused it: one that has an accepted host, or the first without `*`."""
        answered = {e.host for e in self.accepted if "localhost" not in e.host}
        lists = host_lists(self.traffic.boot.release.slug.plan.source)
        closed = [one for one in lists if "*" not in one.hosts]
        known = (one for one in closed if answered & {*map(address, one.hosts)})
        return next(chain(known, closed), None)


@view
def refused_host(traffic: Traffic) -> RefusedHost | None:
    """Return the first request that was refused for its Host, and for nothing else."""
    refused = next(filter(refuses, traffic.exchanges), None)
    if refused is None:
        return None
    accepted = tuple(e for e in traffic.hosts if e.code is None and e.status != refused.status)
    lines = (*(line.text for line in traffic.since_boot), *(traffic.traceback or ()))
    page = refused.body.decode("utf-8", "replace")
    reasons = (re.search(_INVALID, text) for text in lines)
    said = next((m[0] for m in (*reasons, re.search(REFUSING, page)) if m), "")
    return RefusedHost(refused, accepted, said, traffic) if accepted or said else None


@rule(
    "http-400",
    effect="fail",
    title="The app answers {status:400} to every visitor",
    cause="{why:The same request is answered with another Host}.",
    fix="Let the app answer to its herokuapp.com host, and to your own domain{write:-}.",
    docs=ALLOWED_HOSTS,
    prints=('heroku[router]: at=info method=GET path="/" … status=400',),
    laptop="On the laptop the Host is localhost, which DEBUG allows; on Heroku it is another.",
    by={
        "Django": 'ALLOWED_HOSTS = [".herokuapp.com"], and your own domain',
        "Starlette": "TrustedHostMiddleware(allowed_hosts=[…])",
        "Vite": 'preview: { allowedHosts: [".herokuapp.com"] }',
    },
)
def HTTP_400(refusal: RefusedHost) -> Iterator[Evidence]:
    if refusal.reachable:
        return
    refused, other = refusal.exchange, next(iter(refusal.accepted), None)
    why = f"The app refuses the Host {refused.host}, and says so"
    if other:
        why = f"The same request is answered with Host {other.host} and refused with {refused.host}"
    vite = refusal.said.startswith("Blocked request")
    write = f': in vite.config write `preview: {{ allowedHosts: [".{HEROKU}"] }}`' if vite else ""
    names = {"status": str(refused.status), "why": why, "write": write}
    seen = f"{request_line(refused)} with Host {refused.host} → {refused.status}"
    yield Evidence(seen, names=names)
    if other:
        yield Evidence(f"{request_line(other)} with Host {other.host} → {other.status}")
    elif refusal.said:
        yield Evidence(refusal.said)


def _refusing(refusal: RefusedHost) -> tuple[HostList | None, str]:
    """Return the list behind a refusal of every possible host, and the `.env` that fills it."""
    hosts = None if refusal.reachable else refusal.hosts
    origin = refusal.traffic.boot.release.slug.plan.config.origin
    files = (origin.get(name, "") for name in (hosts.variables if hosts else ()))
    return hosts, next((file for file in files if file == ".env"), "")


@rule(
    "allowed-hosts",
    leads_to=HTTP_400,
    title="{list:ALLOWED_HOSTS} does not contain the app's Heroku host",
    cause="The app accepts only hosts on its list (ALLOWED_HOSTS in Django, allowed_hosts in"
    " Starlette), and {host} is not on it.",
    fix="{advice:Add the app's Heroku host, and your own domain, to the list: `ALLOWED_HOSTS ="
    ' [".herokuapp.com", "localhost"]`.}',
    docs=ALLOWED_HOSTS,
    apart="`Invalid HTTP_HOST header`, `Bad Request (400)`",
    laptop="With DEBUG Django allows localhost.",
)
def allowed_hosts(refusal: RefusedHost) -> Iterator[Evidence]:
    hosts, file = _refusing(refusal)
    if hosts and not file:
        host = refusal.exchange.host
        names = {"host": host, "list": hosts.name, "advice": _advice(hosts)}
        yield at(hosts.place.text, hosts.place, **names)


@rule(
    "allowed-hosts-from-dotenv",
    effect="warn",
    leads_to=HTTP_400,
    title="{list:ALLOWED_HOSTS}, as .env sets it, does not contain the app's Heroku host",
    cause="The app reads its list of hosts from {variable:a config var}. The value in .env is"
    " for this machine: with it, every visitor on Heroku gets {status:400}.",
    fix="Type `heroku config:set {variable:ALLOWED_HOSTS}=.herokuapp.com` (or the app's own host,"
    " and your domain).",
    docs=ALLOWED_HOSTS,
    apart="the list comes from a config var that only .env sets",
)
def allowed_hosts_from_dotenv(refusal: RefusedHost) -> Iterator[Evidence]:
    hosts, file = _refusing(refusal)
    if hosts and file:
        names = {"list": hosts.name, "variable": hosts.variables[0]}
        names["status"] = str(refusal.exchange.status)
        yield at(hosts.place.text, hosts.place, **names)
        yield Evidence(f"{file} sets {hosts.variables[0]}", file)


def _advice(hosts: HostList) -> str:
    if hosts.variables:
        return (
            f"Type `heroku config:set {hosts.variables[0]}={hosts.every}` (or the app's own host,"
            f" and your domain); here: `parity run --config {hosts.variables[0]}={hosts.every}`."
        )
    if hosts.name == "SERVER_NAME":
        return (
            "Remove SERVER_NAME: Flask before 3.1 answers 404 to any other host. Flask 3.1 does"
            f' not; there TRUSTED_HOSTS = [".{HEROKU}"] is the list of hosts.'
        )
    entries = f'["{hosts.every}", "localhost"]'
    written = f"allowedHosts: {entries}" if hosts.name == "allowedHosts" else ""
    return (
        "Add the app's Heroku host, and your own domain, to the list:"
        f" `{written or f'{hosts.name} = {entries}'}`."
    )


@rule(
    "host-not-allowed",
    effect="note",
    title="The app answers only to the hosts on its list, such as {other}",
    cause="parity asked with {host} and got {status:400}; with {other} the app answers. On Heroku"
    " the app's own herokuapp.com host must be on the list too, if visitors use it.{hashed:-}",
    fix="Type `parity run --host {other}` to test with that host.",
    docs=ALLOWED_HOSTS,
    laptop="With DEBUG Django allows localhost.",
)
def host_not_allowed(refusal: RefusedHost) -> Iterator[Evidence]:
    public, refused = refusal.reachable, refusal.exchange
    if public:
        seen = f"{request_line(public)} with Host {public.host} → {public.status}"
        plain = re.fullmatch(rf"[a-z0-9-]+\.{HEROKU}", public.host)
        hashed = (
            f" An app created since {HASHED_SINCE} has a random part in that host, as in"
            " `NAME-0123456789ab.herokuapp.com`: `heroku domains` shows it."
            if plain and not re.search(rf"-[0-9a-f]{{12}}\.{HEROKU}$", public.host)
            else ""
        )
        names = {"other": public.host, "host": refused.host, "status": str(refused.status)}
        yield Evidence(seen, names={**names, "hashed": hashed})
