"""What was typed, as a rehearsal takes it: options and config vars."""

import argparse

from parity import interrupt

TYPE_CHECKING = False  # typing's own costs 7 ms of `parity --help`

if TYPE_CHECKING:
    from parity.options import Options
    from parity.records import Config
    from parity.router.scenario import Step


def options_of(arguments: argparse.Namespace) -> "Options":
    """The rehearsal's options. Raises `interrupt.Usage` for what cannot be."""
    import re

    from parity.facts import dynos
    from parity.options import Options

    given = vars(arguments)
    for path in given.get("paths") or ():
        if not path.startswith("/"):
            raise interrupt.Usage(f"--path {path}: a request path starts with /")
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,253}(:\d{1,5})?", given.get("host") or "a"):
        raise interrupt.Usage(f"--host {given['host']}: a name such as shop.example.com")
    given["dyno"] = given.get("dyno", "basic").lower()
    if given["dyno"] not in dynos.SIZES:
        raise interrupt.Usage(f"--dyno {given['dyno']}: one of {', '.join(dynos.SIZES)}")
    if given.get("port") is not None and not 1024 <= given["port"] <= 65535:
        raise interrupt.Usage(f"--port {given['port']}: a number from 1024 to 65535")
    if given.get("router") is not None:
        _known_router(given["router"])
    if given.get("isolation", "auto") != "auto":
        _known_level(given["isolation"])
    if given.get("network", "host") not in ("host", "own"):
        raise interrupt.Usage(f"--network {given['network']}: host or own")
    chosen = {name: given[name] for name in Options._fields if given.get(name) is not None}
    if given.get("process"):
        from parity.scale import parsed

        chosen["processes"] = parsed(given["process"])
    chosen["buildpacks"] = tuple(given["buildpack"])
    if given.get("scenario"):
        chosen["scenario"] = _scenario(given["scenario"])
    chosen["paths"] = tuple(given.get("paths") or ("/",))
    return Options(**chosen)


def checked(arguments: argparse.Namespace) -> None:
    """Raises `interrupt.Usage` for options that do not go together, of those that mend the app."""
    wanted = "--fix" if arguments.fix else "--diff" if arguments.diff else None
    if wanted and arguments.first_only:
        raise interrupt.Usage(f"{wanted} needs the trial of a fix, which --first-only leaves out")
    if arguments.fix and arguments.ref:
        raise interrupt.Usage("--fix changes the files on disk, and --ref tests a commit")
    if arguments.force and not arguments.fix:
        raise interrupt.Usage("--force goes with --fix")


def _scenario(name: str) -> "tuple[Step, ...]":
    from pathlib import Path

    from parity.router.scenario import read

    return read(Path(name))


def _known_level(level: str) -> None:
    from parity.dyno.isolation import LEVELS

    if level not in LEVELS:
        raise interrupt.Usage(f"--isolation {level}: one of auto, {', '.join(LEVELS)}")


def _known_router(name: str) -> None:
    from parity.facts.router import PROFILES

    if name not in PROFILES:
        raise interrupt.Usage(f"--router {name}: one of {', '.join(PROFILES)}")


def config_of(arguments: argparse.Namespace) -> "Config":
    """The config vars of the command line, else of `.env`. Raises `interrupt.Usage`."""
    from pathlib import Path

    from parity.push.config import read

    default = None if arguments.no_env else Path(arguments.path) / ".env"
    files = [Path(name) if name != "-" else name for name in arguments.env or ()]
    return read(files, arguments.config, default)
