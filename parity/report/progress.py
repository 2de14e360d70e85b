"""Progress on stderr, for stages that take longer than a second.

A thread shows it while the stages run. It writes only what can be written at once, so that neither
a full pipe nor a closed terminal holds anything up.
"""

import threading
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self, TextIO

from parity.records import Line
from parity.system.text import clip, offer, oneline

if TYPE_CHECKING:
    from rich.live import Live

SLOW = 1.0
"""Seconds after which a stage is shown."""

FRAME = 0.1
"""Seconds between two frames of the spinner."""

DOING = {
    "source": "reading the tree that would be pushed",
    "detect": "deciding what Heroku would build",
    "build": "building the slug",
    "release": "running the release command",
    "boot": "waiting for the app to listen on $PORT",
    "route": "sending the first request",
    "stop": "stopping the dyno with SIGTERM",
}


class Progress:
    """A spinner on a terminal, one plain line per slow stage elsewhere; nothing if `quiet`."""

    def __init__(self, stream: TextIO | None, *, tty: bool, quiet: bool, colour: bool) -> None:
        self._stream = stream
        self._tty = tty
        self._silent = quiet or stream is None
        self._colour = colour
        self._stage: str | None = None
        self._doing = ""
        self._since = 0.0
        self.told = False
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._clock: threading.Thread | None = None
        self._live: Live | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        if self._clock:
            self._clock.join()
        self.pause()

    def stage(self, name: str) -> None:
        """Begin a stage."""
        if self._silent:
            return
        with self._lock:
            self._erase()
            self._stage, self._doing = name, DOING.get(name.rpartition(" ")[2], "")
            self._since, self.told = time.monotonic(), False
        if self._clock is None:
            self._clock = threading.Thread(target=self._run, name="parity-progress", daemon=True)
            self._clock.start()

    def line(self, line: Line) -> None:
        """Note a line of platform output: a step of the push describes the current work."""
        step = line.text.removeprefix("-----> ")
        if step != line.text and line.source == "remote":
            self._doing = oneline(step)

    def pause(self) -> None:
        """Clear the terminal for other output; the next stage continues."""
        with self._lock:
            self._erase()
            self._stage = None

    def _run(self) -> None:
        while not self._ended.wait(FRAME):
            with self._lock:
                if self._stage and time.monotonic() - self._since >= SLOW:
                    self._show()

    def _show(self) -> None:
        if self._tty:
            self._spin()
        elif not self.told:
            offer(f"parity: {self._text()} …\n", self._stream)
        self.told = True

    def _text(self) -> str:
        return clip(f"{self._stage}: {self._doing}", 70)

    def _spin(self) -> None:
        from rich.text import Text

        if self._live is None:
            self._live = self._started()
        seconds = int(time.monotonic() - self._since)
        picture = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"[int(time.monotonic() / FRAME) % 10]
        text = Text(f"{picture} {self._text()}  {seconds} s", no_wrap=True, overflow="ellipsis")
        self._live.update(text, refresh=True)

    def _started(self) -> "Live":
        from typing import IO, cast

        from rich.console import Console
        from rich.live import Live

        console = Console(
            file=cast(IO[str], _AtOnce(self._stream)),
            force_terminal=True,
            no_color=not self._colour,
        )
        live = Live(
            console=console,
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        live.start()
        return live

    def _erase(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None


class _AtOnce:
    """A stream for rich that drops what cannot be written at once."""

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream
        self.encoding = getattr(stream, "encoding", None) or "utf-8"

    def write(self, text: str) -> int:
        offer(text, self._stream)
        return len(text)

    def flush(self) -> None:
        """Do nothing: `write` does not buffer."""

    def isatty(self) -> bool:
        return True
