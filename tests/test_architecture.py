"""The architecture: which room may import which, and how long files and functions may be."""

import ast
import statistics
import subprocess
import sys
from collections import Counter

import pytest

from tests.house import (
    FILES,
    FLOORS,
    MAY,
    MODULES,
    PACKAGE,
    arrows,
    circle,
    floors,
    functions,
    imported,
    lines,
    parsed,
    room,
    upward,
)

PURE = {"records", "rules"}
PURE_FILES = {
    "router/http1.py",
    "router/body.py",
    "router/header_fields.py",
    "router/headers.py",
}
EFFECTS = {"os", "time", "socket", "subprocess", "random", "secrets", "asyncio", "shutil", "io"}


def test_every_room_stands_on_a_floor_and_has_its_entry() -> None:
    """Every room has an entry, and no entry allows an import upwards or sideways."""
    floor = {name: number for number, floor in enumerate(FLOORS) for name in floor}
    assert {room(module) for module in MODULES} == set(MAY) == set(floor)
    assert [(a, b) for a, allowed in MAY.items() for b in allowed if floor[b] >= floor[a]] == []


def test_imports_go_downwards() -> None:
    """A room imports only what its entry allows."""
    assert upward() == []


def test_the_floors_are_those_of_the_plan() -> None:
    """The imports themselves form seven floors."""
    assert max(floors().values()) == len(FLOORS) == 7


def test_no_files_import_each_other() -> None:
    """There is no circle of imports, of any length."""
    assert circle() == ""


def test_a_language_is_known_to_its_entry_alone() -> None:
    """Only the table of languages imports from a language's package."""
    table = "parity.push.buildpacks"
    packages = [f"{table}.{path.parent.name}." for path in PACKAGE.glob("push/buildpacks/*/*.py")]
    used = {(module, other) for module in MODULES for other in arrows(module) if module != table}
    wrong = {
        f"{module} -> {other}"
        for module, other in used
        for package in packages
        if f"{other}.".startswith(package) and not f"{module}.".startswith(package)
    }
    assert len({*packages}) >= 2 and wrong == set()


def test_records_and_rules_have_no_effects() -> None:
    """Records and rules do no I/O, and use no clock, environment or process."""
    wrong = []
    for module, path in MODULES.items():
        if room(module) not in PURE and str(path.relative_to(PACKAGE)) not in PURE_FILES:
            continue
        wrong += [f"{module}: {name}" for name in imported(path) if name.split(".")[0] in EFFECTS]
        wrong += [
            f"{module}:{node.lineno} {node.func.id}()"
            for node in ast.walk(parsed(path))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
            if node.func.id in {"open", "print", "input", "exec", "eval"}
        ]
    assert wrong == []


def test_one_edge_turns_the_loop() -> None:
    """Only edge.py runs a loop; all else is coroutines, so that a server can own the loop."""
    turns = {"run_until_complete", "run_forever", "new_event_loop"}
    files = {
        str(path.relative_to(PACKAGE))
        for path in FILES
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Attribute) and node.attr in turns
    }
    assert files == {"runtime/edge.py"}


def test_functions_are_short() -> None:
    """The median is at most 8 lines, nine of ten functions have at most 25, none above 40."""
    lengths = sorted(length for _, length in functions())
    assert [f for f in functions() if f[1] > 40] == []
    assert statistics.median(lengths) <= 8
    assert lengths[len(lengths) * 9 // 10] <= 25


def test_no_two_classes_have_one_name() -> None:
    """A name says one thing in the whole package."""
    classes = Counter(
        node.name for path in FILES for node in parsed(path).body if isinstance(node, ast.ClassDef)
    )
    assert [name for name, count in classes.items() if count > 1] == []


def test_files_are_short() -> None:
    """No file has more than 300 lines: a longer one should be two."""
    assert [p.name for p in FILES if lines(p) > 300] == []


FOREIGN = "honcho dotenv psutil requests urllib3 rich packaging platformdirs jinja2 trustme".split()
SLOW = (
    "asyncio concurrent dataclasses decimal difflib email html http importlib.metadata"
    " inspect json logging random secrets shutil socket ssl string tempfile tomllib traceback"
).split()
"""Slow modules of the standard library: each takes a millisecond or more to import."""

LISTED = "print('LOADED', *sys.modules, file=sys.stderr)\n"
COMMAND = f"""\
import sys
from collections import Counter
from parity.cli import main as cli
try:
    cli.main(sys.argv[1:])
except SystemExit:
    pass
{LISTED}"""
REHEARSAL = f"""\
import sys
from collections import Counter
from parity import rehearse
def told(verdict):
    assert verdict.verdict == "works", verdict.findings
    {LISTED}
rehearse(sys.argv[1], on_verdict=told)
"""


LAUNCH = """\
import sys
from collections import Counter
from parity import rehearse
early = []
def said(line):
    if line.text.startswith("Starting process"):
        early.extend(sys.modules)
rehearse(sys.argv[1], say=said)
print("LOADED", *early, file=sys.stderr)
"""


def loaded(code: str, *argv: str) -> set[str]:
    """Return the modules that `code` has imported when it prints them, with this tree's parity."""
    command = [sys.executable, "-E", "-s", "-c", code, *argv]
    root = PACKAGE.parent
    done = subprocess.run(command, capture_output=True, text=True, cwd=root, check=True)
    (line,) = (line for line in done.stderr.splitlines() if line.startswith("LOADED"))
    return set(line.split()[1:])


@pytest.mark.real
def test_help_imports_nothing_slow() -> None:
    """`--help` imports no slow module, not even those that every other command needs."""
    begins = {"parity.records", "pathlib", "subprocess", "threading", "typing"}
    assert loaded(COMMAND, "--help") & {*FOREIGN, *SLOW, *begins} == set()


@pytest.mark.real
def test_check_imports_nothing_slow() -> None:
    """`check`, which may run on every commit, imports no slow module and no other language."""
    node = {"parity.push.buildpacks.nodejs", "parity.rules.views.python_traceback"}
    assert loaded(COMMAND, "check", "examples/hello_app") & {*FOREIGN, *SLOW, *node} == set()


@pytest.mark.net
def test_a_dyno_is_launched_before_there_is_a_loop() -> None:
    """asyncio, whose import takes as long as a small app's start, comes after the launch."""
    modules = loaded(LAUNCH, "examples/hello_app")
    assert "parity.dyno.launched" in modules
    assert "asyncio" not in modules


@pytest.mark.real
def test_a_one_off_dyno_needs_no_rules() -> None:
    """`exec` imports neither rules, which only explain, nor reports."""
    names = loaded(COMMAND, "exec", "examples/hello_app", "--config", "KEY=swordfish", "--", "true")
    assert [name for name in names if name.startswith(("parity.rules", "parity.report"))] == []
    assert names & {"asyncio", "honcho"} == set()


@pytest.mark.net
def test_a_verdict_waits_for_no_library() -> None:
    """An app that works gets its verdict with few third-party packages imported."""
    needed = {"honcho", "platformdirs", "packaging"}  # the last only in a first build
    modules = loaded(REHEARSAL, "examples/hello_app")
    assert modules & {*FOREIGN, "tomllib", "decimal"} <= needed
