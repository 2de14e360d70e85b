"""A .env in the pushed tree that wins over the dyno's own environment."""

import ast
import re

from parity.records import Source
from parity.records.verdict import Evidence
from parity.rules.views.node_source import found
from parity.rules.views.python_source import CodePlace, calls, modules, place

_LOADS = ("load_dotenv", "read_env")
"""Functions that read a .env into the environment: python-dotenv, django-environ, environs."""

_SCRIPT = r"^\s*override\s*:\s*true\b|\bdotenv\b.*\boverride\s*:\s*true\b"
"""dotenv's option in JavaScript: https://github.com/motdotla/dotenv#override (documented)."""


def says_port(source: Source, port: int) -> Evidence | None:
    """Return the line of a pushed .env that sets PORT to `port`."""
    pattern = re.compile(rf"^\s*(?:export\s+)?PORT\s*=\s*[\"']?{port}\b")
    for path in source.entries:
        if path.rpartition("/")[2].startswith(".env"):
            for number, line in enumerate((source.text(path) or "").splitlines(), 1):
                if pattern.match(line):
                    return Evidence(f"{path} says PORT={port}", path, number)
    return None


def overriding(source: Source) -> tuple[CodePlace, str] | None:
    """Return the call that lets a .env win over the environment, and its option."""
    for path in modules(source):
        for name, call in calls(source, path):
            options = {k.arg: ast.unparse(k.value) for k in call.keywords}
            if name.rpartition(".")[2] in _LOADS and options.get("override") == "True":
                return place(source, path, call), "override=True"
    for here in found(source, _SCRIPT):
        if "dotenv" in (source.text(here.file) or ""):
            return here, "override: true"
    return None
