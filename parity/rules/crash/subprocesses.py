"""Crashes because the app starts a program that the dyno does not have."""

import re
from collections.abc import Iterator

from parity.records.verdict import Evidence
from parity.rules.crash.symptoms import ENDINGS, at_either
from parity.rules.engine import rule
from parity.rules.views.python_traceback import Crash

_PROGRAM_NEEDED = (
    r"No (wkhtmltopdf|wkhtmltoimage) executable found|(tesseract) is not installed or it's not in"
    r"|Unable to get page count\. Is (poppler) installed|find program '?(dot|ffmpeg)\b"
    r"|failed to execute (?:PosixPath\()?'(dot)'|(ffmpeg|ffprobe) (?:was )?not found"
)
"""Messages of packages that miss a program: wkhtmltopdf, pytesseract, pdf2image, graphviz."""


def absent_program(crash: Crash) -> str | None:
    """Return the missing program that the app tried to start."""
    raised = crash.raised
    request = re.search(_PROGRAM_NEEDED, raised.told) if raised else None
    if request:
        return next(group for group in request.groups() if group).lower()
    if raised is None or raised.kind not in ("FileNotFoundError", "PermissionError"):
        return None
    inner = any(frame.file.endswith("/subprocess.py") for frame in raised.frames)
    match = re.search(r"No such file or directory: '([\w.+-]+)'$", raised.message)
    return match[1] if inner and match else None


@rule(
    "program-not-in-dyno",
    leads_to=ENDINGS,
    title="The app starts the program {name}, which is not in the dyno",
    cause="{name} is on your machine, but neither the app's packages nor Heroku's stack image has"
    " it.",
    fix="Type `heroku buildpacks:add --index 1 heroku-community/apt`, write `{package}` (the Debian"
    " package's name) into a file called Aptfile, and commit it.",
    docs="https://elements.heroku.com/buildpacks/heroku/heroku-buildpack-apt",
)
def program_not_in_dyno(crash: Crash) -> Iterator[Evidence]:
    name = absent_program(crash)
    if name and name not in crash.source.entries:
        seen = f"No such file or directory: '{name}'"
        yield at_either(crash, seen, name=name, package=_DEBIAN.get(name, name))


_DEBIAN = {
    "dot": "graphviz",
    "ffprobe": "ffmpeg",
    "poppler": "poppler-utils",
    "tesseract": "tesseract-ocr",
    "wkhtmltoimage": "wkhtmltopdf",
}
"""Debian packages whose names differ from their programs': https://packages.debian.org."""
