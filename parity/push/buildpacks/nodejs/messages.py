"""The Node.js buildpack's output before it installs anything (observed in public logs)."""

from collections.abc import Iterator

from parity.facts.nodejs import DEFAULT_ENV
from parity.facts.phrases import INDENT
from parity.push.buildpacks.nodejs.package import Package, read
from parity.records import Config, Refusal, Runtime, Source

BLANK = INDENT
_LISTED = ("NPM_CONFIG_", "YARN_", "USE_NPM_", "USE_YARN_", "NODE_")
_WIDTH = 31


def opening(
    source: Source, config: Config, node: Runtime | None, refusal: Refusal | None
) -> tuple[str, ...]:
    """Return the lines up to the release of Node.js, or up to the refusal."""
    if node is None:
        return (BLANK, "-----> Build failed")
    lines = [BLANK, "-----> Creating runtime environment", BLANK]
    lines += [f"{INDENT}{name}={value}" for name, value in _environment(config, node)]
    lines += [BLANK, "-----> Installing binaries"]
    lines += [f"{INDENT}{line}" for line in _engines(node, read(source) or Package({}))]
    lines += [BLANK, f"{INDENT}{_resolving(node)}"]
    if refusal:
        return (*lines, BLANK, "-----> Build failed")
    for warning in node.warnings:
        lines += [*warning.lines, BLANK]
    return (*lines, f"{INDENT}Downloading and installing node {node.version}...")


def _environment(config: Config, node: Runtime) -> Iterator[tuple[str, str]]:
    """Yield the variables that the buildpack lists."""
    defaults = {**DEFAULT_ENV, **({"USE_YARN_CACHE": "true"} if node.manager == "yarn" else {})}
    shown = {k: v for k, v in config.values.items() if k.startswith(_LISTED)}
    yield from {**defaults, **shown}.items()


def _engines(node: Runtime, package: Package) -> Iterator[str]:
    requested = package.table("engines")
    yield f"{'engines.node (package.json):':<{_WIDTH}}{requested.get('node', 'unspecified')}"
    for name in ("npm", *((node.manager,) if node.manager != "npm" else ())):
        label = f"engines.{name} (package.json):"
        yield f"{label:<{_WIDTH}}{requested.get(name, 'unspecified (use default)')}"


def _resolving(node: Runtime) -> str:
    if node.requested is None:
        return "No Node.js version specified, resolving current LTS version..."
    return f"Resolving node version {node.requested}..."
