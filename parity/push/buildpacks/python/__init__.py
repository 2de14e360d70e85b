"""The classic Python buildpack: here is what it decides before it installs anything.

Source: https://github.com/heroku/heroku-buildpack-python (bin/detect, bin/compile).
"""

from fnmatch import fnmatchcase

from parity.facts.buildpacks import PYTHON
from parity.facts.phrases import message
from parity.facts.python import DETECTED_BY, DETECTED_BY_FOLDERS
from parity.facts.stacks import END_OF_LIFE, SUPPORTED
from parity.push import tree
from parity.push.buildpacks.python import version
from parity.push.buildpacks.python.manager import choose
from parity.records import Config, Refusal, Runtime, Source

TWICE = Refusal(
    "checks::duplicate-python-buildpack",
    message("Error: The Python buildpack has already been run this build."),
)
"""The second of two Python buildpacks finds what the first installed."""


def matches(source: Source) -> bool:
    """Whether the buildpack takes the app."""
    return any(tree.exists(source, name) for name in DETECTED_BY) or any(
        tree.folder(source, name) for name in DETECTED_BY_FOLDERS
    )


def decide(
    source: Source, _config: Config, stack: str, kept: str | None = None
) -> tuple[Runtime | None, Refusal | None]:
    """The buildpack's decisions in its order, up to the first that refuses the app.

    The Python is there as soon as a version was requested, though it may then be refused. `kept` is
    the `major.minor` of the last build, which stays where none is asked for.
    """
    refusal = _stack(stack) or _existing(source, ".heroku/python", "checks::existing-python-dir")
    if refusal:
        return None, refusal
    manager = choose(source)
    if isinstance(manager, Refusal):
        return None, manager
    refusal = _environment(source)
    if refusal:
        return None, refusal
    request = version.requested(source, manager, kept)
    if isinstance(request, Refusal):
        return None, request
    exact = version.resolve(request)
    asked = None if request.origin in version.UNASKED else request.version
    python = Runtime(PYTHON, manager, asked, request.origin, request.version)
    if isinstance(exact, Refusal):
        return python, exact
    refusal = version.unfit(request, manager)
    series, _, patch = exact.rpartition(".")
    python = python._replace(
        version=exact,
        warnings=() if refusal else version.warnings(request, exact),
        certain=int(patch) <= version.newest_patch(series),
    )
    return python, refusal


def _stack(stack: str) -> Refusal | None:
    if stack in SUPPORTED:
        return None
    if stack in END_OF_LIFE or fnmatchcase(stack, "cedar*"):
        headline = f"Error: The '{stack}' stack is no longer supported."
        return Refusal("checks::stack::eol", message(headline), subject=stack)
    headline = f"Error: The '{stack}' stack isn't recognised."
    return Refusal("checks::stack::unknown", message(headline), subject=stack)


def _existing(source: Source, path: str, reason: str) -> Refusal | None:
    if not tree.exists(source, path):
        return None
    headline = f"Error: Existing '{path}/' directory found."
    return Refusal(reason, message(headline), path, subject=path)


def _environment(source: Source) -> Refusal | None:
    for name in (".venv", "venv"):
        if tree.exists(source, f"{name}/pyvenv.cfg"):
            refusal = _existing(source, name, "checks::existing-venv-dir")
            return refusal and refusal._replace(file=f"{name}/pyvenv.cfg")
    return None
