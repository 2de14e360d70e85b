"""Addresses of databases and stores that a library rejects, and the line that makes them right."""

import pytest

from tests.tracebacks import LIBRARY, causes, trace

DSN = (
    "asyncpg.exceptions._base.ClientConfigurationError: invalid DSN: scheme is expected to be"
    ' either "postgresql" or "postgres", got \'postgresql+asyncpg\''
)
LIBPQ = (
    'psycopg2.ProgrammingError: invalid dsn: missing "=" after "postgresql+psycopg2://u:p@h/d" in'
    " connection info string"
)
URL = 'import os\n\nimport asyncpg\n\nurl = os.environ["DATABASE_URL"]'
REPLACED = '.replace("postgres://", "postgresql+asyncpg://", 1)'
SPELT = 'url = f"postgresql+psycopg2://{USER}:{PASSWORD}@{HOST}/shop"\n'
PLUGIN = "sqlalchemy.exc.NoSuchModuleError: Can't load plugin: sqlalchemy.dialects:postgres"
ASYNC = (
    "sqlalchemy.exc.InvalidRequestError: The asyncio extension requires an async driver to be used."
    " The loaded 'psycopg2' is not async."
)


@pytest.mark.parametrize(
    ("files", "at", "error", "cause", "fix"),
    [
        (
            {"app.py": f"{URL}{REPLACED}\n\npool = asyncpg.create_pool(url)\n"},
            7,
            DSN,
            "scheme-with-driver",
            'In line 5 of app.py write `url = os.environ["DATABASE_URL"]`, without `+asyncpg`',
        ),
        (
            {"app.py": f"import psycopg2\n\n{SPELT}psycopg2.connect(url)\n"},
            4,
            LIBPQ,
            "scheme-with-driver",
            'write `url = f"postgresql://{USER}:{PASSWORD}@{HOST}/shop"`',
        ),
        (
            {
                "app.py": f"{URL}{REPLACED}\nengine = create_async_engine(url)\n"
                "pool = asyncpg.create_pool(url, min_size=1)\n"
            },
            7,
            DSN,
            "scheme-with-driver",
            'In line 7 of app.py write `pool = asyncpg.create_pool(url.replace("+asyncpg", ""),'
            " min_size=1)`.",
        ),
        (
            {"app.py": f"{URL}\nengine = create_engine(url)\n"},
            6,
            PLUGIN,
            "postgres-scheme",
            'write `url = os.environ["DATABASE_URL"].replace("postgres://", "postgresql://", 1)`.',
        ),
        (
            {"app.py": 'url = f"postgres+asyncpg://{HOST}/d"\ncreate_async_engine(url)\n'},
            2,
            f"{PLUGIN}.asyncpg",
            "postgres-scheme",
            'In line 1 of app.py write `url = f"postgresql+asyncpg://{HOST}/d"`.',
        ),
        (
            {"app.py": 'import os\n\nurl = os.getenv("DATABASE_URL")\ncreate_async_engine(url)\n'},
            4,
            ASYNC,
            "async-driver",
            'In line 3 of app.py write `url = os.getenv("DATABASE_URL").replace("postgres://",'
            ' "postgresql+asyncpg://", 1)`.',
        ),
    ],
)
def test_the_scheme_is_corrected_in_its_line(
    files: dict[str, str], at: int, error: str, cause: str, fix: str
) -> None:
    """Each library has a spelling of its own for a Postgres address."""
    log = trace(f"app.py:{at}", f"{LIBRARY}/driver/connect.py:8:connect", error=error)
    found = causes(files, log, config={"DATABASE_URL": "postgres://u:p@192.0.2.7/d"})
    assert [*found] == [cause], found
    assert fix in found[cause].fix


def test_the_config_var_itself_has_the_driver() -> None:
    """Where no code writes the scheme, the variable that has it is named, without its value."""
    log = trace("app.py:5", error=DSN)
    config = {"SHOP_DB": "postgresql+asyncpg://u:geheim@192.0.2.7/d"}
    fix = causes({"app.py": URL}, log, config=config)["scheme-with-driver"].fix
    assert "Give SHOP_DB the address without `+asyncpg`" in fix and "geheim" not in fix


@pytest.mark.parametrize("scheme", ["sqlite", "mysql", ""])
def test_another_database_is_no_scheme_with_a_driver(scheme: str) -> None:
    """Only Postgres with a driver has that cause."""
    error = DSN.replace("postgresql+asyncpg", scheme)
    assert "scheme-with-driver" not in causes({"app.py": URL}, trace("app.py:5", error=error))


SIGNED = (
    "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate in"
    " certificate chain (_ssl.c:1020)"
)
REDIS = f"redis.exceptions.ConnectionError: Error 1 connecting to 192.0.2.9:6380. {SIGNED}"
STORE = 'import os\n\nimport redis\n\nstore = redis.from_url(os.environ["REDIS_URL"]{})\n'
CELERY = "ValueError: A rediss:// URL must have parameter ssl_cert_reqs and this must be set"


@pytest.mark.parametrize(
    ("code", "log", "fix"),
    [
        (
            STORE.format(""),
            trace("app.py:5", f"{LIBRARY}/redis/connection.py:3:connect", error=REDIS),
            'write `store = redis.from_url(os.environ["REDIS_URL"], ssl_cert_reqs=None)`',
        ),
        (STORE.format(", ssl_cert_reqs=None"), (REDIS,), "where the client is created"),
        ("", (REDIS,), "ssl_cert_reqs=None"),
        (
            "app = Celery(broker=URL)\n",
            trace(f"{LIBRARY}/celery/backends/redis.py:3:f", error=CELERY),
            "broker_use_ssl",
        ),
        ("", (f"consumer: Cannot connect to rediss://:**@192.0.2.9:6380//: {SIGNED}",), "None"),
    ],
)
def test_a_store_that_signs_its_own_certificate(code: str, log: tuple[str, ...], fix: str) -> None:
    """The option that turns verification off is named, in the line that creates the client."""
    found = causes({"app.py": code}, log)
    assert [*found] == ["redis-certificate"], found
    assert fix in found["redis-certificate"].fix


def test_the_certificate_of_postgres() -> None:
    """asyncpg and psycopg encrypt without verifying if they are told to."""
    asked = trace(
        "app.py:5",
        f"{LIBRARY}/asyncpg/connect_utils.py:7:connect",
        error=f"ssl.SSLCertVerificationError: {SIGNED}",
    )
    assert 'ssl="require"' in causes({"app.py": URL}, asked)["postgres-certificate"].fix
    file = 'OperationalError: root certificate file "/app/.postgresql/root.crt" does not exist'
    found = causes({"app.py": URL}, trace("app.py:5", error=f"psycopg.{file}"))
    assert "sslmode=require" in found["postgres-certificate"].fix


def test_another_server_with_such_a_certificate() -> None:
    """A web server that signs its own certificate has nothing to do with the store."""
    log = trace(
        "app.py:5",
        f"{LIBRARY}/requests/adapters.py:6:send",
        error=f"requests.exceptions.SSLError: HTTPSConnectionPool(host='x', port=443): {SIGNED}",
    )
    config = {"REDIS_URL": "redis://192.0.2.9:6379"}
    assert [*causes({"app.py": STORE.format("")}, log, config=config)] == ["unhandled-exception"]
