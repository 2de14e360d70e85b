"""Virtual environments in the tree, whatever they are called: none of their code is the app's.

Each has a pyvenv.cfg in its root and a script that activates it:
https://docs.python.org/3/library/venv.html (documented).
"""

from parity.records import Frame, Source

MARK = "pyvenv.cfg"
MARKS = (MARK, "bin/activate", "Scripts/activate")
PACKAGES = "site-packages/"
_NOT_THE_APP = (".heroku/", "/", "<", "venv/", ".venv/", "node_modules/")


def environments(source: Source) -> tuple[str, ...]:
    """Return the folders of virtual environments, each with a final `/`."""
    pairs = ((path, mark) for path in source.entries for mark in MARKS)
    marked = ((path, mark) for path, mark in pairs if path.endswith(f"/{mark}"))
    return tuple(dict.fromkeys(path.removesuffix(mark) for path, mark in marked))


def of_the_app(frame: Frame) -> bool:
    """Return whether a frame is in the app's own code: packages name their .pyx without a path."""
    if frame.file.startswith(_NOT_THE_APP) or PACKAGES in frame.file:
        return False
    return not frame.file.endswith((".pyx", ".pxd"))
