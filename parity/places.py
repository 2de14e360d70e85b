"""Where a path really leads: the app must not choose which files outside of it are read."""

import os


def within(place: str, folder: str) -> bool:
    """Whether links lead from `place` to what lies in `folder`, and not in git's own part of it."""
    root, real = os.path.realpath(folder), os.path.realpath(place)
    inner = f"{os.path.relpath(real, root)}/".lower()
    return not inner.startswith("../") and "/.git/" not in f"/{inner}"
