"""Start commands that change the schema of a database on another machine are not run."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from parity.push import migrations
from parity.push.release import release
from parity.records import Ended, ProcessType, Release
from parity.rules.engine import diagnose
from parity.rules.loading import load
from tests.dynos import slug_of
from tests.trees import tree

CHANGING = {
    "python manage.py migrate && gunicorn shop.wsgi": "python manage.py migrate",
    "python manage.py migrate --noinput; gunicorn shop.wsgi": "python manage.py migrate --noinput",
    "flask --app shop db upgrade && gunicorn shop:app": "flask --app shop db upgrade",
    "alembic -x a=b upgrade head && uvicorn main:app": "alembic -x a=b upgrade head",
    "npx prisma migrate deploy && node dist/main.js": "npx prisma migrate deploy",
    "npm run migrate && node server.js": "npm run migrate",
    "python -m app.init_db && uvicorn app.main:app": "python -m app.init_db",
    "python seed.py && python app.py": "python seed.py",
    "ENV=1 exec python migrate.py && python app.py": "python migrate.py",
    "bash bin/start.sh": "python manage.py migrate",
    "./bin/start.sh": "python manage.py migrate",
    "npm start": "sequelize-cli db:migrate",
    "yarn run serve": "knex migrate:latest",
}
STARTING = (
    "gunicorn shop.wsgi",
    "gunicorn migrations.wsgi && echo done",
    "python migrate.py",
    "python manage.py runserver 0.0.0.0:$PORT",
    "python manage.py collectstatic --noinput && gunicorn shop.wsgi",
    "node seed-server.js",
    "npm run web",
    "bash bin/web.sh",
    "echo 'no migration' && gunicorn shop.wsgi",
)
"""Start commands that only start; a script that alone is the process is the server."""

TREE: Mapping[str, str] = {
    "bin/start.sh": "#!/bin/bash\nset -e\npython manage.py migrate\nexec gunicorn shop.wsgi\n",
    "bin/web.sh": "# python manage.py migrate\nexec gunicorn shop.wsgi\n",
    "package.json": json.dumps(
        {
            "scripts": {
                "start": "sequelize-cli db:migrate && node server.js",
                "preserve": "knex migrate:latest",
                "serve": "node server.js",
                "web": "node server.js",
            }
        }
    ),
}


@pytest.mark.parametrize(("command", "step"), CHANGING.items())
def test_a_start_command_that_changes_a_schema(command: str, step: str) -> None:
    """The step is found in the command, in a shell script, and in package.json."""
    assert migrations.step(tree(TREE), ProcessType("web", command, 1)) == step


@pytest.mark.parametrize("command", STARTING)
def test_a_start_command_that_changes_none(command: str) -> None:
    """A server's name, or a comment, is not a migration."""
    assert migrations.step(tree(TREE), ProcessType("web", command, 1)) is None


def _released(tmp: Path, url: str, **options: bool) -> Release:
    def never(process: ProcessType) -> Ended:
        raise AssertionError(f"{process.name} was run")

    web = ProcessType("web", "python manage.py migrate && gunicorn shop.wsgi", 1)
    slug = slug_of({"settings.py": ""}, tmp, {"DATABASE_URL": url})
    return release(slug, one_off=never, starts=[web], **options)


def test_nothing_starts_against_a_database_elsewhere(tmp_path: Path) -> None:
    """parity cannot tell, names the variable and the step, and shows no part of the address."""
    load()
    record = _released(tmp_path, "postgres://u:s3cr3t@db.example.com/d")
    assert not record.goes_on
    (finding,) = diagnose(record)
    assert (finding.id, finding.effect) == ("start-changes-schema", "unknown")
    assert "python manage.py migrate" in finding.title and "DATABASE_URL" in finding.cause
    assert "--run-release" in finding.fix and "s3cr3t" not in str(finding)


@pytest.mark.parametrize(
    ("url", "asked"),
    [("postgres://localhost/d", False), ("postgres://db.example.com/d", True)],
)
def test_it_starts_against_a_database_here_or_when_asked_to(
    tmp_path: Path, url: str, asked: bool
) -> None:
    """A database on this machine needs no option; `--run-release` allows any."""
    record = _released(tmp_path, url, run_release=asked)
    assert record.goes_on and diagnose(record) == []
