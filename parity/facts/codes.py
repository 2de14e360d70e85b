"""Every error code that Heroku logs: its words in the log, and its meaning.

https://devcenter.heroku.com/articles/error-codes (documented); R11 and H82 are obsolete, but occur
in old logs (observed).
"""

from collections.abc import Mapping
from typing import NamedTuple

ARTICLE = "https://devcenter.heroku.com/articles/error-codes"


class Code(NamedTuple):
    """A code: `words` as they appear in the log; `meaning` in one or two sentences."""

    words: str
    meaning: str


CODES: Mapping[str, Code] = {
    "H10": Code("App crashed", "No dyno is up: the web process has ended, or never came up."),
    "H11": Code("Backlog too deep", "More requests wait for the dyno than the router queues."),
    "H12": Code("Request timeout", "The dyno sent no byte of an answer within 30 seconds."),
    "H13": Code(
        "Connection closed without response",
        "The dyno took the request and closed the connection without an answer.",
    ),
    "H14": Code(
        "No web processes running",
        "No dyno of the type `web` runs: none is declared, or `heroku ps:scale web=1` is missing.",
    ),
    "H15": Code("Idle connection", "The answer began, then nothing came for 55 seconds."),
    "H16": Code("Redirect to herokuapp.com", "An old routing stack redirected; it is gone."),
    "H17": Code("Poorly formatted HTTP response", "The dyno's answer is not valid HTTP."),
    "H18": Code("Server Request Interrupted", "The dyno closed in the middle of its answer."),
    "H19": Code("Backend connection timeout", "The dyno accepted no connection in 5 seconds."),
    "H20": Code("App boot timeout", "The request waited 75 seconds for a dyno that never came up."),
    "H21": Code("Backend connection refused", "The dyno is up, and nothing listens on its $PORT."),
    "H22": Code("Connection limit reached", "The dyno has as many connections as Heroku allows."),
    "H23": Code("Endpoint misconfigured", "A WebSocket went to a dyno that does not speak it."),
    "H24": Code("Forced close", "The routing layer ended the connection while it was in use."),
    "H25": Code("HTTP restriction", "The answer breaks a limit: a header, cookie or length."),
    "H26": Code("Request Error", "The client's request is not HTTP that the router accepts."),
    "H27": Code("Client Request Interrupted", "The client left before the answer was complete."),
    "H28": Code("Client Connection Idle", "The client read none of the answer for 55 seconds."),
    "H31": Code("Misdirected Request", "The request is for another host than its TLS session."),
    "H80": Code("Maintenance mode", "Somebody typed `heroku maintenance:on`; `:off` ends it."),
    "H81": Code("Blank app", "Nothing was ever pushed to this app."),
    "H82": Code(
        "Free app running time quota exhausted", "A limit of the free dynos of before 2022."
    ),
    "H83": Code("Planned service degradation", "Heroku limited the app on purpose."),
    "H99": Code("Platform error", "Heroku itself failed: see https://status.heroku.com."),
    "R10": Code("Boot timeout", "The web process did not bind $PORT within 60 seconds."),
    "R11": Code("Bad bind", "The process bound another port than $PORT. Today it is an R10."),
    "R12": Code("Exit timeout", "A process was still there 30 seconds after SIGTERM."),
    "R13": Code("Attach error", "A one-off dyno could not be attached to its terminal."),
    "R14": Code("Memory quota exceeded", "The dyno uses more memory than it has, and swaps."),
    "R15": Code("Memory quota vastly exceeded", "The dyno used twice its memory and was killed."),
    "R16": Code("Detached", "A one-off dyno lived on after its terminal was closed."),
    "R17": Code("Checksum error", "The slug that the dyno got is damaged: deploy again."),
    "R99": Code("Platform error", "Heroku itself failed: see https://status.heroku.com."),
    "L10": Code("Drain buffer overflow", "Lines for a log drain were dropped: it is too slow."),
    "L11": Code("Tail buffer overflow", "`heroku logs --tail` was too slow; lines are missing."),
    "L12": Code("Local buffer overflow", "The app logs too fast; lines are missing."),
    "L13": Code("Local delivery error", "Lines of the log were lost on their way."),
    "L14": Code("Certificate validation error", "The log drain's certificate is not valid."),
    "L15": Code("Tail buffer temporarily unavailable", "The log's tail was gone for a while."),
}
