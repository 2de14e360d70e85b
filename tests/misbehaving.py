"""Apps that refuse to end, and every way of ending parity around them."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import psutil

QUIET = "</dev/null >/dev/null 2>&1"
LOOP = "while :; do sleep 0.1; done"
APPS = {
    "behaves": "echo ready; exec sleep {n}",
    "exits": "echo ready; exit 3",
    "segfaults": "echo ready; kill -SEGV $$",
    "kills itself": "echo ready; kill -KILL $$",
    "ignores every signal": f"trap '' TERM INT HUP QUIT; echo ready; {LOOP}",
    "is stopped": "echo ready; kill -STOP $$; sleep {n}",
    "daemon beside": f"(setsid sleep {{n}} {QUIET} &); echo ready; exec sleep {{n}}",
    "daemonises": f"(setsid sleep {{n}} {QUIET} &); echo ready; exit 0",
    "own session": "setsid sleep {n} & echo ready; exec sleep {n}",
    "own session, ignores TERM": f"setsid bash -c \"trap '' TERM; {LOOP}; : {{n}}\" & "
    "echo ready; exec sleep {n}",
    "respawns at TERM": f"trap '(setsid sleep {{n}} {QUIET} &); exit 0' TERM; echo ready; {LOOP}",
    "child holds stdout": "sleep {n} & echo ready; exit 3",
    "stopped child": "sleep {n} & kill -STOP $!; echo ready; exec sleep {n}",
    "no environment": "env -i setsid sleep {n} & echo ready; exec sleep {n}",
    "no environment, daemon": f"(env -i setsid sleep {{n}} {QUIET} &);"
    " echo ready; exec sleep {n}",
    "closes all": "echo ready; exec sleep {n} <&- >&- 2>&-",
    "forks": "for i in $(seq 60); do setsid sleep {n} & done; echo ready; "
    "while :; do sleep {n} & kill $!; wait $!; done",
    "breeds": "breed() { setsid sleep {n} & sleep 0.2; [ $1 = 0 ] || breed $(($1 - 1)) & "
    "sleep {n}; }; echo ready; breed 20",
    "floods": "echo ready; exec yes {n}",
    "one endless line": "echo ready; exec tr '\\0' x </dev/zero",
}
OWN_CODES = {"exits": 3, "segfaults": 139, "kills itself": 137, "daemonises": 0}
OWN_CODES |= {"child holds stdout": 3}

ENDINGS = {
    "TERM": 143,
    "INT": 130,
    "INT twice": 130,
    "HUP": 129,
    "QUIT": 131,
    "terminal closed": 129,
    "KILL parity": -9,
    "KILL guard": 137,
    "KILL inner guard": 137,
    "KILL all": -9,
}
"""The ways of ending parity, and the resulting exit codes."""

LATEST = 0.9
"""Seconds after exec within which a random run is ended."""

LONGEST = 25.0
"""Seconds after which a run counts as hung."""


class Outcome(NamedTuple):
    """How a run ended; `code` None: it did not."""

    code: int | None
    left: tuple[str, ...]
    told: str


class Run:
    """One command under test, at its own terminal; `number` marks every process it starts."""

    def __init__(
        self,
        argv: Sequence[str],
        folder: Path,
        number: str,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = folder
        self.number = number
        self.killed: list[int] = []
        self._master, slave = os.openpty()
        self.began = time.monotonic()
        self.process = subprocess.Popen(
            ["setsid", "--ctty", *argv],
            stdin=slave,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=Path(__file__).parent.parent,
            env={**os.environ, "MARK": str(folder), **(variables or {})},
        )
        os.close(slave)

    def ready(self) -> None:
        """Wait until the app has printed `ready`."""
        assert self.process.stdout
        for line in self.process.stdout:
            if line.strip().endswith(b"ready"):
                return

    def deaf(self) -> bool:
        """Return whether it has no handler for SIGTERM yet."""
        try:
            status = Path(f"/proc/{self.process.pid}/status").read_text()
        except OSError:
            return False
        caught = int(status.split("SigCgt:")[1].split()[0], 16)
        return not caught >> (signal.SIGTERM - 1) & 1

    def end(self, how: str) -> None:
        """End it in one of the ways."""
        if how == "terminal closed":
            os.close(self._master)
            self._master = -1
        elif how == "INT twice":
            self._send(signal.SIGINT, self.process.pid)
            time.sleep(0.05)
            self._send(signal.SIGINT, self.process.pid)
        elif how in ("TERM", "INT", "HUP", "QUIT"):
            self._send(signal.Signals[f"SIG{how}"], self.process.pid)
        else:
            self.killed = self._victims(how)
            for pid in self.killed:
                self._send(signal.SIGKILL, pid)

    def outcome(
        self, after: Callable[[], None] = lambda: None, longest: float = LONGEST
    ) -> Outcome:
        """Return how it ended, and what was left once `after` had run; then nothing is left."""
        told = b""
        try:
            told, _ = self.process.communicate(timeout=longest)
            code: int | None = self.process.returncode
        except subprocess.TimeoutExpired:
            code = None
            self.process.kill()
        if self._master >= 0:
            os.close(self._master)
        after()
        left = self._left()
        if code is None:
            self.process.communicate()
        return Outcome(code, left, told.decode(errors="replace")[-2000:])

    def _send(self, signum: int, pid: int) -> None:
        try:
            os.kill(pid, signum)
        except ProcessLookupError:
            return

    def _victims(self, how: str) -> list[int]:
        guards = self._guards()
        if how == "KILL parity":
            return [self.process.pid]
        if how == "KILL guard":
            return guards[:1]
        if how == "KILL inner guard":
            return guards[-1:]
        return [self.process.pid, *guards]

    def _guards(self) -> list[int]:
        """Return the guards, outermost first (honcho: the processes that start the commands)."""
        try:
            below = psutil.Process(self.process.pid).children(recursive=True)
        except psutil.Error:
            return []
        return [process.pid for process in below if self._is_guard(process)]

    def _is_guard(self, process: psutil.Process) -> bool:
        try:
            return "parity.dyno.guard" in " ".join(process.cmdline())
        except psutil.Error:  # processes come and go meanwhile
            return False

    def _left(self) -> tuple[str, ...]:
        """Return what is still there two seconds later, and kill it."""
        until = time.monotonic() + 2
        while (left := self._strangers()) and time.monotonic() < until:
            time.sleep(0.02)
        told = tuple(" ".join(process.cmdline()) or "?" for process in alive(left))
        for process in left:
            try:
                process.kill()
            except psutil.Error:
                continue
        return told

    def _strangers(self) -> list[psutil.Process]:
        own = {os.getpid(), self.process.pid}
        return [p for p in psutil.process_iter() if p.pid not in own and self._marked(p)]

    def _marked(self, process: psutil.Process) -> bool:
        try:
            if process.status() == psutil.STATUS_ZOMBIE:
                return False
            told = [*process.cmdline(), *process.environ().values()]
        except psutil.Error:
            return False
        return any(self.number in text or str(self.folder) in text for text in told)


def alive(processes: Sequence[psutil.Process]) -> list[psutil.Process]:
    """Return the processes that are still running."""
    return [process for process in processes if process.is_running()]


def parity(level: str, app: str, folder: Path) -> Run:
    """Start a dyno of one of the apps."""
    number = f"9{random.randrange(10**8):08}"
    command = APPS[app].replace("{n}", number)
    return Run([sys.executable, "-m", "tests.front", level, str(folder), command], folder, number)


def honcho(app: str, folder: Path) -> Run:
    """Start the same app under honcho."""
    number = f"9{random.randrange(10**8):08}"
    (folder / "start").write_text(APPS[app].replace("{n}", number))
    (folder / "Procfile").write_text(f"web: exec bash {folder}/start\n")
    binary = str(Path(sys.executable).with_name("honcho"))
    return Run([binary, "-f", str(folder / "Procfile"), "start"], folder, number)


def wrong(app: str, ending: str, outcome: Outcome) -> str | None:
    """Return what is wrong with an exit code; the app may have ended by itself just before."""
    right = {ENDINGS[ending], OWN_CODES.get(app)}
    if outcome.code in right:
        return None
    return f"exit {outcome.code} after {app} / {ending}: {outcome.told}"


class Case(NamedTuple):
    """One random run; `moment` in seconds from exec."""

    app: str
    ending: str
    moment: float
    deaf: bool = False

    def wrong(self, outcome: Outcome) -> str | None:
        """Return what is wrong; before parity's first line (`deaf`) Python handles signals."""
        early = {"TERM": -15, "INT": -2, "INT twice": -2, "HUP": -1, "QUIT": -3}
        early["terminal closed"] = -1
        told = ("KeyboardInterrupt" in outcome.told, outcome.told.startswith("setsid: "))
        if self.deaf and (outcome.code == early.get(self.ending) or any(told)):
            return None
        return wrong(self.app, self.ending, outcome)


def randomly(rng: random.Random, level: str, folder: Path) -> tuple[Case, Outcome]:
    """Do one random run to its end; only in namespaces, all guards may be killed at once."""
    endings = [e for e in ENDINGS if level == "pidns" or e != "KILL all"]
    case = Case(rng.choice([*APPS]), rng.choice(endings), rng.random() * LATEST)
    run = honcho(case.app, folder) if level == "honcho" else parity(level, case.app, folder)
    try:
        run.process.wait(max(0.0, run.began + case.moment - time.monotonic()))
    except subprocess.TimeoutExpired:
        case = case._replace(deaf=run.deaf())
        run.end(case.ending)
        if "guard" in case.ending and not run.killed:  # there is no guard yet
            run.end("TERM")
            case = case._replace(ending="TERM")
    return case, run.outcome()
