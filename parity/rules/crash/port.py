"""Crashes because of the port or the address on which a server is to listen."""

import re
from collections.abc import Iterator

from parity.records.verdict import Evidence
from parity.rules.crash.node import endings as node
from parity.rules.crash.python import endings as python
from parity.rules.crash.symptoms import ENDINGS, at_command
from parity.rules.engine import rule
from parity.rules.views.facts import PortTaken, stated
from parity.rules.views.python_source import at, find
from parity.rules.views.python_traceback import Crash, PythonError
from parity.rules.views.python_variables import all_reads


@rule(
    "invalid-port",
    leads_to=ENDINGS,
    title="The port in the command is not a number: {value}",
    cause="{why:%PORT% is Windows syntax, quotes keep bash from replacing it, or the name is"
    " wrong.}",
    fix="Write $PORT, which Heroku sets: `{type}: {right}`.",
    docs="https://devcenter.heroku.com/articles/dyno-startup-behavior",
    apart="`'$PORT' is not a valid port number`",
    laptop="On the laptop PORT is not used. In single quotes, and as %PORT%, bash does not replace"
    " it.",
)
def invalid_port(crash: Crash) -> Iterator[Evidence]:
    pattern = (
        r"(?i)'?((?:(?<![^' ])[^' ]+)?)'? is not a valid (?:integer|port)"
        r"|invalid (?:int|port)[^'\n]*'([^']*)'"
        r"|Error: Option '--port'|invalid literal for int\(\) with base 10: '([^']*)'"
    )
    match = crash.saying(pattern)
    if not match:
        return
    command = crash.command
    wrong = re.search(
        r"%PORT%|'\$\{?PORT\}?'|\$\{?(\w+)\}?:\$\{?PORT\b\}?|\$\{?(?!PORT\b)(\w*PORT\w*)\}?",
        command,
    )
    if wrong:
        right = command.replace(wrong[0], "0.0.0.0:$PORT" if wrong[1] else "$PORT")
        yield at_command(crash, match[0], value=wrong[0], why=_port_reason(wrong), right=right)


def _port_reason(wrong: re.Match[str]) -> str:
    if wrong[0] == "%PORT%":
        return "%PORT% is how Windows writes a variable; bash passes it on unchanged."
    if wrong[0].startswith("'"):
        return "Within single quotes bash does not replace $PORT."
    if wrong[1]:
        return f"${wrong[1]} is not an address of this dyno; the bind needs an address and a port."
    return f"Heroku sets PORT; {wrong[2]} is not set, so bash replaces it with nothing."


@rule(
    "address-in-use",
    aliases=("node-listens-twice",),
    leads_to=ENDINGS,
    title="The port is taken by the app itself",
    cause="The app binds the same port twice ({how:once at import, and again by the command}):"
    " {error}",
    fix="{advice:Start the server in one place.}",
    docs="https://devcenter.heroku.com/articles/dyno-startup-behavior",
    views=(python.port_taken, node.port_taken),
    apart="`Address already in use`: the app starts twice, as with a reloader",
    laptop="A reloader does the same on the laptop, but there the port may differ.",
)
def address_in_use(port: PortTaken) -> Iterator[Evidence]:
    yield from stated(port)


@rule(
    "port-is-text",
    leads_to=ENDINGS,
    title="The port is a string, but the server needs a number",
    cause="Environment variables are strings. Where PORT is not set, the default, a number, hides"
    " this: {error}",
    fix='Write `int(os.environ["PORT"])`, or `int(os.environ.get("PORT", 5000))`, where the port is'
    " read.",
    docs="https://devcenter.heroku.com/articles/dyno-startup-behavior",
)
def port_is_text(crash: PythonError) -> Iterator[Evidence]:
    raised = crash.raised
    pattern = (
        r"'str' object cannot be interpreted as an integer|integer is required|port must be (?:int"
        r"|an int)|not supported between instances of '(?:str|int)' and '(?:int|str)'|%d format"
    )
    if raised.kind != "TypeError":
        return
    reads = [r for r in all_reads(crash.source) if r.name == "PORT" and "int(" not in r.place.text]
    if re.search(pattern, raised.message) and reads:
        yield at(raised.told, reads[0].place, error=raised.told)


@rule(
    "address-not-here",
    leads_to=ENDINGS,
    title="The server cannot listen on {host}: that is not an address of the dyno",
    cause="A server listens on an address of the machine that it runs on. The app's public name"
    " belongs to Heroku's router, not to the dyno: {error}",
    fix='Listen on "0.0.0.0", which is every address of the dyno, and on the port in $PORT.',
    docs="https://devcenter.heroku.com/articles/dyno-startup-behavior",
)
def address_not_here(crash: Crash) -> Iterator[Evidence]:
    message = _unbindable(crash)
    if not message:
        return
    place = find(crash.source, r"\bhost\s*=\s*[\"'][\w.:/-]+[\"']")
    host = re.search(r"'([\w.:/-]+)', \d+", message) or (
        re.search(r"host\s*=\s*[\"']([\w.:/-]+)", place.text) if place else None
    )
    names = {"host": host[1] if host else "the address that it is given", "error": message}
    written = place and host and host[1] in place.text
    yield at(message, place, **names) if written else at_command(crash, message, **names)


def _unbindable(crash: Crash) -> str | None:
    """Return the message that says that the server cannot listen on an address."""
    pattern = (
        r"^.*(?:Invalid address: \('|attempting to bind on address|assign requested address).*"
    )
    match, raised = crash.saying(pattern), crash.raised
    if match:
        return match[0].strip()
    binding = raised and any("bind" in frame.name for frame in raised.frames)
    return raised.told if raised and binding and raised.kind == "gaierror" else None
