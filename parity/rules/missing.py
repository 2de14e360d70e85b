"""Which module was not found, and whether the tree or the disk has it after all."""

import re

from parity.rules.code import file_of
from parity.rules.log import Crash


def absent_module(found: Crash) -> str | None:
    """The module that Python or the server did not find, as a dotted name."""
    raised = found.raised
    if raised and raised.kind == "ModuleNotFoundError":
        match = re.search(r"No module named '([^']+)'", raised.message)
        return match[1] if match else None
    match = found.saying(r"""(?:Could not import module "|No module named ['"]?)([\w.]+)""")
    return match[1] if match and not raised else None


def is_not_a_package(found: Crash) -> bool:
    """Whether Python said that a module was taken for a package."""
    return found.saying(r"; '[\w.]+' is not a package") is not None


def within(module: str, named: str) -> bool:
    """Whether `module` is `named`, or a package around it."""
    return named == module or named.startswith(f"{module}.")


def kept(found: Crash, module: str) -> str | None:
    """The path on disk, untracked or ignored, that would be the module."""
    base = module.replace(".", "/")
    top = base.partition("/")[0]
    options = (
        f"{base}.py",
        f"{base}/__init__.py",
        f"{base}/",
        f"{top}.py",
        f"{top}/",
        f"{top}/__init__.py",
    )
    return next((path for path in options if path in found.source.absent), None)


def in_other_case(found: Crash, module: str) -> str | None:
    """The tree's file that only its letters' case keeps from being the module."""
    base = module.replace(".", "/")
    wanted = {f"{base}.py".lower(), f"{base}/__init__.py".lower()}
    match = next((p for p in found.source.entries if p.lower() in wanted), None)
    return match if match and file_of(found.source, module) is None else None
