"""Style sheets and scripts of a page that get 404."""

import re
from collections.abc import Iterator

from parity.records import Exchange, Slug, Source, Traffic
from parity.records.tree import IN_COPY
from parity.records.verdict import Evidence
from parity.rules.engine import rule
from parity.rules.views.python_source import CodePlace, at, find
from parity.rules.views.suggestions import kept_out

ASSETS = "https://devcenter.heroku.com/articles/django-assets"
NOT_FOUND = 404
_STATIC_URL = r"^\s*STATIC_URL\s*=\s*[\"']/?([\w./-]+)[\"']"
_SERVERS = r"(?i)whitenoise|dj_static|django\.views\.static"
"""Packages and views that serve static files with DEBUG off."""


def _missing_parts(traffic: Traffic) -> list[Exchange]:
    """Return the missing parts, without those that a proxy in front of the app serves.

    Nothing is missing where a repaired copy was built without collectstatic.
    """
    if _slug(traffic).plan.config.origin.get("DISABLE_COLLECTSTATIC") == IN_COPY:
        return []
    parts = (e for e in traffic.parts if e.status == NOT_FOUND and e.code is None)
    return [e for e in parts if not e.path.startswith("/cdn-cgi/")]


def _evidence(missing: list[Exchange], place: CodePlace | None, **names: str) -> Iterator[Evidence]:
    """Yield evidence of each missing part, the first at `place`."""
    for number, exchange in enumerate(missing[:3]):
        seen = f"the page asks for {exchange.path}, and GET {exchange.path} → {exchange.status}"
        yield at(seen, None if number else place, path=missing[0].path, **names)


def _slug(traffic: Traffic) -> Slug:
    return traffic.boot.release.slug


def _of_django(traffic: Traffic) -> list[Exchange]:
    """Return the missing parts below STATIC_URL."""
    slug = _slug(traffic)
    setting = find(slug.plan.source, _STATIC_URL) if "django" in slug.packages else None
    match = re.match(_STATIC_URL, setting.text) if setting else None
    return (
        [e for e in _missing_parts(traffic) if e.path.startswith(f"/{match[1]}")] if match else []
    )


def _serves(slug: Slug) -> bool:
    """Return whether something in the app serves static files with DEBUG off."""
    return find(slug.plan.source, _SERVERS) is not None


def _uncollected(slug: Slug) -> str:
    """Return what the build says if collectstatic copied nothing, or an empty string."""
    lines = (line.strip() for line in slug.output)
    none = next((line for line in lines if line.startswith("0 static files copied")), "")
    off = slug.plan.config.values.get("DISABLE_COLLECTSTATIC", "0") not in ("", "0")
    return "DISABLE_COLLECTSTATIC is set" if off else none


@rule(
    "static-not-served",
    effect="warn",
    title="Nothing serves Django's static files: {path} gets 404",
    cause="runserver serves static files on the laptop; a server such as gunicorn does not, with"
    " DEBUG on or off. The page appears without its styles and scripts.",
    fix="Add the line `whitenoise` to requirements.txt, and"
    ' `"whitenoise.middleware.WhiteNoiseMiddleware"` as the second entry of MIDDLEWARE.',
    docs=ASSETS,
    laptop="runserver serves static files by itself, as long as DEBUG is on.",
    by={
        "Django": "WhiteNoise, as the second entry of MIDDLEWARE",
        "FastAPI": 'app.mount("/static", StaticFiles(directory="static"))',
    },
)
def static_not_served(traffic: Traffic) -> Iterator[Evidence]:
    slug, missing = _slug(traffic), _of_django(traffic)
    if missing and not _serves(slug):
        yield from _evidence(missing, find(slug.plan.source, r"^\s*MIDDLEWARE\b"))


@rule(
    "static-not-collected",
    effect="warn",
    title="collectstatic found no static files, so {path} gets 404",
    cause="{said:The build says `0 static files copied`}: what the pages ask for is nowhere that"
    " Django looks for static files.{where:-}",
    fix='{advice:Write `STATICFILES_DIRS = [BASE_DIR / "static"]` in the settings.}',
    docs=ASSETS,
    laptop="runserver looks in the folders itself; on Heroku only what was collected counts.",
)
def static_not_collected(traffic: Traffic) -> Iterator[Evidence]:
    slug, missing = _slug(traffic), _of_django(traffic)
    reason = _uncollected(slug)
    if not missing or not reason or not _serves(slug):
        return
    source = slug.plan.source
    own = _own(source, missing[0].path)
    folder = own.partition("/")[0] if own else "static"
    advice = f'Write `STATICFILES_DIRS = [BASE_DIR / "{folder}"]` in the settings.'
    if reason.startswith("DISABLE"):
        advice = "Type `heroku config:unset DISABLE_COLLECTSTATIC`, and push again."
    names = {"said": reason, "advice": advice, "where": f" There is {own}." if own else ""}
    yield from _evidence(missing, find(source, r"^\s*STATIC(?:FILES_DIRS|_ROOT|_URL)\b"), **names)
    yield from kept_out(source, f"{folder}/")


def _own(source: Source, path: str) -> str | None:
    """Return the file in the tree that the page most likely means."""
    name = path.partition("?")[0].rpartition("/")[2]
    return next((p for p in source.entries if p.rpartition("/")[2] == name), None)


@rule(
    "part-not-there",
    effect="warn",
    title="The page asks for {path}, which gets 404",
    cause="A browser fetches the page's style sheets and scripts from the app, and this one does"
    " not exist.{why:-}",
    fix="{advice:Commit the file, or correct its name in the page: on Linux upper and lower case"
    " differ.}",
    docs="https://devcenter.heroku.com/articles/git",
)
def part_not_there(traffic: Traffic) -> Iterator[Evidence]:
    slug = _slug(traffic)
    explained = _of_django(traffic) if _uncollected(slug) or not _serves(slug) else []
    missing = [e for e in _missing_parts(traffic) if e not in explained]
    for part in missing[:1]:
        source, name = slug.plan.source, part.path.partition("?")[0].lstrip("/")
        untracked = next(
            (p for p in source.absent if _ends_with(p, name) or _contains(p, name)), None
        )
        twin = next((p for p in source.entries if _ends_with(p.lower(), name.lower())), None)
        names = {"why": f" {untracked} is on your disk, but not in git."} if untracked else {}
        if twin and not untracked and not _ends_with(twin, name):
            names = {"why": f" There is {twin}.", "advice": f"Write the name as it is: {twin}."}
        yield from _evidence(missing, None, **names)
        yield from kept_out(source, untracked or "")


def _ends_with(path: str, name: str) -> bool:
    return f"/{path}".endswith(f"/{name}")


def _contains(folder: str, name: str) -> bool:
    """Return whether an untracked folder would contain the requested file."""
    parent = name.rpartition("/")[0]
    return folder.endswith("/") and bool(parent) and _ends_with(folder.rstrip("/"), parent)
