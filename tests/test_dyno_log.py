"""Every line that parity logs is one that Heroku could have written, and in Heroku's order."""

import re
import tomllib
from pathlib import Path

import pytest

from parity import rehearse
from parity.dyno.restart import pause
from parity.facts import lifecycle
from parity.facts.dynos import MB, DynoSize
from parity.facts.lifecycle import running
from parity.facts.limits import LIMITS
from parity.records import Line
from parity.records.options import Options
from parity.records.verdict import Verdict
from tests.dynos import QUICK, dyno
from tests.grammar import parses, strange
from tests.test_apps import APPS, materialise
from tests.test_dyno import FILES

REAL = (Path(__file__).parent / "heroku.log").read_text().splitlines()
SMALL = DynoSize("basic", 48, 8, 256, 96)
"""A dyno whose memory is quickly exceeded."""

HOLD = """
import sys, time
held = []
for megabytes in map(int, sys.argv[1:]):
    held.append(bytearray(megabytes << 20))
    for i in range(0, len(held[-1]), 4096):
        held[-1][i] = 1
    time.sleep(0.6)
time.sleep(100)
"""


@pytest.mark.parametrize("line", [x for x in REAL if not x.startswith("#")])
def test_the_grammar_takes_what_heroku_wrote(line: str) -> None:
    """Real lines parse."""
    assert parses(line)


@pytest.mark.parametrize(
    "text",
    [
        "heroku[web.1]: Process exited with status -9",
        "heroku[web.1]: Process exited with status 256",
        "heroku[web.1]: State changed from starting to running",
        "heroku[web.1]: Error R14 (Memory quota exceeded) ",
        "heroku[web.1]: Process running mem=513.2M(100.4%)",
        "heroku[web.1]: Stopping all processes with SIGKILL",
        "heroku[web.1]: Starting process with command ``",
        'heroku[router]: at=error code=H10 desc="App crashed" method=GET path="/"',
        "heroku[logplex]: Error L10: 3 messages dropped",
        "parity[web.1]: hello",
    ],
)
def test_the_grammar_takes_nothing_else(text: str) -> None:
    """Lines that are almost right do not parse."""
    assert not parses(f"2026-11-22T11:20:01.123456+00:00 {text}")


def heroku(said: list[Line]) -> list[str]:
    """Return the dyno manager's part of a log, in which every line must be one of Heroku's."""
    assert strange(said) == []
    return [line.text for line in said if line.source.startswith("heroku[")]


@pytest.mark.net
def test_r10(tmp_path: Path) -> None:
    """The dyno is killed at the limit, and has crashed."""
    said: list[Line] = []
    with dyno(tmp_path, "sleep 100", said=said, limits=QUICK.shortened(boot_timeout=1)) as web:
        web.boot()
    assert heroku(said) == [
        "Starting process with command `sleep 100`",
        "Error R10 (Boot timeout) -> Web process failed to bind to $PORT"
        " within 1 seconds of launch",
        "Stopping process with SIGKILL",
        "Process exited with status 137",
        "State changed from starting to crashed",
    ]


@pytest.mark.net
def test_r12_names_who_stayed(tmp_path: Path) -> None:
    """R12, SIGKILL, 137; the survivors are recorded, with how they treat SIGTERM."""
    said: list[Line] = []
    command = (
        "trap '' TERM; python3 server.py 0.0.0.0 $PORT &"
        " trap 'echo no' TERM; while true; do sleep 0.1; done"
    )
    with dyno(tmp_path, command, FILES, said=said) as web:
        end = web.stop(web.boot(), None)
    assert heroku(said)[1:] == [
        "State changed from starting to up",
        "State changed from up to down",
        "Stopping all processes with SIGTERM",
        "Error R12 (Exit timeout) -> At least one process failed to exit"
        " within 1 seconds of SIGTERM",
        "Stopping remaining processes with SIGKILL",
        "Process exited with status 137",
    ]
    found = {s.command.split()[0]: s.sigterm for s in end.survivors}
    assert found["python3"] == "ignored"
    assert found["bash"] == "caught"


@pytest.mark.net
def test_r14_every_so_often(tmp_path: Path) -> None:
    """Over the quota, the pair of lines is repeated, and the dyno lives on."""
    said: list[Line] = []
    limits = QUICK.shortened(memory_every=0.8, memory_patience=0.1)
    with dyno(
        tmp_path, "exec python3 hold.py 70", {"hold.py": HOLD}, kind="worker", said=said,
        size=SMALL, limits=limits,
    ) as worker:  # fmt: skip
        end = worker.stop(worker.boot(), None)
    texts = heroku(said)
    pairs = [n for n, text in enumerate(texts) if text == "Error R14 (Memory quota exceeded)"]
    assert len(pairs) >= 2
    assert all(
        re.match(r"Process running mem=[78]\dM\(1[5-7]\d\.\d%\)", texts[n - 1]) for n in pairs
    )
    assert end.memory is not None
    assert (end.memory.over, end.killed) == ("R14", False)
    assert 70 * MB < end.memory.peak < 90 * MB
    assert end.memory.shares[0].command == "python3 hold.py 70"
    assert [seconds for seconds, _ in end.samples] == sorted(s for s, _ in end.samples)


@pytest.mark.net
def test_r14_is_not_for_a_moments_peak(tmp_path: Path) -> None:
    """A peak shorter than Heroku would notice is not R14."""
    said: list[Line] = []
    brief = HOLD.replace("    time.sleep(0.6)", "    time.sleep(0.5); held.clear()")
    with dyno(
        tmp_path, "exec python3 hold.py 60", {"hold.py": brief}, kind="worker", said=said,
        size=SMALL, limits=QUICK.shortened(memory_patience=2),
    ) as worker:  # fmt: skip
        end = worker.stop(worker.boot(), None)
    assert "Error R14 (Memory quota exceeded)" not in heroku(said)
    assert end.memory is not None
    assert end.memory.over is None


@pytest.mark.net
def test_r15_kills(tmp_path: Path) -> None:
    """Vastly over the quota: SIGKILL, 137, crashed; the record says why."""
    said: list[Line] = []
    with dyno(
        tmp_path, "exec python3 hold.py 60 60", {"hold.py": HOLD}, said=said, size=SMALL
    ) as web:
        boot = web.boot()
    texts = heroku(said)
    assert re.match(r"Process running mem=\d+M\(2\d\d\.\d%\)", texts[-5])
    assert texts[-4:] == [
        "Error R15 (Memory quota vastly exceeded)",
        "Stopping process with SIGKILL",
        "Process exited with status 137",
        "State changed from starting to crashed",
    ]
    assert (boot.state, boot.exit) == ("crashed", 137)
    assert boot.memory is not None
    assert boot.memory.over == "R15"


@pytest.mark.net
def test_without_swap_there_is_no_r14(tmp_path: Path) -> None:
    """Private Spaces have no swap: R15 comes at the quota, without an R14 before it."""
    said: list[Line] = []
    with dyno(
        tmp_path, "exec python3 hold.py 30 40", {"hold.py": HOLD}, said=said,
        size=DynoSize("private-s", 48, None, 512, 48),
    ) as web:  # fmt: skip
        web.boot()
    texts = heroku(said)
    assert "Error R14 (Memory quota exceeded)" not in texts
    assert "Error R15 (Memory quota vastly exceeded)" in texts


@pytest.mark.net
def test_crash_and_restart(tmp_path: Path) -> None:
    """Crashed, started again in a fresh copy of the slug on another port, up, down."""
    said: list[Line] = []
    command = "[ -e fresh ] || exit 3; exec python3 server.py 0.0.0.0 $PORT"
    with dyno(tmp_path, command, FILES, said=said) as web:
        first = web.boot()
        fresh = tmp_path / "fresh"
        fresh.mkdir()
        (fresh / "server.py").write_text(FILES["server.py"])
        (fresh / "fresh").touch()
        web.renew(fresh)
        second = web.boot()
        end = web.stop(second, None)
    assert (first.state, first.exit, second.state, end.exit) == ("crashed", 3, "up", 143)
    assert second.home in (str(fresh), "/app")
    started = f"Starting process with command `{command}`"
    assert heroku(said) == [
        started.replace("$PORT", str(first.port)),
        "Process exited with status 3",
        "State changed from starting to crashed",
        "State changed from crashed to starting",
        started.replace("$PORT", str(second.port)),
        "State changed from starting to up",
        "State changed from up to down",
        "Stopping all processes with SIGTERM",
        "Process exited with status 143",
    ]


@pytest.mark.net
def test_a_restart(tmp_path: Path) -> None:
    """As with `heroku ps:restart`, the old process ends and the new one comes up."""
    said: list[Line] = []
    with dyno(tmp_path, "exec python3 server.py 0.0.0.0 $PORT", FILES, said=said) as web:
        boot = web.boot()
        web.say(lifecycle.RESTARTING)
        web.becomes("starting")
        web.stop(boot, None)
        fresh = tmp_path / "fresh"
        fresh.mkdir()
        (fresh / "server.py").write_text(FILES["server.py"])
        web.renew(fresh)
        assert web.boot().state == "up"
    texts = heroku(said)
    assert texts[2:6] == [
        "Restarting",
        "State changed from up to starting",
        "Stopping all processes with SIGTERM",
        "Process exited with status 143",
    ]
    assert texts[6].startswith("Starting process with command")
    assert texts[7:] == ["State changed from starting to up"]


def test_later_crashes_wait_longer() -> None:
    """The first restart is at once, each later one waits twice as long, up to a day."""
    waits = [pause(crashes, LIMITS) for crashes in range(1, 40)]
    assert waits[:4] == [0, 600, 1200, 2400]
    assert waits == sorted(waits)
    assert waits[-1] == 24 * 3600


@pytest.mark.net
def test_a_worker_that_dies(tmp_path: Path) -> None:
    """A worker comes up, then its command ends: crashed."""
    said: list[Line] = []
    with dyno(tmp_path, "sleep 1; exit 7", kind="worker", said=said) as worker:
        boot = worker.boot()
    assert boot.state == "crashed"
    assert heroku(said)[1:] == [
        "State changed from starting to up",
        "Process exited with status 7",
        "State changed from up to crashed",
    ]


@pytest.mark.net
def test_a_dyno_that_dies_before_it_is_stopped(tmp_path: Path) -> None:
    """A command that has ended by itself is sent no SIGTERM."""
    said: list[Line] = []
    with dyno(tmp_path, "exec python3 server.py 0.0.0.0 $PORT", FILES, said=said) as web:
        boot = web.boot()
        web.order(b"K")
        assert web.ended(5.0)
        web.stop(boot, None)
    assert heroku(said)[2:] == [
        "Process exited with status 137",
        "State changed from up to crashed",
    ]


def test_a_percentage_is_of_the_bytes() -> None:
    """As in real logs: whole megabytes, but an exact percentage."""
    assert running(538968064, 512 * MB) == "Process running mem=514M(100.4%)"
    assert running(871 * MB, 512 * MB) == "Process running mem=871M(170.1%)"


SEEN = {
    "h10-exits-at-once": ("Process exited with status 0", "code=H10"),
    "h12-slow-page": ("H12",),
    "h13-closes": ("H13",),
    "h14-worker-that-serves": ("State changed from starting to up",),
    "fails-release": ("Process exited with status", "State changed from up to complete"),
    "r10-loopback": (),
    "warns-ignores-sigterm": ("Error R12",),
    "works-release-phase": ("State changed from up to complete",),
}


def ran(name: str, tmp_path: Path) -> Verdict:
    """Return the verdict on one of the apps that are the specification."""
    expected = tomllib.loads((APPS / name / "expected.toml").read_text())
    materialise(APPS / name, expected.get("git", {}), tmp_path)
    options = {
        k: tuple(v) if isinstance(v, list) else v for k, v in expected.get("options", {}).items()
    }
    limits = LIMITS.shortened(**expected.get("limits", {}))
    return rehearse(tmp_path, options=Options(**options), facts=limits)


@pytest.mark.net
@pytest.mark.parametrize("name", SEEN)
def test_a_whole_rehearsal(name: str, tmp_path: Path) -> None:
    """Whatever goes wrong, no line is one that Heroku would not write."""
    verdict = ran(name, tmp_path)
    texts = "\n".join(heroku([x for x in verdict.log if x.source != "remote"]))
    assert [part for part in SEEN[name] if part not in texts] == []
