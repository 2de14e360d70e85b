"""Databases without tables: migrations with two ends, queries that run too early."""

import pytest

from parity.records import Ignored
from tests.tracebacks import LIBRARY, causes, trace

MIGRATION = "revision = '{}'\ndown_revision: str | None = {}\n"
ALEMBIC = {
    "migrations/versions/a1_first.py": MIGRATION.format("a1", None),
    "migrations/versions/b2_tags.py": MIGRATION.format("b2", "'a1'"),
    "migrations/versions/c3_users.py": MIGRATION.format("c3", "('a1',)"),
}
TWO = "Multiple head revisions are present for given argument 'head'; please specify"
LEAVES = (
    "CommandError: Conflicting migrations detected; multiple leaf nodes in the migration graph:"
    " (0002_a, 0002_b in catalog)."
)


@pytest.mark.parametrize(
    ("release", "said", "fix", "blame"),
    [
        (
            "flask --app wiki db upgrade",
            f"ERROR [flask_migrate] Error: {TWO}",
            "Type `flask --app wiki db merge heads -m merge`.",
            ["Procfile:2", "migrations/versions/b2_tags.py:2", "migrations/versions/c3_users.py:2"],
        ),
        (
            "cd src && alembic -c db/alembic.ini upgrade head",
            f"FAILED: {TWO}",
            "Type `alembic -c db/alembic.ini merge heads -m merge`.",
            ["Procfile:2", "migrations/versions/b2_tags.py:2", "migrations/versions/c3_users.py:2"],
        ),
        ("python manage.py migrate", LEAVES, "makemigrations --merge", ["Procfile:2"]),
    ],
)
def test_two_heads(release: str, said: str, fix: str, blame: list[str]) -> None:
    """Both ends are named, and the command that merges them."""
    found = causes(ALEMBIC, (said,), release=release, at="release")
    assert [*found] == ["migration-heads"]
    finding = found["migration-heads"]
    assert fix in finding.fix and "ommit" in finding.fix
    assert [f"{e.file}:{e.line}" for e in finding.evidence] == blame


@pytest.mark.parametrize(
    ("release", "said", "name", "fix"),
    [
        (
            "flask --app wiki db upgrade",
            "ERROR [flask_migrate] Error: Can't locate revision identified by 'e5f6'",
            "e5f6",
            "heroku run flask --app wiki db stamp --purge head",
        ),
        (
            "python manage.py migrate",
            "django.db.migrations.exceptions.NodeNotFoundError: Migration shop.0003_x dependencies"
            " reference nonexistent parent node ('shop', '0002_price')",
            "shop.0002_price",
            "Commit the file of 0002_price",
        ),
    ],
)
def test_a_lost_migration(release: str, said: str, name: str, fix: str) -> None:
    """The migration that is named, but not in git, must be committed."""
    found = causes(ALEMBIC, (said,), release=release, at="release")
    assert [*found] == ["migration-lost"]
    assert name in found["migration-lost"].title and fix in found["migration-lost"].fix


FORM = (
    "class Search(Form):\n    shelf = ChoiceField(choices=[s.name for s in Shelf.objects.all()])\n"
)
VIEWS = "from shop.models import Tag\n\nTAGS = [*Tag.objects.all()]\n"
DJANGO = {"manage.py": "x\n" * 7, "shop/urls.py": "import shop.views\n", "shop/views.py": VIEWS}
DJANGO |= {"shop/forms.py": FORM, "shop/wsgi.py": "x\n" * 9, "shop/apps.py": "x\n" * 9}
SQLITE = "django.db.utils.OperationalError: no such table: shop_tag"
POSTGRES = 'django.db.utils.ProgrammingError: relation "shop_tag" does not exist'
CORE = f"{LIBRARY}/django/core/management/__init__.py:4:execute"
QUERY = f"{LIBRARY}/django/db/models/query.py:9:_fetch_all"
URLS = ("manage.py:7", CORE, "shop/urls.py:1")
MIGRATE = "python manage.py migrate"


@pytest.mark.parametrize(
    ("frames", "error", "blame", "fix"),
    [
        (("shop/views.py:3", QUERY), SQLITE, "shop/views.py:3", "into the function that uses"),
        (
            ("shop/views.py:1", "shop/forms.py:1", "shop/forms.py:2:Search", QUERY),
            POSTGRES,
            "shop/forms.py:2",
            "ModelChoiceField(queryset=…)",
        ),
        (
            (f"{LIBRARY}/django/apps/registry.py:9:populate", "shop/apps.py:4:ready", QUERY),
            POSTGRES,
            "shop/apps.py:4",
            "out of ready()",
        ),
        (
            ("shop/views.py:3", "shop/models.py:8:tags", QUERY),
            "django.db.utils.ProgrammingError: column shop_tag.colour does not exist",
            "shop/models.py:8",
            "not in line 3 of shop/views.py",
        ),
    ],
)
@pytest.mark.parametrize("release", ["", MIGRATE])
def test_a_query_that_runs_while_modules_load(
    frames: tuple[str, ...], error: str, blame: str, fix: str, release: str
) -> None:
    """The query must move; a release command would fail at the same line."""
    log = trace(
        *(URLS if "manage.py" in release else (CORE, "shop/urls.py:1")), *frames, error=error
    )
    at = "release" if release else "boot"
    found = causes(DJANGO, log, command="gunicorn shop.wsgi", release=release, at=at)
    assert [*found] == ["query-at-import"], found
    finding = found["query-at-import"]
    assert blame in [f"{e.file}:{e.line}" for e in finding.evidence]
    assert fix in finding.fix and "release:" not in finding.fix


def test_flask_asks_while_it_loads() -> None:
    """`flask db upgrade` imports the app, and so runs the query first."""
    files = {"wiki.py": "x\n" * 9, "requirements.txt": "flask\nFlask-Migrate\n"}
    log = trace(
        f"{LIBRARY}/flask/cli.py:9:locate_app",
        "wiki.py:8",
        f"{LIBRARY}/sqlalchemy/query.py:3:all",
        error="sqlalchemy.exc.ProgrammingError: (psycopg2.errors.UndefinedTable) relation"
        ' "page" does not exist',
    )
    found = causes(files, log, release="flask --app wiki db upgrade", at="release")
    assert [*found] == ["query-at-import"]


REQUEST = ("shop/views.py:3:home", QUERY)


@pytest.mark.parametrize(
    ("error", "release", "fix"),
    [
        (POSTGRES, "", "Add the line `release: python manage.py migrate` to the Procfile."),
        (SQLITE, "", "must be Postgres (`heroku addons:create heroku-postgresql:essential-0`)"),
        (SQLITE, MIGRATE, "its own disk"),
        (POSTGRES, MIGRATE, "python manage.py makemigrations shop"),
    ],
)
def test_a_query_in_a_request(error: str, release: str, fix: str) -> None:
    """A table that is missing at a request was not created by the release phase."""
    log = trace(f"{LIBRARY}/django/core/handlers/base.py:7:get", *REQUEST, error=error)
    found = causes(DJANGO, log, command="gunicorn shop.wsgi", release=release, at="request")
    assert [*found] == ["table-missing"]
    assert fix in found["table-missing"].fix


def test_a_script_asks_in_its_own_lines() -> None:
    """The script that a command starts loads nothing: its query is at its place."""
    log = trace(
        "app.py:3", f"{LIBRARY}/sqlite.py:3:execute", error="x.OperationalError: no such table: t"
    )
    assert [*causes({"app.py": "x\n" * 5}, log)] == ["table-missing"]


def test_a_query_in_wsgi_does_not_keep_the_migration_from_running() -> None:
    """manage.py does not import wsgi.py: the release phase can create the table."""
    log = trace(f"{LIBRARY}/gunicorn/util.py:3:import_app", "shop/wsgi.py:8", QUERY, error=POSTGRES)
    found = causes(DJANGO, log, command="gunicorn shop.wsgi")
    assert [*found] == ["table-missing"] and "release:" in found["table-missing"].fix


def test_a_migration_that_is_on_disk_only() -> None:
    """What git does not have creates no table."""
    ignored = {"shop/migrations/0002_tag.py": Ignored(".gitignore", 3, "00*.py")}
    log = trace(f"{LIBRARY}/django/core/handlers/base.py:7:get", *REQUEST, error=POSTGRES)
    found = causes(DJANGO, log, release=MIGRATE, at="request", absent=ignored)
    assert "git add shop/migrations/0002_tag.py" in found["table-missing"].fix
