"""Servers that run the app's script for each visitor's session, not when they start.

They answer 200 whatever the script does; its exception is in their log. Each one's own source
(observed).
"""

from typing import NamedTuple


class Opening(NamedTuple):
    """How a browser opens a session over a websocket.

    `message` is its first one, and `text` whether that is text; `last` is the pattern of the
    server's last message about a first run.
    """

    path: str
    protocol: str
    message: bytes
    text: bool
    last: bytes


OPENINGS = {
    "streamlit": Opening(
        "/_stcore/stream",
        "streamlit",
        b"\x5a\x00",  # BackMsg.rerun_script (11), empty: streamlit/proto/BackMsg.proto
        False,
        rb"\x30[\x00-\x07]\Z",  # ForwardMsg.script_finished (6)
    ),
    "shiny": Opening("/websocket/", "", b'{"method":"init","data":{}}', True, rb'"errors"\s*:'),
}
"""The programs, by the name with which a command starts them."""

STARTED = r"(?:^|[\s/])(streamlit|shiny)\s+run\b"

FAILED = (
    r"Uncaught app (?:execution|exception)"
    r"|Error running application handler <"
    r"|shiny/session/_session\.py\", line \d+, in _run_impl"
)
"""A line of Streamlit's, of Bokeh's and Panel's, and of Shiny's log for a script that fails."""

SECONDS = 10.0
"""Seconds for which the end of a script's first run is awaited (ours)."""

DASH_CONFIG = rb'"requests_pathname_prefix"\s*:\s*"([^"]{0,200})"'
DASH_PARTS = ("_dash-layout", "_dash-dependencies")
"""What Dash's page asks for first: https://dash.plotly.com/layout (observed)."""
