"""Pages that the app answers with 4xx: the one at /, and those that the user asks for."""

from collections.abc import Iterator

from parity.records import Exchange, Traffic
from parity.records.verdict import Evidence
from parity.rules.engine import rule
from parity.rules.traffic.hosts import refused_host
from parity.rules.traffic.traffic import ROUTING, request_line

ROOT = "/"
ABSENT = (404, 405, 410)
"""The statuses with which an app says that it has no page there."""

_MEANING = {
    401: "the page requires a login",
    403: "the page is not for every visitor",
    404: "the app has no such page",
    405: "the page does not accept a GET",
}


def _refused(traffic: Traffic) -> Iterator[Exchange]:
    """Yield the last answer of each request that the app itself answers with 4xx.

    Refusals because of the Host header have separate rules.
    """
    refusal = refused_host(traffic)
    last = {e.first: e for e in traffic.exchanges if not e.scenario}
    for exchange in last.values():
        own = exchange.code is None and 400 <= exchange.status < 500 and not exchange.as_expected
        if own and not (refusal and refusal.exchange.status == exchange.status):
            yield exchange


def _evidence(exchange: Exchange) -> Evidence:
    meaning = _MEANING.get(exchange.status, "the app refuses the request")
    names = {"path": exchange.first, "status": str(exchange.status), "meaning": meaning}
    return Evidence(f"{request_line(exchange)} → {exchange.status}", names=names)


@rule(
    "path-answers-4xx",
    effect="warn",
    title="{path} answers {status:404}",
    cause="`--path {path}` requests it, and {meaning:the app has no such page}. A health check"
    " or uptime monitor on that path would report the app as down.",
    fix="Correct the path or the app's route. A `--scenario` file can log in, use another"
    " method, and set the status to expect.",
    docs=ROUTING,
    laptop="On the laptop the app may use another prefix, or you are logged in.",
)
def path_answers_4xx(traffic: Traffic) -> Iterator[Evidence]:
    return (_evidence(e) for e in _refused(traffic) if e.first != ROOT)


@rule(
    "root-answers-4xx",
    effect="note",
    title="{path} answers {status:404}: {meaning:the app has no such page}",
    cause="The app is up and answers, but a visitor to its bare address sees this error.",
    fix="Test another page if the app has none there (an API): `parity run --path /PATH`.",
    docs=ROUTING,
)
def root_answers_4xx(traffic: Traffic) -> Iterator[Evidence]:
    return (_evidence(e) for e in _refused(traffic) if e.first == ROOT and e.status in ABSENT)
