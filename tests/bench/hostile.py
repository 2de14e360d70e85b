"""Apps whose build or start leaves as much as possible; killed at any moment of `parity run`."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

from tests.misbehaving import ENDINGS, Case, Outcome, Run

DAEMONS = """
import os, signal, sys, time
def daemon(number, clear, session=True):
    if os.fork():
        return
    if session:
        os.setsid()
    if os.fork():
        os._exit(0)
    for signum in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
        signal.signal(signum, signal.SIG_IGN)
    os.closerange(0, 1000)
    for _ in range(3):
        if os.fork() == 0:
            break
    loop = "trap '' TERM HUP INT QUIT; while :; do sleep 0.1 || :; done; : " + number
    os.execve("/bin/bash", ["bash", "-c", loop], {} if clear else dict(os.environ))
for clear in (True, False):
    for session in (True, False):
        daemon("{n}", clear, session)
"""
"""Forks twice, ignores every signal, with or without its own session and environment."""

DEEP = """
import os
here = os.open(".", os.O_RDONLY)
os.makedirs("deep/locked/inner"); os.chmod("deep/locked", 0); os.chdir("deep")
for _ in range(1500): os.mkdir("a"); os.chdir("a")
os.fchdir(here)
"""
SHARED = """
import mmap, os, time
file = os.open("/dev/shm/{n}", os.O_RDWR | os.O_CREAT); os.write(file, b"x" * 4096)
shared = mmap.mmap(file, 4096)
"""
BACKEND = """
import os, sys, time
if not os.fork():
    exec(DAEMONS)
    os._exit(0)
time.sleep(0.5)
def build_wheel(*_, **__): raise SystemExit("never built")
prepare_metadata_for_build_wheel = build_wheel
"""
PROJECT = """[build-system]
requires = []
build-backend = "own"
backend-path = ["."]
[project]
name = "omega"
version = "1.0"
"""
SERVER = """
import os
from http.server import HTTPServer, SimpleHTTPRequestHandler
HTTPServer(("0.0.0.0", int(os.environ["PORT"])), SimpleHTTPRequestHandler).serve_forever()
"""
BREEDS = "breed() { setsid sleep {n} & sleep 0.05; [ $1 = 0 ] || breed $(($1 - 1)) & }; breed 15;"


def _hook(code: str, after: str = "") -> str:
    return f"#!/bin/bash\npython3 - <<'END'\n{code}\nEND\n{after}"


PLAIN = {"app.py": SERVER, "requirements.txt": ""}
APPS = {
    "setup.py with daemons": {
        **PLAIN,
        "requirements.txt": "./omega\n",
        "omega/own.py": f"DAEMONS = {DAEMONS!r}\n{BACKEND}",
        "omega/pyproject.toml": PROJECT,
    },
    "hook with daemons": {**PLAIN, "bin/post_compile": _hook(DAEMONS, "sleep 0.5")},
    "hook that ignores signals": {
        **PLAIN,
        "bin/pre_compile": "trap '' TERM HUP INT QUIT\nfor n in $(seq 20); do sleep 0.1; done\n",
    },
    "hook that breeds": {**PLAIN, "bin/post_compile": f"{BREEDS}\nsleep 0.5\n"},
    "hook with a deep folder": {**PLAIN, "bin/post_compile": _hook(DEEP, "chmod 700 deep/locked")},
    "hook with shared memory": {**PLAIN, "bin/post_compile": _hook(SHARED + "time.sleep(1)")},
    "app with daemons": {**PLAIN, "app.py": DAEMONS + SERVER},
    "app with a deep folder": {**PLAIN, "app.py": DEEP + SERVER},
    "app with shared memory": {**PLAIN, "app.py": SHARED + SERVER},
    "app that behaves": PLAIN,
}
LATEST = 4.0
"""Seconds after exec within which a run is ended; on a busy machine a run takes longer."""

LONGEST = 60.0
"""Seconds after which a run counts as hung: some write thousands of folders."""

SWEEP = "from parity.dyno.abandoned import workspace\nwith workspace(): pass"


class Build(Case):
    """One random run of all of parity."""

    __slots__ = ()

    def wrong(self, outcome: Outcome) -> str | None:
        """Return what is wrong; a run may also have ended by itself just before."""
        if outcome.code in (0, 1, 3) and "a bug in parity" not in outcome.told:
            return None
        return super().wrong(outcome)


def randomly(rng: random.Random, level: str, folder: Path, cache: Path) -> tuple[Case, Outcome]:
    """Do one random run to its end; the files left are those after the next run's sweep."""
    case = Build(rng.choice([*APPS]), rng.choice([*ENDINGS]), rng.random() * LATEST)
    number, scratch = f"9{rng.randrange(10**8):08}", folder / "tmp"
    scratch.mkdir()
    run = _started(case.app, level, folder, number, scratch, cache)
    try:
        run.process.wait(max(0.0, run.began + case.moment - time.monotonic()))
    except subprocess.TimeoutExpired:
        case = case._replace(deaf=run.deaf())
        run.end(case.ending)
        if "guard" in case.ending and not run.killed:  # there is no guard yet
            run.end("TERM")
            case = case._replace(ending="TERM")
    # If all guards were killed, too, the next run ends the processes.
    after = (lambda: swept(scratch)) if case.ending == "KILL all" else (lambda: None)
    outcome = run.outcome(after, LONGEST)
    if run.process.pid in run.killed:
        swept(scratch)
    return case, outcome._replace(left=(*outcome.left, *_files(scratch, number)))


def _started(app: str, level: str, folder: Path, number: str, scratch: Path, cache: Path) -> Run:
    place = folder / "app"
    files = {"Procfile": "web: python app.py\n", ".python-version": f"3.{sys.version_info.minor}"}
    for path, text in {**files, **APPS[app]}.items():
        (place / path).parent.mkdir(parents=True, exist_ok=True)
        (place / path).write_text(text.replace("{n}", number))
    options = ["--isolation", level, "--no-env", "--format", "concise", "--offline"]
    command = [sys.executable, "-m", "parity", "run", str(place), *options]
    variables = {"TMPDIR": str(scratch), "PARITY_CACHE_DIR": str(cache), "HOME": str(folder)}
    return Run(command, folder, number, variables)


def swept(scratch: Path) -> None:
    """Do what the next runs do, several times, as one second may not be enough."""
    for _ in range(3):
        env = {**os.environ, "TMPDIR": str(scratch)}
        subprocess.run([sys.executable, "-c", SWEEP], env=env, check=True)


def _files(scratch: Path, number: str) -> list[str]:
    """Return the files that are left."""
    shared = Path("/dev/shm", number)
    left = [f"file {path}" for path in (*scratch.iterdir(), shared) if path.exists()]
    shared.unlink(missing_ok=True)
    return left


def warm(folder: Path) -> Path:
    """Return a cache with what every build needs."""
    cache, app = folder / "cache", folder / "app"
    for path, text in {**PLAIN, "Procfile": "web: python app.py\n"}.items():
        app.mkdir(exist_ok=True)
        (app / path).write_text(text)
    (app / ".python-version").write_text(f"3.{sys.version_info.minor}")
    subprocess.run(
        [sys.executable, "-m", "parity", "run", str(app), "--format", "concise"],
        env={**os.environ, "PARITY_CACHE_DIR": str(cache)},
        check=True,
        timeout=300,
    )
    return cache
