"""Text output: nothing controls a terminal, and no reader blocks parity."""

import io
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from parity.report.page import fold, wrap
from parity.system.text import cells, clip, emit, offer, oneline, visible

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\nb\tc", "a\nb\tc"),
        ("\x1b[31m", r"\x1b[31m"),
        ("\r\x08\x07\x00\x7f", r"\x0d\x08\x07\x00\x7f"),
        ("\x9b31m\x85", r"\x9b31m\x85"),
        ("\u202eabc\u2066\u200f", r"\u202eabc\u2066\u200f"),
        ("\ufeff\u200b\u2028", r"\ufeff\u200b\u2028"),
        ("bad\udcff\udc80.txt", r"bad\xff\x80.txt"),
        ("\ud800", r"\ud800"),
        ("\U000e0041", r"\U000e0041"),
        ("naïve 日本 👩‍👩‍👧", "naïve 日本 👩‍👩‍👧"),
    ],
)
def test_what_cannot_be_seen_is_written_out(text: str, shown: str) -> None:
    """Control, direction and invisible characters become escapes; letters stay."""
    assert visible(text) == shown


def test_oneline_is_one_line() -> None:
    """Line breaks and tabs in a name cannot make another line or column."""
    assert oneline("a\nb\tc\r") == r"a\nb    c\x0d"


@pytest.mark.parametrize(("text", "width"), [("abc", 3), ("日本", 4), ("e\u0301", 1), ("", 0)])
def test_cells_are_columns(text: str, width: int) -> None:
    """Wide characters take two columns, combining ones none."""
    assert cells(text) == width


def test_clip_says_that_it_cut() -> None:
    """A text that is too long ends in an ellipsis, within the length."""
    assert (clip("abcdef", 6), clip("abcdefg", 6)) == ("abcdef", "abcde…")


def test_folding_loses_nothing() -> None:
    """A log line is split at spaces if there are any, and nothing is lost."""
    assert fold("  one two three", 10) == ["  one two", "three"]
    assert "".join(fold("x" * 25, 10)) == "x" * 25
    assert [cells(row) for row in fold("日本" * 5, 7)] == [6, 6, 6, 2]


def test_wrapping_keeps_commands_whole() -> None:
    """A command between backticks is one word, with what is attached to it."""
    assert wrap("Type (`git add -A`), then `git push`.", 15) == [
        "Type",
        "(`git add -A`),",
        "then",
        "`git push`.",
    ]
    assert wrap("a ` b", 3) == ["a `", "b"]


def piped(text: str, encoding: str) -> bytes:
    """Return what a reader of a pipe gets."""
    source, target = os.pipe()
    with os.fdopen(target, "w", encoding=encoding) as stream, os.fdopen(source, "rb") as reader:
        assert emit(text, stream)
        stream.close()
        return reader.read()


def test_any_encoding_takes_the_text() -> None:
    """A character that the encoding lacks becomes a plainer one or an escape."""
    assert piped("GET / → 200 — ☃\n", "ascii") == b"GET / -> 200 - \\u2603\n"
    assert piped("GET / → 200\n", "utf-8") == "GET / → 200\n".encode()
    assert piped("é…☃\n", "latin-1") == b"\xe9...\\u2603\n"


def test_a_large_text_arrives_whole() -> None:
    """A slow reader gets every byte, in order."""
    text = "".join(f"line {n}\n" for n in range(100_000))
    source, target = os.pipe()
    got: list[bytes] = []
    with os.fdopen(source, "rb") as reader, os.fdopen(target, "w") as stream:
        thread = threading.Thread(target=lambda: got.append(reader.read()))
        thread.start()
        assert emit(text, stream)
        stream.close()
        thread.join()
    assert got[0].decode() == text


def test_a_closed_reader_is_no_error() -> None:
    """`parity run | head -1`: False, no exception, nothing left to fail at exit."""
    source, target = os.pipe()
    os.close(source)
    with os.fdopen(target, "w") as stream:
        assert not emit("x" * 100_000, stream)
        assert not offer("x", stream)


def test_a_closed_stream_is_no_error() -> None:
    """A stream that is closed, missing, or whose file is gone accepts nothing."""
    source, target = os.pipe()
    os.close(source)
    stream = os.fdopen(target, "w")
    stream.close()
    gone = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    os.close(gone.fileno())
    assert not emit("x", stream)
    assert not emit("x", gone)
    assert not emit("x", None)
    with pytest.raises(OSError, match="Bad file"):
        gone.close()


def test_what_was_written_before_stays_before() -> None:
    """Text buffered in a stream comes first; a stream without a file is written to."""
    source, target = os.pipe()
    with os.fdopen(target, "w") as stream, os.fdopen(source) as reader:
        stream.write("one ")
        emit("two", stream)
        stream.close()
        assert reader.read() == "one two"
    memory = io.StringIO()
    assert emit("☃", memory)
    assert memory.getvalue() == "☃"


def test_an_offer_never_waits() -> None:
    """A full pipe drops what is offered."""
    source, target = os.pipe()
    os.set_blocking(target, False)
    with pytest.raises(BlockingIOError):
        while True:
            os.write(target, b"x" * 4096)
    os.set_blocking(target, True)
    with os.fdopen(source, "rb"), os.fdopen(target, "w") as stream:
        assert not offer("x", stream)


def run(code: str, **streams: int) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, **streams)  # type: ignore[call-overload,no-any-return]


@pytest.mark.real
def test_a_reader_that_does_not_read_cannot_hold_a_signal_up() -> None:
    """SIGTERM ends parity although the pipe it writes to is full and nobody reads."""
    code = """
import sys
from parity.system import interrupt
from parity.system.text import emit
interrupt.install()
print("ready", file=sys.stderr, flush=True)
sys.exit(7 if not emit("x" * 1_000_000, sys.stdout) else 0)
"""
    process = run(code, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stderr
    assert process.stdout
    assert process.stderr.readline() == b"ready\n"
    process.send_signal(signal.SIGTERM)
    assert process.wait(5) == 7
    process.stdout.close()
    process.stderr.close()


@pytest.mark.real
def test_without_stdout_nothing_is_said() -> None:
    """`parity run >&-`: no traceback, neither then nor at exit."""
    code = "import sys; from parity.system.text import emit; emit('x', sys.stdout)"
    done = subprocess.run(
        ["bash", "-c", f'"$0" -c "{code}" >&-', sys.executable],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    assert done.stderr == b""
