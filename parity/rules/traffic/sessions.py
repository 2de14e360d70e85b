"""Pages whose script fails for every visitor, although the server answers 200."""

from collections.abc import Iterator

from parity.records import Traffic
from parity.records.verdict import Evidence
from parity.rules.engine import rule
from parity.rules.traffic.traffic import ROUTING
from parity.rules.views.python_traceback import crash, script_failure


@rule(
    "page-script-fails",
    effect="fail",
    title="The page answers 200, but its script fails for every visitor: {error}",
    cause="The server is up and sends its page; the app's script runs only when a browser opens a"
    " session. parity has opened one, and the log has the script's exception: visitors see that"
    " instead of the page.",
    fix="Fix the cause named below.",
    docs=ROUTING,
    prints=("app[web.1]: Uncaught app execution",),
    laptop="The laptop has what the dyno lacks: packages installed earlier, files that are not"
    " in git, variables of your shell.",
    by={
        "Streamlit": "`Uncaught app execution` in the log, with the traceback below it",
        "Panel, Bokeh": "`Error running application handler`",
    },
)
def PAGE_SCRIPT_FAILS(traffic: Traffic) -> Iterator[Evidence]:
    failure = crash(traffic) if script_failure(traffic) else None
    if failure and failure.raised:
        yield Evidence(failure.raised.told, names={"error": failure.raised.told})
