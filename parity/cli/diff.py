"""`parity run --diff`: the proved fixes, for `git apply` from the current folder.

In a repository git takes the paths of a patch from the root of that repository, and ignores
those outside of the current folder (git-apply(1)).
"""

import os

from parity.records.verdict import Verdict
from parity.report.show import Show


def run(show: Show, verdict: Verdict) -> None:
    """Print the diff, or why there is none, and a note if `git apply` has to be typed elsewhere."""
    from parity.rehearsal.edits.diff import unified

    root = verdict.source.root if verdict.source else "."
    top = _top(os.getcwd())  # noqa: PTH109
    prefix = os.path.relpath(os.path.realpath(root), top)
    outside = prefix.split("/")[0] == ".."
    prefix = "" if prefix == "." or outside else f"{prefix}/"
    parts = [unified(fix.changes, prefix) for fix in verdict.fixes]
    apart = outside or any(
        not _below(top, prefix, path) for f in verdict.fixes for path in f.changes
    )
    where = os.path.relpath(os.path.realpath(root) if outside else top)
    show.diffs(verdict, "".join(filter(None, parts)), where if apart else "")


def _top(folder: str) -> str:
    """Return the root of the repository around `folder`; the folder itself if there is none."""
    place = own = os.path.realpath(folder)
    while not os.path.lexists(f"{place}/.git"):
        if place == os.path.dirname(place):  # noqa: PTH120
            return own
        place = os.path.dirname(place)  # noqa: PTH120
    return place


def _below(top: str, prefix: str, path: str) -> bool:
    """Return whether a path of the app is in the current folder or below it."""
    here = os.path.realpath(os.getcwd())  # noqa: PTH109
    return os.path.join(top, prefix, path).startswith(f"{here.rstrip('/')}/")  # noqa: PTH118
