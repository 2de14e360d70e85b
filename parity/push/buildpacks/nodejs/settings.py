"""What of this machine's npm settings the build may know: the way to the registry, no more.

They go into a file of the lowest rank (`globalconfig`), so that the app's own .npmrc wins:
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
    """This machine's variables for proxies and certificates."""
    return {name: os.environ[name] for name in NETWORK if name in os.environ}


def lines() -> list[str]:
    """The settings as lines of an .npmrc."""
    return [f"{name}={value}" for name, value in sorted(_found().items())]


def registry() -> str:
    """Where packages come from here."""
    return _found().get("registry", REGISTRY)


def _found() -> dict[str, str]:
    found: dict[str, str] = {}
    for path in _files():
        found |= dict(_read(path))
    for name, value in os.environ.items():
        option = name.lower().removeprefix("npm_config_").replace("_", "-")
        if name.lower().startswith("npm_config_") and option in NAMES:
            found[option] = value
    return found


def _files() -> Iterator[Path]:
    """npm's files, the ones that win last."""
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
