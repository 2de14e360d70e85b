"""The Python buildpack's build: install, collect static files, scripts.

In the order of bin/compile: https://github.com/heroku/heroku-buildpack-python (observed).
"""

import time
from pathlib import Path

from parity.facts.buildpacks import PYTHON
from parity.push.buildpacks import intermediate, pip_settings
from parity.push.buildpacks.context import Job, Stop, Undecided, blank, stopped
from parity.push.buildpacks.python import (
    environ,
    hooks,
    interpreters,
    previous_build,
    profile,
    site,
)
from parity.push.buildpacks.python.decision import decide
from parity.push.buildpacks.python.django import collectstatic
from parity.push.buildpacks.python.install import Installed, NotInstalled, install
from parity.records import Interpreter, Runtime, Slug


def compile_app(job: Job) -> Slug:
    """Return the slug of a Python app.

    Raises `interrupt.Interrupted`, `Trouble`, `OSError`.
    """
    began = time.monotonic()
    job = job._replace(exported={**job.exported, **_libraries(environ.root(job))})
    job, stop = _decided(job)
    slug, python = blank(job), job.plan.runtime(PYTHON)
    if not stop:
        assert python, "what refuses nothing has decided"
        interpreter = interpreters.find(python.version)
        if interpreter:
            slug = slug._replace(interpreters={PYTHON: interpreter})
            slug, stop = _compiled(job, python, slug, interpreter)
        else:
            stop = Undecided(f"neither Python {python.version} nor one near it is on this machine")
    return stopped(slug, job, stop)._replace(seconds=time.monotonic() - began)


def _decided(job: Job) -> tuple[Job, Stop]:
    """Run the app's first hook, if there is one, and decide about the tree that it leaves."""
    if not hooks.has(job.folder, hooks.BEFORE):
        return job, None
    stop = hooks.hook(job, hooks.BEFORE)
    if stop:
        return job, stop
    source = intermediate.tree(job.plan.source, job.folder)
    decision = decide(source, job.plan.config, job.plan.stack)
    plan, refusal = intermediate.decided(job, decision)
    return job._replace(plan=plan), refusal


def _libraries(python: Path) -> dict[str, str]:
    """Return the variables with which compilers and programs find files beside Python."""
    return {
        "C_INCLUDE_PATH": f"{python}/include",
        "CPLUS_INCLUDE_PATH": f"{python}/include",
        "LIBRARY_PATH": f"{python}/lib",
        "LD_LIBRARY_PATH": f"{python}/lib",
        "PKG_CONFIG_PATH": f"{python}/lib/pkg-config",
    }


def _compiled(job: Job, python: Runtime, slug: Slug, interpreter: Interpreter) -> tuple[Slug, Stop]:
    """Run the steps that need Python, up to the first that stops the build."""
    now = previous_build.of(job.plan, job.folder)
    last = previous_build.last(job.plan.source)
    for line in previous_build.lines(last, now):
        job.tell(line)
    cached = last is not None and not previous_build.changed(last, now)
    verb = "Using cached install of" if cached else "Installing"
    job.tell(f"-----> {verb} Python {python.version}")
    installed = install(job, python, interpreter, cached=cached)
    slug = slug._replace(fits=installed.fits)
    if isinstance(installed, NotInstalled):
        return slug, installed.stop
    _link(job.folder, installed.place)
    packages = site.distributions(installed.place)
    slug = slug._replace(
        environment=installed.place,
        cached=installed.cached,
        packages=packages,
        installed=True,
        installer=installed.version,
    )
    job = _exporting(job, installed)
    stop = hooks.nltk(job, packages) or collectstatic(job, packages)
    if stop:
        return slug, stop
    profile.write(job.folder, python.manager, nltk="nltk" in packages)
    stop = hooks.hook(job, "post_compile")
    if not stop:
        job.tell("-----> Saving cache")
        previous_build.note(job.plan.source, now)
    return slug._replace(packages=site.distributions(installed.place)), stop


def _exporting(job: Job, installed: Installed) -> Job:
    """Return the job with the package manager's exports for the later steps.

    In those it may use the network again, so this machine's network settings are added.
    """
    path, variables = installed.exported
    more = {"PATH": f"{path}:{environ.path(job)}", **pip_settings.network()} if path else {}
    return job._replace(exported={**job.exported, **variables, **more})


def _link(slug: Path, place: Path) -> None:
    """Link `.heroku/python` in the slug to the environment."""
    heroku = slug / ".heroku"
    heroku.mkdir(exist_ok=True)
    (heroku / "python").symlink_to(place)
