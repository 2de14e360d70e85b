"""Crashes because gevent or eventlet patches the standard library after it is in use."""

import re
from collections.abc import Iterator

from parity.records.verdict import Evidence
from parity.rules.crash.symptoms import ENDINGS, at_command, procfile
from parity.rules.engine import rule
from parity.rules.views.python_source import file_of, find, target
from parity.rules.views.python_traceback import PythonError

_PATCHES = r"\bmonkey\.patch_all\(|\bpatch_all\(\)|\bmonkey_patch\("
_WARNS = r"MonkeyPatchWarning: .*|\b\d{1,6} RLock\(s\) were not greened.*"


@rule(
    "patched-too-late",
    leads_to=ENDINGS,
    title="{library} patches the standard library after {module} is imported",
    cause="{library} replaces sockets and TLS with its own. Code imported earlier keeps the old"
    " ones, and the two call each other endlessly: {error}",
    fix="{advice:Patch on the very first line, above every other import: `from gevent import"
    " monkey; monkey.patch_all()`.}",
    docs="https://www.gevent.org/api/gevent.monkey.html",
    apart="`RecursionError` in ssl.py, with `MonkeyPatchWarning` above it",
    laptop="`python app.py` imports modules in a different order than a server does.",
)
def patched_too_late(crash: PythonError) -> Iterator[Evidence]:
    deep = crash.raised.kind == "RecursionError" and any(
        re.search(r"(?:^|/)ssl\.py$|^<frozen ssl>", frame.file) for frame in crash.raised.frames
    )
    warned = crash.saying(_WARNS)
    place = find(crash.source, _PATCHES)
    green = place or re.search(r"gevent|eventlet", crash.command)
    if not green or not (deep or (warned and crash.raised.kind == "RecursionError")):
        return
    library = "eventlet" if "eventlet" in f"{crash.command} {place and place.text}" else "gevent"
    names = {"library": library, "module": "ssl", "error": crash.raised.told}
    names["advice"] = _first(crash, library)
    seen = warned[0] if warned else crash.raised.told
    if place:
        yield Evidence(seen, place.file, place.line, place.column, names=names)
    else:
        yield at_command(crash, seen, **names)


def _first(crash: PythonError, library: str) -> str:
    """Return advice on where the patch must go."""
    if re.search(r"\s--preload\b", crash.command):
        return procfile(crash, re.sub(r"\s--preload\b", "", crash.command, count=1))
    spec = target(crash.process)
    file = file_of(crash.source, spec[0]) if spec else None
    script = re.search(r"\bpython3?\s+(\S+\.py)", crash.command)
    where = file or (script[1] if script else "the file that the command starts")
    patch = "from gevent import monkey; monkey.patch_all()"
    if library == "eventlet":
        patch = "import eventlet; eventlet.monkey_patch()"
    return f"Write `{patch}` as the first line of {where}, above every other import."
