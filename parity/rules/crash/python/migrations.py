"""Crashes because the migrations in git have two ends, or lack one that another one needs."""

import re
from collections.abc import Iterator

from parity.records import Source
from parity.records.verdict import Evidence
from parity.rules.crash.python.modules import how_to_add
from parity.rules.crash.symptoms import ENDINGS, at_command
from parity.rules.engine import rule
from parity.rules.views.python_traceback import Crash

_HEADS = (
    r"Multiple head revisions are present"
    r"|Conflicting migrations detected; multiple leaf nodes in the migration graph: \((.+)\)"
)
"""Messages of Alembic and of Django."""

_ID = re.compile(r"""(?m)^revision\b[^=\n]*=\s*["'](\w+)["']""")
_PARENTS = re.compile(r"(?m)^down_revision\b[^=\n]*=(.*)$")


@rule(
    "migration-heads",
    leads_to=ENDINGS,
    title="The migrations have two heads, and the command cannot choose one",
    cause="Two migrations follow the same one, as after merging two branches: {heads:both start"
    " from the same state}. They must form a single line.",
    fix="{advice:Alembic: `alembic merge heads`, Flask-Migrate: `flask db merge heads`, Django:"
    " `python manage.py makemigrations --merge`.} Commit the migration it writes, push"
    " again.",
    docs="https://alembic.sqlalchemy.org/en/latest/branches.html",
    apart="`Multiple head revisions are present`, `Conflicting migrations detected`",
    laptop="The laptop's database had each migration before the branches were merged.",
)
def migration_heads(crash: Crash) -> Iterator[Evidence]:
    match = crash.saying(_HEADS)
    if not match:
        return
    heads = list(_heads(crash.source)) if match[1] is None else []
    named = ", ".join(e.file or "" for e in heads) or match[1] or "both start from the same state"
    yield at_command(crash, match.string.strip()[:300], heads=named, advice=_merge(crash))
    yield from heads


def _merge(crash: Crash) -> str:
    """Return the command that merges the heads, with the options of the app's own command."""
    if re.search(r"manage\.py|django-admin", crash.command):
        return "Type `python manage.py makemigrations --merge`."
    own = re.search(r"\bflask\b[^&;|]*?\bdb\b|\balembic\b[^&;|]*?(?=\supgrade)", crash.command)
    return f"Type `{own[0] if own else 'alembic'} merge heads -m merge`."


def _heads(source: Source) -> Iterator[Evidence]:
    """Yield the line of each Alembic migration that no other one follows."""
    texts = {path: source.text(path) or "" for path in source.entries if path.endswith(".py")}
    ids = {path: match[1] for path, text in texts.items() if (match := _ID.search(text))}
    parents = {
        name for p in ids for m in _PARENTS.finditer(texts[p]) for name in re.findall(r"\w+", m[1])
    }
    for path, id in ids.items():
        down = _PARENTS.search(texts[path])
        if id not in parents and down:
            line = texts[path].count("\n", 0, down.start()) + 1
            yield Evidence(f"revision {id} is a head: {down[0].strip()}", path, line)


_LOST = (
    r"Can't locate revision identified by '(?P<a>\w+)'"
    r"|references? nonexistent parent node \('(?P<b>\w+)', '(?P<c>\w+)'\)"
)


@rule(
    "migration-lost",
    leads_to=ENDINGS,
    title="The migration {name} is not in the pushed tree",
    cause="{why:The database or another migration names it, but the file is missing}: {error}",
    fix="{advice:Commit that migration's file, push again.}",
    docs="https://alembic.sqlalchemy.org/en/latest/api/script.html",
    apart="`Can't locate revision identified by`, `NodeNotFoundError`",
    laptop="The laptop has the file, or a database that was never migrated with it.",
)
def migration_lost(crash: Crash) -> Iterator[Evidence]:
    match = crash.saying(_LOST)
    if not match:
        return
    error, name = match.string.strip()[:300], match["a"] or f"{match['b']}.{match['c']}"
    why = (
        "The database was migrated with it, but the file is missing"
        if match["a"]
        else "Another migration follows it, but the file is missing"
    )
    advice = _found_again(crash, match["a"] or match["c"])
    yield at_command(crash, error, name=name, why=why, advice=advice, error=error)


def _found_again(crash: Crash, name: str) -> str:
    """Return advice on how to get the file of a migration into git."""
    absent = crash.source.absent
    kept = next((p for p in absent if name in p), None) or next(
        (p for p in absent if re.search(r"\b(?:migrations|versions)/", p)), None
    )
    if kept:
        return how_to_add(crash, kept)
    again = f"Commit the file of {name} (`git log --all --oneline -- '*{name}*'` finds it)."
    if re.search(r"manage\.py", crash.command):
        return again
    stamp = re.search(r"\bflask\b[^&;|]*?\bdb\b|\balembic\b", crash.command)
    tool = stamp[0] if stamp else "alembic"
    return (
        f"{again} If it was deleted on purpose and the tables match the code: `heroku"
        f" run {tool} stamp --purge head`."
    )
