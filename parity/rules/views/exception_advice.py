"""Advice on exceptions: why a server causes them, or what their own text asks for."""

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

_ASKS = re.compile(
    r"(?i)^(?:try|run|install|use|add|set|change|remove|rename|call|pass|provide|enable|upgrade"
    r"|downgrade|update|ensure|check|consider|specify|configure)\s"
    r"|\b(?:please|make sure|did you (?:forget|mean)|must|should|(?:need|have) to"
    r"|try (?:to|again|running|setting|using|\w+ing))\b"
)
"""How a sentence of a message begins, or what is in it, if it says what to do."""

_KINDS = (
    (re.compile(r"NameError: name '(\w+)' is not defined"), "Define or import `{}` above {place}."),
    (
        re.compile(r"AttributeError: 'NoneType' object has no attribute '(\w+)'"),
        "Check why the object before `.{}` in `{code}` is None ({place}).",
    ),
    (
        re.compile(r"AttributeError: '?([\w.' ]+?)'? has no attribute '(\w+)'"),
        "Correct the attribute `{1}` in {place}, or pin a version of the package that has it.",
    ),
    (
        re.compile(r"TypeError: ([\w.]+)\(\) missing \d+ required [\w-]+ arguments?: (.+)"),
        "Pass `{0}` in {place} its required arguments: {1}.",
    ),
    (
        re.compile(r"TypeError: ([\w.]+)\(\) got an unexpected keyword argument '(\w+)'"),
        "Remove `{1}` from the call to `{0}` in {place}, or pin a version of the package that"
        " accepts it.",
    ),
    (
        re.compile(r"KeyError: (.+)"),
        "Add the key {} before {place} reads it: `{code}`.",
    ),
    (
        re.compile(r"AssertionError\b"),
        "Fix what the assertion in {place} tests; it fails on the dyno: `{code}`.",
    ),
)
"""Exceptions of Python itself, and what they ask for: the language's documentation."""


def advice(error: str, place: str = "", code: str = "", test: str = "") -> str:
    """Return advice on an exception, which is as Python prints it.

    `place` is the app's line, as in `line 3 of app.py`, with its `code`. `test` is the condition in
    which the app raises the exception itself.
    """
    for pattern, text in _ADVICE:
        match = re.search(pattern, error)
        if match:
            return text.format(*match.groups())
    asked = from_message(error)
    if asked:
        return f"{asked}{f' It is about {place}.' * bool(place)}"
    if not place:
        return f"The message says what the dyno lacks: “{error.partition(': ')[2] or error}”"
    if test:
        return f"Fix the condition in {place}: the app raises this itself because `{test}` is true."
    for known, text in _KINDS:
        match = known.match(error)
        if match:
            return text.format(*match.groups(), place=place, code=code)
    return (
        f"Check what `{code}` ({place}) needs: a dyno has only the files in git, the packages in"
        " the requirements and the config vars."
    )


def _asked(error: str) -> str:
    """Return the sentence of a message that says what to do; empty if none does."""
    message = error.partition(": ")[2]
    sentences = re.split(r"(?<=[.!?;])\s+(?=[A-Z])", message)
    asking = next((s for s in sentences if _ASKS.search(s)), "").strip()
    return asking if not asking or asking[-1] in ".!?…" else f"{asking}."


def from_message(error: str) -> str | None:
    """Return the advice that an error's own text gives, or None if it gives none."""
    sentence = _asked(error)
    return f"Do what the message asks for: “{sentence[:300]}”" if sentence else None
