"""The lists of hosts to which an app answers, and what kinds of hosts they name."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from parity.facts.hosts import HEROKU, LOCAL, OTHER_PLATFORMS, REFUSING
from parity.records import Exchange, Plan, Source
from parity.rules.views.node_source import SUFFIXES
from parity.rules.views.python_source import CodePlace, modules

BAD, FORBIDDEN, ABSENT, MISDIRECTED = 400, 403, 404, 421
"""The statuses with which servers refuse a Host; 404 is Flask's, for a SERVER_NAME."""

_NAME = re.compile(
    r"\b(?P<name>ALLOWED_HOSTS|TRUSTED_HOSTS|allowed_hosts|trusted_hosts|allowedHosts|SERVER_NAME"
    r")\b[\"'\]]*\s*(?:\+?=|:|\.(?:append|extend)\()"
)
_LITERAL = re.compile(r"""["']([\w.*,: -]+)["']""")
_READ = re.compile(
    r"""(?:environ(?:\.get)?|getenv|env(?:\.\w+)?|config|get_env\w*)\s*[\[(]\s*["'](\w+)["']"""
    r"""|process\.env\.(\w+)"""
)
_CONFIGS = re.compile(
    r"(?:^|/)(?:vite|vue|webpack|nuxt|astro)[\w.-]*\.config\.\w+$|webpack[\w.-]*$"
)
_LONGEST = 2000
"""Characters of a list that are read (ours)."""


class HostList(NamedTuple):
    """One list: its `name`, the `hosts` written in it, and the config `variables` it reads."""

    name: str
    place: CodePlace
    hosts: tuple[str, ...]
    variables: tuple[str, ...]

    @property
    def every(self) -> str:
        """The entry that lets in any host of Heroku's."""
        return f"*.{HEROKU}" if self.name == "allowed_hosts" else f".{HEROKU}"


def host_lists(source: Source) -> Iterator[HostList]:
    """Yield the lists in the app's Python, and in the configuration of JavaScript servers."""
    configs = (p for p in source.entries if p.endswith(SUFFIXES) and _CONFIGS.search(p))
    for path in (*modules(source), *sorted(configs)):
        text = source.text(path) or ""
        for match in _NAME.finditer(text):
            number = text.count("\n", 0, match.start()) + 1
            line = text.splitlines()[number - 1]
            if line.lstrip().startswith(("#", "//")):
                continue
            place = CodePlace(path, number, match.start() - text.rfind("\n", 0, match.start()), "")
            value = _value(text[match.end() : match.end() + _LONGEST])
            reads = tuple(one or two for one, two in _READ.findall(value))
            hosts = tuple(dict.fromkeys(_hosts(value, reads)))
            yield HostList(match["name"], place._replace(text=line.strip()), hosts, reads)


def _value(text: str) -> str:
    """Return the expression that follows: to the end of its line, or of its bracket."""
    depth = 0
    for at, letter in enumerate(text):
        depth += (letter in "[({") - (letter in "])}")
        if depth < 0 or (letter == "\n" and depth == 0):
            return text[:at]
    return text


def _hosts(value: str, reads: tuple[str, ...]) -> Iterator[str]:
    uncommented = re.sub(r"(?m)^\s*(?:#|//).*$", "", value)
    for literal in _LITERAL.findall(uncommented):
        yield from (host for host in _split(literal) if host not in reads)


def _split(text: str) -> Iterator[str]:
    """Yield the hosts in a text with commas or blanks between them, without their ports."""
    for host in re.split(r"[,\s]+", text):
        bare = re.sub(r":\d+$", "", host)
        if re.fullmatch(r"[\w.*-]{1,253}", bare):
            yield bare


def address(entry: str) -> str:
    """Return a host that an entry lets in: `www.example.com` for `.example.com`; empty for `*`."""
    if entry.startswith(("*.", ".")):
        return f"www.{entry.lstrip('*.')}"
    return "" if "*" in entry else entry


def possible(host: str) -> bool:
    """Return whether visitors can reach an app on Heroku by this host: its own or a domain."""
    name = host.lower().strip(".")
    labels = name.split(".")
    if len(labels) < 2 or labels[-1] in LOCAL or labels[-1].isdigit() or ":" in name:
        return False
    return not any(name == other or name.endswith(f".{other}") for other in OTHER_PLATFORMS)


def refuses(exchange: Exchange) -> bool:
    """Return whether the app itself may have refused the Host of a visitor's request."""
    if exchange.code or exchange.scenario or exchange.as_expected:
        return False
    page = exchange.body.decode("utf-8", "replace")
    return exchange.status in (BAD, ABSENT, MISDIRECTED) or bool(re.search(REFUSING, page))


def worth_trying(plan: Plan, exchange: Exchange) -> list[str]:
    """Return the hosts with which a refused request is repeated.

    Those in the lists and in the config vars that the lists read, and `localhost`; for a 404 only
    those in Flask's SERVER_NAME.
    """
    lists = [*host_lists(plan.source)]
    if exchange.status == ABSENT:
        lists = [one for one in lists if one.name == "SERVER_NAME"]
    values = (plan.config.values.get(name, "") for one in lists for name in one.variables)
    entries = [*(e for one in lists for e in one.hosts), *(e for v in values for e in _split(v))]
    always = [] if exchange.status == ABSENT else ["localhost", "127.0.0.1"]
    return [*dict.fromkeys((*always, *filter(None, map(address, entries))))]
