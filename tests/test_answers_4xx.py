"""Answers with 4xx: hosts that the app refuses, paths that it does not have."""

from typing import Any

import pytest

from parity.records import Config, Exchange, Traffic
from parity.records.verdict import Finding
from parity.report.summary import headline
from parity.rules.engine import diagnose
from parity.rules.loading import load
from parity.rules.views.host_lists import address, host_lists, possible, worth_trying
from tests.trees import tree
from tests.verdicts import boot, exchange, plan, slug, source, works

OWN = "shop-0123456789ab.herokuapp.com"


def traffic(files: dict[str, str], *exchanges: Exchange, **changed: Any) -> Traffic:
    """Return the traffic of an app with these files."""
    config = changed.pop("config", None)
    tested = source({"Procfile": "web: gunicorn shop.wsgi\n", **files})
    made = plan(tested, config) if isinstance(config, Config) else plan(tested)
    return Traffic(boot(slug(made)), exchanges, ())._replace(**changed)


def findings(record: Traffic) -> dict[str, Finding]:
    """Return the findings about the answers, by id."""
    load()
    return {finding.id: finding for finding in diagnose(record)}


def refused(status: int = 400, body: bytes = b"", host: str = OWN) -> Exchange:
    """Return GET / with a status."""
    return exchange(status=status, body=body, host=host)


LISTS = {
    'ALLOWED_HOSTS = ["a.com", ".b.com"]\nX = ["c.com"]\n': ("a.com", ".b.com"),
    'ALLOWED_HOSTS = [\n    # "old.com",\n    "a.com",\n]\n': ("a.com",),
    'ALLOWED_HOSTS = os.environ.get("ALLOWED_HOSTS", "a.com, b.com").split(",")\n': (
        "a.com",
        "b.com",
    ),
    'ALLOWED_HOSTS += ["a.com"]\n': ("a.com",),
    'ALLOWED_HOSTS.append("a.com")\n': ("a.com",),
    'app.config["SERVER_NAME"] = "a.com:8000"\n': ("a.com",),
    'Middleware(TrustedHostMiddleware, allowed_hosts=["a.com"], www_redirect=False)\n': ("a.com",),
    "ALLOWED_HOSTS = []\n": (),
}


@pytest.mark.parametrize(("text", "hosts"), LISTS.items())
def test_the_lists_of_hosts(text: str, hosts: tuple[str, ...]) -> None:
    """A list ends with its bracket; comments and the names of config vars are no hosts."""
    (one,) = host_lists(tree({"settings.py": text}))
    assert one.hosts == hosts and one.place.line == 1


def test_a_list_in_the_configuration_of_vite() -> None:
    """Only a server's configuration counts, not any script."""
    text = 'export default { preview: { allowedHosts: ["a.com"] } }\n'
    (one,) = host_lists(tree({"vite.config.ts": text, "src/page.ts": text}))
    assert (one.name, one.hosts, one.place.file) == ("allowedHosts", ("a.com",), "vite.config.ts")


@pytest.mark.parametrize(
    "host",
    ["localhost", "web", "127.0.0.1", "34.5.6.7", "shop.local", "www.onrender.com", "x.fly.dev"],
)
def test_hosts_that_no_app_on_heroku_has(host: str) -> None:
    """Names of this machine, addresses, and the hosts of other platforms."""
    assert not possible(host)


@pytest.mark.parametrize("host", ["shop.example.com", "shop.herokuapp.com", "d1.cloudfront.net"])
def test_hosts_that_an_app_on_heroku_can_have(host: str) -> None:
    """Its own host, a domain, and a CDN in front of it."""
    assert possible(host)


def test_hosts_to_try() -> None:
    """Those in the lists and in the config var that a list reads; an address for a pattern."""
    text = 'ALLOWED_HOSTS = env.list("HOSTS", [".a.com", "*"])\n'
    config = Config({"HOSTS": "b.com,c.com"}, {"HOSTS": "--config"})
    made = plan(source({"settings.py": text}), config)
    tried = ["localhost", "127.0.0.1", "www.a.com", "b.com", "c.com"]
    assert worth_trying(made, refused()) == tried
    assert worth_trying(made, refused(404)) == []
    assert address("*.a.com") == "www.a.com"


@pytest.mark.parametrize("entry", [".onrender.com", "web.up.railway.app", "localhost", "10.0.0.7"])
def test_every_visitor_is_refused(entry: str) -> None:
    """A list without a host that the app can have: it fails, with the list's line."""
    other = refused(200, host=address(entry))
    record = traffic({"settings.py": f'ALLOWED_HOSTS = ["{entry}"]\n'}, refused(), hosts=(other,))
    found = findings(record)
    assert found["http-400"].effect == "fail"
    assert found["allowed-hosts"].evidence[0].file == "settings.py"
    assert '".herokuapp.com"' in found["allowed-hosts"].fix


@pytest.mark.parametrize("host", ["shop.example.com", "fruit.herokuapp.com"])
def test_a_host_that_may_be_the_apps_own_is_a_note(host: str) -> None:
    """A domain, or the app's name, which parity does not know."""
    other = refused(200, host=host)
    record = traffic({"settings.py": f'ALLOWED_HOSTS = ["{host}"]\n'}, refused(), hosts=(other,))
    (finding,) = findings(record).values()
    assert (finding.id, finding.effect) == ("host-not-allowed", "note")
    assert ("heroku domains" in finding.cause) == host.endswith("herokuapp.com")


def test_a_list_that_only_dotenv_fills_is_a_warning() -> None:
    """The value for this machine says nothing about the one on Heroku."""
    files = {"settings.py": 'ALLOWED_HOSTS = os.environ["HOSTS"].split(",")\n'}
    for origin, effect in ((".env", "warn"), ("--config", "fail")):
        config = Config({"HOSTS": "localhost"}, {"HOSTS": origin})
        other = refused(200, host="localhost")
        found = findings(traffic(files, refused(), hosts=(other,), config=config))
        assert found["http-400"].effect == effect
        assert ("allowed-hosts-from-dotenv" in found) == (effect == "warn")
        assert any("heroku config:set HOSTS=.herokuapp.com" in f.fix for f in found.values())


def test_the_app_says_that_it_refuses_the_host() -> None:
    """Django's message, which only a second boot may show, or the page itself, is proof enough."""
    said = f"Invalid HTTP_HOST header: '{OWN}'. You may need to add '{OWN}' to ALLOWED_HOSTS."
    empty = traffic({"settings.py": "ALLOWED_HOSTS = []\n"}, refused(), traceback=(said,))
    assert findings(empty)["allowed-hosts"].evidence[0].line == 1
    page = f'Blocked request. This host ("{OWN}") is not allowed.'.encode()
    blocked = findings(traffic({}, refused(403, page)))
    assert "403" in blocked["http-400"].title


@pytest.mark.parametrize("status", [400, 403, 404, 422])
def test_a_refusal_for_another_reason_is_no_fault_of_the_host(status: int) -> None:
    """The same answer with every Host: the page itself is refused."""
    others = tuple(refused(status, host=host) for host in ("localhost", "a.com"))
    files = {"settings.py": 'ALLOWED_HOSTS = ["a.com"]\n'}
    assert "http-400" not in findings(traffic(files, refused(status), hosts=others))


def test_a_path_that_was_asked_for_and_answers_4xx_is_a_warning() -> None:
    """`--path /health` → 404, also after a redirect; / alone is a note."""
    health = exchange(path="/health/", first="/health", status=404)
    found = findings(traffic({}, exchange(), health))
    assert (
        found["path-answers-4xx"].effect == "warn" and "/health" in found["path-answers-4xx"].title
    )
    (root,) = findings(traffic({}, exchange(status=404))).values()
    assert (root.id, root.effect) == ("root-answers-4xx", "note")
    assert findings(traffic({}, exchange(path="/x", first="/x", scenario=True, status=404))) == {}


def test_the_headline_says_what_a_visitor_of_the_root_sees() -> None:
    """It works, but / answers 404; after what is to be committed."""
    made = works()
    assert made.traffic and made.source
    absent = made._replace(traffic=made.traffic._replace(exchanges=(exchange(status=404),)))
    assert headline(absent).startswith("works, but / answers 404: pushed, built, booted; GET /")
    changed = absent._replace(source=made.source._replace(uncommitted=("app.py",)))
    assert headline(changed).startswith("works once you commit app.py, but / answers 404: pushed")
    assert headline(made).startswith("works: pushed, built, booted")
