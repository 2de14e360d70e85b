"""What the Python buildpack does once it has decided: install, collect static files, scripts.

The order of bin/compile: https://github.com/heroku/heroku-buildpack-python (observed).
"""

import time
from pathlib import Path

from parity.push.buildpacks.job import Job, Stop, Undecided
from parity.push.buildpacks.python import before, hooks, interpreters, profile, settings, site
from parity.push.buildpacks.python.django import collectstatic
from parity.push.buildpacks.python.install import Installed, install
from parity.records import Interpreter, Python, Refusal, Slug


def compile_app(job: Job, python: Python) -> Slug:
    """The slug of a Python app.

    Raises `interrupt.Interrupted`, `interrupt.Trouble`, `OSError`.
    """
    began = time.monotonic()
    slug = Slug(
        plan=job.plan,
        root=job.folder,
        interpreter=None,
        environment=None,
        cached=False,
        output=(),
        packages={},
        refusal=None,
        unknown=None,
        seconds=0.0,
        installed=False,
    )
    job = job._replace(exported={**job.exported, **_libraries(job.python)})
    stop = hooks.hook(job, "pre_compile")
    if not stop:
        interpreter = interpreters.find(python.version)
        if interpreter:
            slug, stop = _compiled(job, python, slug._replace(interpreter=interpreter), interpreter)
        else:
            stop = Undecided(f"neither Python {python.version} nor one near it is on this machine")
    return slug._replace(
        output=tuple(job.output),
        refusal=stop if isinstance(stop, Refusal) else None,
        unknown=stop.why if isinstance(stop, Undecided) else None,
        seconds=time.monotonic() - began,
    )


def _libraries(python: Path) -> dict[str, str]:
    """Where compilers and programs look for what a step of the build has put beside Python."""
    return {
        "C_INCLUDE_PATH": f"{python}/include",
        "CPLUS_INCLUDE_PATH": f"{python}/include",
        "LIBRARY_PATH": f"{python}/lib",
        "LD_LIBRARY_PATH": f"{python}/lib",
        "PKG_CONFIG_PATH": f"{python}/lib/pkg-config",
    }


def _compiled(job: Job, python: Python, slug: Slug, interpreter: Interpreter) -> tuple[Slug, Stop]:
    """The steps that need Python; those after a stop are left out."""
    now = before.of(job.plan, job.folder)
    last = before.last(job.plan.source)
    for line in before.lines(last, now):
        job.tell(line)
    cached = last is not None and not before.changed(last, now)
    verb = "Using cached install of" if cached else "Installing"
    job.tell(f"-----> {verb} Python {python.version}")
    installed = install(job, python, interpreter, cached=cached)
    if not isinstance(installed, Installed):
        return slug, installed
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
        before.note(job.plan.source, now)
    return slug._replace(packages=site.distributions(installed.place)), stop


def _exporting(job: Job, installed: Installed) -> Job:
    """The job with what the package manager leaves for the steps after it.

    It may go to the network again there, on the ways of this machine.
    """
    path, variables = installed.exported
    more = {"PATH": f"{path}:{job.path}", **settings.network()} if path else {}
    return job._replace(exported={**job.exported, **variables, **more})


def _link(slug: Path, place: Path) -> None:
    """`.heroku/python` in the slug leads to the environment."""
    heroku = slug / ".heroku"
    heroku.mkdir(exist_ok=True)
    (heroku / "python").symlink_to(place)
