"""Files that an app's error names, and that are on this disk but not in what would be pushed."""

import re
from collections.abc import Iterable, Iterator

from parity.records import Line, Source

LAST = 40
"""Lines of the app's output in which its last error is looked for (ours)."""

_ERROR = re.compile(
    r"No such file|FileNotFound|ENOENT|NotFound|DoesNotExist|cannot find|Cannot find|not exist"
)


def missed(source: Source, output: Iterable[Line]) -> Iterator[str]:
    """Yield the paths that the end of `output` names in an error, or on the lines around it.

    Neither `.env` nor what it is called elsewhere: its values are not for git.
    """
    texts = [line.text for line in output][-LAST:]
    errors = "\n".join(text for text in texts if _ERROR.search(text))
    for path in source.absent if errors else ():
        name = path.rstrip("/").rpartition("/")[2]
        if not name.startswith(".") and _names(errors, path):
            yield path


def _names(text: str, path: str) -> bool:
    """Return whether `text` has the path of a file, or of one in a folder (`path` ends in `/`)."""
    before = r"(?:(?<=/app/)|(?<![\w./-])|(?<=\./))"
    after = r"[\w.-]" if path.endswith("/") else r"(?![\w/-]|\.\w)"
    return re.search(f"{before}{re.escape(path)}{after}", text) is not None
