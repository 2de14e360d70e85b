"""Crashes of importing the app's own modules: not pushed, spelt otherwise, looked for elsewhere."""

import re
from collections.abc import Iterator
from difflib import get_close_matches

from parity.records.verdict import Evidence
from parity.rules.crash.symptoms import ENDINGS, at_either, at_place, procfile
from parity.rules.engine import rule
from parity.rules.shell import word
from parity.rules.views.missing_python_module import (
    Reason,
    absent_module,
    elsewhere,
    foreign,
    in_other_case,
    kept,
    near_own,
    why_absent,
)
from parity.rules.views.python_source import file_of, names_in
from parity.rules.views.python_source import found as places_of
from parity.rules.views.python_traceback import Crash, Failing, Raised, crash
from parity.rules.views.suggestions import kept_out

GIT = "https://devcenter.heroku.com/articles/git"
NOT_IN = r"cannot import name '(\w+)' from '([\w.]+)'"
SEARCH = "https://docs.python.org/3/tutorial/modules.html#the-module-search-path"


def absent(record: Failing, reason: Reason) -> tuple[Crash, str] | tuple[None, str]:
    """The crash and the module that was not found, if it is for this reason."""
    found = crash(record)
    if found is None or why_absent(found) != reason:
        return None, ""
    return found, absent_module(found) or ""


def library_of(raised: Raised) -> str:
    """The installed package in whose code it was raised, by the name of its folder."""
    frames = [frame for frame in raised.frames if frame.name != "__getattr__"]
    match = re.search(r"site-packages/(\w+)", frames[-1].file) if frames else None
    return match[1] if match else ""


@rule(
    "module-not-in-git",
    leads_to=ENDINGS,
    title="The module {module} is on your disk, but not in git",
    cause="git push sends only what is committed; on Heroku there is no {file}.",
    fix="{advice:Type `git add FILE`, commit, push.}",
    docs=GIT,
)
def module_not_in_git(record: Failing) -> Iterator[Evidence]:
    found, module = absent(record, "not-in-git")
    path = kept(found, module) if found else None
    if found is None:
        found = crash(record)
        module, path = _kept_attribute(found) if found else ("", None)
    if not found or not path:
        return
    advice = how_to_add(found, path)
    for evidence in kept_out(found.source, path):
        yield evidence._replace(names={**evidence.names, "module": module, "advice": advice})
    place = at_place(found)
    if place:
        yield place._replace(names={})


def _kept_attribute(crash: Crash) -> tuple[str, str | None]:
    """A module that `from package import module` did not find, and its path on disk."""
    raised = crash.raised
    match = re.match(NOT_IN, raised.message) if raised else None
    if not match or file_of(crash.source, match[2]) is None:
        return "", None
    module = f"{match[2]}.{match[1]}"
    exact = f"{module.replace('.', '/')}.py"
    return module, exact if exact in crash.source.absent else None


def how_to_add(crash: Crash, path: str) -> str:
    """What to type so that a path on disk is pushed."""
    above = (path[:end] for end, character in enumerate(path, 1) if character == "/")
    ignored = next(filter(None, map(crash.source.absent.get, (path, *above))), None)
    if ignored is None:
        return f"Type `git add {word(path)}`, commit, push."
    return (
        f"Take line {ignored.line} (`{ignored.pattern}`) out of {ignored.file} or narrow it, then"
        f" `git add {word(path)}`, commit, push (`git add -f {word(path)}` adds it in spite of the"
        " line)."
    )


@rule(
    "module-in-other-case",
    leads_to=ENDINGS,
    title="{module} and {actual} differ in upper and lower case",
    cause="On macOS and Windows a capital letter in a file name makes no difference. Linux, and so"
    " Heroku, has {actual} and no {wanted}.",
    fix="Write `{right}` where {module} is imported, exactly as the file is called.",
    docs=GIT,
)
def module_in_other_case(record: Failing) -> Iterator[Evidence]:
    found, module = absent(record, "case")
    actual = in_other_case(found, module) if found else None
    if not found or not actual:
        return
    path = actual.removesuffix("/__init__.py").removesuffix(".py")
    right = ".".join(path.split("/")[-len(module.split(".")) :])
    names = {"module": module, "actual": actual, "right": right}
    seen = f"No module named '{module}', but there is {actual}"
    wanted = f"{module.replace('.', '/')}.py"
    yield at_either(found, seen, wanted=wanted, **names)._replace(seen=seen)


@rule(
    "submodule-missing",
    leads_to=ENDINGS,
    title="The app's own {top} has no module {module}",
    cause="{top} is in the pushed tree, {module} is not: a file that was not committed, or a name"
    " that is spelt differently.{near:-}",
    fix="{advice:Compare the import with `git ls-files`; type `git add` for what is missing.}",
    docs=GIT,
)
def submodule_missing(record: Failing) -> Iterator[Evidence]:
    found, module = absent(record, "part")
    if not found or module.endswith(".__main__"):
        return
    parent, _, name = module.rpartition(".")
    folder = parent.replace(".", "/")
    inside = [
        p.removesuffix("/__init__.py").removesuffix(".py").rpartition("/")[2]
        for p in found.source.entries
        if p.startswith(f"{folder}/") and p.endswith(".py")
    ]
    near = get_close_matches(name, inside, 1, 0.7)
    top = module.partition(".")[0]
    names = {"module": module, "top": top, "near": f" There is {parent}.{near[0]}." if near else ""}
    advice = (
        f"Compare the import with `git ls-files {word(top)}`; type `git add` for what is missing."
    )
    names["advice"] = f"Write `{parent}.{near[0]}`." if near else advice
    place = next(places_of(found.source, rf"""["']{re.escape(module)}[."']"""), None)
    told = at_either(found, f"No module named '{module}'", **names)
    if place and told.file == "Procfile":
        told = told._replace(file=place.file, line=place.line, column=place.column)
    yield told


@rule(
    "own-module-misspelt",
    leads_to=ENDINGS,
    title="There is no module {module}, but the app has {near}",
    cause="Python finds no {module}, and no package of that name is known: {where}",
    fix="Write `{near}` there. If {module} is a package after all, add it to requirements.txt.",
    docs=SEARCH,
)
def own_module_misspelt(record: Failing) -> Iterator[Evidence]:
    found, module = absent(record, "misspelt")
    near = near_own(found, module.partition(".")[0]) if found else None
    if not found or not near:
        return
    top = module.partition(".")[0]
    named = rf"""^\s*(?:import|from)\s+{re.escape(top)}\b|["']{re.escape(top)}[."']"""
    place = next(places_of(found.source, named), None)
    where = f"`{place.text}`" if place else f"No module named '{module}'"
    told = at_either(found, f"No module named '{module}'", module=top, near=near, where=where)
    if place:
        seen = f"No module named '{module}', but there is {near}"
        yield Evidence(seen, place.file, place.line, place.column, names=told.names)
    else:
        yield told


@rule(
    "module-elsewhere",
    leads_to=ENDINGS,
    title="{module} is in {folder}, where Python does not look",
    cause="Python looks for `{module}` in the folder that the command starts in, the root of what"
    " is pushed. {actual} is imported by that name only from within {folder}.",
    fix="{advice:Write the full name in the import, or gunicorn's `--chdir` in the Procfile.}",
    docs=SEARCH,
)
def module_elsewhere(record: Failing) -> Iterator[Evidence]:
    found, module = absent(record, "elsewhere")
    actual = elsewhere(found, module) if found else None
    if not found or not actual:
        return
    depth = len(module.split(".")) + (actual.endswith("/__init__.py"))
    folder = "/".join(actual.split("/")[:-depth])
    full = f"{folder.replace('/', '.')}.{module}"
    advice = f"Write `{full}` where {module} is imported, or set `PYTHONPATH=/app:/app/{folder}`."
    target = re.search(r"gunicorn\b", found.command)
    if target:
        moved = re.sub(r"gunicorn\b", f"gunicorn --chdir {folder}", found.command, count=1)
        bare = moved.replace(f" {folder.replace('/', '.')}.", " ")
        advice = f"Write `{full}` where {module} is imported. Or: {procfile(found, bare)}"
    names = {"module": module, "folder": f"{folder}/", "actual": actual, "advice": advice}
    seen = f"No module named '{module}', but there is {actual}"
    yield at_either(found, seen, **names)._replace(seen=seen)


@rule(
    "relative-import",
    leads_to=ENDINGS,
    title="A relative import in a file that is not part of a package",
    cause="`{code}` means the package around {file}, and the command starts {file} by itself:"
    " {error}.",
    fix="Write the import without the leading dot{example:-}.",
    docs="https://docs.python.org/3/reference/import.html#package-relative-imports",
)
def relative_import(crash: Crash) -> Iterator[Evidence]:
    raised = crash.raised
    if raised and "attempted relative import" in raised.message:
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
    cause="While {module} is being imported it imports {file}, which wants `{name}` from it before"
    " that line has run.",
    fix="Move `{name}` into a module of its own that both import, or import it inside the function"
    " that uses it.",
    docs="https://docs.python.org/3/faq/programming.html#what-are-the-best-practices-for-using-"
    "import-in-a-module",
)
def circular_import(crash: Crash) -> Iterator[Evidence]:
    raised = crash.raised
    match = re.search(
        r"cannot import name '(?P<a>[\w.]+)' from partially initialized module '(?P<m>[\w.]+)'"
        r"|partially initialized module '(?P<n>[\w.]+)' (?:from '[^']+' )?has no attribute"
        r" '(?P<b>\w+)'",
        raised.message if raised else "",
    )
    module = (match["m"] or match["n"]) if match else ""
    own = file_of(crash.source, module) if match else None
    evidence = at_place(crash)
    if match and own and evidence and evidence.file != own:
        names = {"module": own, "name": match["a"] or match["b"]}
        yield evidence._replace(names={**evidence.names, **names})


@rule(
    "name-not-in-module",
    leads_to=ENDINGS,
    title="{own} has no `{name}`",
    cause="{file} wants `{name}` from {module}, and {own} as it is pushed does not define it."
    "{near:-}",
    fix="Define it there, correct the name in line {line} of {file}, or commit the change to {own}"
    " that is still missing.",
    docs="https://docs.python.org/3/reference/simple_stmts.html#the-import-statement",
)
def name_not_in_module(crash: Crash) -> Iterator[Evidence]:
    raised = crash.raised
    match = re.match(NOT_IN, raised.message) if raised else None
    own = file_of(crash.source, match[2]) if match else None
    evidence = at_place(crash)
    if not crash or not match or not own or not evidence or _kept_attribute(crash)[1]:
        return
    if evidence.file == own or foreign(crash, match[2]):
        return
    near = get_close_matches(match[1], names_in(crash.source, own), 1, 0.6)
    hint = f" It has `{near[0]}`." if near else ""
    names = {"own": own, "name": match[1], "module": match[2], "near": hint}
    yield evidence._replace(names={**evidence.names, **names})
