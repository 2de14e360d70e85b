"""The symptoms of a command that ended, such as H10, and the places of their evidence."""

from collections.abc import Iterator

from parity.facts.buildpacks import PYTHON
from parity.records import Boot, edits
from parity.records.verdict import Evidence
from parity.rules.boot.boot import R10
from parity.rules.build.release import RELEASE_FAILED
from parity.rules.engine import rule
from parity.rules.phrases import CORS, routed
from parity.rules.push.plan import PUSH_REJECTED
from parity.rules.traffic.sessions import PAGE_SCRIPT_FAILS
from parity.rules.traffic.traffic import H12, H13, H18, HTTP_500
from parity.rules.views.python_source import line_of
from parity.rules.views.python_traceback import Crash
from parity.rules.views.suggestions import requires

H10_DOCS = "https://devcenter.heroku.com/articles/error-codes#h10-app-crashed"
PROCFILE = "https://devcenter.heroku.com/articles/procfile"


@rule(
    "H10",
    effect="fail",
    title="App crashed",
    cause="The web process ended{how:-}. Heroku starts it once more, then waits;"
    " until it stays up, every visitor sees `Application error`.",
    fix="Fix what ends the process; on Heroku `heroku logs --tail` shows its last output.",
    docs=H10_DOCS,
    heroku="H10",
    prints=(
        "heroku[web.1]: Process exited with status 1",
        "heroku[web.1]: State changed from starting to crashed",
        *routed("H10", "App crashed"),
    ),
    browser=CORS,
    laptop="The laptop has what the dyno lacks: packages that were once installed, variables of"
    " your shell, files that git does not know, another Python, a file system that ignores case.",
)
def H10(boot: Boot) -> Iterator[Evidence]:
    if boot.state == "crashed" and boot.process.name == "web":
        yield from _ended(boot)


@rule(
    "crashed",
    effect="fail",
    title="The process {process} crashes",
    cause="Its command ended{how:-}. Heroku starts it once more, then waits longer"
    " and longer between attempts.",
    fix="Fix what ends the process; on Heroku `heroku logs --tail` shows its last output.",
    docs="https://devcenter.heroku.com/articles/dyno-restarts",
    prints=(
        "heroku[worker.1]: Process exited with status 1",
        "heroku[worker.1]: State changed from up to crashed",
    ),
    laptop="As with H10: the dyno has only what is in git, in requirements.txt and in the config"
    " vars.",
)
def CRASHED(boot: Boot) -> Iterator[Evidence]:
    if boot.state == "crashed" and boot.process.name != "web":
        yield from _ended(boot)


def _ended(boot: Boot) -> Iterator[Evidence]:
    how = "" if boot.exit is None else f" with status {boot.exit}"
    names = {"how": how, "process": boot.process.name}
    seen = f"Process exited{how}" if how else "State changed to crashed"
    yield Evidence(seen, names=names)
    if boot.bound_first:
        yield Evidence("it had opened its port, and ended before the first answer")


ENDINGS = (
    H10,
    CRASHED,
    RELEASE_FAILED,
    PUSH_REJECTED,
    R10,
    HTTP_500,
    PAGE_SCRIPT_FAILS,
    H12,
    H13,
    H18,
)
"""The symptoms that a crash explains: in a dyno of any type, in the release phase, in
collectstatic, in a web process that never listens because it crashes, in a request."""


def at_command(crash: Crash, seen: str, **names: str) -> Evidence:
    """Return evidence at the Procfile's line, if the command comes from a Procfile."""
    values = {"command": crash.command, "type": crash.process.name, **names}
    line = crash.process.line or None
    return Evidence(seen, "Procfile" if line else None, line, names=values)


def at_place(crash: Crash, **names: str) -> Evidence | None:
    """Return evidence at the app's innermost frame of the last exception, or of one behind it."""
    chain = crash.chain
    place = next((raised.place for raised in chain if raised.place), None)
    if place is None:
        return None
    values = {
        "error": chain[0].told,
        "file": place.file,
        "line": str(place.line),
        "code": line_of(crash.source, place.file, place.line),
        "when": crash.when,
        **names,
    }
    return Evidence(chain[0].told, place.file, place.line, names=values)


def at_either(crash: Crash, seen: str, **names: str) -> Evidence:
    """Return evidence at the app's innermost frame, or else at the Procfile's line."""
    raised = crash.raised
    values = {"when": crash.when, "error": raised.told if raised else seen, **names}
    return at_place(crash, **values) or at_command(crash, seen, **values)


def procfile(crash: Crash, right: str) -> edits.Advice:
    """Return advice to write the command `right` in the Procfile."""
    return edits.command(crash.process.name, right)


_ADDING = {
    "pip": ("requirements.txt", "Add the line `{}` to requirements.txt."),
    "pipenv": ("Pipfile", "Type `pipenv install {}`, commit Pipfile and Pipfile.lock."),
    "poetry": ("pyproject.toml", "Type `poetry add {}`, commit pyproject.toml and poetry.lock."),
    "uv": ("pyproject.toml", "Type `uv add {}`, commit pyproject.toml and uv.lock."),
}


def adding(crash: Crash, package: str) -> tuple[str, str]:
    """Return the file in which the app's package manager lists a package, and how to add it."""
    python = crash.plan.runtime(PYTHON)
    file, advice = _ADDING[python.manager if python else "pip"]
    name = package.partition("<")[0]
    if file == "requirements.txt" and name != package and requires(crash.source, name):
        return file, f"In requirements.txt write `{package}` instead of `{name}`."
    typed = f"'{package}'" if name != package and file != "requirements.txt" else package
    return file, advice.format(typed)
