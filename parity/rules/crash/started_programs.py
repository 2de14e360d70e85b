"""Crashes of commands that start something other than a server: a package, migrations."""

import re
from collections.abc import Iterator

from parity.records.verdict import Evidence
from parity.rules.crash.python.modules import how_to_add
from parity.rules.crash.symptoms import ENDINGS, PROCFILE, at_command, procfile
from parity.rules.engine import rule
from parity.rules.phrases import FILES
from parity.rules.views.python_source import find
from parity.rules.views.python_traceback import Crash
from parity.rules.views.suggestions import kept_out

_RUNS = r"""^if __name__ == ["']__main__["']"""


@rule(
    "package-not-executable",
    leads_to=ENDINGS,
    title="{package} is a package without __main__.py: `python -m {package}` starts nothing",
    cause="With `-m` Python runs a module, or the __main__.py of a package; {package}/ has none.",
    fix="{advice:Name the module that starts the server, or commit a __main__.py.}",
    docs="https://docs.python.org/3/using/cmdline.html#cmdoption-m",
    apart="`No module named NAME.__main__`",
)
def package_not_executable(crash: Crash) -> Iterator[Evidence]:
    match = crash.saying(r"No module named ([\w.]+)\.__main__;.*")
    if not match:
        return
    package = match[1]
    folder = package.replace(".", "/")
    place = find(crash.source, _RUNS)
    inside = place and place.file.startswith(f"{folder}/")
    advice = f"Commit a {folder}/__main__.py that starts the server."
    if place and inside:
        module = place.file.removesuffix(".py").replace("/", ".")
        wrong = rf"-m\s+{re.escape(package)}(?![\w.])"
        advice = procfile(crash, re.sub(wrong, f"-m {module}", crash.command))
    yield at_command(crash, match[0], package=package, advice=advice)


@rule(
    "migrations-not-there",
    leads_to=ENDINGS,
    title="The migrations are not where the command looks for them: {wanted}",
    cause="`{command}` looks for {wanted} in the root of what is pushed: {error}",
    fix="{advice:Commit the folder with the migrations, or name the folder in the command.}",
    docs=PROCFILE,
    apart="`Path doesn't exist`, or Alembic finds no configuration",
    laptop=FILES,
)
def migrations_not_there(crash: Crash) -> Iterator[Evidence]:
    missing = _missing_migrations(crash)
    if not missing:
        return
    seen, wanted = missing
    elsewhere = [p for p in crash.source.entries if p.endswith(f"/{wanted}")]
    advice = how_to_add(crash, wanted)
    if elsewhere:
        folder = elsewhere[0].removesuffix(f"/{wanted}")
        advice = procfile(crash, f"cd {folder} && {crash.command}")
    yield at_command(crash, seen, wanted=wanted, error=seen, advice=advice)
    for evidence in kept_out(crash.source, wanted):
        yield evidence._replace(names={})


def _missing_migrations(crash: Crash) -> tuple[str, str] | None:
    """Return what Alembic says about its missing files, and which they are."""
    config = crash.saying(r"FAILED: No (?:'script_location' key found|config file 'alembic.ini').*")
    if config and "alembic.ini" not in crash.source.entries:
        return config[0], "alembic.ini"
    folder = crash.saying(r"Path doesn't exist: ['\"]?(?:/app/)?([\w/.-]+?)['\"]?\.? .*")
    return (folder[0], f"{folder[1]}/") if folder else None
