"""The layout is the architecture: who may import whom, and how big anything may be."""

import ast
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "parity"
FILES = sorted(PACKAGE.rglob("*.py"))
LEAVES = {
    *("records", "verdict", "facts", "interrupt", "kept", "folders", "places", "programs"),
    *("awake", "ulimits", "withheld"),
}
MAY = {
    "records": {"records"},
    "verdict": {"records"},
    "facts": {"facts"},
    "interrupt": set(),
    "places": set(),
    "programs": set(),
    "kept": {"records"},
    "folders": {"interrupt"},
    "awake": set(),
    "ulimits": set(),
    "withheld": {"awake", "ulimits", "records", "facts"},
    "ground": LEAVES,
    "rules": {"rules", "records", "verdict", "facts"},
    "push": {"push", *LEAVES},
    "dyno": {"dyno", "workspace", *LEAVES},
    "router": {"router", *LEAVES},
    "logs": {"logs", "rules", *LEAVES},
    "report": {"report", "logs", "rules", *LEAVES},
    "repair": {"repair", "push", "rules", *LEAVES},
    "workspace": LEAVES,
    "trial": {"rules", *LEAVES},
}
PURE = {"records", "verdict", "rules"}
PURE_FILES = {"router/http1.py", "router/body.py", "router/fields.py", "router/heads.py"}
EFFECTS = {"os", "time", "socket", "subprocess", "random", "secrets", "asyncio", "shutil", "io"}


def room(path: Path) -> str:
    """The top-level part of parity that a file belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> set[str]:
    """Every module a file imports, at its top or inside a function."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_go_downwards(path: Path) -> None:
    """A room imports only the rooms below it."""
    allowed = MAY.get(room(path))
    used = {name.split(".")[1] for name in imports(path) if name.startswith("parity.")}
    assert allowed is None or used <= allowed, f"imports {used - allowed}"


@pytest.mark.parametrize(
    "path",
    [p for p in FILES if room(p) in PURE or str(p.relative_to(PACKAGE)) in PURE_FILES],
    ids=lambda p: str(p.relative_to(PACKAGE)),
)
def test_records_and_rules_have_no_effects(path: Path) -> None:
    """Records and rules do no I/O and know no clock, environment or process."""
    assert not {name.split(".")[0] for name in imports(path)} & EFFECTS
    called = {
        node.func.id
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert not called & {"open", "print", "input", "exec", "eval"}


def functions() -> list[tuple[str, int]]:
    """Name and length in lines of every function of the package."""
    return [
        (
            f"{path.relative_to(PACKAGE)}:{node.lineno} {node.name}",
            node.end_lineno - node.lineno + 1,
        )
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno
    ]


def test_functions_are_short() -> None:
    """Median at most 8 lines, nine of ten at most 25, none above 40."""
    lengths = sorted(length for _, length in functions())
    assert [f for f in functions() if f[1] > 40] == []
    assert statistics.median(lengths) <= 8
    assert lengths[len(lengths) * 9 // 10] <= 25


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_files_are_short(path: Path) -> None:
    """A file that needs more than 300 lines is two rooms."""
    assert len(path.read_text().splitlines()) <= 300


FOREIGN = "honcho dotenv psutil requests urllib3 rich packaging platformdirs jinja2 trustme".split()
SLOW = (
    "asyncio concurrent dataclasses decimal difflib email html http importlib.metadata"
    " inspect json logging random secrets shutil socket ssl string tempfile tomllib traceback"
).split()
"""Of the standard library; each takes a millisecond or more."""

LISTED = "print('LOADED', *sys.modules, file=sys.stderr)\n"
COMMAND = f"""\
import sys
from parity.cli import main as cli
try:
    cli.main(sys.argv[1:])
except SystemExit:
    pass
{LISTED}"""
REHEARSAL = f"""\
import sys
from parity import rehearse
def told(verdict):
    assert verdict.verdict == "works", verdict.findings
    {LISTED}
rehearse(sys.argv[1], on_verdict=told)
"""


def loaded(code: str, *argv: str) -> set[str]:
    """What `code` has imported by the time it says so; of this folder's parity."""
    command = [sys.executable, "-E", "-s", "-c", code, *argv]
    root = PACKAGE.parent
    done = subprocess.run(command, capture_output=True, text=True, cwd=root, check=True)
    (line,) = (line for line in done.stderr.splitlines() if line.startswith("LOADED"))
    return set(line.split()[1:])


def test_help_imports_nothing_slow() -> None:
    """Not even what everything else begins with."""
    begins = {"parity.records", "pathlib", "subprocess", "threading", "typing"}
    assert loaded(COMMAND, "--help") & {*FOREIGN, *SLOW, *begins} == set()


def test_check_imports_nothing_slow() -> None:
    """It runs on every commit; and what is for another language is not read for this one."""
    node = {"parity.push.buildpacks.nodejs", "parity.rules.views.python_traceback"}
    assert loaded(COMMAND, "check", "examples/hello_app") & {*FOREIGN, *SLOW, *node} == set()


def test_a_verdict_waits_for_no_library() -> None:
    """What an app that works needs is little, and nobody waits for more until the verdict."""
    needed = {"honcho", "platformdirs", "packaging"}  # the last in a first build alone
    found = loaded(REHEARSAL, "examples/hello_app")
    assert found & {*FOREIGN, "tomllib", "decimal"} <= needed
