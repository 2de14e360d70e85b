"""Crashes because one of the app's own modules is not pushed, misspelled, or in another folder."""

import re
from collections.abc import Iterator
from difflib import get_close_matches

from parity.records.verdict import Evidence
from parity.rules.crash.symptoms import ENDINGS, at_either, at_place, procfile
from parity.rules.engine import rule
from parity.rules.shell import word
from parity.rules.views.facts import AbsentModule, ModuleInOtherCase, UncommittedModule
from parity.rules.views.missing_python_module import (
    MissingModule,
    elsewhere,
    foreign,
    in_other_case,
    kept,
    missing_module,
    near_own,
)
from parity.rules.views.python_source import file_of, line_of, names_in
from parity.rules.views.python_source import found as places_of
from parity.rules.views.python_traceback import Crash, PythonError, Raised
from parity.rules.views.suggestions import kept_out

GIT = "https://devcenter.heroku.com/articles/git"
NOT_IN = r"cannot import name '(\w+)' from '([\w.]+)'"
SEARCH = "https://docs.python.org/3/tutorial/modules.html#the-module-search-path"


def library_of(raised: Raised) -> str:
    """Return the folder name of the installed package whose code raised the exception."""
    frames = [frame for frame in raised.frames if frame.name != "__getattr__"]
    match = re.search(r"site-packages/(\w+)", frames[-1].file) if frames else None
    return match[1] if match else ""


def uncommitted(crash: Crash) -> UncommittedModule | None:
    """Return the module that is on disk but not in git."""
    missing = missing_module(crash)
    if missing and missing.reason == "not-in-git":
        module, path = missing.name, kept(crash, missing.name)
    else:
        module, path = _uncommitted_attribute(crash)
    evidence = tuple(kept_out(crash.source, path)) if path else ()
    if not path or not evidence:
        return None
    place = at_place(crash)
    here = (place._replace(names={}),) if place else ()
    return UncommittedModule(module, how_to_add(crash, path), (*evidence, *here))


def _uncommitted_attribute(crash: Crash) -> tuple[str, str | None]:
    """Return the module that `from package import module` did not find, and its path on disk."""
    raised = crash.raised
    match = re.match(NOT_IN, raised.message) if raised else None
    if not match or file_of(crash.source, match[2]) is None:
        return "", None
    module = f"{match[2]}.{match[1]}"
    exact = f"{module.replace('.', '/')}.py"
    return module, exact if exact in crash.source.absent else None


def how_to_add(crash: Crash, path: str) -> str:
    """Return advice on what to type so that a path on disk is pushed."""
    above = (path[:end] for end, character in enumerate(path, 1) if character == "/")
    ignored = next(filter(None, map(crash.source.absent.get, (path, *above))), None)
    if ignored is None:
        return f"Type `git add {word(path)}`, commit, push."
    return (
        f"Remove line {ignored.line} (`{ignored.pattern}`) from {ignored.file} or narrow it, then"
        f" `git add {word(path)}`, commit, push (`git add -f {word(path)}` adds it despite the"
        " line)."
    )


def other_case(missing: MissingModule) -> ModuleInOtherCase | None:
    """Return the module whose file name differs only in case."""
    crash, module = missing.crash, missing.name
    actual = in_other_case(crash, module) if missing.reason == "case" else None
    if not actual:
        return None
    path = actual.removesuffix("/__init__.py").removesuffix(".py")
    right = ".".join(path.split("/")[-len(module.split(".")) :])
    seen = f"No module named '{module}', but there is {actual}"
    wanted = f"{module.replace('.', '/')}.py"
    evidence = at_either(crash, seen)._replace(seen=seen)
    return ModuleInOtherCase(module, wanted, actual, right, evidence)


def part_absent(missing: MissingModule) -> AbsentModule | None:
    """Return the module that is missing from one of the app's own packages."""
    crash, module = missing.crash, missing.name
    if missing.reason != "part" or module.endswith(".__main__"):
        return None
    top = missing.top
    near = _beside(crash, module)
    advice = f"Write `{near}`." if near else _compare(top)
    why = (
        f"{top} is in the pushed tree, {module} is not: a file that was not committed, or a name"
        f" that is spelt differently.{f' There is {near}.' if near else ''}"
    )
    place = next(places_of(crash.source, rf"""["']{re.escape(module)}[."']"""), None)
    evidence = at_either(crash, f"No module named '{module}'")
    if place and evidence.file == "Procfile":
        evidence = evidence._replace(file=place.file, line=place.line, column=place.column)
    return AbsentModule(module, top, why, advice, evidence)


def _compare(top: str) -> str:
    return (
        f"Compare the import with `git ls-files {word(top)}`; type `git add` for what is missing."
    )


def _beside(crash: Crash, module: str) -> str | None:
    """Return the module in the same folder with a similar name."""
    parent, _, name = module.rpartition(".")
    folder = parent.replace(".", "/")
    inside = [
        p.removesuffix("/__init__.py").removesuffix(".py").rpartition("/")[2]
        for p in crash.source.entries
        if p.startswith(f"{folder}/") and p.endswith(".py")
    ]
    near = get_close_matches(name, inside, 1, 0.7)
    return f"{parent}.{near[0]}" if near else None


@rule(
    "own-module-misspelt",
    leads_to=ENDINGS,
    title="There is no module {module}, but the app has {near:one with a similar name}",
    cause="Python finds no {module}, and no package of that name is known: {where:a line of the"
    " app imports it}",
    fix="Write `{near:NAME}` there. If {module} is a package after all, add it"
    " to requirements.txt.",
    docs=SEARCH,
)
def own_module_misspelt(missing: MissingModule) -> Iterator[Evidence]:
    crash, module, top = missing.crash, missing.name, missing.top
    near = near_own(crash, top) if missing.reason == "misspelt" else None
    if not near:
        return
    pattern = rf"""^\s*(?:import|from)\s+{re.escape(top)}\b|["']{re.escape(top)}[."']"""
    place = next(places_of(crash.source, pattern), None)
    where = f"`{place.text}`" if place else f"No module named '{module}'"
    evidence = at_either(crash, f"No module named '{module}'", module=top, near=near, where=where)
    if place:
        seen = f"No module named '{module}', but there is {near}"
        yield Evidence(seen, place.file, place.line, place.column, names=evidence.names)
    else:
        yield evidence


@rule(
    "module-elsewhere",
    leads_to=ENDINGS,
    title="{module} is in {folder}, where Python does not look",
    cause="Python looks for `{module}` in the folder that the command starts in, the root of what"
    " is pushed. {actual} is imported by that name only from within {folder}.",
    fix="{advice:Write the full name in the import, or gunicorn's `--chdir` in the Procfile.}",
    docs=SEARCH,
)
def module_elsewhere(missing: MissingModule) -> Iterator[Evidence]:
    crash, module = missing.crash, missing.name
    actual = elsewhere(crash, module) if missing.reason == "elsewhere" else None
    if not actual:
        return
    depth = len(module.split(".")) + (actual.endswith("/__init__.py"))
    folder = "/".join(actual.split("/")[:-depth])
    full = f"{folder.replace('/', '.')}.{module}"
    advice = f"Write `{full}` where {module} is imported, or set `PYTHONPATH=/app:/app/{folder}`."
    target = re.search(r"gunicorn\b", crash.command)
    if target:
        moved = re.sub(r"gunicorn\b", f"gunicorn --chdir {folder}", crash.command, count=1)
        bare = moved.replace(f" {folder.replace('/', '.')}.", " ")
        advice = f"Write `{full}` where {module} is imported. Or: {procfile(crash, bare)}"
    names = {"module": module, "folder": f"{folder}/", "actual": actual, "advice": advice}
    seen = f"No module named '{module}', but there is {actual}"
    yield at_either(crash, seen, **names)._replace(seen=seen)


@rule(
    "relative-import",
    leads_to=ENDINGS,
    title="A relative import in a file that is not part of a package",
    cause="`{code}` refers to the package around {file}, but the command starts {file} by itself:"
    " {error}.",
    fix="Write the import without the leading dot{example:-}.",
    docs="https://docs.python.org/3/reference/import.html#package-relative-imports",
)
def relative_import(crash: PythonError) -> Iterator[Evidence]:
    if "attempted relative import" in crash.raised.message:
        evidence = at_place(crash)
        code = evidence.names["code"] if evidence else ""
        match = re.match(r"from \.([\w.]*) import (.+)", code)
        example = ""
        if match:
            right = f"from {match[1]} import {match[2]}" if match[1] else f"import {match[2]}"
            example = f": `{right}`"
        if evidence:
            yield evidence._replace(names={**evidence.names, "example": example})


@rule(
    "circular-import",
    leads_to=ENDINGS,
    title="{module} and {file} import each other",
    cause="While {module} is being imported, it imports {file}, which needs `{name}` from it before"
    " that line has run.",
    fix="Move `{name}` into a separate module that both import, or import it inside the function"
    " that uses it.",
    docs="https://docs.python.org/3/faq/programming.html#what-are-the-best-practices-for-using-"
    "import-in-a-module",
)
def circular_import(crash: PythonError) -> Iterator[Evidence]:
    match = re.search(
        r"cannot import name '(?P<a>[\w.]+)' from partially initialized module '(?P<m>[\w.]+)'"
        r"|partially initialized module '(?P<n>[\w.]+)' (?:from '[^']+' )?has no attribute"
        r" '(?P<b>\w+)'",
        crash.raised.message,
    )
    module = (match["m"] or match["n"]) if match else ""
    own = file_of(crash.source, module) if match else None
    evidence = at_place(crash)
    if match and own and evidence and evidence.file != own:
        names = {"module": own, "name": match["a"] or match["b"]}
        yield evidence._replace(names={**evidence.names, **names})
        back = next((f for f in reversed(crash.raised.frames) if f.file == own), None)
        if back:
            yield Evidence(line_of(crash.source, own, back.line), own, back.line)


@rule(
    "name-not-in-module",
    leads_to=ENDINGS,
    title="{own} has no `{name}`",
    cause="{file} imports `{name}` from {module}, but {own} as it is pushed does not define"
    " it.{near:-}",
    fix="Define it there, correct the name in line {line} of {file}, or commit the change to {own}"
    " that is still missing.",
    docs="https://docs.python.org/3/reference/simple_stmts.html#the-import-statement",
)
def name_not_in_module(crash: PythonError) -> Iterator[Evidence]:
    match = re.match(NOT_IN, crash.raised.message)
    own = file_of(crash.source, match[2]) if match else None
    evidence = at_place(crash)
    if not match or not own or not evidence:
        return
    if evidence.file == own or foreign(crash, match[2]):
        return
    near = get_close_matches(match[1], names_in(crash.source, own), 1, 0.6)
    hint = f" It has `{near[0]}`." if near else ""
    names = {"own": own, "name": match[1], "module": match[2], "near": hint}
    yield evidence._replace(names={**evidence.names, **names})
