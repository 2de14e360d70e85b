"""Node.js apps that end because they took their own port, or because the script has finished."""

from parity.records import Boot
from parity.records.verdict import Evidence
from parity.rules.views.facts import EndedAtOnce, PortTaken
from parity.rules.views.node_error import NodeCrash, node_error
from parity.rules.views.node_source import at_start, command, find, found


def port_taken(crash: NodeCrash) -> PortTaken | None:
    """Return the error of a second `listen` on the same port."""
    match, error = crash.saying(r"listen EADDRINUSE.*"), node_error(crash)
    if not match or not crash.starting:
        return None
    place = error.thrown.place if error else None
    calls = list(found(crash.source, r"\.listen\("))[-1:]
    file = place.file if place else calls[0].file if calls else "the code"
    line = place.line if place else calls[0].line if calls else 0
    advice = (
        f"Call `listen` once: remove the call in line {line} of {file}, or give both one server."
    )
    evidence = Evidence(match[0], file if line else None, line or None)
    return PortTaken(match[0], "a second `listen` finds it in use by the first", advice, evidence)


def ended(crash: NodeCrash) -> EndedAtOnce | None:
    """Return the start command if it ended with status 0."""
    if crash.exit != 0 or not isinstance(crash.record, Boot):
        return None
    serving = find(crash.source, r"\.listen\(")
    text = command(crash.source, crash.process)
    if serving and serving.file not in text:
        advice = f"Start the file that listens: `node {serving.file}`."
    elif crash.process.name == "web":
        advice = "Start a server in it: `app.listen(process.env.PORT)`. A job belongs in a worker."
    else:
        advice = "Make the command wait for work instead of ending."
    evidence = at_start(crash.source, crash.process, "Process exited with status 0")
    return EndedAtOnce(text, advice, (evidence,))
