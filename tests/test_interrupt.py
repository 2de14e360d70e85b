"""A signal ends parity whatever it is doing: in the middle of a match, and with a dyno up."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

pytestmark = pytest.mark.net

ENDLESS = 're.match("(a|a)*b", "a" * 60)'
"""Takes practically forever, and never gets to a check."""

MATCHING = f"""\
import re
from parity.system import interrupt
interrupt.install()
print("ready", flush=True)
try:
    {ENDLESS}
except interrupt.Interrupted as ended:
    raise SystemExit(128 + ended.signum)
"""

REHEARSING = f"""\
import re, sys
import parity
from parity.system import interrupt
def told(verdict):
    print("ready", flush=True)
    {ENDLESS}
interrupt.install()
verdict = parity.rehearse(sys.argv[1], on_verdict=told)
raise SystemExit(verdict.exit_code)
"""

UNWILLING = f"""\
import re
from parity.system import interrupt
interrupt.install()
print("ready", flush=True)
try:
    {ENDLESS}
except interrupt.Interrupted:
    print("unwinding", flush=True)
    {ENDLESS}
"""
"""Hangs again while it cleans up."""


def started(code: str, *argv: str, **env: str) -> "subprocess.Popen[str]":
    """Start Python with `code`, and wait until it says that it is ready."""
    process = subprocess.Popen(
        [sys.executable, "-c", code, *argv],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **env},
    )
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_match_is_ended(signum: signal.Signals) -> None:
    """One signal is enough."""
    with started(MATCHING) as process:
        process.send_signal(signum)
        assert process.wait(60) == 128 + signum


def test_a_cleaning_up_that_hangs_is_ended_by_a_second_signal() -> None:
    """A second signal ends the process as it is."""
    with started(UNWILLING) as process:
        process.send_signal(signal.SIGINT)
        assert process.stdout
        assert process.stdout.readline() == "unwinding\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 130


def test_nothing_is_left_of_a_dyno(tmp_path: Path) -> None:
    """A rehearsal that computes with its dyno up leaves no process and no folder."""
    app, temporary, home = (tmp_path / name for name in ("app", "tmp", "home"))
    for folder in (app, temporary, home):
        folder.mkdir()
    (app / "requirements.txt").write_text("")
    (app / "Procfile").write_text("web: python3 -m http.server $PORT\n")
    env = {"TMPDIR": str(temporary), "HOME": str(home), "XDG_CACHE_HOME": str(home / "cache")}
    with started(REHEARSING, str(app), **env) as process:
        below = psutil.Process(process.pid).children(recursive=True)
        assert below
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
        assert psutil.wait_procs(below, timeout=10)[1] == []
    assert list(temporary.glob("parity-*")) == []
