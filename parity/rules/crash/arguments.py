"""Crashes of servers that read a word of their command differently from what was meant."""

from collections.abc import Iterator

from parity.records.verdict import Evidence
from parity.rules.crash.symptoms import ENDINGS, PROCFILE, at_command, procfile
from parity.rules.engine import rule
from parity.rules.views.celery_command import celery_command
from parity.rules.views.misread_word import MisreadWord
from parity.rules.views.python_traceback import Crash
from parity.rules.views.typographic import strange


@rule(
    "server-argument",
    instead_of=("wrong-option", "no-target", "wrong-attribute", "invalid-port"),
    leads_to=ENDINGS,
    title="{program} does not understand `{word}`: {meant:an option is missing before it}",
    cause="Besides options, {program} takes one word: the app to serve, as `module:name`."
    " `{word}` is neither that nor an option's value.",
    fix="{advice:Write the option before the value, such as `--bind 0.0.0.0:$PORT`.}",
    docs=PROCFILE,
    apart="`No module named '0'`, or `unrecognized arguments`, for a word in the command",
    laptop="The laptop starts the app with another command.",
)
def server_argument(misread: MisreadWord) -> Iterator[Evidence]:
    crash, found = misread
    if any(strange(crash.command)):
        return
    advice = {"advice": procfile(crash, found.right)} if found.right else {}
    names = {"program": found.program, "word": found.word, "meant": found.meant}
    yield at_command(crash, f"`{crash.command}`", **names, **advice)


@rule(
    "celery-argument",
    instead_of=("wrong-option",),
    leads_to=ENDINGS,
    title="celery does not accept `{word}` in that place",
    cause="{why:`-A` names the app's module, and comes before celery's own command.} Celery"
    " says: {error}",
    fix="{advice:Write `celery -A MODULE worker`.}",
    docs="https://docs.celeryq.dev/en/stable/reference/cli.html",
    apart="`No such option`, or `The module … was not found`, in the output of celery",
    laptop="Before version 5, Celery also took `-A` after the command.",
)
def celery_argument(crash: Crash) -> Iterator[Evidence]:
    said = crash.saying(_CELERY) if crash.starting and not crash.raised else None
    found = celery_command(crash.command, crash.source) if said else None
    if said and found:
        advice = {"advice": procfile(crash, found.right)} if found.right else {}
        error = said[0].strip()
        yield at_command(crash, error, word=found.word, why=f"{found.why}.", error=error, **advice)


_CELERY = r"^Error: No such (?:option|command).*|^The module \S+ was not found\."
"""Celery's messages about its command line (observed with 5.6)."""
