"""The Node.js buildpack's refusals before it installs anything, and its warnings.

Ids are its own failure names: https://github.com/heroku/heroku-buildpack-nodejs lib/failures.sh.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from parity.facts.buildpacks import NODE
from parity.facts.nodejs import LOCK_FILES, SPECIFYING, SUPPORT, TROUBLE, inventory, number
from parity.records import Plan, Slug, Source
from parity.records.verdict import Evidence
from parity.rules.engine import rule
from parity.rules.push.plan import PUSH_REJECTED, headline, source_of
from parity.rules.views.node_source import in_package, is_node, line_in_package, table


class RefusalPage(NamedTuple):
    """A refusal and its manual page; `keys` lead to the line of package.json that causes it."""

    reason: str
    title: str
    cause: str
    fix: str
    docs: str
    keys: tuple[str, ...] = ()


PAGES = (
    RefusalPage(
        "dot-heroku",
        "There is a file called .heroku",
        "The buildpack needs a folder of that name, for Node.js itself.",
        "Type `git rm --cached .heroku`, add it to .gitignore, commit, push again.",
        SUPPORT,
    ),
    RefusalPage(
        "dot-heroku-node",
        "There is a file called .heroku/node",
        "The buildpack needs a folder of that name, for Node.js itself.",
        "Type `git rm --cached .heroku/node`, add `.heroku/` to .gitignore, commit, push again.",
        SUPPORT,
    ),
    RefusalPage(
        "invalid-package-json",
        "package.json is not valid JSON",
        "Heroku cannot read it: {error}.",
        "Correct line {line} of package.json (no trailing comma, no comments, names in double"
        " quotes); `node -e \"require('./package.json')\"` succeeds when it is right.",
        TROUBLE,
    ),
    RefusalPage(
        "multiple-lock-files",
        "Lock files of several package managers: {subject}",
        "Heroku installs with one package manager, and does not guess which one is meant.",
        "Keep the lock file of the one you use: {remove:remove the other one}; commit, push again.",
        TROUBLE,
    ),
    RefusalPage(
        "shrinkwrap-lock-file-conflict",
        "There are both npm-shrinkwrap.json and {subject}",
        "Both say what to install, and Heroku accepts only one.",
        "Keep one of the two: `git rm npm-shrinkwrap.json`, or `git rm {subject}`; commit, push.",
        TROUBLE,
    ),
    RefusalPage(
        "multiple-package-managers",
        "package.json names several package managers: {subject}",
        "Heroku installs with one of them, and does not guess which one is meant.",
        "Keep the one you use in package.json and remove the other, commit, push again.",
        SUPPORT,
        ("engines",),
    ),
    RefusalPage(
        "iojs-unsupported",
        "io.js is no longer supported",
        "It has been Node.js again since 2015.",
        'Write `"node": "{lts}.x"` instead of "iojs" in package.json.',
        SPECIFYING,
        ("engines", "iojs"),
    ),
    RefusalPage(
        "invalid-semver-requirement",
        "engines.node is not a version range: {subject}",
        "Heroku cannot know which Node.js that means.",
        'Write `"engines": {{"node": "{lts}.x"}}` in package.json.',
        SPECIFYING,
        ("engines", "node"),
    ),
    RefusalPage(
        "invalid-node-version",
        "Node.js {subject} does not exist",
        "Heroku has no release in that range.",
        'Write `"engines": {{"node": "{wish}.x"}}` in package.json.',
        SPECIFYING,
        ("engines", "node"),
    ),
)


def _register(page: RefusalPage) -> None:
    @rule(
        page.reason,
        leads_to=PUSH_REJECTED,
        title=page.title,
        cause=page.cause,
        fix=page.fix,
        docs=page.docs,
        heroku=page.reason,
    )
    def check(record: Plan | Slug) -> Iterator[Evidence]:
        refusal = record.refusal
        if refusal and refusal.reason == page.reason:
            source = source_of(record)
            line = line_in_package(source, *page.keys) if page.keys else None
            names = {"subject": refusal.subject, **_names(source, refusal.subject)}
            if page.reason == "invalid-package-json":
                line, names = _broken(source)
            yield Evidence(headline(refusal), refusal.file, line, names=names)


def _names(source: Source, subject: str) -> dict[str, str]:
    known = inventory()
    meant = (int(digits) for digits in re.findall(r"(?<!\d)\d{1,4}(?!\d)", subject))
    wish = next((m for m in meant if m in known.newest and m not in known.eol), known.lts)
    locks = [file for file in LOCK_FILES.values() if file in source.entries]
    removes = (f"`git rm {' '.join(x for x in locks if x != keep)}` keeps {keep}" for keep in locks)
    return {"lts": str(known.lts), "wish": str(wish), "remove": ", ".join(removes)}


def _broken(source: Source) -> tuple[int | None, dict[str, str]]:
    """Return the line where package.json stops being valid JSON, and the names for the texts."""
    import json

    try:
        json.loads(source.whole("package.json") or "", parse_int=number)
    except json.JSONDecodeError as error:
        before = error.doc[: error.pos].rstrip()
        comma = before.endswith(",") and error.doc[error.pos : error.pos + 1] in ("}", "]")
        line = before.count("\n") + 1 if comma else error.lineno
        reason = "a comma with nothing after it" if comma else error.msg
        return line, {"line": str(line), "error": reason}
    except RecursionError:
        return 1, {"line": "1", "error": "it is nested too deeply"}
    return 1, {"line": "1", "error": "it is not an object in braces"}


for _page in PAGES:
    _register(_page)


def _warned(plan: Plan, reason: str) -> Iterator[Evidence]:
    node = plan.runtime(NODE)
    for warning in node.warnings if node and not plan.refusal else ():
        if warning.reason == reason:
            names = {"subject": warning.subject, "lts": str(inventory().lts)}
            yield in_package(plan.source, headline(warning), "engines", "node", **names)


@rule(
    "node-version-eol",
    effect="warn",
    title="Node.js {subject} has reached its end of life",
    cause="Heroku still installs it, and warns: a future release of the buildpack will refuse it.",
    fix='Write `"engines": {{"node": "{lts}.x"}}` in package.json, and test with it.',
    docs=f"{SUPPORT}#supported-node-js-versions",
)
def node_version_eol(plan: Plan) -> Iterator[Evidence]:
    yield from _warned(plan, "eol")


@rule(
    "node-wide-range",
    effect="note",
    title="engines.node allows future major versions: {subject}",
    cause="Heroku installs the newest release in the range, up to the active LTS, and warns: the"
    " major version may change by itself.",
    fix='Write `"engines": {{"node": "{lts}.x"}}` in package.json.',
    docs=SPECIFYING,
)
def node_wide_range(plan: Plan) -> Iterator[Evidence]:
    yield from _warned(plan, "wide-range")


@rule(
    "node-version-unspecified",
    effect="note",
    title="No Node.js version is requested",
    cause="Heroku installs its current LTS: {version} today, another one in the future.{file}",
    fix='Add `"engines": {{"node": "{major}.x"}}` to package.json.',
    docs=SPECIFYING,
)
def node_version_unspecified(plan: Plan) -> Iterator[Evidence]:
    node = plan.runtime(NODE)
    if plan.refusal or node is None or node.requested is not None or not node.version:
        return
    unread = (f for f in (".nvmrc", ".node-version", ".tool-versions") if f in plan.source.entries)
    file = next(unread, None)
    text = (plan.source.text(file) or "").strip() if file else ""
    meant = re.search(r"\d+", text)
    major = meant[0] if meant and file != ".tool-versions" else node.version.partition(".")[0]
    note = f" It does not read {file}." if file else ""
    names = {"version": node.version, "major": major, "file": note}
    yield Evidence("no engines.node in package.json", "package.json", names=names)


@rule(
    "no-start-method",
    effect="warn",
    title="Nothing says how the app starts",
    cause="package.json has no `start` script, there is no server.js and no Procfile. The push"
    " succeeds with a warning, and `npm start` then fails.",
    fix='Add `"scripts": {{"start": "node FILE"}}` to package.json, or a Procfile.',
    docs=f"{SUPPORT}#default-web-process-type",
)
def no_start_method(plan: Plan) -> Iterator[Evidence]:
    if plan.refusal or not is_node(plan) or plan.procfile:
        return
    if "start" not in table(plan.source, "scripts") and "server.js" not in plan.source.entries:
        yield in_package(plan.source, "no `start` among the scripts", "scripts")


@rule(
    "node-modules-committed",
    effect="warn",
    title="node_modules is committed",
    cause="Heroku then rebuilds and completes what is there instead of installing from scratch;"
    " programs in it may be for another system, and the slug grows.",
    fix="Type `git rm -r -q --cached node_modules`, add `node_modules/` to .gitignore, commit.",
    docs=f"{SUPPORT}#build-behavior",
)
def node_modules_committed(plan: Plan) -> Iterator[Evidence]:
    if plan.runtime(NODE) and any(path.startswith("node_modules/") for path in plan.source.entries):
        yield Evidence("node_modules is in the pushed tree", "node_modules")
