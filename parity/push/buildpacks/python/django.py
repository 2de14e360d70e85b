"""Django's collectstatic during the build: https://devcenter.heroku.com/articles/django-assets.

When it runs and how its failure is named: github.com/heroku/heroku-buildpack-python
bin/steps/collectstatic (observed).
"""

import re
from collections.abc import Mapping

from parity.records import Refusal, Source

HEADLINE = " !     Error: Unable to generate Django static files."
REASONS = (
    (re.compile("SyntaxError"), "collectstatic-syntax-error"),
    (re.compile("ImproperlyConfigured"), "collectstatic-improper-configuration"),
    (re.compile("The CSS file"), "collectstatic-fancy-references"),
    (re.compile("OSError|FileNotFoundError"), "collectstatic-missing-file"),
)
DEEPEST = 3
"""Folder levels in which manage.py is looked for."""


class Skipped(str):
    """The line that says why collectstatic does not run; empty if Heroku says nothing."""


def manage(source: Source, config: Mapping[str, str], packages: Mapping[str, str]) -> str | Skipped:
    """The path of the manage.py to run, or why none is run."""
    if ".heroku/collectstatic_disabled" in source.entries:
        return Skipped("-----> Skipping Django collectstatic since .heroku/collectstatic_disabled.")
    if config.get("DISABLE_COLLECTSTATIC", "0") not in ("", "0"):
        return Skipped(
            "-----> Skipping Django collectstatic since the env var DISABLE_COLLECTSTATIC is set."
        )
    if "django" not in packages:
        return Skipped("")
    found = [p for p in source.entries if p == "manage.py" or p.endswith("/manage.py")]
    near = sorted((p for p in found if p.count("/") < DEEPEST), key=lambda p: (p.count("/"), p))
    if not near:
        return Skipped("-----> Skipping Django collectstatic since no manage.py file found.")
    return near[0]


def refusal(output: list[str], manage_py: str) -> Refusal:
    """The failed command in Heroku's name, by what it printed."""
    text = "\n".join(output)
    reason = next((name for pattern, name in REASONS if pattern.search(text)), None)
    return Refusal(reason or "collectstatic-other", (HEADLINE,), manage_py)
