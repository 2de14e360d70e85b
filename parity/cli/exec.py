"""`parity exec [PATH] -- COMMAND`: a one-off dyno, as `heroku run` starts one."""

import argparse
import os
import sys

from parity.cli import options as cli_options
from parity.system.errors import Usage

TYPE_CHECKING = False  # typing's own costs 7 ms of `parity --help`

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from parity.cli.parser import Commands
    from parity.dyno.sandbox import Sandbox
    from parity.records import Config, Plan, ProcessType, Record, Slug, Stray
    from parity.records.options import Options

USAGE = "%(prog)s [PATH] [OPTION ...] -- COMMAND [ARGUMENT ...]"
MARK = "--"


def add(commands: "Commands") -> None:
    """Add the command to parity's own."""
    what = "run a command in a one-off dyno, as heroku run"
    parser = commands.add_parser("exec", help=what, usage=USAGE)
    cli_options.source(parser)
    cli_options.dyno(parser)
    parser.set_defaults(act=_act)


def _act(arguments: argparse.Namespace) -> int:
    options, config = cli_options.options_of(arguments), cli_options.config_of(arguments)
    return run(arguments.path, arguments.words, config, options, quiet=arguments.quiet)


def split(argv: "Sequence[str]") -> "tuple[list[str], list[str]]":
    """Split parity's own arguments from the command after `--`."""
    arguments = list(argv)
    if arguments[:1] != ["exec"] or MARK not in arguments:
        return arguments, []
    at = arguments.index(MARK)
    return arguments[:at], arguments[at + 1 :]


def joined(words: "Sequence[str]") -> str:
    """Join the words to a command line for the dyno's bash, as Heroku's own CLI does.

    A single word is left as it is: `parity exec -- 'echo $DYNO'`. Of several, those with spaces or
    quotes are quoted (observed: src/lib/run/helpers.ts of https://github.com/heroku/cli).

    >>> joined(["python", "-c", 'print("hi there")'])
    'python -c "print(\\\\"hi there\\\\")"'
    """
    if len(words) == 1:
        return words[0]
    return " ".join(_quoted(word) if " " in word or '"' in word else word for word in words)


def _quoted(word: str) -> str:
    escaped = word.replace('"', '\\"')
    return f'"{escaped}"'


def expanded(command: str, types: "Mapping[str, ProcessType]") -> str:
    """Return the command, with a process type as its first word replaced by that type's command."""
    first, blank, rest = command.partition(" ")
    return f"{types[first].command}{blank}{rest}" if first in types else command


def run(
    app: str, words: "Sequence[str]", config: "Config", options: "Options", *, quiet: bool
) -> int:
    """Build the slug, run the command in a one-off dyno, and return its exit code.

    Without a slug to run it in, the reason goes to stderr, and the code is that of `parity run`.
    Raises `interrupt.Interrupted`, `Trouble`, `Usage`.
    """
    from pathlib import Path

    from parity.dyno.abandoned import workspace
    from parity.dyno.containment import Containment
    from parity.dyno.sandbox import Sandbox
    from parity.facts.limits import LIMITS
    from parity.runtime.deploy import Recorder, slug_of

    if not any(words):
        raise Usage("no command: type parity exec [PATH] -- COMMAND")
    recorder = Recorder()
    with workspace() as work:
        sandbox = Sandbox(work, Containment(options.isolation, options.network))
        slug = slug_of(recorder, Path(app), sandbox, config, options, LIMITS)
        if slug is None:
            return _no_slug(recorder.records, config)
        command = expanded(joined(words), slug.plan.processes)
        try:
            return _dyno(slug, command, sandbox, options, quiet=quiet)
        finally:
            _strays(sandbox.containment.outlived, slug, config, quiet=quiet)


def _dyno(
    slug: "Slug", command: str, sandbox: "Sandbox", options: "Options", *, quiet: bool
) -> int:
    from random import randint

    from parity.dyno.pty_run import attached
    from parity.facts.dynos import SIZES
    from parity.facts.limits import LIMITS
    from parity.push.slug import copy

    name = f"run.{randint(1000, 9999)}"
    folder = sandbox.work.folder(name)
    copy(slug.root, folder)
    if not quiet:
        _announce(f"Running {command} on {_called(slug)}... up, {name}", slug.plan)
    return attached(
        slug,
        command,
        name,
        folder=folder,
        size=SIZES[options.dyno],
        limits=LIMITS,
        terminal=os.isatty(0) and os.isatty(1),
        containment=sandbox.containment,
    )


def _strays(outlived: "tuple[Stray, ...]", slug: "Slug", config: "Config", *, quiet: bool) -> None:
    if outlived:
        from parity.report import stray_processes

        stray_processes.tell(outlived, config, slug.plan.source, quiet=quiet)


def _called(slug: "Slug") -> str:
    source = slug.plan.source
    return source.remote or source.root.resolve().name


def _announce(text: str, plan: "Plan") -> None:
    from parity.masking.mask import Mask
    from parity.system.text import emit, oneline

    emit(oneline(Mask(plan.config, plan.source).text(text)) + "\n", sys.stderr)


def _no_slug(records: "Sequence[Record]", config: "Config") -> int:
    from parity.masking.mask import Mask
    from parity.rehearsal.trial import Trial
    from parity.report import render
    from parity.system.text import emit

    trial = Trial("run", None, None, strict=False)
    for record in records:
        trial.observe(record)
    verdict = trial.verdict()
    masked = Mask(config, verdict.source).verdict(verdict)
    emit(render("concise", masked), sys.stderr)
    emit("parity: there is no slug to run a command in; see `parity run`\n", sys.stderr)
    return verdict.exit_code or 3
