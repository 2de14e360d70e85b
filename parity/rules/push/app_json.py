"""Rules about app.json: what creating an app from it needs, and what a push ignores."""

from collections.abc import Iterator

from parity.facts.app_json import NAME, POSTDEPLOY, SCHEMA
from parity.records import Boot, Plan, Release, Source
from parity.records.manifest import Manifest
from parity.records.verdict import Evidence
from parity.rules.engine import rule
from parity.rules.views.addon_variables import unset
from parity.rules.views.procfile_lines import shown
from parity.rules.views.python_source import at

_SHOWN = 12


def _applied(source: Source) -> Manifest | None:
    manifest = source.manifest
    return manifest if manifest and manifest.applied else None


@rule(
    "app-setup-failed",
    effect="fail",
    title="Heroku does not create the app from app.json",
    cause="Setting up the app ends with: {message:an error}",
    fix="See the cause below; then try again.",
    docs=SCHEMA,
)
def APP_SETUP_FAILED(source: Source) -> Iterator[Evidence]:
    manifest = _applied(source)
    if manifest and manifest.broken:
        yield Evidence("invalid app.json", NAME, names={"message": "invalid app.json"})
    elif manifest and manifest.unset:
        message = f"config var {manifest.unset[0]} is required"
        yield Evidence(f"invalid app.json: {message}", NAME, names={"message": message})


@rule(
    "app-json-invalid",
    leads_to=APP_SETUP_FAILED,
    title="app.json cannot be read: {seen:it is not valid JSON, or has values of the wrong kind}",
    cause="app.json must be one JSON object in UTF-8, without comments and without trailing"
    " commas.",
    fix="Correct it; `python3 -m json.tool app.json` shows the place.",
    docs=SCHEMA,
)
def app_json_invalid(source: Source) -> Iterator[Evidence]:
    manifest = _applied(source)
    for problem in manifest.problems if manifest else ():
        if problem.fatal:
            yield Evidence(problem.seen, NAME, problem.line, names={"seen": problem.seen})


@rule(
    "config-var-required",
    leads_to=APP_SETUP_FAILED,
    title="app.json requires the config var {name}, and nothing sets it",
    cause="A config var of app.json is required unless it says otherwise, and has to come from a"
    " value, a generator, or whoever creates the app.",
    fix="Set it when you create the app (here: `--config {name}=…`), or write a `value`,"
    ' `"generator": "secret"` or `"required": false` into app.json.',
    docs=SCHEMA,
)
def config_var_required(source: Source) -> Iterator[Evidence]:
    manifest = _applied(source)
    for name in manifest.unset if manifest and not manifest.broken else ():
        line = manifest.env[name].line if manifest else None
        yield Evidence(f"config var {name} is required", NAME, line, names={"name": name})


@rule(
    "postdeploy-failed",
    effect="fail",
    title="The postdeploy script fails, and so does the app's setup",
    cause="`{command}` ended with status {status}. Its last line: `{last:…}`.",
    fix="Make the command pass in a one-off dyno: `heroku run {command}` shows its output.",
    docs=SCHEMA,
)
def POSTDEPLOY_FAILED(release: Release) -> Iterator[Evidence]:
    ended = release.postdeploy
    manifest = release.slug.plan.source.manifest
    if ended and manifest and (ended.exit or ended.timed_out):
        last = next((x.text for x in reversed(ended.output) if x.text.strip()), "(none)")
        command = shown(manifest.scripts[POSTDEPLOY])
        names = {"command": command, "status": str(ended.exit), "last": last.strip()}
        yield Evidence(f"Process exited with status {ended.exit}", NAME, names=names)


@rule(
    "postdeploy-skipped",
    effect="warn",
    title="The postdeploy script was not run: {reason:it would have changed something that is not"
    " on this machine}",
    cause="It would have run against that database, which may be the production one.",
    fix="`--run-release` runs it anyway; a database on this machine needs no option.",
    docs=SCHEMA,
)
def postdeploy_skipped(release: Release) -> Iterator[Evidence]:
    if release.not_deployed:
        names = {"reason": release.not_deployed}
        yield Evidence(release.not_deployed, NAME, names=names)


@rule(
    "app-json-without-web",
    effect="warn",
    title="app.json starts no web dyno",
    cause="Its formation sets the quantity of web to 0: until it is scaled up, every request gets"
    " a 503 (H14).",
    fix="Set the quantity to 1 in app.json, or type `heroku ps:scale web=1` after the setup.",
    docs=SCHEMA,
)
def app_json_without_web(source: Source) -> Iterator[Evidence]:
    manifest = _applied(source)
    web = manifest.formation.get("web") if manifest else None
    if web and web.quantity == 0:
        yield Evidence('"quantity": 0 for web', NAME)


@rule(
    "app-json-container",
    effect="unknown",
    title="app.json sets the stack container: Heroku builds a Docker image",
    cause="On that stack no buildpack runs: heroku.yml says which Dockerfile is built. parity does"
    " not rehearse it.",
    fix="Build the image with `docker build .` and run it with `-e PORT=5000`.",
    docs="https://devcenter.heroku.com/articles/build-docker-images-heroku-yml",
)
def app_json_container(source: Source) -> Iterator[Evidence]:
    manifest = _applied(source)
    if manifest and manifest.stack == "container":
        yield Evidence('"stack": "container"', NAME)


@rule(
    "app-json-problem",
    effect="note",
    title="app.json: {seen:a field is not as Heroku expects it}",
    cause="app.json is read only when an app is created from it (by a Heroku Button, or as a review"
    " app).",
    fix="Correct it, or delete app.json if no app is ever created from it.",
    docs=SCHEMA,
)
def app_json_problem(source: Source) -> Iterator[Evidence]:
    manifest = source.manifest
    for problem in manifest.problems[:_SHOWN] if manifest else ():
        if not (manifest and manifest.applied and problem.fatal):
            yield Evidence(problem.seen, NAME, problem.line, names={"seen": problem.seen})


@rule(
    "app-json-config-vars",
    effect="note",
    title="app.json requires config vars that nothing sets here: {names:their names}",
    cause="A push does not read app.json, so an app that was not created from it lacks them.",
    fix="Type `heroku config:set {first}=…` for each that is not set yet; `--new-app` rehearses a"
    " new app that has them.",
    docs=SCHEMA,
)
def app_json_config_vars(plan: Plan) -> Iterator[Evidence]:
    manifest = _pushed_only(plan)
    names = [n for n, v in manifest.env.items() if v.required] if manifest else []
    absent = [name for name in names if name not in plan.config.values]
    if manifest and absent:
        values = {"names": ", ".join(absent[:_SHOWN]), "first": absent[0]}
        yield Evidence(values["names"], NAME, manifest.env[absent[0]].line, names=values)


@rule(
    "app-json-buildpacks",
    effect="note",
    title="app.json names other buildpacks than those that run here: {wanted}",
    cause="A push does not read app.json: what counts is what is set on the app, or detected.",
    fix="Type `heroku buildpacks` to see what is set. Rehearse app.json's own with `--new-app`.",
    docs=SCHEMA,
)
def app_json_buildpacks(plan: Plan) -> Iterator[Evidence]:
    manifest = _pushed_only(plan)
    wanted = [_short(url) for url in manifest.buildpacks] if manifest else []
    if wanted and plan.buildpack and wanted not in ([plan.buildpack], list(plan.detected)):
        names = {"wanted": shown(", ".join(wanted))}
        yield Evidence(f"{plan.buildpack} runs here", NAME, names=names)


@rule(
    "app-json-stack",
    effect="note",
    title="app.json names the stack {wanted}, but {stack} was tested",
    cause="A push does not read app.json: the app keeps the stack that it has.",
    fix="Type `heroku stack` to see it, and rehearse that one with `--stack`.",
    docs=SCHEMA,
)
def app_json_stack(plan: Plan) -> Iterator[Evidence]:
    manifest = _pushed_only(plan)
    if manifest and manifest.stack and manifest.stack != plan.stack:
        names = {"wanted": shown(manifest.stack), "stack": plan.stack}
        yield Evidence(f'"stack": "{shown(manifest.stack)}"', NAME, names=names)


@rule(
    "app-json-not-rehearsed",
    effect="note",
    title="Not everything in app.json was rehearsed: {what:what parity cannot run}",
    cause="Add-ons are not provisioned here; pr-predestroy runs when a review app is deleted, the"
    " other scripts in Heroku CI.",
    fix="Use `--config` for the variables that an add-on would set.",
    docs=SCHEMA,
)
def app_json_not_rehearsed(plan: Plan) -> Iterator[Evidence]:
    manifest = _applied(plan.source)
    if manifest is None:
        return
    scripts = [name for name in manifest.scripts if name != POSTDEPLOY]
    what = [f"the add-on {name}" for name in manifest.addons] + [f"scripts.{n}" for n in scripts]
    what += [f"{t} dynos" for t in manifest.formation if t != "web"]
    if what:
        parts = shown(", ".join(what))
        yield Evidence(parts, NAME, names={"what": parts})


@rule(
    "app-json-add-on-not-here",
    effect="unknown",
    title="app.json gives the app {plan}, which sets {name} on Heroku; nothing sets it here",
    cause="An app that is created from app.json has its add-ons. The app reads {name} but ran"
    " here without it, so parity cannot tell whether it works with it.",
    fix="Type `parity run --new-app --config {name}=…` with a service on this machine.",
    docs=SCHEMA,
)
def app_json_add_on_not_here(boot: Boot) -> Iterator[Evidence]:
    plan = boot.release.slug.plan
    manifest = _applied(plan.source)
    wanted = {one.partition(":")[0]: one for one in manifest.addons} if manifest else {}
    reported: set[str] = set()
    for name, addon, place in unset(plan.source, plan.config) if boot.goes_on else ():
        service = addon.plan.partition(":")[0]
        if service in wanted and name not in reported:
            reported.add(name)
            yield at(f"reads {name}", place, name=name, plan=wanted[service])


def _pushed_only(plan: Plan) -> Manifest | None:
    """Return app.json if it is readable but has no effect, as a push does not read it."""
    manifest = plan.source.manifest
    return manifest if manifest and not manifest.applied and not manifest.broken else None


def _short(url: str) -> str:
    name = url.removeprefix("https://github.com/heroku/heroku-buildpack-").removesuffix(".git")
    return name if "/" in name else f"heroku/{name}"
