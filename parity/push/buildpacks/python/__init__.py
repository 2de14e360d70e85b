"""The classic Python buildpack.

Source: https://github.com/heroku/heroku-buildpack-python.
"""

from typing import TYPE_CHECKING

from parity.facts.phrases import message
from parity.facts.python import PRE_COMPILE, UNDETECTED
from parity.push.buildpacks.language import Language
from parity.push.buildpacks.python.decision import decide
from parity.records import Refusal

if TYPE_CHECKING:
    from parity.push.buildpacks.context import Job
    from parity.records import Slug


def _compile(job: "Job") -> "Slug":
    from parity.push.buildpacks.python.compile import compile_app

    return compile_app(job)


LANGUAGE = Language(
    decide,
    _compile,
    decides_after=PRE_COMPILE,
    undetected=message(*UNDETECTED),
    once=Refusal(
        "checks::duplicate-python-buildpack",
        message("Error: The Python buildpack has already been run this build."),
    ),
)
