"""Downloads gunicorn's source distribution from PyPI and runs its request fixtures."""

import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def main() -> int:
    """Return the exit code of the tests."""
    with tempfile.TemporaryDirectory() as folder:
        fetch = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", folder]
        subprocess.run([*fetch, "--no-binary", "gunicorn", "gunicorn"], check=True)
        archive = next(Path(folder).glob("gunicorn-*.tar.gz"))
        with tarfile.open(archive) as packed:
            packed.extractall(folder, filter="data")
        unpacked = folder + "/" + archive.name.removesuffix(".tar.gz")
        environment = {**os.environ, "PARITY_GUNICORN_SDIST": unpacked}
        command = [sys.executable, "-m", "pytest", "-q", "tests/test_fixtures.py"]
        return subprocess.run(command, cwd=ROOT, env=environment).returncode


if __name__ == "__main__":
    sys.exit(main())
