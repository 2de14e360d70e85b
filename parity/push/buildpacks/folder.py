"""A buildpack in a folder on this machine, run through the Buildpack API.

https://devcenter.heroku.com/articles/buildpack-api (documented): bin/detect, bin/compile with
BUILD_DIR, CACHE_DIR and ENV_DIR, bin/release, and a file `export` for the buildpacks that follow.
"""

import json
import re
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from parity.push import detect
from parity.push.buildpacks import folder_faults
from parity.push.buildpacks.context import (
    BUILD_PATH,
    Job,
    Stop,
    blank,
    stopped,
    timed_out,
)
from parity.records import Ended, Refusal, Slug

_PAIR = re.compile(r"""\s+(["']?)([\w-]+)\1\s*:\s*(.*?)\s*""")
_TABLE = "default_process_types:"
_DUMP = 'set -a; . "$0" >/dev/null 2>&1; env -0'


def compile_app(job: Job, place: Path) -> tuple[Slug, str | None, dict[str, str], dict[str, str]]:
    """Return the slug, the buildpack's name for the app, its exports, its default process types.

    The name is None if it does not take the app. Raises `interrupt.Interrupted`, `Trouble`,
    `OSError`.
    """
    began = time.monotonic()
    label, stop = _detected(job, place)
    stop = stop or _compiled(job, place)
    slug = stopped(blank(job)._replace(installed=not stop), job, stop)
    slug = slug._replace(seconds=time.monotonic() - began)
    if stop:
        return slug, label, {}, {}
    return slug, label, _exported(job, place), _defaults(job, place)


def _detected(job: Job, place: Path) -> tuple[str | None, Stop]:
    """Return the name that bin/detect prints, or a refusal if it does not take the app."""
    lines: list[str] = []
    ended = _run(job, place, "detect", [str(job.folder)], lines)
    if ended.exit:
        return None, detect.incompatible(str(place), str(place))
    label = " ".join(lines[:1]) or place.name
    job.tell(f"-----> {label} app detected")
    return label, None


def _compiled(job: Job, place: Path) -> Stop:
    arguments = [str(job.folder), str(job.inner("cache")), str(job.env_dir())]
    began = len(job.output)
    ended = _run(job, place, "compile", arguments, None)
    if ended.exit == 0:
        return None
    if ended.timed_out:
        return timed_out(job)
    return folder_faults.undecided(job.output[began:]) or Refusal(
        "buildpack-compile-failed", ("",), None, None, f"{place}/bin/compile"
    )


def _run(job: Job, place: Path, name: str, arguments: list[str], lines: list[str] | None) -> Ended:
    """Run one of the buildpack's programs in its folder; its output goes to the log, or `lines`.

    The folder is what buildpacks rely on that name their own files by relative paths (observed).
    """

    def show(text: str) -> None:
        job.output.append(text)
        job.tell(text)

    # Through a shell, which prints the reason if the program cannot be run.
    program = str(place / "bin" / name)
    command = ["bash", "-c", 'cd "$0" && exec "$@"', str(place), program, *arguments]
    return job.call(command, _variables(job), on_line=show if lines is None else lines.append)


def _variables(job: Job) -> dict[str, str]:
    """Return the programs' environment. The config vars are not in it, only in files."""
    return {
        "PATH": BUILD_PATH,
        **job.exported,
        "HOME": str(job.home),
        "STACK": job.plan.stack,
        "SOURCE_VERSION": job.plan.source.commit or "",
        "BUILDPACK_LOG_FILE": "/dev/null",
    }


def _exported(job: Job, place: Path) -> dict[str, str]:
    """Return the variables that the file `export` sets for the buildpacks that follow."""
    script = place / "export"
    if not script.is_file():
        return {}
    before = {**_variables(job), "TMPDIR": "/tmp"}
    lines: list[str] = []
    job.call(["bash", "-c", _DUMP, str(script)], before, on_line=lines.append)
    pairs = (item.partition("=") for item in "\n".join(lines).split("\0"))
    after = {name: value for name, _, value in pairs if name}
    ignored = ("_", "SHLVL", "PWD", "OLDPWD", *before)
    changed = {k: v for k, v in after.items() if k not in ignored or v != before.get(k, v)}
    return {k: v for k, v in changed.items() if k not in ("_", "SHLVL", "PWD", "OLDPWD")}


def _defaults(job: Job, place: Path) -> dict[str, str]:
    """Return the default process types from bin/release, if there is one."""
    lines: list[str] = []
    if not (place / "bin" / "release").is_file():
        return {}
    ended = _run(job, place, "release", [str(job.folder)], lines)
    return dict(types("\n".join(lines))) if ended.exit == 0 else {}


def types(text: str) -> Iterator[tuple[str, str]]:
    """Parse `default_process_types` in bin/release's YAML: one table, indented or in braces.

    A YAML library would be a dependency just for these few lines.
    """
    _, table, rest = text.partition(_TABLE)
    first, _, block = rest.partition("\n")
    if not table:
        return
    if first.strip().startswith("{"):
        yield from _braces(first.strip())
    for line in block.splitlines() if not first.strip().startswith("{") else ():
        match = _PAIR.fullmatch(line)
        if line.strip() and not match:
            return
        if match and match[3]:
            yield match[2], _scalar(match[3])


def _braces(text: str) -> Iterator[tuple[str, str]]:
    try:
        pairs: Mapping[str, object] = dict(json.loads(text))
    except (ValueError, TypeError, RecursionError):
        inside = re.findall(r"(?<![\w-])([\w-]+)\s*:\s*([^,{}]+)", text)
        pairs = {name: _scalar(value.strip()) for name, value in inside}
    yield from ((name, str(value)) for name, value in pairs.items())


def _scalar(text: str) -> str:
    """Parse a YAML scalar on one line: plain, or quoted in either way."""
    if len(text) > 1 and text[0] == text[-1] == "'":
        return text[1:-1].replace("''", "'")
    if len(text) > 1 and text[0] == text[-1] == '"':
        return text[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    return re.sub(r"(?<!\s)\s+#.*$", "", text)
