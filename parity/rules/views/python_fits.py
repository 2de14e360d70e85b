"""Which Python or which version to take instead, by the files that the index has."""

from collections.abc import Iterable

from parity.facts.buildpacks import PYTHON
from parity.facts.python import versions
from parity.records import Fit, Slug
from parity.records.edits import Advice, Edit
from parity.rules.views.pip_output import normalised


def fit_of(slug: Slug, name: str) -> Fit | None:
    """Return what was looked up about a package, if it was."""
    return next((fit for fit in slug.fits if normalised(fit.name) == normalised(name)), None)


def series_of(slug: Slug) -> str:
    """Return the app's Python, as `major.minor`."""
    python = slug.plan.runtime(PYTHON)
    return python.version.rpartition(".")[0] if python else ""


def fitting_series(fits: Iterable[Fit]) -> str | None:
    """Return the newest Python of Heroku's that all of these requirements fit."""
    fits = tuple(fits)
    all_series = reversed(list(versions().newest))
    return next((x for x in all_series if all(x in fit.series for fit in fits)), None)


def instead(slug: Slug, name: str, otherwise: str) -> str:
    """Return the advice to take a later version of a package, or another Python.

    It is `otherwise` if nothing was looked up about the package.
    """
    fit = fit_of(slug, name)
    if fit is None:
        return otherwise
    series = fitting_series(slug.fits)
    later = f"`{fit.name}=={fit.newer}`" if fit.newer else ""
    newer = f"Require {later}, the first later version made for Python {series_of(slug)}"
    if series is None or series == series_of(slug):
        return f"{newer}. {_none(slug)}" if later else f"Require another package. {_none(slug)}"
    which = "is the newest that every pinned requirement has files for."
    head = f"{newer}; or write into .python-version" if later else "Write into .python-version"
    return Advice(Edit(".python-version", series), f": Python {series} {which}", head=head)


def _none(slug: Slug) -> str:
    """Return that none of Heroku's Pythons fits, and because of what."""
    known = list(versions().newest)
    nowhere = [fit.text for fit in slug.fits if not fit.series]
    of_all = f"of Heroku's Pythons ({known[0]} to {known[-1]})"
    if nowhere:
        return f"{', '.join(f'`{text}`' for text in nowhere)} was made for none {of_all}."
    return f"None {of_all} has files for all the pinned requirements together."
