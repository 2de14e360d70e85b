"""Wheels from this machine's package index: build tools, and Node.js itself."""

import os
import shutil
import sys
from pathlib import Path

from parity.push import cache, downloads
from parity.push.buildpacks import pip_settings
from parity.push.buildpacks.context import BUILD_PATH, Job


def fetched(job: Job, wanted: str, python: Path, *, lock: str) -> list[str]:
    """Download the wheel for a requirement into the cache; return pip's output."""
    tools = cache.folder("tools")
    output: list[str] = []
    fresh = job.work / lock
    flags = ("--no-deps", "--only-binary=:all:", "-q", "-d", str(fresh))
    with cache.locked(lock):
        job.call(
            [*bundled(python), "download", *flags, wanted], variables(job), on_line=output.append
        )
    for wheel in fresh.glob("*.whl"):
        # Files in the cache must appear complete: a run may be killed at any moment.
        temporary = tools / f".{os.getpid()}-{wheel.name}"
        shutil.copyfile(wheel, temporary)
        cache.remove(tools / wheel.name)
        temporary.rename(tools / wheel.name)
    return output


def sound(wheel: Path) -> bool:
    """Return whether a wheel is complete and its checksums match, so that it can be unpacked."""
    import zipfile

    if wheel.is_symlink() or not wheel.is_file():
        return False
    try:
        with zipfile.ZipFile(wheel) as archive:
            return archive.testzip() is None
    except Exception:  # random bytes can cause any error
        return False


def bundled(python: Path) -> list[str]:
    """Return the command of a first pip, from the interpreter's or our `ensurepip`, or our own."""
    for prefix in (python.parent.parent, Path(sys.base_prefix)):
        for wheel in prefix.glob("lib/python3*/ensurepip/_bundled/pip-*.whl"):
            return [str(python), f"{wheel}/pip"]
    return [sys.executable, "-P", "-m", "pip"]  # -P: never a `pip.py` in the working folder


def variables(job: Job) -> dict[str, str]:
    """Return pip's environment: of this machine's settings only those for reaching the index."""
    return {
        **pip_settings.variables(),
        "HOME": str(job.home),
        "PATH": BUILD_PATH,
        "LANG": "en_US.UTF-8",
        "PYTHONUNBUFFERED": "1",
        "PIP_CACHE_DIR": str(downloads.folder("pip")),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_NO_INPUT": "1",
        "GIT_CONFIG_NOSYSTEM": "1",
    }
