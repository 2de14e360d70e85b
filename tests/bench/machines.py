"""Odd machines, on request: `python -m tests.bench.machines [--python PYTHON] [NAME ...]`.

Each machine is a separate mount and pid namespace (this requires root) in which a few lines of
shell make something odd: limits, mounts, namespaces, refused system calls, an environment. There,
`parity run` judges an app that works on Heroku and one that listens on loopback only. The first
must work or be undecided, the second must fail or be undecided, and neither may take more than five
seconds longer than on a plain machine. `--python` is the interpreter of another parity.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from tests.bench.odd import MACHINES, Machine

APP = """\
import os
from http.server import BaseHTTPRequestHandler, HTTPServer
class Hello(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")
HTTPServer(("{host}", int(os.environ["PORT"])), Hello).serve_forever()
"""
LATE = 5.0
"""Seconds that an odd machine may take longer."""

HANGS = 150.0
OPTIONS = ("--quiet", "--first-only", "--format", "concise", "--offline")
ALONE = ("unshare", "-mpf", "--mount-proc", "--kill-child", "--", "bash", "-c")
ALONE += ('bash -c "$0" "$@"; exit $?',)
"""Nothing that happens inside reaches this machine."""

USER = ("setpriv", "--reuid", "4321", "--regid", "4321", "--clear-groups")
READABLE = """\
mkdir -p $HERE/../r && mount --bind /root $HERE/../r && mount -t tmpfs -o mode=755 none /root
for d in $HERE/../r/.[a-z]*/; do n=/root/$(basename $d); mkdir $n; mount --bind $d $n; done
"""
"""Lets another user run root's Pythons."""

KEPT = ("PATH", "LANG", "LD_LIBRARY_PATH")


class Ran(NamedTuple):
    """The result of one run; exit None: it hung."""

    exit: int | None
    seconds: float
    said: str


def main() -> None:
    """Try the machines asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*")
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    chosen = [m for m in MACHINES if not options.names or m.name in options.names]
    with tempfile.TemporaryDirectory(prefix="o", dir="/tmp") as folder:
        bench = Bench(Path(folder), options.python)
        plain = bench.usual(cold=False), bench.usual(cold=True)
        with ThreadPoolExecutor(options.workers) as pool:
            told = pool.map(lambda machine: bench.table(machine, plain[machine.cold]), chosen)
            counts = [line for machine in told for line in machine]
    wrong = [word for word in counts if word]
    print(f"{len(chosen)} machines; {', '.join(sorted(wrong)) or 'all as expected'}")


class Bench:
    """Two apps, and a cache with their builds."""

    def __init__(self, root: Path, python: str) -> None:
        self._root = root
        self._python = python
        self._here = root / "m"
        self._here.mkdir()
        root.chmod(0o755)  # also for another user
        for name, host in (("good", "0.0.0.0"), ("bad", "127.0.0.1")):
            app = root / "seed" / name
            app.mkdir(parents=True)
            (app / "app.py").write_text(APP.format(host=host))
            (app / "Procfile").write_text("web: python app.py\n")
            (app / "requirements.txt").touch()
            (app / ".python-version").write_text(f"3.{sys.version_info[1]}\n")
        for name in ("h", "t", "c"):
            (root / "seed" / name).mkdir()
        filled = self.run(Machine("first", "works", "", online=True), "good", keep=True)
        assert filled.exit == 0, filled.said
        subprocess.run(["cp", "-a", root / "seed", root / "owned"], check=True)
        subprocess.run(["chown", "-R", "4321:4321", root / "owned"], check=True)

    def usual(self, *, cold: bool) -> list[Ran]:
        """Return the times of both apps on a plain machine, under the same load as later."""
        machine = Machine("plain, cold" if cold else "plain", "works", "", cold=cold)
        with ThreadPoolExecutor(2) as pool:
            ran = list(pool.map(lambda app: self.run(machine, app), ("good", "bad")))
        print(f"{machine.name}: {ran[0].seconds:.1f} s and {ran[1].seconds:.1f} s", flush=True)
        return ran

    def table(self, machine: Machine, plain: list[Ran]) -> list[str]:
        """Run both apps, print a line of the table, and return what is wrong."""
        good, bad = self.run(machine, "good"), self.run(machine, "bad")
        wrong = [*_wrong(machine, good, bad, plain)]
        told = f"{machine.name:24} {machine.want:7}"
        for ran in (good, bad):
            told += f" {'hang' if ran.exit is None else ran.exit:>5} {ran.seconds:5.1f} s"
        last = "" if (good.exit, bad.exit) == (0, 1) else f"  {_short(good if good.exit else bad)}"
        print(f"{told}  {', '.join(wrong) or 'ok'}{last}", flush=True)
        return wrong

    def run(self, machine: Machine, app: str, *, keep: bool = False) -> Ran:
        """Run `parity run` on an app there; `keep`: other runs see what it writes."""
        place = Path(tempfile.mkdtemp(prefix="r", dir=self._root))
        for name in ("new", "work"):
            (place / name).mkdir()
        typed = [self._python, *machine.python, "-m", "parity", "run", f"{self._here}/{app}"]
        typed += [word for word in OPTIONS if not (machine.online and word == "--offline")]
        if machine.user:
            typed = [*USER, *typed]
        seed = self._root / ("owned" if machine.user else "seed")
        layers = f"lowerdir={seed},upperdir={place}/new,workdir={place}/work"
        script = f"mount -t overlay -o {layers} none {self._here} || exit 99\n"
        if keep:
            script = f"mount --bind {self._root}/seed {self._here} || exit 99\n"
        script += READABLE if machine.user else ""
        script += f"cd {self._here}\n{'rm -r c/parity/envs' if machine.cold else ''}\n"
        script += f"{machine.script}\n"
        script += "" if '"$@"' in machine.script else 'exec "$@"\n'
        ran = _ran([*ALONE, script, "machine", *typed], self._env())
        subprocess.run(["rm", "-rf", place], check=False)
        return ran

    def _env(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in KEPT if name in os.environ}
        here = self._here
        own = {"HERE": str(here), "HOME": f"{here}/h", "TMPDIR": f"{here}/t"}
        launcher = f"{sys.executable} {Path(__file__).with_name('refusing.py')}"
        return {**kept, **own, "XDG_CACHE_HOME": f"{here}/c", "REFUSING": launcher}


def _ran(argv: list[str], env: dict[str, str]) -> Ran:
    began = time.monotonic()
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen(
            argv, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT
        )
        try:
            code: int | None = process.wait(HANGS)
        except subprocess.TimeoutExpired:
            code = None
            process.kill()
            process.wait()
        seconds = time.monotonic() - began
        out.seek(0)
        return Ran(code, seconds, out.read().decode(errors="replace"))


def _wrong(machine: Machine, good: Ran, bad: Ran, plain: list[Ran]) -> Iterator[str]:
    if good.exit == 1:
        yield "FALSE FAILS"
    if bad.exit == 0:
        yield "FALSE WORKS"
    if 4 in (good.exit, bad.exit):
        yield "EXIT 4"
    if {good.exit, bad.exit} - {0, 1, 3, 4}:
        yield "NO VERDICT"
    for ran, usual in zip((good, bad), plain, strict=True):
        if ran.exit is None or ran.seconds > usual.seconds + machine.slower + LATE:
            yield "SLOW"
    wanted = {"works": ((0, 1),), "cannot": ((3, 3), (3, 1)), "either": ((0, 1), (3, 3), (3, 1))}
    if (good.exit, bad.exit) not in wanted[machine.want]:
        yield "unexpected"


def _short(ran: Ran) -> str:
    lines = [line.strip() for line in ran.said.splitlines() if line.strip()]
    telling = [line for line in lines if "could not tell" in line or "fix:" in line]
    return " | ".join(telling or lines)[:200]


if __name__ == "__main__":
    main()
