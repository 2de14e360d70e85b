"""Django's collectstatic during the build: https://devcenter.heroku.com/articles/django-assets.

The conditions for it and the names of its failures: github.com/heroku/heroku-buildpack-python
bin/steps/collectstatic (observed).
"""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from parity.facts.phrases import message
from parity.facts.python import collectstatic_failure
from parity.push.buildpacks.context import Job, Stop, timed_out
from parity.push.buildpacks.python import environ
from parity.records import Refusal

DEEPEST = 3
"""Number of folder levels in which manage.py is looked for."""

_SILENT = re.compile(r"Post-processed|Copying|$")


def collectstatic(job: Job, packages: Mapping[str, str]) -> Stop:
    """Run `manage.py collectstatic` if the buildpack would."""
    manage = _manage(job, packages)
    if manage is None:
        return None
    job.tell(f"-----> $ python {manage} collectstatic --noinput")
    began = len(job.output)

    def show(text: str) -> None:
        if not _SILENT.match(text):
            job.print(text)

    env = {"PYTHONPATH": ".", **environ.variables(job)}
    command = ["python", manage, "collectstatic", "--noinput", "--traceback"]
    ended = job.call(command, env, on_line=show)
    job.tell("")
    if ended.timed_out:
        return timed_out(job)
    if ended.exit == 0:
        return None
    return _refusal(job.output[began:], manage)


def _manage(job: Job, packages: Mapping[str, str]) -> str | None:
    """Return the manage.py to run; if None, print the reason where the buildpack does."""
    if (job.folder / ".heroku" / "collectstatic_disabled").is_file():
        job.tell(
            "-----> Skipping Django collectstatic since the file"
            " '.heroku/collectstatic_disabled' exists."
        )
        return None
    if job.plan.config.values.get("DISABLE_COLLECTSTATIC", "0") not in ("", "0"):
        why = "the env var DISABLE_COLLECTSTATIC is set"
    elif "django" not in packages:
        return None
    else:
        near = sorted(_files(job.folder), key=lambda path: (path.count("/"), path))
        if near:
            return near[0]
        why = "no manage.py file found"
    job.tell(f"-----> Skipping Django collectstatic since {why}.")
    return None


def _files(folder: Path) -> Iterator[str]:
    """Yield every manage.py down to the level that the buildpack searches."""
    for place, folders, files in os.walk(folder):
        inside = os.path.relpath(place, folder)
        depth = 1 if inside == "." else inside.count("/") + 2
        if "manage.py" in files and not Path(place, "manage.py").is_symlink():
            yield os.path.normpath(f"{inside}/manage.py")
        if depth == DEEPEST:
            folders.clear()


def _refusal(output: list[str], manage: str) -> Refusal:
    """Return the refusal for a failed command, with Heroku's reason for its output."""
    lines = message(
        "Error: Unable to generate Django static files.",
        "",
        f"The 'python {manage} collectstatic --noinput' Django",
        "management command to generate static files failed.",
        "",
        "See the traceback above for details.",
    )
    return Refusal(collectstatic_failure(output), ("", *lines, ""), manage)
