"""Installation of the packages by npm, Yarn or pnpm, with the buildpack's flags.

https://github.com/heroku/heroku-buildpack-nodejs lib/package_managers/ (observed).
"""

from collections.abc import Callable, Mapping, Sequence

from parity.facts import node_failures
from parity.facts.phrases import INDENT
from parity.push.buildpacks.context import Job, Stop, timed_out
from parity.push.buildpacks.nodejs import environ, machine_faults
from parity.push.buildpacks.nodejs.messages import BLANK
from parity.push.buildpacks.nodejs.package import BERRY, Package
from parity.records import Refusal, Runtime

NPM_LOCKS = ("package-lock.json", "npm-shrinkwrap.json")


def dependencies(job: Job, node: Runtime) -> Stop:
    """Install everything in package.json, including devDependencies."""
    job.tell(BLANK)
    job.tell("-----> Installing dependencies")
    if node.manager == "yarn":
        return _yarn(job, node)
    if node.manager == "pnpm":
        job.tell(f"{INDENT}Running 'pnpm install' with pnpm-lock.yaml")
        return _step(job, ["pnpm", "install", "--prod=false", "--frozen-lockfile"])
    return _npm(job)


def _yarn(job: Job, node: Runtime) -> Stop:
    if node.edition == BERRY:
        job.tell(f"{INDENT}Running 'yarn install' with yarn.lock")
        return _step(job, ["yarn", "install", "--immutable"])
    job.tell(f"{INDENT}Installing node modules (yarn.lock)")
    production = job.plan.config.values.get("YARN_PRODUCTION") or "false"
    flags = ("--frozen-lockfile", "--ignore-engines", "--prefer-offline")
    return _step(job, ["yarn", "install", f"--production={production}", *flags])


def _npm(job: Job) -> Stop:
    """Run `npm ci` if there is a lock file, or `npm install`, also on a committed node_modules."""
    production = job.plan.config.values.get("NPM_CONFIG_PRODUCTION") or "false"
    flags = [f"--production={production}", "--userconfig", str(job.folder / ".npmrc")]
    if (job.folder / "node_modules").exists():
        job.tell(f"{INDENT}Prebuild detected (node_modules already exists)")
        job.tell(f"{INDENT}Rebuilding any native modules")
        stop = _step(job, ["npm", "rebuild"])
        job.tell(f"{INDENT}{_installing(job, 'Installing any new modules')}")
        return stop or _step(job, ["npm", "install", *flags])
    if _lock(job) and job.plan.config.values.get("USE_NPM_INSTALL") != "true":
        job.tell(f"{INDENT}Installing node modules")
        return _step(job, ["npm", "ci", *flags])
    job.tell(f"{INDENT}{_installing(job, 'Installing node modules')}")
    return _step(job, ["npm", "install", *flags])


def _lock(job: Job) -> str | None:
    return next((name for name in NPM_LOCKS if (job.folder / name).is_file()), None)


def _installing(job: Job, what: str) -> str:
    kind = {"package-lock.json": " + package-lock", "npm-shrinkwrap.json": " + shrinkwrap"}
    return f"{what} (package.json{kind.get(_lock(job) or '', '')})"


def prune(job: Job, node: Runtime, package: Package) -> Stop:
    """Remove the devDependencies, which only the build needs."""
    config = job.plan.config.values
    job.tell(BLANK)
    job.tell("-----> Pruning devDependencies")
    why = _why_unpruned(node, config.get("NODE_ENV") or "production", config)
    if why:
        job.tell(f"{INDENT}{why}")
        return None
    if node.manager == "npm":
        return _step(job, ["npm", "prune", "--userconfig", str(job.folder / ".npmrc")])
    if node.manager == "pnpm":
        return _pnpm_pruned(job, package)
    if node.edition == BERRY:
        return _berry_pruned(job)
    flags = ("--frozen-lockfile", "--ignore-engines", "--ignore-scripts", "--prefer-offline")
    return _step(job, ["yarn", "install", "--production=true", *flags])


def _why_unpruned(node: Runtime, env: str, config: Mapping[str, str]) -> str | None:
    """Return why nothing is pruned; None if something is."""
    if env != "production":
        wrong = "'test'" if env == "test" else "not 'production'"
        return f"Skipping because NODE_ENV is {wrong}"
    skip = {"npm": "NPM_CONFIG_PRODUCTION", "yarn": "YARN_PRODUCTION", "pnpm": "PNPM_SKIP_PRUNING"}
    name = "YARN2_SKIP_PRUNING" if node.edition == BERRY else skip[node.manager]
    value = config.get(name)
    skips = value == "true" or (value and not name.endswith("_SKIP_PRUNING"))
    return f"Skipping because {name} is '{value}'" if skips else None


def _pnpm_pruned(job: Job, package: Package) -> Stop:
    """Run `pnpm prune`, unless that would run the app's own scripts without their tools."""
    if (job.folder / "pnpm-workspace.yaml").exists() and package.own_scripts:
        return None
    return _step(job, ["pnpm", "prune", "--prod", "--ignore-scripts"])


def _berry_pruned(job: Job) -> Stop:
    """Prune with a command of Yarn itself: the buildpack's plug-in is not available here."""
    if not (job.folder / "node_modules").exists():
        return None
    job.tell(f"{INDENT}Running 'yarn heroku prune'")
    command = ["yarn", "workspaces", "focus", "--all", "--production"]
    job.call(command, environ.variables(job), on_line=lambda _: None)
    return None


def _step(job: Job, command: Sequence[str]) -> Stop:
    """Run a package manager; return why the build stops, if it does."""
    began = len(job.output)
    ended = job.call(command, environ.variables(job), on_line=_shown(job))
    if ended.exit == 0:
        return None
    if ended.timed_out:
        return timed_out(job)
    lines = job.output[began:]
    manager = command[0]
    headline = node_failures.headline(lines, f"Unable to install dependencies using {manager}.")
    refusal = Refusal(
        node_failures.reason(lines) or f"{manager}-install-failed",
        (f" !     Error: {headline}",),
        "package.json",
    )
    return (
        machine_faults.undecided(job, lines, killed=machine_faults.killed(ended.exit, lines))
        or refusal
    )


def _shown(job: Job) -> Callable[[str], None]:
    """Return a function that prints only the lines that would appear on Heroku."""

    def show(text: str) -> None:
        if "A complete log of this run can be found in" not in text:
            job.print(text)

    return show


def failing(stop: Stop) -> Stop:
    """Return a refusal with the buildpack's header before its lines."""
    if not isinstance(stop, Refusal):
        return stop
    return stop._replace(lines=("", "-----> Build failed", *stop.lines, ""))
