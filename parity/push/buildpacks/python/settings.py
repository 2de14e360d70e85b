"""What of this machine's pip settings the build may know: where packages come from, no more.

Names: https://pip.pypa.io/en/stable/topics/configuration/. Constraints, targets and binary rules
would make another environment than Heroku's.
"""

import configparser
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

PASSED = (
    *("index-url", "extra-index-url", "find-links", "trusted-host", "no-index"),
    *("cert", "client-cert", "proxy", "timeout", "default-timeout", "retries"),
)
NETWORK = (
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
    *("http_proxy", "https_proxy", "all_proxy", "no_proxy"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"),
)


def variables() -> dict[str, str]:
    """pip's way to its index, as environment variables; no other setting of the user's."""
    found = {name: os.environ[name] for name in NETWORK if name in os.environ}
    for key, value in _configured().items():
        found[f"PIP_{key.upper().replace('-', '_')}"] = " ".join(value.split())
    for key in PASSED:
        name = f"PIP_{key.upper().replace('-', '_')}"
        if name in os.environ:
            found[name] = os.environ[name]
    return {**found, "PIP_CONFIG_FILE": "/dev/null"}


def _configured() -> Mapping[str, str]:
    """The settings of pip's own files; later files win."""
    found: dict[str, str] = {}
    for path in _files():
        parser = configparser.RawConfigParser()
        try:
            parser.read(path, encoding="utf-8")
        except (configparser.Error, UnicodeDecodeError, OSError):
            continue
        for section in ("global", "install", "download"):
            if parser.has_section(section):
                found |= {k: v for k, v in parser.items(section) if k in PASSED}
    return found


def _files() -> Iterator[Path]:
    own = os.environ.get("PIP_CONFIG_FILE")
    if own == "/dev/null":
        return
    home = Path(os.environ.get("HOME") or "/nonexistent")
    config = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config")
    yield Path("/etc/xdg/pip/pip.conf")
    yield Path("/etc/pip.conf")
    yield home / ".pip" / "pip.conf"
    yield config / "pip" / "pip.conf"
    yield home / "Library" / "Application Support" / "pip" / "pip.conf"
    if own:
        yield Path(own)
