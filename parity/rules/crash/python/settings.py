"""Crashes because Django's settings module is missing, or is not where Python looks."""

import re
from collections.abc import Iterator

from parity.records.verdict import Evidence
from parity.rules.crash.symptoms import ENDINGS, at_either, procfile
from parity.rules.crash.target import written
from parity.rules.engine import rule
from parity.rules.shell import word
from parity.rules.views.environments import of_the_app
from parity.rules.views.missing_python_module import MissingModule, elsewhere
from parity.rules.views.python_source import CodePlace, line_of, speaks_asgi, target
from parity.rules.views.python_source import found as places_of
from parity.rules.views.python_traceback import Crash, PythonError


@rule(
    "settings-module",
    leads_to=ENDINGS,
    title="Django's settings module {module} does not exist",
    cause="DJANGO_SETTINGS_MODULE says {module}, but the pushed tree has no such module.",
    fix="{advice:Write the right name where DJANGO_SETTINGS_MODULE is set.}",
    docs="https://docs.djangoproject.com/en/stable/topics/settings/",
)
def settings_module_missing(missing: MissingModule) -> Iterator[Evidence]:
    crash, module = missing.crash, missing.name
    if missing.reason != "settings":
        return
    right = _right(crash)
    origin = crash.plan.config.origin.get("DJANGO_SETTINGS_MODULE")
    names = {"module": module, "advice": f"Write `{right}` there."}
    if origin:
        names["advice"] = f"Type `heroku config:set DJANGO_SETTINGS_MODULE={word(right)}`."
        file = None if origin == "--config" else origin
        yield Evidence(f"DJANGO_SETTINGS_MODULE={module} ({origin})", file, names=names)
        return
    moved = _moved(crash, module)
    if moved:
        names["advice"] = f"{procfile(crash, moved)} Python then looks where manage.py is."
        yield at_either(crash, f"No module named '{module}'", **names)
    place = _set_in(crash)
    if place:
        yield Evidence(place.text, place.file, place.line, place.column, names=names)


def _right(crash: Crash) -> str:
    """Return the settings module in the tree, or `NAME` if there is none."""
    options = [p for p in crash.source.entries if p.rpartition("/")[2] == "settings.py"]
    return min(options, key=len).removesuffix(".py").replace("/", ".") if options else "NAME"


@rule(
    "settings-not-configured",
    leads_to=ENDINGS,
    title="Django was not told which settings to use",
    cause="`{code}` needs the settings, and nothing has named their module yet: no"
    " `os.environ.setdefault`, and no config var DJANGO_SETTINGS_MODULE.",
    fix="{advice:Name the settings module before Django is used.}",
    docs="https://docs.djangoproject.com/en/stable/topics/settings/#designating-the-settings",
    apart="`ImproperlyConfigured: Requested setting …, but settings are not configured`",
    laptop="`manage.py` names the settings for the commands that it runs; another script, and"
    " a server that starts elsewhere, have to do so themselves.",
)
def settings_not_configured(crash: PythonError) -> Iterator[Evidence]:
    raised = crash.raised
    if "settings are not configured" not in raised.message:
        return
    right = _right(crash)
    evidence = _entry(crash) or at_either(crash, raised.told, code=crash.command)
    default = f'`os.environ.setdefault("DJANGO_SETTINGS_MODULE", "{right}")`'
    advice = (
        f"At the top of {evidence.file} write {default} (and `import os`), before anything from"
        f" Django; or type `heroku config:set DJANGO_SETTINGS_MODULE={word(right)}`."
    )
    spec, proper = target(crash.process), _project(crash)
    if spec and proper and spec[0] != proper.partition(":")[0]:
        advice = procfile(crash, crash.command.replace(written(spec), proper, 1))
    yield evidence._replace(names={**evidence.names, "advice": advice})


def _entry(crash: PythonError) -> Evidence | None:
    """Return evidence at the app's outermost line: its file must name the settings."""
    frames = crash.raised.frames
    own = next((frame for frame in frames if of_the_app(frame)), None)
    if own is None or own.name != "<module>":
        return None
    code = line_of(crash.source, own.file, own.line)
    return Evidence(crash.raised.told, own.file, own.line, names={"code": code})


def _project(crash: Crash) -> str | None:
    """Return `module:name` of the project's own entry point, which names the settings."""
    entry = "asgi.py" if speaks_asgi(crash.process) else "wsgi.py"
    for place in places_of(crash.source, r"setdefault\(.DJANGO_SETTINGS_MODULE"):
        if place.file.rpartition("/")[2] == entry:
            return f"{place.file.removesuffix('.py').replace('/', '.')}:application"
    return None


def _set_in(crash: Crash) -> CodePlace | None:
    """Return the line that names the settings, preferably in a file of the traceback."""
    places = list(places_of(crash.source, r"DJANGO_SETTINGS_MODULE"))
    crossed = {frame.file for raised in crash.chain for frame in raised.frames}
    return next((p for p in places if p.file in crossed), next(iter(places), None))


def _moved(crash: Crash, module: str) -> str | None:
    """Return gunicorn's command for a project whose manage.py and settings are in a folder."""
    spec, actual = target(crash.process), elsewhere(crash, module)
    folder = (actual or "").removesuffix(f"/{module.replace('.', '/')}.py")
    inside = f"{folder.replace('/', '.')}."
    if not spec or not spec[0].startswith(inside) or "gunicorn" not in crash.command:
        return None
    if f"{folder}/manage.py" not in crash.source.entries:
        return None
    bare = crash.command.replace(f" {inside}", " ", 1)
    return re.sub(r"gunicorn\b", f"gunicorn --chdir {folder}", bare, count=1)
