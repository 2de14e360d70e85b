"""This machine's npm settings that the build uses: only those for reaching the registry.

They go into the file with the lowest priority (`globalconfig`), so that the app's own .npmrc wins:
https://docs.npmjs.com/cli/configuring-npm/npmrc (documented).
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

NAMES = frozenset(
    "registry proxy https-proxy noproxy cafile ca strict-ssl fetch-retries fetch-timeout".split()
)
NETWORK = (
    *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"),
    *("NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "SSL_CERT_DIR"),
)
REGISTRY = "https://registry.npmjs.org/"

_LINE = re.compile(r"\s*([\w-]+)\s*=\s*(.*?)\s*")


def network() -> dict[str, str]:
    """Return this machine's variables for proxies and certificates."""
    return {name: os.environ[name] for name in NETWORK if name in os.environ}


def lines() -> list[str]:
    """Return the settings as lines of an .npmrc."""
    return [f"{name}={value}" for name, value in sorted(_settings().items())]


def registry() -> str:
    """Return the URL of this machine's registry."""
    return _settings().get("registry", REGISTRY)


def _settings() -> dict[str, str]:
    settings: dict[str, str] = {}
    for path in _files():
        settings |= dict(_read(path))
    for name, value in os.environ.items():
        option = name.lower().removeprefix("npm_config_").replace("_", "-")
        if name.lower().startswith("npm_config_") and option in NAMES:
            settings[option] = value
    return settings


def _files() -> Iterator[Path]:
    """Yield the paths of npm's configuration files; later ones win."""
    yield Path("/usr/local/etc/npmrc")
    yield Path("/usr/etc/npmrc")
    yield Path("/etc/npmrc")
    yield Path(os.environ.get("HOME") or "/nonexistent") / ".npmrc"


def _read(path: Path) -> Iterator[tuple[str, str]]:
    try:
        text = path.read_text("utf-8", "replace")
    except OSError:
        return
    for line in text.splitlines():
        match = _LINE.fullmatch(line)
        if match and match[1] in NAMES:
            yield match[1], match[2]
