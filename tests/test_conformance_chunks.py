"""What Heroku's own proxy library asserts about chunks, row by row, cut at every position."""

import itertools

import pytest

from parity.router.body import Chunks
from parity.router.header_fields import Malformed

FOUR = b"4\r\nWiki\r\n6\r\npedia \r\nE\r\nin \r\n\r\nchunks.\r\n3\r\nend\r\n0\r\n\r\n"
DATA = b"Wikipedia in \r\n\r\nchunks.end"
GARBAGE = b"GET / HTTP/1.1\r\n"


def fed(*pieces: bytes, decoded: bool = False) -> tuple[bytes, bool, bytes]:
    """Return the output, whether the body is over, and the rest."""
    chunks = Chunks(decoded=decoded)
    out, rest = b"", b""
    for piece in pieces:
        if chunks.done:
            rest += piece
        else:
            out += chunks.feed(piece)
    return out, chunks.done, chunks.rest + rest


def refused(data: bytes, words: str = ".") -> None:
    """Assert that `data` is refused, however it is split."""
    for cut in (1, len(data)):
        with pytest.raises(Malformed, match=words) as raised:
            fed(*(data[i : i + cut] for i in range(0, len(data), cut)))
        assert raised.value.kind == "bad chunk"


def test_v150() -> None:
    """A size that ends with LF CRLF is refused."""
    refused(b"5\n\r\nhello\r\n0\r\n\r\n")


def test_v151() -> None:
    """Four chunks are complete only with the last CRLF, and come out byte for byte."""
    assert fed(FOUR) == (FOUR, True, b"")
    assert not fed(FOUR[:-2])[1]


def test_v152() -> None:
    """A truncated stream is not over; an invalid trailer is refused."""
    assert not any(fed(FOUR[:end])[1] for end in range(len(FOUR)))
    refused(FOUR[:-2] + GARBAGE, "trailers")


def test_v153() -> None:
    """Chunks cut across reads add up to the input."""
    out, done, _ = fed(FOUR[:7], FOUR[7:20], FOUR[20:])
    assert (out, done) == (FOUR, True)


def test_v154() -> None:
    """Trailers with quotes pass; a folded one is refused (request smuggling)."""
    quoted = FOUR[:-2] + b'X: "a, b"\r\nY: c\r\n\r\n'
    assert fed(quoted) == (quoted, True, b"")
    assert fed(quoted, decoded=True) == (DATA, True, b"")
    refused(FOUR[:-2] + b"X: a\r\n b\r\n\r\n", "next line")


def test_v155() -> None:
    """The next request in place of a trailer is refused."""
    refused(FOUR[:-2] + GARBAGE, "colon")


def test_v156() -> None:
    """`0` and two CRLF at once end the body."""
    assert fed(b"0\r\n\r\n") == (b"0\r\n\r\n", True, b"")


def test_v157() -> None:
    """Byte by byte, the result is the same."""
    assert fed(*(FOUR[i : i + 1] for i in range(len(FOUR)))) == (FOUR, True, b"")


def test_v158() -> None:
    """An empty chunk in the middle is refused; with its empty line it ends the body."""
    refused(b"0\r\n5\r\nhello\r\n0\r\n\r\n")
    rest = b"5\r\nhello\r\n"
    assert fed(b"0\r\n\r\n" + rest) == (b"0\r\n\r\n", True, rest)


def test_v159() -> None:
    """A size followed by CR CR LF is refused."""
    refused(b"c\r\r\nhello, world\r\n0\r\n\r\n")


def test_v160() -> None:
    """A CR within the data is data."""
    data = b"5\r\na\rb\r\n\r\n0\r\n\r\n"
    assert fed(data, decoded=True)[0] == b"a\rb\r\n"


def test_v161() -> None:
    """Cut at every position, the result is the same."""
    for at in range(len(FOUR)):
        assert fed(FOUR[:at], FOUR[at:]) == (FOUR, True, b"")


def test_v162() -> None:
    """Cut at every pair of positions, the result is the same."""
    for a, b in itertools.combinations(range(len(FOUR)), 2):
        assert fed(FOUR[:a], FOUR[a:b], FOUR[b:]) == (FOUR, True, b"")


def test_v163() -> None:
    """Only the data comes out if chunks are decoded."""
    for at in range(len(FOUR)):
        assert fed(FOUR[:at], FOUR[at:], decoded=True) == (DATA, True, b"")


def test_extensions_do_not_go_on() -> None:
    """Extensions are parsed and dropped, whatever they say."""
    assert fed(b'5;a=b;c="d"\r\nhello\r\n0;x\r\n\r\n')[0] == b"5\r\nhello\r\n0\r\n\r\n"


@pytest.mark.parametrize(
    "size", [b" 5", b"5 ", b"\t5", b"+5", b"-5", b"0x5", b"5_0", b"", b"g", b"F" * 17, b"8" * 16]
)
def test_odd_sizes_are_refused(size: bytes) -> None:
    """Only hexadecimal digits are a size, and there is an upper limit."""
    refused(size + b"\r\nhello\r\n0\r\n\r\n")


@pytest.mark.parametrize("line", [b"5;\n", b"5;a\x00", b"5;" + b"x" * 5000])
def test_odd_extensions_are_refused(line: bytes) -> None:
    """Extensions must not have LF or NUL, or be too long."""
    refused(line + b"\r\nhello\r\n0\r\n\r\n")
