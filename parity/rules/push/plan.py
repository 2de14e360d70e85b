"""Rules that the tree alone decides: pushes that Heroku rejects, and its warnings."""

from collections.abc import Iterator

from parity.facts.buildpacks import ARTICLE as BUILDPACKS
from parity.facts.buildpacks import PYTHON
from parity.facts.python import PACKAGE_FILES, PRE_COMPILE, SUPPORT, versions
from parity.records import Plan, Refusal, Slug, Source
from parity.records.verdict import Evidence
from parity.rules.engine import rule
from parity.rules.phrases import FILES
from parity.rules.shell import word
from parity.rules.views import suggestions
from parity.rules.views.suggestions import kept_out, package_files_below, wrong_package_files

GIT = "https://devcenter.heroku.com/articles/git"
RUNTIME_TXT = f"{SUPPORT}#specifying-a-python-version"


def headline(refusal: Refusal) -> str:
    """Return the first line of Heroku's message, without its `!`."""
    lines = (line.removeprefix(" !").strip() for line in refusal.lines)
    return next((line for line in lines if line), refusal.reason)


def source_of(record: Plan | Slug) -> Source:
    """Return the tree behind a plan or a slug."""
    return record.source if isinstance(record, Plan) else record.plan.source


@rule(
    "push-rejected",
    effect="reject",
    title="Heroku rejects the push",
    cause="The build stops with: {headline:the line that the buildpack prints}",
    fix="Fix what the log names, commit, push again. Until then the old release keeps running.",
    docs=GIT,
    prints=(
        "remote:  !     Push rejected, failed to compile Python app.",
        "remote:  !     Push failed",
    ),
    laptop="The laptop was set up by hand, over months. Heroku builds on an empty machine, only"
    " from what is in git, with its own Python.",
)
def PUSH_REJECTED(record: Source | Plan | Slug) -> Iterator[Evidence]:
    if record.refusal:
        line = headline(record.refusal)
        yield Evidence(line, record.refusal.file, record.refusal.line, names={"headline": line})


CONTAINER = "https://devcenter.heroku.com/articles/build-docker-images-heroku-yml"
NOTHING_FOUND = ("package-manager::none-found", "package-manager::setup-py-only")
NOT_DETECTED = ("no-default-language", "buildpack-not-compatible")


def nothing_found(record: Plan | Slug) -> bool:
    reason = record.refusal.reason if record.refusal else None
    return reason in (*NOTHING_FOUND, *NOT_DETECTED)


@rule(
    "package-file-not-committed",
    leads_to=PUSH_REJECTED,
    title="{file} is on your disk, but not in git",
    cause="git push sends what is committed. {file} is not, so on Heroku it does not exist.",
    fix="Type `git add {file}` (if an ignore rule excludes it, first remove that line from"
    " {ignorer}), commit, push again.",
    docs=GIT,
    heroku="package-manager::none-found",
    apart="requirements.txt is on your disk",
    laptop=FILES,
)
def package_file_not_committed(record: Plan | Slug) -> Iterator[Evidence]:
    if nothing_found(record):
        for name in (*PACKAGE_FILES, "Pipfile"):
            yield from kept_out(source_of(record), name)


@rule(
    "package-file-misspelt",
    leads_to=PUSH_REJECTED,
    title="{name} is not read: it must be called exactly {right}",
    cause="Heroku chooses the package manager by exact file names, including upper and lower case."
    " {name} is none of them, so it finds no dependencies to install.",
    fix="Type `git mv {name} {right}`, commit, push again.",
    docs=SUPPORT,
    heroku="package-manager::none-found",
)
def package_file_misspelt(record: Plan | Slug) -> Iterator[Evidence]:
    if nothing_found(record):
        for name, right in wrong_package_files(source_of(record)):
            names = {"name": name, "right": right}
            yield Evidence(f"{name} is in the root, {right} is not", name, names=names)


@rule(
    "app-in-subfolder",
    leads_to=PUSH_REJECTED,
    title="The app is in the sub-folder {folder}, not in the root",
    cause="Heroku looks only at the top level of the repository. What it looks for is further"
    " down: {path}.",
    fix="Push only that folder: `git subtree push --prefix {folder} heroku main`; or move"
    " its files, Procfile included, to the root of the repository.",
    docs=f"{GIT}#deploy-from-a-subdirectory",
    apart="the package file is one folder deeper",
    laptop="On the laptop you were in that folder.",
    by={"git": "git subtree push --prefix FOLDER heroku main"},
)
def app_in_subfolder(record: Plan | Slug) -> Iterator[Evidence]:
    if nothing_found(record):
        python = record.refusal is not None and record.refusal.reason in NOTHING_FOUND
        for path in package_files_below(source_of(record), python=python):
            folder, _, name = path.rpartition("/")
            seen = f"{path}, and no {name} in the root"
            yield Evidence(seen, path, names={"folder": folder, "path": path})
        listed = suggestions.likely_folder(source_of(record))
        if listed:
            names = {"folder": listed, "path": f"the root has {listed}/, but no code"}
            yield Evidence(f"Heroku lists {listed}/ in the root", names=names)


@rule(
    "container-stack-not-set",
    leads_to=PUSH_REJECTED,
    title="The repository is for Docker, and the app is not on the container stack",
    cause="On a buildpack stack Heroku does not read {file}: it looks for the package file of a"
    " language in the root, and there is none.",
    fix="Type `heroku stack:set container`{more:-}, push again. parity does not rehearse that.",
    docs=CONTAINER,
)
def container_stack_not_set(record: Plan | Slug) -> Iterator[Evidence]:
    source = source_of(record)
    if record.refusal and record.refusal.reason == "no-default-language":
        file = next((x for x in ("heroku.yml", "Dockerfile") if x in source.entries), None)
        kept = any(True for name in PACKAGE_FILES for _ in kept_out(source, name))
        if file and not kept and not any(package_files_below(source, python=False)):
            more = "" if file == "heroku.yml" else ", commit a heroku.yml that names the Dockerfile"
            yield Evidence(f"{file}, and no package file", file, names={"file": file, "more": more})


@rule(
    "not-emulated",
    effect="unknown",
    title="parity cannot follow Heroku here: {what:a language, or a setting, that it does not"
    " build}",
    cause="What comes after this is not rehearsed, so whether it works is not known.",
    fix="{clone:-}Deploy to a throw-away app (`heroku create`) to find out.",
    docs=BUILDPACKS,
)
def not_emulated(plan: Plan) -> Iterator[Evidence]:
    if plan.unsupported and not plan.refusal:
        names = {"what": plan.unsupported, "clone": _clone(plan)}
        yield Evidence(plan.unsupported, names=names)


def _clone(plan: Plan) -> str:
    """Return how to find out more: run the hook, or clone the buildpack into a folder."""
    if PRE_COMPILE in (plan.unsupported or ""):
        return f"Type `parity run`, which runs {PRE_COMPILE}. Or: "
    name = (plan.unsupported or "").removesuffix(" is not emulated yet")
    if name not in plan.runs:
        return ""
    url = name.partition("#")[0] if "://" in name else ""
    if name.startswith("heroku/"):
        url = f"https://github.com/heroku/heroku-buildpack-{name.partition('/')[2]}"
    if not url:
        return (
            f"`heroku buildpacks:info {word(name)}` names its repository: `git clone` it, and"
            " rehearse with `--buildpack ./FOLDER`. Or: "
        )
    folder = url.rstrip("/").rpartition("/")[2].removesuffix(".git")
    return f"Type `git clone {word(url)}`, and rehearse with `--buildpack ./{word(folder)}`. Or: "


@rule(
    "python-not-first",
    effect="warn",
    title="Heroku treats this as a {language} app, not as a Python app",
    cause="{file} is in the root, and Heroku tries the buildpack for it before the one for Python."
    " It runs the first that matches, so no Python is installed.",
    fix="Type `heroku buildpacks:set heroku/python` (rehearse it with `--buildpack heroku/python`)."
    " If both are needed: `heroku buildpacks:add --index 1 {first}`, with Python last.",
    docs=f"{BUILDPACKS}#buildpack-detect-order",
)
def python_not_first(plan: Plan) -> Iterator[Evidence]:
    if PYTHON not in plan.detected[1:] or plan.buildpack != plan.detected[0]:
        return
    first = plan.detected[0]
    file = LANGUAGE_FILES.get(first)
    if file and any(name in plan.source.entries for name in (*PACKAGE_FILES, "Pipfile")):
        names = {"language": file[0], "file": file[1], "first": first}
        yield Evidence(f"{file[1]} selects {first}", file[1], names=names)


LANGUAGE_FILES = {
    "heroku/ruby": ("Ruby", "Gemfile"),
    "heroku/nodejs": ("Node.js", "package.json"),
    "heroku/clojure": ("Clojure", "project.clj"),
}
"""Buildpacks that come before Python in Heroku's order: language, and the file that selects it."""


@rule(
    "several-buildpacks",
    effect="note",
    title="Several buildpacks would accept this app",
    cause="Heroku runs the first of {detected:them} and warns.",
    fix="To make the choice explicit, type `heroku buildpacks:set {first}`.",
    docs=f"{BUILDPACKS}#buildpack-detect-order",
)
def several_buildpacks(plan: Plan) -> Iterator[Evidence]:
    several = len(plan.detected) > 1 and plan.detected[0] == plan.buildpack == PYTHON
    if several and plan.runtime(PYTHON):
        names = {"detected": ", ".join(plan.detected), "first": plan.detected[0]}
        yield Evidence(f"detected: {names['detected']}", names=names)


def _warned(plan: Plan, reason: str) -> Iterator[Evidence]:
    """Yield evidence of the Python buildpack's warning `reason`, if there is one."""
    python = plan.runtime(PYTHON)
    for warning in python.warnings if python and not plan.refusal else ():
        if warning.reason == reason:
            series = warning.subject.rpartition(".")[0]
            names = {
                "version": warning.subject,
                "series": series,
                "newest": versions().newest[series],
                "default": versions().default,
            }
            yield Evidence(headline(warning), warning.file, warning.line, names=names)


@rule(
    "runtime-txt-deprecated",
    effect="warn",
    title="runtime.txt is deprecated",
    cause="Heroku still reads it, and warns.",
    fix="Delete runtime.txt and put `{series}` into a file called .python-version.",
    docs=RUNTIME_TXT,
)
def runtime_txt_deprecated(plan: Plan) -> Iterator[Evidence]:
    yield from _warned(plan, "runtime-txt")


@rule(
    "python-series-deprecated",
    effect="warn",
    title="Heroku will soon refuse Python {series}",
    cause="It is near its end of life, and then the buildpack drops it.",
    fix="Use a newer one: put `{default}` into .python-version, and test with it.",
    docs=f"{SUPPORT}#supported-python-versions",
)
def python_series_deprecated(plan: Plan) -> Iterator[Evidence]:
    yield from _warned(plan, "deprecated")


@rule(
    "python-version-unspecified",
    effect="note",
    title="No Python version is requested",
    cause="Heroku installs its default: {default} today, another one in the future. An app that was"
    " built there before keeps the version of its last build, until its cache is purged.",
    fix="Put `{series}` into a file called .python-version, and commit it.",
    docs=RUNTIME_TXT,
)
def python_version_unspecified(plan: Plan) -> Iterator[Evidence]:
    for warning in _warned(plan, "unspecified"):
        yield warning
        yield from kept_out(plan.source, ".python-version")


@rule(
    "python-patch-outdated",
    effect="note",
    title="Python {version} has a newer patch: {newest}",
    cause="The request names an exact version, so the app gets no security fixes automatically.",
    fix="Write only `{series}`: Heroku then installs the newest patch at each build.",
    docs=RUNTIME_TXT,
)
def python_patch_outdated(plan: Plan) -> Iterator[Evidence]:
    yield from _warned(plan, "outdated-patch")


@rule(
    "python-patch-unknown",
    effect="note",
    title="Python {version} is newer than the versions that parity knows",
    cause="Only the download will show whether Heroku has it. parity's list is from {date:the"
    " day of its release}.",
    fix="Write only `{series}`, or look for the version in Heroku's list.",
    docs=f"{SUPPORT}#supported-python-versions",
)
def python_patch_unknown(plan: Plan) -> Iterator[Evidence]:
    python = plan.runtime(PYTHON)
    if python and not python.certain and not plan.refusal:
        series = python.version.rpartition(".")[0]
        names = {"version": python.version, "series": series, "date": versions().date}
        file = None if python.origin in ("default", "cached") else python.origin
        yield Evidence(f"the newest known is {versions().newest[series]}", file, names=names)
