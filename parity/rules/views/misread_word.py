"""The word of its command that a server took for the app, or refused."""

from typing import NamedTuple

from parity.rules.view import view
from parity.rules.views.misread_words import Misread, misread
from parity.rules.views.python_traceback import Crash

_UNFOUND = r"No module named '([^']*)'|Could not import module \"([^\"]*)\"|(Empty module name)"
_REFUSED = (
    r"Got unexpected extra arguments?(?:\(s\))? \(|error: unrecognized arguments: "
    r"|Specify one application only|'[^']*' is not a valid port number"
)
"""What servers say about arguments that they do not take (observed)."""

SHELL = (126, 127)


class MisreadWord(NamedTuple):
    """A word of the command of `crash` that its server read differently."""

    crash: Crash
    misread: Misread


@view
def misread_word(crash: Crash) -> MisreadWord | None:
    """Return the word if the log shows that the server stumbled on it."""
    if not crash.starting or crash.exit in SHELL:
        return None
    found = misread(crash.command, crash.source)
    if found is None:
        return None
    unfound = crash.saying(_UNFOUND)
    said = unfound and _names(found.words, unfound[1] or unfound[2] or "")
    return MisreadWord(crash, found) if said or crash.saying(_REFUSED) else None


def _names(words: tuple[str, ...], module: str) -> bool:
    """Return whether one of the words leads a server to look for a module of that name."""
    return any(_leads(word.partition(":")[0].split("."), module.split(".")) for word in words)


def _leads(named: list[str], module: list[str]) -> bool:
    """Return whether a module, or a package around it, is `named`; a variable may be anything."""
    parts = zip(named, module, strict=False)
    return len(module) <= len(named) and all("$" in part or part == x for part, x in parts)
