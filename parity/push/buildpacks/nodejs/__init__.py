"""The classic Node.js buildpack.

Source: https://github.com/heroku/heroku-buildpack-nodejs.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from parity.facts.nodejs import DEFAULT_WEB
from parity.facts.procfile import ROUTED
from parity.push.buildpacks.language import Language
from parity.push.buildpacks.nodejs.decision import decide
from parity.records import Source

if TYPE_CHECKING:
    from parity.push.buildpacks.context import Job
    from parity.records import Slug
    from parity.records.machine import Check


def _compile(job: "Job") -> "Slug":
    from parity.push.buildpacks.nodejs.compile import compile_app

    return compile_app(job)


def _exports(job: "Job") -> Mapping[str, str]:
    from parity.push.buildpacks.nodejs.profile import exports

    return exports(job)


def _checks() -> "Iterator[Check]":
    from parity.push.buildpacks.nodejs.checks import node

    yield node()


def _default_types(_source: Source) -> Mapping[str, str]:
    return {ROUTED: DEFAULT_WEB}


LANGUAGE = Language(
    decide,
    _compile,
    exports=_exports,
    default_types=_default_types,
    checks=_checks,
    package_folders=("node_modules",),
    downloads=("npm", "pnpm", "yarn"),
)
