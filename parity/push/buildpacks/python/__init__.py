"""The classic Python buildpack.

Source: https://github.com/heroku/heroku-buildpack-python.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from parity.facts.phrases import message
from parity.facts.python import PRE_COMPILE, UNDETECTED
from parity.facts.slug import PYTHON as SIZE
from parity.push.buildpacks.language import Language
from parity.push.buildpacks.python.decision import decide
from parity.records import Part, Refusal

if TYPE_CHECKING:
    from parity.push.buildpacks.context import Job
    from parity.records import Slug
    from parity.records.machine import Check


def _compile(job: "Job") -> "Slug":
    from parity.push.buildpacks.python.compile import compile_app

    return compile_app(job)


def _checks() -> "Iterator[Check]":
    from parity.push.buildpacks.python.checks import pythons

    return pythons()


def _network_checks() -> "Iterator[Check]":
    from parity.push.buildpacks.python.checks import index

    yield index()


def _suggested_version() -> str:
    from parity.push.buildpacks.python.interpreters import newest_series

    return newest_series()


LANGUAGE = Language(
    decide,
    _compile,
    decides_after=PRE_COMPILE,
    undetected=message(*UNDETECTED),
    once=Refusal(
        "checks::duplicate-python-buildpack",
        message("Error: The Python buildpack has already been run this build."),
    ),
    checks=_checks,
    network_checks=_network_checks,
    suggested_version=_suggested_version,
    package_folders=("site-packages",),
    downloads=("pip", "poetry", "uv"),
    beside=(Part("Python itself", int(SIZE.value * 1024 * 1024)),),
)
