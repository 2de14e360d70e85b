"""Names from the app in printed commands: typed into a shell, each is one plain word."""

import subprocess

import pytest

from parity.rules import _filled
from parity.rules.shell import word

NAMES = [
    "plain/name.py",
    "a b",
    "x; touch owned",
    "$(touch owned)",
    "`touch owned`",
    "it's",
    'quo"te',
    "-n",
    "we\nird",
    "tab\tand\x1b[31mred",
    "back\\slash\n",
    "caf\u00e9\u202e\n",
    "no\udcff utf-8",
    "",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_shell_reads_the_name(name: str) -> None:
    """bash gets exactly it, and what is printed stays on one line."""
    typed = word(name)
    assert "\n" not in typed and "\x1b" not in typed
    done = subprocess.run(
        ["bash", "-c", f"printf %s {word('./' + name)}"], capture_output=True, check=True
    )
    assert done.stdout == ("./" + name).encode("utf-8", "surrogateescape")


def test_in_the_commands_of_a_rule() -> None:
    """Only there; prose has the name as it is."""
    text = "{name} is in `git mv {name} Procfile`, not in `web: {name}`; `git add {paths}`."
    assert _filled(text, {"name": "a b", "paths": "a 'b c'"}) == (
        "a b is in `git mv 'a b' Procfile`, not in `web: a b`; `git add a 'b c'`."
    )
    assert _filled(text, {}) == (
        "NAME is in `git mv NAME Procfile`, not in `web: NAME`; `git add PATHS`."
    )
    general = "{advice:Type `git add FILE`, commit, push.}"
    assert _filled(general, {}) == "Type `git add FILE`, commit, push."
    assert _filled(general, {"advice": "Type `git add 'a b'`."}) == "Type `git add 'a b'`."
