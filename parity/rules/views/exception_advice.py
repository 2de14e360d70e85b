"""Advice on exceptions that say what happened, but not why a server causes it."""

import re

_ADVICE = (
    (
        r"asyncio\.run\(\) cannot be called from a running event loop"
        r"|event loop is already running",
        "The server imports the app inside its own loop. Await the call in the app's lifespan"
        " (FastAPI, Starlette: `lifespan=`) or in the handler, not while the module is imported.",
    ),
    (
        r"There is no current event loop in thread",
        "Python 3.14 creates no loop by itself: write `asyncio.run(main())`, or create one with"
        " `asyncio.new_event_loop()`; or request an older Python in .python-version.",
    ),
    (
        r"Apps aren't loaded yet|Models aren't loaded yet",
        "Models can be imported only after Django is set up: call `get_asgi_application()` (in a"
        " script: `django.setup()`) before the import in that line.",
    ),
    (
        r"Read-only file system: '/|Permission denied: '/(?!app\b|tmp\b)",
        "An app may write only below /app and /tmp, and its files disappear with the dyno. Keep"
        " files in an object store (Amazon S3), or use the folder that `tempfile` returns.",
    ),
    (r"Did you forget to import '(\w+)'", "At the top of that file write `import {}`."),
    (
        r"Working outside of (?:application|request) context",
        "During the import there is no request and no current app: move the code into `with"
        " app.app_context():`, or into the function that handles the request.",
    ),
    (
        r"signal only works in main thread|set_wakeup_fd only works in main thread",
        "A bot that handles signals needs the main thread, which the server uses: run it in a"
        " separate process, `worker: python …` in the Procfile.",
    ),
)
"""Patterns of exceptions with advice, from the documentation of asyncio, Django, Flask, signal."""

PLAIN = "Correct that line. What it cannot find here, it will not find on Heroku either."


_TELLS = re.compile(
    r"(?i)^(?:try|run|install|use|add|set|change|remove|rename|call|pass|provide|enable|upgrade"
    r"|update|ensure|check)\s"
    r"|\b(?:please|make sure|did you (?:forget|mean)|you (?:must|need|should|have to)"
    r"|try (?:to|again|running|setting|using))\b"
)
"""How a sentence of an error begins, or what is in it, if it tells what to do."""


def from_message(error: str) -> str | None:
    """Return the advice that an error's own text gives, or None if it gives none."""
    _, _, message = error.partition(": ")
    sentences = re.split(r"(?<=[.!?;])\s+", message.strip())
    telling = [one.rstrip(";") for one in sentences if _TELLS.search(one) and len(one.split()) > 2]
    return f"The error says what to do: “{' '.join(telling)[:300]}”" if telling else None


def advice(error: str) -> str:
    """Return advice on an exception, which is as Python prints it."""
    for pattern, text in _ADVICE:
        match = re.search(pattern, error)
        if match:
            return text.format(*match.groups())
    return PLAIN
