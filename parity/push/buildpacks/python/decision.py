"""The Python buildpack's decisions before it installs anything, and its lines about them.

Source: https://github.com/heroku/heroku-buildpack-python (bin/detect, bin/compile,
lib/package_manager.sh).
"""

from fnmatch import fnmatchcase

from parity.facts.buildpacks import PYTHON
from parity.facts.phrases import message
from parity.facts.python import PACKAGE_FILES, REFUSED_ENVIRONMENTS, versions
from parity.facts.stacks import END_OF_LIFE, SUPPORTED
from parity.push import tree
from parity.push.buildpacks.language import Decision
from parity.push.buildpacks.python import version
from parity.records import Config, Refusal, Runtime, Source


def decide(source: Source, _config: Config, stack: str) -> Decision:
    """Return the buildpack's decision before it installs anything, with its lines."""
    python, refusal = chosen(source, stack, _last_series(source))
    return Decision(python, _lines(python) if python else (), refusal)


def chosen(
    source: Source, stack: str, last_series: str | None = None
) -> tuple[Runtime | None, Refusal | None]:
    """Return the runtime and the refusal, following the buildpack's order of checks.

    The runtime is there as soon as a version is known, even if that is then refused. `last_series`
    is the `major.minor` of the last build, which counts if no version is requested.
    """
    refusal = _stack(stack) or _existing(source, ".heroku/python", "checks::existing-python-dir")
    if refusal:
        return None, refusal
    manager = _manager(source)
    if isinstance(manager, Refusal):
        return None, manager
    refusal = _environment(source)
    if refusal:
        return None, refusal
    request = version.requested(source, manager, last_series)
    if isinstance(request, Refusal):
        return None, request
    exact = version.resolve(request)
    requested = None if request.origin in version.UNASKED else request.version
    python = Runtime(PYTHON, manager, requested, request.origin, request.version)
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
    for name in REFUSED_ENVIRONMENTS:
        if tree.exists(source, f"{name}/pyvenv.cfg"):
            refusal = _existing(source, name, "checks::existing-venv-dir")
            return refusal and refusal._replace(file=f"{name}/pyvenv.cfg")
    return None


def _manager(source: Source) -> str | Refusal:
    """Return the package manager whose file is in the root, or a refusal if none or several."""
    files = [name for name in PACKAGE_FILES if tree.file(source, name)]
    if tree.file(source, "Pipfile") and "Pipfile.lock" not in files:
        return Refusal(
            "package-manager::pipenv-missing-lockfile",
            message("Error: No 'Pipfile.lock' found!"),
            "Pipfile",
        )
    if len(files) == 1:
        return PACKAGE_FILES[files[0]].lower()
    return _several(files) if files else _none(source)


def _several(files: list[str]) -> Refusal:
    named = [f"{name} ({PACKAGE_FILES[name]})" for name in files]
    headline = "Error: Multiple Python package manager files were found."
    return Refusal(
        "package-manager::multiple-found",
        message(headline, "", *named),
        files[0],
        subject=", ".join(files),
    )


def _none(source: Source) -> Refusal:
    if tree.file(source, "setup.py"):
        headline = "Error: Implicit setup.py file support has been sunset."
        return Refusal("package-manager::setup-py-only", message(headline), "setup.py")
    headline = "Error: Couldn't find any supported Python package manager files."
    return Refusal("package-manager::none-found", message(headline))


def _last_series(source: Source) -> str | None:
    """Return the `major.minor` of the last build, which the app keeps if it requests none."""
    if not source.remote:
        return None
    from parity.push.buildpacks.python import previous_build

    return previous_build.series(source)


def _lines(runtime: Runtime) -> tuple[str, ...]:
    """Return the lines up to the version, with the warnings."""
    warnings = (("", *w.lines, "") for w in runtime.warnings)
    return (_using(runtime), *(line for block in warnings for line in block))


def _using(runtime: Runtime) -> str:
    if runtime.requested:
        return f"-----> Using Python {runtime.requested} specified in {runtime.origin}"
    if runtime.origin == "cached":
        series = ".".join(runtime.version.split(".")[:2])
        return (
            "-----> No Python version was specified."
            f" Using the same major version as the last build: Python {series}"
        )
    return (
        "-----> No Python version was specified."
        f" Using the buildpack default: Python {versions().default}"
    )
