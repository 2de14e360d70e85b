"""Which package manager the Python buildpack chooses.

Source: https://github.com/heroku/heroku-buildpack-python/blob/main/lib/package_manager.sh
"""

from typing import Literal, TypeAlias, cast

from parity.facts.phrases import message
from parity.facts.python import PACKAGE_FILES
from parity.push import tree
from parity.records import Refusal, Source

Manager: TypeAlias = Literal["pip", "pipenv", "poetry", "uv"]


def choose(source: Source) -> Manager | Refusal:
    """The one manager whose file is in the root, or why there is not exactly one."""
    found = [name for name in PACKAGE_FILES if tree.file(source, name)]
    if tree.file(source, "Pipfile") and "Pipfile.lock" not in found:
        return Refusal(
            "package-manager::pipenv-missing-lockfile",
            message("Error: No 'Pipfile.lock' found!"),
            "Pipfile",
        )
    if len(found) == 1:
        return cast(Manager, PACKAGE_FILES[found[0]].lower())
    return _several(found) if found else _none(source)


def _several(found: list[str]) -> Refusal:
    named = [f"{name} ({PACKAGE_FILES[name]})" for name in found]
    headline = "Error: Multiple Python package manager files were found."
    return Refusal(
        "package-manager::multiple-found",
        message(headline, "", *named),
        found[0],
        subject=", ".join(found),
    )


def _none(source: Source) -> Refusal:
    if tree.file(source, "setup.py"):
        headline = "Error: Implicit setup.py file support has been sunset."
        return Refusal("package-manager::setup-py-only", message(headline), "setup.py")
    headline = "Error: Couldn't find any supported Python package manager files."
    return Refusal("package-manager::none-found", message(headline))
