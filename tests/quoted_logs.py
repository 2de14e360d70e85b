"""Logs as people quote them, each with the words that a right answer has.

They are rebuilt after public reports: the parts that people leave out, add or break are real, the
apps are not. `says` needs a word of every group, `never` none of its words; `files` is the folder
in which the command is started (None: an empty one).
"""

from collections.abc import Mapping
from typing import NamedTuple


class Quoted(NamedTuple):
    """One quoted log and what the answer says about it."""

    text: str
    says: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    files: Mapping[str, str] | None = None


T = "2024-03-02T10:15:0{}.123456+00:00"
WEB, APP = f"{T} heroku[web.1]: ", f"{T} app[web.1]: "
START = WEB.format(0) + "Starting process with command `{}`\n"
EXITED = WEB.format(8) + "Process exited with status {}\n"
CRASHED = WEB.format(9) + "State changed from starting to crashed\n"
R10 = WEB.format(9) + (
    "Error R10 (Boot timeout) -> Web process failed to bind to $PORT within 60 seconds of launch\n"
)
ROUTER = (
    T.format(9)
    + ' heroku[router]: at={} method=GET path="{}" host=shop.herokuapp.com '
    + (
        'request_id=5f1e0a10-f332-4ed4-b531-dbdad7b8f381 fwd="203.0.113.10" dyno={} connect={} '
        "service={} status={} bytes={} protocol=https\n"
    )
)
NO_ERROR = "no error from Heroku"
NO_CRASH = "no dyno that crashes"


def app(*rows: str, ps: str = "web.1") -> str:
    """Return lines that the app printed."""
    return "".join(f"{T.format(1)} app[{ps}]: {row}\n" for row in rows)


def failed(command: str, *rows: str, status: int = 1) -> str:
    """Return the log of a web process that ended with that status."""
    return START.format(command) + app(*rows) + EXITED.format(status) + CRASHED


def timeout(command: str, *rows: str) -> str:
    """Return the log of a web process that did not bind its port."""
    return START.format(command) + app(*rows) + R10


def each(prefix: str, text: str) -> str:
    """Return the text with the prefix before every line."""
    return "".join(f"{prefix}{line}\n" for line in text.splitlines())


def numbered(text: str) -> str:
    """Return the text with the numbers that a viewer shows."""
    return "".join(f"{n:>4}  {line}\n" for n, line in enumerate(text.splitlines(), 1))


def wrapped(text: str, width: int) -> str:
    """Return the text as a terminal of that width breaks its lines when they are copied."""
    rows = (
        line[at : at + width]
        for line in text.splitlines()
        for at in range(0, max(len(line), 1), width)
    )
    return "\n".join(rows) + "\n"


def bare(text: str) -> str:
    """Return the text without the times."""
    return "".join(f"{line.partition(' ')[2]}\n" for line in text.splitlines())


MISSING = (
    "Traceback (most recent call last):",
    '  File "/app/shop.py", line 3, in <module>',
    "    import requests",
    "ModuleNotFoundError: No module named 'requests'",
)
NO_FLASK = failed("gunicorn shop:app", *MISSING, status=3)
NO_GUNICORN = failed("gunicorn shop:app", "bash: gunicorn: command not found", status=127)
LOOPBACK = timeout("python shop.py", " * Running on http://127.0.0.1:5000")
H10 = ROUTER.format('error code=H10 desc="App crashed"', "/", "", "", "", 503, "")
SLOW = ROUTER.format(
    'error code=H12 desc="Request timeout"', "/report", "web.1", "1ms", "30000ms", 503, 0
)
FAILED = ROUTER.format("info", "/pay", "web.1", "1ms", "23ms", 500, 145)
FINE = ROUTER.format("info", "/", "web.1", "1ms", "23ms", 200, 145)
UP = WEB.format(5) + "State changed from starting to up\n"
NEXT = ("", "> charts@1.0.0 start", "> next start", "")
TSC = ("", "> finder@1.0.0 start", "> tsc && node dist/index.js", "", "sh: 1: tsc: not found")
BROKEN_PIN = """\
-----> Building on the Heroku-24 stack
-----> Using buildpack: heroku/python
-----> Python app detected
-----> Using Python 3.13.1 specified in .python-version
-----> Installing dependencies using 'pip install -r requirements.txt'
       Collecting flask (from -r requirements.txt (line 1))
       ERROR: Could not find a version that satisfies the requirement flaskk==3.0 (from versions:\
 none)
       ERROR: No matching distribution found for flaskk==3.0
 !     Error: Unable to install dependencies using pip.
 !     See the log output above for more information.
 !     Push rejected, failed to compile Python app.
 !     Push failed
"""
PEER = """\
-----> Installing dependencies
       Installing node modules (package.json)
       npm ERR! code ERESOLVE
       npm ERR! ERESOLVE unable to resolve dependency tree
       npm ERR! Could not resolve dependency:
       npm ERR! peer react@"^17.0.0" from react-flip@2.0.1
"""
ROOT = """\
 !     Error: Couldn't find any supported Python package manager files.
 !
 !     A Python app on Heroku must have either a 'requirements.txt',
 !     'Pipfile.lock', 'poetry.lock' or 'uv.lock' package manager file
 !     in the root directory of its source code.
 !
 !     Currently the root directory of your app contains:
 !
 !     {}
 !     Push rejected, failed to compile Python app.
"""
SELF_SIGNED = (
    "redis.exceptions.ConnectionError: Error 1 connecting to ec2-203-0-113-9.compute-1"
    ".amazonaws.com:20119. [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed:"
    " self-signed certificate in certificate chain (_ssl.c:1006)."
)
PACKAGE = '{"scripts": {"start": "tsc && node dist/index.js"}, "devDependencies": {"typescript":'
PACKAGE = f'{PACKAGE} "^5.4.0"}}}}\n'
PRUNED = ("devdependencies",)

LOGS = {
    # how it was copied
    "indented": Quoted(each("    ", NO_GUNICORN), ("gunicorn is not installed", "requirements")),
    "first line flush": Quoted(
        each("    ", NO_GUNICORN).lstrip(), ("gunicorn is not installed", "requirements")
    ),
    "mail quote": Quoted(each("> ", NO_FLASK), ("requests", "requirements.txt")),
    "mail quote twice": Quoted(each("> > ", LOOPBACK), ("127.0.0.1:5000",)),
    "fence and words around": Quoted(
        f"### Bug\nMy app is down since monday, pls help!!\n\n```bash\n{NO_FLASK}```\n\nThanks",
        ("requests is not in requirements.txt",),
    ),
    "details block": Quoted(
        f"<details><summary>logs</summary>\n<pre>\n{LOOPBACK}</pre></details>",
        ("127.0.0.1:5000", "0.0.0.0"),
    ),
    "telegram": Quoted(
        f"Ivan, [02.03.2024 13:16]\nпочему не работает?\n{NO_GUNICORN}", ("gunicorn is not",)
    ),
    "name before the first line": Quoted(f"ana: {H10}", ("H10", "App crashed")),
    "discord": Quoted(f"kit — Today at 3:04 PM\n```\n{NO_FLASK}```", ("requests is not in",)),
    "numbered": Quoted(numbered(NO_FLASK), ("requests is not in requirements.txt",)),
    "numbered with bars": Quoted(
        "".join(f"{n}| {row}\n" for n, row in enumerate(NO_FLASK.splitlines(), 1)),
        ("requests is not in requirements.txt",),
    ),
    "wrapped by a terminal": Quoted(wrapped(NO_FLASK, 80), ("requests is not in",)),
    "wrapped router line": Quoted(wrapped(SLOW * 2, 80), ("2 × H12", "/report")),
    "one long line": Quoted(
        NO_FLASK.replace("\n", "     "), ("requests is not in requirements.txt",)
    ),
    "first character cut": Quoted(NO_GUNICORN[1:], ("gunicorn is not installed",)),
    "windows line ends": Quoted(NO_FLASK.replace("\n", "\r\n"), ("requests is not in",)),
    "without times": Quoted(bare(NO_FLASK), ("requests is not in requirements.txt",)),
    "another time zone": Quoted(
        NO_GUNICORN.replace("+00:00", "-07:00"), ("gunicorn is not installed",)
    ),
    "colours": Quoted(
        "".join(
            f"\x1b[36m{row.partition(': ')[0]}:\x1b[39m {row.partition(': ')[2]}\n"
            for row in LOOPBACK.splitlines()
        ),
        ("127.0.0.1:5000",),
    ),
    "papertrail": Quoted(
        "Mar 02 11:15:01 shop app/web.1 bash: gunicorn: command not found\n"
        "Mar 02 11:15:02 shop heroku/web.1 Process exited with status 127\n"
        "Mar 02 11:15:02 shop heroku/web.1 State changed from starting to crashed\n",
        ("gunicorn is not installed",),
    ),
    "drain behind a collector's time": Quoted(
        "2024-03-02 11:15:01.735 129 <45>1 2024-03-02T10:15:01.1+00:00 heroku web.1 - -"
        " Error R14 (Memory quota exceeded)\n",
        ("R14", "Memory quota exceeded"),
    ),
    "drain without its head": Quoted(
        "    heroku web.1 - - Process running mem=612M(119.6%)\n"
        "    heroku web.1 - - Error R14 (Memory quota exceeded)\n",
        ("R14", "612"),
    ),
    "quoted router line": Quoted(
        'I only get `at=error code=H14 desc="No web processes running" method=GET path="/"` ?',
        ("H14", "No web processes running"),
    ),
    # what was left out
    "only the exception": Quoted(
        "ModuleNotFoundError: No module named 'requests'\n",
        ("requests is not in requirements.txt",),
    ),
    "only the exception, in the app's folder": Quoted(
        "ModuleNotFoundError: No module named 'requests'\n",
        ("cause[missing-dependency]", "import requests"),
        files={
            "Procfile": "web: gunicorn shop:app\n",
            "requirements.txt": "gunicorn\n",
            "shop.py": "import requests\n",
        },
    ),
    "traceback without its first line": Quoted(
        "\n".join(MISSING[1:]), ("requests is not in requirements.txt",)
    ),
    "exception with a head": Quoted(
        app(MISSING[-1]) + EXITED.format(3), ("requests is not in requirements.txt",)
    ),
    "crashed without an exit": Quoted(
        app(*MISSING) + CRASHED, ("requests is not in", "H10"), (NO_CRASH, "status none")
    ),
    "only crashed": Quoted(CRASHED, ("App crashed",), (NO_CRASH, "status none", "status 1")),
    "exit before the output": Quoted(
        EXITED.format(1) + CRASHED + app(*MISSING), ("requests is not in requirements.txt",)
    ),
    "status 500 and an exception": Quoted(
        app(SELF_SIGNED) + FAILED, ("ssl_cert_reqs",), (NO_ERROR, "Correct that line")
    ),
    "status 500 alone": Quoted(FAILED, ("500", "/pay"), (NO_ERROR, NO_CRASH)),
    "an exception while up": Quoted(
        UP + app(*MISSING), ("requests",), (NO_ERROR + ", and " + NO_CRASH,)
    ),
    "fine": Quoted(UP + app("Booted") + FINE, (NO_ERROR, NO_CRASH)),
    "only the error page": Quoted(
        "Application error\nAn error occurred in the application and your page could not be"
        " served. If you are the application owner, check your logs for details.\n",
        ("heroku logs", "error page"),
        (NO_CRASH,),
    ),
    "build failed in the log": Quoted(
        f"{T.format(1)} app[api]: Build started by user a@example.com\n"
        f"{T.format(3)} app[api]: Build failed -- check your build output: https://dashboard."
        "heroku.com/apps/1/activity/builds/2\n",
        ("build failed", "git push"),
        (NO_ERROR,),
    ),
    "build failed, then succeeded": Quoted(
        f"{T.format(1)} app[api]: Build failed -- check your build output: https://x.example\n"
        f"{T.format(3)} app[api]: Build succeeded\n" + UP,
        (NO_ERROR,),
    ),
    "half a build": Quoted(
        "".join(f"{row}\n" for row in BROKEN_PIN.splitlines()[4:8]), ("flaskk",)
    ),
    "build without its end": Quoted(
        "".join(f"remote: {row}\n" for row in BROKEN_PIN.splitlines()[:9]), ("flaskk",), (NO_ERROR,)
    ),
    "quoted build": Quoted(each("> ", BROKEN_PIN), ("flaskk",)),
    "indented push": Quoted(each("    remote: ", BROKEN_PIN), ("flaskk",)),
    "npm's peers": Quoted(PEER, ("legacy-peer-deps", "react"), (NO_ERROR,)),
    "npm's peers without Heroku's lines": Quoted(
        "\n".join(row.strip() for row in PEER.splitlines()[2:]), ("legacy-peer-deps", "react")
    ),
    "npm's remote without its words": Quoted(
        "-----> Creating runtime environment\n       NPM_CONFIG_LOGLEVEL=error\n"
        "-----> Installing dependencies\n       npm error code EALLOWREMOTE\n-----> Build failed\n"
        " !     Push rejected, failed to compile Node.js app.\n",
        ("allow-remote",),
        ("npm_config_loglevel",),
    ),
    # which dyno, which deploy
    "two dynos interleaved": Quoted(
        START.format("gunicorn shop:app")
        + app("bash: gunicorn: command not found")
        + app("[INFO] celery@abc ready.", ps="worker.1")
        + EXITED.format(127)
        + app("Task ok", ps="worker.1")
        + CRASHED,
        ("web.1", "gunicorn is not installed"),
        ("worker.1",),
    ),
    "an older deploy's fault": Quoted(
        NO_GUNICORN
        + f"{T.format(9)} app[api]: Deploy 1a2b3c4d by user a@example.com\n"
        + f"{T.format(9)} app[api]: Release v9 created by user a@example.com\n"
        + LOOPBACK,
        ("127.0.0.1:5000",),
        ("gunicorn is not installed",),
    ),
    "the newest deploy is up": Quoted(
        NO_GUNICORN + f"{T.format(9)} app[api]: Release v9 created by user a@example.com\n" + UP,
        ("may be solved",),
    ),
    # R10 by what the log says
    "next start": Quoted(
        timeout("npm start", *NEXT, "   - Local:        http://localhost:3000"),
        ("next start", "$PORT", "3000"),
    ),
    "started server on": Quoted(
        timeout("npm start", *NEXT, "ready - started server on 0.0.0.0:3000"), ("-p $PORT",)
    ),
    "the debugger is no server": Quoted(
        timeout("node --inspect a.js", "Debugger listening on ws://127.0.0.1:9229/5f1e"),
        ("R10",),
        ("9229, where",),
    ),
    "vite preview": Quoted(
        timeout(
            "npm start",
            "> web@0.0.0 start",
            "> vite preview",
            "  ➜  Local:   http://localhost:4173/",
        ),
        ("--host 0.0.0.0 --port $PORT",),
    ),
    "build at the start": Quoted(
        timeout(
            "npm start",
            "> web@1.0.0 start",
            "> npm run build && node server.js",
            "",
            "> web@1.0.0 build",
            "> react-scripts build",
            "Creating an optimized production build...",
        ),
        ("react-scripts build", '"build"'),
        ("fix: Listen on 0.0.0.0",),
    ),
    "next builds at the start": Quoted(
        timeout(
            "npm start",
            "> web@1.0.0 start",
            "> next build && next start",
            "",
            "info  - Creating an optimized production build...",
        ),
        ("next build", '"build"'),
        ("fix: Listen on 0.0.0.0",),
    ),
    "migrations at the start": Quoted(
        timeout(
            "./start.sh",
            "Operations to perform:",
            "Running migrations:",
            "  Applying shop.0042_big_index...",
        ),
        ("migrat", "release"),
        ("fix: Listen on 0.0.0.0",),
    ),
    "model download at the start": Quoted(
        timeout(
            "gunicorn shop:app", "Downloading (…)model.safetensors:  43%|####3     | 190M/438M"
        ),
        ("download", "build"),
        ("fix: Listen on 0.0.0.0",),
    ),
    "a bot": Quoted(
        timeout(
            "python bot.py",
            "INFO:discord.client:logging in using static token",
            "INFO:discord.gateway:Shard ID None has connected to Gateway",
        ),
        ("worker",),
    ),
    "nodemon waits after a crash": Quoted(
        timeout(
            "npm start",
            "> nodemon server.js",
            "node:internal/modules/cjs/loader:1078",
            "Error: Cannot find module 'express'",
            "Require stack:",
            "- /app/server.js",
            "[nodemon] app crashed - waiting for file changes before starting...",
        ),
        ("express",),
        ("fix: Listen on 0.0.0.0",),
    ),
    # Node.js without the app
    "tsc at the start": Quoted(
        failed("npm start", *TSC), (*PRUNED, '"build"'), ("not in package.json",)
    ),
    "tsc at the start, in the folder": Quoted(
        failed("npm start", *TSC),
        ("devdependencies", "package.json:1"),
        files={"package.json": PACKAGE, "index.ts": ""},
    ),
    "nodemon at the start": Quoted(
        failed("npm start", "> a@1.0.0 start", "> nodemon server.js", "sh: 1: nodemon: not found"),
        ("nodemon", "node server.js"),
    ),
    "webpack-dev-server": Quoted(
        "> e@0.0.1 start\n> webpack-dev-server\nsh: 1: webpack-dev-server: not found\n",
        ("webpack-dev-server", "devdependencies"),
    ),
    "prisma through yarn": Quoted(
        failed(
            "yarn start",
            "$ yarn prisma migrate deploy",
            'error Command "prisma" not found.',
            "error Command failed with exit code 1.",
        ),
        ("prisma", "dependencies"),
        ("no `prisma` script",),
    ),
    "a script that is not there": Quoted(
        failed("npm start", 'npm ERR! Missing script: "start"'), ("start", "script")
    ),
    "express": Quoted(
        app("Error: Cannot find module 'express'", "Require stack:", "- /app/index.js")
        + EXITED.format(1),
        ("express", "npm install express"),
    ),
    # the build
    "two package managers": Quoted(
        " !     Error: Multiple Python package manager files were found.\n !     \n"
        " !     Pipfile.lock (Pipenv)\n !     poetry.lock (Poetry)\n !     \n"
        " !     Push rejected, failed to compile Python app.\n",
        ("Pipfile.lock, poetry.lock", "git rm"),
    ),
    "the app is in a folder": Quoted(
        ROOT.format("README.md\n !     api/\n !     ui/"),
        ("git subtree push --prefix api", "api/"),
        ("Write requirements.txt",),
    ),
    "no file in a root with code": Quoted(
        ROOT.format("app.py\n !     templates/"), ("requirements.txt",), ("subtree",)
    ),
    "monorepo buildpack after the language": Quoted(
        "-----> Using buildpacks:\n       1. heroku/python\n       2. https://github.com/lstoll/"
        "heroku-buildpack-monorepo\n-----> Python app detected\n" + ROOT.format("api/\n !     ui/"),
        ("monorepo", "--index 1"),
        ("Write requirements.txt",),
    ),
    "a compiler's error": Quoted(
        "-----> Build\n       > a@1.0.0 build\n       > tsc\n       src/a.ts(3,25): error TS2307:"
        " Cannot find module 'express' or its type declarations.\n-----> Build failed\n"
        " !     Push rejected, failed to compile Node.js app.\n",
        ("TS2307",),
    ),
    "the release command of a push": Quoted(
        "remote: Verifying deploy... done.\nremote: Running release command...\nremote: \n"
        "remote: django.db.utils.OperationalError: could not connect: Connection refused\n"
        "remote: Waiting for release.... failed.\n",
        ("release-failed", "Connection refused"),
        (NO_ERROR,),
    ),
    "a push that ends well": Quoted(
        "-----> Installing dependencies using 'pip'\n       Successfully installed flask\n"
        "-----> Launching...\n       Released v5\n",
        (NO_ERROR,),
    ),
    "a build that goes on": Quoted(
        "-----> Python app detected\n-----> Installing dependencies using 'pip'\n",
        (),
        ("rejects the push",),
    ),
    "a prompt before the log": Quoted(
        f"PS C:\\app> heroku logs --tail\n{NO_GUNICORN}PS C:\\app>", ("gunicorn is not",)
    ),
    "a log service's objects": Quoted(
        '{"timestamp":"2024-03-02T10:15:01Z","app":"heroku","proc":"web.1","message":"Error R14'
        ' (Memory quota exceeded)"}\n',
        ("R14",),
    ),
}
