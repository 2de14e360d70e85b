"""Builds that install the packages of a subfolder without its devDependencies."""

import json
import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from parity.facts.nodejs import SUPPORT
from parity.records import Slug, Source, edits
from parity.records.verdict import Evidence
from parity.rules.build.node.scripts import failing_script
from parity.rules.engine import rule
from parity.rules.push.plan import PUSH_REJECTED
from parity.rules.views.node_source import absent_command, in_package, table, wanted

_INSTALLS = re.compile(
    r"\b(?:(npm)\s+(?:--prefix[= ]\S+\s+)?(?:install|i|ci)\b"
    r"|(yarn)(?:\s+--cwd[= ]\S+)?(?:\s+install\b|(?=\s*$|\s+--(?!cwd)))"
    r"|(pnpm)\s+(?:(?:-C|--dir)[= ]\S+\s+)?(?:install|i)\b)"
)
_FOLDER = re.compile(r"(?:--prefix|--cwd|-C|--dir)[= ]\s*(\S+)")
_COMPLETE = re.compile(
    r"--include[= ]dev|--also[= ]dev|--production[= ]false|--prod[= ]false|--dev\b|--omit="
    r"|NODE_ENV=(?!production)|--no-production"
)
_FLAG = {"npm": "--include=dev", "yarn": "--production=false", "pnpm": "--prod=false"}
"""The option with which each package manager installs devDependencies despite NODE_ENV."""

_ABSENT_MODULE = r"Cannot find (?:module|package) '((?:@[\w.-]{1,99}/)?[\w.-]{1,99}+)[^'\s]{0,99}'"


class Nested(NamedTuple):
    """An installation in a folder: the script, its text, the place of the command and its tool."""

    script: str
    text: str
    folder: str
    end: int
    manager: str


@rule(
    "nested-install-without-dev",
    instead_of=("build-tool-not-installed", "build-script-error", "build-script-failed"),
    leads_to=PUSH_REJECTED,
    title="{package} is a devDependency of {file}, which the build does not install",
    cause="NODE_ENV is `production` in Heroku's build. The buildpack still installs the root's"
    " devDependencies, but `{command}` in the `{script}` script does not install those of"
    " {folder}.",
    fix="{advice:Add `--include=dev` to that `npm install`.}",
    docs=f"{SUPPORT}#package-installation",
)
def nested_install_without_dev(slug: Slug) -> Iterator[Evidence]:
    source = slug.plan.source
    package = _absent(slug) if failing_script(slug) else None
    env = slug.plan.config.values.get("NODE_ENV", "production")
    if not package or env != "production":
        return
    for nested in _nested(source):
        file = posixpath.join(nested.folder, "package.json")
        if package in _table(source, file, "devDependencies"):
            command = nested.text[: nested.end].rpartition("&&")[2].rpartition(";")[2].strip()
            names = {"package": package, "file": file, "folder": nested.folder}
            names |= {
                "script": nested.script,
                "command": command,
                "advice": _advice(source, nested),
            }
            seen = f"{package} is not installed"
            yield in_package(source, seen, "scripts", nested.script, **names)
            yield Evidence(f"{package} is here", file, _line(source, file, package))
            return


def _absent(slug: Slug) -> str | None:
    """Return the package that the failed script misses and that the root does not ask for."""
    command = absent_command(slug.output)
    matches = (re.search(_ABSENT_MODULE, line) for line in reversed(slug.output))
    module = next((match[1] for match in matches if match), None)
    package = command[1] if command else module
    return package if package and not wanted(slug.plan.source, package) else None


def _nested(source: Source) -> Iterator[Nested]:
    """Yield the installations in folders of the tree that leave devDependencies out."""
    for name, text in table(source, "scripts").items():
        folder, start = "", 0
        for part in re.split(r"(&&|\|\||;)", text):
            moved = re.match(r"\s*+\(?\s*+cd\s++([\w./-]+)", part)
            folder = posixpath.normpath(posixpath.join(folder, moved[1])) if moved else folder
            match = _INSTALLS.search(part)
            if match and not _COMPLETE.search(part):
                named = _FOLDER.search(part)
                inside = posixpath.normpath(posixpath.join(folder, named[1] if named else ""))
                if inside != "." and posixpath.join(inside, "package.json") in source.entries:
                    manager = next(group for group in match.groups() if group)
                    yield Nested(name, text, inside, start + match.end(), manager)
            start += len(part)


def _advice(source: Source, nested: Nested) -> edits.Advice:
    """Return the advice to add the option to each such installation in the script."""
    text = nested.text
    same = [x for x in _nested(source) if (x.script, x.folder) == (nested.script, nested.folder)]
    for one in reversed(same):
        text = f"{text[: one.end]} {_FLAG[one.manager]}{text[one.end :]}"
    return edits.script(nested.script, text)


def _table(source: Source, file: str, name: str) -> Mapping[str, object]:
    try:
        found = json.loads(source.whole(file) or "").get(name)
    except (ValueError, AttributeError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _line(source: Source, file: str, name: str) -> int | None:
    lines = (source.text(file) or "").splitlines()
    return next((n for n, line in enumerate(lines, 1) if f'"{name}"' in line), None)
