"""Scripts that the command starts with Python and that are not in the slug."""

from difflib import get_close_matches

from parity.rules.crash.symptoms import at_command, procfile
from parity.rules.views.facts import AbsentScript
from parity.rules.views.python_traceback import Crash
from parity.rules.views.suggestions import kept_out


def unstartable(crash: Crash) -> AbsentScript | None:
    """Return the script that Python could not open."""
    match = crash.saying(r"can't open file '([^']+)'|File does not exist: (\S+)")
    path = (match[1] or match[2]) if match else ""
    if not match or crash.raised or path.endswith(("\r", "\\r")):
        return None
    script = next((w for w in crash.command.split() if path.endswith(w)), path)
    near = [] if script in crash.source.absent else _near(crash, script)
    advice = f"Commit {script}, or correct the name in the Procfile."
    if near:
        advice = procfile(crash, crash.command.replace(script, near[0]))
    slashed, why = crash.command.replace("\\", "/"), ""
    if slashed != crash.command:
        why = " A backslash separates folders on Windows only; bash takes it away."
        advice = procfile(crash, slashed)
    evidence = (at_command(crash, match[0]), *kept_out(crash.source, script))
    return AbsentScript("Python", script, crash.command, why, advice, evidence)


def _near(crash: Crash, script: str) -> list[str]:
    """Return files that may be meant: of the same name elsewhere, or else of a similar name."""
    scripts = [p for p in crash.source.entries if p.endswith(".py")]
    name = script.rpartition("/")[2].lower()
    same = [p for p in scripts if p.rpartition("/")[2].lower() == name]
    alike = get_close_matches(script.removesuffix(".py"), [p[:-3] for p in scripts], 1, 0.7)
    root = [p for p in scripts if "/" not in p]
    alone = root if len(root) == 1 else []
    return sorted(same, key=len) or [f"{p}.py" for p in alike] or alone
