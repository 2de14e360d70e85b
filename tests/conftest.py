"""What all tests share: folders of their own, the three layers, and the installers.

A test is `fast` unless it is marked `real` (it starts processes or opens sockets) or `net` (it
needs a package index, too). A fast test that does either fails.
"""

import fcntl
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

OWN = Path(__file__).parents[1] / ".pytest_cache" / "parity"
"""The suite's own folders, kept between runs: the user's cache and configuration are not used."""

PIP = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "pip"


def _own_folders() -> None:
    """Point parity at the suite's own cache, and at a configuration with the user's index alone."""
    for name in ("cache", "config"):
        (OWN / name).mkdir(parents=True, exist_ok=True)
        os.environ[f"XDG_{name.upper()}_HOME"] = str(OWN / name)
    link = OWN / "config" / "pip"
    if PIP.is_dir() and not link.exists() and link != PIP:
        link.symlink_to(PIP)
    os.environ.pop("PARITY_CACHE_DIR", None)
    # Python's own cache, too: without one, each process of a test compiles everything again.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = str(OWN / "bytecode")
    sys.dont_write_bytecode, sys.pycache_prefix = False, str(OWN / "bytecode")


_own_folders()

from parity.cli.pytest_plugin import import_all  # noqa: E402
from parity.rules.texts import Texts  # noqa: E402
from tests.recorded import Recording  # noqa: E402

import_all()
hypothesis.settings.register_profile("busy", deadline=None)
hypothesis.settings.load_profile("busy")  # how long one example takes is the machine's affair
Texts.strict = True

# A runner under nohup ignores SIGHUP, and what the tests start would inherit that.
signal.signal(signal.SIGHUP, signal.SIG_DFL)

SLOWER = ("real", "net")
STARTS = frozenset(
    {
        *("subprocess.Popen", "os.fork", "os.forkpty", "os.posix_spawn", "os.exec"),
        *("socket.bind", "socket.connect", "socket.getaddrinfo"),
    }
)
"""Audit events of what a fast test does not do."""

_done: list[str] | None = None
"""What the fast test that runs now has done of that."""


def _watched(event: str, _: object) -> None:
    if _done is not None and event in STARTS:
        _done.append(event)


sys.addaudithook(_watched)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option to record."""
    parser.addoption(
        "--record",
        action="store_true",
        help="run only the tests that leave a recording, and write tests/recordings anew",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark as `fast` what is in no slower layer; leave out what is judged by its recording."""
    recording = Recording.on = config.getoption("--record")
    chosen, left = [], []
    for item in items:
        if not any(item.get_closest_marker(name) for name in SLOWER):
            item.add_marker(pytest.mark.fast)
        mark = item.get_closest_marker("recorded")
        runs = mark is not None if recording else not (mark and mark.kwargs["skipped"])
        (chosen if runs else left).append(item)
    config.hook.pytest_deselected(items=left)
    items[:] = chosen


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Fail a fast test that starts a process or opens a connection."""
    global _done
    _done = [] if item.get_closest_marker("fast") else None
    try:
        yield
        assert not _done, f"mark it `real` or `net`: a fast test has done {_done}"
    finally:
        _done = None


@pytest.fixture(scope="session")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the installers as a build downloads them, once for all workers of this run."""
    from tests.builds import fetched

    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    folder = shared / "tools"
    with (shared / "tools.lock").open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not lock.seek(0, os.SEEK_END):
            fetched(folder)
            lock.write("fetched")
    return folder / "cache" / "tools"
