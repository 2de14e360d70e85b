"""Virtual environments in the tree, whatever they are called: none of their code is the app's.

Each has a pyvenv.cfg in its root and a script that activates it:
https://docs.python.org/3/library/venv.html (documented).
"""

from parity.records import Source

MARK = "pyvenv.cfg"
MARKS = (MARK, "bin/activate", "Scripts/activate")
PACKAGES = "site-packages/"


def environments(source: Source) -> tuple[str, ...]:
    """Return the folders of virtual environments, each with a final `/`."""
    pairs = ((path, mark) for path in source.entries for mark in MARKS)
    marked = ((path, mark) for path, mark in pairs if path.endswith(f"/{mark}"))
    return tuple(dict.fromkeys(path.removesuffix(mark) for path, mark in marked))
