"""The layout of the package, measured by imports; `python -m tests.house` prints the figures."""

import ast
import sys
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

PACKAGE = Path(__file__).parent.parent / "parity"
FILES = sorted(PACKAGE.rglob("*.py"))

FLOORS = (
    {"records", "facts", "version"},
    {"masking", "rules", "system"},
    {"push", "dyno", "router", "logs"},
    {"report", "doctor", "runtime"},
    {"rehearsal", "serving"},
    {"cli", "__init__"},
    {"__main__"},
)
"""The floors from the ground up: a room imports only from lower floors."""

GROUND = {"records", "facts", "system"}
MAY = {
    "records": set(),
    "facts": set(),
    "version": set(),
    "masking": {"records"},
    "rules": {"records", "facts"},
    "system": {"records", "facts"},
    "push": GROUND,
    "dyno": GROUND,
    "router": GROUND,
    "logs": {*GROUND, "rules"},
    "report": {*GROUND, "masking", "rules", "logs", "version"},
    "doctor": {*GROUND, "push", "dyno"},
    "runtime": {*GROUND, "push", "dyno", "router"},
    "rehearsal": {*GROUND, "masking", "rules", "push", "dyno", "router", "report", "runtime"},
    "serving": {*GROUND, "masking", "push", "dyno", "router", "report", "runtime"},
    "cli": {room for floor in FLOORS[:5] for room in floor},
    "__init__": {"masking", "records", "rehearsal", "report", "version"},
    "__main__": {"cli", "system"},
}
"""The rooms that a room may import; for some, these are not all rooms below."""


def room(module: str) -> str:
    """Return the room of a module: `push` for `parity.push.git`, `__init__` for `parity`."""
    return [*module.split("."), "__init__"][1]


def dotted(path: Path) -> str:
    """Return the dotted module name of a file."""
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


MODULES = {dotted(path): path for path in FILES}


@cache
def parsed(path: Path) -> ast.Module:
    """Return the syntax tree of a file."""
    return ast.parse(path.read_text())


def imported(path: Path) -> set[str]:
    """Return every name that a file imports, at its top or inside a function."""
    names: set[str] = set()
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


@cache
def arrows(module: str) -> frozenset[str]:
    """Return the modules of parity that a module imports; `import parity` counts."""
    names = {name for name in imported(MODULES[module]) if name.split(".")[0] == "parity"}
    modules = {name if name in MODULES else name.rpartition(".")[0] for name in names}
    return frozenset(modules - {module})


def upward() -> list[str]:
    """Return the imports that no entry of MAY allows."""
    used = {(module, other) for module in MODULES for other in arrows(module)}
    return sorted(f"{a} -> {b}" for a, b in used if room(b) not in {room(a), *MAY[room(a)]})


def circle() -> str:
    """Return one circle of imports between files; empty if there is none."""
    try:
        TopologicalSorter({module: arrows(module) for module in MODULES}).prepare()
    except CycleError as error:
        return " -> ".join(error.args[1])
    return ""


def floors() -> dict[str, int]:
    """Return the floor of every room by its imports: one above the highest that it imports."""
    below = {name: {room(b) for a in MODULES if room(a) == name for b in arrows(a)} for name in MAY}
    floor: dict[str, int] = {}
    graph = {name: others - {name} for name, others in below.items()}
    for name in TopologicalSorter(graph).static_order():
        floor[name] = 1 + max((floor[other] for other in graph[name]), default=0)
    return floor


def functions() -> list[tuple[str, int]]:
    """Return name and length in lines of every function of the package."""
    return [
        (
            f"{path.relative_to(PACKAGE)}:{node.lineno} {node.name}",
            node.end_lineno - node.lineno + 1,
        )
        for path in FILES
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno
    ]


def lines(path: Path) -> int:
    """Return the number of lines in a file."""
    return len(path.read_text().splitlines())


def main() -> None:
    """Print the figures."""
    counted = floors()
    for number in range(max(counted.values()), 0, -1):
        names = sorted(name for name, floor in counted.items() if floor == number)
        print(f"floor {number}  {'  '.join(names)}")
    print(f"rooms {len(counted)}, files {len(FILES)}, lines {sum(map(lines, FILES))}")
    print(f"imports upwards: {len(upward())}; circles: {circle() or 0}")
    print(f"files above 300 lines: {sum(lines(path) > 300 for path in FILES)}")
    print(f"functions above 40 lines: {sum(length > 40 for _, length in functions())}")


if __name__ == "__main__":
    sys.exit(main())
