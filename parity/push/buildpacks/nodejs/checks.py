"""Checks of what this machine has for Node.js apps."""

from parity.records.machine import Check
from parity.system import programs

_MISSING = "Install Node.js and npm (Debian: `apt install nodejs npm`; macOS: `brew install node`)."


def node() -> Check:
    """Check Node.js and its package managers."""
    path = programs.find("node")
    if path is None:
        return Check("Node.js", "limited", "not on PATH", _MISSING)
    version, managers = programs.version(path), ("npm", "yarn", "pnpm")
    beside = [f"{n} {programs.version(p)}" for n in managers if (p := programs.find(n))]
    if not any(text.startswith("npm") for text in beside):
        return Check("Node.js", "limited", f"{version}, but no npm", _MISSING)
    return Check("Node.js", "ok", f"{version} ({programs.shown(path)}), {', '.join(beside)}")
