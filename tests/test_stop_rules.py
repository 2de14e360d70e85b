"""Findings at a dyno's end: lost files, limits, processes holding memory, processes left over."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from parity.dyno.files import written
from parity.facts.dynos import MB, SIZES
from parity.records import Entry, Memory, Share, Shutdown, Survivor
from parity.records.verdict import Finding
from parity.rules.engine import diagnose
from parity.rules.loading import load
from tests.dynos import dyno
from tests.test_dyno import FILES

pytestmark = pytest.mark.real

TELLS = frozenset({"ephemeral-files", "logs-in-files", "files-written"})


@pytest.fixture(scope="module")
def end(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shutdown]:
    """The end of a dyno that did nothing wrong."""
    load()
    folder = tmp_path_factory.mktemp("dyno")
    with dyno(folder, "exec python3 server.py 0.0.0.0 $PORT", FILES) as web:
        yield web.stop(web.boot(), None)._replace(written=())  # its copy was created by hand


def told(record: Shutdown) -> dict[str, Finding]:
    """Return the findings by id."""
    return {finding.id: finding for finding in diagnose(record)}


def with_files(end: Shutdown, **files: str) -> Shutdown:
    """Return the same dyno, of an app that has these files (`_` is a dot)."""
    entries = {
        name.replace("_", "."): Entry(0o100644, len(text), None, text.encode())
        for name, text in files.items()
    }
    boot = end.boot
    slug = boot.release.slug
    source = slug.plan.source._replace(entries=entries)
    slug = slug._replace(plan=slug.plan._replace(source=source))
    return end._replace(boot=boot._replace(release=boot.release._replace(slug=slug)))


def test_a_good_dyno_is_told_nothing(end: Shutdown) -> None:
    """There is no warning without a reason."""
    assert told(end) == {}


@pytest.mark.parametrize(
    ("path", "tells"),
    [
        ("db.sqlite3", "ephemeral-files"),
        ("instance/app.db", "ephemeral-files"),
        ("uploads/photo.jpg", "ephemeral-files"),
        ("data/users.json", "ephemeral-files"),
        ("flask_session/2029240f6d1128be89ddc32729463129", "ephemeral-files"),
        ("app.log", "logs-in-files"),
        ("logs/today.txt", "logs-in-files"),
        ("static/admin/img/icon.png", "files-written"),
        ("mysite/staticfiles/manifest.json", "files-written"),
        ("metrics/counter_12.db", "files-written"),
        ("celerybeat-schedule", "files-written"),
    ],
)
def test_a_file_that_goes_with_the_dyno(end: Shutdown, path: str, tells: str) -> None:
    """Data cause a warning; logs, and what can be recreated, a note."""
    findings = told(end._replace(written=(path,)))
    assert {name for name in TELLS if name in findings} == {tells}
    assert findings[tells].effect == ("warn" if tells == "ephemeral-files" else "note")
    assert path in findings[tells].title


def test_collected_static_files_are_no_data(end: Shutdown) -> None:
    """Whatever their folder is called: they are recognised by images beside style sheets."""
    shown = told(end._replace(written=("cdn/css/a.css", "cdn/img/a.png", "cdn/staticfiles.json")))
    assert "ephemeral-files" not in shown
    shown = told(end._replace(written=("style.css", "photo.png")))
    assert "ephemeral-files" in shown


PASSING = (
    *("__pycache__/app.cpython-313.pyc", "web/__pycache__/x.pyc", ".gunicorn/gunicorn.ctl"),
    *("gunicorn.pid", "app.sock", "db.sqlite3-journal", "tmp/x.dat", ".cache/fonts/list.json"),
    *(".config/matplotlib/fontlist.json", ".bash_history", "access.log", "logs/error.log"),
)


def test_files_that_nobody_misses(tmp_path: Path) -> None:
    """Caches, pid files, sockets, the server's own logs, files of libraries in HOME."""
    slug, copy = tmp_path / "slug", tmp_path / "copy"
    slug.mkdir()
    for path in (*PASSING, "kept.db"):
        (copy / path).parent.mkdir(parents=True, exist_ok=True)
        (copy / path).write_text("x")
    command = "gunicorn --access-logfile access.log --error-logfile=./logs/error.log app:app"
    assert written(copy, slug, command) == ("kept.db",)


def test_a_tracked_folder_with_a_dot_counts(tmp_path: Path) -> None:
    """A folder that the app itself brought is its own."""
    for folder in ("slug", "copy"):
        (tmp_path / folder / ".data").mkdir(parents=True)
        (tmp_path / folder / ".data/kept.txt").write_text("x")
    (tmp_path / "copy/.data/new.json").write_text("{}")
    found = written(tmp_path / "copy", tmp_path / "slug")
    assert ".data/new.json" in found


def test_writes_where_a_dyno_cannot(tmp_path: Path) -> None:
    """A file open for writing outside the dyno and /tmp is named, one open for reading is not."""
    import shutil
    import tempfile

    outside = Path(tempfile.mkdtemp(dir=Path.home()))
    try:
        (outside / "read").touch()
        command = (
            f"exec 5>>{outside}/grown 6<{outside}/read 7>>/tmp/parity-test-fine 8>>mine.txt;"
            "exec python3 server.py 0.0.0.0 $PORT"
        )
        with dyno(tmp_path, command, FILES) as web:
            end = web.stop(web.boot(), None)
    finally:
        shutil.rmtree(outside)
        Path("/tmp/parity-test-fine").unlink(missing_ok=True)
    found = end.outside
    assert found == (f"{outside}/grown",) or (found == () and end.boot.home == "/app")
    assert ("writes-outside" in told(end)) == bool(found)


def test_processes_and_threads_count_together(tmp_path: Path) -> None:
    """More of them than the dyno allows cause a warning, with both numbers."""
    server = FILES["server.py"].replace(
        "server.listen()",
        "from threading import Thread; from time import sleep\n"
        "for _ in range(300): Thread(target=sleep, args=(99,), daemon=True).start()\n"
        "server.listen()",
    )
    command = "exec python3 app.py 0.0.0.0 $PORT"
    with dyno(
        tmp_path, command, {"app.py": server}, size=SIZES["performance-m"]
    ) as web:  # fmt: skip
        end = web.stop(web.boot(), None)
    assert end.memory is not None
    assert end.memory.tasks >= 301
    assert "process-limit" not in told(end)
    finding = told(end._replace(boot=end.boot._replace(size="basic")))["process-limit"]
    assert f"{end.memory.tasks} processes and threads" in finding.title
    assert "256" in finding.title


def share(pid: int, megabytes: int, grown: int = 0, command: str = "gunicorn app:app") -> Share:
    """Return one process's part."""
    return Share(pid, command, megabytes * MB, grown * MB)


def using(end: Shutdown, over: str, *shares: Share) -> Shutdown:
    """Return the same dyno with these processes at its peak."""
    peak = sum(s.bytes for s in shares)
    memory = Memory(peak, 3.0, shares, len(shares), "R15" if over == "R15" else "R14")
    return end._replace(memory=memory, peak=peak)


@pytest.mark.parametrize(
    ("shares", "over", "cause", "fix"),
    [
        ((share(2, 220), share(3, 220), share(4, 220), share(1, 20)), "R14", "too-many-workers",
         "WEB_CONCURRENCY=2"),
        ((share(2, 900), share(3, 900)), "R15", "memory-at-start", "performance-m"),
        ((share(1, 700, 500),), "R14", "memory-grows", "standard-2x"),
        ((share(1, 700),), "R14", "memory-at-start", "standard-2x"),
        ((share(1, 400), share(2, 200, command="node x.js")), "R14", "memory-at-start",
         "standard-2x"),
    ],
)  # fmt: skip
def test_who_holds_the_memory(
    end: Shutdown, shares: tuple[Share, ...], over: str, cause: str, fix: str
) -> None:
    """The cause names the processes, and what to type."""
    findings = told(using(end, over, *shares))
    assert list(findings)[:2] == [over, cause]
    assert len(findings) == 2
    assert fix in findings[cause].fix
    assert findings[cause].evidence[0].pid == shares[0].pid
    assert f"{shares[0].bytes // MB} MB" in findings[cause].evidence[0].seen


def test_the_line_that_loads(end: Shutdown) -> None:
    """The line that loads a model or data is shown."""
    code = "import torch\n\nmodel = torch.load('big.pt')\n"
    finding = told(using(with_files(end, app_py=code), "R14", share(1, 700)))["memory-at-start"]
    assert (finding.evidence[0].file, finding.evidence[0].line) == ("app.py", 3)


def test_the_procfile_that_sets_the_workers(end: Shutdown) -> None:
    """If the Procfile sets the number, it is what to change."""
    process = end.boot.process._replace(command="gunicorn --workers=4 app:app")
    told_here = end._replace(boot=end.boot._replace(process=process))
    shares = [share(n, 150, command=process.command) for n in range(2, 6)]
    finding = told(using(told_here, "R14", *shares))["too-many-workers"]
    assert finding.fix == "Start 3 of them: in the Procfile write `--workers=3`."
    assert finding.evidence[0].file == "Procfile"


IGNORES = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
HANDLES = "import signal\nsignal.signal(signal.SIGTERM, lambda *_: print('no'))\n"
Made = Callable[[Shutdown], Shutdown]


@pytest.mark.parametrize(
    ("command", "sigterm", "files", "cause", "place"),
    [
        ("python3 app.py", "ignored", {"app_py": IGNORES}, "ignores-sigterm", ("app.py", 2)),
        ("python3 app.py", "ignored", {}, "ignores-sigterm", (None, None)),
        ("sleep 9", "ignored", {"start_sh": "trap '' TERM\nx\n"}, "ignores-sigterm",
         ("start.sh", 1)),
        ("bash start.sh", "caught", {"start_sh": "#!/bin/sh\ntrap 'echo x; y' INT TERM\n"},
         "shell-keeps-sigterm", ("start.sh", 2)),
        ("gunicorn app:app", "caught", {}, "server-waits-too-long", ("Procfile", 1)),
        ("python3 bot.py", "caught", {"bot_py": HANDLES}, "sigterm-handler-stays", ("bot.py", 2)),
    ],
)  # fmt: skip
def test_why_it_did_not_leave(
    end: Shutdown,
    command: str,
    sigterm: str,
    files: dict[str, str],
    cause: str,
    place: tuple[str | None, int | None],
) -> None:
    """The survivor, how it treats SIGTERM, and the responsible line."""
    survivor = Survivor(77, command, sigterm)  # type: ignore[arg-type]
    stayed = with_files(end, **files)._replace(killed=True, survivors=(survivor,))
    findings = told(stayed)
    assert list(findings) == ["R12", cause]
    first = findings[cause].evidence[0]
    assert (first.file, first.line) == place
    assert any(e.pid == 77 for e in findings[cause].evidence)
    assert findings[cause].effect == "warn"


def test_fir_is_said_to_be_half(end: Shutdown) -> None:
    """A Fir size is accepted, with a note on what it does not change."""
    boot = end.boot._replace(size="dyno-2c-4gb")
    assert [f.id for f in diagnose(boot)] == ["fir-generation"]
