"""parity rehearses a Heroku deploy on this machine: same stages, same limits, same words.

>>> from parity import rehearse
>>> verdict = rehearse("examples/hello_app")  # doctest: +SKIP
>>> verdict.verdict  # doctest: +SKIP
'works'
>>> to_dict(verdict)["boot"]["port"]  # the document of `--format json`  # doctest: +SKIP
23817
"""

TYPE_CHECKING = False  # typing's own costs 7 ms of `parity --help`

if TYPE_CHECKING:
    from typing import Any

    from parity.live import App, NotUp
    from parity.options import Options
    from parity.pipeline import check, rehearse
    from parity.records import Config
    from parity.verdict import Verdict

__version__ = "0.1.0"
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
    "App": "live",
    "Config": "records",
    "NotUp": "live",
    "Options": "options",
    "Verdict": "verdict",
    "check": "pipeline",
    "rehearse": "pipeline",
}


def to_dict(verdict: "Verdict") -> "dict[str, Any]":
    """The verdict as the document of `--format json`, values of config vars masked as there."""
    from parity.report.json import report
    from parity.report.mask import hidden

    return report(hidden(verdict))


def __getattr__(name: str) -> "Any":
    """Import the API on first use: `parity --help` must not pay for it."""
    from importlib import import_module

    if name in _ROOMS:
        return getattr(import_module(f"parity.{_ROOMS[name]}"), name)
    raise AttributeError(f"module 'parity' has no attribute {name!r}")
