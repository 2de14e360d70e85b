"""Wheels from this machine's package index: tools of a build, and Node.js itself."""

import os
import shutil
import sys
from pathlib import Path

from parity.push import cache, downloads
from parity.push.buildpacks import pip_settings
from parity.push.buildpacks.context import BUILD_PATH, Job


def fetched(job: Job, wanted: str, python: Path, *, lock: str) -> list[str]:
    """Download the wheel of a requirement into the cache; what pip printed."""
    tools = cache.folder("tools")
    told: list[str] = []
    fresh = job.work / lock
    flags = ("--no-deps", "--only-binary=:all:", "-q", "-d", str(fresh))
    with cache.locked(lock):
        job.call(
            [*bundled(python), "download", *flags, wanted], variables(job), on_line=told.append
        )
    for wheel in fresh.glob("*.whl"):
        # A file of the cache appears whole: a run may be killed at any moment.
        temporary = tools / f".{os.getpid()}-{wheel.name}"
        shutil.copyfile(wheel, temporary)
        cache.remove(tools / wheel.name)
        temporary.rename(tools / wheel.name)
    return told


def sound(wheel: Path) -> bool:
    """Whether a wheel can be unpacked: all of it is there, and as its checksums say."""
    import zipfile

    if wheel.is_symlink() or not wheel.is_file():
        return False
    try:
        with zipfile.ZipFile(wheel) as archive:
            return archive.testzip() is None
    except Exception:  # whatever random bytes make of a reader
        return False


def bundled(python: Path) -> list[str]:
    """A pip to begin with: that of the interpreter's or of our own `ensurepip`, or beside us."""
    for prefix in (python.parent.parent, Path(sys.base_prefix)):
        for found in prefix.glob("lib/python3*/ensurepip/_bundled/pip-*.whl"):
            return [str(python), f"{found}/pip"]
    return [sys.executable, "-P", "-m", "pip"]  # no `pip.py` of the folder that it is started in


def variables(job: Job) -> dict[str, str]:
    """pip's environment: this machine's way to the index, and nothing else of it."""
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
