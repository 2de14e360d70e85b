"""The config vars of add-ons: who reads them, and what is said when nothing sets them here."""

import json

import pytest

from parity.push.app_json import read, set_up
from parity.records import Boot, Config, Line, Pushed
from parity.records.verdict import Finding
from parity.rules.engine import diagnose
from parity.rules.loading import load
from parity.rules.views.addon_variables import reads, setter
from tests import verdicts
from tests.trees import NO_CONFIG, tree

SETTINGS = "import dj_database_url\nDATABASES = {'default': dj_database_url.config()}\n"
NO_ENGINE = (
    "Traceback (most recent call last):",
    '  File "/app/hello.py", line 2, in <module>',
    "    users()",
    "django.core.exceptions.ImproperlyConfigured: settings.DATABASES is improperly configured."
    " Please supply the ENGINE value. Check settings documentation for more details.",
)
NO_SOCKET = (
    "Traceback (most recent call last):",
    '  File "/app/hello.py", line 2, in <module>',
    "    psycopg2.connect(None)",
    'psycopg2.OperationalError: connection to server on socket "/var/run/postgresql/.s.PGSQL.5432"'
    " failed: No such file or directory",
)


@pytest.mark.parametrize(
    ("path", "text", "name"),
    [
        ("app.py", "os.environ.get('REDIS_URL', 'redis://localhost')", "REDIS_URL"),
        ("settings.py", SETTINGS, "DATABASE_URL"),
        ("settings.py", "dj_database_url.config(env='REPLICA_URL')", "REPLICA_URL"),
        ("server.js", "const url = process.env.DATABASE_URL || 'x'", "DATABASE_URL"),
        ("server.ts", "new Redis(process.env['HEROKU_REDIS_JADE_URL'])", "HEROKU_REDIS_JADE_URL"),
        ("prisma/schema.prisma", '  url = env("DATABASE_URL")', "DATABASE_URL"),
    ],
)
def test_reads(path: str, text: str, name: str) -> None:
    """Every language of an app has its way to read a variable."""
    assert [(name, place.file) for name, place in reads(tree({path: text}))] == [(name, path)]


def crashed(settings: str, *log: str, config: Config = NO_CONFIG) -> list[tuple[str, str]]:
    """Return the causes of a crash of a Python app with this log: id and fix."""
    load()
    files = {**verdicts.FILES, "settings.py": settings}
    slug = verdicts.slug(verdicts.plan(verdicts.source(files), config))
    output = tuple(Line(verdicts.AT, "app[web.1]", text) for text in log)
    boot = verdicts.boot(slug, state="crashed", exit=1, output=output, listeners=())
    return [(f.id, f.fix) for f in diagnose(boot) if f.kind == "cause" and f.symptom]


def test_a_driver_without_its_address() -> None:
    """Django without ENGINE, and libpq at its default socket: the add-on would set the address."""
    ((cause, fix),) = crashed(SETTINGS, *NO_ENGINE)
    assert cause == "add-on-variable-missing" and "--config DATABASE_URL=" in fix
    ((cause, _),) = crashed('import os\nos.getenv("DATABASE_URL")\n', *NO_SOCKET)
    assert cause == "add-on-variable-missing"


def test_a_fault_of_the_apps() -> None:
    """Nothing reads an add-on's variable, or it is set: the app itself is wrong."""
    (cause, _), *_ = crashed("DATABASES = {'default': {'NAME': 'shop'}}\n", *NO_ENGINE)
    assert cause == "unhandled-exception"
    default = SETTINGS.replace("config()", "config(default='')")
    assert [cause for cause, _ in crashed(default, *NO_ENGINE)] == ["unhandled-exception"]
    assert [cause for cause, _ in crashed("", *NO_SOCKET)] == ["service-on-localhost"]


def booted(addons: list[object], server: str, **config: str) -> dict[str, Finding]:
    """Return the findings about an app that is created from app.json and comes up, by id."""
    load()
    source = tree({"app.json": json.dumps({"addons": addons}), "server.js": server})
    source = source._replace(manifest=read(source))
    source = set_up(Pushed(source, NO_CONFIG, "heroku-26", ())).source
    values = Config(config, dict.fromkeys(config, "--config"))
    boot: Boot = verdicts.boot(verdicts.slug(verdicts.plan(source, values)))
    return {f.id: f for f in diagnose(boot)}


NOT_HERE = "app-json-add-on-not-here"


def test_a_new_app_has_its_add_ons() -> None:
    """An app that ran without the variable of an add-on of app.json has not shown that it works."""
    server = "process.env.DATABASE_URL || 'sqlite::memory:'"
    finding = booted(["heroku-postgresql:mini"], server)[NOT_HERE]
    assert finding.effect == "unknown" and "--config DATABASE_URL=" in finding.fix
    assert NOT_HERE not in booted(["heroku-postgresql:mini"], server, DATABASE_URL="postgres://x")
    assert NOT_HERE not in booted(["papertrail", "heroku-redis"], server)


def test_an_attachment_with_a_name() -> None:
    """app.json gives an attachment a name, which is the beginning of its variable."""
    source = tree({"app.json": '{"addons": [{"plan": "heroku-redis", "as": "cache"}]}'})
    source = source._replace(manifest=read(source))
    addon = setter(source, "CACHE_URL")
    assert addon and (addon.plan, addon.under) == ("heroku-redis", "CACHE")
    assert setter(source, "QUEUE_URL") is None
