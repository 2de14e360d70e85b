"""What tests of builds share: the installers are fetched once."""

from pathlib import Path

import pytest

from parity.pytest_plugin import import_all

import_all()


@pytest.fixture(scope="session")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The installers as a build fetches them."""
    from tests.builds import fetched

    return fetched(tmp_path_factory.mktemp("tools"))
