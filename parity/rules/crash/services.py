"""Crashes because the app expects a service on its own machine, in any language."""

from collections.abc import Iterator

from parity.records.verdict import Evidence
from parity.rules.crash.node import services as node
from parity.rules.crash.python import services as python
from parity.rules.crash.symptoms import ENDINGS
from parity.rules.engine import rule
from parity.rules.views.facts import RefusedService, stated


@rule(
    "service-on-localhost",
    aliases=("node-service-on-localhost",),
    leads_to=ENDINGS,
    title="The app connects to {service} on {address}, where nothing runs in a dyno",
    cause="A dyno runs only your process. A database or cache on localhost is on your machine, not"
    " on Heroku: {error}",
    fix="{advice:Create an add-on and read its address from the environment, such as `heroku"
    ' addons:create heroku-redis:mini` and `os.environ["REDIS_URL"]`.}',
    docs=python.BACKING,
    views=(python.refused, node.refused),
    apart="`Connection refused` to 127.0.0.1 or localhost and 5432, 6379, 27017, 3306, 5672",
    laptop="The laptop runs its own Postgres or Redis; a dyno runs only the app.",
    by={"Heroku": "an add-on, and its address from the environment"},
)
def service_on_localhost(service: RefusedService) -> Iterator[Evidence]:
    yield from stated(service)
