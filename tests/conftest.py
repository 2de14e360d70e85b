"""What tests of builds share: the installers are fetched once."""

import signal
from pathlib import Path

import pytest

from parity.cli.pytest_plugin import import_all
from parity.rules.texts import Texts

import_all()
Texts.strict = True

# A runner under nohup ignores SIGHUP, and what the tests start would inherit that.
signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture(scope="session")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The installers as a build fetches them."""
    from tests.builds import fetched

    return fetched(tmp_path_factory.mktemp("tools"))
