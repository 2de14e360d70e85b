"""The Node.js buildpack's variables for the dyno and for the next buildpack.

They have the same effects as https://github.com/heroku/heroku-buildpack-nodejs (profile/,
lib/environment.sh; observed). The dyno's memory comes from a variable of parity's, which does not
reach the app.
"""

from pathlib import Path

from parity.facts.nodejs import BUILD_OPTIONS
from parity.push.buildpacks.context import BUILD_PATH, Job

NODE = """\
export PATH="$HOME/.heroku/node/bin:$HOME/.heroku/yarn/bin:$HOME/.heroku/pnpm/bin:$PATH"
export PATH="$PATH:$HOME/bin:$HOME/node_modules/.bin"
export NODE_HOME="$HOME/.heroku/node"
export NODE_ENV="${NODE_ENV:-production}"
"""

WEB_CONCURRENCY = """\
export MEMORY_AVAILABLE="${MEMORY_AVAILABLE:-$PARITY_DYNO_MB}"
if [ -z "$WEB_MEMORY" ]; then
  if [ "$MEMORY_AVAILABLE" -gt 16384 ] 2>/dev/null; then WEB_MEMORY=2048; else WEB_MEMORY=512; fi
fi
export WEB_MEMORY
if [ -z "$WEB_CONCURRENCY" ]; then
  WEB_CONCURRENCY=$((MEMORY_AVAILABLE / WEB_MEMORY > 1 ? MEMORY_AVAILABLE / WEB_MEMORY : 1))
  export WEB_CONCURRENCY_SET_BY=heroku/nodejs
fi
export WEB_CONCURRENCY
"""

PNPM = """\
export pnpm_config_verify_deps_before_run="${pnpm_config_verify_deps_before_run:-warn}"
"""
"""For versions of pnpm that otherwise install again, as node_modules has moved since the build."""

FIRST_TO_VERIFY = 11
"""The first major version of pnpm that compares node_modules with the lock file before it runs a
script: https://pnpm.io/settings#verifydepsbeforerun (documented)."""


def write(slug: Path) -> None:
    """Write the scripts into the slug; the app's own `.profile.d` files stay.

    The Python buildpack also has a `WEB_CONCURRENCY.sh`: the later buildpack's wins.
    """
    _write(slug, "nodejs.sh", NODE)
    _write(slug, "WEB_CONCURRENCY.sh", WEB_CONCURRENCY)


def write_pnpm(slug: Path, version: str) -> None:
    """Write the script for a version of pnpm that needs one."""
    major = version.partition(".")[0]
    if major.isdecimal() and int(major) >= FIRST_TO_VERIFY:
        _write(slug, "pnpm.sh", PNPM)


def _write(slug: Path, name: str, text: str) -> None:
    """Write one script, never through a link of the app's."""
    folder = slug / ".profile.d"
    folder.mkdir(exist_ok=True)
    path = folder / name
    if path.is_symlink():
        path.unlink()
    path.write_text(text)


def exports(job: Job) -> dict[str, str]:
    """Return the variables for the buildpacks that follow."""
    slug, path = job.folder, job.exported.get("PATH", BUILD_PATH)
    own = ":".join(str(slug / ".heroku" / name / "bin") for name in ("node", "yarn", "pnpm"))
    return {
        "PATH": f"{own}:{path}:{slug / 'node_modules' / '.bin'}",
        "NODE_HOME": str(slug / ".heroku" / "node"),
        "NODE_OPTIONS": job.plan.config.values.get("NODE_OPTIONS", BUILD_OPTIONS),
    }
