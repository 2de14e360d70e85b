"""Crashes of Node.js apps because one of their own files is not pushed, not built or misspelled."""

import posixpath
import re
from collections.abc import Iterator

from parity.records import Boot, Release, Source
from parity.records.verdict import Evidence
from parity.rules.crash.node.modules import MissingNodeModule
from parity.rules.crash.symptoms import ENDINGS
from parity.rules.engine import rule
from parity.rules.shell import word
from parity.rules.views.dyno_paths import APP
from parity.rules.views.facts import (
    AbsentFile,
    AbsentModule,
    AbsentScript,
    ModuleInOtherCase,
    UncommittedModule,
)
from parity.rules.views.node_error import NodeError
from parity.rules.views.node_source import at_start, command, scripts, table
from parity.rules.views.suggestions import kept_out

_ENDINGS = ("", ".js", ".mjs", ".cjs", ".json", ".ts", "/index.js", "/index.ts", ".node")


def _twin(missing: MissingNodeModule) -> str | None:
    """Return the file in the tree that differs from the module only in case."""
    entries = missing.crash.source.entries
    lower = {path.lower(): path for path in entries}
    for path in _candidates(missing):
        if path.lower() in lower and path not in entries:
            return lower[path.lower()]
    return None


def _candidates(missing: MissingNodeModule) -> list[str]:
    """Return the paths at which Node.js would look for the module."""
    base = missing.name
    if base.startswith("."):
        base = posixpath.normpath(posixpath.join(posixpath.dirname(missing.by or ""), base))
    return [f"{base}{ending}" for ending in _ENDINGS]


def _is_file(missing: MissingNodeModule) -> bool:
    return missing.package is None and not missing.name.startswith(("node:", "#"))


def in_other_case(missing: MissingNodeModule) -> ModuleInOtherCase | None:
    """Return the module whose file name differs only in case."""
    actual = _twin(missing) if _is_file(missing) and missing.crash.starting else None
    if not actual:
        return None
    name, crash = missing.name, missing.crash
    seen = f"Cannot find module '{name}', but there is {actual}"
    evidence = missing.evidence(seen) if missing.by else at_start(crash.source, crash.process, seen)
    return ModuleInOtherCase(name, name, actual, actual, evidence)


@rule(
    "module-extension-missing",
    leads_to=ENDINGS,
    title="`import` needs the file's full name: {right}",
    cause="{by} imports `{module}`. For ES modules Node.js adds neither .js nor a folder's"
    " /index.js; bundlers and TypeScript do, which hides the problem.",
    fix="Write `{right}` instead of `{module}`.",
    docs="https://nodejs.org/api/esm.html#mandatory-file-extensions",
    records=(Boot, Release),
)
def module_extension_missing(missing: MissingNodeModule) -> Iterator[Evidence]:
    if not _is_file(missing) or not missing.by or missing.started:
        return
    ending = _lacking(missing)
    if ending:
        right, path = f"{missing.name}{ending}", _candidates(missing)[0] + ending
        yield missing.evidence(f"there is {path}", right=right, by=missing.by)


def _lacking(missing: MissingNodeModule) -> str | None:
    """Return the file extension that the import lacks."""
    entries = missing.crash.source.entries
    tried = zip(_candidates(missing), _ENDINGS, strict=True)
    return next((ending for path, ending in tried if ending and path in entries), None)


def uncommitted(missing: MissingNodeModule) -> UncommittedModule | None:
    """Return the module whose file is on disk but not in git, unless a build creates it."""
    path = next(_absent(missing), None)
    if not path or not _is_file(missing) or _built(missing) or not missing.crash.starting:
        return None
    evidence = tuple(kept_out(missing.crash.source, path))
    if not evidence:
        return None
    ignorer = evidence[0].names["ignorer"]
    advice = (
        f"Type `git add {word(path)}` (if it is ignored, remove the line from {ignorer} first),"
        " commit, push."
    )
    importer = (missing.evidence(f"asks for {missing.name}"),) if missing.by else ()
    return UncommittedModule(missing.name, advice, (*evidence, *importer))


def _absent(missing: MissingNodeModule) -> Iterator[str]:
    absent = missing.crash.source.absent
    for path in _candidates(missing):
        if path in absent:
            yield path
        folder = next((p for p in absent if p.endswith("/") and path.startswith(p)), None)
        if folder:
            yield folder


def _built(missing: MissingNodeModule) -> bool:
    """Return whether the missing file is one that a build would create."""
    return re.match(r"(?:dist|build|lib|out|\.next|\.output)(?:/|$)", missing.name) is not None


def unstartable(missing: MissingNodeModule) -> AbsentScript | None:
    """Return the file that the start command names and that is not in the slug."""
    if not missing.started or _twin(missing) or not missing.crash.starting:
        return None
    if not _built(missing) and any(_absent(missing)):
        return None
    source, process, name = missing.crash.source, missing.crash.process, missing.name
    why, advice = _about_start(source, name, built=_built(missing))
    evidence = at_start(source, process, f"Cannot find module '{name}'")
    return AbsentScript("Node.js", name, command(source, process), why, advice, (evidence,))


def _about_start(source: Source, name: str, *, built: bool) -> tuple[str, str]:
    """Return why the file is missing, and what to do."""
    builds = table(source, "scripts").get("build") or table(source, "scripts").get(
        "heroku-postbuild"
    )
    typed = "tsconfig.json" in source.entries
    if built and not builds:
        tool = "tsc" if typed else "…"
        return (
            " A build creates it, but package.json has no `build` script, so Heroku builds"
            " nothing.",
            f'Add `"build": "{tool}"` to "scripts" in package.json (Heroku runs it after the'
            " installation), commit, push again.",
        )
    if built:
        return (
            f" The build ran (`{builds}`), but writes its output elsewhere.",
            f"Compare {name} with what the build writes (`outDir` in tsconfig.json, `rootDir` moves"
            " files too), and correct the start command.",
        )
    stem = name.rpartition("/")[2].partition(".")[0]
    near = next(
        (p for p in scripts(source) if p.rpartition("/")[2].partition(".")[0] == stem), None
    )
    near = near or next(iter(scripts(source)), None)
    advice = f"Start the file that exists: `node {near}`." if near else f"Commit {name}."
    return " There is no such file in the pushed tree.", advice


def absent(missing: MissingNodeModule) -> AbsentModule | None:
    """Return the missing file if nothing in the tree resembles it."""
    if _twin(missing) or _lacking(missing) or any(_absent(missing)) or not missing.crash.starting:
        return None
    name, by = missing.name, missing.by
    if not _is_file(missing) or not by or missing.started:
        return None
    why = f"{by} imports `{name}`, but the pushed tree has no such file."
    advice = "Commit the file, or correct the path; on Linux upper and lower case differ."
    return AbsentModule(name, "code", why, advice, missing.evidence(f"Cannot find module '{name}'"))


def unopened(error: NodeError) -> AbsentFile | None:
    """Return the missing file that the app tried to open."""
    message, place, source = error.thrown.told, error.thrown.place, error.crash.source
    match = re.search(r"ENOENT: no such file or directory, \w+ '(.+)'", message)
    if not match or not place or not error.crash.starting:
        return None
    path = match[1].removeprefix(f"{APP}/").removeprefix("./")
    why, advice = _about_file(source, path)
    evidence = Evidence(message, place.file, place.line, place.column)
    ignored = (one._replace(names={}) for one in kept_out(source, path))
    return AbsentFile(path, why, advice, (evidence, *ignored))


_SECRET = r"\.(?:pem|key|crt|cert|p12|pfx|env)$"
_AS_CONFIG = (
    "A secret does not belong in git: put it in a config var (`heroku config:set`). A server needs"
    " no certificate on Heroku: the router terminates TLS, and the app speaks HTTP."
)


def _about_file(source: Source, path: str) -> tuple[str, str]:
    """Return why a file that the app opens is missing, and what to do."""
    twin = next((p for p in source.entries if p.lower() == path.lower()), None)
    right = path.replace("\\\\", "/").replace("\\", "/")
    if twin:
        return f"The tree has {twin}: on Linux upper and lower case differ.", f"Write `{twin}`."
    if right != path:
        why = "A backslash separates folders on Windows only; on Linux it is part of the name."
        return why, f'Write `"{right}"`.'
    if path in source.absent:
        why = "It is on your disk, but not in git, so it is not pushed."
        add = f"Type `git add -f {word(path)}`, commit, push."
        return why, _AS_CONFIG if re.search(_SECRET, path) else add
    return "The pushed tree has no such file.", "Commit the file, or create it when it is missing."
