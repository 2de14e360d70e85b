"""Why a build fails: the installer's last word, and what in the requirements it is about."""

from collections.abc import Iterator

from parity.records import Slug
from parity.rules import rule
from parity.rules.plan import PUSH_REJECTED
from parity.rules.requirements import decisive, entries, found
from parity.verdict import Evidence

PIP = "https://pip.pypa.io/en/stable/reference/requirements-file-format/"
DJANGO = "https://devcenter.heroku.com/articles/django-assets"
SUPPORT = "https://devcenter.heroku.com/articles/python-support"


@rule(
    "build-undecided",
    effect="unknown",
    title="The build cannot be decided on this machine",
    cause="{why}. On Heroku the build may well succeed.",
    fix="Make it possible here, then run parity again: a network to the package index, the Python"
    " version of the app (`pyenv install {version}`, or `uv python install {version}`), or the"
    " libraries that the package is compiled with.",
    docs=SUPPORT,
)
def build_undecided(slug: Slug) -> Iterator[Evidence]:
    if slug.unknown:
        version = slug.plan.python.version if slug.plan.python else "3"
        names = {"why": slug.unknown[0].upper() + slug.unknown[1:], "version": version}
        yield Evidence(slug.unknown, "requirements.txt", names=names)


@rule(
    "interpreter-stands-in",
    effect="note",
    title="Python {used} stood in for {version}, which Heroku would use",
    cause="Python {version} is not on this machine, so the app ran with the nearest one. What"
    " differs between the two is not tested.",
    fix="`pyenv install {version}` or `uv python install {version}` gives full fidelity.",
    docs=SUPPORT,
)
def interpreter_stands_in(slug: Slug) -> Iterator[Evidence]:
    if slug.interpreter and not slug.interpreter.exact and slug.plan.python:
        names = {"used": slug.interpreter.version, "version": slug.plan.python.version}
        yield Evidence(f"{slug.interpreter.path} is Python {slug.interpreter.version}", names=names)


def pip_failed(slug: Slug) -> bool:
    """Whether the push was rejected because pip could not install the requirements."""
    return slug.refusal is not None and slug.refusal.reason == "install-dependencies::pip"


@rule(
    "install-dependencies-pip",
    leads_to=PUSH_REJECTED,
    title="pip cannot install what requirements.txt asks for",
    cause="Heroku installs with `pip install -r requirements.txt`, which ends with: {error}",
    fix="Correct the entry that pip names. `pip install -r requirements.txt` in a new virtual"
    " environment fails in the same way.",
    docs=PIP,
    heroku="install-dependencies::pip",
    fallback=True,
)
def install_dependencies_pip(slug: Slug) -> Iterator[Evidence]:
    if pip_failed(slug):
        error = decisive(slug)
        hit = next(
            (e for e in entries(slug.plan.source) if e.name and e.name in error.lower()), None
        )
        names = {"error": error}
        yield (
            found(hit, error, **names) if hit else Evidence(error, "requirements.txt", names=names)
        )


def _static(slug: Slug, reason: str) -> Iterator[Evidence]:
    if slug.refusal and slug.refusal.reason == reason:
        last = next((x.strip() for x in reversed(slug.output) if x.strip()), "")
        yield Evidence(last, slug.refusal.file, names={"error": last})


@rule(
    "collectstatic-improper-configuration",
    leads_to=PUSH_REJECTED,
    title="collectstatic stops: Django's settings are incomplete during the build",
    cause="Heroku runs `manage.py collectstatic` in the build. Django says: {error}",
    fix="Give the setting a value that works without your machine: STATIC_ROOT for a missing"
    " static root, `heroku config:set NAME=…` for a missing variable. An app without static files:"
    " `heroku config:set DISABLE_COLLECTSTATIC=1`.",
    docs=DJANGO,
    heroku="collectstatic-improper-configuration",
)
def collectstatic_improper_configuration(slug: Slug) -> Iterator[Evidence]:
    yield from _static(slug, "collectstatic-improper-configuration")


@rule(
    "collectstatic-syntax-error",
    leads_to=PUSH_REJECTED,
    title="collectstatic stops at a syntax error",
    cause="Heroku runs `manage.py collectstatic` in the build, which imports the settings: {error}",
    fix="Correct the line that the traceback names; `python manage.py check` shows it here.",
    docs=DJANGO,
    heroku="collectstatic-syntax-error",
)
def collectstatic_syntax_error(slug: Slug) -> Iterator[Evidence]:
    yield from _static(slug, "collectstatic-syntax-error")


@rule(
    "collectstatic-fancy-references",
    leads_to=PUSH_REJECTED,
    title="A style sheet refers to a file that is not there",
    cause="The static files storage rewrites references in CSS, and one leads nowhere: {error}",
    fix="Add the file that is named, or remove the reference from the style sheet.",
    docs=DJANGO,
    heroku="collectstatic-fancy-references",
)
def collectstatic_fancy_references(slug: Slug) -> Iterator[Evidence]:
    yield from _static(slug, "collectstatic-fancy-references")


@rule(
    "collectstatic-missing-file",
    leads_to=PUSH_REJECTED,
    title="collectstatic stops: a folder or file is missing",
    cause="A path in the settings (STATICFILES_DIRS, a log file) does not exist on Heroku: {error}."
    " git keeps no empty folders.",
    fix="Commit a file in that folder (`touch static/.gitkeep`), or take the path out of the"
    " settings.",
    docs=DJANGO,
    heroku="collectstatic-missing-file",
)
def collectstatic_missing_file(slug: Slug) -> Iterator[Evidence]:
    yield from _static(slug, "collectstatic-missing-file")


@rule(
    "collectstatic-other",
    leads_to=PUSH_REJECTED,
    title="collectstatic fails",
    cause="Heroku runs `manage.py collectstatic` in the build. It ends with: {error}",
    fix="Make `python manage.py collectstatic --noinput` pass with nothing but the config vars of"
    " the app set; without static files: `heroku config:set DISABLE_COLLECTSTATIC=1`.",
    docs=DJANGO,
    heroku="collectstatic-other",
)
def collectstatic_other(slug: Slug) -> Iterator[Evidence]:
    yield from _static(slug, "collectstatic-other")
