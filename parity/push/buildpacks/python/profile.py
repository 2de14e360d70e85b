"""The `.profile.d` scripts with the same effects as those of the Python buildpack.

https://github.com/heroku/heroku-buildpack-python (bin/compile, vendor/; observed).
PYTHONHOME is left out, because a virtual environment is not a full prefix. The dyno's memory and
cores come from two variables of parity's, which do not reach the app.
"""

from pathlib import Path

from parity.push.buildpacks.python.hooks import NLTK_DATA

PYTHON = """\
export PATH="$HOME/.heroku/python/bin:$PATH"
export PYTHONUNBUFFERED=true
export LIBRARY_PATH="$HOME/.heroku/python/lib${LIBRARY_PATH:+:$LIBRARY_PATH}"
export LD_LIBRARY_PATH="$HOME/.heroku/python/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
export LANG="${LANG:-en_US.UTF-8}"
export PYTHONPATH="${PYTHONPATH:-$HOME}"
"""

NLTK = f'export NLTK_DATA="$HOME/{NLTK_DATA}"\n'

MANAGERS = {
    "pip": 'export PIP_DISABLE_PIP_VERSION_CHECK="1"\n',
    "pipenv": """\
export PATH="$HOME/.heroku/python/pipenv/bin:$PATH"
export PIPENV_SYSTEM="1"
export PIPENV_VERBOSITY="-1"
export VIRTUAL_ENV="$HOME/.heroku/python"
""",
}
"""The lines for package managers that are there at run time."""

GUNICORN = """\
export FORWARDED_ALLOW_IPS='*'
export GUNICORN_CMD_ARGS="${GUNICORN_CMD_ARGS:---access-logfile -}"
"""

WEB_CONCURRENCY = """\
dyno_mb="$PARITY_DYNO_MB"
dyno_cores="$PARITY_DYNO_CORES"
unset PARITY_DYNO_MB PARITY_DYNO_CORES
tell() { case "$DYNO" in web.*) echo "Python buildpack: $1" >&2 ;; esac; }
tell "Detected $dyno_mb MB available memory and $dyno_cores CPU cores."
export DYNO_RAM="$dyno_mb"
if [ -n "$WEB_CONCURRENCY" ]; then
  tell "Skipping automatic configuration of WEB_CONCURRENCY since it's already set."
else
  by_cores=$((dyno_cores * 2 + 1))
  by_memory=$((dyno_mb / 256 > 1 ? dyno_mb / 256 : 1))
  if [ "$dyno_cores" -gt 0 ] && [ "$by_cores" -lt "$by_memory" ]; then
    export WEB_CONCURRENCY="$by_cores"
    tell "Defaulting WEB_CONCURRENCY to $by_cores based on the number of CPU cores."
  else
    export WEB_CONCURRENCY="$by_memory"
    tell "Defaulting WEB_CONCURRENCY to $by_memory based on the available memory."
  fi
  export WEB_CONCURRENCY_SET_BY=heroku/python
fi
unset dyno_mb dyno_cores by_cores by_memory
unset -f tell
"""


def write(slug: Path, manager: str = "pip", *, nltk: bool) -> None:
    """Write the scripts into the slug; the app's own `.profile.d` files stay."""
    folder = slug / ".profile.d"
    folder.mkdir(exist_ok=True)
    scripts = {
        "python.sh": MANAGERS.get(manager, "") + (NLTK if nltk else "") + PYTHON,
        "python.gunicorn.sh": GUNICORN,
        "WEB_CONCURRENCY.sh": WEB_CONCURRENCY,
    }
    for name, text in scripts.items():
        path = folder / name
        if path.is_symlink():
            path.unlink()
        path.write_text(text)
