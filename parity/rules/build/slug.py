"""Rules about what this machine lacks for a build, and about the size of the slug."""

import re
from collections.abc import Iterator

from parity.facts.buildpacks import NODE, PYTHON
from parity.facts.nodejs import SUPPORT as NODE_SUPPORT
from parity.facts.python import SUPPORT, versions
from parity.facts.slug import ARTICLE, HARD, SOFT
from parity.records import Slug
from parity.records.verdict import Evidence
from parity.rules.engine import rule
from parity.rules.push.plan import PUSH_REJECTED
from parity.rules.views.facts import StandIn, stated
from parity.rules.views.pip_output import shown

MB = 1024 * 1024

_REMEDIES = (
    ("Node.js", "Type `nvm install {node}` or `fnm install {node}`, then run parity again."),
    (
        "registry",
        "Check the connection to npm's registry (`npm ping` tries it), then run parity again.",
    ),
    (
        "without a network|offline",
        "Connect to the network, then run parity again without `--offline`.",
    ),
    (
        "the git host",
        "Check that this machine can reach {host} (try `git ls-remote` with the requirement's"
        " URL), then run parity again. Heroku must reach it too, without a password.",
    ),
    (
        "the host",
        "Check that this machine can reach {host}, then run parity again. Heroku must reach it"
        " too.",
    ),
    (
        "did not answer|downloaded",
        "Check the connection to the package index (`pip download pip` tries it), then run parity"
        " again.",
    ),
    (
        "stood in|neither Python",
        "Type `uv python install {series}` or `pyenv install {series}`, then run parity again;"
        " `parity doctor` shows what this machine has.",
    ),
    (
        "did not end",
        "See what takes so long (the last line of the log): Heroku ends a build after 15 minutes.",
    ),
    ("missing here", "Install it on this machine, then run parity again."),
    ("disk|killed", "Free some space or memory on this machine, then run parity again."),
)


@rule(
    "build-undecided",
    effect="unknown",
    title="The build cannot be decided on this machine",
    cause="{why:Something that the build needs is not on this machine}. On Heroku the build may"
    " well succeed.",
    fix="{remedy:-}",
    docs=SUPPORT,
)
def build_undecided(slug: Slug) -> Iterator[Evidence]:
    if slug.unknown:
        python, node = slug.plan.runtime(PYTHON), slug.plan.runtime(NODE)
        why = shown(slug.unknown)
        file = "requirements.txt" if "requirements.txt" in slug.plan.source.entries else None
        remedy = _remedy(why, python.version if python else "3")
        remedy = remedy.replace("{node}", node.version if node else "")
        host = re.search(r"the (?:git )?host ([\w.-]+)", why)
        remedy = remedy.replace("{host}", host[1] if host else "it")
        names = {"why": why[0].upper() + why[1:], "remedy": remedy}
        yield Evidence(why, file, names=names)


def _remedy(why: str, version: str) -> str:
    reason = why.partition(":")[0]
    for words, remedy in _REMEDIES:
        if any(word in reason for word in words.split("|")):
            return remedy.replace("{series}", version.rpartition(".")[0] or version)
    return "Run parity again, or on another machine."


def _python(slug: Slug) -> StandIn | None:
    series = _asked(slug, PYTHON).rpartition(".")[0]
    advice = f"`uv python install {series}` or `pyenv install {series}` gives full fidelity."
    return _stand_in(slug, PYTHON, "Python", SUPPORT, "the nearest one", advice)


def _node(slug: Slug) -> StandIn | None:
    major = _asked(slug, NODE).partition(".")[0]
    advice = f"`nvm install {major}` or `fnm install {major}` gives full fidelity."
    return _stand_in(slug, NODE, "Node.js", NODE_SUPPORT, "another major version", advice)


def _asked(slug: Slug, language: str) -> str:
    runtime = slug.plan.runtime(language)
    return runtime.version if runtime else ""


def _stand_in(
    slug: Slug, language: str, name: str, docs: str, why: str, advice: str
) -> StandIn | None:
    here, version = slug.interpreters.get(language), _asked(slug, language)
    if not here or here.exact or not version:
        return None
    evidence = Evidence(f"{here.path} is {name} {here.version}")
    return StandIn(name, docs, here.version, version, why, advice, evidence)


@rule(
    "interpreter-stands-in",
    aliases=("node-stands-in",),
    effect="note",
    title="{language} {used} was used instead of {version}, which Heroku would use",
    cause="{language} {version} is not on this machine, so the app ran with {why:the nearest one}."
    " Differences between the two are not tested.",
    fix="{advice:`parity doctor` shows what this machine has.}",
    docs="{docs:https://devcenter.heroku.com/articles/python-support}",
    views=(_python, _node),
)
def interpreter_stands_in(other: StandIn) -> Iterator[Evidence]:
    yield from stated(other)


@rule(
    "installer-stands-in",
    effect="note",
    title="{tool} {used} was used instead of {version}, which Heroku would use",
    cause="The package index of this machine does not have {tool} {version}. Another version may"
    " choose other packages.",
    fix="Use an index that has it: `pip index versions {tool}` lists the versions.",
    docs=SUPPORT,
)
def installer_stands_in(slug: Slug) -> Iterator[Evidence]:
    python = slug.plan.runtime(PYTHON)
    tool = python.manager if python else ""
    version = versions().installer.get(tool, "")
    if tool and slug.installer and slug.installer != version:
        names = {"tool": tool, "used": slug.installer, "version": version}
        yield Evidence(f"{tool} {slug.installer} was used", names=names)


@rule(
    "slug-too-large",
    leads_to=PUSH_REJECTED,
    title="The slug is too large: about {size} MB, and Heroku's limit is {limit}",
    cause="The app and everything that is installed, compressed, are larger than Heroku allows."
    " Most of it: {largest:…}.",
    fix="Use smaller packages: `tensorflow-cpu` for tensorflow; for torch, the build without CUDA"
    " (`--extra-index-url https://download.pytorch.org/whl/cpu`). Keep data and models out of git,"
    " or list them in .slugignore.",
    docs=ARTICLE,
    basis="predicted",
)
def slug_too_large(slug: Slug) -> Iterator[Evidence]:
    if slug.refusal and slug.refusal.reason == "slug-too-large":
        yield from _size(slug)


@rule(
    "slug-large",
    effect="warn",
    title="The slug is large: about {size} MB compressed",
    cause="Heroku warns above {soft} MB, because such a slug boots slowly, and refuses it above"
    " {limit}. Most of it: {largest:…}.",
    fix="Keep data and models out of git, and require only what runs on Heroku.",
    docs=ARTICLE,
    basis="predicted",
)
def slug_large(slug: Slug) -> Iterator[Evidence]:
    if slug.packed and not slug.refusal and slug.packed > SOFT.value * MB:
        yield from _size(slug)


def _size(slug: Slug) -> Iterator[Evidence]:
    """Yield evidence of the slug's size and largest parts, at a file of the tree if possible."""
    parts = [f"{part.name} (about {part.packed // MB} MB)" for part in slug.largest]
    names = {
        "size": str((slug.packed or 0) // MB),
        "limit": f"{HARD.value:.0f} MB",
        "soft": f"{SOFT.value:.0f}",
        "largest": ", ".join(parts[:3]),
    }
    entries = slug.plan.source.entries
    first = next((part.name for part in slug.largest if part.name in entries), None)
    yield Evidence(f"about {names['size']} MB compressed: {', '.join(parts)}", first, names=names)
