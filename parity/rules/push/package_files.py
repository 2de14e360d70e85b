"""What to do about package files: which to keep if there are several, and those of other tools."""

from parity.facts.buildpacks import UNOFFICIAL
from parity.facts.python import PACKAGE_FILES
from parity.records import Refusal, Source
from parity.rules.shell import word

_THIRD_PARTY = ("poetry.lock", "uv.lock")
"""Lock files from which third-party buildpacks write a requirements.txt: the text of the error
itself says so (observed)."""


def advised(refusal: Refusal, source: Source) -> dict[str, str]:
    """Return the advice for a tree whose package files Heroku does not accept, if there is any."""
    if refusal.reason == "package-manager::multiple-found":
        return {"advice": _one_of(refusal.subject.split(", "), source)}
    other = next((file for file in UNOFFICIAL if file in source.entries), None)
    if other is None:
        return {}
    return {"advice": f"For {other} type `heroku buildpacks:set {UNOFFICIAL[other]}`, push again."}


def _one_of(files: list[str], source: Source) -> str:
    """Return what to type to keep each of the package managers."""
    known = [file for file in files if file in PACKAGE_FILES]
    ways = []
    for kept in known:
        others = [file for file in known if file != kept]
        others += ["Pipfile"] * ("Pipfile.lock" in others and "Pipfile" in source.entries)
        ways.append(f"to keep {PACKAGE_FILES[kept]}, `git rm {' '.join(map(word, others))}`")
    lock = next((file for file in known if file in _THIRD_PARTY), None)
    made = lock and "requirements.txt" in known and "requirements.txt" not in source.entries
    third = (
        f" If a third-party {PACKAGE_FILES[lock]} buildpack writes requirements.txt, remove that"
        f" buildpack instead: heroku/python installs from {lock} itself."
        if lock and made
        else ""
    )
    choice = "; ".join(ways) or (
        "keep the file of the package manager you use, and `git rm` the others"
    )
    return f"{choice[0].upper()}{choice[1:]}. Then commit, push again.{third}"
