"""The Node.js buildpack's decisions before it installs anything.

Source: https://github.com/heroku/heroku-buildpack-nodejs (bin/detect, bin/compile).
"""

from collections.abc import Iterator

from parity.facts.buildpacks import NODE
from parity.facts.nodejs import LOCK_FILES, inventory
from parity.facts.phrases import message
from parity.push import tree
from parity.push.buildpacks.language import Decision
from parity.push.buildpacks.nodejs import messages, version
from parity.push.buildpacks.nodejs.package import BERRY, Package, berry, read
from parity.records import Config, Refusal, Runtime, Source

_IN_THE_WAY = {".heroku": "dot-heroku", ".heroku/node": "dot-heroku-node"}


def decide(source: Source, config: Config, _stack: str) -> Decision:
    """Return the buildpack's decision before it installs anything, with its lines."""
    node, refusal = chosen(source, config)
    said = messages.opening(source, config, node, refusal)
    unsupported = None
    if node and not refusal and not node.certain:
        date = inventory().date
        unsupported = (
            f"parity knows the Node.js releases of {date}, none of which is {node.version}"
        )
    return Decision(node, said, refusal, unsupported, lead=())


def chosen(source: Source, config: Config) -> tuple[Runtime | None, Refusal | None]:
    """Return the runtime and the refusal, following the buildpack's order of checks.

    The runtime is there as soon as a version was looked up, even if that is then refused.
    """
    for path, reason in _IN_THE_WAY.items():
        if tree.file(source, path):
            headline = f"Error: The directory {path} could not be created."
            return None, Refusal(reason, message(headline), path, subject=path)
    package = read(source)
    if package is None:
        headline = "Error: Unable to parse your package.json."
        return None, Refusal("invalid-package-json", message(headline), "package.json")
    refusal = _locks(source) or _managers(package) or _iojs(package)
    if refusal:
        return None, refusal
    runtime = version.resolve(package, config)
    manager, edition = manager_of(source, package)
    if isinstance(runtime, Refusal):
        requested = package.table("engines").get("node")
        return Runtime(NODE, manager, requested, "engines.node", "", edition=edition), runtime
    return runtime._replace(manager=manager, edition=edition), None


def manager_of(source: Source, package: Package) -> tuple[str, str]:
    """Return the package manager and its edition."""
    if tree.file(source, "yarn.lock"):
        return "yarn", BERRY if _berry(source, package) else ""
    return ("pnpm", "") if tree.file(source, "pnpm-lock.yaml") else ("npm", "")


def _berry(source: Source, package: Package) -> bool:
    wanted = package.tool.removeprefix("yarn@") if package.tool.startswith("yarn@") else ""
    requested = wanted or package.table("engines").get("yarn", "")
    return berry(requested) or tree.file(source, ".yarnrc.yml") is not None


def _locks(source: Source) -> Refusal | None:
    """Return the refusal for several lock files, or for npm's old one beside a newer one."""
    managers = [name for name, file in LOCK_FILES.items() if tree.file(source, file)]
    if len(managers) > 1:
        file = LOCK_FILES[managers[-1]]
        lines = message("Error: Multiple lockfiles found.")
        return Refusal("multiple-lock-files", lines, file, subject=",".join(managers))
    if managers and tree.file(source, "npm-shrinkwrap.json"):
        lines = message("Error: Multiple lockfiles conflicting with npm-shrinkwrap.json.")
        subject = LOCK_FILES[managers[0]]
        return Refusal("shrinkwrap-lock-file-conflict", lines, "npm-shrinkwrap.json", None, subject)
    return None


def _managers(package: Package) -> Refusal | None:
    """Return the refusal for several package managers in package.json."""
    named = list(_named(package))
    if len({manager for manager, _ in named}) < 2:
        return None
    subject = ", ".join(field for _, field in named)
    lines = message("Error: Multiple package managers declared in package.json.")
    return Refusal("multiple-package-managers", lines, "package.json", None, subject)


def _named(package: Package) -> Iterator[tuple[str, str]]:
    engines = package.table("engines")
    yield from ((name, f"engines.{name}") for name in ("npm", "yarn", "pnpm") if name in engines)
    for name in ("yarn", "pnpm"):
        if package.tool.startswith(name):
            yield name, "packageManager"


def _iojs(package: Package) -> Refusal | None:
    if "iojs" not in package.table("engines"):
        return None
    lines = message("Error: io.js no longer supported.")
    return Refusal("iojs-unsupported", lines, "package.json", None, "engines.iojs")
