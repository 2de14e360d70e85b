"""Side-by-side timings, on request: `python tests/bench/bench.py [NAME ...] [--runs N]`.

Each group runs its commands in turn (A B C A B C ...) and prints medians and the ratio to the
first. Only ratios within one run are meaningful: machines are noisy. Tools that are not installed
are skipped and named.
"""

import argparse
import atexit
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from functools import partial
from pathlib import Path

import psutil

ROOT = Path(__file__).parent.parent.parent
HELLO = ROOT / "examples" / "hello_app"
DJANGO = ROOT / "tests" / "apps" / "works-django-whitenoise"
BIN = Path(sys.executable).parent
PARITY = [str(BIN / "parity")]
HONCHO = [str(BIN / "honcho")]
Timer = Callable[[], float]


def wall(*command: str) -> Timer:
    """Return a measurement: the seconds of one whole process."""

    def measure() -> float:
        began = time.perf_counter()
        subprocess.run(command, capture_output=True, cwd=ROOT, check=False)
        return time.perf_counter() - began

    return measure


def until_verdict(*command: str) -> Timer:
    """Return a measurement: the seconds until the verdict on stdout, before the stop phase."""

    def measure() -> float:
        began = time.perf_counter()
        with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as process:
            assert process.stdout
            line = process.stdout.readline()
            seconds = time.perf_counter() - began
            process.communicate()
        assert line.startswith(b"works"), line
        return seconds

    return measure


def until_answer(command: list[str], port: int, **environment: str) -> Timer:
    """Return a measurement: the seconds until `command` answers on `port`, in the hello app."""

    def measure() -> float:
        env = {**os.environ, "PORT": str(port), **environment}
        began = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=HELLO,
            env=env,
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            _answered(port, began)
            return time.perf_counter() - began
        finally:
            for child in psutil.Process(process.pid).children(recursive=True):
                child.kill()
            process.kill()
            process.wait()

    return measure


def _answered(port: int, began: float) -> None:
    while time.perf_counter() - began < 60:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5).read()
        except OSError:
            time.sleep(0.002)
        else:
            return
    raise SystemExit(f"nothing answered on {port}")


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def hello_environment() -> Path:
    """Return the interpreter of the cached environment of the hello app."""
    import json

    done = subprocess.run(
        [*PARITY, "run", str(HELLO), "--format", "json", "--no-env"], capture_output=True, text=True
    )
    assert json.loads(done.stdout)["verdict"] == "works", done.stdout
    from parity.push import cache

    (gunicorn,) = cache.root().glob("envs/*/bin/gunicorn")
    return gunicorn.parent


def help_group() -> dict[str, Timer]:
    """Compare `parity --help` with a bare interpreter."""
    return {
        "python -c pass": wall(sys.executable, "-c", "pass"),
        "parity --help": wall(*PARITY, "--help"),
        "honcho --help": wall(*HONCHO, "--help"),
    }


def check_group() -> dict[str, Timer]:
    """Compare `parity check` with `honcho check`."""
    procfile = str(HELLO / "Procfile")
    return {
        "honcho check": wall(*HONCHO, "-f", procfile, "check"),
        "parity check": wall(*PARITY, "check", str(HELLO)),
    }


def large_group() -> dict[str, Timer]:
    """Time `parity check` on a committed tree of 10,000 files, packed as git keeps it."""
    folder = Path(tempfile.mkdtemp(prefix="parity-bench-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for number in range(10_000):
        place = folder / f"package{number % 100}" / f"sub{number // 100 % 10}"
        place.mkdir(parents=True, exist_ok=True)
        ending = (".py", ".html", ".js", ".png")[number % 4]
        (place / f"m{number}{ending}").write_text(f"# {number}\n" + "x = 1  # a line\n" * 350)
    shutil.copytree(HELLO, folder, dirs_exist_ok=True)
    # A commit of so many files would start a gc, and ours would fail at the same time.
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "gc.auto=0"]
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "app"], ["gc", "-q"]):
        subprocess.run([*git, *command], cwd=folder, check=True)
    return {
        "git status": wall("git", "-C", str(folder), "status", "--porcelain"),
        "parity check": wall(*PARITY, "check", str(folder)),
    }


def verdict_group() -> dict[str, Timer]:
    """Compare the verdict, warm, with bare boot + one request, honcho and `heroku local`."""
    bin_folder = hello_environment()
    gunicorn = str(bin_folder / "gunicorn")
    path = f"{bin_folder}:{os.environ['PATH']}"
    bare, honcho, heroku = free_port(), free_port(), free_port()
    group = {
        "bare boot + request": until_answer(["bash", "-c", f"exec {gunicorn} app:app"], bare),
        "parity run: verdict": until_verdict(*PARITY, "run", str(HELLO), "--no-env"),
        "honcho start": until_answer([*HONCHO, "start"], honcho, PATH=path),
    }
    if shutil.which("heroku"):
        command = ["heroku", "local", "web", "--port", str(heroku)]
        group["heroku local"] = until_answer(command, heroku, PATH=path)
    return group


def build_group(app: Path = HELLO) -> dict[str, Timer]:
    """Compare a cold build with `python -m venv` and `pip install`."""
    requirements = str(app / "requirements.txt")

    def plain() -> float:
        with tempfile.TemporaryDirectory() as folder:
            began = time.perf_counter()
            subprocess.run([sys.executable, "-m", "venv", folder], check=True)
            pip = [f"{folder}/bin/pip", "install", "-q", "-r", requirements]
            subprocess.run(pip, check=True, capture_output=True)
            return time.perf_counter() - began

    def cold() -> float:
        for folder in _cache().glob("envs/*"):  # the installers stay
            shutil.rmtree(folder, ignore_errors=True)
        return _build_seconds(app)

    return {
        "venv + pip install": plain,
        "parity: cold build": cold,
        "parity: warm build": partial(_build_seconds, app),
    }


def _cache() -> Path:
    from parity.push import cache

    return cache.root()


def _build_seconds(app: Path) -> float:
    from parity import rehearse

    stages = {s.name: s.seconds for s in rehearse(app).stages}
    return stages["build"]


GROUPS = {
    "help": help_group,
    "check": check_group,
    "large": large_group,
    "verdict": verdict_group,
    "build": build_group,
    "build-django": partial(build_group, DJANGO),
}


def main() -> None:
    """Run the groups asked for, all by default."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*GROUPS, []])
    parser.add_argument("--runs", type=int, default=11)
    arguments = parser.parse_args()
    for name in arguments.names or GROUPS:
        with tempfile.TemporaryDirectory() as cache:
            os.environ["PARITY_CACHE_DIR"] = cache
            compared(name, arguments.runs)


def compared(name: str, runs: int) -> None:
    """Print the medians of a group, measured with a cache of its own."""
    commands = GROUPS[name]()
    times: dict[str, list[float]] = {command: [] for command in commands}
    for _ in range(runs):
        for command, measure in commands.items():
            times[command].append(measure())
    first = statistics.median(next(iter(times.values())))
    print(f"{name} ({runs} runs each)")
    for command, seconds in times.items():
        median = statistics.median(seconds)
        print(f"  {command:22} {median * 1000:8.1f} ms  {median / first:5.2f}x")


if __name__ == "__main__":
    main()
