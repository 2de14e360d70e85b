"""One command's output: progress on stderr, the report on stdout and in files, all of it masked."""

import os
from argparse import Namespace
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import TYPE_CHECKING, Self, TextIO, TypedDict

from parity.records import Boot, Config, Line, Source
from parity.records.verdict import Verdict
from parity.report import KINDS, render
from parity.report.exposed import exposed
from parity.report.progress import Progress
from parity.system.errors import Trouble, Usage
from parity.system.text import emit, offered, oneline

if TYPE_CHECKING:
    from parity.masking.mask import Mask

WIDEST = 100
"""Columns that a report uses at most."""


class Layout(TypedDict):
    """How a report for people is laid out; `log`: with the whole log."""

    width: int
    colour: bool
    log: bool


class Show:
    """Shows a rehearsal while it runs and when it has ended.

    `arguments` has `format`, `report` and `quiet`. Raises `Usage` for a kind of report that does
    not exist, before anything is run.
    """

    def __init__(
        self, arguments: Namespace, config: Config, stdout: TextIO | None, stderr: TextIO | None
    ) -> None:
        self._kind = known(arguments.format, "--format")
        self._files = _targets(arguments.report)
        self._config = config
        self._mask = self._masker(None, config)
        self._out, self._err = stdout, stderr
        self._printed = self._told = False
        self._log, self._fixing = getattr(arguments, "log", False), getattr(arguments, "fix", False)
        self._quiet, self._network = arguments.quiet, getattr(arguments, "network", "own")
        self._progress = Progress(
            stderr,
            tty=capable(stderr) and not os.environ.get("CI"),
            quiet=arguments.quiet,
            colour=coloured(stderr),
        )

    def __enter__(self) -> Self:
        self._progress.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.__exit__(kind, error, trace)

    def stage(self, name: str) -> None:
        """Show that a stage begins; while the app boots, there is time to import the report."""
        self._progress.stage(name)
        if name == "boot":
            Thread(target=import_module, args=("parity.report.terminal",), daemon=True).start()

    def pause(self) -> None:
        """Clear the terminal of progress before other output."""
        self._progress.pause()

    def line(self, line: Line) -> None:
        """Handle a line that Heroku would print now; those of `git push` name the current step."""
        if line.source == "remote":
            text = self._mask.text(line.text) if self._mask else line.text
            self._progress.line(line._replace(text=text))

    def listens(self, boot: Boot) -> None:
        """Tell, once, who can reach the app while it runs."""
        text = "" if self._quiet or self._told else exposed(boot, self._network)
        if text:
            self._told = True
            self._progress.pause()
            emit(f"parity: {oneline(text)}\n", self._err)

    def verdict(self, verdict: Verdict) -> None:
        """Print the verdict while the dyno still runs: people need not wait for its end."""
        if self._kind == "full":
            from parity.report.terminal import at_verdict

            self._print(at_verdict(self.masked(verdict), **self._layout()))
            self._printed = True

    def final(self, verdict: Verdict) -> None:
        """Print or complete the report, and write the files. Raises `Trouble` if that fails."""
        masked = self.masked(verdict)
        if self._printed:
            self._later(masked)
        elif self._kind == "full":
            from parity.report.terminal import full

            self._print(full(masked, **self._layout()))
        else:
            self._print(render(self._kind, masked))
        for kind, path in self._files:
            _write(path, render(kind, masked))
        if self._kind == "github":
            _summarise(masked)

    def diffs(self, verdict: Verdict, text: str, elsewhere: str) -> None:
        """Print the fixes that were proved safe: for `git apply`, or for people to read.

        `text` is their diff, `elsewhere` the folder in which to type `git apply` (empty: here).
        """
        from parity.report.diffs import diffs, shown
        from parity.rules.shell import word

        text = text if diffs(self.masked(verdict)) else ""
        stream = self._out if self._kind in ("full", "concise") else self._err
        self._progress.pause()
        if not text:
            hidden = "it would contain a config var's value" if verdict.fixes else ""
            why = hidden or "no edit was both certain and proved"
            emit(f"parity: no diff: {why}\n", self._err)
            return
        if elsewhere:
            apply = f"git -C {word(elsewhere)} apply"
            emit(f"parity: git ignores files outside this folder: use `{apply}`\n", self._err)
        if capable(stream) or os.environ.get("CI"):
            emit(shown(text, colour=coloured(stream)), stream)
        else:
            emit(text, stream)

    def masked(self, verdict: Verdict) -> Verdict:
        """Return the verdict with everything masked that no output may show."""
        from_plan = (
            verdict.plan.config.values if verdict.plan else {}
        )  # a new app has more config vars
        config = self._config._replace(values={**from_plan, **self._config.values})
        mask = self._masker(verdict.source, config)
        return mask.verdict(verdict) if mask else verdict

    def _masker(self, source: Source | None, config: Config) -> "Mask | None":
        """Return the mask; without config vars None, which saves the import in most checks."""
        if not config.values:
            return None
        from parity.masking.mask import Mask

        return Mask(config, source)

    def _later(self, masked: Verdict) -> None:
        """Complete the report; after `--fix` comes another line about what is next."""
        from parity.report.terminal import later

        width, colour = columns(self._out), coloured(self._out)
        more = later(masked, width=width, colour=colour, foot_too=not self._fixing)
        self._print(f"\n{more}" if more else "")

    def _layout(self) -> "Layout":
        return {"width": columns(self._out), "colour": coloured(self._out), "log": self._log}

    def _print(self, text: str) -> None:
        self._progress.pause()
        emit(text, self._out)


def known(kind: str, option: str) -> str:
    """Return `kind` if there is such a report. Raises `Usage`."""
    if kind not in KINDS:
        raise Usage(f"{option}: no report {kind}{offered(kind, KINDS)}")
    return kind


def _targets(texts: Sequence[str]) -> list[tuple[str, Path]]:
    """Return kind and file of each report. Raises `Usage`."""
    targets = [_target(text) for text in texts]
    files = [os.path.realpath(path) for _, path in targets if not path.is_char_device()]
    twice = next((path for path in files if files.count(path) > 1), None)
    if twice:
        raise Usage(f"--report: {twice} is named twice; each report needs its own file")
    return targets


def _target(text: str) -> tuple[str, Path]:
    kind, equals, name = text.partition("=")
    if not equals or not name:
        raise Usage(f"--report {text}: type KIND=FILE, as in json=report.json")
    path = Path(name)
    known_place = os.path.isdir(path.parent) and not os.path.isdir(path)  # noqa: PTH112
    if not known_place or not os.access(path if os.path.lexists(path) else path.parent, os.W_OK):
        raise Usage(f"--report {text}: {name} cannot be written there")
    return known(kind, "--report"), path


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise Trouble(
            f"the report {path} cannot be written: {error.strerror or error}",
            "Choose another file for --report.",
        ) from error


def _summarise(masked: Verdict) -> None:
    """Append to the step's summary, below what other commands of the step wrote there.

    https://docs.github.com/actions/reference/workflow-commands-for-github-actions#adding-a-job-summary
    """
    name = os.environ.get("GITHUB_STEP_SUMMARY")
    if not name:
        return
    try:
        with Path(name).open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(render("md", masked))
    except OSError as error:
        raise Trouble(
            f"the step's summary {name} cannot be written: {error.strerror or error}",
            "Unset GITHUB_STEP_SUMMARY, or use --format concise.",
        ) from error


def capable(stream: TextIO | None) -> bool:
    """Return whether `stream` is a terminal that can move its cursor."""
    try:
        return stream is not None and stream.isatty() and os.environ.get("TERM") != "dumb"
    except ValueError:
        return False


def coloured(stream: TextIO | None) -> bool:
    """Return whether to use colours: on a capable terminal, or wherever FORCE_COLOR asks for them.

    NO_COLOR takes precedence (https://no-color.org, https://force-color.org).
    """
    if os.environ.get("NO_COLOR"):
        return False
    return forced() or capable(stream)


def forced() -> bool:
    """Return whether colours are wanted even where there is no terminal."""
    return os.environ.get("FORCE_COLOR", "0") not in ("", "0", "false")


def columns(stream: TextIO | None) -> int:
    """Return the width of a page on `stream`."""
    if stream is None or not capable(stream):
        return 80
    try:
        return min(os.get_terminal_size(stream.fileno()).columns or 80, WIDEST)
    except (OSError, ValueError):
        return 80
