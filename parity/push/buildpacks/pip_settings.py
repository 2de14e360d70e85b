"""What of this machine's pip settings the build may know: where packages come from, no more.

Names: https://pip.pypa.io/en/stable/topics/configuration/. Constraints, targets and binary rules
would make another environment than Heroku's.
"""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

INDEXES = ("index-url", "extra-index-url", "find-links", "no-index")
"""What decides which packages there are."""

CONNECTION = (
    *("trusted-host", "cert", "client-cert", "proxy"),
    *("timeout", "default-timeout", "retries"),
)
NETWORK = (
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
    *("http_proxy", "https_proxy", "all_proxy", "no_proxy"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "GIT_SSL_CAINFO"),
)


def variables() -> dict[str, str]:
    """pip's way to its index, as environment variables; no other setting of the user's."""
    return {**network(), **options(), "PIP_CONFIG_FILE": "/dev/null"}


def network() -> dict[str, str]:
    """This machine's proxies and certificates."""
    return {name: os.environ[name] for name in NETWORK if name in os.environ}


def options() -> dict[str, str]:
    """pip's own settings among them, for a `pip install` that is not ours."""
    found = _options((*INDEXES, *CONNECTION))
    if found.get("PIP_RETRIES") == "0":
        found["PIP_RETRIES"] = "1"  # without any, pip keeps a failed connection to itself
    return found


def indexes() -> list[str]:
    """The settings that decide which packages there are, as `NAME=value`."""
    return sorted(f"{name}={value}" for name, value in _options(INDEXES).items())


def no_index() -> bool:
    """Whether this machine's pip asks no index at all."""
    value = _options(("no-index",)).get("PIP_NO_INDEX", "").lower()
    return value not in ("", "0", "no", "false", "off")


def _options(names: tuple[str, ...]) -> dict[str, str]:
    """pip's options from its files and from the environment, which wins."""
    configured = _configured()
    found = {}
    for option in names:
        name = f"PIP_{option.upper().replace('-', '_')}"
        value = os.environ.get(name, configured.get(option))
        if value is not None:
            found[name] = " ".join(value.split())
    return found


def _configured() -> Mapping[str, str]:
    """The settings of pip's own files; later files win."""
    found: dict[str, str] = {}
    for path in _files():
        try:
            text = path.read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            continue
        import configparser  # most machines have no such file

        parser = configparser.RawConfigParser()
        try:
            parser.read_string(text)
        except configparser.Error:
            continue
        for section in ("global", "install", "download"):
            if parser.has_section(section):
                found |= {k.replace("_", "-"): v for k, v in parser.items(section)}
    return found


def _files() -> Iterator[Path]:
    own = os.environ.get("PIP_CONFIG_FILE")
    if own == os.devnull:
        return
    home = Path(os.environ.get("HOME") or "/nonexistent")
    config = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config")
    yield Path("/etc/xdg/pip/pip.conf")
    yield Path("/etc/pip.conf")
    yield Path("/Library/Application Support/pip/pip.conf")
    yield home / ".pip" / "pip.conf"
    yield home / "Library" / "Application Support" / "pip" / "pip.conf"
    yield config / "pip" / "pip.conf"
    if own:
        yield Path(own)
