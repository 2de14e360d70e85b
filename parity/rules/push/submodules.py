"""Rules about git repositories inside the tree: submodules, and nested ones without an address."""

from collections.abc import Iterator

from parity.facts.python import PACKAGE_FILES
from parity.records import Plan, Slug, Source, Submodule
from parity.records.verdict import Evidence
from parity.rules.engine import rule
from parity.rules.push.plan import NOT_DETECTED, NOTHING_FOUND, PUSH_REJECTED, source_of
from parity.rules.shell import word

SUBMODULES = "https://devcenter.heroku.com/articles/git-submodules"
_PACKAGE_FILES = (*PACKAGE_FILES, "package.json", "Gemfile", "composer.json", "go.mod", "pom.xml")


@rule(
    "nested-repository",
    aliases=("submodule-left-behind",),
    effect="warn",
    title="{path} is a nested git repository: the folder is empty on Heroku",
    cause="git stores only its commit ID (a gitlink), not its files, and no .gitmodules says"
    " where to fetch them. Heroku accepts the push, but the folder is empty.",
    fix="{advice:Commit the files themselves: `git rm --cached DIR && rm -rf DIR/.git && git add"
    " DIR`.}",
    docs=SUBMODULES,
)
def nested_repository(source: Source) -> Iterator[Evidence]:
    for one in source.empties:
        names = {"path": one.path, "advice": committing(one)}
        yield Evidence(f"{one.path} is commit {one.commit[:7]}, not files", one.path, names=names)


@rule(
    "app-in-nested-repository",
    leads_to=PUSH_REJECTED,
    title="The app is in {path}, a nested git repository: Heroku gets an empty folder",
    cause="The repository around it stores only the commit ID of {path}, not its files, so"
    " Heroku finds no {file} anywhere.",
    fix="Push that repository itself: type `heroku git:remote -a APP` and `git push heroku main` in"
    " {path}. Or {advice:commit its files.}",
    docs=SUBMODULES,
)
def app_in_nested_repository(record: Plan | Slug) -> Iterator[Evidence]:
    nothing = record.refusal and record.refusal.reason in (*NOTHING_FOUND, *NOT_DETECTED)
    for one in source_of(record).empties if nothing else ():
        file = next((name for name in _PACKAGE_FILES if name in one.holds), None)
        if file:
            advice = committing(one)
            names = {"path": one.path, "file": file, "advice": advice[:1].lower() + advice[1:]}
            yield Evidence(f"{one.path}/{file} is on this disk only", one.path, names=names)


def committing(nested: Submodule) -> str:
    """Return how the files of a nested repository get into the repository around it."""
    path = word(nested.path)
    out = f"git rm --cached {path}"
    if not nested.holds:
        return (
            f"Its files are not on this disk either. Type `{out}`, put the files into"
            f" {nested.path}, then `git add {path}`."
        )
    if ".git" not in nested.holds:
        return f"Commit the files themselves: `{out} && git add {path}`."
    return (
        f"Commit the files themselves: `{out} && rm -rf {path}/.git && git add {path}`"
        " (this deletes its history)."
    )


@rule(
    "submodule-not-mapped",
    leads_to=PUSH_REJECTED,
    title="{path} is a submodule that .gitmodules does not name",
    cause="Heroku installs submodules before it builds. Without an address it stops with `Push"
    " rejected, submodule install failed`. A repository inside yours, added with `git add`, becomes"
    " such a submodule.",
    fix="Commit the files themselves: `git rm --cached {path} && rm -rf {path}/.git &&"
    " git add {path}`; or give it an address: `git submodule add URL {path}`.",
    docs=SUBMODULES,
)
def submodule_not_mapped(source: Source) -> Iterator[Evidence]:
    yield from _submodules(source, "unmapped")


@rule(
    "submodule-needs-key",
    leads_to=PUSH_REJECTED,
    title="The submodule {path} has an address that needs a key",
    cause="Heroku does not have your SSH keys: over ssh, git fails with `Host key verification"
    " failed.`",
    fix="Use an https address that needs no password:"
    " `git config -f .gitmodules submodule.{path}.url https://…`, commit, push again.",
    docs=SUBMODULES,
)
def submodule_needs_key(source: Source) -> Iterator[Evidence]:
    yield from _submodules(source, "key")


@rule(
    "submodule-on-this-disk",
    leads_to=PUSH_REJECTED,
    title="The submodule {path} has an address on your own disk",
    cause="Heroku fetches submodules itself, and {url} exists only on this machine.",
    fix="Push it to a public repository, and put its https address in .gitmodules.",
    docs=SUBMODULES,
)
def submodule_on_this_disk(source: Source) -> Iterator[Evidence]:
    yield from _submodules(source, "local")


@rule(
    "submodule-not-fetched",
    effect="unknown",
    title="The files of the submodule {path} are not on this disk",
    cause="Heroku fetches submodules itself; parity fetches nothing, so the folder is empty"
    " here. parity cannot tell whether Heroku can fetch this one.",
    fix="Type `git submodule update --init {path}`, then run parity again: it uses the checkout.",
    docs=SUBMODULES,
)
def submodule_not_fetched(source: Source) -> Iterator[Evidence]:
    for one in source.submodules:
        if one.trouble == "elsewhere" and one.objects is None and not source.refusal:
            seen = f"an empty folder in the tested tree; its commit is {one.commit[:7]}"
            yield Evidence(seen, one.path, names={"path": one.path})


@rule(
    "submodule-stands-in",
    effect="note",
    title="parity tested this disk's copy of the submodule {path}; Heroku fetches its own",
    cause="Heroku fetches {url} without a password. parity cannot see whether the address is public"
    " and whether the commit was pushed there.",
    fix="Type `git ls-remote {url}`: Heroku can fetch it if that asks for no password.",
    docs=SUBMODULES,
)
def submodule_stands_in(source: Source) -> Iterator[Evidence]:
    for one in source.submodules:
        if one.objects and not source.refusal:
            names = {"path": one.path, "url": one.url or "it"}
            seen = f"commit {one.commit[:7]} is in {one.path}"
            yield Evidence(seen, ".gitmodules", one.line, names=names)


def _submodules(source: Source, trouble: str) -> Iterator[Evidence]:
    """Yield the submodules that Heroku cannot fetch because of `trouble`."""
    refusal = source.refusal
    for one in source.submodules if refusal else ():
        if refusal and one.trouble == trouble:
            seen = refusal.lines[0] if one.path == refusal.subject else one.url or "no address"
            names = {"path": one.path, "url": one.url}
            yield Evidence(seen, ".gitmodules", one.line, names=names)
