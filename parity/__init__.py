"""parity rehearses a Heroku deploy on this machine: same stages, same limits, same words.

>>> from parity import rehearse
>>> verdict = rehearse("examples/hello_app")  # doctest: +SKIP
>>> verdict.verdict  # doctest: +SKIP
'works'
>>> to_dict(verdict)["boot"]["port"]  # the document of `--format json`  # doctest: +SKIP
23817
"""

from parity.version import __version__

TYPE_CHECKING = False  # typing's own costs 7 ms of `parity --help`

if TYPE_CHECKING:
    from typing import Any

    from parity.records import Config
    from parity.records.options import Options
    from parity.records.verdict import Verdict
    from parity.rehearsal.app import App, NotUp
    from parity.rehearsal.pipeline import check, rehearse

__all__ = [
    "App",
    "Config",
    "NotUp",
    "Options",
    "Verdict",
    "__version__",
    "check",
    "rehearse",
    "to_dict",
]

_ROOMS = {
    "App": "rehearsal.app",
    "Config": "records",
    "NotUp": "rehearsal.app",
    "Options": "records.options",
    "Verdict": "records.verdict",
    "check": "rehearsal.pipeline",
    "rehearse": "rehearsal.pipeline",
}


def to_dict(verdict: "Verdict") -> "dict[str, Any]":
    """Return the document of `--format json`, with the values of config vars masked."""
    from parity.masking.mask import hidden
    from parity.report.json import report

    return report(hidden(verdict))


def __getattr__(name: str) -> "Any":
    """Import the API on first use: `parity --help` must not pay for it."""
    from importlib import import_module

    if name in _ROOMS:
        return getattr(import_module(f"parity.{_ROOMS[name]}"), name)
    raise AttributeError(f"module 'parity' has no attribute {name!r}")
