"""This machine's pip settings that the build uses: only those about where packages come from.

Names: https://pip.pypa.io/en/stable/topics/configuration/. Constraints, targets and binary rules
would lead to a different environment than on Heroku.
"""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

INDEXES = ("index-url", "extra-index-url", "find-links", "no-index")
"""Options that decide which packages are available."""

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
    """Return the settings for reaching pip's index as variables, without the user's other ones."""
    return {**network(), **options(), "PIP_CONFIG_FILE": "/dev/null"}


def network() -> dict[str, str]:
    """Return this machine's variables for proxies and certificates."""
    return {name: os.environ[name] for name in NETWORK if name in os.environ}


def options() -> dict[str, str]:
    """Return only pip's own settings, for a `pip install` that the app runs."""
    settings = _options((*INDEXES, *CONNECTION))
    if settings.get("PIP_RETRIES") == "0":
        settings["PIP_RETRIES"] = "1"  # without a retry, pip does not report a failed connection
    return settings


def indexes() -> list[str]:
    """Return the settings that decide which packages are available, as `NAME=value`."""
    return sorted(f"{name}={value}" for name, value in _options(INDEXES).items())


def no_index() -> bool:
    """Return whether this machine's pip uses no index at all."""
    value = _options(("no-index",)).get("PIP_NO_INDEX", "").lower()
    return value not in ("", "0", "no", "false", "off")


def _options(names: tuple[str, ...]) -> dict[str, str]:
    """Return pip's options, from its files and from the environment, which wins."""
    configured = _configured()
    options = {}
    for option in names:
        name = f"PIP_{option.upper().replace('-', '_')}"
        value = os.environ.get(name, configured.get(option))
        if value is not None:
            options[name] = " ".join(value.split())
    return options


def _configured() -> Mapping[str, str]:
    """Return the settings in pip's configuration files; later files win."""
    settings: dict[str, str] = {}
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
                settings |= {k.replace("_", "-"): v for k, v in parser.items(section)}
    return settings


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
