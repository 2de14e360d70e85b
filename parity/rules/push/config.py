"""Rules about config vars that are only in `.env`, or that Heroku does not accept."""

from collections.abc import Iterator

from parity.records import Plan
from parity.records.verdict import Evidence
from parity.rules.engine import rule

CONFIG_VARS = "https://devcenter.heroku.com/articles/config-vars"
_SHOWN = 20
_SET = ("--config", "app.json")
"""Origins of config vars that are, or will be, set on the app."""


@rule(
    "config-vars-to-set",
    effect="note",
    title="Heroku does not read {file}: {names:config vars} must be set there",
    cause="parity took them from {file}, as `heroku local` does. On Heroku they exist only if they"
    " are set on the app.",
    fix="Type `heroku config:set {name}=…` for each that is not set yet (`heroku config` lists"
    " them).",
    docs=CONFIG_VARS,
)
def config_vars_to_set(plan: Plan) -> Iterator[Evidence]:
    origin = plan.config.origin
    for file in dict.fromkeys(where for where in origin.values() if where not in _SET):
        names = sorted(name for name, where in origin.items() if where == file)
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        seen = ", ".join(names[:_SHOWN]) + more
        yield Evidence(seen, file, names={"file": file, "name": names[0], "names": seen})


@rule(
    "port-config-var",
    effect="warn",
    title="PORT must not be a config var",
    cause="Heroku chooses another port for every dyno, and passes it in PORT. A PORT of your own"
    " makes the app listen where nobody connects: R10. parity ignored it.",
    fix="Type `heroku config:unset PORT`.",
    docs="https://devcenter.heroku.com/articles/runtime-principles#web-servers",
)
def port_config_var(plan: Plan) -> Iterator[Evidence]:
    yield from _problems(plan, "port")


@rule(
    "config-var-name",
    effect="warn",
    title="Heroku accepts no config var with this name",
    cause="Names consist of letters, digits and underscores. parity left this one out.",
    fix="Give it another name, in the app too.",
    docs=CONFIG_VARS,
)
def config_var_name(plan: Plan) -> Iterator[Evidence]:
    yield from _problems(plan, "name")


@rule(
    "config-vars-too-large",
    effect="warn",
    title="The config vars are larger than Heroku allows",
    cause="Names and values together may have at most 32 kB.",
    fix="Keep large values (keys, certificates, JSON) in a file or a store, and read them there.",
    docs=f"{CONFIG_VARS}#limits",
)
def config_vars_too_large(plan: Plan) -> Iterator[Evidence]:
    yield from _problems(plan, "size")


@rule(
    "env-file-unreadable",
    effect="warn",
    title="Some config vars cannot be read",
    cause="parity left them out; after a quote that is not closed, the lines below may be read"
    " wrongly too.",
    fix="Write each as NAME=value, with both quotes if the value has spaces, into a UTF-8 file"
    " that you may read.",
    docs="https://devcenter.heroku.com/articles/heroku-local#set-up-your-local-environment-variables",
)
def env_file_unreadable(plan: Plan) -> Iterator[Evidence]:
    yield from _problems(plan, "line")


def _problems(plan: Plan, kind: str) -> Iterator[Evidence]:
    for problem in plan.config.problems:
        if problem.kind == kind:
            yield Evidence(problem.seen, problem.file, problem.line)
