"""Crashes of imports: which module is missing, and whose fault that is."""

import re
import sys
from collections.abc import Iterator

from parity.facts.packages import DISTRIBUTIONS, STANDARD_LIBRARY_GONE
from parity.records import Boot, Release, Slug
from parity.rules import rule
from parity.rules.code import file_of, find, target
from parity.rules.crash import ENDINGS, at_command, at_place
from parity.rules.log import Crash, crash
from parity.rules.missing import absent_module, in_other_case, is_not_a_package, kept, within
from parity.rules.suggest import kept_out
from parity.verdict import Evidence

GIT = "https://devcenter.heroku.com/articles/git"
PIP = "https://devcenter.heroku.com/articles/python-pip"


@rule(
    "module-not-in-git",
    leads_to=ENDINGS,
    title="The module {module} is on your disk, but not in git",
    cause="git push sends only what is committed; on Heroku there is no {file}.",
    fix="Type `git add {add}` (ignored files: take the line out of {ignorer} first, or `git add -f"
    " {add}`), commit, push.",
    docs=GIT,
)
def module_not_in_git(record: Boot | Release | Slug) -> Iterator[Evidence]:
    found = crash(record)
    module = absent_module(found) if found else None
    path = kept(found, module) if found and module else None
    if not found or not module or not path:
        return
    place = at_place(found)
    for evidence in kept_out(found.source, path):
        yield evidence._replace(names={**evidence.names, "module": module, "add": path})
    if place:
        yield place._replace(names={})


@rule(
    "module-in-other-case",
    leads_to=ENDINGS,
    title="{module} and {actual} differ in upper and lower case",
    cause="On macOS and Windows a capital letter in a file name makes no difference. Linux, and so"
    " Heroku, has {actual} and no {wanted}.",
    fix="Write `{right}` in the import, exactly as the file is called.",
    docs=GIT,
)
def module_in_other_case(record: Boot | Release | Slug) -> Iterator[Evidence]:
    found = crash(record)
    module = absent_module(found) if found else None
    actual = in_other_case(found, module) if found and module else None
    if not found or not module or not actual:
        return
    wanted = actual if "/" not in actual else actual.partition("/")[0]
    right = wanted.removesuffix(".py")
    names = {"module": module, "actual": actual, "wanted": f"{module}.py", "right": right}
    place = at_place(found)
    seen = f"No module named '{module}', but there is {actual}"
    yield Evidence(
        seen, place.file if place else "Procfile", place.line if place else None, names=names
    )


@rule(
    "not-a-package",
    leads_to=ENDINGS,
    title="`import {module}` is no import: '{parent}' is a module, not a package",
    cause="{parent} has no modules below it; {name} is an attribute of it.",
    fix="Write `import {parent}` and use `{module}`, or `from {parent} import {name}`.",
    docs="https://docs.python.org/3/reference/simple_stmts.html#the-import-statement",
)
def not_a_package(record: Boot | Release | Slug) -> Iterator[Evidence]:
    found = crash(record)
    module = absent_module(found) if found else None
    if not found or not module or "." not in module or not is_not_a_package(found):
        return
    parent, _, name = module.rpartition(".")
    if file_of(found.source, parent) is None:
        evidence = at_place(found, module=module, parent=parent, name=name)
        yield evidence or at_command(found, f"No module named '{module}'")


@rule(
    "shadowed-module",
    leads_to=ENDINGS,
    title="{own} has the name of a module that others import",
    cause="Python finds the app's {own} before the real {module}, so `{imported}` is not in it.",
    fix="Type `git mv {own} my_{own}` and import it under the new name.",
    docs="https://docs.python.org/3/tutorial/modules.html#the-module-search-path",
)
def shadowed_module(record: Boot | Release | Slug) -> Iterator[Evidence]:
    found = crash(record)
    raised = found.raised if found else None
    if not found or not raised:
        return
    pattern = (
        r"cannot import name '([\w.]+)' from (?:partially initialized module )?'([\w.]+)'"
        r"|No module named '([\w]+)\.[\w.]+'; '\w+' is not a package"
        r"|(?:partially initialized )?module '([\w.]+)' has no attribute '([\w.]+)'"
    )
    match = re.search(pattern, raised.message)
    module = (match[2] or match[3] or match[4] or "") if match else ""
    own = file_of(found.source, module) if module and "." not in module else None
    foreign = module in sys.stdlib_module_names or module.lower() in found.slug.packages
    if match and own and foreign:
        names = {"own": own, "module": module, "imported": match[1] or match[5] or "what is wanted"}
        yield Evidence(raised.told, own, 1, names=names)


@rule(
    "standard-module-gone",
    leads_to=ENDINGS,
    title="Python 3.{since} has no module {module} any more",
    cause="{module} left the standard library in Python 3.{since}; the app runs on {version}.",
    fix="Use a newer version of what imports it, or an older Python: write `3.{older}` into"
    " .python-version.",
    docs="https://docs.python.org/3/whatsnew/",
)
def standard_module_gone(record: Boot | Release | Slug) -> Iterator[Evidence]:
    found = crash(record)
    module = absent_module(found) if found else None
    since = STANDARD_LIBRARY_GONE.get(module.partition(".")[0]) if module else None
    python = found.plan.python if found else None
    if found and module and since and python and int(python.version.split(".")[1]) >= since:
        names = {"module": module, "since": str(since), "older": str(since - 1)}
        evidence = at_place(found, version=python.version, **names)
        yield evidence or at_command(
            found, f"No module named '{module}'", version=python.version, **names
        )


@rule(
    "missing-dependency",
    leads_to=ENDINGS,
    title="{package} is not in requirements.txt, and the app imports {module}",
    cause="No module named '{module}': Heroku installs what requirements.txt names, nothing else.",
    fix="Add the line `{package}` to requirements.txt.",
    docs=PIP,
)
def missing_dependency(record: Boot | Release | Slug) -> Iterator[Evidence]:
    found = crash(record)
    module = absent_module(found) if found else None
    if not found or not module or _explained(found, module):
        return
    top = module.partition(".")[0]
    package = DISTRIBUTIONS.get(top, top)
    names = {"module": module, "package": package}
    yield Evidence(f"No module named '{module}'", "requirements.txt", names=names)
    place = at_place(found) or _imported(found, top)
    if place:
        yield place._replace(names={})


def _imported(found: Crash, module: str) -> Evidence | None:
    place = find(found.source, rf"^\s*(?:import|from)\s+{re.escape(module)}\b")
    return Evidence(place.text, place.file, place.line, place.column) if place else None


def _explained(found: Crash, module: str) -> bool:
    """Whether a missing module is something else than a missing dependency."""
    top = module.partition(".")[0]
    named = target(found.process)
    return bool(
        is_not_a_package(found)
        or top in sys.stdlib_module_names
        or top in STANDARD_LIBRARY_GONE
        or kept(found, module)
        or in_other_case(found, module)
        or file_of(found.source, top)
        or (named and within(module, named[0]) and not file_of(found.source, named[0]))
        or any(path.startswith(f"{top}/") for path in found.source.entries)
        or any(path.startswith((f"{top}/", f"{top}.py")) for path in found.source.pruned)
    )


@rule(
    "submodule-missing",
    leads_to=ENDINGS,
    title="The app's own {top} has no module {module}",
    cause="{top} is in the pushed tree, {module} is not: a file that was not committed, or a name"
    " that is spelt differently.",
    fix="Compare the import with `git ls-files {top}`; type `git add` for what is missing.",
    docs=GIT,
)
def submodule_missing(record: Boot | Release | Slug) -> Iterator[Evidence]:
    found = crash(record)
    module = absent_module(found) if found else None
    if not found or not module or "." not in module or is_not_a_package(found):
        return
    top = module.partition(".")[0]
    inside = any(path.startswith(f"{top}/") for path in found.source.entries)
    named = target(found.process)
    if inside and not kept(found, module) and not in_other_case(found, module):
        if named and within(module, named[0]):
            return
        evidence = at_place(found, module=module, top=top)
        if evidence:
            yield evidence


@rule(
    "incompatible-versions",
    leads_to=ENDINGS,
    title="Two installed packages do not fit: {error}",
    cause="A package imports a name that the installed version of another no longer has. Versions"
    " that requirements.txt does not pin are the newest ones on Heroku.",
    fix="Pin both in requirements.txt to versions that work together (`pip freeze` where the app"
    " runs), or upgrade the older one.",
    docs=PIP,
)
def incompatible_versions(record: Boot | Release | Slug) -> Iterator[Evidence]:
    found = crash(record)
    raised = found.raised if found else None
    if (
        not found
        or not raised
        or raised.kind not in ("ImportError", "AttributeError")
        or not raised.frames
    ):
        return
    match = re.search(r"cannot import name '\w+' from '([\w.]+)'", raised.message)
    inner = raised.frames[-1].file
    if (
        match
        and file_of(found.source, match[1].partition(".")[0]) is None
        and "site-packages" in inner
    ):
        yield Evidence(raised.told, "requirements.txt", names={"error": raised.told})
