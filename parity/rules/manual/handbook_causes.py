"""How to tell a cause from its neighbours, and why the laptop hid it.

Words of logs are those that the servers and Python itself print (observed).
"""

from collections.abc import Mapping

from parity.rules.manual.handbook_page import Manual

_SHELL = "On the laptop the program was installed for something else, or is part of your system."
_FILES = "The laptop runs the folder on disk; Heroku runs what git has."
_VARIABLES = "The laptop has the variable in its shell or in .env, which Heroku never reads."

CAUSES: Mapping[str, Manual] = {
    "binds-loopback": Manual(
        apart="the app's log names 127.0.0.1, localhost or [::1]; `Running on http://127.0.0.1:5000`",
        laptop="The browser on the laptop is on the same machine, so 127.0.0.1 reaches the server.",
        by={
            "Flask": 'app.run(host="0.0.0.0", port=int(os.environ["PORT"]))',
            "Django": "web: gunicorn PROJECT.wsgi",
            "uvicorn": "--host 0.0.0.0 --port $PORT",
        },
    ),
    "wrong-port": Manual(
        apart="the log names 0.0.0.0 or *, and a port such as 5000, 8000 or 8080",
        laptop="On the laptop you open the port that the app chose.",
        by={
            "Python": 'int(os.environ.get("PORT", 5000))',
            "Node": "process.env.PORT || 3000",
            "Procfile": "$PORT, without quotes: '$PORT' stays as it is",
        },
    ),
    "ipv6-only": Manual(
        apart="the log names [::] or ::, and curl over IPv4 fails on the laptop too"
    ),
    "binds-one-address": Manual(apart="the log names an address of your own network, as 192.168.…"),
    "never-listens": Manual(
        apart="the log names no address at all, and the app works on: a bot, a job, a scheduler",
        laptop="The laptop does not ask for a port. `web` on Heroku does.",
    ),
    "command-before-server": Manual(
        apart="the log has lines of a bot or of celery, and none of the server",
        laptop="The laptop runs each in a terminal of its own.",
    ),
    "boots-too-slowly": Manual(
        apart="the log shows work (downloads, models, migrations) until the SIGKILL",
        laptop="On the laptop files are cached already, and nobody stops the clock at 60 seconds.",
    ),
    "port-overridden-by-dotenv": Manual(
        apart="the port in the log is the one in a committed .env",
        laptop="On the laptop .env is meant to win.",
    ),
    "fixed-port-taken": Manual(
        apart="`Address already in use` on this machine, before any timeout"
    ),
    "command-not-found": Manual(apart="`bash: NAME: command not found`, status 127", laptop=_SHELL),
    "program-not-on-heroku": Manual(
        apart="`bash: NAME: command not found` of a program that is no Python package",
        laptop=_SHELL,
    ),
    "no-such-script": Manual(
        apart="`can't open file '/app/NAME'`, status 2",
        laptop="The laptop was in another folder, or the file is not in git.",
    ),
    "script-not-there": Manual(apart="`No such file or directory`, status 127", laptop=_FILES),
    "script-not-executable": Manual(
        apart="`Permission denied`, status 126",
        laptop="On Windows no file has an executable bit, and git keeps what it was told.",
    ),
    "windows-line-ends": Manual(
        apart="`\\r` or `^M` in the message: `/usr/bin/env: 'bash\\r': No such file`",
        laptop="Windows takes both line ends; Linux reads the \\r as part of the name.",
    ),
    "missing-dependency": Manual(
        apart="`ModuleNotFoundError` of a package that you did not write",
        laptop="The package was installed into the laptop's environment one day, and never written"
        " into requirements.txt.",
        by={"pip": "pip freeze > requirements.txt, in a fresh virtual environment"},
    ),
    "wrong-module": Manual(
        apart="`ModuleNotFoundError` or gunicorn's `Error: class uri` of the name in the Procfile",
        laptop="The laptop starts the app in another way: `python app.py`, `flask run`.",
    ),
    "wrong-attribute": Manual(
        apart="`Failed to find attribute 'app' in 'hello'`",
        laptop="`flask run` finds an app of any name; gunicorn takes what it is told.",
    ),
    "module-not-in-git": Manual(apart="the module is on your disk: `git ls-files`", laptop=_FILES),
    "module-in-other-case": Manual(
        apart="the file is there, with another upper and lower case",
        laptop="macOS and Windows take Models.py for models.py; Linux does not.",
    ),
    "shadowed-module": Manual(
        apart="the traceback goes through a file of yours that has a package's name",
    ),
    "standard-module-gone": Manual(
        apart="`ModuleNotFoundError` of distutils, imp, cgi and the like",
        laptop="The laptop has an older Python than Heroku's default.",
    ),
    "settings-not-configured": Manual(
        apart="`ImproperlyConfigured: Requested setting …, but settings are not configured`",
        laptop="`manage.py` names the settings for the commands that it runs; another script, and"
        " a server that starts elsewhere, have to do so themselves.",
    ),
    "package-breaks-on-import": Manual(
        apart="the traceback goes from your `import` into a package, and ends there",
        laptop="The laptop has the versions of the day when they were installed, and its own"
        " Python.",
    ),
    "missing-config-var": Manual(
        apart="`KeyError: 'NAME'` at os.environ, or a settings class that lists what is missing",
        laptop=_VARIABLES,
        by={
            "Heroku": "heroku config:set NAME=value",
            "Django": "SECRET_KEY and the like: os.environ, no default in production",
        },
    ),
    "add-on-variable-missing": Manual(
        apart="the name is one that an add-on sets: DATABASE_URL, REDIS_URL, CLOUDAMQP_URL",
        laptop=_VARIABLES,
        by={"Postgres": "heroku addons:create heroku-postgresql:essential-0"},
    ),
    "postgres-scheme": Manual(
        apart="`Can't load plugin: sqlalchemy.dialects:postgres`",
        laptop="On the laptop the address begins with sqlite or postgresql.",
        by={"SQLAlchemy": 'url.replace("postgres://", "postgresql://", 1)'},
    ),
    "service-on-localhost": Manual(
        apart="`Connection refused` to 127.0.0.1 or localhost and 5432, 6379, 27017, 3306, 5672",
        laptop="The laptop runs its own Postgres or Redis; a dyno runs the app alone.",
        by={"Heroku": "an add-on, and its address from the environment"},
    ),
    "file-not-there": Manual(apart="`FileNotFoundError` of a file of yours", laptop=_FILES),
    "invalid-port": Manual(
        apart="`'$PORT' is not a valid port number`",
        laptop="On the laptop PORT is not used. In single quotes, and as %PORT%, bash does not fill"
        " it in.",
    ),
    "asgi-under-wsgi": Manual(
        apart="`__call__() missing 1 required positional argument: 'send'`",
        laptop="`uvicorn main:app` and `fastapi dev` speak ASGI; bare gunicorn speaks WSGI.",
        by={"FastAPI": "web: gunicorn -k uvicorn.workers.UvicornWorker main:app"},
    ),
    "backgrounded": Manual(
        apart="status 0, and an `&` in the command",
        laptop="In a terminal the shell lives on; in a dyno the dyno ends with its command.",
    ),
    "exits-at-once": Manual(
        apart="status 0, and nothing went wrong",
        laptop="A script that ends is fine on the laptop; a web process must live on.",
    ),
    "out-of-memory": Manual(apart="status 137 without R10 and R12, or R15 before it"),
    "syntax-error": Manual(apart="`SyntaxError` with the file and the line"),
    "typographic-characters": Manual(
        apart="`command not found` or a syntax error, at curly quotes, long dashes, odd blanks",
        laptop="On the laptop the command was typed, not copied.",
    ),
    "equals-for-colon": Manual(apart="`=: command not found`", laptop=_SHELL),
    "package-not-executable": Manual(apart="`No module named NAME.__main__`"),
    "migrations-not-there": Manual(
        apart="`Path doesn't exist`, or Alembic finds no configuration", laptop=_FILES
    ),
    "wrong-package": Manual(
        apart="`cannot import name`, of a package that has the name of the module",
        laptop="The laptop has both packages, and the right one was installed last.",
    ),
    "settings-file-not-there": Manual(
        apart="`KeyError` or `NoSectionError` of a name that a file of settings has", laptop=_FILES
    ),
    "needs-newer-python": Manual(
        apart="`SyntaxError`, `cannot import name` or `No module named` of a thing that Python has",
        laptop="The laptop has a newer Python than .python-version asks for.",
    ),
    "locale-missing": Manual(
        apart="`locale.Error: unsupported locale setting`",
        laptop="The laptop has the locales of its language.",
    ),
    "privileged-port": Manual(
        apart="`Permission denied` where the server binds its port",
        laptop="On the laptop the server was started as root, or the system lets anybody bind 80.",
    ),
    "lfs-pointer-opened": Manual(
        apart="an error about the content of a file that Git LFS has", laptop=_FILES
    ),
    "database-not-in-git": Manual(apart="`unable to open database file`", laptop=_FILES),
    "sslmode-for-asyncpg": Manual(
        apart="`unexpected keyword argument 'sslmode'` in asyncpg",
        laptop="The laptop's database URL has no `?sslmode=require`.",
    ),
    "newer-syntax": Manual(apart="`SyntaxError` at syntax that a newer Python has"),
    "address-in-use": Manual(
        apart="`Address already in use`: the app starts twice, as with a reloader",
        laptop="A reloader on the laptop does the same, but the port is another one.",
    ),
    "unhandled-exception": Manual(apart="another exception; its last line is in the log"),
    "static-file-not-in-manifest": Manual(
        apart="`Missing staticfiles manifest entry`",
        laptop="DEBUG serves static files without a manifest.",
    ),
    "table-missing": Manual(
        apart="`relation … does not exist`, `no such table`",
        laptop="The laptop's database was migrated; the one on Heroku is empty.",
        by={
            "Django": "release: python manage.py migrate",
            "Flask-Migrate": "release: flask --app app db upgrade",
        },
    ),
    "template-missing": Manual(apart="`TemplateNotFound`, `TemplateDoesNotExist`", laptop=_FILES),
    "ephemeral-files": Manual(
        laptop="The laptop's disk keeps what is written. A dyno's is thrown away at least daily.",
        by={
            "SQLite": "Heroku Postgres; SQLite cannot be kept on a dyno",
            "uploads": "an object store (S3, Cloudinary)",
        },
    ),
    "state-per-worker": Manual(
        laptop="The laptop runs one process; gunicorn runs several, each with its own memory.",
        by={"Flask": "sessions in cookies (a fixed SECRET_KEY), Redis or the database"},
    ),
    "host-not-allowed": Manual(laptop="With DEBUG Django allows localhost."),
    "allowed-hosts": Manual(
        apart="`Invalid HTTP_HOST header`, `Bad Request (400)`",
        laptop="With DEBUG Django allows localhost.",
    ),
    "proxy-header-ignored": Manual(
        apart="a redirect to https://, or the Origin in the log begins with https://",
        laptop="On the laptop there is no router that ends TLS before the app.",
    ),
    "csrf-other-address": Manual(apart="the Origin in the log is not the Host of the request"),
    "static-not-served": Manual(
        laptop="runserver serves static files by itself, as long as DEBUG is on.",
        by={
            "Django": "WhiteNoise, as the second entry of MIDDLEWARE",
            "FastAPI": 'app.mount("/static", StaticFiles(directory="static"))',
        },
    ),
    "static-not-collected": Manual(
        laptop="runserver looks into the folders itself; on Heroku only what was collected counts.",
    ),
    "socketio-sessions": Manual(
        laptop="`socketio.run(app)` is one process; Heroku sets WEB_CONCURRENCY to two or more.",
        by={
            "threads": "web: gunicorn -w 1 --threads 100 app:app",
            "gevent": "web: gunicorn -k gevent -w 1 app:app",
            "several dynos": "session affinity and SocketIO(app, message_queue=REDIS_URL)",
        },
    ),
    "socketio-blocks": Manual(
        laptop="`socketio.run(app)` has a thread for each visitor; gunicorn's sync worker has one"
        " for all.",
    ),
    "websocket-holds-worker": Manual(
        apart="`WORKER TIMEOUT` for a visitor who is connected, H12 for the others",
        laptop="A development server has a thread for each connection.",
    ),
    "debugger-on": Manual(
        laptop="On the laptop nobody else reaches the page.",
        by={"Flask": "web: gunicorn app:app", "flask run": "without --debug, no FLASK_DEBUG"},
    ),
    "django-debug": Manual(laptop="On the laptop nobody else sees the page."),
    "hook-goes-on": Manual(
        laptop="In a terminal you see the error before you type the next command."
    ),
    "package-file-not-committed": Manual(apart="requirements.txt is on your disk", laptop=_FILES),
    "app-in-subfolder": Manual(
        apart="the package file is one folder deeper",
        laptop="On the laptop you were in that folder.",
        by={"git": "git subtree push --prefix FOLDER heroku main"},
    ),
    "python-version-eol": Manual(
        apart="`has reached its end-of-life`",
        laptop="The laptop keeps an old Python as long as you like.",
    ),
    "no-such-version": Manual(apart="`No matching distribution found for NAME==VERSION`"),
    "no-such-package": Manual(apart="`No matching distribution found for NAME`"),
    "system-library-missing": Manual(
        apart="a header (`.h`) or `-config` program is missing while a package is compiled",
        laptop="The laptop had a wheel, or the library with its headers.",
    ),
    "windows-only-package": Manual(
        apart="pywin32, pypiwin32, wmi and the like", laptop="The laptop is a Windows machine."
    ),
    "procfile-name": Manual(
        apart="`Procfile declares types -> (none)`",
        laptop="macOS and Windows take procfile for Procfile, and Windows hides `.txt`.",
    ),
    "procfile-not-committed": Manual(
        apart="`Procfile declares types -> (none)`, and git status names it", laptop=_FILES
    ),
}
