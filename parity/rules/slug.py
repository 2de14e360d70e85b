"""What a build says about this machine and about the slug, and what is left when pip fails."""

from collections.abc import Iterator

from parity.facts.python import SUPPORT, versions
from parity.facts.slug import ARTICLE, HARD, SOFT
from parity.records import Slug
from parity.rules import rule
from parity.rules.compiling import failed
from parity.rules.plan import PUSH_REJECTED
from parity.rules.requirements import (
    FORMAT,
    REASON,
    decisive,
    entries,
    found,
    pip_failed,
    shown,
    told_at,
)
from parity.rules.unfound import unfound
from parity.verdict import Evidence

MB = 1024 * 1024

_REMEDIES = (
    ("Node.js", "Type `nvm install {node}` or `fnm install {node}`, then run parity again."),
    (
        "registry",
        "Check the way to npm's registry (`npm ping` tries it), then run parity again.",
    ),
    ("offline|network", "Connect to the network, then run parity again without `--offline`."),
    (
        "did not answer|downloaded",
        "Check the connection to the package index (`pip download pip` tries it), then run parity"
        " again.",
    ),
    (
        "stood in|neither Python",
        "Type `pyenv install {version}` or `uv python install {version}`, then run parity again.",
    ),
    ("missing here", "Install it on this machine, then run parity again."),
    ("disk|killed", "Free some space or memory on this machine, then run parity again."),
)


@rule(
    "build-undecided",
    effect="unknown",
    title="The build cannot be decided on this machine",
    cause="{why}. On Heroku the build may well succeed.",
    fix="{remedy}",
    docs=SUPPORT,
)
def build_undecided(slug: Slug) -> Iterator[Evidence]:
    if slug.unknown:
        version = slug.plan.python.version if slug.plan.python else "3"
        why = shown(slug.unknown)
        file = "requirements.txt" if "requirements.txt" in slug.plan.source.entries else None
        node = slug.plan.node.version if slug.plan.node else ""
        remedy = _remedy(why, version).replace("{node}", node)
        names = {"why": why[0].upper() + why[1:], "remedy": remedy}
        yield Evidence(why, file, names=names)


def _remedy(why: str, version: str) -> str:
    reason = why.partition(":")[0]
    for words, remedy in _REMEDIES:
        if any(word in reason for word in words.split("|")):
            return remedy.replace("{version}", version)
    return "Run parity again, or on another machine."


@rule(
    "interpreter-stands-in",
    effect="note",
    title="Python {used} stood in for {version}, which Heroku would use",
    cause="Python {version} is not on this machine, so the app ran with the nearest one. What"
    " differs between the two is not tested.",
    fix="`pyenv install {version}` or `uv python install {version}` gives full fidelity.",
    docs=SUPPORT,
)
def interpreter_stands_in(slug: Slug) -> Iterator[Evidence]:
    if slug.interpreter and not slug.interpreter.exact and slug.plan.python:
        names = {"used": slug.interpreter.version, "version": slug.plan.python.version}
        yield Evidence(f"{slug.interpreter.path} is Python {slug.interpreter.version}", names=names)


@rule(
    "installer-stands-in",
    effect="note",
    title="pip {used} stood in for {version}, which Heroku would use",
    cause="The package index of this machine does not have pip {version}. Another version may"
    " choose other packages.",
    fix="Use an index that has it: `pip index versions pip` lists what there is.",
    docs=SUPPORT,
)
def installer_stands_in(slug: Slug) -> Iterator[Evidence]:
    used, version = slug.packages.get("pip"), versions().installer["pip"]
    asked = any(entry.name == "pip" for entry in entries(slug.plan.source))
    if used and used != version and not asked and slug.environment:
        yield Evidence(f"pip {used} is installed", names={"used": used, "version": version})


@rule(
    "slug-too-large",
    leads_to=PUSH_REJECTED,
    title="The slug is too large: about {size} MB, and Heroku takes {limit}",
    cause="The app and everything that pip installs, compressed, are more than Heroku takes. The"
    " largest part is in {largest}.",
    fix="Require less: for torch, the build without CUDA (`--extra-index-url"
    " https://download.pytorch.org/whl/cpu`); keep data and models out of git, or list them in"
    " .slugignore.",
    docs=ARTICLE,
    basis="predicted",
)
def slug_too_large(slug: Slug) -> Iterator[Evidence]:
    if slug.refusal and slug.refusal.reason == "slug-too-large":
        yield _size(slug)


@rule(
    "slug-large",
    effect="warn",
    title="The slug is large: about {size} MB compressed",
    cause="Heroku warns from {soft} MB on, because such a slug boots slowly, and refuses it from"
    " {limit} MB on.",
    fix="Keep data and models out of git, and require only what runs on Heroku.",
    docs=ARTICLE,
    basis="predicted",
)
def slug_large(slug: Slug) -> Iterator[Evidence]:
    if slug.packed and not slug.refusal and slug.packed > SOFT.value * MB:
        yield _size(slug)


def _size(slug: Slug) -> Evidence:
    tree = slug.plan.source.entries
    own = sum(entry.size for entry in tree.values())
    largest = max(tree, key=lambda path: tree[path].size, default="")
    names = {
        "size": str((slug.packed or 0) // MB),
        "limit": f"{HARD.value:.0f} MB",
        "soft": f"{SOFT.value:.0f}",
        "largest": largest if own > (slug.packed or 0) // 2 else "the installed packages",
    }
    seen = f"about {names['size']} MB, estimated from samples"
    return Evidence(seen, None if own < (slug.packed or 0) // 2 else largest, names=names)


@rule(
    "install-dependencies-pip",
    leads_to=PUSH_REJECTED,
    title="pip cannot install what requirements.txt asks for",
    cause="Heroku installs with `pip install -r requirements.txt`, which ends with: {error}",
    fix="Correct the entry that pip names. `pip install -r requirements.txt` in a new virtual"
    " environment fails in the same way.",
    docs=FORMAT,
    heroku=REASON,
    fallback=True,
)
def install_dependencies_pip(slug: Slug) -> Iterator[Evidence]:
    if not pip_failed(slug) or failed(slug) or unfound(slug):
        return
    error = decisive(slug)
    hit = told_at(slug, error) or next(
        (e for e in entries(slug.plan.source) if e.name and e.name in error.lower()), None
    )
    names = {"error": error}
    yield found(hit, error, **names) if hit else Evidence(error, "requirements.txt", names=names)
