"""Random damage to the cache, on request: `python -m tests.bench.damages [--runs 1000]`.

Every trial damages one thing in a filled cache (sometimes while parity runs), and runs `parity run`
on a small app of pip's or npm's. It prints each trial in which a good app "fails", a bad one
"works", the user's own files are touched, parity ends with exit 4, or takes longer than the longest
build and `--patience` seconds. As root it also mounts, and parity runs without root's right to
ignore modes. `--python` is the interpreter of another parity.
"""

import argparse
import contextlib
import http.server
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from tests.builds import HERE, index, sdist, wheel

ROOT = os.geteuid() == 0
MODES_COUNT = ("setpriv", "--bounding-set=-dac_override,-dac_read_search") if ROOT else ()
SERVE = """\
import http.server, os
import alpha, beta, omega
assert alpha.NAME + beta.NAME == "alphabeta"
http.server.HTTPServer(("0.0.0.0", int(os.environ["PORT"])),
    http.server.SimpleHTTPRequestHandler).serve_forever()
"""
BUILT, BYTES = wheel("omega", "1.0")
OMEGA = {
    "pyproject.toml": "[build-system]\nrequires = []\n"
    'build-backend = "own"\nbackend-path = ["."]\n',
    "own.py": f"def build_wheel(folder, *_, **__):\n"
    f"    open(folder + '/{BUILT}', 'wb').write({BYTES!r})\n    return {BUILT!r}\n",
    "PKG-INFO": "Metadata-Version: 2.1\nName: omega\nVersion: 1.0\n",
}
"""A package that must be built, so that pip keeps the wheel, too."""

NODE = """\
require("http").createServer((q, r) => r.end("hi")).listen(process.env.PORT, "0.0.0.0");
"""
APPS = {
    "warm": {"app.py": SERVE, "requirements.txt": "alpha\nbeta\nomega\n"},
    "cold": {"app.py": SERVE, "requirements.txt": "beta\nomega\nalpha\n"},
    "bad": {"app.py": f"import nothing_like_it\n{SERVE}", "requirements.txt": "alpha\nbeta\n"},
    "node": {
        "index.js": NODE,
        "package.json": '{"name": "a", "version": "1.0.0", "scripts": {"start": "node index.js"}}',
    },
}
FILLED = ("warm", "bad", "node")
"""Apps whose build is in the cache; that of `cold` was removed from it."""

SHARES = {"warm": 63, "cold": 22, "bad": 12, "node": 3 if shutil.which("npm") else 0}


class Damage(NamedTuple):
    """The damage and its place; the function that `how` returns, if any, undoes it."""

    kind: str
    place: Path
    how: Callable[[Path, random.Random], Callable[[], object] | None]


class Outcome(NamedTuple):
    """The end of a trial: `code` None if it hung, `ended` if Ctrl-C then ended it.

    `spared`: the user's own files, to which a link leads, are unchanged.
    """

    app: str
    what: str
    code: int | None
    seconds: float
    again: int | None
    said: str
    ended: bool = True
    spared: bool = True

    @property
    def wrong(self) -> str:
        """Return what is wrong, empty if all is well."""
        if self.code is None:
            return "hung" if self.ended else "hung, Ctrl-C too"
        if self.code == 0 and self.app == "bad":
            return "wrong works"
        if not self.spared:
            return "the user's own files were touched"
        if self.code == 1 and self.app != "bad":
            return "false fails"
        return "" if self.code in (0, 1, 3) else f"exit {self.code}"


# --- kinds of damage


def _halved(place: Path, _: random.Random) -> None:
    os.truncate(place, place.stat().st_size // 2)


def _emptied(place: Path, _: random.Random) -> None:
    os.truncate(place, 0)


def _flipped(place: Path, rng: random.Random) -> None:
    """Change some bytes, keeping size and mtime."""
    data, found = bytearray(place.read_bytes()), place.stat()
    for _ in range(min(len(data), rng.choice((1, 20, 400)))):
        data[rng.randrange(len(data))] ^= rng.randrange(1, 256)
    with place.open("r+b") as file:
        file.write(data)
    os.utime(place, ns=(found.st_atime_ns, found.st_mtime_ns))


def _garbage(place: Path, rng: random.Random) -> None:
    place.write_bytes(rng.randbytes(rng.choice((3, 5000))))


def _huge(place: Path, _: random.Random) -> None:
    os.truncate(place, 1 << 28)


def _removed(place: Path, _: random.Random) -> None:
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place, ignore_errors=True)
    else:
        place.unlink(missing_ok=True)


def _cleared(place: Path, rng: random.Random) -> None:
    for each in list(place.iterdir()):
        _removed(each, rng)


def _replaced(make: Callable[[Path], object]) -> Callable[[Path, random.Random], None]:
    def how(place: Path, rng: random.Random) -> None:
        _removed(place, rng)
        make(place)

    return how


def _socket(place: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made, contextlib.suppress(OSError):
        short = Path(tempfile.mkdtemp()) / "s"
        made.bind(str(short))
        shutil.move(short, place)


def _loop(place: Path) -> None:
    place.symlink_to(place)


def _away(place: Path) -> None:
    """Make a link to the user's files, which nobody may touch."""
    place.symlink_to(_root(place).with_name("outside"))


def _moded(mode: int) -> Callable[[Path, random.Random], None]:
    return lambda place, _: place.chmod(mode)


def _foreign(place: Path, rng: random.Random) -> None:
    """Put something that is not parity's into a folder."""
    kind = rng.choice((os.mkfifo, Path.mkdir, Path.touch, _away, _loop))
    made = place / rng.choice(("x", ".x", "garbage-1-2.whl", "0" * 32, "..a", "pip-26.9.9-py3.whl"))
    with contextlib.suppress(FileExistsError):
        kind(made)


def _held(place: Path, _: random.Random) -> Callable[[], object]:
    """Have a stopped process hold all locks."""
    root = _root(place)
    code = (
        "import fcntl, os, sys, signal\n"
        "for name in os.listdir(sys.argv[1]):\n"
        "    fd = os.open(os.path.join(sys.argv[1], name), os.O_RDWR)\n"
        "    fcntl.flock(fd, fcntl.LOCK_EX)\n"
        "print(flush=True); os.kill(os.getpid(), signal.SIGSTOP)\n"
    )
    argv = [sys.executable, "-c", code, str(root / "locks")]
    process = subprocess.Popen(argv, stdout=subprocess.PIPE)
    assert process.stdout
    process.stdout.readline()

    def undo() -> None:
        process.kill()
        process.communicate()

    return undo


def _mounted(place: Path, rng: random.Random) -> Callable[[], object]:
    """Make the cache read-only, or put it on an almost full disk."""
    root = _root(place)
    if rng.random() < 0.5:
        _call("mount", "--bind", str(root), str(root))
        _call("mount", "-o", "remount,bind,ro", str(root))
    else:
        whole = root.with_name("whole")
        root.rename(whole)
        root.mkdir()
        room = rng.choice((0, 10, 1000, 8000))
        taken = int(subprocess.check_output(["du", "-sk", whole]).split()[0])
        _call("mount", "-t", "tmpfs", "-o", f"size={taken + room}k,mode=700", "parity", str(root))
        subprocess.run(["cp", "-a", f"{whole}/.", root], check=False, stderr=subprocess.DEVNULL)
    return lambda: _call("umount", "-l", str(root))


def _call(*words: str) -> None:
    subprocess.run(words, check=True)


def _root(place: Path) -> Path:
    return next(p for p in (place, *place.parents) if p.name == "cache" and p.parent.name[0] == "w")


FILES = {
    "halved": _halved,
    "emptied": _emptied,
    "flipped": _flipped,
    "flipped once more": _flipped,
    "garbage": _garbage,
    "huge": _huge,
    "file to folder": _replaced(Path.mkdir),
}
FOLDERS = {"cleared": _cleared, "folder to file": _replaced(Path.touch), "foreign": _foreign}
BOTH = {
    "removed": _removed,
    "fifo": _replaced(os.mkfifo),
    "socket": _replaced(_socket),
    "link to itself": _replaced(_loop),
    "link away": _replaced(_away),
    "mode 000": _moded(0),
    "mode 600": _moded(0o600),
}
LATER = {"removed": _removed, "cleared": _cleared, "halved": _halved, "garbage": _garbage}


def chosen(rng: random.Random, cache: Path) -> Damage:
    """Return a random damage to a place at any depth."""
    if rng.random() < 0.03:
        return Damage("locks held by a stopped process", cache, _held)
    if ROOT and rng.random() < 0.03:
        return Damage("mounted", cache, _mounted)
    place = _walked(rng, cache)
    kinds = {**BOTH, **(FOLDERS if place.is_dir() and not place.is_symlink() else FILES)}
    if place.is_symlink():
        kinds = {k: BOTH[k] for k in ("removed", "fifo", "link to itself", "link away")}
    kind = rng.choice(list(kinds))
    return Damage(kind, place, kinds[kind])


def _walked(rng: random.Random, cache: Path) -> Path:
    """Walk down from the root by random entries, possibly ending at a folder."""
    place = cache
    while place.is_dir() and not place.is_symlink():
        inside = sorted(place.iterdir())
        if not inside or rng.random() < 0.12:
            break
        place = rng.choice(inside)
    return place


# --- a trial


class Desk:
    """One worker's places: a cache at a constant path, its intact copy, the apps."""

    def __init__(self, folder: Path, python: str, url: str) -> None:
        self.cache, self.whole, self.tmp = folder / "cache", folder / "pristine", folder / "tmp"
        self._python, self._url = python, url
        self.outside = folder / "outside"
        for name in ("tmp", "home"):
            (folder / name).mkdir(parents=True)
        for name, files in APPS.items():
            app = folder / name
            app.mkdir()
            shared = {"Procfile": "web: python app.py\n", ".python-version": HERE}
            for path, text in {**(shared if name != "node" else {}), **files}.items():
                (app / path).write_text(text)
        self.folder = folder

    def start(self, app: str) -> "subprocess.Popen[str]":
        """Start parity as typed."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("PIP_", "PARITY_"))}
        variables = {
            **kept,
            "PARITY_CACHE_DIR": str(self.cache),
            "HOME": str(self.folder / "home"),
            "TMPDIR": str(self.tmp),
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_RETRIES": "0",
            **({"PIP_INDEX_URL": self._url} if self._url else {}),
        }
        return subprocess.Popen(
            [*MODES_COUNT, self._python, "-m", "parity", "run", "--format", "concise", app],
            cwd=self.folder,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )

    def run(self, app: str, limit: float) -> tuple[int | None, float, str, bool]:
        """Return exit code (None: it hung), seconds, output, whether Ctrl-C ended a hung one."""
        began = time.monotonic()
        process = self.start(app)
        try:
            said = process.communicate(timeout=limit)[0]
            return process.returncode, time.monotonic() - began, said, True
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGINT)
        try:
            said, ended = process.communicate(timeout=10)[0], True
        except subprocess.TimeoutExpired:
            process.kill()
            said, ended = process.communicate()[0], False
        return None, time.monotonic() - began, said, ended

    def filled(self) -> float:
        """Fill the cache; return the seconds of the longest build."""
        longest = 0.0
        for app in ("cold", *FILLED):
            if SHARES[app]:
                code, seconds, said, _ = self.run(app, 300)
                assert code == (app == "bad"), f"{app} is {code}: {said}"
                longest = max(longest, seconds)
            if app == "cold":
                shutil.rmtree(self.cache / "envs")
        subprocess.run(["cp", "-a", self.cache, self.whole], check=True)
        return longest

    def trial(self, rng: random.Random, limit: float) -> Outcome:
        """Do one trial."""
        _gone(self.cache)
        subprocess.run(["cp", "-a", self.whole, self.cache], check=True)
        shutil.rmtree(self.outside, ignore_errors=True)
        (self.outside / "own").mkdir(parents=True)
        (self.outside / "own" / "file").write_text("mine")
        app = rng.choices(list(SHARES), list(SHARES.values()))[0]
        undo = None
        if rng.random() < 0.15:
            kind = rng.choice(list(LATER))
            delay = rng.random() * limit / 4
            place = self.cache if rng.random() < 0.3 else _walked(rng, self.cache)
            timer = threading.Timer(delay, _later, (LATER[kind], place, rng))
            timer.start()
            what = f"{kind} after {delay:.1f} s: {place.relative_to(self.folder)}"
        else:
            damage = chosen(rng, self.cache)
            what = f"{damage.kind}: {damage.place.relative_to(self.folder)}"
            with contextlib.suppress(OSError):
                undo = damage.how(damage.place, rng)
            timer = None
        try:
            code, seconds, said, ended = self.run(app, limit)
        finally:
            if timer:
                timer.join()
            if undo:
                undo()
        left = [str(p.relative_to(self.outside)) for p in sorted(self.outside.rglob("*"))]
        if self.cache.is_symlink():  # a link: what parity adds behind it is its own
            left = [path for path in left if path.startswith("own")]
        outcome = Outcome(app, what, code, seconds, None, said, ended, left == ["own", "own/file"])
        if outcome.wrong:
            again = self.run(app, limit)[0]
            outcome = outcome._replace(again=again)
        return outcome


def _later(how: Callable[[Path, random.Random], object], place: Path, rng: random.Random) -> None:
    with contextlib.suppress(OSError):
        how(place, rng)


def _gone(place: Path) -> None:
    subprocess.run(["umount", "-l", place], stderr=subprocess.DEVNULL, check=False)
    for each in (place, place.with_name("whole")):
        subprocess.run(["chmod", "-R", "u+rwx", each], stderr=subprocess.DEVNULL, check=False)
        subprocess.run(["rm", "-rf", each], check=True)


# --- the series


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a package index on loopback, whose answers pip caches as it does PyPI's."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments: object) -> None:
            super().__init__(*arguments, directory=str(folder))  # type: ignore[arg-type]

        def end_headers(self) -> None:
            self.send_header("Cache-Control", "max-age=86400")
            super().end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/simple"
        server.shutdown()


def installers(folder: Path, python: str) -> list[tuple[str, bytes]]:
    """Return the wheels of pip and setuptools, so that the trials need no network."""
    own = {**os.environ, "PARITY_CACHE_DIR": str(folder / "cache")}
    (folder / "app").mkdir()
    for path, text in (("app.py", ""), ("requirements.txt", ""), (".python-version", HERE)):
        (folder / "app" / path).write_text(text)
    command = [python, "-m", "parity", "run", folder / "app"]
    subprocess.run(command, env=own, capture_output=True, check=False)
    return [(w.name, w.read_bytes()) for w in (folder / "cache" / "tools").glob("*.whl")]


def series(options: argparse.Namespace, folder: Path) -> Iterator[Outcome]:
    """Do all trials, `workers` at a time."""
    (folder / "own").mkdir()
    alpha = wheel("alpha", "1.0", modules={"alpha/__init__.py": "NAME = 'alpha'\n"})
    beta = wheel("beta", "1.0", modules={"beta.py": "NAME = 'beta'\n"})
    index(
        folder / "simple",
        alpha,
        beta,
        sdist("omega", "1.0", OMEGA),
        *installers(folder / "own", options.python),
    )
    folder.chmod(0o755)
    with served(folder) as url:
        desks = [Desk(folder / f"w{n}", options.python, url) for n in range(options.workers)]
        with ThreadPoolExecutor(options.workers) as pool:
            limit = max(pool.map(Desk.filled, desks)) + options.patience
            print(f"a trial hangs after {limit:.1f} s", flush=True)

            def some(number: int) -> list[Outcome]:
                found = []
                for trial in range(options.first + number, options.runs, options.workers):
                    rng = random.Random(options.seed * 10**6 + trial)
                    found.append(desks[number].trial(rng, limit))
                    shown(trial, found[-1], verbose=options.verbose)
                return found

            for found in pool.map(some, range(options.workers)):
                yield from found
        for desk in desks:
            _gone(desk.cache)


def shown(number: int, outcome: Outcome, *, verbose: bool) -> None:
    """Print a line for each wrong outcome, and one for every fiftieth trial."""
    if outcome.wrong or (verbose and outcome.code == 3):
        said = " | ".join(outcome.said.split("\n"))[:600]
        then = f"then {outcome.again}"
        print(
            f"{number} {outcome.app}: {outcome.what}: {outcome.wrong}, {then}: {said}", flush=True
        )
    elif number % 50 == 0:
        print(f"{number} {time.strftime('%H:%M:%S')}", flush=True)


def main() -> None:
    """Run the series and print its figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--patience", type=float, default=5.0)
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--verbose", action="store_true", help="show each exit 3, too")
    options = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="damages-", ignore_cleanup_errors=True) as folder:
        found = list(series(options, Path(folder)))
    codes = Counter(str(o.code) for o in found if o.app != "bad")
    print(
        f"{len(found)} trials in {time.monotonic() - began:.0f} s; exit codes of good apps: {codes}"
    )
    print(f"wrong: {dict(Counter(o.wrong for o in found if o.wrong)) or 'none'}")


if __name__ == "__main__":
    main()
