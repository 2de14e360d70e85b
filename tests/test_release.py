"""The release phase: when it runs, when it should not, and what its end means."""

import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from parity.dyno import one_off
from parity.dyno.containment import Containment
from parity.facts.dynos import DEFAULT
from parity.push.release import release, remote_database
from parity.records import Ended, Line, Plan, ProcessType, Release, Slug
from parity.records.verdict import Finding
from parity.rules.engine import diagnose
from parity.rules.loading import load
from tests.dynos import slug_of

COMMAND = ProcessType("release", "echo migrating; echo late >&2", 2)


def slug_with(
    tmp: Path, command: ProcessType | None, config: Mapping[str, str] | None = None
) -> Slug:
    """Return a slug whose Procfile has this release command."""
    root = tmp / "slug"
    root.mkdir(parents=True)
    slug = slug_of({"settings.py": ""}, root, config or {})
    types = {"release": command} if command else {}
    plan: Plan = slug.plan._replace(processes=types)
    return slug._replace(plan=plan)


def released(
    tmp: Path,
    command: ProcessType | None,
    config: Mapping[str, str] | None = None,
    *,
    run_release: bool = False,
    limit: float = 20,
) -> tuple[Release, list[str]]:
    """Run a release phase with a real one-off dyno; return it and the lines of its log."""
    slug = slug_with(tmp, command, config)
    said: list[Line] = []
    home = tmp / "home"
    home.mkdir()

    def run(process: ProcessType) -> Ended:
        return one_off(
            *(slug, process, "release.1"),
            folder=home,
            size=DEFAULT,
            limit=limit,
            say=said.append,
            containment=Containment(),
        )

    ended = release(slug, one_off=run, run_release=run_release)
    return ended, [f"{line.source}: {line.text}" for line in said]


def findings(record: Release) -> dict[str, Finding]:
    """Return the findings about a release, by id."""
    load()
    return {finding.id: finding for finding in diagnose(record)}


def test_without_a_release_command(tmp_path: Path) -> None:
    """Without a release process type, nothing runs and nothing is found."""
    record, said = released(tmp_path, None)
    assert (record.status, record.command, said) == ("none", None, [])
    assert findings(record) == {}


@pytest.mark.real
def test_a_release_command_that_succeeds(tmp_path: Path) -> None:
    """The command runs in a one-off dyno, with the lines of Heroku's logs."""
    record, said = released(tmp_path, COMMAND)
    assert record.status == "succeeded" and findings(record) == {}
    assert said[0] == f"heroku[release.1]: Starting process with command `{COMMAND.command}`"
    assert said[1] == "heroku[release.1]: State changed from starting to up"
    assert {"app[release.1]: migrating", "app[release.1]: late"} <= set(said)
    assert said[-2:] == [
        "heroku[release.1]: Process exited with status 0",
        "heroku[release.1]: State changed from up to complete",
    ]


@pytest.mark.real
def test_a_release_command_that_fails(tmp_path: Path) -> None:
    """A failing command fails the release; the Procfile is blamed, with the last line."""
    record, _ = released(tmp_path, ProcessType("release", "echo no table; exit 3", 2))
    assert record.status == "failed" and record.ended and record.ended.exit == 3
    finding = findings(record)["release-failed"]
    assert finding.effect == "fail"
    assert (finding.evidence[0].file, finding.evidence[0].line) == ("Procfile", 2)
    assert "no table" in finding.cause and "status 3" in finding.cause


@pytest.mark.real
def test_a_release_command_that_crashes_is_explained(tmp_path: Path) -> None:
    """A traceback of the release command is explained by its cause."""
    code = "import os; os.environ['API_KEY']"
    record, _ = released(tmp_path, ProcessType("release", f'python3 -c "{code}"', 1))
    assert record.status == "failed"
    finding = findings(record)["release-failed"]
    assert "KeyError" in finding.cause


@pytest.mark.real
def test_a_release_command_that_does_not_end(tmp_path: Path) -> None:
    """After Heroku's hour the release has failed, and the command is gone."""
    began = time.monotonic()
    record, _ = released(tmp_path, ProcessType("release", "sleep 600", 1), limit=0.5)
    assert record.status == "failed" and record.ended and record.ended.timed_out
    assert "hour" in findings(record)["release-failed"].cause
    assert time.monotonic() - began < 10


ELSEWHERE = {
    "DATABASE_URL": "postgres://u:s3cr3t@ec2-1-2-3-4.compute.amazonaws.com:5432/d",
    "ASYNC_URL": "postgresql+asyncpg://db.example.com/d",
    "CLUSTER": "mongodb+srv://u:p@cluster0.abc.mongodb.net/d",
    "MEMBERS": "mongodb://127.0.0.1:27017,db.example.com:27017/d",
    "CACHE": "rediss://:p@cache.example.com:6380",
    "QUEUE": "amqps://u:p@queue.example.com/v",
    "UPPER": "POSTGRES://DB.EXAMPLE.COM/D",
    "JDBC": "jdbc:mysql://db.example.com/d",
    "SOCKET": "postgresql:///d?host=db.example.com",
    "BROKEN": "postgres://[db.example.com/d",
    "PGHOST": "db.example.com",
    "DB_HOST": "10.0.0.2",
    "MYSQL_HOST": "db",
}
HERE = {
    "DATABASE_URL": "postgres://u:p@localhost:5432/d",
    "LOOPBACK": "postgres://127.0.0.1/d",
    "SIXTH": "redis://[::1]:6379/0",
    "SOCKET": "postgresql:///d?host=/var/run/postgresql",
    "NO_HOST": "postgres:///d",
    "FILE": "sqlite:////tmp/db.sqlite3",
    "PAGE": "https://db.example.com/",
    "PGHOST": "localhost",
    "DB_HOST": "/var/run/postgresql",
    "EMPTY_DB_HOST": "",
    "ALLOWED_HOSTS": "db.example.com",
    "NAME": "postgres",
}


@pytest.mark.parametrize(("name", "value"), ELSEWHERE.items())
def test_a_database_elsewhere(name: str, value: str) -> None:
    """An address on another machine is recognised, whatever its driver and spelling."""
    assert remote_database({name: value}) == name


@pytest.mark.parametrize(("name", "value"), HERE.items())
def test_a_database_here(name: str, value: str) -> None:
    """A local database, or none, does not keep a release command from running."""
    assert remote_database({name: value}) is None


def test_a_release_that_would_touch_production(tmp_path: Path) -> None:
    """With a database elsewhere the command is skipped: the variable is named, not its value."""
    marker = tmp_path / "1" / "home" / "ran"
    command = ProcessType("release", "touch ran", 2)
    record, said = released(tmp_path / "1", command, {"DATABASE_URL": ELSEWHERE["DATABASE_URL"]})
    assert record.status == "skipped" and said == [] and not marker.exists()
    finding = findings(record)["release-skipped"]
    assert finding.effect == "warn" and "DATABASE_URL" in finding.title
    assert "--run-release" in finding.fix and "s3cr3t" not in str(finding)
    assert "amazonaws" not in str(finding)


@pytest.mark.real
def test_a_release_that_is_asked_for(tmp_path: Path) -> None:
    """With --run-release the command runs whatever the database."""
    marker = tmp_path / "1" / "home" / "ran"
    command = ProcessType("release", "touch ran", 2)
    config = {"DATABASE_URL": ELSEWHERE["DATABASE_URL"]}
    record, _ = released(tmp_path / "1", command, config, run_release=True)
    assert record.status == "succeeded" and marker.exists()
