"""The slug as a folder: copied for every dyno (https://devcenter.heroku.com/articles/dynos)."""

import os
import shutil
from pathlib import Path

from parity import interrupt


def copy(slug: Path, to: Path) -> None:
    """Copy the slug into the empty folder `to`; links stay. Raises `Interrupted`, `OSError`."""
    with os.scandir(slug) as entries:
        for entry in entries:
            interrupt.check()
            target = to / entry.name
            if entry.is_dir(follow_symlinks=False):
                shutil.copytree(entry.path, target, symlinks=True)
            else:
                shutil.copy2(entry.path, target, follow_symlinks=False)
