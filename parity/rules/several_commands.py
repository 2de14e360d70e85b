"""R10 of a command that is several: the first does not end, so the server is never started."""

import re
from collections.abc import Iterator

from parity.records import Boot
from parity.rules import rule
from parity.rules.boot import R10
from parity.rules.procfile_reading import is_server, is_worker
from parity.verdict import Evidence

QUEUES = "https://devcenter.heroku.com/articles/background-jobs-queueing"


@rule(
    "first-command-stays",
    leads_to=R10,
    title="The server is never started: `{first}` runs first, and does not end",
    cause="In `{command}` the shell starts the server when `{first}` has ended. That is a program"
    " that goes on until it is stopped, so nobody ever opens $PORT.",
    fix="Write two lines into the Procfile, `web: {server}` and `worker: {first}`; then"
    " `heroku ps:scale worker=1`.",
    docs=QUEUES,
)
def first_command_stays(boot: Boot) -> Iterator[Evidence]:
    process = boot.process
    parts = [part.strip() for part in re.split(r"&&|;", process.command)]
    at = next((n for n, part in enumerate(parts) if _stays(boot, part)), len(parts))
    server = next(filter(is_server, parts[at + 1 :]), None)
    if server and boot.state == "timeout" and not boot.listeners and not boot.foreign:
        names = {"first": parts[at], "server": server, "command": process.command}
        file = "Procfile" if process.line else None
        yield Evidence("no port was opened", file, process.line or None, names=names)


def _stays(boot: Boot, part: str) -> bool:
    """Whether a part of the command is what the process does all the time."""
    script = re.match(r"python3?\s+(?:-\w\s+)?(\S+\.py)$", part)
    there = script and any(frame.file == script[1] for frame in boot.stack or ())
    return is_worker(part) or bool(there)
