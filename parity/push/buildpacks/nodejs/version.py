"""`engines.node` and the release it resolves to.

https://devcenter.heroku.com/articles/nodejs-support#specifying-a-node-js-version (documented).
"""

from collections.abc import Iterator

from parity.facts.buildpacks import NODE
from parity.facts.nodejs import Inventory, Version, inventory
from parity.facts.phrases import message
from parity.push.buildpacks.nodejs import semver
from parity.push.buildpacks.nodejs.package import Package
from parity.records import Config, Refusal, Runtime

NEWER_MINORS = 6
"""Minor versions above the newest known that may have been released since (ours)."""


def resolve(package: Package, config: Config) -> Runtime | Refusal:
    """Return the Node.js that Heroku installs, with its warnings, but not the package manager."""
    known = inventory()
    requested = package.table("engines").get("node")
    if requested is None or not requested.strip():
        newest = _newest(semver.parse(f"{known.lts}.x") or (), known)
        return _runtime(None, _text(newest))
    wanted = semver.parse("*" if requested.strip() == "latest" else requested)
    if wanted is None:
        return _refused(
            "invalid-semver-requirement", "Invalid Node.js version requirement.", requested
        )
    release = _newest(wanted, known)
    if release is None and not _may_exist(wanted, known):
        headline = "No published Node.js version matches the requested range."
        return _refused("invalid-node-version", headline, requested)
    if release is None:
        return _runtime(requested, _text(wanted[0].low), certain=False)
    wide = semver.unbounded(wanted)
    capped = _capped(wanted, known) if wide and not _opted_out(config) else None
    exact = capped if capped and capped < release else release
    warnings = tuple(_warnings(requested, exact, wide=wide, capped=exact != release))
    return _runtime(requested, _text(exact), warnings)


def _runtime(
    requested: str | None, version: str, warnings: tuple[Refusal, ...] = (), *, certain: bool = True
) -> Runtime:
    origin = "engines.node" if requested else "default"
    return Runtime(NODE, "npm", requested, origin, version, warnings, certain)


def _opted_out(config: Config) -> bool:
    return config.values.get("NODEJS_ALLOW_WIDE_RANGE") == "true"


def _capped(wanted: semver.Range, known: Inventory) -> Version | None:
    """Return the newest release in the range that is not newer than the active LTS."""
    return _newest(wanted, known, below=known.lts + 1)


def _newest(wanted: semver.Range, known: Inventory, below: int = semver.HIGHEST) -> Version | None:
    """Return the newest known release in the range."""
    return next((v for v in _releases(known) if v[0] < below and semver.admits(wanted, v)), None)


def _releases(known: Inventory) -> Iterator[Version]:
    """Yield every release, newest first."""
    for major in sorted(known.newest, reverse=True):
        for minor in sorted(known.newest[major], reverse=True):
            for patch in range(known.newest[major][minor], -1, -1):
                yield major, minor, patch


def _may_exist(wanted: semver.Range, known: Inventory) -> bool:
    """Return whether the range may match a release newer than parity's list."""
    for low, _ in wanted:
        if low[0] == known.newest_major + 1:
            return True
        minors = known.newest.get(low[0], {})
        newest = max(minors, default=0)
        if minors and low[0] not in known.eol and newest <= low[1] <= newest + NEWER_MINORS:
            return True
    return False


def _text(version: Version | None) -> str:
    return ".".join(map(str, version)) if version else ""


def _refused(reason: str, headline: str, requested: str) -> Refusal:
    return Refusal(reason, message(f"Error: {headline}"), "package.json", None, requested)


def _warnings(requested: str, exact: Version, *, wide: bool, capped: bool) -> Iterator[Refusal]:
    text = _text(exact)
    if wide:
        lines = message(
            f"The requested Node.js version is using a wide range ({requested}) that can resolve to"
            " a Node.js major version"
        )
        yield Refusal("wide-range", lines, "package.json", None, requested)
    if capped:
        lines = message(
            f"The resolved Node.js version has been limited to the Active LTS ({text}) for the"
            f" requested range of `{requested}`."
        )
        yield Refusal("lts-upper-bound", lines, "package.json", None, text)
    if exact[0] in inventory().eol:
        lines = message(f"Node.js {text} is now End-of-Life (EOL).")
        yield Refusal("eol", lines, "package.json", None, text)
