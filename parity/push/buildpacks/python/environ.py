"""The environment of the Python buildpack's steps.

https://devcenter.heroku.com/articles/python-support#build-behavior (documented).
"""

from pathlib import Path

from parity.push.buildpacks.context import BUILD_PATH, Job

_HIDDEN = frozenset(
    ("PATH", "CPATH", "CPPATH", "LD_PRELOAD", "LIBRARY_PATH", "LD_LIBRARY_PATH", "PYTHONHOME")
)
"""Config vars that no step sees."""


def root(job: Job) -> Path:
    """Where the slug has its Python."""
    return job.folder / ".heroku" / "python"


def path(job: Job) -> str:
    """PATH of a step: what was exported, Python's own folder in it, and the build image's."""
    exported, own = job.exported.get("PATH", BUILD_PATH), str(root(job) / "bin")
    return exported if own in exported.split(":") else f"{own}:{exported}"


def variables(job: Job) -> dict[str, str]:
    """What hooks, downloads and collectstatic see: the build's variables and config vars."""
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
