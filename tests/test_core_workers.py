"""Servers that start a worker per CPU core, and what that means where a dyno shows eight."""

import pytest

from parity.facts.dynos import MB
from parity.records import Memory, ProcessType, Share, Shutdown
from parity.rules.engine import diagnose
from parity.rules.loading import load
from parity.rules.views.core_workers import core_workers, value
from tests import verdicts

CONF = "import multiprocessing\n\nworkers = multiprocessing.cpu_count() * 2 + 1\n"
CLUSTER = "const os = require('os')\nfor (const _ of os.cpus()) cluster.fork()\n"
CLUSTER_BY_LENGTH = "let n = os.cpus().length\nwhile (n--) cluster.fork()\n"


def stopped(command: str, files: dict[str, str], workers: int = 2, each: int = 60) -> Shutdown:
    """Return the end of a dyno whose workers held `each` MB, and their parent 20 MB."""
    web = ProcessType("web", command, 1)
    source = verdicts.source({**verdicts.FILES, **files})
    boot = verdicts.boot(verdicts.slug(verdicts.plan(source, processes={"web": web})))
    boot = boot._replace(process=web)
    shares = [Share(10 + n, command, each * MB, 0) for n in range(workers)]
    shares.append(Share(9, command, 20 * MB, 0))
    peak = sum(share.bytes for share in shares)
    over = "R14" if peak > 512 * MB else None
    memory = Memory(peak, 3.0, tuple(shares), len(shares), over)
    return Shutdown(boot, None, 0.1, 143, False, peak, 512, (), (), memory=memory)


@pytest.mark.parametrize(
    ("command", "files", "place", "workers"),
    [
        ("gunicorn app:app", {"gunicorn.conf.py": CONF}, "gunicorn.conf.py:3", 17),
        ("gunicorn -c ops/web.py app:app", {"ops/web.py": CONF}, "ops/web.py:3", 17),
        ("gunicorn app:app -w $(nproc)", {}, "Procfile:1", 8),
        ("gunicorn app:app --workers=$((2 * $(nproc) + 1))", {}, "Procfile:1", 17),
        ("uvicorn app:app --workers `nproc`", {}, "Procfile:1", 8),
        ("celery -A jobs worker -l info", {}, "Procfile:1", 8),
        (
            "python main.py",
            {"main.py": 'import os\nuvicorn.run("m:app", workers=os.cpu_count() or 1)\n'},
            "main.py:2",
            8,
        ),
        ("node server.js", {"server.js": CLUSTER_BY_LENGTH}, "server.js:1", 8),
    ],
)
def test_the_place_that_counts_the_cores(
    command: str, files: dict[str, str], place: str, workers: int
) -> None:
    """The line and the number of workers on a dyno with eight cores."""
    sized = core_workers(stopped(command, files).boot)
    assert sized is not None
    assert (f"{sized.place.file}:{sized.place.line}", sized.workers) == (place, workers)


@pytest.mark.parametrize(
    ("command", "files"),
    [
        ("gunicorn app:app", {}),
        ("gunicorn -w 3 app:app", {"gunicorn.conf.py": CONF}),
        ("gunicorn -c other.py app:app", {"gunicorn.conf.py": CONF, "other.py": "workers = 2\n"}),
        ("uvicorn app:app", {"gunicorn.conf.py": CONF}),
        ("celery -A jobs worker -c 2", {}),
        ("celery -A jobs worker --pool solo", {}),
        ("celery -A jobs worker", {"jobs.py": "app.conf.worker_concurrency = 2\n"}),
        ("celery -A jobs beat", {}),
        ("node server.js", {"server.js": "console.log(os.cpus().length)\n"}),
    ],
)
def test_servers_of_a_fixed_size(command: str, files: dict[str, str]) -> None:
    """A number that somebody gave is left alone."""
    assert core_workers(stopped(command, files).boot) is None


def test_what_heroku_would_start() -> None:
    """Fewer cores here, and the memory of the workers that would be added, is a warning."""
    load()
    good = stopped("gunicorn app:app", {"gunicorn.conf.py": CONF}, each=25)
    assert "workers-outgrow-dyno" not in {f.id for f in diagnose(good)}
    (finding,) = diagnose(stopped("gunicorn app:app", {"gunicorn.conf.py": CONF}, each=60))
    assert (finding.id, finding.effect) == ("workers-outgrow-dyno", "warn")
    assert "17 workers, one per core, need about 1040 MB of 512 MB" in finding.title


def test_more_than_fit_are_running() -> None:
    """Where they do run, the cause of R14 is the line, and nothing else is named."""
    load()
    record = stopped("gunicorn app:app", {"gunicorn.conf.py": CONF}, workers=17, each=40)
    assert [finding.id for finding in diagnose(record)] == ["R14", "workers-per-core"]


@pytest.mark.parametrize(
    ("expression", "workers"),
    [
        ("n * 2 + 1", 17),
        ("min(n, 4)", 4),
        ("int(n / 2) or 1", 4),
        ("(n << 90)", None),
        ("int(os.environ.get('W', n))", None),
        ("n ** n ** n", None),
    ],
)
def test_arithmetic(expression: str, workers: int | None) -> None:
    """Only plain arithmetic has a value."""
    assert value(expression, 8) == workers
