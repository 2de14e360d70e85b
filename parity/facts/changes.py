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
