"""parity rehearses a Heroku deploy on this machine: same stages, same limits, same words.

>>> from parity import rehearse
>>> verdict = rehearse("examples/hello_app")  # doctest: +SKIP
>>> verdict.verdict  # doctest: +SKIP
'works'
"""

TYPE_CHECKING = False  # typing's own costs 7 ms of `parity --help`

if TYPE_CHECKING:
    from typing import Any

    from parity.pipeline import rehearse
    from parity.verdict import Verdict

__version__ = "0.1.0"
__all__ = ["Verdict", "__version__", "rehearse"]


def __getattr__(name: str) -> "Any":
    """Import the API on first use: `parity --help` must not pay for it."""
    if name == "rehearse":
        from parity.pipeline import rehearse

        return rehearse
    if name == "Verdict":
        from parity.verdict import Verdict

        return Verdict
    raise AttributeError(f"module 'parity' has no attribute {name!r}")
