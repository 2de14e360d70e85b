"""The environment of the Python buildpack's steps.

https://devcenter.heroku.com/articles/python-support#build-behavior (documented).
"""

from pathlib import Path

from parity.push.buildpacks.context import BUILD_PATH, Job

_HIDDEN = frozenset(
    ("PATH", "CPATH", "CPPATH", "LD_PRELOAD", "LIBRARY_PATH", "LD_LIBRARY_PATH", "PYTHONHOME")
)
"""Config vars that the steps do not get."""


def root(job: Job) -> Path:
    """Return the path of Python in the slug."""
    return job.folder / ".heroku" / "python"


def path(job: Job) -> str:
    """Return PATH for a step: Python's own folder, and what was exported or the build image's."""
    exported, own = job.exported.get("PATH", BUILD_PATH), str(root(job) / "bin")
    return exported if own in exported.split(":") else f"{own}:{exported}"


def variables(job: Job) -> dict[str, str]:
    """Return the variables for hooks, downloads and collectstatic, including config vars."""
    config = job.plan.config.values
    shown = {name: value for name, value in config.items() if name not in _HIDDEN}
    return {
        "LANG": "en_US.UTF-8",
        **job.exported,
        **shown,
        "HOME": str(job.home),
        "PATH": path(job),
        "PYTHONUNBUFFERED": "1",
        "STACK": job.plan.stack,
        "SOURCE_VERSION": job.plan.source.commit or "",
        "BUILD_DIR": str(job.folder),
        "CACHE_DIR": str(job.inner("cache")),
        "ENV_DIR": str(job.env_dir()),
    }
