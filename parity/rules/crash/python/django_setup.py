"""Crashes because models are imported before Django is set up, or while it is."""

import re
from collections.abc import Iterator

from parity.records import Frame
from parity.records.verdict import Evidence
from parity.rules.crash.symptoms import ENDINGS, at_place
from parity.rules.engine import rule
from parity.rules.views.django_setup import Setup, late_setup
from parity.rules.views.environments import of_the_app
from parity.rules.views.python_source import line_of
from parity.rules.views.python_traceback import PythonError

_NOT_READY = r"Apps aren't loaded yet|Models aren't loaded yet"
_NOT_CONFIGURED = "settings are not configured"
_POPULATES = r"/django/(?:apps/(?:registry|config)|conf/__init__)\.py$"


@rule(
    "django-setup-order",
    instead_of=("settings-not-configured",),
    leads_to=ENDINGS,
    title="{file} imports code that needs Django before it sets Django up",
    cause="Line {line} of {file}, `{code}`, leads to models or settings, but Django is set up"
    " only below it: {error}",
    fix="{advice:Name the settings and call `get_asgi_application()` above that import.}",
    docs="https://channels.readthedocs.io/en/latest/deploying.html",
    apart="`AppRegistryNotReady` or `settings are not configured`, through asgi.py or wsgi.py",
    laptop="`manage.py runserver` sets Django up before it imports asgi.py.",
    by={"Channels": "django_asgi_app = get_asgi_application() above the import of the consumers"},
)
def django_setup_order(crash: PythonError) -> Iterator[Evidence]:
    late = _late(crash)
    if not late:
        return
    frame, setup = late
    code = line_of(crash.source, frame.file, frame.line)
    before = " and ".join(f"`{text}`" for text in setup.before if "import" not in text)
    names = {"file": frame.file, "line": str(frame.line), "code": code, "error": crash.raised.told}
    names["advice"] = f"In {frame.file} write {before} above line {frame.line} (`{code}`)."
    yield Evidence(crash.raised.told, frame.file, frame.line, names=names)
    here = at_place(crash)
    if here and (here.file, here.line) != (frame.file, frame.line):
        yield here._replace(seen=here.names["code"] or "the line that needs it", names={})


def _late(crash: PythonError) -> tuple[Frame, Setup] | None:
    """Return the outermost of the app's lines that is above the setup in its file."""
    if not re.search(rf"{_NOT_READY}|{_NOT_CONFIGURED}", crash.raised.message):
        return None
    frames = (frame for frame in crash.raised.frames if of_the_app(frame))
    for frame in frames if _populated(crash) is None else ():
        setup = late_setup(crash.source, frame.file, frame.line)
        if setup:
            return frame, setup
    return None


def _populated(crash: PythonError) -> Frame | None:
    """Return the app's line that Django itself imports while it loads the apps or settings."""
    frames = crash.raised.frames
    last = max((n for n, f in enumerate(frames) if re.search(_POPULATES, f.file)), default=None)
    own = (f for f in frames[last + 1 :] if of_the_app(f)) if last is not None else iter(())
    return next(own, None)


@rule(
    "models-too-early",
    leads_to=ENDINGS,
    title="{file} imports models before Django has loaded the apps",
    cause="Line {line} of {file}, `{code}`, leads to a model. {why:Models can be imported only"
    " after Django is set up}: {error}",
    fix="{advice:Import them inside the function that uses them, or call `django.setup()` first.}",
    docs="https://docs.djangoproject.com/en/stable/ref/applications/#troubleshooting",
    apart="`AppRegistryNotReady: Apps aren't loaded yet.`",
    laptop="`manage.py` sets Django up for its commands; a script must do so itself.",
)
def models_too_early(crash: PythonError) -> Iterator[Evidence]:
    if not re.search(_NOT_READY, crash.raised.message) or _late(crash):
        return
    inside = _populated(crash)
    own = (frame for frame in crash.raised.frames if of_the_app(frame))
    frame = inside or next(own, None)
    if frame is None:
        return
    code = line_of(crash.source, frame.file, frame.line)
    why = "Django imports that file while it loads the apps; models can be imported only after that"
    advice = (
        f"Move the import in line {frame.line} of {frame.file} into the function that uses it, or"
        " into the `ready()` of its AppConfig."
    )
    if not inside:
        why = "Nothing set Django up in this process"
        advice = (
            f"In {frame.file}, above line {frame.line}, write `import django` and `django.setup()`,"
            ' after `os.environ.setdefault("DJANGO_SETTINGS_MODULE", …)`.'
        )
    names = {"file": frame.file, "line": str(frame.line), "code": code, "why": why}
    names |= {"error": crash.raised.told, "advice": advice}
    yield Evidence(crash.raised.told, frame.file, frame.line, names=names)
