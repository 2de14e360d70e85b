"""Settings with DEBUG certainly on, and settings in which it may be off."""

import pytest

from parity.rules.engine import diagnose
from parity.rules.push.debugging import django_debug
from tests.trees import planned, tree

WSGI = 'os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")\n'
FILES = {
    "requirements.txt": "django\ngunicorn\n",
    "Procfile": "web: gunicorn shop.wsgi\n",
    "manage.py": WSGI.replace("shop.settings", "shop.local"),
    "shop/wsgi.py": WSGI,
    "shop/local.py": "DEBUG = True\n",
}


def told(settings: str, **files: str) -> bool:
    """Return whether DEBUG is reported as on for these settings."""
    plan, _ = planned(tree({**FILES, "shop/settings.py": settings, **files}))
    return django_debug.id in [finding.id for finding in diagnose(plan)]


@pytest.mark.parametrize(
    ("settings", "on"),
    [
        ("DEBUG = True\n", True),
        ("from .base import *\n\nDEBUG = True\nif DEBUG:\n    X = 1\n", True),
        ("DEBUG = False\nDEBUG = True\n", True),
        ("DEBUG = False\n", False),
        ("DEBUG = True\nDEBUG = env.bool('DEBUG')\n", False),
        ("DEBUG = True\nif 'DYNO' in os.environ:\n    DEBUG = False\n", False),
        ("DEBUG = True\ntry:\n    from .live import *\nexcept ImportError:\n    pass\n", False),
        ("DEBUG = True\ndjango_heroku.settings(locals())\n", False),
        ("DEBUG = os.environ.get('DEBUG', 'True') == 'True'\n", False),
        ("DEBUG = (\n", False),
    ],
)
def test_debug(settings: str, on: bool) -> None:
    """Only the settings of the web process count, and only what they say for certain."""
    assert told(settings) is on


def test_other_settings_are_not_asked() -> None:
    """manage.py may name settings for the laptop."""
    assert not told("DEBUG = False\n")
    assert told("DEBUG = False\n", Procfile="web: python manage.py runserver 0.0.0.0:$PORT\n")
