"""Crashes because a config var is not set, in any language."""

import re
from collections.abc import Iterator

from parity.records.edits import Command
from parity.records.verdict import Evidence
from parity.rules.crash.node import errors as node
from parity.rules.crash.node import services as node_services
from parity.rules.crash.python import config as python
from parity.rules.crash.python import services as python_services
from parity.rules.crash.symptoms import ENDINGS
from parity.rules.engine import rule
from parity.rules.phrases import VARIABLES
from parity.rules.shell import word
from parity.rules.views.addon_variables import setter, texts
from parity.rules.views.facts import UnsetVariable, stated


@rule(
    "add-on-variable-missing",
    aliases=("add-on-variable-unset",),
    effect="unknown",
    leads_to=ENDINGS,
    title="{name} is not set here; on Heroku {addon} sets it",
    cause="The app reads {name} {when:while it starts}. parity has no add-ons, so it cannot tell"
    " whether the app works where the variable is set: {error}",
    fix="Type `parity run --config {name}=…` with a service on this machine. On Heroku:"
    " `heroku addons:create {plan}{under:-}`, if the app has none yet{attach:-}.",
    docs="https://devcenter.heroku.com/articles/managing-add-ons",
    views=(python.unset, node.unset, python_services.unset, node_services.unset),
    apart="the name is one that an add-on sets: DATABASE_URL, REDIS_URL, CLOUDAMQP_URL",
    laptop=VARIABLES,
    by={"Postgres": "heroku addons:create heroku-postgresql:essential-0"},
)
def add_on_variable_missing(unset: UnsetVariable) -> Iterator[Evidence]:
    addon = setter(unset.crash.source, unset.name)
    if addon:
        yield from stated(unset, when=unset.crash.when, **texts(addon))


@rule(
    "missing-config-var",
    aliases=("config-var-unset",),
    leads_to=ENDINGS,
    title="The config var {name} is not set",
    cause="The app reads the environment variable {name} {when:while it starts}, but there is no"
    " such config var: {error}.{local:-}",
    fix="Type `heroku config:set {name}=VALUE{others:-}`; here: `parity run --config {name}=VALUE`"
    "{options:-}.",
    docs="https://devcenter.heroku.com/articles/config-vars",
    views=(python.unset, node.unset),
    apart="`KeyError: 'NAME'` at os.environ, or a settings class that lists what is missing",
    laptop=VARIABLES,
    by={
        "Heroku": "heroku config:set NAME=value",
        "Django": "read SECRET_KEY and the like from os.environ, with no default in production",
    },
)
def missing_config_var(unset: UnsetVariable) -> Iterator[Evidence]:
    source = unset.crash.source
    if setter(source, unset.name):
        return
    more = [(name, evidence) for name, evidence in unset.more if not setter(source, name)]
    names = {"when": unset.crash.when, "local": _local(unset)}
    names["others"] = "".join(f" {word(name)}=VALUE" for name, _ in more)
    names["typed"] = Command(f"heroku config:set {word(unset.name)}=VALUE{names['others']}")
    names["options"] = f", and the same for {', '.join(n for n, _ in more)}" if more else ""
    yield from stated(unset, **names)
    yield from (evidence for _, evidence in more)


def _local(unset: UnsetVariable) -> str:
    """Return a note on why the variable may be set on the user's machine."""
    absent = unset.crash.source.absent
    dotenv = any(path.rpartition("/")[2].startswith(".env") for path in absent)
    local = " A .env on your disk does not reach Heroku." if dotenv else ""
    if not re.fullmatch(r"[A-Z][A-Z0-9_]*", unset.name):
        local += " What belongs in the brackets is the variable's name, not its value."
    return local
