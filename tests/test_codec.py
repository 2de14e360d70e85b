"""What is recorded comes back as it was, except for what changes from run to run."""

import json
from pathlib import Path

import pytest

from parity.records import Entry, Line, Memory, Share, Traffic
from tests import verdicts
from tests.codec import Reader, Writer, pretty
from tests.recorded import AT, digest
from tests.steady import APP, Steady
from tests.test_apps import EVERY

FILES = {"app.py": b"print(1)\n"}


def again(it: object, files: dict[str, bytes] | None = None) -> object:
    """Return what is read from what is written."""
    text = pretty(Writer(FILES if files is None else files).value(it))
    return Reader(FILES, AT, {}).value(json.loads(text))


def traffic(body: bytes = b"x") -> Traffic:
    """Return a record that refers to all earlier ones."""
    log = tuple(Line(AT, f"app[{name}.1]", name * 40) for name in ("web", "web", "worker"))
    source = verdicts.source()._replace(
        entries={"app.py": Entry(0o100755, 9, None, FILES["app.py"])}
    )
    boot = verdicts.boot(verdicts.slug(verdicts.plan(source)))._replace(output=log[:2])
    exchanges = (verdicts.exchange()._replace(body=body), verdicts.exchange(status=404))
    return Traffic(boot, exchanges, log)


@pytest.mark.parametrize("body", [b"", "\u00e9".encode(), b"\xff\0", FILES["app.py"]])
def test_records_come_back(body: bytes) -> None:
    """Each with the earlier ones, which are written once, and differences between two alike."""
    one = traffic(body)
    other = one._replace(boot=one.boot._replace(exit=7))
    assert again((one, other, one)) == (one, other, one)
    text = json.dumps(Writer(FILES).value((one, other, one)))
    assert text.count('"Procfile": {') <= 1 and "Traffic 0 but" in text and "print" not in text


def test_a_surrogate_is_kept() -> None:
    """A name that is not UTF-8 can be written to a file."""
    line = (Line(AT, "app[web.1]", "\udcff"),)
    assert again(line) == line
    pretty(Writer({}).value(line)).encode()


def test_a_set_is_kept() -> None:
    """It is written in order."""
    assert again(frozenset("ba")) == frozenset("ab")


def test_what_is_no_record_is_refused() -> None:
    """A list would come back as a tuple."""
    with pytest.raises(TypeError, match="not part of a record"):
        Writer({}).value([1])


def test_a_file_that_is_gone() -> None:
    """A recording does not invent the content of a file."""
    written = Writer(FILES).value(FILES["app.py"])
    with pytest.raises(KeyError, match="app"):
        Reader({}, AT, {}).value(written)


def steady(it: object, *, numbers: bool = True) -> object:
    """Return a record as it is written."""
    return Reader({}, AT, {}).value(
        Steady(Path("/tmp/x/shop"), numbers=numbers).document(Writer({}).value(it))
    )


def test_what_changes_is_set() -> None:
    """Places, ports, pids, dates and small numbers: in fields and in texts."""
    boot = verdicts.boot(verdicts.slug(verdicts.plan(verdicts.source())))
    places = "/tmp/x/shop/a.py /tmp/parity-0123456789ab/slug"
    text = f"2031-02-03 04:05:06 {places} :{boot.port}/ 1{boot.port}"
    memory = Memory(523_456_789, 3.2, (Share(4711, "a", 12_345_678, 1234),), 9)
    line = (Line(AT, "app[web.1]", text),)
    changed = steady(boot._replace(output=line, memory=memory, seconds=47.3))
    assert changed.output[0].text == (  # type: ignore[attr-defined]
        f"2026-01-01 00:00:00 {APP}/a.py /tmp/parity-recorded/slug :23817/ 1{boot.port}"
    )
    assert changed.port == 23817 and changed.seconds == 40.0  # type: ignore[attr-defined]
    shares = (Share(102, "a", 10_000_000, 0),)
    assert changed.memory == Memory(500_000_000, 0, shares, 0)  # type: ignore[attr-defined]


def test_numbers_are_kept_on_request() -> None:
    """For an app whose causes depend on the very number."""
    one = verdicts.exchange()._replace(service_ms=1234)
    assert steady(one, numbers=False) == one
    assert steady(one) == one._replace(service_ms=1000, connect_ms=0)


def test_another_app_has_another_hash() -> None:
    """Whatever its rehearsal depends on; no two apps are alike."""
    assert digest({"a": b"x"}) != digest({"a": b"y"}) != digest({"b": b"y"})
    assert digest({"a": b"x"}, 1) != digest({"a": b"x"}, 2)
    assert len({app.digest for app in EVERY}) == len(EVERY)
