"""Incompatible changes in popular packages, recognised by Python's message.

The projects' own changelogs (documented).
"""

from typing import NamedTuple


class Change(NamedTuple):
    """One change. `said`: pattern of the message; `now`: what to write; `pin`: earlier versions."""

    said: str
    package: str
    now: str
    pin: str


CHANGES = (
    Change(
        r"compiled using NumPy 1\.x cannot be run in|numpy\.dtype size changed"
        r"|numpy\.core\.multiarray failed to import|module 'numpy' has no attribute '(?:float|int"
        r"|bool|object|str)'",
        "numpy",
        "use newer versions of the packages that use NumPy",
        "numpy<2",
    ),
    Change(
        r"Descriptors cannot (?:not )?be created directly",
        "protobuf",
        "use a newer version of the package that contains the _pb2 files",
        "protobuf<3.21",
    ),
    Change(
        r"got an unexpected keyword argument 'proxies'",
        "httpx",
        "use a newer openai (or groq, anthropic …) package",
        "httpx<0.28",
    ),
    Change(
        r"module 'bcrypt' has no attribute '__about__'|password cannot be longer than 72 bytes",
        "bcrypt",
        "use bcrypt without passlib, which no longer works with it",
        "bcrypt<4.1",
    ),
    Change(
        r"'Engine' object has no attribute '(?:execute|table_names|has_table)'"
        r"|Textual SQL expression .* should be explicitly declared as text"
        r"|Not an executable object: '|'Connection' object has no attribute 'connect'",
        "sqlalchemy",
        'write `with engine.connect() as c: c.execute(text("…"))`',
        "sqlalchemy<2",
    ),
    Change(
        r"`BaseSettings` has been moved to the `pydantic-settings` package",
        "pydantic",
        "write `from pydantic_settings import BaseSettings`, with pydantic-settings required",
        "pydantic<2",
    ),
    Change(
        r"'Flask' object has no attribute '(?:before_first_request|session_cookie_name"
        r"|json_encoder)'",
        "flask",
        "call the function within `with app.app_context():` where the app is created",
        "flask<2.3",
    ),
    Change(
        r"Updater\.__init__\(\) got an unexpected keyword argument"
        r"|'Updater' object has no attribute 'dispatcher'"
        r"|cannot import name '(?:Filters|Dispatcher|ParseMode)' from 'telegram",
        "python-telegram-bot",
        "write `Application.builder().token(TOKEN).build()` and async handlers",
        "python-telegram-bot<20",
    ),
    Change(
        r"WebDriver\.__init__\(\) got an unexpected keyword argument '(?:executable_path"
        r"|chrome_options|desired_capabilities)'",
        "selenium",
        "write `service=Service(PATH)` and `options=OPTIONS` in the call",
        "selenium<4.10",
    ),
    Change(
        r"__init__\(\) missing 1 required keyword-only argument: 'intents'",
        "discord.py",
        "write `intents=discord.Intents.default()` in the call",
        "discord.py<2",
    ),
    Change(
        r"'DataFrame' object has no attribute '(?:append|iteritems)'",
        "pandas",
        "write `pd.concat([…])` (or `.items()`)",
        "pandas<2",
    ),
    Change(
        r"No module named 'sklearn\.(?:ensemble\.forest|tree\.tree|neighbors\.base|externals)"
        r"|node array from the pickle has an incompatible dtype"
        r"|Can't get attribute '\w+' on <module 'sklearn",
        "scikit-learn",
        "train and save the model again with the version that is installed",
        "the version that wrote the file (`pip freeze` where it was trained)",
    ),
    Change(
        r"There is no current event loop in thread",
        "Python",
        "write `asyncio.run(main())` around the code that needs the loop",
        "3.13 (in .python-version: Python 3.14 creates no event loop by itself)",
    ),
)


class Removal(NamedTuple):
    """A name that Python 3.`gone` no longer has, or a function that raises there.

    `now`: what to write, empty if nothing takes its place.
    """

    gone: int
    now: str


EVENT_LOOP = "asyncio.get_event_loop"
"""Since 3.14 it raises if no loop is running or set, as at import and in a script's main part."""

_CONSTANT = Removal(14, "write `ast.Constant`")
_LOADER = Removal(14, "write `importlib.util.find_spec(NAME)`")
_WATCHER = Removal(14, "remove the child watcher: asyncio chooses one")
_SUITE = Removal(13, "write `unittest.defaultTestLoader.loadTestsFromTestCase(CASE)`")
_SSL = Removal(12, "write `ssl.create_default_context().wrap_socket(…)`")
_RESOURCES = Removal(14, "import it from importlib.resources.abc")

REMOVED = {
    "asyncio.coroutine": Removal(11, "write `async def` and `await`"),
    "inspect.getargspec": Removal(11, "write `inspect.getfullargspec(…)`"),
    "inspect.formatargspec": Removal(11, "write `str(inspect.signature(…))`"),
    "configparser.SafeConfigParser": Removal(12, "write `configparser.ConfigParser`"),
    "importlib.find_loader": _LOADER._replace(gone=12),
    "importlib.util.set_package": Removal(12, ""),
    "importlib.util.set_loader": Removal(12, ""),
    "importlib.util.module_for_loader": Removal(12, ""),
    "locale.format": Removal(12, "write `locale.format_string(…)`"),
    "pkgutil.ImpImporter": Removal(12, ""),
    "pkgutil.ImpLoader": Removal(12, ""),
    "sqlite3.enable_shared_cache": Removal(12, ""),
    "ssl.match_hostname": _SSL,
    "ssl.wrap_socket": _SSL,
    "ssl.RAND_pseudo_bytes": Removal(12, "write `os.urandom(…)`"),
    "configparser.LegacyInterpolation": Removal(13, "write `configparser.BasicInterpolation`"),
    "locale.resetlocale": Removal(13, 'write `locale.setlocale(locale.LC_ALL, "")`'),
    "re.template": Removal(13, "write `re.compile(…)`"),
    "typing.io": Removal(13, "import the name from typing itself"),
    "typing.re": Removal(13, "import the name from typing itself"),
    "unittest.findTestCases": _SUITE,
    "unittest.getTestCaseNames": _SUITE,
    "unittest.makeSuite": _SUITE,
    "ast.Bytes": _CONSTANT,
    "ast.Ellipsis": _CONSTANT,
    "ast.NameConstant": _CONSTANT,
    "ast.Num": _CONSTANT,
    "ast.Str": _CONSTANT,
    "asyncio.FastChildWatcher": _WATCHER,
    "asyncio.MultiLoopChildWatcher": _WATCHER,
    "asyncio.PidfdChildWatcher": _WATCHER,
    "asyncio.SafeChildWatcher": _WATCHER,
    "asyncio.ThreadedChildWatcher": _WATCHER,
    "asyncio.get_child_watcher": _WATCHER,
    "asyncio.set_child_watcher": _WATCHER,
    EVENT_LOOP: Removal(14, "write `asyncio.run(main())`, or `loop = asyncio.new_event_loop()`"),
    "importlib.abc.ResourceReader": _RESOURCES,
    "importlib.abc.Traversable": _RESOURCES,
    "importlib.abc.TraversableResources": _RESOURCES,
    "pkgutil.find_loader": _LOADER,
    "pkgutil.get_loader": _LOADER,
    "pty.master_open": Removal(14, "write `pty.openpty()`"),
    "pty.slave_open": Removal(14, "write `pty.openpty()`"),
    "sqlite3.version": Removal(14, "write `sqlite3.sqlite_version`"),
    "sqlite3.version_info": Removal(14, "write `sqlite3.sqlite_version_info`"),
    "urllib.request.FancyURLopener": Removal(14, "write `urllib.request.urlopen(…)`"),
    "urllib.request.URLopener": Removal(14, "write `urllib.request.urlopen(…)`"),
}
"""Names of the standard library, with the release without them: the sections on what is removed and
on porting of https://docs.python.org/3/whatsnew/3.11.html to 3.14.html (documented)."""

BACKPORTS = r"(?:standard|legacy|python)-{module}|{module}-lts|{module}"
"""Distributions on PyPI that bring a removed module back: standard-cgi, legacy-cgi, audioop-lts."""

BROUGHT_BY = {"distutils": "setuptools", "cgitb": "legacy-cgi", "imp": "zombie-imp"}
"""Removed modules that a distribution with another name brings back (each one's own page)."""
