"""Django that is set up too late: which line of which file is to blame, and the right order."""

import pytest

from parity.rules.views.django_setup import late_setup
from tests.tracebacks import LIBRARY, causes, trace
from tests.trees import tree

NESTED = """\
import os

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application

from live.routes import sockets

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "board.settings")

application = ProtocolTypeRouter(
    {
        "http": get_asgi_application(),
        "websocket": URLRouter(sockets),
    }
)
"""
PLAIN = """\
from live.routes import sockets
import os
import django
os.environ["DJANGO_SETTINGS_MODULE"] = "board.settings"
django.setup()
from channels.routing import get_default_application
"""
GOOD = """\
import os
from django.core.asgi import get_asgi_application
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "board.settings")
app = get_asgi_application()
from live.routes import sockets
"""
READY = "django.core.exceptions.AppRegistryNotReady: Apps aren't loaded yet."
UNSET = (
    "django.core.exceptions.ImproperlyConfigured: Requested setting INSTALLED_APPS, but settings"
    " are not configured. You must either define the environment variable"
    " DJANGO_SETTINGS_MODULE or call settings.configure() before accessing settings."
)
MODELS = ("live/routes.py:3", "live/models.py:1")
REGISTRY = f"{LIBRARY}/django/apps/registry.py:9:populate"


def order(text: str, line: int) -> list[str]:
    """Return the statements of the corrected file, without empty lines."""
    setup = late_setup(tree({"asgi.py": text}), "asgi.py", line)
    assert setup
    compile(setup.new, "asgi.py", "exec")
    return [part for part in setup.new.splitlines() if part.strip()]


def test_a_call_within_an_expression_gets_a_name() -> None:
    """What the setup needs moves with it, and the expression uses its result."""
    lines = order(NESTED, 6)
    setting, call, needs = (
        lines.index('os.environ.setdefault("DJANGO_SETTINGS_MODULE", "board.settings")'),
        lines.index("django_app = get_asgi_application()"),
        lines.index("from live.routes import sockets"),
    )
    assert setting < call < needs and '        "http": django_app,' in lines
    assert len(lines) == len([x for x in NESTED.splitlines() if x.strip()]) + 1


def test_statements_move_with_their_imports() -> None:
    """`import os` and `import django` come before the lines that use them."""
    assert order(PLAIN, 1) == [
        *PLAIN.splitlines()[1:5],
        *PLAIN.splitlines()[:1],
        *PLAIN.splitlines()[5:],
    ]


@pytest.mark.parametrize("error", [READY, UNSET])
@pytest.mark.parametrize(("text", "line"), [(NESTED, 6), (PLAIN, 1)])
def test_the_order_is_to_blame(error: str, text: str, line: int) -> None:
    """Not the model, but the file that imports it too early."""
    log = trace(f"{LIBRARY}/daphne/cli.py:3:run", f"board/asgi.py:{line}", *MODELS, error=error)
    files = {"board/asgi.py": text, "live/models.py": "x\n", "live/routes.py": "x\n" * 3}
    found = causes(files, log, command="daphne board.asgi:application")
    assert [*found] == ["django-setup-order"]
    finding = found["django-setup-order"]
    assert finding.evidence[0][1:3] == ("board/asgi.py", line)
    assert f"above line {line} (`from live.routes import sockets`)" in finding.fix


@pytest.mark.parametrize(
    ("frames", "file", "fix"),
    [
        (("jobs.py:2", *MODELS), "jobs.py", "above line 2, write `import django`"),
        (
            ("board/asgi.py:4", REGISTRY, "live/__init__.py:1", "live/models.py:1"),
            "live/__init__.py",
            "Move the import in line 1 of live/__init__.py into the function",
        ),
        (
            ("board/asgi.py:4", f"{LIBRARY}/django/conf/__init__.py:9:f", "board/settings.py:2"),
            "board/settings.py",
            "Move the import in line 2 of board/settings.py",
        ),
    ],
)
def test_other_files_that_import_models_too_early(
    frames: tuple[str, ...], file: str, fix: str
) -> None:
    """A script without a setup, and what Django imports while it sets itself up."""
    files = {"board/asgi.py": GOOD, "jobs.py": "import os\nfrom live.models import X\n"}
    files |= {"live/__init__.py": "from live import models\n", "board/settings.py": "x\ny\n"}
    found = causes(files, trace(*frames, error=READY))
    assert [*found] == ["models-too-early"]
    assert (
        found["models-too-early"].evidence[0].file == file and fix in found["models-too-early"].fix
    )


def test_a_script_without_settings_is_named_itself() -> None:
    """The file that the command starts must name the settings, not the model that it imports."""
    files = {"jobs.py": "from live.models import X\n", "live/models.py": "x\n"}
    found = causes(
        files, trace("jobs.py:1", "live/models.py:1", error=UNSET), command="python jobs.py"
    )
    assert [*found] == ["settings-not-configured"]
    assert "At the top of jobs.py write" in found["settings-not-configured"].fix
