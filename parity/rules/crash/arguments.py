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
    title="{program} cannot use the word `{word}`: {meant:an option is missing before it}",
    cause="A word that belongs to no option names the app to serve, as `module:name`; {program}"
    " takes one such word. `{word}` is neither that nor the value of an option.",
    fix="{advice:Write the option before the value, such as `--bind 0.0.0.0:$PORT`.}",
    docs=PROCFILE,
    apart="`No module named '0'`, or `unrecognized arguments`, for a word of the command itself",
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
    title="celery cannot use `{word}` as it stands there",
    cause="{why:The option `-A` names the module of the app, before celery's own command.}"
    " Celery says: {error}",
    fix="{advice:Write `celery -A MODULE worker`.}",
    docs="https://docs.celeryq.dev/en/stable/reference/cli.html",
    apart="`No such option`, or `The module … was not found`, in the output of celery",
    laptop="Before version 5 Celery took `-A` behind the command, too.",
)
def celery_argument(crash: Crash) -> Iterator[Evidence]:
    said = crash.saying(_CELERY) if crash.starting and not crash.raised else None
    found = celery_command(crash.command, crash.source) if said else None
    if said and found:
        advice = {"advice": procfile(crash, found.right)} if found.right else {}
        error = said[0].strip()
        yield at_command(crash, error, word=found.word, why=f"{found.why}.", error=error, **advice)


_CELERY = r"^Error: No such (?:option|command).*|^The module \S+ was not found\."
"""What Celery says about its own command line (observed with 5.6)."""
