"""Crashes of Node.js apps that miss a file of their own: not pushed, not built, misspelt."""

import posixpath
import re
from collections.abc import Iterator

from parity.facts.nodejs import SUPPORT
from parity.records import Boot, Release, Source
from parity.records.verdict import Evidence
from parity.rules.crash.node.modules import GIT, Missing, missing_in
from parity.rules.crash.symptoms import ENDINGS
from parity.rules.engine import rule
from parity.rules.shell import word
from parity.rules.views.node_error import node_crash, thrown
from parity.rules.views.node_source import at_start, command, scripts, table
from parity.rules.views.python_traceback import APP, Crash
from parity.rules.views.suggestions import kept_out

_ENDINGS = ("", ".js", ".mjs", ".cjs", ".json", ".ts", "/index.js", "/index.ts", ".node")


def _twin(source: Source, told: Missing) -> str | None:
    """The tree's file that only its letters' case keeps from being the module."""
    lower = {path.lower(): path for path in source.entries}
    for path in _candidates(told):
        if path.lower() in lower and path not in source.entries:
            return lower[path.lower()]
    return None


def _candidates(told: Missing) -> list[str]:
    """The paths in the tree that would be the module."""
    base = told.name
    if base.startswith("."):
        base = posixpath.normpath(posixpath.join(posixpath.dirname(told.by or ""), base))
    return [f"{base}{ending}" for ending in _ENDINGS]


def _is_file(told: Missing) -> bool:
    return told.package is None and not told.name.startswith(("node:", "#"))


@rule(
    "module-file-in-other-case",
    leads_to=ENDINGS,
    title="{module} and {actual} differ in upper and lower case",
    cause="On macOS and Windows a capital letter in a file name makes no difference. Linux, and so"
    " Heroku, has {actual} alone.",
    fix="Write the path exactly as the file is called: {actual}.",
    docs=GIT,
)
def module_file_in_other_case(record: Boot | Release) -> Iterator[Evidence]:
    told = missing_in(record)
    actual = _twin(told[0].source, told[1]) if told and _is_file(told[1]) else None
    if told and actual:
        seen = f"Cannot find module '{told[1].name}', but there is {actual}"
        if told[1].by:
            yield told[1].evidence(seen, actual=actual)
        else:
            yield at_start(
                told[0].source, told[0].process, seen, actual=actual, module=told[1].name
            )


@rule(
    "module-extension-missing",
    leads_to=ENDINGS,
    title="`import` needs the whole name of the file: {right}",
    cause="{by} imports `{module}`. As ES modules Node.js adds no .js, and no /index.js for a"
    " folder; bundlers and TypeScript do, which hides it.",
    fix="Write `{right}` instead of `{module}`.",
    docs="https://nodejs.org/api/esm.html#mandatory-file-extensions",
)
def module_extension_missing(record: Boot | Release) -> Iterator[Evidence]:
    told = missing_in(record)
    if not told or not _is_file(told[1]) or not told[1].by or told[1].started:
        return
    ending = _lacking(told[0].source, told[1])
    if ending:
        right, path = f"{told[1].name}{ending}", _candidates(told[1])[0] + ending
        yield told[1].evidence(f"there is {path}", right=right, by=told[1].by)


def _lacking(source: Source, missing: Missing) -> str | None:
    """The ending with which there is such a file."""
    tried = zip(_candidates(missing), _ENDINGS, strict=True)
    return next((ending for path, ending in tried if ending and path in source.entries), None)


@rule(
    "module-file-not-in-git",
    leads_to=ENDINGS,
    title="{file} is on your disk, but not in git",
    cause="git push sends only what is committed; on Heroku there is no {file}.",
    fix="Type `git add {file}` (ignored files: take the line out of {ignorer} first), commit,"
    " push.",
    docs=GIT,
)
def module_file_not_in_git(record: Boot | Release) -> Iterator[Evidence]:
    told = missing_in(record)
    if not told or not _is_file(told[1]) or _built(told):
        return
    for path in _absent(told[0].source, told[1]):
        yield from kept_out(told[0].source, path)
        if told[1].by:
            yield told[1].evidence(f"asks for {told[1].name}")
        return


def _absent(source: Source, told: Missing) -> Iterator[str]:
    for path in _candidates(told):
        if path in source.absent:
            yield path
        folder = next((p for p in source.absent if p.endswith("/") and path.startswith(p)), None)
        if folder:
            yield folder


def _built(told: tuple[Crash, Missing]) -> bool:
    """Whether what is missing is what a build would make."""
    return re.match(r"(?:dist|build|lib|out|\.next|\.output)(?:/|$)", told[1].name) is not None


@rule(
    "start-file-missing",
    leads_to=ENDINGS,
    title="{file} is not in the slug, and the start command runs it",
    cause="`{command}` starts {file}.{why}",
    fix="{advice}",
    docs=SUPPORT,
)
def start_file_missing(record: Boot | Release) -> Iterator[Evidence]:
    told = missing_in(record)
    if not told or not told[1].started or _twin(told[0].source, told[1]):
        return
    found, name = told[0], told[1].name
    if not _built(told) and any(_absent(found.source, told[1])):
        return
    why, advice = _about_start(found.source, name, built=_built(told))
    seen = f"Cannot find module '{name}'"
    text = command(found.source, found.process)
    evidence = at_start(found.source, found.process, seen, file=name, why=why, advice=advice)
    yield evidence._replace(names={**evidence.names, "command": text})


def _about_start(source: Source, name: str, *, built: bool) -> tuple[str, str]:
    """Why the file is not there, and what to do."""
    builds = table(source, "scripts").get("build") or table(source, "scripts").get(
        "heroku-postbuild"
    )
    typed = "tsconfig.json" in source.entries
    if built and not builds:
        tool = "tsc" if typed else "…"
        return (
            " A build makes it, and package.json has no `build` script, so Heroku builds nothing.",
            f'Add `"build": "{tool}"` to "scripts" in package.json (Heroku runs it after the'
            " installation), commit, push again.",
        )
    if built:
        return (
            f" The build ran (`{builds}`), but writes to another place.",
            f"Compare {name} with what the build writes (`outDir` in tsconfig.json, `rootDir` moves"
            " files too), and correct the start command.",
        )
    stem = name.rpartition("/")[2].partition(".")[0]
    near = next(
        (p for p in scripts(source) if p.rpartition("/")[2].partition(".")[0] == stem), None
    )
    near = near or next(iter(scripts(source)), None)
    advice = f"Start the file that there is: `node {near}`." if near else f"Commit {name}."
    return " There is no such file in the pushed tree.", advice


@rule(
    "module-file-missing",
    leads_to=ENDINGS,
    title="{module} does not exist in the slug",
    cause="{by} asks for `{module}`, and the pushed tree has no such file.",
    fix="Commit the file, or correct the path; on Linux upper and lower case differ.",
    docs=GIT,
)
def module_file_missing(record: Boot | Release) -> Iterator[Evidence]:
    told = missing_in(record)
    if not told or _twin(told[0].source, told[1]) or _lacking(told[0].source, told[1]):
        return
    if any(_absent(told[0].source, told[1])):
        return
    if _is_file(told[1]) and told[1].by and not told[1].started:
        yield told[1].evidence(f"Cannot find module '{told[1].name}'", by=told[1].by)


@rule(
    "node-file-not-there",
    leads_to=ENDINGS,
    title="{path} does not exist in the dyno",
    cause="The app opens {path} in line {line} of {file}. {why}",
    fix="{advice}",
    docs=GIT,
)
def node_file_not_there(record: Boot | Release) -> Iterator[Evidence]:
    found = node_crash(record)
    error = thrown(found.lines, APP) if found else None
    match = re.search(r"ENOENT: no such file or directory, \w+ '(.+)'", error.told if error else "")
    place = error.place if error else None
    if not found or not error or not match or not place:
        return
    path = match[1].removeprefix(f"{APP}/").removeprefix("./")
    why, advice = _about_file(found.source, path)
    names = {"path": path, "file": place.file, "line": str(place.line)}
    names |= {"why": why, "advice": advice}
    yield Evidence(error.told, place.file, place.line, place.column, names=names)
    for kept in kept_out(found.source, path):
        yield kept._replace(names={})


_SECRET = r"\.(?:pem|key|crt|cert|p12|pfx|env)$"
_AS_CONFIG = (
    "A secret does not belong in git: put it into a config var (`heroku config:set`). A server"
    " needs no certificate of its own on Heroku: the router ends TLS, and the app speaks http."
)


def _about_file(source: Source, path: str) -> tuple[str, str]:
    """Why a file that the app opens is not there, and what to do."""
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
