"""What the manual adds to a rule: Heroku's lines, the laptop's share, fixes per framework.

Lines of Heroku's are observed in public logs; https://devcenter.heroku.com/articles/error-codes.
Advice per framework is that of its own documentation.
"""

from collections.abc import Mapping

from parity.rules.manual.handbook_causes import CAUSES
from parity.rules.manual.handbook_page import Manual

ROUTER = 'heroku[router]: at=error code={} desc="{}" method=GET path="/" … status=503'

CORS = (
    "`Application error`, status 503. The console of a page from another address (a front end of"
    " its own) calls it a CORS error, a missing Access-Control-Allow-Origin: Heroku's error page"
    " has no such header, and the app, which would send it, did not answer. Its CORS settings are"
    " not to blame."
)
"""Heroku's error pages have no CORS headers (observed)."""


def _routed(code: str, words: str) -> tuple[str, ...]:
    return (ROUTER.format(code, words),)


SYMPTOMS: Mapping[str, Manual] = {
    "R10": Manual(
        prints=(
            "heroku[web.1]: Error R10 (Boot timeout) -> Web process failed to bind to $PORT within"
            " 60 seconds of launch",
            "heroku[web.1]: Stopping process with SIGKILL",
            "heroku[web.1]: Process exited with status 137",
            "heroku[web.1]: State changed from starting to crashed",
        ),
        laptop="On the laptop the browser runs beside the server: 127.0.0.1 reaches it, and you"
        " know which port it chose. On Heroku the router comes from another machine, and knows"
        " only the $PORT that it gave to the dyno.",
        by={
            "Flask": 'app.run(host="0.0.0.0", port=int(os.environ["PORT"])), or better gunicorn',
            "Django": "web: gunicorn PROJECT.wsgi (runserver: `runserver 0.0.0.0:$PORT`)",
            "FastAPI": "web: uvicorn main:app --host 0.0.0.0 --port $PORT",
            "Streamlit": "web: streamlit run app.py --server.address 0.0.0.0 --server.port $PORT",
            "Dash": 'app.run(host="0.0.0.0", port=int(os.environ["PORT"])), or gunicorn app:server',
            "gunicorn": "binds 0.0.0.0:$PORT by itself as long as no --bind says otherwise",
            "waitress": "web: waitress-serve --listen=*:$PORT app:app",
            "aiohttp": 'web.run_app(app, port=int(os.environ["PORT"]))',
            "a bot": "worker: python bot.py, then `heroku ps:scale web=0 worker=1`",
        },
    ),
    "H10": Manual(
        prints=(
            "heroku[web.1]: Process exited with status 1",
            "heroku[web.1]: State changed from starting to crashed",
            *_routed("H10", "App crashed"),
        ),
        browser=CORS,
        laptop="The laptop has what the dyno lacks: packages that were installed one day, variables"
        " of your shell, files that git does not know, another Python, a file system that takes"
        " upper case for lower case.",
    ),
    "crashed": Manual(
        prints=(
            "heroku[worker.1]: Process exited with status 1",
            "heroku[worker.1]: State changed from up to crashed",
        ),
        laptop="As for H10: the dyno has only what is in git, in requirements.txt and in the config"
        " vars.",
    ),
    "H12": Manual(
        prints=_routed("H12", "Request timeout"),
        browser=CORS,
        laptop="On the laptop nothing waits at most 30 seconds: the browser shows the page when it"
        " comes. Data is small there, services are near, and one person asks at a time.",
        by={
            "any": "answer 202 at once, do the work in a worker (RQ, Celery, Dramatiq), let the"
            " page ask for the result",
            "uploads": "let the browser upload straight to the object store (S3 presigned URLs)",
            "reports": "stream it: the first byte within 30 seconds, each next one within 55",
            "other services": "give every outgoing request a timeout well below 30 seconds",
            "gunicorn": "a --timeout above 30 changes nothing for visitors",
        },
    ),
    "H13": Manual(
        prints=_routed("H13", "Connection closed without response"),
        browser=CORS,
        laptop="A development server shows the error in the page; behind the router the visitor"
        " gets only the closed connection. And the laptop has more memory than a dyno.",
        by={
            "gunicorn": "`WORKER TIMEOUT` in the log: the request took longer than --timeout",
            "uvicorn": "a request that is in flight when the dyno stops: end on SIGTERM gracefully",
            "Node": "keepAliveTimeout above the router's 90 seconds",
        },
    ),
    "H14": Manual(
        prints=_routed("H14", "No web processes running"),
        browser=CORS,
        laptop="The laptop starts what you type. Heroku starts what the Procfile calls `web`, and"
        " only if it is scaled: `heroku ps:scale web=1`.",
        by={
            "Flask": "web: gunicorn app:app",
            "Django": "web: gunicorn PROJECT.wsgi",
            "FastAPI": "web: uvicorn main:app --host 0.0.0.0 --port $PORT",
            "a bot": "nothing is wrong: scale the worker, and do not open the app's page",
        },
    ),
    "H15": Manual(
        prints=_routed("H15", "Idle connection"),
        laptop="Nothing on the laptop ends a connection that is silent.",
        by={
            "server-sent events": "send a comment line (`:`) every 30 seconds",
            "WebSocket": "send pings: most libraries have an option for it",
        },
    ),
    "H17": Manual(
        prints=_routed("H17", "Poorly formatted HTTP response"),
        laptop="A browser forgives more than a router, and `https://localhost` works with a"
        " certificate of your own; on Heroku the router has ended TLS before the dyno.",
    ),
    "H18": Manual(
        prints=(
            'heroku[router]: sock=backend at=error code=H18 desc="Server Request Interrupted" …',
        ),
        laptop="The browser shows the part of the page that came, and you do not notice.",
    ),
    "H19": Manual(
        prints=_routed("H19", "Backend connection timeout"),
        laptop="One visitor never fills the queue of a server.",
    ),
    "R12": Manual(
        prints=(
            "heroku[web.1]: Error R12 (Exit timeout) -> At least one process failed to exit within"
            " 30 seconds of SIGTERM",
            "heroku[web.1]: Stopping remaining processes with SIGKILL",
        ),
        laptop="Ctrl-C sends SIGINT to the whole terminal; Heroku sends SIGTERM, which a shell"
        " script keeps to itself and Python's default handler takes without cleaning up.",
        by={
            "shell script": "exec gunicorn app:app",
            "Celery": "keep tasks short: its warm shutdown waits for them",
            "Python loop": "signal.signal(signal.SIGTERM, …) and leave the loop",
        },
    ),
    "R14": Manual(
        prints=(
            "heroku[web.1]: Process running mem=541M(105.8%)",
            "heroku[web.1]: Error R14 (Memory quota exceeded)",
        ),
        laptop="The laptop has 8 GB and more, a Basic dyno 512 MB, for all workers together.",
        by={
            "gunicorn": "fewer workers (WEB_CONCURRENCY), `--preload`, `--max-requests 500`",
            "pandas": "read in chunks, and only the columns that are used",
            "models": "load the smaller one, once, before the workers are forked",
        },
    ),
    "R15": Manual(
        prints=(
            "heroku[web.1]: Process running mem=1214M(237.2%)",
            "heroku[web.1]: Error R15 (Memory quota vastly exceeded)",
            "heroku[web.1]: Stopping process with SIGKILL",
        ),
        laptop="As for R14: the laptop has many times the memory of a dyno.",
    ),
    "H25": Manual(
        prints=(
            'heroku[router]: at=error code=H25 desc="HTTP restriction" method=GET path="/" …'
            " status=502",
        ),
        laptop="On the laptop the browser reads the answer itself, and browsers forgive much.",
    ),
    "H27": Manual(
        prints=(
            'heroku[router]: sock=client at=warning code=H27 desc="Client Request Interrupted"'
            ' method=GET path="/" … status=499',
        ),
        laptop="On the laptop nobody is impatient, and no connection is lost on the way.",
    ),
    "H28": Manual(
        prints=(
            'heroku[router]: sock=client at=warning code=H28 desc="Client Connection Idle"'
            ' method=GET path="/" … status=499',
        ),
        laptop="On the laptop no router ends a connection that is silent for 55 seconds.",
    ),
    "push-rejected": Manual(
        prints=(
            "remote:  !     Push rejected, failed to compile Python app.",
            "remote:  !     Push failed",
        ),
        laptop="The laptop was set up once, by hand, over months. Heroku builds from an empty"
        " machine, from what is in git alone, with its own Python.",
    ),
    "release-failed": Manual(
        prints=(
            "remote: Running release command...",
            "remote: Waiting for release.... failed.",
        ),
        laptop="On the laptop the command ran once, against another database, with your variables.",
        by={
            "Django": "release: python manage.py migrate --noinput",
            "Flask-Migrate": "release: flask --app app db upgrade",
        },
    ),
    "http-403": Manual(
        prints=(
            "app[web.1]: Forbidden (Origin checking failed - https://… does not match any trusted"
            " origins.): /login/",
            'heroku[router]: at=info method=POST path="/login/" … status=403',
        ),
        laptop="On the laptop the page and its form come by the same plain http://.",
        by={
            "Django": 'SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")',
            "a CDN in front": 'CSRF_TRUSTED_ORIGINS = ["https://DOMAIN"]',
            "gunicorn, uvicorn": "take the header by themselves: Heroku sets FORWARDED_ALLOW_IPS",
        },
    ),
    "http-400": Manual(
        prints=('heroku[router]: at=info method=GET path="/" … status=400',),
        laptop="On the laptop the Host is localhost, which DEBUG allows; on Heroku it is another.",
        by={
            "Django": 'ALLOWED_HOSTS = [".herokuapp.com"], and your own domain',
            "Starlette": "TrustedHostMiddleware(allowed_hosts=[…])",
        },
    ),
    "http-500": Manual(
        prints=('heroku[router]: at=info method=GET path="/" … status=500',),
        laptop="With DEBUG the laptop shows the exception in the page, and its own database has the"
        " tables. In production the page says nothing, and the log has the traceback.",
        by={
            "Django": "a LOGGING setting that logs django.request to the console shows it",
            "Flask": "the traceback is in `heroku logs --tail`",
        },
    ),
    "redirect-loop": Manual(
        prints=('heroku[router]: at=info method=GET path="/" … status=301, again and again',),
        laptop="On the laptop there is no router that ends TLS before the app.",
        by={
            "Django": 'SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")',
            "Flask": "app.wsgi_app = ProxyFix(app.wsgi_app, x_proto=1)",
            "uvicorn": "--proxy-headers --forwarded-allow-ips='*'",
            "Express": "app.set('trust proxy', 1)",
        },
    ),
}

MANUAL: Mapping[str, Manual] = {**SYMPTOMS, **CAUSES}
"""By the rule's id; a rule that is not here says all of it itself."""
