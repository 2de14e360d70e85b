"""Logs as they come: chained, grouped, interleaved; and what they say about this machine."""

import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parity.facts.buildpacks import PYTHON
from parity.records import Config, Interpreter, Line
from parity.records.verdict import Finding
from parity.rules.engine import diagnose
from parity.rules.loading import load
from parity.rules.views.python_traceback import chain, interrupted, last_raised
from tests import verdicts

TRACE = "Traceback (most recent call last):"
OLDER = Interpreter(Path("/usr/bin/python3.13"), "3.13.0", False)


def crashed(
    *log: str, code: str = "", config: Config = verdicts.NO_CONFIG, here: Interpreter = OLDER
) -> dict[str, Finding]:
    """Return the causes of a crash of hello.py with this log, by id."""
    load()
    files = {**verdicts.FILES, "hello.py": code or verdicts.HELLO}
    slug = verdicts.slug(verdicts.plan(verdicts.source(files), config), interpreters={PYTHON: here})
    output = tuple(Line(verdicts.AT, "app[web.1]", text) for text in log)
    boot = verdicts.boot(slug, state="crashed", exit=1, output=output, listeners=())
    return {f.id: f for f in diagnose(boot) if f.kind == "cause"}


def test_the_last_exception_is_told_with_what_led_to_it() -> None:
    """`raise … from …` and exceptions during handling are one story, told from its end."""
    log = [
        TRACE,
        '  File "/app/shop.py", line 3, in load',
        "    int(text)",
        "ValueError: invalid literal",
        "",
        "During handling of the above exception, another exception occurred:",
        "",
        TRACE,
        '  File "/app/hello.py", line 9, in <module>',
        "    load()",
        "RuntimeError: cannot load",
    ]
    assert [raised.kind for raised in chain(log)] == ["RuntimeError", "ValueError"]
    assert [x.place.file for x in chain(log) if x.place] == ["hello.py", "shop.py"]


def test_a_traceback_behind_a_loggers_prefix_is_the_reason() -> None:
    """Uvicorn's worker logs the exception; the traceback of gunicorn's master comes after it."""
    log = [
        "[2026-11-30 14:27:56 +0000] [4] [ERROR] Traceback (most recent call last):",
        '  File "/app/hello.py", line 13, in lifespan',
        "    read()",
        "FileNotFoundError: [Errno 2] No such file or directory: 'catalogue.csv'",
        "",
        "[2026-11-30 14:27:56 +0000] [4] [ERROR] Application startup failed. Exiting.",
        TRACE,
        '  File "/app/.heroku/python/lib/gunicorn/arbiter.py", line 2, in x',
        "    raise HaltServer(reason, self.WORKER_BOOT_ERROR)",
        "gunicorn.errors.HaltServer: <HaltServer 'Worker failed to boot.' 3>",
    ]
    assert [raised.kind for raised in chain(log)] == ["FileNotFoundError"]


def test_a_worker_that_is_stopped_is_not_the_reason() -> None:
    """The second worker is told to end while it starts, and logs that it was cancelled."""
    log = [
        TRACE,
        '  File "/app/hello.py", line 1, in <module>',
        "    x",
        "NameError: name 'x' is not defined",
        "[2026-11-25 18:31:00 +0000] [8] [INFO] Worker exiting (pid: 8)",
        TRACE,
        '  File "/app/hello.py", line 5, in lifespan',
        "    await asyncio.sleep(1)",
        "asyncio.exceptions.CancelledError",
    ]
    assert [raised.kind for raised in chain(log)] == ["NameError"]


def test_a_server_that_ends_itself_is_not_the_reason() -> None:
    """gunicorn's HaltServer follows the worker's own exception, which is the reason."""
    log = [
        TRACE,
        '  File "/app/hello.py", line 1, in <module>',
        "    x",
        "NameError: name 'x' is not defined",
        "[2026-11-25 18:31:00 +0000] [7] [INFO] Worker exiting (pid: 7)",
        TRACE,
        '  File "/app/.heroku/python/lib/gunicorn/arbiter.py", line 2, in run',
        "    raise HaltServer(reason)",
        "gunicorn.errors.HaltServer: <HaltServer 'Worker failed to boot.' 3>",
    ]
    raised = last_raised(log)
    assert raised and raised.told == "NameError: name 'x' is not defined"


def test_an_exception_group_is_read() -> None:
    """The bars of an ExceptionGroup (PEP 654) are not part of its lines."""
    log = [
        "  + Exception Group Traceback (most recent call last):",
        '  |   File "/app/hello.py", line 1, in <module>',
        "  |     run()",
        "  | ExceptionGroup: unhandled errors (1 sub-exception)",
        "  +-+---------------- 1 ----------------",
        "    | Traceback (most recent call last):",
        '    |   File "/app/hello.py", line 4, in run',
        "    |     int('x')",
        "    | ValueError: invalid literal",
        "    +------------------------------------",
    ]
    assert last_raised(log)


def test_an_exception_that_names_its_place_itself() -> None:
    """FastAPI's exceptions say what failed, and in which function, after their first line."""
    log = [
        TRACE,
        '  File "/app/.heroku/python/lib/python3.14/site-packages/fastapi/x.py", line 3, in f',
        "    raise ResponseValidationError(",
        "fastapi.exceptions.ResponseValidationError: 1 validation error:",
        "  {'type': 'missing', 'loc': ('response', 'name'), 'msg': 'Field required'}",
        "",
        '  File "/app/hello.py", line 8, in index',
        "    GET /",
        "INFO:     Finished server process [4]",
        '  File "/app/other.py", line 9, in never',
    ]
    (raised,) = chain(log)
    assert "Field required" in raised.message
    assert raised.place and (raised.place.file, raised.place.line) == ("hello.py", 8)


def test_two_workers_between_each_other() -> None:
    """Interleaved lines of two tracebacks still give the exception and a line of the app."""
    log = [
        TRACE,
        TRACE,
        '  File "/app/hello.py", line 7, in <module>',
        '  File "/app/hello.py", line 7, in <module>',
        "    load()",
        "    load()",
        "KeyError: 'TOKEN'",
        "KeyError: 'TOKEN'",
    ]
    raised = last_raised(log)
    assert raised and raised.kind == "KeyError" and raised.place and raised.place.line == 7


def test_where_a_worker_was_when_it_was_ended() -> None:
    """gunicorn raises SystemExit in a worker that took too long."""
    log = [
        "[CRITICAL] WORKER TIMEOUT (pid:7)",
        TRACE,
        '  File "/app/hello.py", line 9, in hello',
        "    time.sleep(60)",
        '  File "/usr/lib/python3/gunicorn/base.py", line 2, in handle_abort',
        "    sys.exit(1)",
        "SystemExit: 1",
    ]
    raised = interrupted(log)
    assert raised and raised.place and raised.place.line == 9


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.one_of(st.text(max_size=40), st.just(TRACE), st.just("KeyError: 'A'"),
       st.just('  File "/app/hello.py", line 99999, in x')), max_size=12))  # fmt: skip
def test_no_log_is_too_strange(log: list[str]) -> None:
    """The rules never fail, whatever an app prints."""
    crashed(*log)


def test_a_long_log_is_read_in_time() -> None:
    """A crash loop's log of 3000 lines with tracebacks is cheap to read."""
    began = time.monotonic()
    crashed(
        *([TRACE, '  File "/app/hello.py", line 7, in <module>', "    x", "KeyError: 'A'"] * 750)
    )
    assert time.monotonic() - began < 3


SYNTAX = ['  File "/app/hello.py", line 4', "    except A, B:", "           ^", "SyntaxError: bad"]


def test_syntax_of_a_newer_python() -> None:
    """Syntax that only Heroku's Python can read is not the app's error."""
    code = "try:\n    pass\n\nexcept A, B:\n    pass\n"
    found = crashed(TRACE, *SYNTAX, code=code)
    assert [*found] == ["newer-syntax"] and found["newer-syntax"].effect == "unknown"
    exact = Interpreter(Path("/usr/bin/python3.14"), "3.14.0", True)
    assert [*crashed(TRACE, *SYNTAX, code=code, here=exact)] == ["syntax-error"]


@pytest.mark.parametrize("module", ["annotationlib", "compression.zstd", "_bz2"])
def test_modules_of_a_newer_python(module: str) -> None:
    """A module that Heroku's Python has and this machine's lacks is not the app's error."""
    found = crashed(
        TRACE,
        '  File "/app/hello.py", line 1, in <module>',
        f"    import {module}",
        f"ModuleNotFoundError: No module named '{module}'",
    )
    assert [*found] == ["newer-standard-module"]
    assert found["newer-standard-module"].effect == "unknown"


@pytest.mark.parametrize(
    ("said", "id", "effect"),
    [
        ("connection refused: redis://localhost:6379", "given-service-refuses", "unknown"),
        (
            "server does not support SSL, but SSL was required",
            "given-service-without-ssl",
            "unknown",
        ),
        (
            'no pg_hba.conf entry for host "192.0.2.1", user "u", no encryption',
            "database-needs-ssl",
            "fail",
        ),
    ],
)
def test_what_a_given_service_says(said: str, id: str, effect: str) -> None:
    """A config var that names a service on this machine: its answer decides nothing."""
    found = crashed(
        TRACE,
        '  File "/app/hello.py", line 1, in <module>',
        "    connect()",
        f"OperationalError: {said}",
        config=Config({"REDIS_URL": "redis://localhost:6379"}, {"REDIS_URL": "--config"}),
    )
    assert [*found] == [id] and found[id].effect == effect


def test_a_killed_process() -> None:
    """Status 137 and nothing in the log mean that it was killed from outside."""
    load()
    slug = verdicts.slug(verdicts.plan(verdicts.source()))
    boot = verdicts.boot(slug, state="crashed", exit=137, listeners=())
    assert [f.id for f in diagnose(boot) if f.kind == "cause"] == ["out-of-memory"]


def test_compiled_code_is_not_the_apps() -> None:
    """Cython names its file without a path, as if it were in the root."""
    log = [
        "Traceback (most recent call last):",
        '  File "/app/app.py", line 1, in <module>',
        "    import pandas",
        '  File "interval.pyx", line 9, in init pandas._libs.interval',
        "ValueError: numpy.dtype size changed",
    ]
    assert [x.place.file for x in chain(log) if x.place] == ["app.py"]


def test_urls_are_imported_at_the_first_request() -> None:
    """Django imports URLs at the first request: such an exception is not one of the start."""
    log = [
        "Traceback (most recent call last):",
        '  File "/app/.heroku/python/lib/django/core/handlers/exception.py", line 55, in inner',
        "    response = get_response(request)",
        '  File "/app/shop/urls.py", line 1, in <module>',
        "    from django.conf.urls import url",
        "ImportError: cannot import name 'url' from 'django.conf.urls'",
    ]
    raised = last_raised(log)
    assert raised and not raised.importing
    caught = last_raised([log[0], *log[3:]])
    assert caught and caught.importing
