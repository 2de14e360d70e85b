"""Requirements that no set of versions fulfils, and files that do not match their hashes."""

import re
from collections.abc import Iterator

from parity.records import Slug
from parity.records.verdict import Evidence
from parity.rules.engine import rule
from parity.rules.push.plan import PUSH_REJECTED
from parity.rules.views.pip_output import (
    REASON,
    RequirementEntry,
    at_entry,
    entries,
    entry_named_in,
    normalised,
    saying,
    shown,
)

_SIDE = r"\s+(?:The user requested (?:\(constraint\) )?([\w.-]+)|(\S+) (\S+) depends on ([\w.-]+))"


@rule(
    "conflicting-requirements",
    leads_to=PUSH_REJECTED,
    title="{packages:Requirements that contradict each other}",
    cause="No set of versions fits all requirements at once: {conflict:two of them need different"
    " versions of a package}.",
    fix="Loosen or remove one of the pins ({pins:the versions that the app needs}), so that pip"
    " can choose a version that fits.",
    docs="https://pip.pypa.io/en/stable/topics/dependency-resolution/",
    heroku=REASON,
)
def conflicting_requirements(slug: Slug) -> Iterator[Evidence]:
    match = saying(slug, r"Cannot install (.+?) because these package")
    if not match:
        return
    sides = [side for side in (re.match(_SIDE, line) for line in slug.output) if side]
    lines = [side.string.strip() for side in sides] or [shown(match[0])]
    owners = list(dict.fromkeys(side[1] or side[2] for side in sides))
    about = [hit for hit in (_entry(slug, side) for side in sides) if hit]
    names = {
        "packages": _headline(owners),
        "conflict": "; ".join(lines),
        "pins": ", ".join(dict.fromkeys(shown(e.text) for e in about)) or shown(match[1]),
    }
    for number, seen in enumerate(lines):
        hit = _entry(slug, sides[number]) if sides else None
        text = f"conflict: {seen}"
        yield (
            at_entry(hit, text, **names) if hit else Evidence(text, "requirements.txt", names=names)
        )


def _headline(owners: list[str]) -> str:
    if len(owners) == 1:
        return f"{owners[0]} is required twice, with conflicting versions"
    return f"{' and '.join(owners) or 'The requirements'} have conflicting requirements"


def _entry(slug: Slug, side: re.Match[str]) -> RequirementEntry | None:
    """Return the entry behind one side of a conflict, preferably the one with the same text."""
    name = normalised(side[1] or side[2])
    same = [entry for entry in entries(slug.plan.source) if entry.name == name]
    asked = side.string.strip().partition("requested ")[2].replace("(constraint) ", "")
    return next((e for e in same if e.text.replace(" ", "") == asked), same[0] if same else None)


@rule(
    "hash-mismatch",
    leads_to=PUSH_REJECTED,
    title="{entry} does not match its hash",
    cause="The requirements list the hashes of the files that may be installed, and the index has"
    " another file.",
    fix="Generate the hashes again: `pip-compile --generate-hashes`; or `pip hash` the file that"
    " you trust.",
    docs="https://pip.pypa.io/en/stable/topics/secure-installs/",
    heroku=REASON,
)
def hash_mismatch(slug: Slug) -> Iterator[Evidence]:
    match = saying(slug, r"DO NOT MATCH THE HASHES")
    place = saying(slug, r"^\s+(\S+) from \S+ \(from .*line.*\):")
    if match:
        entry = entry_named_in(slug, place.string) if place else None
        seen = "THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE"
        names = {"entry": entry.text.split(" ")[0] if entry else "A package"}
        yield at_entry(entry, seen, **names) if entry else Evidence(seen, names=names)


@rule(
    "hash-missing",
    leads_to=PUSH_REJECTED,
    title="{entry} has no hash, but other requirements have one",
    cause="As soon as one requirement has a hash, pip needs a hash and a == pin for every"
    " package, including those that others require: {error}",
    fix="Write the file with `pip-compile --generate-hashes`, or remove all hashes.",
    docs="https://pip.pypa.io/en/stable/topics/secure-installs/",
    heroku=REASON,
)
def hash_missing(slug: Slug) -> Iterator[Evidence]:
    match = saying(slug, r"Hashes are required in --require-hashes mode|have their versions pinned")
    if not match:
        return
    lines = slug.output[slug.output.index(match.string) + 1 :]
    about = next((line.strip() for line in lines if line.startswith("    ")), "")
    name = normalised(re.split(r"[=<>~! ]", about)[0])
    entry = next((e for e in entries(slug.plan.source) if e.name == name), None)
    names = {"entry": about.split(" ")[0] or "A package", "error": shown(match.string)}
    seen = f"{names['entry']}: {names['error']}"
    yield (
        at_entry(entry, seen, **names) if entry else Evidence(seen, "requirements.txt", names=names)
    )
