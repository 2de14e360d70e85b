"""Real processes as dynos: when they count as bound, as crashed, as stopped."""

import os
import re
import socket
from pathlib import Path

import pytest

from parity.dyno import trace
from parity.facts.limits import LIMITS
from parity.records import Line
from tests.dynos import QUICK, dyno

pytestmark = pytest.mark.real

SERVER = """
import os, socket, sys
family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
server = socket.socket(family)
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
if family == socket.AF_INET6:
    server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(sys.argv[3]))
server.bind((sys.argv[1], int(sys.argv[2])))
server.listen()
while True:
    connection, _ = server.accept()
    connection.recv(1000)
    connection.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n")
    connection.close()
"""
FILES = {"server.py": SERVER}


def free() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.mark.parametrize(
    ("bound", "state", "reachable"),
    [
        ("0.0.0.0 $PORT", "up", True),
        (":: $PORT 0", "up", True),
        ("127.0.0.1 $PORT", "timeout", False),
        ("127.0.0.2 $PORT", "timeout", True),
        ("::1 $PORT 0", "timeout", False),
        (":: $PORT 1", "timeout", False),
        ("0.0.0.0 {other}", "timeout", None),
        ("127.0.0.1 {other}", "timeout", None),
    ],
)
def test_what_counts_as_bound(
    tmp_path: Path, bound: str, state: str, reachable: bool | None
) -> None:
    """Only a socket on $PORT that IPv4 connections from elsewhere can reach counts as bound."""
    other = free()
    with dyno(tmp_path, f"exec python3 server.py {bound.format(other=other)}", FILES) as web:
        boot = web.boot()
        assert (boot.state, boot.reachable) == (state, reachable)
        assert boot.predicted == (state == "timeout")
        (listener,) = boot.listeners
        assert listener.own
        assert listener.port == (other if "other" in bound else boot.port)
        assert "server.py" in listener.command


def test_the_log_of_a_healthy_dyno(tmp_path: Path) -> None:
    """Starting, up, SIGTERM, exit: in Heroku's lines, with $PORT substituted."""
    said: list[Line] = []
    with dyno(tmp_path, "exec python3 server.py 0.0.0.0 $PORT", FILES, said=said) as web:
        boot = web.boot()
        end = web.stop(boot, None)
    assert [(line.source, line.text) for line in said] == [
        (
            "heroku[web.1]",
            f"Starting process with command `exec python3 server.py 0.0.0.0 {boot.port}`",
        ),
        ("heroku[web.1]", "State changed from starting to up"),
        ("heroku[web.1]", "State changed from up to down"),
        ("heroku[web.1]", "Stopping all processes with SIGTERM"),
        ("heroku[web.1]", "Process exited with status 143"),
    ]
    assert (end.exit, end.killed) == (143, False)


def test_the_real_limit(tmp_path: Path) -> None:
    """Nothing listens: R10 in Heroku's lines once the limit has passed, and not before."""
    said: list[Line] = []
    with dyno(
        tmp_path, "echo ready; sleep 100", said=said, limits=QUICK.shortened(boot_timeout=1)
    ) as web:
        boot = web.boot()
    assert (boot.state, boot.predicted, boot.exit) == ("timeout", False, 137)
    assert [line.text for line in said][1:] == [
        "ready",
        "Error R10 (Boot timeout) -> Web process failed to bind to $PORT "
        "within 1 seconds of launch",
        "Stopping process with SIGKILL",
        "Process exited with status 137",
        "State changed from starting to crashed",
    ]


def test_workers_that_die_again_and_again(tmp_path: Path) -> None:
    """uvicorn starts another worker for each that dies; none of them will ever listen."""
    command = 'for n in 1 2 3 4 5 6; do echo "INFO: Child process [$n] died"; done; exec sleep 99'
    with dyno(tmp_path, command, FILES) as web:
        boot = web.boot()
    assert (boot.state, boot.predicted, boot.listeners) == ("timeout", True, ())


def test_exact_never_predicts(tmp_path: Path) -> None:
    """--exact waits for the limit, whatever listens where."""
    command = "exec python3 server.py 127.0.0.1 $PORT"
    with dyno(tmp_path, command, FILES, exact=True, limits=QUICK.shortened(boot_timeout=1)) as web:
        boot = web.boot()
    assert (boot.state, boot.predicted) == ("timeout", False)
    assert boot.seconds >= 1


def test_a_prediction_is_not_logged(tmp_path: Path) -> None:
    """A predicted failure never enters the log."""
    said: list[Line] = []
    with dyno(tmp_path, "exec python3 server.py 127.0.0.1 $PORT", FILES, said=said) as web:
        assert web.boot().predicted
    assert [line.text for line in said if "R10" in line.text or "exited" in line.text] == []


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("exit 0", 0),
        ("exit 3", 3),
        ("nonesuch app:app", 127),
        ("kill -9 $$", 137),
        ("(setsid sleep 100 &) ; exit 3", 3),
        ("sleep 100 & exit 4", 4),
    ],
)
def test_a_crash(tmp_path: Path, command: str, code: int) -> None:
    """The end of the start command is a crash, whatever it leaves running or open."""
    said: list[Line] = []
    with dyno(tmp_path, command, said=said) as web:
        boot = web.boot()
    assert (boot.state, boot.exit) == ("crashed", code)
    assert [line.text for line in said][-2:] == [
        f"Process exited with status {code}",
        "State changed from starting to crashed",
    ]


def test_up_and_then_gone(tmp_path: Path) -> None:
    """An open port is not success: a command that ends before the first answer has crashed."""
    files = {"app.py": SERVER.replace("while True:", "sys.exit(5)\nwhile True:")}
    command = "python3 app.py 0.0.0.0 $PORT; sleep 0.3; exit 5"
    slow = {
        "app.py": files["app.py"].replace(
            "sys.exit(5)", "import time; time.sleep(0.5); sys.exit(5)"
        )
    }
    with dyno(tmp_path, command, slow) as web:
        boot = web.boot()
        assert boot.state == "up"
        settled = web.settle(boot, failed=True)
    assert (settled.state, settled.exit, settled.bound_first) == ("crashed", 5, True)


def test_sigterm_reaches_every_process(tmp_path: Path) -> None:
    """SIGTERM also reaches a process that has started its own session."""
    command = """
    trap 'echo leader; exit 0' TERM
    setsid bash -c 'trap "echo other > told; exit 0" TERM; while true; do sleep 0.05; done' &
    python3 server.py 0.0.0.0 $PORT &
    while true; do sleep 0.05; done
    """
    with dyno(tmp_path, command, FILES) as web:
        boot = web.boot()
        end = web.stop(boot, None)
    assert (end.exit, end.killed) == (0, False)
    assert (tmp_path / "home" / "told").read_text() == "other\n"


@pytest.mark.parametrize(
    "prelude", ["trap '' TERM; ", "kill -STOP $$ & "], ids=["ignores TERM", "stopped"]
)
def test_what_does_not_leave_is_killed(tmp_path: Path, prelude: str) -> None:
    """After the limit, R12 and SIGKILL; a stopped process is continued to receive SIGTERM."""
    said: list[Line] = []
    command = f"python3 server.py 0.0.0.0 $PORT & {prelude} while true; do sleep 0.1; done"
    with dyno(tmp_path, command, FILES, said=said) as web:
        boot = web.boot()
        end = web.stop(boot, None)
    assert end.killed == ("trap" in prelude)
    assert any("Error R12 (Exit timeout)" in line.text for line in said) == end.killed
    assert end.exit == (137 if end.killed else 143)


def test_a_stranger_on_the_fixed_port(tmp_path: Path) -> None:
    """If somebody occupies the app's fixed port, that is a wrong port, not a crash."""
    with socket.create_server(("0.0.0.0", 0)) as stranger:
        port = stranger.getsockname()[1]
        command = f"python3 server.py 0.0.0.0 {port} || (echo 'Port {port} is in use'; exit 1)"
        with dyno(tmp_path, command, FILES) as web:
            boot = web.boot()
    assert (boot.state, boot.predicted) == ("timeout", True)
    assert [x.port for x in boot.foreign] == [port]


def test_the_environment_starts_from_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The dyno has its own variables, the config vars and one cookie; nothing of this shell."""
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary")
    config = {"GREETING": "hi there", "PORT": "5000", "HOME": "/root"}
    with dyno(tmp_path, "env -0 | sort -z | tr '\\0' '\\n'", config=config) as web:
        boot = web.boot()
    seen = dict(line.text.split("=", 1) for line in boot.output)
    assert set(seen) == {
        *("DYNO", "HOME", "PATH", "PORT", "PWD", "SHLVL", "_", "GREETING"),
        "PARITY_RUN_ID",
    }
    assert seen["PORT"] == str(boot.port)
    assert seen["HOME"] == seen["PWD"] == str(web.home)
    assert seen["PATH"] == "/usr/local/bin:/usr/bin:/bin"


def test_profile_scripts_come_first(tmp_path: Path) -> None:
    """`.profile.d/*.sh` run in order, then `.profile`; a failing one does not stop the boot."""
    files = {
        ".profile.d/b.sh": "export SEEN=${SEEN}b\n",
        ".profile.d/a.sh": "export SEEN=a; false\n",
        ".profile.d/ignored.txt": "export SEEN=no\n",
        ".profile": "export SEEN=${SEEN}-profile\n",
    }
    with dyno(tmp_path, "echo $SEEN", files) as web:
        assert [line.text for line in web.boot().output] == ["ab-profile"]


def test_output_of_every_kind(tmp_path: Path) -> None:
    """Bytes that are not text, missing line ends, endless lines: all of it is logged."""
    command = r"printf 'caf\xe9\r\n'; head -c 25000 /dev/zero | tr '\0' x; echo; printf end"
    with dyno(tmp_path, command) as web:
        texts = [line.text for line in web.boot().output]
    assert texts[0] == "caf\\xe9"
    assert [len(text) for text in texts[1:4]] == [10_000, 10_000, 5_000]
    assert texts[-1] == "end"


def test_a_flood_keeps_its_two_ends(tmp_path: Path) -> None:
    """Of 200,000 lines the first and the last stay, with a notice between."""
    with dyno(tmp_path, "seq 200000") as web:
        lines = web.boot().output
    assert lines[0].text == "1"
    assert lines[-1].text == "200000"
    (notice,) = [x.text for x in lines if x.source == "heroku[logplex]"]
    since = "Error L10 (output buffer overflow): 197000 messages dropped since "
    assert notice.startswith(since)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00\.", notice.removeprefix(since))


def test_a_worker_has_no_port_to_bind(tmp_path: Path) -> None:
    """A process type other than web is up once it has started."""
    with dyno(tmp_path, "sleep 100", kind="worker") as worker:
        assert worker.boot().state == "up"


def test_memory_counts_the_whole_tree(tmp_path: Path) -> None:
    """The peak is the memory of all the dyno's processes together; over quota it is logged."""
    hold = "x = bytearray(80 << 20)\nfor i in range(0, len(x), 4096):\n    x[i] = 1\n"
    server = SERVER.replace("server.listen()", f"{hold}server.listen()")
    with dyno(tmp_path, "exec python3 app.py 0.0.0.0 $PORT", {"app.py": server}) as web:
        boot = web.boot()
        end = web.stop(boot, None)
    assert end.peak is not None
    assert end.peak > 80 << 20
    assert end.quota == 512 << 20


def test_files_that_would_be_lost(tmp_path: Path) -> None:
    """Files that the app wrote into its copy are named; caches and pid files are not."""
    command = (
        "echo x > data.db; mkdir -p up __pycache__; echo y > up/a.txt; echo z > run.pid;"
        "echo q > __pycache__/m.pyc; echo more >> server.py; exec python3 server.py 0.0.0.0 $PORT"
    )
    with dyno(tmp_path, command, FILES) as web:
        end = web.stop(web.boot(), None)
    assert end.written == ("data.db", "server.py", "up/a.txt")


def test_a_traced_boot_names_the_line(tmp_path: Path) -> None:
    """The audit hook sees the bind, with the file, line and column of the app's own frame."""
    bare = "import socket\n\n\ndef run():\n    s = socket.socket()\n    s.bind(('127.0.0.1', 0))\n"
    listen = "    s.listen()\n    import time\n    time.sleep(100)\n"
    files = {"app.py": "import serve\n\nserve.run()\n", "serve.py": bare + listen}
    limits = QUICK.shortened(boot_timeout=1)
    with dyno(tmp_path, "exec python3 app.py", files, trace=True, limits=limits) as web:
        web.boot()
        binds = trace.binds(web.report, web.home)
    assert binds[0].host == "127.0.0.1"
    places = [(frame.file, frame.line) for frame in binds[0].frames]
    assert places == [("serve.py", 6), ("app.py", 3)]
    assert (tmp_path / "home.trace").exists()


def test_a_variable_that_cannot_be_passed(tmp_path: Path) -> None:
    """A variable longer than the kernel allows is trouble with a fix, not a traceback."""
    from parity.system.errors import Trouble

    with (
        dyno(tmp_path, "true", config={"HUGE": "x" * 200_000}) as web,
        pytest.raises(Trouble, match="cannot be started"),
    ):
        web.boot()


def test_ports_differ_and_are_free() -> None:
    """Ports are random, in the range, and free."""
    from parity.dyno.port import HIGHEST, LOWEST, choose

    ports = {choose() for _ in range(20)}
    assert len(ports) > 15
    assert all(LOWEST <= port <= HIGHEST for port in ports)


def test_a_taken_port_is_trouble() -> None:
    """A --port that is in use is reported before anything starts."""
    from parity.dyno.port import choose
    from parity.system.errors import Trouble

    with socket.create_server(("127.0.0.1", 0)) as server, pytest.raises(Trouble, match="in use"):
        choose(server.getsockname()[1])


def test_limits_have_sources() -> None:
    """Every limit states its source."""
    assert all(fact.source and fact.unit == "s" for fact in LIMITS)
    assert os.getpid() > 0
