"""Config vars: read without expansion, checked as Heroku would, never shown."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parity.push.config import read
from parity.records import Config
from parity.system.errors import Usage
from tests.trees import FLASK, findings, tree


def from_file(folder: Path, content: str | bytes, *pairs: str) -> Config:
    """Return the config vars of an app whose .env has this content."""
    path = folder / ".env"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read([], pairs, path)


@pytest.mark.parametrize(
    ("content", "values"),
    [
        ("A=1\nB=two words\n", {"A": "1", "B": "two words"}),
        ("\ufeffA=1\r\nB=2\r\n", {"A": "1", "B": "2"}),
        ("export A=1\n", {"A": "1"}),
        ("A = 1\n", {"A": "1"}),
        ("# A=1\n\nB='x # y'\n", {"B": "x # y"}),
        ("A=b#c\nD=e # f\n", {"A": "b#c", "D": "e"}),
        ('A="one\ntwo"\nB=3\n', {"A": "one\ntwo", "B": "3"}),
        ("A=\n", {"A": ""}),
        ("A=1\nA=2\n", {"A": "2"}),
        ("A=x=y\n", {"A": "x=y"}),
        ("1A=x\n_=y\n", {"1A": "x", "_": "y"}),
        ("", {}),
    ],
)
def test_env_file(tmp_path: Path, content: str, values: dict[str, str]) -> None:
    """The usual forms of .env are understood, including BOM, CRLF, export and quotes."""
    config = from_file(tmp_path, content)
    assert config.values == values
    assert config.problems == ()
    assert set(config.origin.values()) <= {".env"}


@pytest.mark.parametrize("quote", ["", '"'])
def test_nothing_is_expanded(tmp_path: Path, quote: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """`${NAME}` stays as it is: the developer's shell is not on Heroku."""
    monkeypatch.setenv("AWS_SECRET", "topsecret")
    config = from_file(tmp_path, f"A={quote}${{AWS_SECRET}}-$AWS_SECRET-${{X:-y}}{quote}\n")
    assert config.values == {"A": "${AWS_SECRET}-$AWS_SECRET-${X:-y}"}


@pytest.mark.parametrize("name", ["PORT", "DYNO"])
def test_port_and_dyno_are_never_taken(tmp_path: Path, name: str) -> None:
    """PORT and DYNO are Heroku's own; a PORT config var is a problem, one in .env is not."""
    config = from_file(tmp_path, f"{name}=5000\nA=1\n", f"{name}=6000")
    assert config.values == {"A": "1"}
    assert [p.kind for p in config.problems] == (["port"] if name == "PORT" else [])
    assert from_file(tmp_path, "PORT=5000\n").problems == ()


@pytest.mark.parametrize(
    ("content", "kinds"),
    [
        ('\n\nA="open\nB=1\n', [("line", 3)]),
        ("A='open\n", [("line", 1)]),
        ("A\nB=1\n", [("line", 1)]),
        ("=x\n", [("line", 1)]),
        ("A=1\nMY-VAR=secretvalue\n", [("name", 2)]),
        ("A=1\n\n\na.b=secretvalue\n", [("name", 4)]),
        ("A=x\0secretvalue\n", [("line", 1)]),
        (f"A={'secretvalue' * 7000}\n", [("size", 1)]),
        ("".join(f"A{n}={'x' * 1000}\n" for n in range(40)), [("size", None)]),
        (b"A=\xff\xfe\n", [("line", None)]),
        ("A=secretvalue\n".encode("utf-16"), [("line", None)]),
    ],
)
def test_problems(
    tmp_path: Path, content: str | bytes, kinds: list[tuple[str, int | None]]
) -> None:
    """What Heroku would reject is reported by name and line, never by its value."""
    config = from_file(tmp_path, content)
    assert [(p.kind, p.line) for p in config.problems] == kinds
    assert not any("secretvalue" in problem.seen for problem in config.problems)
    results = findings(tree({**FLASK, "Procfile": "web: x"}), config=config)
    assert {"warn"} == {f.effect for f in results.values() if f.id != "config-vars-to-set"}


def test_precedence(tmp_path: Path) -> None:
    """Later files override earlier ones, pairs override files, and .env is the fallback."""
    for name, text in (("a", "A=1\nB=1\nC=1\n"), ("b", "B=2\nC=2\n"), (".env", "D=4\n")):
        (tmp_path / name).write_text(text)
    config = read([tmp_path / "a", tmp_path / "b"], ["C=3", "E=a=b"], tmp_path / ".env")
    assert config.values == {"A": "1", "B": "2", "C": "3", "E": "a=b"}
    assert config.origin["B"] == str(tmp_path / "b")
    assert config.origin["C"] == "--config"


def test_no_file_is_no_problem(tmp_path: Path) -> None:
    """Without a .env, or with a virtual environment of that name, there are no config vars."""
    assert read([], [], tmp_path / ".env") == Config({}, {})
    (tmp_path / ".env").mkdir()
    assert read([], [], tmp_path / ".env") == Config({}, {})
    assert read([], [], None) == Config({}, {})


def test_links(tmp_path: Path) -> None:
    """A .env that is a link is read if it stays in the folder, and ignored if it leads out."""
    app, other = tmp_path / "app", tmp_path / "other"
    app.mkdir()
    other.write_text("A=1\n")
    (app / ".env").symlink_to(other)
    assert read([], [], app / ".env").values == {}
    (app / ".env").unlink()
    (app / "local").write_text("B=2\n")
    (app / ".git").mkdir()
    (app / ".git" / "config").write_text("C=3\n")
    (app / ".env").symlink_to(".git/config")
    assert read([], [], app / ".env").values == {}
    (app / ".env").unlink()
    (app / ".env").symlink_to("local")
    assert read([], [], app / ".env").values == {"B": "2"}


@pytest.mark.parametrize("pair", ["FOO", "FOO BAR", "=x", "", "sk_live_9zX8"])
def test_wrong_pair(pair: str) -> None:
    """A pair without a name or a sign is refused in the Heroku CLI's words; it may be a value."""
    with pytest.raises(Usage) as raised:
        read([], [pair], None)
    shown = pair if pair == "FOO" else "the value of a --config"
    assert str(raised.value) == f"{shown} is invalid. Must be in the format FOO=bar."


def test_a_line_of_a_key_is_no_name_to_show(tmp_path: Path) -> None:
    """The lines of a PEM key without quotes are parsed as names, but never shown."""
    (tmp_path / "env").write_text("KEY=-----BEGIN KEY-----\nMIIE/zK3vQ8mX1wT6yB9n=\nA-B=1\n")
    problems = read([tmp_path / "env"], [], None).problems
    assert [p.line for p in problems] == [2, 3]
    assert "MIIE" not in problems[0].seen
    assert "'A-B'" in problems[1].seen


def test_wrong_file(tmp_path: Path) -> None:
    """A file that was named and cannot be read is a usage error that names it."""
    (tmp_path / "wide").write_bytes("A=1".encode("utf-16"))
    cases = {"gone": "No such file", ".": "folder", "wide": "UTF-16"}
    for name, words in cases.items():
        with pytest.raises(Usage, match=words):
            read([tmp_path / name], [], None)
    with pytest.raises(Usage, match="1 MiB"):
        read([Path("/dev/zero")], [], None)


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    """`-` reads config vars from standard input."""
    reader, writer = os.pipe()
    os.write(writer, b"A=1\n")
    os.close(writer)
    with os.fdopen(reader) as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        assert read(["-"], [], None).values == {"A": "1"}


def test_names_to_set_are_noted(tmp_path: Path) -> None:
    """Names that are only in .env are listed, without values; those of --config are not."""
    config = from_file(tmp_path, "SECRET_KEY=hush-hush\nDEBUG=1\n", "OTHER=x")
    results = findings(tree({**FLASK, "Procfile": "web: x"}), config=config)
    assert list(results) == ["config-vars-to-set"]
    found = results["config-vars-to-set"]
    assert (found.effect, found.evidence[0].seen) == ("note", "DEBUG, SECRET_KEY")
    assert "hush-hush" not in repr(found)


def test_port_as_config_var_is_warned_of() -> None:
    """A PORT config var causes a warning, with the command that fixes it."""
    results = findings(tree({**FLASK, "Procfile": "web: x"}), config=read([], ["PORT=80"], None))
    assert results["port-config-var"].effect == "warn"
    assert "heroku config:unset PORT" in results["port-config-var"].fix


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.one_of(st.binary(), st.text("A=\"'\n\r#\\ $x{}\0").map(str.encode)))
def test_any_content_is_read(tmp_path: Path, content: bytes) -> None:
    """No .env makes parity fail, and whatever it accepts could be set on Heroku."""
    config = from_file(tmp_path, content)
    for name, value in config.values.items():
        assert name.replace("_", "a").isalnum()
        assert "\0" not in value
