"""Failed builds of Node.js apps: the package manager's error, and the line that it is about.

Ids are the buildpack's own failure names where it has one:
https://github.com/heroku/heroku-buildpack-nodejs lib/failures.sh (observed).
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from parity.facts.nodejs import TROUBLE
from parity.records import Slug
from parity.records.verdict import Evidence
from parity.rules.engine import rule
from parity.rules.push.plan import PUSH_REJECTED
from parity.rules.shell import word
from parity.rules.views.facts import UnknownPackage, UnknownVersion
from parity.rules.views.node_source import in_package, lock_file, wanted


class FailurePage(NamedTuple):
    """A failure and its manual page; `pattern` matches its line, and a group of it the package."""

    reason: str
    pattern: str
    title: str
    cause: str
    fix: str


PAGES = (
    FailurePage(
        "npm-ebadplatform",
        r"Unsupported platform for ([^:\s]+?)(?:@[\d^~*][^:\s]*)?:",
        "{package} does not exist for Linux, on which Heroku runs",
        "npm refuses a dependency that is made for another system: {error}",
        "Remove {package} from dependencies: `npm uninstall {package}`. If a Mac needs it, it"
        ' belongs under "optionalDependencies" (`npm install --save-optional {package}`), which'
        " npm may skip. Commit package.json and {lock}, push again.",
    ),
    FailurePage(
        "npm-package-name-typo",
        r"Invalid package name \"?([^\"\s]+)\"?",
        "{package} is not a valid package name",
        "npm cannot read the entry: {error}",
        "Correct the name in package.json, commit, push again.",
    ),
    FailurePage(
        "npm-allow-remote-blocked",
        r"Refusing to fetch \"?((?:@[\w.-]+/)?[\w.-]+)@",
        "npm refuses {package}: it is requested by URL",
        "npm 12 and newer install a dependency from a URL (a tarball) only if the app allows"
        " it: {error}",
        "Request {package} by version in package.json, if the registry has it; or commit an"
        " .npmrc with the line `allow-remote=root` (`all` also covers dependencies of"
        ' dependencies); or stay on npm 11: `"engines": {{"npm": "11.x"}}` in package.json.',
    ),
    FailurePage(
        "npm-allow-git-blocked",
        r"Refusing to fetch \"?((?:@[\w.-]+/)?[\w.-]+)@",
        "npm refuses {package}: it comes from a git repository",
        "npm 12 and newer install a dependency from git only if the app allows it: {error}",
        "Request {package} by version in package.json, if the registry has it; or commit an"
        " .npmrc with the line `allow-git=root` (`all` also covers dependencies of"
        ' dependencies); or stay on npm 11: `"engines": {{"npm": "11.x"}}` in package.json.',
    ),
    FailurePage(
        "npm-peer-dependency-conflict",
        r"peer (?:\S+ )?((?:@[\w.-]+/)?[\w.-]+)@\"[^\"]*\" from",
        "The dependencies contradict each other over {package}",
        "A package requires another version of {package} than the one there is: {error}",
        "Choose versions that fit (`npm explain {package}` shows what requires it), or commit an"
        " .npmrc with the line `legacy-peer-deps=true`, as a local `--legacy-peer-deps` did.",
    ),
    FailurePage(
        "npm-lockfile-out-of-sync",
        r"(?:Missing: |lock file's )((?:@[\w.-]+/)?[\w.-]+)@",
        "{lock} does not match package.json",
        "Heroku installs exactly what the lock file says (`npm ci`), and refuses if package.json"
        " requires something else: {error}",
        "Type `npm install`, commit package-lock.json, push again.",
    ),
    FailurePage(
        "pnpm-lockfile-out-of-sync",
        r"\* \d+ dependencies were (?:added|removed|mismatched): ([^@\s]+)",
        "pnpm-lock.yaml does not match package.json",
        "Heroku installs exactly what the lock file says (`--frozen-lockfile`): {error}",
        "Type `pnpm install`, commit pnpm-lock.yaml, push again.",
    ),
    FailurePage(
        "yarn-lockfile-out-of-sync",
        r"YN0028.*\+\s+\"?((?:@[\w.-]+/)?[\w.-]+)@",
        "yarn.lock does not match package.json",
        "Heroku installs exactly what the lock file says (`--immutable`): {error}",
        "Type `yarn install`, commit yarn.lock, push again.",
    ),
    FailurePage(
        "outdated-yarn-lockfile",
        r"(\b)Your lockfile needs to be updated",
        "yarn.lock does not match package.json",
        "Heroku installs exactly what the lock file says (`--frozen-lockfile`): {error}",
        "Type `yarn install`, commit yarn.lock, push again.",
    ),
    FailurePage(
        "private-git-dependency-without-auth",
        r"(?:ls-remote|clone)\s(?:.*[^\w.-])?([\w.-]+?)(?:\.git)?\s*$"
        r"|(\b)(?:Host key verification failed"
        r"|could not read Username|Authentication failed for)",
        "A dependency comes from a private git repository",
        "Heroku has none of your keys: {error}",
        "Publish the package to a registry, or use an https address with a token from a config"
        " var; a public repository needs `git+https://…` instead of `git+ssh://…`.",
    ),
    FailurePage(
        "openssl-unsupported-algorithm",
        r"(\b)ERR_OSSL_EVP_UNSUPPORTED",
        "An old bundler uses a hash that this Node.js no longer supports",
        "webpack 4 and other bundlers of its time use MD4, which OpenSSL 3 (Node.js 17 and newer)"
        " refuses: {error}",
        "Update the bundler (webpack 5), or type `heroku config:set"
        " NODE_OPTIONS=--openssl-legacy-provider`.",
    ),
    FailurePage(
        "node-out-of-memory",
        r"(\b)(?:JavaScript heap out of memory|Allocation failed)",
        "The build needs more memory than Heroku's build dyno gives it",
        "Node.js may use 2560 MB there: {error}",
        "Make the build smaller (no source maps: GENERATE_SOURCEMAP=false), or build elsewhere and"
        " push the result.",
    ),
    FailurePage(
        "dependency-failed-to-build",
        r"path \S*/node_modules/((?:@[\w.-]+/)?[\w.-]+)|Failed at the ((?:@[\w.-]+/)?[\w.-]+)@"
        r"|error \S*/node_modules/((?:@[\w.-]+/)?[\w.-]+): Command failed",
        "{package} could not be compiled",
        "Its install script failed: {error}",
        "Use a newer version of {package}, which often has a compiled file for this Node.js, or"
        " request the Node.js that it supports in engines.node.",
    ),
)


def _failing(slug: Slug, reason: str) -> Slug | None:
    return slug if slug.refusal and slug.refusal.reason == reason else None


def _register(page: FailurePage) -> None:
    @rule(
        page.reason,
        leads_to=PUSH_REJECTED,
        title=page.title,
        cause=page.cause,
        fix=page.fix,
        docs=TROUBLE,
        heroku=page.reason,
    )
    def check(slug: Slug) -> Iterator[Evidence]:
        if _failing(slug, page.reason) or (page.reason == PRIVATE and _refused(slug)):
            yield _evidence(slug, page.pattern)


PRIVATE = "private-git-dependency-without-auth"


def _refused(slug: Slug) -> bool:
    """Return whether a repository asked for a password over https, for which Heroku has no name."""
    installing = slug.refusal is not None and slug.refusal.reason.endswith("-install-failed")
    return installing and any("fatal: Authentication failed for" in line for line in slug.output)


def _evidence(slug: Slug, pattern: str) -> Evidence:
    """Return the error as evidence at the line of package.json that requires the package."""
    source = slug.plan.source
    package, error = "", _error(slug)
    for line in slug.output:
        match = re.search(pattern, line)
        if match:
            package = next((group for group in match.groups() if group), "").replace("%2f", "/")
            error = re.sub(r"^npm (?:error|ERR!)\s*(?:\w+ )??", "", line.strip())
            break
    names = {"package": package or "a package", "error": error, "lock": lock_file(source)}
    where = wanted(source, package)
    return in_package(source, error, *((where, package) if where else ()), **names)


_NOT_THERE = (
    r"404\s+(?:Not Found - GET \S*/|'?)((?:@[\w.-]+(?:/|%2[fF]))?[\w.-]+)(?:'|@|\s|$)"
    r"|registry\.\S+/([^\s/]+): Not found|ERR_PNPM_FETCH_404\S*\s+GET \S*/([^\s/]+):"
)
_NO_VERSION = (
    r"No matching version found for ((?:@[\w.-]+/)?[\w.-]+)@"
    r"|any versions for \"([^\"]+)\"|ERR_PNPM_NO_MATCHING_VERSION\S*\s+No matching version"
    r" found for ((?:@[\w.-]+/)?[\w.-]+)"
)


def unknown(slug: Slug) -> UnknownPackage | None:
    """Return the package that npm's registry does not have, if that is why the build failed."""
    if not _failing(slug, "module-404"):
        return None
    evidence = _evidence(slug, _NOT_THERE)
    package, error = evidence.names["package"], evidence.names["error"]
    advice = (
        f"Correct the name in package.json (`npm view {word(package)}` looks it up). For a private"
        " package, commit an .npmrc with `//registry.npmjs.org/:_authToken=${NPM_TOKEN}` and"
        " type `heroku config:set NPM_TOKEN=…`."
    )
    why = f"It is misspelled, withdrawn, or private: {error}"
    entry = f"package {package}" if package != "a package" else "such package"
    return UnknownPackage("module-404", TROUBLE, "registry", entry, why, advice, evidence)


def unknown_version(slug: Slug) -> UnknownVersion | None:
    """Return the version that npm's registry does not have, if that is why the build failed."""
    if not _failing(slug, "bad-version-for-dependency"):
        return None
    evidence = _evidence(slug, _NO_VERSION)
    package, error = evidence.names["package"], evidence.names["error"]
    why = (
        "package.json or one of the dependencies requires a version that was never published, or"
        f" was withdrawn: {error}"
    )
    advice = (
        f"Use one that exists: `npm view {word(package)} versions` lists them. Commit"
        f" package.json and {evidence.names['lock']}, push again."
    )
    entry = f"such version of {package}"
    return UnknownVersion("bad-version-for-dependency", TROUBLE, entry, why, advice, evidence)


def _error(slug: Slug) -> str:
    """Return the output line that says most about the failure."""
    patterns = (
        r"npm (?:error|ERR!) (?!code|path|errno|syscall)\S",
        r"npm (?:error|ERR!) code \S",
        r"(?i)^(?!\s*+\w+=)[^\n]*?\berror\b",
        r"\S",
    )
    for pattern in patterns:
        line = next((x.strip() for x in slug.output if re.search(pattern, x)), None)
        if line:
            return line
    return "no output"


for _page in PAGES:
    _register(_page)


@rule(
    "node-install-failed",
    leads_to=PUSH_REJECTED,
    title="The package manager cannot install what package.json lists",
    cause="It ends with: {error}",
    fix="Correct what it names; `npm ci` in a fresh clone (or `yarn`, `pnpm` with a frozen lock"
    " file) fails in the same way.",
    docs=TROUBLE,
    fallback=True,
)
def node_install_failed(slug: Slug) -> Iterator[Evidence]:
    reason = slug.refusal.reason if slug.refusal else ""
    known = (
        "npm-enoent",
        "npm-strict-allow-scripts",
        "libc6-incompatibility",
        "missing-yarn-vendor",
    )
    if reason.endswith("-install-failed") or reason in known:
        yield in_package(slug.plan.source, _error(slug), error=_error(slug))
