"""Django's collectstatic, which ends the build when it fails."""

import re
from collections.abc import Iterator

from parity.records import Slug
from parity.records.verdict import Evidence
from parity.rules.engine import rule
from parity.rules.push.plan import PUSH_REJECTED
from parity.rules.views.python_source import find
from parity.rules.views.python_traceback import crash

DJANGO = "https://devcenter.heroku.com/articles/django-assets"


def _static(slug: Slug, reason: str) -> Iterator[Evidence]:
    """Yield evidence that collectstatic failed for Heroku's `reason`, at the app's own line."""
    if not slug.refusal or slug.refusal.reason != reason:
        return
    ended = crash(slug)
    raised = ended.raised if ended else None
    last = next((x.strip() for x in reversed(slug.output) if x.strip()), "(no output)")
    error = raised.told if raised else last
    place = raised.place if raised else None
    own = place if place and place.file != slug.refusal.file else None
    names = {"error": error, "manage": slug.refusal.file or "manage.py", "skip": _skip(slug)}
    file = own.file if own else slug.refusal.file
    yield Evidence(error, file, own.line if own else None, names=names)


def _skip(slug: Slug) -> str:
    """Return the advice to collect no static files, for an app that has none."""
    source = slug.plan.source
    own = any(re.search(r"(?:^|/)static/", path) for path in source.entries)
    if own or find(source, r"(?i)STATICFILES_DIRS|STATIC_ROOT|whitenoise"):
        return ""
    return " For an app without static files, type `heroku config:set DISABLE_COLLECTSTATIC=1`."


@rule(
    "static-root-not-set",
    leads_to=PUSH_REJECTED,
    title="STATIC_ROOT is not set, so collectstatic has nowhere to write",
    cause="Heroku runs `{manage} collectstatic` in the build, because the app uses Django's static"
    " files. Django says: {error}",
    fix='Write `STATIC_ROOT = BASE_DIR / "staticfiles"` in {settings}.',
    docs=DJANGO,
    heroku="collectstatic-improper-configuration",
)
def static_root_not_set(slug: Slug) -> Iterator[Evidence]:
    for failure in _static(slug, "collectstatic-improper-configuration"):
        if "STATIC_ROOT" in failure.seen:
            place = find(slug.plan.source, r"^\s*STATIC_(?:ROOT|URL)\s*=")
            file = place.file if place else failure.file
            names = {**failure.names, "settings": file or "the settings"}
            yield Evidence(failure.seen, file, place.line if place else None, names=names)


@rule(
    "staticfiles-not-installed",
    leads_to=PUSH_REJECTED,
    title="The app does not use Django's static files, but Heroku collects them",
    cause="Heroku runs `{manage} collectstatic` for every app with Django and a manage.py, and"
    " `django.contrib.staticfiles` is not in INSTALLED_APPS: {error}",
    fix="Type `heroku config:set DISABLE_COLLECTSTATIC=1` (here: `--config"
    " DISABLE_COLLECTSTATIC=1`), or add `django.contrib.staticfiles` to INSTALLED_APPS and set"
    " STATIC_ROOT.",
    docs=DJANGO,
    heroku="collectstatic-other",
)
def staticfiles_not_installed(slug: Slug) -> Iterator[Evidence]:
    line = next((x.strip() for x in slug.output if "Unknown command: 'collectstatic'" in x), None)
    for failure in _static(slug, "collectstatic-other") if line else ():
        place = find(slug.plan.source, r"^\s*INSTALLED_APPS\b")
        names = {**failure.names, "error": line or ""}
        file, number = (place.file, place.line) if place else (failure.file, None)
        yield Evidence(line or "", file, number, names=names)


@rule(
    "static-root-in-dirs",
    leads_to=PUSH_REJECTED,
    title="STATIC_ROOT is one of STATICFILES_DIRS",
    cause="STATICFILES_DIRS says where the static files are, STATIC_ROOT where collectstatic"
    " gathers them; Django refuses to copy a folder into itself: {error}",
    fix='Keep the files in a separate folder: `STATICFILES_DIRS = [BASE_DIR / "static"]`, and'
    ' `STATIC_ROOT = BASE_DIR / "staticfiles"`, which is not committed.',
    docs="https://docs.djangoproject.com/en/stable/ref/checks/#staticfiles",
    heroku="collectstatic-other",
)
def static_root_in_dirs(slug: Slug) -> Iterator[Evidence]:
    line = next((x.strip() for x in slug.output if "(staticfiles.E002)" in x), None)
    for failure in _static(slug, "collectstatic-other") if line else ():
        place = find(slug.plan.source, r"^\s*STATICFILES_DIRS\b")
        names = {**failure.names, "error": line or ""}
        file, number = (place.file, place.line) if place else (failure.file, None)
        yield Evidence(line or "", file, number, names=names)


@rule(
    "collectstatic-improper-configuration",
    leads_to=PUSH_REJECTED,
    title="collectstatic stops: Django's settings are incomplete during the build",
    cause="Heroku runs `{manage} collectstatic` in the build. Django says: {error}",
    fix="Give the setting a value that does not depend on your machine; a secret comes from a"
    " config var (`heroku config:set NAME=…`).{skip:-}",
    docs=DJANGO,
    heroku="collectstatic-improper-configuration",
    fallback=True,
)
def collectstatic_improper_configuration(slug: Slug) -> Iterator[Evidence]:
    yield from _static(slug, "collectstatic-improper-configuration")


@rule(
    "collectstatic-syntax-error",
    leads_to=PUSH_REJECTED,
    title="collectstatic stops at a syntax error",
    cause="Heroku runs `{manage} collectstatic` in the build, which imports the settings and every"
    " installed app: {error}",
    fix="Correct the line that the traceback names; `python {manage} check` shows it here.",
    docs=DJANGO,
    heroku="collectstatic-syntax-error",
    fallback=True,
)
def collectstatic_syntax_error(slug: Slug) -> Iterator[Evidence]:
    yield from _static(slug, "collectstatic-syntax-error")


@rule(
    "static-reference-missing",
    leads_to=PUSH_REJECTED,
    title="{css} refers to {missing}, which is not there",
    cause="The static files storage rewrites the references in {css}, and one leads nowhere:"
    " {error}",
    fix="Add {missing} to the static files (git add it, if it is on your disk), or remove the"
    " reference from {css}.",
    docs=DJANGO,
    heroku="collectstatic-fancy-references",
)
def static_reference_missing(slug: Slug) -> Iterator[Evidence]:
    reason = slug.refusal.reason if slug.refusal else ""
    text = "\n".join(slug.output) if reason.startswith("collectstatic-") else ""
    matches = re.finditer(
        r"The CSS file '(?P<css>[^']+)' references a file which could not be found:\s*(?P<gone>\S+)"
        r"|The file '(?P<other>[^']+)' could not be found with <",
        text,
    )
    match = next(reversed(list(matches)), None)
    for failure in _static(slug, reason) if match else ():
        names = match.groupdict() if match else {}
        processed = re.search(r"Post-processing '([^']+)' failed", text)
        css = names["css"] or (processed[1] if processed else "A style sheet")
        own = next((p for p in slug.plan.source.entries if p.endswith(f"/{css}")), None)
        missing = names["gone"] or names["other"] or ""
        values = {**failure.names, "css": own or css, "missing": missing}
        yield Evidence(failure.seen, own or failure.file, names=values)


@rule(
    "collectstatic-missing-file",
    leads_to=PUSH_REJECTED,
    title="collectstatic stops: a folder or file is missing",
    cause="A path in the settings (STATICFILES_DIRS, a log file) does not exist on Heroku: {error}."
    " git does not keep empty folders.",
    fix="Commit a file in that folder (`touch static/.gitkeep`), or remove the path from the"
    " settings.",
    docs=DJANGO,
    heroku="collectstatic-missing-file",
    fallback=True,
)
def collectstatic_missing_file(slug: Slug) -> Iterator[Evidence]:
    yield from _static(slug, "collectstatic-missing-file")


@rule(
    "collectstatic-other",
    leads_to=PUSH_REJECTED,
    title="collectstatic fails",
    cause="Heroku runs `{manage} collectstatic` in the build. It ends with: {error}",
    fix="Make `python {manage} collectstatic --noinput` pass with only the app's config vars set."
    "{skip:-}",
    docs=DJANGO,
    heroku="collectstatic-other",
    fallback=True,
)
def collectstatic_other(slug: Slug) -> Iterator[Evidence]:
    yield from _static(slug, "collectstatic-other")
