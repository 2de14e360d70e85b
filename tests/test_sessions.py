"""Pages whose script runs per visitor: a session is opened, and its exception is read."""

import socket
import threading
from contextlib import suppress

import pytest

from parity.facts.sessions import OPENINGS
from parity.records import Line, Traffic
from parity.rehearsal import sessions
from parity.router import Router
from parity.router.sessions import visit
from parity.rules.engine import diagnose
from parity.rules.loading import load
from tests.verdicts import AT, boot, exchange, plan, slug, source

RAISED = (
    "Traceback (most recent call last):",
    '  File "/app/hello.py", line 2, in <module>',
    "    import seaborn",
    "ModuleNotFoundError: No module named 'seaborn'",
)
LOGS = {
    "Streamlit": ("2026-11-30 13:45:33.509 Uncaught app execution", *RAISED),
    "Panel": (
        "ERROR:bokeh.application.handlers:Error running application handler"
        " <panel.io.handlers.ScriptHandler object at 0x7f>: No module named 'seaborn'",
        *RAISED,
    ),
    "Shiny": (
        RAISED[0],
        '  File "/app/.heroku/python/lib/python3.13/site-packages/shiny/session/_session.py",'
        " line 1123, in _run_impl",
        *RAISED[1:],
    ),
}


def traffic(log: tuple[str, ...], status: int = 200) -> Traffic:
    """Return GET / of an app that logged these lines since its boot."""
    output = tuple(Line(AT, "app[web.1]", text) for text in log)
    return Traffic(boot(slug(plan(source()))), (exchange(status=status),), output)


@pytest.mark.parametrize("log", LOGS.values(), ids=LOGS)
def test_a_script_that_fails_for_every_visitor(log: tuple[str, ...]) -> None:
    """The page answers 200; the exception is explained as one at the start would be."""
    load()
    symptom, cause = (f for f in diagnose(traffic(log)) if f.effect == "fail")
    assert (symptom.id, cause.id) == ("page-script-fails", "missing-dependency")
    assert "seaborn" in symptom.title and "seaborn" in cause.fix


def test_an_exception_that_is_only_logged() -> None:
    """The app has caught it, and the page is there; or the request itself failed."""
    load()
    for record in (traffic(("ERROR: caught", *RAISED)), traffic(LOGS["Streamlit"], 500)):
        assert "page-script-fails" not in [f.id for f in diagnose(record)]


def _server(*answers: bytes) -> int:
    """Return the port of a server that takes one session, and sends these frames in it."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with listening, listening.accept()[0] as peer:
            peer.settimeout(10)
            while not peer.recv(4096).endswith(b"\r\n\r\n"):
                pass
            peer.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n")
            peer.recv(4096)
            for answer in answers:
                peer.sendall(bytes([0x82, len(answer)]) + answer)
            with suppress(ConnectionResetError):  # the visitor leaves with bytes unread
                while peer.recv(4096):
                    pass

    threading.Thread(target=serve, daemon=True).start()
    return int(listening.getsockname()[1])


@pytest.mark.real
def test_a_session_ends_with_the_first_page() -> None:
    """The visitor stays until the server says that the script's run has ended, and no longer."""
    port = _server(b"\x12\x00new", b"\x12\x00\x30\x00", b"\x12\x00never read")
    view = visit(port, OPENINGS["streamlit"], {"Host": "x"}, 10, 10)
    assert (view.status, view.body) == (101, b"\x12\x00new\n\x12\x00\x30\x00")


def test_only_such_pages_get_a_session() -> None:
    """No other app is asked anything more: the router is not even touched."""
    router = Router.__new__(Router)
    assert sessions.opened(router, traffic(())) is None
    failed = traffic((), 500)
    streamlit = failed.boot.process._replace(command="streamlit run hello.py")
    assert (
        sessions.opened(router, failed._replace(boot=failed.boot._replace(process=streamlit)))
        is None
    )
