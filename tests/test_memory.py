"""A dyno's memory, measured on real trees of processes; sizes; the values of `--dyno`."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from parity.dyno import memory
from parity.dyno.memory import Meter, typed
from parity.facts.dynos import MB, SIZES, DynoSize, holding
from tests.dynos import eventually

FORKS = """
import os, sys, time
def hold(megabytes):
    held = bytearray(megabytes << 20)
    for i in range(0, len(held), 4096):
        held[i] = 1
    return held
shared = hold(int(sys.argv[1]))
for _ in range(int(sys.argv[3]) - 1):
    if os.fork() == 0:
        break
own = hold(int(sys.argv[2]))
open(f"ready.{os.getpid()}", "w").close()
time.sleep(100)
"""


@contextmanager
def grown(folder: Path, shared: int, own: int, processes: int) -> Iterator[int]:
    """Start processes with shared and own megabytes below one parent."""
    (folder / "forks.py").write_text(FORKS)
    command = f"{sys.executable} forks.py {shared} {own} {processes} & wait"
    shell = subprocess.Popen(["sh", "-c", command], cwd=folder, start_new_session=True)
    try:
        assert eventually(lambda: len(list(folder.glob("ready.*"))) == processes, 20)
        yield shell.pid
    finally:
        os.killpg(shell.pid, 9)
        shell.wait()


@pytest.mark.real
def test_shared_pages_count_once(tmp_path: Path) -> None:
    """Three forks with 100 MB in common and 10 MB each of their own are 130 MB, not 330."""
    with grown(tmp_path, 100, 10, 3) as root:
        meter = Meter(root, SIZES["basic"])
        used = meter.look(exact=True)
        assert used is not None
        assert 130 * MB < used < 175 * MB
        assert meter.tasks == 3
        assert len(meter.so_far().shares) == 3


LOADS = """
import os, sys, time
held = b'x' * (60 << 20) if os.fork() else None
mine = f"{'first' if held else 'second'}"
for loads in range(1, 3):
    open(f"{mine}.{loads}", "w").close()
    while not os.path.exists(f"go.{loads}"):
        time.sleep(0.01)
    held = b"x" * (60 << 20) if loads == 1 else b"x" * (200 << 20)
open(f"{mine}.3", "w").close()
time.sleep(100)
"""


@pytest.mark.real
def test_a_worker_that_still_loads_does_not_grow(tmp_path: Path) -> None:
    """A worker that catches up with its sibling does not grow; anything above that is growth."""

    def all_at(step: int) -> bool:
        return all((tmp_path / f"{name}.{step}").exists() for name in ("first", "second"))

    (tmp_path / "loads.py").write_text(LOADS)
    command = ["sh", "-c", f"{sys.executable} loads.py & wait"]
    above = subprocess.Popen(command, cwd=tmp_path, start_new_session=True)
    try:
        assert eventually(lambda: all_at(1), 20)
        meter = Meter(above.pid, SIZES["basic"])
        meter.started()
        (tmp_path / "go.1").touch()
        assert eventually(lambda: all_at(2), 20)
        meter.look(exact=True)
        assert [share.grown // MB for share in meter.so_far().shares] == [0, 0]
        (tmp_path / "go.2").touch()
        assert eventually(lambda: all_at(3), 20)
        meter.look(exact=True)
        assert all(share.grown > 100 * MB for share in meter.so_far().shares)
    finally:
        os.killpg(above.pid, 9)
        above.wait()


@pytest.mark.real
def test_a_single_process_needs_no_second_look(tmp_path: Path) -> None:
    """The cheap figure is exact if nothing is shared."""
    with grown(tmp_path, 60, 0, 1) as root:
        meter = Meter(root, SIZES["basic"])
        used = meter.look()
        assert used is not None
        assert 60 * MB < used < 75 * MB
        assert meter._looked_at == 0


@pytest.mark.real
def test_the_exact_look_is_rare_while_there_is_room(tmp_path: Path) -> None:
    """Far from the quota, processes are measured exactly every five seconds; near R15, at once."""
    with grown(tmp_path, 40, 5, 3) as root:
        roomy, close = SIZES["performance-m"], DynoSize("basic", 60, 8, 256, 60)
        meter = Meter(root, roomy)
        assert [meter.look() is not None for _ in range(5)] == [True, False, False, False, False]
        meter = Meter(root, close)
        assert meter.look() is not None
        time.sleep(max(0.25, 11 * meter._cost))
        assert meter.look() is not None


@pytest.mark.real
def test_a_rough_look_is_cheap(tmp_path: Path) -> None:
    """A cheap measurement takes at most a millisecond for a handful of processes."""
    with grown(tmp_path, 200, 1, 5) as root:
        meter = Meter(root, SIZES["performance-l"])
        meter.look(exact=True)
        times = []
        for _ in range(50):
            began = time.process_time()
            meter.look()
            times.append(time.process_time() - began)
        assert sorted(times)[25] < 0.002


@pytest.mark.real
def test_the_curve_is_bounded(tmp_path: Path) -> None:
    """However long a dyno runs, the curve has a few hundred points, including the last ones."""
    with grown(tmp_path, 1, 1, 1) as root:
        meter = Meter(root, SIZES["basic"])
        for _ in range(1000):
            meter.look(exact=True)
        assert 60 < len(meter.samples) <= memory.MOST
        assert meter.samples[0][0] < 0.5


@pytest.mark.real
def test_nothing_is_left_to_measure() -> None:
    """A process id that is gone counts as no memory and no error."""
    done = subprocess.Popen(["true"])
    done.wait()
    assert Meter(done.pid, SIZES["basic"]).look(exact=True) is None


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["/x/bin/python", "/x/bin/gunicorn", "-w", "2", "a:b"], "gunicorn -w 2 a:b"),
        (["/usr/bin/python3.13", "manage.py", "runserver"], "python3.13 manage.py runserver"),
        (["/bin/bash", "-c", "sleep 1"], "bash -c sleep 1"),
        (["node", "/app/bin/www"], "node /app/bin/www"),
        ([], ""),
    ],
)
def test_command_lines_as_people_type_them(words: list[str], told: str) -> None:
    """Without the interpreter and the leading folders."""
    assert typed(words) == told


@pytest.mark.parametrize(
    ("name", "memory_mb", "concurrency", "processes", "vastly"),
    [
        ("eco", 512, 2, 256, 1024),
        ("standard-2x", 1024, 4, 512, 2048),
        ("performance-m", 2560, 5, 16384, 5120),
        ("performance-l", 14336, 17, 32768, 28672),
        ("performance-l-ram", 30720, 9, 24576, 36864),
        ("performance-2xl", 129024, 33, 65536, 154829),
        ("private-s", 1024, 4, 512, 1024),
        ("shield-l", 14336, 17, 32768, 14336),
        ("dyno-1c-0.5gb", 512, 2, 0, 512),
        ("dyno-4c-16gb", 16384, 9, 0, 16384),
    ],
)
def test_sizes(name: str, memory_mb: int, concurrency: int, processes: int, vastly: int) -> None:
    """Memory, WEB_CONCURRENCY, processes, R15."""
    size = SIZES[name]
    assert (size.memory, size.web_concurrency) == (memory_mb, concurrency)
    assert (size.processes, size.vastly) == (processes, vastly)


def test_only_common_dynos_swap() -> None:
    """Only dynos with swap have R14."""
    assert {name.split("-")[0] for name, size in SIZES.items() if size.swaps} == {
        "eco", "basic", "standard", "performance",
    }  # fmt: skip


def test_the_next_larger_dyno() -> None:
    """The smallest size that holds it; none for what no dyno holds."""
    assert [getattr(holding(n * MB), "name", None) for n in (400, 600, 3000, 200_000)] == [
        "standard-1x", "standard-2x", "performance-l", None,
    ]  # fmt: skip


APP = """
import os
mb = int(os.environ["MB"])
held = bytearray(mb << 20)
for i in range(0, len(held), 4096):
    held[i] = 1
def app(environ, start):
    start("200 OK", [("Content-Length", "2")])
    return [b"ok"]
"""


@pytest.mark.net
@pytest.mark.parametrize(
    ("options", "megabytes", "size", "over"),
    [
        ("--preload -w 2", 180, "basic", None),
        ("-w 2", 300, "basic", "R14"),
        ("-w 2", 300, "standard-2x", None),
        ("-w 2", 300, "private-s", None),
    ],
    ids=["180 MB shared", "300 MB private", "300 MB on standard-2x", "300 MB without swap"],
)
def test_gunicorn_with_two_workers(
    tmp_path: Path, options: str, megabytes: int, size: str, over: str | None
) -> None:
    """R14 only where Heroku would log it; the report has the peak, the curve, the processes."""
    (tmp_path / "app.py").write_text(APP)
    (tmp_path / "Procfile").write_text(f"web: gunicorn {options} app:app\n")
    (tmp_path / "requirements.txt").write_text("gunicorn==27.0.1\n")
    done = subprocess.run(
        [sys.executable, "-m", "parity", "run", str(tmp_path), "--format", "json",
         "--dyno", size.upper(), "--config", f"MB={megabytes}"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    report = json.loads(done.stdout)
    told = report["memory"]
    assert told["over"] == over
    assert ("R14" in [f["id"] for f in report["findings"]]) == (over == "R14")
    expected = megabytes if "preload" in options else 2 * megabytes
    assert 0.95 * expected < told["peak_mb"] < expected + 100
    assert max(s["bytes"] for s in told["samples"]) // MB in (told["peak_mb"], told["peak_mb"] - 1)
    assert told["processes"][0]["command"] == f"gunicorn {options} app:app"
    assert told["tasks"] >= 3


@pytest.mark.real
def test_a_steady_tree_is_looked_at_less_often(tmp_path: Path) -> None:
    """Between half and 80 % of the quota, a steady tree is measured less often."""
    with grown(tmp_path, 40, 5, 3) as root:
        meter = Meter(root, DynoSize("basic", 80, 8, 256, 160))
        meter.look(exact=True), meter.look(exact=True)
        looked_at = meter._looked_at
        assert meter._steady() and meter._exact < 0.8 * 80 * MB
        meter._looked_at -= max(1.1, 201 * meter._cost)
        assert meter.look() is None, "due, were it not steady"
        meter._before //= 2  # as if shared memory had become private since the last measurement
        assert meter.look() is not None
        meter._looked_at = looked_at - memory.RESTED - 201 * meter._cost
        assert meter.look() is not None, "in the end it is looked at anyway"


LEAPS = """
import os, time
for _ in range(2):
    if os.fork() == 0:
        time.sleep(100)
time.sleep(3)
print("leap", time.time(), flush=True)
held = []
for _ in range(26):
    block = bytearray(50 << 20)
    for i in range(0, len(block), 4096):
        block[i] = 1
    held.append(block)
    print("held", len(held) * 50, time.time(), flush=True)
    time.sleep(0.05)
time.sleep(100)
"""


@pytest.mark.real
def test_r15_comes_at_once(tmp_path: Path) -> None:
    """A steady tree that jumps past twice its quota is killed before it grows much further."""
    from tests.dynos import dyno

    with dyno(tmp_path, "exec python3 leaps.py", {"leaps.py": LEAPS}, kind="worker") as made:
        boot = made.boot()
        assert boot.state == "up"
        assert made.ended(20)
        told = made.quota.memory()
        lines = [line.text.split() for line in made.output() if line.text.startswith("held")]
    assert told.over == "R15"
    crossed = next(float(at) for _, held, at in lines if int(held) >= 1000)
    assert float(lines[-1][2]) - crossed < 0.6, "0.25 s, and what a busy machine adds"
