"""Levels of isolation: what each keeps from an app, and what happens where one is missing."""

import os
import platform
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from parity.dyno import isolation, levels, signals
from parity.dyno.containment import Containment
from parity.dyno.isolation import LEVELS, Place, Refused
from parity.system.errors import Trouble
from tests import test_dyno
from tests.dynos import dyno
from tests.test_endings import needs_namespaces

ROOT = Path(__file__).parent.parent
CANARY = "canary-7f3a9c"
SECRETS = (".netrc", ".aws/credentials", ".pip/pip.conf", ".config/pip/pip.conf", ".ssh/id_rsa")


def lines(tmp: Path, level: str, command: str, **options: object) -> list[str]:
    """Return what a command prints as a dyno."""
    with dyno(tmp, command, isolated=level, **options) as made:  # type: ignore[arg-type]
        return [line.text for line in made.boot().output]


@pytest.mark.real
@pytest.mark.parametrize("level", LEVELS)
def test_every_level_contains(level: str, tmp_path: Path) -> None:
    """The record names the level; HOME is /app, or the copy if there is no private root."""
    if levels.why_not(level):
        pytest.skip(str(levels.why_not(level)))
    with dyno(tmp_path, "echo $HOME; pwd -P; exit 3", isolated=level) as made:
        boot = made.boot()
    home = "/app" if level == "pidns" else str(tmp_path / "home")
    assert (boot.isolation, boot.exit, boot.home) == (level, 3, home)
    assert [line.text for line in boot.output] == [home, home]


@pytest.mark.real
@pytest.mark.parametrize("level", LEVELS)
def test_nothing_of_the_developer_gets_in(
    level: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The dyno gets none of the developer's variables or files in HOME."""
    if levels.why_not(level):
        pytest.skip(str(levels.why_not(level)))
    developer = tmp_path / "developer"
    for name in SECRETS:
        (developer / name).parent.mkdir(parents=True, exist_ok=True)
        (developer / name).write_text(CANARY)
    monkeypatch.setenv("HOME", str(developer))
    for name in ("AWS_SECRET_ACCESS_KEY", "PIP_INDEX_URL", "PYTHONSTARTUP", "FLASK_DEBUG"):
        monkeypatch.setenv(name, CANARY)
    monkeypatch.setenv("SSH_AUTH_SOCK", f"/tmp/{CANARY}")
    command = f"env; cat {' '.join(f'~/{name} $HOME/{name}' for name in SECRETS)}; ls -A ~"
    told = lines(tmp_path, level, command)
    assert not [text for text in told if CANARY in text]
    assert len([text for text in told if "No such file" in text]) == 2 * len(SECRETS)


@pytest.mark.real
@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="glibc's loader tells who it loads")
@pytest.mark.parametrize("level", LEVELS)
def test_the_guard_is_not_in_the_apps_environment(level: str, tmp_path: Path) -> None:
    """LD_PRELOAD and the like would make the guard, which is not contained, run the app's code."""
    if levels.why_not(level):
        pytest.skip(str(levels.why_not(level)))
    env = {"PATH": os.defpath, "LD_DEBUG": "files", "LD_DEBUG_OUTPUT": f"{tmp_path}/loaded"}
    ended = Containment().start(
        Place(level), ["true"], cwd=tmp_path, env=env, on_line=lambda _: None, limit=100
    )
    assert ended.exit == 0
    (loaded,) = tmp_path.glob("loaded.*")
    assert "transferring control: true" in loaded.read_text()


@pytest.mark.real
@pytest.mark.parametrize("cookie", ["", "X", "X=", "PARITY_RUN_ID="])
def test_a_mark_that_all_processes_would_have_is_none(cookie: str) -> None:
    """An incomplete mark matches no process: whatever has the mark is killed."""
    with subprocess.Popen(["sleep", "60"], env={"X": "", "PARITY_RUN_ID": ""}) as other:
        try:
            assert signals.marked(cookie) == []
        finally:
            other.kill()


@pytest.mark.real
@pytest.mark.parametrize(
    ("env", "error"),
    [({"A": "x" * 128 * 1024}, OSError), ({"A": "b\0c"}, ValueError)],
)
def test_an_environment_that_no_process_can_have(
    env: dict[str, str], error: type[Exception], tmp_path: Path
) -> None:
    """It is reported before anything is started."""
    with pytest.raises(error):
        Containment().start(
            Place("basic"), ["true"], cwd=tmp_path, env=env, on_line=lambda _: None, limit=100
        )
    with pytest.raises(Trouble, match="the dyno cannot be started"):
        lines(tmp_path, "basic", "true", extra_env=env)


@pytest.mark.real
@needs_namespaces
def test_a_machine_like_a_dyno(tmp_path: Path) -> None:
    """An ordinary user, a writable /app and /tmp, a read-only system, nobody's home."""
    outside = tmp_path / "outside"
    outside.write_text(CANARY)
    command = f"""
        id -un; id -gn; cd ~; pwd; [ -w /app ] && [ -w /tmp ] && [ -w /dev/shm ] && echo writable
        touch /usr/x /etc/x /x; cat {outside}; ls /root /home; ls -A /tmp; echo $$
        echo data > /app/kept; echo $(($(ls -d /proc/[0-9]* | wc -l) < 9))
        head -c 1 /dev/urandom | wc -c; getent hosts localhost | wc -l; readlink /proc/self/exe"""
    told = lines(tmp_path, "pidns", command)
    assert told[:4] == ["u42000", "dyno", "/app", "writable"]
    assert len([text for text in told if "Read-only file system" in text]) == 3
    assert not [text for text in told if CANARY in text]
    assert len([text for text in told if "No such file or directory" in text]) == 3
    assert told[-4:-1] == ["1", "1", "1"]
    assert int(told[-5]) < 9, "its first process is one of the first in its namespace"
    assert (tmp_path / "home" / "kept").read_text() == "data\n"


@pytest.mark.real
@needs_namespaces
def test_the_cores_of_a_dyno(tmp_path: Path) -> None:
    """Programs that count cores find a dyno's, however many this machine has."""
    command = "python3 -c 'import os; print(os.cpu_count())'; nproc; nproc --all; nproc --ignore=3"
    assert lines(tmp_path, "pidns", command) == ["8", "8", "8", "5"]


@needs_namespaces
@pytest.mark.skipif(os.getuid() == 0, reason="the kernel lets root's processes pass")
def test_the_process_limit(tmp_path: Path) -> None:
    """The small dynos have 256 processes and threads, and no more."""
    code = "import threading, time\nwhile 1: threading.Thread(target=time.sleep, args=(9,)).start()"
    told = lines(tmp_path, "pidns", "exec python3 app.py", files={"app.py": code})
    assert "can't start new thread" in told[-1]


@pytest.mark.real
@needs_namespaces
def test_local_databases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in for an add-on is reached by its socket, but not from a separate network."""
    folder = tmp_path / "run"
    folder.mkdir()
    monkeypatch.setattr(isolation, "SERVICES", (folder,))
    with socket.socket(socket.AF_UNIX) as database:
        database.bind(str(folder / "db"))
        database.listen()
        code = f"import socket as s; s.socket(s.AF_UNIX).connect('{folder}/db')"
        with dyno(tmp_path, f'python3 -c "{code}"', kind="worker") as made:
            assert made.boot().exit == 0
        other = tmp_path / "2"
        other.mkdir()
        with dyno(other, f'python3 -c "{code}"', kind="worker", network="own") as made:
            assert made.boot().exit == 1


@pytest.mark.real
@needs_namespaces
def test_a_machine_that_has_an_app_folder(tmp_path: Path) -> None:
    """Python or parity's cache in a real /app cannot be shown: the next level is taken."""
    (tmp_path / "app").mkdir()
    place = Place("pidns", tmp_path / "app", (Path("/app/.heroku/python"),))
    with pytest.raises(Refused, match="parity's own files are in /app"):
        Containment().start(place, ["true"], cwd=tmp_path, env={}, on_line=print, limit=9)


def outside_namespaces(*argv: str) -> "subprocess.CompletedProcess[str]":
    """Run Python where no user namespace can be created, as in many containers."""
    ban = 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"'
    return subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", ban, "sh", *argv],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )


@pytest.mark.real
@needs_namespaces
def test_a_machine_without_namespaces(tmp_path: Path) -> None:
    """The next level is taken silently; a level that was asked for may be refused."""
    app = tmp_path / "app"
    app.mkdir()
    auto = outside_namespaces(
        sys.executable, "-c", "from parity.dyno import levels; print(levels.level())"
    )
    assert auto.stdout == "guard\n", auto
    asked = outside_namespaces(sys.executable, "-m", "tests.front", "pidns", str(app), "echo never")
    assert "does not grant --isolation pidns: clone: No space left on device" in asked.stderr
    front = outside_namespaces(
        sys.executable, "-m", "tests.front", "auto", str(app / ".."), "exit 3"
    )
    assert front.returncode == 3, front


def test_a_level_that_is_refused() -> None:
    """`auto` tries the levels in order, and remembers; a refused explicit level is trouble."""
    asked: list[str] = []

    def act(level: str) -> str:
        asked.append(level)
        if level == "basic":
            return level
        raise Refused("not here")

    before = dict(isolation.refusals)
    try:
        assert isolation.at_best(isolation.levels("auto"), act) == "basic"
        assert isolation.at_best(isolation.levels("auto"), act) == "basic"
        assert asked[-1:] == ["basic"] and asked.count("guard") <= 1
        with pytest.raises(Trouble, match="does not grant --isolation guard: not here"):
            isolation.at_best(isolation.levels("guard"), act)
    finally:
        isolation.refusals.clear()
        isolation.refusals.update(before)


def test_a_place_on_the_command_line(tmp_path: Path) -> None:
    """Visible and writable paths are listed separately."""
    place = Place("pidns", tmp_path, (Path("/a"),), (Path("/b"),), 256, cores=8)
    assert place.arguments() == [str(tmp_path), "256", "10000", "8", "2", "r/a", "w/b"]
    assert str(place.home) == "/app"
    assert place._replace(level="guard").home == tmp_path


def test_metadata_is_well_formed() -> None:
    """The variables of the labs feature, with the same ids for the same app at every run."""
    from uuid import UUID

    from parity.dyno.metadata import variables

    told = variables("my-app-0123456789ab.herokuapp.com", None)
    again = variables("my-app-0123456789ab.herokuapp.com", None)
    assert told["HEROKU_APP_NAME"] == "my-app"
    assert UUID(told["HEROKU_APP_ID"]) == UUID(again["HEROKU_APP_ID"])
    assert len(told["HEROKU_SLUG_COMMIT"]) == 40
    assert told["HEROKU_SLUG_DESCRIPTION"] == f"Deploy {told['HEROKU_SLUG_COMMIT'][:8]}"


SERVER = {"server.py": test_dyno.SERVER}
FIXED = """
import socket, time
try:
    socket.create_connection(("127.0.0.1", OTHER))
except OSError as error:
    print(error, flush=True)
server = socket.create_server(("0.0.0.0", 5000))
open("told", "w").close()
time.sleep(100)
"""


@pytest.mark.real
@needs_namespaces
@pytest.mark.parametrize(
    ("bound", "state", "reachable"),
    [
        ("0.0.0.0 $PORT", "up", True),
        ("127.0.0.1 $PORT", "timeout", False),
        (":: $PORT 1", "timeout", False),
        ("0.0.0.0 5000", "timeout", None),
    ],
)
def test_what_counts_as_bound_in_a_network_of_its_own(
    bound: str, state: str, reachable: bool | None, tmp_path: Path
) -> None:
    """The same as in this machine's network, seen through the guard's sockets."""
    with dyno(tmp_path, f"exec python3 server.py {bound}", SERVER, network="own") as web:
        boot = web.boot()
        assert (boot.state, boot.reachable) == (state, reachable)
        (listener,) = boot.listeners
        assert listener.own and "server.py" in listener.command


@pytest.mark.real
@needs_namespaces
def test_a_network_of_its_own(tmp_path: Path) -> None:
    """A fixed port is free, this machine's listeners are not there, the router is."""
    (tmp_path / "1").mkdir(), (tmp_path / "2").mkdir()
    with socket.create_server(("127.0.0.1", 0)) as here:
        app = {**SERVER, "app.py": FIXED.replace("OTHER", str(here.getsockname()[1]))}
        wait = "while [ ! -e told ]; do sleep 0.05; done"
        command = f"python3 app.py & {wait}; exec python3 server.py 0.0.0.0 $PORT"
        with (
            dyno(tmp_path / "1", command, app, network="own") as one,
            dyno(tmp_path / "2", command, app, network="own") as two,
        ):
            boots = [made.boot() for made in (one, two)]
            answers = [made.edge.beside(lambda port=made.port: asked(port)) for made in (one, two)]
    assert [boot.state for boot in boots] == ["up", "up"]
    said = [[line.text for line in made.output()] for made in (one, two)]
    assert said == [["[Errno 111] Connection refused"]] * 2
    assert answers == [b"HTTP/1.1 200 OK"] * 2


@pytest.mark.real
@needs_namespaces
def test_a_port_that_is_taken_here_is_free_there(tmp_path: Path) -> None:
    """`--port N` is the dyno's; it is reached through another port of this machine."""
    with socket.create_server(("127.0.0.1", 0)) as here:
        port, command = here.getsockname()[1], "exec python3 server.py 0.0.0.0 $PORT"
        with pytest.raises(Trouble, match=f"port {port} is in use"):
            lines(tmp_path, "auto", command, port=port)
        (tmp_path / "own").mkdir()
        with dyno(tmp_path / "own", command, SERVER, network="own", port=port) as web:
            boot = web.boot()
            assert (boot.state, boot.port) == ("up", port)
            assert boot.front not in (port, None)
            assert web.edge.beside(lambda: asked(boot.front)) == b"HTTP/1.1 200 OK"
            again = web.folder.with_name("again")
            web.folder.rename(again)
            web.stop(boot, None)
            web.renew(again)
            assert web.boot().port == port


def asked(port: int | None) -> bytes:
    """Return the first line of the answer to a request through the relay."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        return connection.recv(100).split(b"\r\n")[0]


@pytest.mark.real
@needs_namespaces
def test_a_network_that_cannot_be_had(tmp_path: Path) -> None:
    """Without namespaces there is no separate network, and parity says so."""
    with (
        dyno(tmp_path, "true", isolated="guard", network="own") as made,
        pytest.raises(Trouble, match="--network own here: it goes with --isolation pidns"),
    ):
        made.boot()


@pytest.mark.real
@pytest.mark.parametrize("level", LEVELS)
def test_beside_many_open_files(level: str, tmp_path: Path) -> None:
    """It works with file descriptors above select(2)'s limit, which a test suite may have."""
    import resource

    if levels.why_not(level):
        pytest.skip(str(levels.why_not(level)))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
    held = [os.open(os.devnull, os.O_RDONLY) for _ in range(1100)]
    try:
        assert lines(tmp_path, level, "echo heard; exit 3") == ["heard"]
    finally:
        for descriptor in held:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
