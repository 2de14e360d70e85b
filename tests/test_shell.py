"""Names from the app in printed commands: typed into a shell, each is one plain word."""

import subprocess
from pathlib import Path

import pytest

from parity.push.source import read
from parity.report.next_step import push
from parity.rules.shell import word
from parity.rules.texts import filled, general
from tests.test_apps import GIT

pytestmark = pytest.mark.real

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
    """bash gets exactly that name, and the command stays on one line."""
    typed = word(name)
    assert "\n" not in typed and "\x1b" not in typed
    done = subprocess.run(
        ["bash", "-c", f"printf %s {word('./' + name)}"], capture_output=True, check=True
    )
    assert done.stdout == ("./" + name).encode("utf-8", "surrogateescape")


@pytest.mark.parametrize("folder", ["we\nird; touch x", "true", "a b/c"])
@pytest.mark.parametrize("above", ["repo", "re\npo"])
@pytest.mark.parametrize("branch", ["main", "true"])
@pytest.mark.parametrize("committed", [True, False])
def test_the_command_that_pushes_a_folder(
    folder: str, above: str, branch: str, committed: bool, tmp_path: Path
) -> None:
    """Typed into a shell, it names the folder, whatever it is called."""
    top, app = tmp_path / above, tmp_path / above / folder
    app.mkdir(parents=True)
    (app / "file").touch()
    subprocess.run([*GIT, "init", "-q", "-b", branch, str(top)], check=True)
    subprocess.run([*GIT, "-C", str(top), "add", "."], check=True)
    if committed:
        subprocess.run([*GIT, "-C", str(top), "commit", "-qm", "first"], check=True)
    source = read(app)
    assert (source.prefix, source.branch) == (folder, branch if committed else None)
    assert (source.commit is not None) == committed
    typed = push(source, [])
    assert "\n" not in typed
    code = f"git() {{ printf '%s\\0' \"$@\"; }}; {typed.rpartition(' && ')[2]}"
    done = subprocess.run(["bash", "-c", code], capture_output=True, check=True)
    words = ["-C", str(top), "subtree", "push", "--prefix", folder, "heroku", "main", ""]
    assert done.stdout.decode().split("\0") == words


def test_in_the_commands_of_a_rule() -> None:
    """Only in commands; prose has the name as it is."""
    text = "{name} is in `git mv {name} Procfile`, not in `web: {name}`; `git add {paths}`."
    assert filled(text, {"name": "a b", "paths": "a 'b c'"}) == (
        "a b is in `git mv 'a b' Procfile`, not in `web: a b`; `git add a 'b c'`."
    )
    assert general(text) == (
        "NAME is in `git mv NAME Procfile`, not in `web: NAME`; `git add PATHS`."
    )
    advised = "{advice:Type `git add FILE`, commit, push.}"
    assert filled(advised, {}) == general(advised) == "Type `git add FILE`, commit, push."
    assert filled(advised, {"advice": "Type `git add 'a b'`."}) == "Type `git add 'a b'`."


def test_half_of_a_surrogate_pair_is_escaped() -> None:
    """A name out of a JSON file may hold one; no file has such a name, and no command fails."""
    assert word("a\ud800") == r"$'a\355\240\200'"
