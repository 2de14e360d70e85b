"""Reports of a verdict. One file per kind of report, and one line in `KINDS`.

Only `full` knows the width and the colours of a terminal; the others take just the verdict. A
verdict is masked (`parity.masking.mask`) before any of them sees it.
"""

from importlib import import_module

from parity.records.verdict import Verdict

KINDS = {
    "full": "terminal.full",
    "concise": "terminal.concise",
    "json": "json.document",
    "github": "github.annotations",
    "sarif": "sarif.document",
    "junit": "junit.document",
    "md": "markdown.document",
    "html": "html.document",
}
"""File and function, imported on use, by the name that `--format` and `--report` take."""

LAID_OUT = frozenset({"full"})


def render(kind: str, verdict: Verdict, *, width: int = 80, colour: bool = False) -> str:
    """Return the report of one kind, ending in a newline. Raises `KeyError` for an unknown kind."""
    module, name = KINDS[kind].split(".")
    renderer = getattr(import_module(f"parity.report.{module}"), name)
    layout = {"width": width, "colour": colour} if kind in LAID_OUT else {}
    return str(renderer(verdict, **layout))
