"""Virtual environments in the tree, whatever they are called: none of their code is the app's.

Each has a pyvenv.cfg in its root: https://docs.python.org/3/library/venv.html (documented).
"""

from parity.records import Source

MARK = "pyvenv.cfg"
PACKAGES = "site-packages/"


def environments(source: Source) -> tuple[str, ...]:
    """Return the folders of virtual environments, each with a final `/`."""
    marks = (path for path in source.entries if path.endswith(f"/{MARK}"))
    return tuple(path.removesuffix(MARK) for path in marks)
