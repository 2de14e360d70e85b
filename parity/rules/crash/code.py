"""Crashes because of a syntax error, in any language."""

from collections.abc import Iterator

from parity.records.verdict import Evidence
from parity.rules.crash.node import errors as node
from parity.rules.crash.python import code as python
from parity.rules.crash.symptoms import ENDINGS
from parity.rules.engine import rule
from parity.rules.views.facts import SyntaxProblem, stated


@rule(
    "syntax-error",
    aliases=("js-syntax-error",),
    leads_to=ENDINGS,
    title="{file} has a syntax error in line {line}",
    cause="{reader:Python or Node.js} cannot read the file: {error}. The line is `{code}`.",
    fix="{advice:Correct that line; `python -m py_compile FILE` checks it, or for JavaScript `node"
    " --check FILE`.}",
    docs="{docs:https://docs.python.org/3/tutorial/errors.html#syntax-errors}",
    views=(python.syntax, node.syntax),
    apart="`SyntaxError` with the file and the line",
)
def syntax_error(problem: SyntaxProblem) -> Iterator[Evidence]:
    yield from stated(problem)
