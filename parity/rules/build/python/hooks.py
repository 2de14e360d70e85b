"""The app's own build steps, `bin/pre_compile` and `bin/post_compile`, that fail or never run."""

import re
from collections.abc import Iterator

from parity.facts.buildpacks import NODE, PYTHON
from parity.records import Plan, Slug, Source
from parity.records.verdict import Evidence
from parity.rules.engine import rule
from parity.rules.push.plan import PUSH_REJECTED
from parity.rules.shell import word

HOOKS = ("bin/pre_compile", "bin/post_compile")
BEHAVIOR = "https://devcenter.heroku.com/articles/python-support#build-behavior"

_MEANT = re.compile(r"(?:[\w.-]+/)?(pre|post)[-_]?compile(?:\.sh)?", re.IGNORECASE)


@rule(
    "build-hook-failed",
    leads_to=PUSH_REJECTED,
    title="The build script {script} fails",
    cause="Heroku runs it in the build, and it ended with an error: {error}",
    fix="{advice:Correct what its last lines say, or remove the script.}",
    docs=BEHAVIOR,
)
def build_hook_failed(slug: Slug) -> Iterator[Evidence]:
    script = slug.refusal.file if slug.refusal else None
    if not slug.refusal or not script or not slug.refusal.reason.startswith("hooks::"):
        return
    last = next((x.strip() for x in reversed(slug.output) if x.strip()), "(no output)")
    carriage = b"\r\n" in (slug.plan.source.entries[script].data or b"")
    advice = (
        f"It has Windows line endings, which no shell can run: `sed -i 's/\\r$//' {script}`, and"
        f" write `{script} text eol=lf` into .gitattributes."
        if carriage
        else "Correct what its last lines say, or remove the script from the repository."
    )
    yield Evidence(last, script, names={"script": script, "error": last, "advice": advice})


@rule(
    "build-data-data-file-deleted",
    leads_to=PUSH_REJECTED,
    title="{script} deletes the build cache",
    cause="The Python buildpack keeps notes in the folder CACHE_DIR while it builds, and stops when"
    " they are gone.",
    fix="Change {script} so that it deletes only its own files. To empty the app's cache, type"
    " `heroku builds:cache:purge`.",
    docs="https://devcenter.heroku.com/articles/slug-compiler#build-cache",
    heroku="build-data::data-file-deleted",
)
def build_data_deleted(slug: Slug) -> Iterator[Evidence]:
    script = slug.refusal.file if slug.refusal else None
    if not slug.refusal or not script or slug.refusal.reason != "build-data::data-file-deleted":
        return
    names = {"script": script}
    lines = (slug.plan.source.text(script) or "").splitlines()
    number = next((n for n, line in enumerate(lines, 1) if "CACHE_DIR" in line), None)
    yield Evidence("after it CACHE_DIR was empty", script, number, names=names)


@rule(
    "nltk-downloader",
    leads_to=PUSH_REJECTED,
    title="The NLTK data that nltk.txt names cannot be downloaded",
    cause="Heroku runs `python -m nltk.downloader` with the names in nltk.txt: {error}",
    fix="Correct the names: https://www.nltk.org/nltk_data/ lists them, one per line in nltk.txt.",
    docs="https://devcenter.heroku.com/articles/python-nltk",
    heroku="nltk-downloader",
)
def nltk_downloader(slug: Slug) -> Iterator[Evidence]:
    if slug.refusal and slug.refusal.reason == "nltk-downloader":
        last = next((x.strip() for x in reversed(slug.output) if x.strip()), "(no output)")
        yield Evidence(last, "nltk.txt", names={"error": last})


@rule(
    "hook-not-read",
    effect="warn",
    title="Heroku never runs {path}",
    cause="{why:The Python buildpack runs only files that are called exactly `bin/pre_compile` and"
    " `bin/post_compile`; the Node.js buildpack runs neither.} Nothing else in the tree names"
    " {path}, so its steps are skipped.",
    fix="{advice:Type `git mv` to give it that name, commit, push. It need not be executable.}",
    docs=BEHAVIOR,
)
def hook_not_read(plan: Plan) -> Iterator[Evidence]:
    source = plan.source
    known = plan.runs and {*plan.runs} <= {PYTHON, NODE} and not plan.refusal
    if not known or (PYTHON in plan.detected and PYTHON not in plan.runs):
        return
    for path in source.entries:
        match = _MEANT.fullmatch(path)
        if match is None or _named(source, path):
            continue
        right = f"bin/{match[1].lower()}_compile"
        if PYTHON not in plan.runs:
            names = {
                "why": "The Node.js buildpack runs scripts of package.json, not files.",
                "advice": f'Add `"heroku-postbuild": "bash {path}"` to "scripts" there.',
            }
        elif path == right or right in source.entries:
            continue
        else:
            names = {
                "why": f"The Python buildpack only runs a file called exactly `{right}`.",
                "advice": f"Type `git mv {word(path)} {right}`, commit, push.",
            }
        yield Evidence(f"{path} is in the tree", path, names={"path": path, **names})


def _named(source: Source, path: str) -> bool:
    """Return whether another file of the tree, documentation aside, names the script."""
    name = path.rpartition("/")[2]
    others = (p for p in source.entries if p != path and not p.endswith((".md", ".rst", ".txt")))
    return any(name in (source.text(p) or "") for p in others)


@rule(
    "hook-goes-on",
    effect="warn",
    title="{script} had an error, and the build continued",
    cause="A shell script continues after a command that fails, and its status is that of its last"
    " command. The build succeeds, and Heroku releases the result: {error}",
    fix="Write `set -e` as the second line of {script}: then the push is rejected. Migrations"
    " belong in the release phase: `release: python manage.py migrate` in the Procfile.",
    docs=BEHAVIOR,
    laptop="In a terminal you see the error before you type the next command.",
)
def hook_goes_on(slug: Slug) -> Iterator[Evidence]:
    if slug.refusal or slug.unknown:
        return
    for script in HOOKS:
        text = slug.plan.source.text(script) or ""
        careful = re.search(r"(?m)^\s*set\s+-\w*e|\|\||\bif\b|^#!.*\s-\w*e", text)
        failed = _failed(slug, script) if text and not careful else None
        if failed:
            line, seen = failed
            yield Evidence(seen, script, line, names={"script": script, "error": seen})


def _failed(slug: Slug, script: str) -> tuple[int | None, str] | None:
    """Return the line of a hook that failed, if it is known, and the error message."""
    from parity.rules.views.python_traceback import last_raised

    message = re.compile(
        rf"{script}: line (\d+): .+: (?:command not found|No such file or directory)"
    )
    match = next((m for line in slug.output if (m := message.search(line))), None)
    if match:
        return int(match[1]), match[0]
    raised = last_raised(slug.output)
    lines = (slug.plan.source.text(script) or "").splitlines()
    runs = [n for n, line in enumerate(lines, 1) if re.search(r"\bpython", line.partition("#")[0])]
    return (runs[0], raised.told) if raised and runs else None
