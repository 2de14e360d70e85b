"""The grammar of Heroku's log: the lines of the dyno manager, the router and logplex.

test_dyno_log.py checks it against real lines in `heroku.log`; parity's own lines must match it.
"""

import re
from collections.abc import Iterable

from parity.records import Line
from parity.report.json import _line as printed

STATES = "starting|up|crashed|down|complete|idle|provisioning"
MANAGER = re.compile(
    r"Awaiting client|Idling|Unidling|Restarting|Cycling"
    r"|Starting process with command `.+`"
    rf"|State changed from (?:{STATES}) to (?:{STATES})"
    r"|Process exited with status (?:\d|[1-9]\d|1\d\d|2[0-4]\d|25[0-5])"
    r"|Stopping all processes with SIGTERM"
    r"|Stopping (?:process|remaining processes) with SIGKILL"
    r"|Process running mem=\d+M\(\d+\.\d%\)"
    r"|Error R10 \(Boot timeout\) -> Web process failed to bind to \$PORT"
    r" within \d+ seconds of launch"
    r"|Error R12 \(Exit timeout\) -> At least one process failed to exit"
    r" within \d+ seconds of SIGTERM"
    r"|Error R13 \(Attach error\) -> Failed to attach to process"
    r"|Error R14 \(Memory quota exceeded\)"
    r"|Error R15 \(Memory quota vastly exceeded\)"
)
_MS = r"(?:\d+(?:ms)?)?"
ROUTER = re.compile(
    r'(?:http_error="[^"]*" )?(?:sock=(?:client|backend) )?'
    r'at=(?:info|warning|error)(?: code=H\d\d desc="[^"]+")?(?: cause="[^"]*")?'
    r' method=[A-Z]+ path="[^"]*" host=\S+ request_id=[\w-]+ fwd="[^"]*" dyno=(?:[a-z]+\.\d+)?'
    rf" connect={_MS} service={_MS} status=(?:\d\d\d)? bytes=\d*"
    r"(?: protocol=[\w.]+(?: tls=(?:true|false) tls_version=\S+)?)?"
)
LOGPLEX = re.compile(
    r"Error L10 \(output buffer overflow\): (?:drain '[\w.-]+' dropped \d+ messages"
    r"|\d+ messages dropped) since [\dT:.+-]+\."
)
LINE = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{6})?\+00:00 "
    r"(?P<source>(?:app|heroku)\[[\w-]+(?:\.\d+)?\]): (?P<text>.*)"
)


def parses(line: str) -> bool:
    """Return whether Heroku could have written `line`, with its time and source."""
    match = LINE.fullmatch(line)
    if not match:
        return False
    source, text = match["source"], match["text"]
    if source.startswith("app["):
        return True
    which = {"heroku[router]": ROUTER, "heroku[logplex]": LOGPLEX}.get(source, MANAGER)
    return which.fullmatch(text) is not None


def strange(log: Iterable[Line]) -> list[str]:
    """Return the lines that Heroku could not have written, leaving out those of `git push`."""
    lines = (printed(line) for line in log if line.source != "remote")
    return [line for line in lines if not parses(line)]
