"""How a line of the Procfile is read: by Heroku, and by what developers run on their machines.

Heroku's classic pattern: https://github.com/heroku/buildpacks-procfile/blob/main/SPEC.md
(documented). `heroku local` and honcho share the other one (observed):
https://github.com/heroku/cli/blob/main/src/lib/local/foreman/procfile.cjs.
"""

ARTICLE = "https://devcenter.heroku.com/articles/procfile"

CLASSIC = r"[ \t\r\f\v]*([a-zA-Z0-9_-]+):?[ \t\r\f\v]+(.*)"
"""One line, its start: name, command. Other lines are dropped without a word."""

LOCAL = r"([A-Za-z0-9_-]+):\s*(.+)$"

ROUTED = "web"
SHORT_RUN = ("release", "console", "rake")
"""Types that are no part of a running formation (Heroku's Ruby defaults among them)."""
