"""The options of a rehearsal: their definition, their checks, and the resulting records."""

import argparse

from parity.system.errors import Usage

TYPE_CHECKING = False  # typing's own costs 7 ms of `parity --help`

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from parity.records import Config
    from parity.records.options import Options
    from parity.records.scenario import Step


NETWORKS = ("host", "own")
LEVELS = ("auto", "pidns", "guard", "subreaper", "basic")
STACKS = "heroku-22, heroku-24, heroku-26 (default)"
SIZES = "eco, basic (default), standard-1x, standard-2x, performance-m, performance-l, …"
FORMATS = ("full", "concise", "json", "github", "sarif", "junit", "md", "html")
"""Copies of `report.KINDS` and the levels, so that `--help` need not import them."""


def source(parser: argparse.ArgumentParser) -> None:
    """Add the options for what is pushed, and for the app on Heroku that it is pushed to."""
    add = parser.add_argument
    add("path", nargs="?", default=".", metavar="PATH", help="the app (default: .)")
    add("--ref", metavar="REV", help="test exactly this commit")
    add("-e", "--env", action="append", metavar="FILE", help="config vars (- for stdin)")
    add("--no-env", action="store_true", help="do not read .env")
    add("--config", action="append", default=[], metavar="KEY=VALUE", help="a config var")
    add("--stack", default="heroku-26", metavar="NAME", help=STACKS)
    add("--buildpack", action="append", default=[], metavar="NAME", help="as set on the app")
    add("--new-app", action="store_true", help="create the app from app.json")
    add("-q", "--quiet", action="store_true", help="no progress on stderr")


def report(parser: argparse.ArgumentParser) -> None:
    """Add the options for the reports."""
    add = parser.add_argument
    add("--format", default="full", metavar="KIND", help=f"{', '.join(FORMATS)} (default: full)")
    add("--report", action="append", default=[], metavar="KIND=FILE", help="also write to a file")
    add("--strict", action="store_true", help="warnings fail")
    add("--first-only", action="store_true", help="stop where Heroku stops")
    ignore(parser)


def ignore(parser: argparse.ArgumentParser) -> None:
    """Add the option for findings that the user knows about."""
    text = "silence a finding; one that would fail is still counted"
    parser.add_argument("--ignore", action="append", default=[], metavar="ID", help=text)


def log(parser: argparse.ArgumentParser) -> None:
    """Add the option for the whole log."""
    text = "also print the whole log"
    parser.add_argument("-v", "--verbose", "--log", dest="log", action="store_true", help=text)


def requests(parser: argparse.ArgumentParser) -> None:
    """Add the options for the requests to the app."""
    add = parser.add_argument
    add("--path", dest="paths", action="append", metavar="/PATH", help="request it (default: /)")
    add("--host", metavar="NAME", help="Host of the requests")
    add("-p", "--port", type=int, metavar="N", help="$PORT (default: random)")
    add("--scenario", metavar="FILE", help="requests of your own (TOML)")


def dyno(parser: argparse.ArgumentParser) -> None:
    """Add the options that any dyno needs."""
    add = parser.add_argument
    add("--dyno", default="basic", metavar="SIZE", help=SIZES)
    add("--offline", action="store_true", help="install from pip's cache alone")
    add("--isolation", default="auto", metavar="LEVEL", help=", ".join(LEVELS))


def dynos(parser: argparse.ArgumentParser) -> None:
    """Add the options for how the app's dynos run, and for the router in front of them."""
    dyno(parser)
    add = parser.add_argument
    add(
        "--process",
        action="append",
        default=[],
        metavar="TYPE[=N]",
        help="run this type, in N dynos",
    )
    add("--router", default="2.0", metavar="NAME", help="2.0 (default), legacy")
    add("--exact", action="store_true", help="wait for Heroku's real limits")
    add("--run-release", action="store_true", help="run it against any database")
    add("--network", default="host", choices=NETWORKS, metavar="KIND", help="host (default), own")
    add("--metadata", action="store_true", help="HEROKU_APP_NAME and the like")


def fixes(parser: argparse.ArgumentParser) -> None:
    """Add the options for the fixes that were proved."""
    add = parser.add_argument
    add("--diff", action="store_true", help="print the fixes that were proved")
    add("--fix", action="store_true", help="write them into a clean git tree")
    add("--force", action="store_true", help="write them without git's safety")


def options_of(arguments: argparse.Namespace) -> "Options":
    """Return the rehearsal's options. Raises `Usage` for invalid ones."""
    from parity.records.options import Options

    values = vars(arguments)
    values["dyno"] = values.get("dyno", "basic").lower()
    _check_names(values)
    _check_requests(values)
    chosen = {name: values[name] for name in Options._fields if values.get(name) is not None}
    if values.get("process"):
        from parity.runtime.scale import parsed

        chosen["processes"] = parsed(values["process"])
    chosen["buildpacks"] = tuple(values["buildpack"])
    if values.get("scenario"):
        chosen["scenario"] = _scenario(values["scenario"])
    chosen["ignore"] = frozenset(map(_known_id, values.get("ignore") or ()))
    chosen["paths"] = tuple(values.get("paths") or ("/",))
    return Options(**chosen)


def checked(arguments: argparse.Namespace) -> None:
    """Raise `Usage` for options of `--fix` and `--diff` that exclude each other."""
    wanted = "--fix" if arguments.fix else "--diff" if arguments.diff else None
    if wanted and arguments.first_only:
        raise Usage(f"{wanted} needs the trial of a fix, which --first-only leaves out")
    if arguments.fix and arguments.ref:
        raise Usage("--fix changes the files on disk, and --ref tests a commit")
    if arguments.force and not arguments.fix:
        raise Usage("--force goes with --fix")


def _known_id(id: str) -> str:
    """Return the current name of a finding. Raises `Usage` if there is none."""
    from parity.report.explain import known, nearest
    from parity.rules.loading import find

    if not known(id):
        near = nearest(id)
        hint = f". Did you mean {near[0]}?" if near else "; `parity explain` lists them all"
        raise Usage(f"--ignore {id}: no such ID{hint}")
    rule = find(id)
    return rule.id if rule else id.upper()


def _check_names(values: "Mapping[str, Any]") -> None:
    """Raise `Usage` for a name that does not exist."""
    from parity.facts.dynos import SIZES
    from parity.facts.router import PROFILES
    from parity.system.text import offered

    if values["dyno"] not in SIZES:
        raise Usage(f"--dyno: no size {values['dyno']}{offered(values['dyno'], SIZES)}")
    known = {"router": tuple(PROFILES), "isolation": LEVELS}
    for name, choices in known.items():
        if values.get(name, choices[0]) not in choices:
            raise Usage(f"--{name} {values[name]}: one of {', '.join(choices)}")


def _check_requests(values: "Mapping[str, Any]") -> None:
    """Raise `Usage` for a path, a host or a port that no request can have."""
    import re

    for path in values.get("paths") or ():
        if not path.startswith("/"):
            raise Usage(f"--path {path}: a request path starts with /")
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,253}(:\d{1,5})?", values.get("host") or "a"):
        raise Usage(f"--host {values['host']}: a name such as shop.example.com")
    if values.get("port") is not None and not 1024 <= values["port"] <= 65535:
        raise Usage(f"--port {values['port']}: a number from 1024 to 65535")


def _scenario(name: str) -> "tuple[Step, ...]":
    from pathlib import Path

    from parity.router.scenario import read

    return read(Path(name))


def config_of(arguments: argparse.Namespace) -> "Config":
    """Return the config vars of the command line, else of `.env`. Raises `Usage`.

    `arguments` keeps them as `known`, so that no message about a failure shows their values.
    """
    from pathlib import Path

    from parity.push.config import read

    default = None if arguments.no_env else Path(arguments.path) / ".env"
    files = [Path(name) if name != "-" else name for name in arguments.env or ()]
    arguments.known = config = read(files, arguments.config, default)
    return config
