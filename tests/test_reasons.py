"""The table of the Python buildpack's failure reasons, each with the app that shows it.

https://github.com/heroku/heroku-buildpack-python (bin/, lib/; observed). `python -m
tests.test_reasons` prints the table.
"""

import tomllib
from pathlib import Path

from parity.rules.loading import load

HERE = Path(__file__).parent
APPS = HERE / "apps"

REASONS = tuple(
    "buildpack-not-compatible checks::stack::eol checks::stack::unknown"
    " checks::duplicate-python-buildpack checks::existing-python-dir checks::existing-venv-dir"
    " hooks::pre_compile hooks::post_compile build-data::data-file-deleted"
    " package-manager::pipenv-missing-lockfile package-manager::setup-py-only"
    " package-manager::none-found package-manager::multiple-found"
    " runtime-txt::invalid-version runtime-txt::not-supported"
    " python-version-file::misspelled python-version-file::invalid-version"
    " python-version-file::invalid-encoding python-version-file::no-version"
    " python-version-file::multiple-versions python-version-file::not-found"
    " pipfile-lock::invalid-json pipfile-lock::invalid-version"
    " python-version::eol python-version::unknown-major python-version::unknown-patch"
    " install-python install-package-manager::pip install-package-manager::pipenv"
    " install-package-manager::poetry install-package-manager::uv"
    " install-dependencies::pip install-dependencies::pipenv install-dependencies::poetry"
    " install-dependencies::uv nltk-downloader collectstatic-syntax-error"
    " collectstatic-improper-configuration collectstatic-fancy-references"
    " collectstatic-missing-file collectstatic-other"
    " internal-error::bundled-pip-not-found internal-error::abort internal-error::unhandled".split()
)
"""The buildpack's own names; the first has none there, so it is parity's."""

_NETWORK = "Heroku cannot download it: no app can do that, and here it is undecided"
_BUG = "a fault of the buildpack's own: no app can do that"
NO_APP = {
    "install-python": (_NETWORK, "test_environment.py::test_the_nearest_series_stands_in"),
    **{
        f"install-package-manager::{name}": (
            _NETWORK,
            f"test_installers.py::test_an_installer_that_cannot_be_fetched[{name}]",
        )
        for name in ("pip", "pipenv", "poetry", "uv")
    },
    **{
        f"internal-error::{name}": (_BUG, "")
        for name in ("bundled-pip-not-found", "abort", "unhandled")
    },
}
"""Reasons that no app can cause: why, and the test of what happens here instead."""


def shown() -> dict[str, list[str]]:
    """Return the apps that show each reason."""
    hits: dict[str, list[str]] = {}
    for path in sorted(APPS.glob("*/expected.toml")):
        expected = tomllib.loads(path.read_text())
        if "reason" in expected:
            hits.setdefault(expected["reason"], []).append(path.parent.name)
    return hits


def table() -> list[tuple[str, str]]:
    """Return each reason and what shows it."""
    apps = shown()
    return [(r, ", ".join(apps.get(r, [])) or ": ".join(NO_APP.get(r, ())[::-1])) for r in REASONS]


def test_every_reason_is_shown() -> None:
    """Every row of the table has either an app, or a reason why no app can show it."""
    assert [reason for reason, by in table() if not by] == []
    assert [reason for reason in NO_APP if reason in shown()] == []
    assert set(shown()) - set(REASONS) <= {"no-default-language", "slug-too-large"}


def test_tests_of_what_no_app_shows_are_there() -> None:
    """The tests named in the table exist."""
    for _, test in NO_APP.values():
        file, _, name = test.partition("::")
        assert not test or f"def {name.partition('[')[0]}(" in (HERE / file).read_text()


def test_every_reason_has_a_page() -> None:
    """Whatever an app can cause has a cause in the manual; both hooks share one."""
    named = {rule.heroku for rule in load().values()}
    missing = [r for r in REASONS if r not in NO_APP and r not in named]
    assert missing == ["buildpack-not-compatible", "hooks::pre_compile", "hooks::post_compile"]
    assert {"buildpack-not-compatible", "build-hook-failed"} <= load().keys()


if __name__ == "__main__":
    for row in table():
        print(f"{row[0]:45} {row[1]}")  # noqa: T201
