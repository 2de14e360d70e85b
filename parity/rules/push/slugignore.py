"""Rules about files that .slugignore deletes although Heroku or the app needs them."""

import re
from collections.abc import Iterable, Iterator

from parity.facts.python import PACKAGE_FILES
from parity.facts.slug import ARTICLE
from parity.records import Plan, Slug, Source
from parity.records.verdict import Evidence
from parity.rules.engine import rule
from parity.rules.push.plan import NOT_DETECTED, NOTHING_FOUND, PUSH_REJECTED, source_of
from parity.rules.push.procfile import H14, no_web

SLUGIGNORE = ".slugignore"
IGNORING = f"{ARTICLE.partition('#')[0]}#ignoring-files-with-slugignore"
_IMPORT = re.compile(r"^[ \t]*(?:from[ \t]+|import[ \t]+)([A-Za-z_]\w*)", re.MULTILINE)
_NOT_THE_APP = ("tests/", "test/", "docs/", "scripts/")
_LANGUAGES = (*PACKAGE_FILES, "Pipfile", "package.json", "Gemfile", "go.mod", "composer.json")


def taken(source: Source, path: str, **names: str) -> Iterator[Evidence]:
    """Yield the line of .slugignore that deletes `path` from the tree, if one does."""
    pruned = source.pruned.get(path)
    if pruned:
        values = {"path": path, "pattern": pruned.pattern, "at": str(pruned.line), **names}
        seen = f"this line deletes {path}: {pruned.pattern}"
        yield Evidence(seen, SLUGIGNORE, pruned.line, names=values)


@rule(
    "slugignore-package-file",
    leads_to=PUSH_REJECTED,
    title=".slugignore deletes {path} before Heroku looks for it",
    cause="What .slugignore matches is gone before any buildpack sees the tree. Line {at:N}"
    " (`{pattern}`) matches {path}, which would have told Heroku what to install.",
    fix="Remove the line `{pattern}` from .slugignore, or make it match less; commit, push again.",
    docs=IGNORING,
    heroku="package-manager::none-found",
)
def slugignore_package_file(record: Plan | Slug) -> Iterator[Evidence]:
    if record.refusal and record.refusal.reason in (*NOTHING_FOUND, *NOT_DETECTED):
        for name in _LANGUAGES:
            yield from taken(source_of(record), name)


@rule(
    "slugignore-procfile",
    leads_to=H14,
    title=".slugignore deletes the Procfile before Heroku reads it",
    cause="What .slugignore matches is gone before the build, and the Procfile is read after it."
    " Line {at:N} (`{pattern}`) matches it.",
    fix="Remove the line `{pattern}` from .slugignore, or make it match less; commit, push again.",
    docs=IGNORING,
)
def slugignore_procfile(plan: Plan) -> Iterator[Evidence]:
    if no_web(plan) and plan.procfile is None:
        yield from taken(plan.source, "Procfile")


@rule(
    "slugignore-negation",
    effect="warn",
    title="Line {at:N} of .slugignore does nothing: `{pattern}`",
    cause="Unlike .gitignore, .slugignore has no exceptions: a line that begins with `!`"
    " brings nothing back, and what the lines before it match is deleted.",
    fix="Write lines that match only what should go.",
    docs=IGNORING,
)
def slugignore_negation(source: Source) -> Iterator[Evidence]:
    for number, line in enumerate((source.text(SLUGIGNORE) or "").splitlines(), 1):
        if line.lstrip().startswith("!"):
            names = {"at": str(number), "pattern": line.strip()}
            yield Evidence(line.strip(), SLUGIGNORE, number, names=names)


@rule(
    "slugignore-imported",
    effect="note",
    title="{file} imports {module}, which .slugignore deletes",
    cause="Line {at:N} (`{pattern}`) matches {path}. Code that imports it stops with a"
    " ModuleNotFoundError on Heroku.",
    fix="Remove the line `{pattern}` from .slugignore if the app needs {module} when it runs.",
    docs=IGNORING,
    basis="static",
)
def slugignore_imported(source: Source) -> Iterator[Evidence]:
    gone = _modules(source)
    for path in source.entries if gone else ():
        if not path.endswith(".py") or path.startswith(_NOT_THE_APP):
            continue
        text = source.text(path) or ""
        for match in _IMPORT.finditer(text):
            if match[1] in gone:
                line = text.count("\n", 0, match.start(1)) + 1
                names = {"file": path, "module": match[1]}
                evidence = next(taken(source, gone[match[1]], **names))
                yield Evidence(match[0].strip(), path, line, names=evidence.names)
                break


def _modules(source: Source) -> dict[str, str]:
    """Return the top-level modules that .slugignore fully deletes, each with one of its files."""
    gone = {path.partition("/")[0].removesuffix(".py"): path for path in _code(source.pruned)}
    for path in _code(source.entries):
        gone.pop(path.partition("/")[0].removesuffix(".py"), None)
    return gone


def _code(paths: Iterable[str]) -> Iterator[str]:
    return (path for path in paths if path.endswith(".py"))
