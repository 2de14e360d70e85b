"""The environment of the Node.js buildpack's steps.

Config vars are exported to the whole build, unlike Python's:
https://devcenter.heroku.com/articles/nodejs-support#build-behavior (documented).
"""

from parity.facts.buildpacks import NODE
from parity.facts.nodejs import BUILD_OPTIONS, DEFAULT_ENV
from parity.push import downloads
from parity.push.buildpacks.context import BUILD_PATH, Job
from parity.push.buildpacks.nodejs import settings
from parity.push.buildpacks.nodejs.package import BERRY

_HIDDEN = frozenset("PATH GIT_DIR CPATH CPPATH LD_PRELOAD LIBRARY_PATH LANG BUILD_DIR HOME".split())


def variables(job: Job) -> dict[str, str]:
    """Return the variables of every step; the last group, for the downloads, is parity's own."""
    config = job.plan.config.values
    shown = {name: value for name, value in config.items() if name not in _HIDDEN}
    return {
        **DEFAULT_ENV,
        "NODE_OPTIONS": BUILD_OPTIONS,
        **job.exported,
        **shown,
        **settings.network(),
        "HOME": str(job.home),
        "PATH": path(job),
        "STACK": job.plan.stack,
        "SOURCE_VERSION": job.plan.source.commit or "",
        "BUILD_DIR": str(job.folder),
        **_downloads(job),
    }


def path(job: Job) -> str:
    """Return PATH, on which the slug's own Node.js and package managers come first."""
    own = (str(job.folder / ".heroku" / name / "bin") for name in ("node", "yarn", "pnpm"))
    return ":".join((*own, job.exported.get("PATH", BUILD_PATH)))


def _downloads(job: Job) -> dict[str, str]:
    """Return the variables that keep downloads in parity's cache, without hard links to it."""
    node = job.plan.runtime(NODE)
    npmrc = job.work / "npmrc"
    if not npmrc.exists():
        npmrc.write_text("".join(f"{line}\n" for line in settings.lines()))
    env = {
        "npm_config_cache": str(downloads.folder("npm")),
        "npm_config_globalconfig": str(npmrc),
        "npm_config_update_notifier": "false",
    }
    if node and node.manager == "pnpm":
        for prefix in ("npm_config", "pnpm_config"):
            env[f"{prefix}_store_dir"] = str(downloads.folder("pnpm"))
            env[f"{prefix}_package_import_method"] = "copy"
    if node and node.manager == "yarn":
        own = {"YARN_CACHE_FOLDER": str(downloads.folder("yarn"))}
        env |= _berry() if node.edition == BERRY else own
    return env


def _berry() -> dict[str, str]:
    """Return the variables for Yarn 2 and newer, which keeps its downloads in the app.

    It does so on Heroku, too: Yarn's loader runs the packages from there.
    """
    registry = settings.registry()
    own = {"YARN_NPM_REGISTRY_SERVER": registry} if registry != settings.REGISTRY else {}
    return {**own, "YARN_ENABLE_GLOBAL_CACHE": "false", "YARN_ENABLE_TELEMETRY": "0"}
