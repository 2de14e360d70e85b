"""A dyno's log as on Heroku: this machine's folders appear under their names there."""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from parity.records import Line, Slug
from parity.records.tree import shortened

_DYNO = re.compile(r"/[^\s'\"]{0,100}/parity-[0-9a-f]{8,12}/[^/\s'\"]+")
APP = "/app"
"""Where a dyno has its copy of the slug: https://devcenter.heroku.com/articles/dynos."""

_MOST = 3000
"""Number of lines at the end of a log that are read (ours: a crash loop writes without end)."""


def as_on_heroku(lines: Iterable[Line], slug: Slug, home: str) -> tuple[str, ...]:
    """Return a dyno's output, with this machine's folders under their names on Heroku."""
    return plain([line.text for line in lines], slug, home)


def plain(lines: Sequence[str], slug: Slug, home: str) -> tuple[str, ...]:
    """Return `lines` with this machine's folders under their names on Heroku."""
    folders = [(f"{slug.root}/", APP), (f"{home or slug.root}/", APP)]
    if slug.environment:
        folders.append((f"{slug.environment}/", f"{APP}/.heroku/python"))
    modules = f"{APP}/.heroku/node/lib/node_modules"
    folders += [(f"{tool}/node_modules/", modules) for tool in slug.tools]
    return _renamed(tuple(lines[-_MOST:]), tuple(folders))


@lru_cache(maxsize=4)
def _renamed(lines: tuple[str, ...], folders: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    """Return the renamed lines; they are cached, as every rule asks for the same log."""
    renamed = []
    for line in lines:
        for folder, name in folders:
            line = line.replace(folder, f"{name}/")
        renamed.append(shortened(_DYNO.sub(APP, line).rstrip("\n")))
    return tuple(renamed)
