"""The scripts of package.json that Heroku runs around the installation.

https://devcenter.heroku.com/articles/nodejs-support#customizing-the-build-process (documented).
"""

from parity.facts import node_failures
from parity.facts.buildpacks import NODE
from parity.facts.phrases import INDENT
from parity.push.buildpacks.context import Job, Stop, timed_out
from parity.push.buildpacks.nodejs import environ, machine_faults
from parity.push.buildpacks.nodejs.messages import BLANK
from parity.push.buildpacks.nodejs.package import Package
from parity.records import Refusal

BUILD = ("heroku-postbuild", "build")
"""The scripts that can be the build; only the first one present is run."""


def before(job: Job, package: Package) -> Stop:
    """Run `heroku-prebuild`, if there is one."""
    if not package.table("scripts").get("heroku-prebuild"):
        return None
    job.tell(BLANK)
    job.tell("-----> Prebuild")
    return _run(job, "heroku-prebuild")


def build(job: Job, package: Package) -> Stop:
    """Run `heroku-postbuild`, or `build` if there is none."""
    job.tell(BLANK)
    job.tell("-----> Build")
    names = [name for name in BUILD if name in package.table("scripts")]
    if len(names) > 1:
        job.tell(f'{INDENT}Detected both "build" and "heroku-postbuild" scripts')
    if not names:
        return None
    flags = job.plan.config.values.get("NODE_BUILD_FLAGS") if names[0] == "build" else None
    return _run(job, names[0], *(("--", *flags.split()) if flags else ()))


def cleanup(job: Job, package: Package) -> Stop:
    """Run `heroku-cleanup`, if there is one."""
    if not package.table("scripts").get("heroku-cleanup"):
        return None
    job.tell(BLANK)
    job.tell("-----> Cleanup")
    return _run(job, "heroku-cleanup")


def _run(job: Job, name: str, *flags: str) -> Stop:
    """Run one script with the app's package manager."""
    node = job.plan.runtime(NODE)
    manager = node.manager if node else "npm"
    job.tell(f"{INDENT}Running {name}" + (" (yarn)" if manager == "yarn" else ""))
    began = len(job.output)
    ended = job.call([manager, "run", name, *flags], environ.variables(job))
    if ended.exit == 0:
        return None
    if ended.timed_out:
        return timed_out(job)
    lines = job.output[began:]
    return machine_faults.undecided(
        job, lines, killed=machine_faults.killed(ended.exit, lines)
    ) or Refusal(
        node_failures.reason(lines) or "unknown-build-script-error",
        (f" !     Error: {node_failures.headline(lines, f'The {name} script failed.')}",),
        "package.json",
        None,
        name,
    )
