"""Crashes because a page lacks a template, a static file, a session key or data."""

import re
from collections.abc import Iterable, Iterator

from parity.records import Source
from parity.records.verdict import Evidence
from parity.rules.crash.symptoms import ENDINGS, at_either
from parity.rules.engine import rule
from parity.rules.phrases import FILES
from parity.rules.shell import word
from parity.rules.views.python_source import at, find, with_import_os
from parity.rules.views.python_traceback import PythonError


@rule(
    "static-file-not-in-manifest",
    leads_to=ENDINGS,
    title="The static file {name} is not in the manifest",
    cause="With a manifest storage Django knows only the static files that collectstatic found in"
    " the build. `{name}` was not among them: {hint:not committed, spelt differently, or with"
    " backslashes.}",
    fix="Correct the name (with / between folders), and commit the file: `git add` it below a"
    " static folder that the settings name.",
    docs="https://docs.djangoproject.com/en/stable/ref/contrib/staticfiles/#manifeststaticfilesstorage",
    apart="`Missing staticfiles manifest entry`",
    laptop="DEBUG serves static files without a manifest.",
)
def static_file_not_in_manifest(crash: PythonError) -> Iterator[Evidence]:
    raised = crash.raised
    pattern = r"Missing staticfiles manifest entry for '(.+)'"
    match = re.search(pattern, raised.message)
    if not match:
        return
    name = match[1].replace("\\\\", "\\")
    slash = "a backslash separates folders on Windows only."
    hint = slash if "\\" in name else "it is not committed, or its name is spelt differently."
    names = {"name": name, "hint": hint}
    file, line = _line_in_template(crash.source, name)
    if file:
        yield Evidence(f"{file} asks for {name}", file, line, names=names)
    yield at_either(crash, raised.told, **names)


def _line_in_template(source: Source, name: str) -> tuple[str | None, int | None]:
    """Return the template and the line that refer to a static file."""
    for path in source.entries:
        if path.endswith((".html", ".htm", ".jinja", ".txt")):
            for number, line in enumerate((source.text(path) or "").splitlines(), 1):
                if name in line:
                    return path, number
    return None, None


@rule(
    "template-missing",
    leads_to=ENDINGS,
    title="The template {name} is not in the pushed tree",
    cause="The page is rendered from {name}, which the app does not find: {near:not committed, in"
    " another folder, or with other capitals.}",
    fix="{advice:Commit the template under exactly the name in the code.}",
    docs="https://devcenter.heroku.com/articles/git",
    apart="`TemplateNotFound`, `TemplateDoesNotExist`",
    laptop=FILES,
)
def template_missing(crash: PythonError) -> Iterator[Evidence]:
    raised = crash.raised
    if raised.kind not in ("TemplateNotFound", "TemplateDoesNotExist"):
        return
    name = re.split(r"' not found|,", raised.message)[0].strip("'\"")
    near, advice, twin = _template(crash.source, name)
    top = twin.removesuffix(name).rstrip("/") if twin and twin in crash.source.entries else ""
    dirs = find(crash.source, r"""["']DIRS["']\s*:""") if top else None
    if dirs and raised.kind == "TemplateDoesNotExist" and twin and twin.endswith(name):
        advice = f'Write `"DIRS": [BASE_DIR / "{top}"]` in line {dirs.line} of {dirs.file}.'
    yield at_either(crash, raised.told, name=name, near=near, advice=advice)
    if dirs and "DIRS" in advice:
        yield at(dirs.text, dirs)
    ignored = crash.source.absent.get(twin) if twin else None
    if twin and ignored:
        yield Evidence(f"{twin} is ignored", ignored.file, ignored.line)


def _template(source: Source, name: str) -> tuple[str, str, str | None]:
    """Return where a file of almost that name is, what to do, and its path."""
    here = _ending(source.entries, name)
    twin = here or _ending(source.absent, name)
    if twin is None:
        folder = next((p for p in source.absent if p.endswith("templates/")), None)
        near = f"{folder} is on your disk, but not in git." if folder else ""
        advice = f"Commit {name} in a folder called templates, or correct the name."
        return near or "no file of that name is committed.", advice, folder
    if here is None:
        return (
            f"{twin} is on your disk, but not in git.",
            f"Type `git add {word(twin)}`, commit.",
            twin,
        )
    if not twin.endswith(name):
        right = twin[-len(name) :]
        return (
            f"there is {twin}: Linux distinguishes upper and lower case.",
            f"Write `{right}`.",
            twin,
        )
    top = twin.removesuffix(name).rstrip("/") or "the root"
    near = f"there is {twin}, but the app does not look in {top}."
    return near, "Move it to templates/ next to the app (Flask), or name its folder.", twin


def _ending(paths: Iterable[str], name: str) -> str | None:
    end = f"/{name.lower()}"
    return next((p for p in paths if f"/{p}".lower().endswith(end)), None)


@rule(
    "no-session-key",
    leads_to=ENDINGS,
    title="Sessions need a secret key, but the app has none here",
    cause="`{code}` uses the session or flashes a message; Flask signs those with `secret_key`,"
    " which is not set when the app is imported by a server (only under `__main__`, or from a"
    " config var that is not set).",
    fix='Write `app.secret_key = os.environ["SECRET_KEY"]` where the app is created'
    "{importing:-}, and type `heroku config:set SECRET_KEY=VALUE`.",
    docs="https://flask.palletsprojects.com/en/stable/quickstart/#sessions",
)
def no_session_key(crash: PythonError) -> Iterator[Evidence]:
    raised = crash.raised
    if "no secret key was set" in raised.message:
        evidence = at_either(crash, raised.told)
        importing = with_import_os(crash.source, evidence.file or "")
        yield evidence._replace(names={**evidence.names, "importing": importing})
        place = find(crash.source, r"secret_key\s*=|\[.SECRET_KEY.\]\s*=")
        if place:
            yield at(place.text, place)


@rule(
    "language-data-missing",
    leads_to=ENDINGS,
    title="{library}'s data {name} is not in the dyno",
    cause="On your machine it was downloaded once, outside the project; a dyno has only what the"
    " build puts into the slug.",
    fix="{advice:NLTK: list the names in nltk.txt in the root. spaCy: require the model by its"
    " address.}",
    docs="https://devcenter.heroku.com/articles/python-nltk",
)
def language_data_missing(crash: PythonError) -> Iterator[Evidence]:
    raised = crash.raised
    text = "\n".join((raised.message, *raised.more))
    nltk = re.search(r"nltk\.download\('([\w-]+)'\)", re.sub(r"\x1b\[[\d;]*m", "", text))
    spacy = re.search(r"\[E050\] Can't find model '([\w-]+)'", text)
    if nltk:
        advice = f"Write `{nltk[1]}` in a file nltk.txt in the root (one name per line), commit."
        yield at_either(crash, raised.told, name=nltk[1], library="NLTK", advice=advice)
    elif spacy:
        advice = (
            f"Add the address of the model's wheel to requirements.txt: `python -m spacy info"
            f" {spacy[1]} --url` prints it."
        )
        yield at_either(crash, raised.told, name=spacy[1], library="spaCy", advice=advice)
