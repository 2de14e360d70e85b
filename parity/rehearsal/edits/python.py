"""Edits of the app's Python: the address in the call that binds, and `import os` for it."""

import ast
import re
import sys
from collections.abc import Iterator
from typing import NamedTuple

from parity.records import Boot, Listener, Pushed, Record
from parity.records.verdict import Finding
from parity.rehearsal.edits.lines import body, with_body
from parity.rules.views.django_setup import late_setup
from parity.rules.views.listeners import main_listener
from parity.rules.views.python_source import dotted

ANYWHERE = '"0.0.0.0"'
_KEYWORDS = {
    r"uvicorn\.run": 1,
    r"(?:waitress\.)?serve": 1,
    r"(?:aiohttp\.)?(?:web\.)?run_app": 1,
    r"(?:socketio|sio)\.run": 1,
    r"(?!asyncio|anyio|trio|subprocess|loop)\w+\.run(?:_server)?": 0,
}
"""Calls that take `host=` and `port=`, and the number of arguments before (from their docs)."""

_LAUNCH = re.compile(r"\w+\.launch")
"""Gradio's call, with other arguments: https://www.gradio.app/docs/gradio/blocks (documented)."""


class _Spot(NamedTuple):
    """A call's host and port (None: it names none), and the offset `end` for more arguments.

    `names` are those of the arguments.
    """

    host: ast.expr | None
    port: ast.expr | None
    end: int
    glue: str
    names: tuple[str, str] = ("host", "port")


class _Code:
    """One file's text and syntax tree; positions are offsets in bytes."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.tree = ast.parse(data.decode())
        self._starts = [0]
        for line in data.split(b"\n"):
            self._starts.append(self._starts[-1] + len(line) + 1)

    def at(self, line: int, column: int) -> int:
        return self._starts[line - 1] + column

    def span(self, node: ast.expr) -> tuple[int, int]:
        end = self.at(node.end_lineno or 0, node.end_col_offset or 0)
        return self.at(node.lineno, node.col_offset), end


def listens_on_port(pushed: Pushed, record: Record, finding: Finding) -> tuple[str, Pushed] | None:
    """Make the call that binds listen on 0.0.0.0 and $PORT where it names another address."""
    evidence = finding.evidence[0]
    data = body(pushed, evidence.file or "") if (evidence.file or "").endswith(".py") else None
    listener = main_listener(record) if isinstance(record, Boot) else None
    if data is None or listener is None or not isinstance(record, Boot) or not evidence.line:
        return None
    try:
        code = _Code(data)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    spots = [s for call in _calls(code, evidence.line) if (s := _spot(code, call))]
    edits = _edits(code, spots[0], record, listener) if len(spots) == 1 else None
    new = _edited(code, edits) if edits else None
    if new is None:
        return None
    kinds = [k for k, text in (("0.0.0.0", ANYWHERE), ("$PORT", "PORT")) if _has(edits, text)]
    what = f"{' and '.join(kinds)} in {evidence.file}:{evidence.line}"
    return what, with_body(pushed, evidence.file or "", new)


def _has(edits: list[tuple[int, int, str]] | None, text: str) -> bool:
    return any(text in new for _, _, new in edits or ())


def _calls(code: _Code, line: int) -> Iterator[ast.Call]:
    for node in ast.walk(code.tree):
        if isinstance(node, ast.Call) and node.lineno <= line <= (node.end_lineno or 0):
            yield node


def _spot(code: _Code, call: ast.Call) -> _Spot | None:
    """Return where a call names its address; None if it does not, or not in plain sight."""
    unclear = any(isinstance(a, ast.Starred) for a in call.args) or any(
        k.arg is None for k in call.keywords
    )
    if unclear:
        return None
    first = call.args[0] if call.args else None
    if isinstance(first, ast.Tuple) and len(first.elts) == 2:
        return _Spot(first.elts[0], first.elts[1], 0, "")
    name = dotted(call.func)
    if name.rpartition(".")[2] == "make_server" and len(call.args) >= 2:
        return _Spot(call.args[0], call.args[1], 0, "")
    if _LAUNCH.fullmatch(name) and not call.args:
        return _by_name(code, call, 0, ("server_name", "server_port"))
    before = next((n for p, n in _KEYWORDS.items() if re.fullmatch(p, name)), None)
    if before is None or not before <= len(call.args) <= before + 2:
        return None
    return _by_name(code, call, before)


def _by_name(
    code: _Code, call: ast.Call, before: int, names: tuple[str, str] = ("host", "port")
) -> _Spot:
    keywords = {k.arg: k.value for k in call.keywords}
    host, port = (keywords.get(name) for name in names)
    extra = call.args[before:]
    host, port = (extra[0] if extra else host), (extra[1] if len(extra) > 1 else port)
    ends = [code.span(node)[1] for node in (*call.args, *keywords.values())]
    end = max(ends, default=code.span(call)[1] - 1)
    return _Spot(host, port, end, ", " if ends else "", names)


def _edits(
    code: _Code, spot: _Spot, boot: Boot, listener: Listener
) -> list[tuple[int, int, str]] | None:
    """Return the edits (start, end, text); None if a value comes from elsewhere."""
    edits: list[tuple[int, int, str]] = []
    more: list[str] = []
    if listener.loopback or (listener.host not in ("0.0.0.0", "::")):
        host = _value(code, spot.host) if spot.host else None
        if spot.host and not (isinstance(host, ast.Constant) and isinstance(host.value, str)):
            return None
        more += [] if host else [f"{spot.names[0]}={ANYWHERE}"]
        edits += [(*code.span(host), ANYWHERE)] if host else []
    if listener.port != boot.port:
        port = _value(code, spot.port) if spot.port else None
        if spot.port and not (isinstance(port, ast.Constant) and type(port.value) is int):
            return None
        usual = ast.literal_eval(port) if port else listener.port
        right = f'int(os.environ.get("PORT", {usual}))'
        more += [] if port else [f"{spot.names[1]}={right}"]
        edits += [(*code.span(port), right)] if port else []
    if more and not spot.end:
        return None
    text = spot.glue + ", ".join(more)
    return [*edits, (spot.end, spot.end, text)] if more else edits


def _value(code: _Code, node: ast.expr) -> ast.expr | None:
    """Return the value itself, or the one assigned to a name only once, at the top level."""
    if not isinstance(node, ast.Name):
        return node
    named = [
        n
        for n in ast.walk(code.tree)
        if isinstance(n, ast.Name) and n.id == node.id and isinstance(n.ctx, ast.Store)
    ]
    values = [
        n.value
        for n in code.tree.body
        if isinstance(n, ast.Assign)
        and [dotted(t) for t in n.targets] == [node.id]
        and isinstance(n.value, ast.Constant)
    ]
    return values[0] if len(named) == len(values) == 1 else None


def _edited(code: _Code, edits: list[tuple[int, int, str]]) -> bytes | None:
    """Return the file with the edits, and `import os` if needed; None if that is not Python."""
    if any("os." in text for _, _, text in edits) and not _imports_os(code):
        place = _import_place(code)
        if place is None or place > min(start for start, _, _ in edits):
            return None
        end = "\r\n" if b"\r\n" in code.data else "\n"
        gap = "" if _follows_own(code) else end
        edits = [*edits, (place, place, f"import os{end}{gap}")]
    new = code.data
    for start, stop, text in sorted(edits, reverse=True):
        new = new[:start] + text.encode() + new[stop:]
    try:
        ast.parse(new.decode())
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return new


def _imports_os(code: _Code) -> bool:
    plain = (a for n in code.tree.body if isinstance(n, ast.Import) for a in n.names)
    return any(a.name == "os" and a.asname in (None, "os") for a in plain)


def _import_place(code: _Code) -> int | None:
    """Return the place of the first import, else of the first statement; None if `os` is taken."""
    for node in ast.walk(code.tree):
        taken = isinstance(node, ast.Name) and node.id == "os" and isinstance(node.ctx, ast.Store)
        renamed = isinstance(node, ast.alias) and (node.asname or node.name) == "os"
        if taken or renamed:
            return None
    body = [n for n in code.tree.body if not _opening(n)]
    first = next((n for n in body if isinstance(n, ast.Import | ast.ImportFrom)), None)
    start = first or next(iter(body), None)
    if start is None:
        return None
    decorators = getattr(start, "decorator_list", [])
    return code.at(min(n.lineno for n in (start, *decorators)), 0)


def _follows_own(code: _Code) -> bool:
    """Return whether the first import is from the standard library, so that `os` can join it."""
    imports = (n for n in code.tree.body if isinstance(n, ast.Import | ast.ImportFrom))
    first = next((n for n in imports if not _opening(n)), None)
    if isinstance(first, ast.ImportFrom):
        return (first.module or "").partition(".")[0] in sys.stdlib_module_names
    return first is not None and first.names[0].name.partition(".")[0] in sys.stdlib_module_names


def _opening(node: ast.stmt) -> bool:
    """Return whether a statement must stay first: a docstring, or a `__future__` import."""
    text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return text or (isinstance(node, ast.ImportFrom) and node.module == "__future__")


def sets_up_django(pushed: Pushed, _record: Record, finding: Finding) -> tuple[str, Pushed] | None:
    """Set Django up above the import that needs it."""
    evidence = finding.evidence[0]
    file = evidence.file or ""
    setup = late_setup(pushed.source, file, evidence.line or 0)
    if setup is None or body(pushed, file) is None:
        return None
    return f"the order in {file}", with_body(pushed, file, setup.new.encode())
