"""Crashes of what the server command names: module and attribute, `main:app`."""

import re
from collections.abc import Iterator

from parity.records import Boot, Release
from parity.rules import rule
from parity.rules.code import applications, file_of, suggestion, target
from parity.rules.crash import ENDINGS, at_command
from parity.rules.log import crash
from parity.rules.missing import absent_module, in_other_case, kept, within
from parity.verdict import Evidence

PROCFILE = "https://devcenter.heroku.com/articles/procfile"


@rule(
    "space-in-target",
    leads_to=ENDINGS,
    title="A space after the colon: `{wrong}` is two words",
    cause="The server reads `{module}:` as the module and what follows the blank as another"
    " argument.",
    fix="Write `{module}:{attribute}`, without the space: `{type}: {right}`.",
    docs=PROCFILE,
)
def space_in_target(record: Boot | Release) -> Iterator[Evidence]:
    found = crash(record)
    match = (
        re.search(r"\b([A-Za-z_][\w.]*):\s+([A-Za-z_]\w*)", found.process.command)
        if found
        else None
    )
    if found and match:
        names = {"wrong": match[0], "module": match[1], "attribute": match[2]}
        right = found.process.command.replace(match[0], f"{match[1]}:{match[2]}")
        yield at_command(found, f"the command has `{match[0]}`", right=right, **names)


@rule(
    "wrong-module",
    leads_to=ENDINGS,
    title="The Procfile names a module '{module}' that the app does not have",
    cause="No module named '{module}': the server looks for {module}.py (or a package of that name)"
    " in the root of the pushed tree. {known}",
    fix="{advice}",
    docs=PROCFILE,
)
def wrong_module(record: Boot | Release) -> Iterator[Evidence]:
    found = crash(record)
    named = target(found.process) if found else None
    module = absent_module(found) if found and named else None
    if not found or not named or not module or not within(module, named[0]):
        return
    if file_of(found.source, named[0]) or kept(found, named[0]) or in_other_case(found, module):
        return
    right = suggestion(found.source, named[1])
    known, advice = "", "Correct the module's name in the Procfile."
    if right:
        command = found.process.command.replace(_written(named), right)
        known = f"{right.partition(':')[0]} is the module that defines the app."
        advice = f"In the Procfile write `{found.process.name}: {command}`."
    yield at_command(
        found, f"No module named '{module}'", module=named[0], known=known, advice=advice
    )


def _written(named: tuple[str, str | None]) -> str:
    return f"{named[0]}:{named[1]}" if named[1] else named[0]


@rule(
    "wrong-attribute",
    leads_to=ENDINGS,
    title="The module {module} has no '{attribute}'",
    cause="The server imports {module} and looks for an object called {attribute} in it, which is"
    " what runs the app.{known}",
    fix="{advice}",
    docs=PROCFILE,
)
def wrong_attribute(record: Boot | Release) -> Iterator[Evidence]:
    found = crash(record)
    pattern = (
        r"""Failed to find attribute '(?P<a>[^']+)' in '(?P<m>[^']+)'"""
        r"""|Attribute "(?P<b>[^"]+)" not found in module "(?P<n>[^"]+)\""""
    )
    match = found.saying(pattern) if found else None
    if not found or not match:
        return
    attribute, module = match["a"] or match["b"], match["m"] or match["n"]
    file = file_of(found.source, module)
    options = applications(found.source, file) if file else []
    right = f"{module}:{options[0]}" if options else suggestion(found.source)
    advice = "Correct the name after the colon in the Procfile."
    known = ""
    if right:
        written = _written(target(found.process) or (module, None))
        command = found.process.command.replace(written, right, 1)
        known = f" The app is {right}."
        advice = f"In the Procfile write `{found.process.name}: {command}`."
    names = {"module": module, "attribute": attribute, "known": known, "advice": advice}
    yield at_command(found, match[0], **names)
