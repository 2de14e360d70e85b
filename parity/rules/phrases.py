"""Phrases that several manual pages share: Heroku's lines, and what the laptop hides.

Heroku's lines are observed in public logs; https://devcenter.heroku.com/articles/error-codes. Log
messages are those that the servers and Python itself print (observed). Advice for a framework is
from its own documentation.
"""

SHELL = "On the laptop the program was installed for something else, or is part of your system."
FILES = "The laptop runs the folder on disk; Heroku runs what git has."
VARIABLES = "The laptop has the variable in its shell or in .env, which Heroku never reads."
CORS = (
    "`Application error`, status 503. The console of a page from another address (a separate front"
    " end) reports a CORS error, a missing Access-Control-Allow-Origin: Heroku's error page"
    " has no such header, and the app, which would send it, did not answer. Its CORS settings are"
    " not to blame."
)
"""Heroku's error pages have no CORS headers (observed)."""


def routed(code: str, words: str) -> tuple[str, ...]:
    """Return the router's log line for an error."""
    line = 'heroku[router]: at=error code={} desc="{}" method=GET path="/" … status=503'
    return (line.format(code, words),)
