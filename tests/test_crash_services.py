"""Services on localhost: one rule for every driver, and for every way to write the address."""

import pytest

from tests.tracebacks import LIBRARY, causes, trace

REFUSED = "[Errno 111] Connection refused"
REDIS = "redis.exceptions.ConnectionError: Error 111 connecting to {}. Connection refused."
MYSQL = "pymysql.err.OperationalError: (2003, \"Can't connect to MySQL server on 'localhost'\")"
LIBPQ = 'connection to server at "localhost" (::1), port 5432 failed: Connection refused'
DEFAULT = 'redis.from_url(os.getenv("REDIS_URL", "redis://localhost:6379"))'


@pytest.mark.parametrize(
    ("code", "library", "error", "plan"),
    [
        (
            'redis.Redis(host=os.getenv("H", "localhost"))',
            "redis",
            REDIS.format("localhost:6379"),
            "heroku-redis",
        ),
        (
            'CHANNEL_LAYERS = {"hosts": [("127.0.0.1", 6379)]}',
            "redis",
            "redis.exceptions.ConnectionError: Error 111 connecting to 127.0.0.1:6379. 111.",
            "heroku-redis",
        ),
        (
            'psycopg2.connect(host="localhost")',
            "psycopg2",
            f"psycopg2.OperationalError: {LIBPQ}",
            "heroku-postgresql",
        ),
        (
            'create_engine("postgresql://me@localhost/shop")',
            "sqlalchemy",
            f"x.OperationalError: {LIBPQ}",
            "heroku-postgresql",
        ),
        ('create_engine("mysql+pymysql://root@localhost/shop")', "pymysql", MYSQL, "jawsdb"),
        ('DATABASE = {"HOST": "127.0.0.1"}', "pymysql", MYSQL, "jawsdb"),
        ("MongoClient()", "pymongo", f"pymongo.errors.E: localhost:27017: {REFUSED}", "ormongo"),
        (
            'Celery(broker="amqp://guest@localhost//")',
            "kombu",
            f"kombu.exceptions.OperationalError: {REFUSED}",
            "cloudamqp",
        ),
        (
            'ConnectionParameters("localhost")',
            "pika",
            "pika.exceptions.AMQPConnectionError",
            "cloudamqp",
        ),
        ('Client("localhost")', "pymemcache", f"ConnectionRefusedError: {REFUSED}", "memcachier"),
        (
            'Elasticsearch("http://localhost:9200")',
            "elastic_transport",
            f"elastic_transport.ConnectionError: {REFUSED}",
            "bonsai",
        ),
    ],
)
def test_a_service_on_localhost(code: str, library: str, error: str, plan: str) -> None:
    """The service is known by its port, its scheme or its driver; the line is evidence."""
    log = trace("app.py:9:main", f"{LIBRARY}/{library}/connection.py:4:connect", error=error)
    found = causes({"conf.py": f"import os\n\n{code}\n", "app.py": "main()\n" * 9}, log)
    assert [*found] == ["service-on-localhost"], found
    finding = found["service-on-localhost"]
    assert f"heroku addons:create {plan}" in finding.fix
    assert ("conf.py", 3) in [(e.file, e.line) for e in finding.evidence]


@pytest.mark.parametrize(
    ("code", "library", "error"),
    [
        (DEFAULT, "redis", REDIS.format("203.0.113.9:6379")),
        (
            'Client("localhost")',
            "pymemcache",
            f"ConnectionRefusedError: mc.example.com:11211 {REFUSED}",
        ),
        ('ORIGIN = "http://localhost:3000"', "pika", "pika.exceptions.AMQPConnectionError"),
        ('connect("nats://localhost:4222")', "nats", "nats.errors.NoServersError: nats: none"),
    ],
)
def test_another_host_refuses(code: str, library: str, error: str) -> None:
    """A server elsewhere is not on localhost, whatever default the code has."""
    log = trace("app.py:3", f"{LIBRARY}/{library}/connection.py:4:connect", error=error)
    assert "service-on-localhost" not in causes({"app.py": f"import os\n\n{code}\n"}, log)
