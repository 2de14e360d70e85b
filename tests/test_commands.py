"""Corrected commands: the address of each server, words that a server misreads, odd characters."""

import pytest

from parity.facts.servers import SERVERS
from parity.rules.views.celery_command import celery_command
from parity.rules.views.command_words import simple_commands
from parity.rules.views.misread_words import misread
from parity.rules.views.server_command import addressed
from parity.rules.views.typographic import plain, strange
from tests.trees import tree

ADDRESSED = {
    "gunicorn app:app --bind 127.0.0.1:8000": "gunicorn app:app --bind 0.0.0.0:$PORT",
    "gunicorn -b127.0.0.1:8000 app:app": "gunicorn -b0.0.0.0:$PORT app:app",
    "gunicorn a:b -b 127.0.0.1:80 -b :81 -w 2": "gunicorn a:b -b 0.0.0.0:$PORT -w 2",
    'exec gunicorn "a:make()" -b "127.0.0.1:5000" --log-file -': (
        'exec gunicorn "a:make()" -b 0.0.0.0:$PORT --log-file -'
    ),
    "cd src && A='x  y' gunicorn a:b --bind=:80 && echo x": (
        "cd src && A='x  y' gunicorn a:b --bind=0.0.0.0:$PORT && echo x"
    ),
    "bash -c 'cd src && uvicorn main:app --port 8000'": (
        "bash -c 'cd src && uvicorn main:app --port $PORT --host 0.0.0.0'"
    ),
    "uvicorn --host localhost main:app --reload": (
        "uvicorn --host 0.0.0.0 --port $PORT main:app --reload"
    ),
    "python -m uvicorn main:app > log.txt 2>&1 &": (
        "python -m uvicorn main:app --host 0.0.0.0 --port $PORT > log.txt 2>&1 &"
    ),
    "pip install gunicorn && gunicorn a:b": (
        "pip install gunicorn && gunicorn a:b --bind 0.0.0.0:$PORT"
    ),
    "hypercorn --bind '127.0.0.1:8000' main:app": "hypercorn --bind 0.0.0.0:$PORT main:app",
    "daphne -b 127.0.0.1 -p 8001 site.asgi:application": (
        "daphne -b 0.0.0.0 -p $PORT site.asgi:application"
    ),
    "granian --interface asgi site1.asgi:application": (
        "granian --interface asgi site1.asgi:application --host 0.0.0.0 --port $PORT"
    ),
    "waitress-serve --threads=8 --port=8000 shop:app": (
        "waitress-serve --threads=8 --port=$PORT shop:app"
    ),
    "waitress-serve shop:app": "waitress-serve --listen=*:$PORT shop:app",
    "flask --app hello run --port 5000": "flask --app hello run --port $PORT --host 0.0.0.0",
    "python manage.py migrate && python manage.py runserver --settings a.b 127.0.0.1:8000": (
        "python manage.py migrate && python manage.py runserver --settings a.b 0.0.0.0:$PORT"
    ),
    "python manage.py runserver --noreload": "python manage.py runserver 0.0.0.0:$PORT --noreload",
    "streamlit run app.py --server.port 8501 -- --name x": (
        "streamlit run app.py --server.port $PORT -- --name x"
    ),
    "fastapi dev main.py": "fastapi dev main.py --host 0.0.0.0 --port $PORT",
    "python3 -m http.server 8000 --bind 127.0.0.1 -d public": (
        "python3 -m http.server $PORT --bind 0.0.0.0 -d public"
    ),
    "next start -p 3000": "next start -p $PORT --hostname 0.0.0.0",
    "vite preview --host --port 4173": "vite preview --host 0.0.0.0 --port $PORT",
    "npx serve -s build -l 3000": "npx serve -s build -l tcp://0.0.0.0:$PORT",
    "php -S localhost:8000 -t public": "php -S 0.0.0.0:$PORT -t public",
    "rails server -p 3000 -e production": ("rails server -p $PORT --binding 0.0.0.0 -e production"),
    "puma -b tcp://127.0.0.1:3000 config.ru": "puma -b tcp://0.0.0.0:$PORT config.ru",
}


@pytest.mark.parametrize("command", ADDRESSED)
def test_the_address_in_a_command(command: str) -> None:
    """Only the address changes, where the server reads it; a second time nothing does."""
    right = ADDRESSED[command]
    assert addressed(command) == right
    assert addressed(right) == right


def test_an_unknown_server_has_no_address() -> None:
    """`flask db upgrade`, and the name of a server behind pip, start none."""
    assert [addressed(c) for c in ("python app.py", "flask db upgrade", "pip install flask")] == (
        [None] * 3
    )


def test_the_names_of_options() -> None:
    """What a server's address needs are options that it has, and no option is of both kinds."""
    for name, server in SERVERS.items():
        assert not server.flags & server.valued, name
        if server.valued and not server.positional:
            assert {*server.address} <= server.valued, name
        assert addressed(f"{name} {' '.join(server.commands[:1])}") is not None, name


SHOP = tree({"shop.py": "app = Flask(__name__)\n", "site1/asgi.py": ""})

MISREAD = {
    "gunicorn 0.0.0.0:$PORT shop:app": "gunicorn shop:app --bind 0.0.0.0:$PORT",
    "gunicorn $PORT shop:app": "gunicorn shop:app --bind 0.0.0.0:$PORT",
    "gunicorn 0.0.0.0:8000": "gunicorn --bind 0.0.0.0:$PORT shop:app",
    "gunicorn --bind 0.0.0.0 :$PORT shop:app": "gunicorn --bind 0.0.0.0:$PORT shop:app",
    "gunicorn -b 0.0.0.0: $PORT shop:app": "gunicorn -b 0.0.0.0:$PORT shop:app",
    "gunicorn bind 0.0.0.0:$PORT shop:app": "gunicorn --bind 0.0.0.0:$PORT shop:app",
    "gunicorn workers=2 shop:app": "gunicorn --workers=2 shop:app",
    "gunicorn shop:app workers 2": "gunicorn shop:app --workers 2",
    "gunicorn w 2 shop:app": "gunicorn -w 2 shop:app",
    "gunicorn 2 shop:app": "gunicorn -w 2 shop:app",
    "gunicorn - w 2 shop:app": "gunicorn -w 2 shop:app",
    "gunicorn -- worker-class gevent shop:app": "gunicorn --worker-class gevent shop:app",
    "gunicorn --preload true shop:app": "gunicorn --preload shop:app",
    "cd . && exec gunicorn run shop:app && x": "cd . && exec gunicorn shop:app && x",
    "uvicorn shop:app host 0.0.0.0 port $PORT": "uvicorn shop:app --host 0.0.0.0 --port $PORT",
    "uvicorn shop:app --host 0.0.0.0 $PORT": "uvicorn shop:app --host 0.0.0.0 --port $PORT",
    "daphne site1.asgi:application 0.0.0.0 $PORT": (
        "daphne site1.asgi:application -b 0.0.0.0 -p $PORT"
    ),
    "hypercorn shop:app :$PORT": "hypercorn shop:app --bind 0.0.0.0:$PORT",
    "waitress-serve 0.0.0.0:$PORT shop:app": "waitress-serve --listen=*:$PORT shop:app",
    "waitress-serve shop:app --port=$PORT": "waitress-serve --port=$PORT shop:app",
    "gunicorn \u2013 w 2 shop:app": "gunicorn -w 2 shop:app",
    "gunicorn \u2014 worker-class gevent shop:app": "gunicorn --worker-class gevent shop:app",
    "gunicorn \u2014worker-class gevent \u2014w 1 shop:app": (
        "gunicorn --worker-class gevent -w 1 shop:app"
    ),
    "uvicorn shop:app \u2013host 0.0.0.0 \u2013port=$PORT": (
        "uvicorn shop:app --host 0.0.0.0 --port=$PORT"
    ),
}


@pytest.mark.parametrize("command", MISREAD)
def test_a_misread_word(command: str) -> None:
    """The word gets the option that was meant, or goes; the corrected command has none."""
    found = misread(command, SHOP)
    assert found and found.right == MISREAD[command]
    assert misread(found.right, SHOP) is None


@pytest.mark.parametrize(
    "command",
    [
        "gunicorn shop:app",
        "gunicorn ship:app",
        "gunicorn ship",
        "gunicorn shop.py:app",
        "gunicorn site1/asgi:app",
        "gunicorn site1.wsgi --log-file -",
        "gunicorn -w 4 'shop:make(\"x\", 2)' --env A=b",
        "gunicorn --unknown x shop:app",
        "gunicorn -k uvicorn.workers.UvicornWorker -b 0.0.0.0:$PORT -- shop:app",
        "uvicorn --factory shop:make --host 0.0.0.0 --port $PORT",
        "waitress-serve --port=$PORT --call shop:make",
        "python app.py 0.0.0.0:$PORT",
        "celery -A shop worker",
    ],
)
def test_no_word_is_misread(command: str) -> None:
    """A command that the server reads as meant, a misspelt module, an option of another release."""
    assert misread(command, SHOP) is None


@pytest.mark.parametrize(
    ("command", "wanted"),
    [
        ("python manage.py runserver \u2013noreload", "python manage.py runserver --noreload"),
        ("python \u2013m http.server", "python -m http.server"),
        ("java \u2013jar x.jar", "java -jar x.jar"),
        ("gunicorn\u00a0a:b", "gunicorn a:b"),
        ("gunicorn \u201ca:make()\u201d \u2010w\u202f2", 'gunicorn "a:make()" -w 2'),
        ("celery \u2013A a worker \u2014loglevel=info", "celery -A a worker --loglevel=info"),
        ("x \u2013\u2013workers 2 worker\u2011class", "x --workers 2 worker-class"),
        (
            "node s.js --title 'a \u2013 \u201cb\u201d'",
            "node s.js --title 'a \u2013 \u201cb\u201d'",
        ),
    ],
)
def test_plain_characters(command: str, wanted: str) -> None:
    """Dashes, quotes and blanks as they were typed; text in plain quotes stays."""
    assert plain(command) == wanted
    assert [*strange(wanted)] == []


@pytest.mark.parametrize(
    ("command", "wanted"),
    [
        ("celery worker -A tasks -l info", "celery -A tasks worker -l info"),
        ("celery worker --app=tasks.app -B", "celery --app=tasks.app worker -B"),
        ("celery -A worker -l info", "celery -A tasks worker -l info"),
        ("cd . && celery -A tasks.py worker", "cd . && celery -A tasks worker"),
        ("celery -A jobs worker", "celery -A tasks worker"),
        ("celery -A tasks worker -l info", None),
        ("celery -A tasks.app worker", None),
        ("celery -b redis://x worker", None),
        ("gunicorn shop:app", None),
    ],
)
def test_the_app_of_celery(command: str, wanted: str | None) -> None:
    """`-A` stands before celery's command, and names a module."""
    source = tree({"tasks.py": "app = Celery('x')\n", "shop.py": ""})
    found = celery_command(command, source)
    assert (found.right if found else None) == wanted


def test_words_of_a_command() -> None:
    """Operators, redirections and comments are no words; a shell's own command is read, too."""
    line = "A=1 bash -lc \"cd x; go 'a b' \\$X\" >log 2>&1 | tee y # z"
    commands = [[word.value for word in words] for words in simple_commands(line)]
    assert commands[0][:3] == ["A=1", "bash", "-lc"] and commands[1] == ["tee", "y"]
    inner = [[w.text for w in words] for words in simple_commands("sh -c 'cd x && go $Y'")]
    assert inner == [["sh", "-c", "'cd x && go $Y'"], ["cd", "x"], ["go", "$Y"]]
