"""An app that came up here with another Python than Heroku's, and uses what differs there."""

from collections.abc import Iterator

from parity.facts.buildpacks import PYTHON
from parity.records import Boot
from parity.records.verdict import Evidence
from parity.rules.engine import rule
from parity.rules.predict.differences import Difference, differences
from parity.rules.views.python_source import at


@rule(
    "differs-in-heroku-python",
    effect="unknown",
    title="`{name}` {how:is not in} Heroku's Python {series:3.14}",
    cause="`{code}` runs whenever the app starts. It worked here on Python {here:3.13}, because"
    " {asked:3.14} is not on this machine; on Heroku {then:it raises an exception, and"
    " the app crashes (H10)}.",
    fix="{advice:Change the code.} Or pin a Python where it still works: write `{pin:3.13}` to"
    " .python-version.",
    docs="https://docs.python.org/3/whatsnew/",
    basis="static",
    laptop="The laptop's Python is older than the one Heroku uses by default.",
)
def differs_in_heroku_python(boot: Boot) -> Iterator[Evidence]:
    slug = boot.release.slug
    here, asked = slug.interpreters.get(PYTHON), slug.plan.runtime(PYTHON)
    if boot.state != "up" or boot.process.name != "web" or not here or not asked or here.exact:
        return
    known: set[str] = set()
    ours, theirs = _minor(here.version), _minor(asked.version)
    for one in differences(slug.plan, slug.packages, ours, theirs):
        if one.name not in known:
            known.add(one.name)
            names = {"here": here.version, "asked": asked.version, **_names(one)}
            yield at(one.place.text, one.place, **names)


def _minor(version: str) -> int:
    return int(version.split(".")[1])


def _names(one: Difference) -> dict[str, str]:
    called = one.name if one.name.partition(".")[2] != "get_event_loop" else f"{one.name}()"
    raises = called.endswith("()")
    now = f"{one.now[:1].upper()}{one.now[1:]}." if one.now else "Change the code."
    return {
        "name": called,
        "code": one.place.text,
        "series": f"3.{one.gone}",
        "how": "needs a running event loop in" if raises else "is not in",
        "advice": now,
        "pin": f"3.{one.gone - 1}",
    }
