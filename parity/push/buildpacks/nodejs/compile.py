"""The Node.js buildpack's build: install, build, prune, scripts.

In the order of bin/compile: https://github.com/heroku/heroku-buildpack-nodejs (observed).
"""

import time

from parity.facts.buildpacks import NODE
from parity.facts.phrases import message
from parity.push import tree
from parity.push.buildpacks.context import Job, Stop, Undecided, blank, stopped
from parity.push.buildpacks.nodejs import install, modules, node, profile, scripts, tools
from parity.push.buildpacks.nodejs.messages import BLANK
from parity.push.buildpacks.nodejs.package import Package, read
from parity.records import Interpreter, Runtime, Slug

NO_START = message("This app may not specify any way to start a node process")
NO_START_LINK = (
    "       https://devcenter.heroku.com/articles/nodejs-support#default-web-process-type"
)


def compile_app(job: Job) -> Slug:
    """Return the slug of a Node.js app. Raises `interrupt.Interrupted`, `Trouble`, `OSError`."""
    began = time.monotonic()
    slug, decided = blank(job), job.plan.runtime(NODE)
    assert decided, "decided before"
    here = node.find(job, decided.version)
    package = read(job.plan.source) or Package({})
    if here is None:
        stop: Stop = Undecided(f"neither Node.js {decided.version} nor another one is here")
    else:
        job = job._replace(interpreter=here)
        slug = slug._replace(interpreters={NODE: here})
        slug, stop = _compiled(job, decided, slug, here, package)
    return stopped(slug, job, stop)._replace(seconds=time.monotonic() - began)


def _compiled(
    job: Job, decided: Runtime, slug: Slug, here: Interpreter, package: Package
) -> tuple[Slug, Stop]:
    """Run the steps that need Node.js, up to the first that stops the build."""
    tools.put(job, here)
    job.tell("       Validating checksum")
    stop, managers = tools.install(job, decided, here, package)
    slug, stop = slug._replace(tools=managers), stop or scripts.before(job, package)
    if stop:
        return slug, install.failing(stop)
    stop, cached = modules.installed(job, decided, here, package)
    if stop:
        return slug, install.failing(stop)
    slug = slug._replace(installed=True, cached=cached)
    stop = scripts.cleanup(job, package)
    if stop:
        return slug, install.failing(stop)
    _end(job, package)
    profile.write(job.folder)
    return slug, None


def _end(job: Job, package: Package) -> None:
    job.tell(BLANK)
    job.tell("-----> Build succeeded!")
    started = "start" in package.table("scripts") or (job.folder / "server.js").is_file()
    if not started and not tree.file(job.plan.source, "Procfile"):
        for line in (*NO_START, NO_START_LINK, BLANK):
            job.tell(line)
