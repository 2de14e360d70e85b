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
    """What every step sees; the last group is parity's own: where downloads are kept."""
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
    """The slug's own Node.js and package managers come first."""
    own = (str(job.folder / ".heroku" / name / "bin") for name in ("node", "yarn", "pnpm"))
    return ":".join((*own, job.exported.get("PATH", BUILD_PATH)))


def _downloads(job: Job) -> dict[str, str]:
    """Where the package managers keep what they fetch: in parity's cache, never by hard links."""
    node = job.plan.runtime(NODE)
    settled = job.work / "npmrc"
    if not settled.exists():
        settled.write_text("".join(f"{line}\n" for line in settings.lines()))
    found = {
        "npm_config_cache": str(downloads.folder("npm")),
        "npm_config_globalconfig": str(settled),
        "npm_config_update_notifier": "false",
    }
    if node and node.manager == "pnpm":
        for prefix in ("npm_config", "pnpm_config"):
            found[f"{prefix}_store_dir"] = str(downloads.folder("pnpm"))
            found[f"{prefix}_package_import_method"] = "copy"
    if node and node.manager == "yarn":
        own = {"YARN_CACHE_FOLDER": str(downloads.folder("yarn"))}
        found |= _berry() if node.edition == BERRY else own
    return found


def _berry() -> dict[str, str]:
    """Yarn 2 and newer keeps its downloads in the app, as on Heroku: its loader runs them there."""
    registry = settings.registry()
    own = {"YARN_NPM_REGISTRY_SERVER": registry} if registry != settings.REGISTRY else {}
    return {**own, "YARN_ENABLE_GLOBAL_CACHE": "false", "YARN_ENABLE_TELEMETRY": "0"}
