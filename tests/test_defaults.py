"""What the app's own pyproject.toml may set, what only the user may, and the user's own file."""

import os
from pathlib import Path

import pytest

from parity.cli.main import _parser, main, parsed
from parity.cli.project_file import APP, PATHS, TYPED_ONLY, _commands
from parity.system.errors import Usage

SECRET = "canary-5d1e77"
YOURS = {
    "https": "true",
    "isolation": '"basic"',
    "network": '"own"',
    "open": "true",
    "port": "5001",
    "quiet": "true",
}
"""Options that let parity do more, or reach beyond the app, each with a value."""

OUT = {
    "absolute": "{outside}/file",
    "above": "../outside/file",
    "home": "~/file",
    "link": "link",
    "link to a folder": "linked/file",
    "through a link and back": "linked/../outside/file",
    "pipe": "./pipe",
    "device": "/dev/zero",
    "git's own": ".git/config",
    "standard input": "-",
    "url": "file://{outside}/file",
}
"""Ways to a file that is not in the app."""


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An app beside a folder that it must not reach; the user has a separate home."""
    outside, folder = tmp_path / "outside", tmp_path / "app"
    for place in (outside / "file" / "bin", folder / ".git", folder / "own" / "bin"):
        place.mkdir(parents=True)
    (outside / "file" / "bin" / "compile").write_text(SECRET)
    (folder / ".git" / "config").write_text(f"TOKEN={SECRET}")
    (folder / "own" / "bin" / "compile").write_text("")
    (folder / "own.env").write_text("A=1\n")
    (folder / "own.toml").write_text('[[request]]\npath = "/"\n')
    (folder / "link").symlink_to(outside / "file")
    (folder / "linked").symlink_to(outside)
    os.mkfifo(folder / "pipe")
    monkeypatch.setenv("HOME", str(outside))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    return folder


def table(folder: Path, key: str, value: str) -> None:
    """Let the app set one key."""
    (folder / "pyproject.toml").write_text(f"[tool.parity]\n{key} = {value}\n")


def own(folder: Path, text: str) -> Path:
    """Write the user's own file, in the fixture's home."""
    file = folder.parent / "outside" / ".config" / "parity" / "config.toml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def command(key: str) -> str:
    """Return a command that has the option."""
    return next(
        n for n, p in _commands(_parser()).items() if f"--{key}" in p._option_string_actions
    )


def test_every_option_has_its_place() -> None:
    """No app may set a new option until somebody has decided so here."""
    options = {
        option.removeprefix("--")
        for parser in _commands(_parser()).values()
        for option in parser._option_string_actions
        if option.startswith("--")
    }
    classes = (APP, PATHS, TYPED_ONLY, frozenset(YOURS))
    assert frozenset().union(*classes) == options
    assert sum(map(len, classes)) == len(options), "one class each"


@pytest.mark.parametrize("key", [*YOURS, "format"])
def test_what_is_the_users_to_choose(
    key: str, app: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An app that sets it ends with one line and exit 2; the user's file and command line may."""
    value = YOURS.get(key, '"github"')
    table(app, key, value)
    assert main(["check", str(app)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    where = f"type --{key} on the command line or put it in ~/.config/parity/config.toml"
    assert line.startswith(f"parity: pyproject.toml: [tool.parity] {key}")
    assert line.endswith(where)
    (app / "pyproject.toml").unlink()
    own(app, f"{key} = {value}\n")
    taken = vars(parsed([command(key), str(app)]))[key]
    assert str(taken).lower() == value.strip('"')


@pytest.mark.parametrize("key", sorted(PATHS))
@pytest.mark.parametrize("way", OUT)
def test_paths_stay_in_the_app(
    key: str, way: str, app: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing outside the app, and nothing endless, is read or shown."""
    text = OUT[way].format(outside=app.parent / "outside")
    if key == "buildpack" and text == "-":
        pytest.skip("the name of a buildpack")
    table(app, key, f'"{text}"')
    assert main(["run", str(app)]) == 2
    output = capsys.readouterr()
    assert len(output.err.splitlines()) == 1
    assert SECRET not in output.out + output.err
    assert "is not a file in the app" in output.err or "No such file" in output.err


def test_paths_are_relative_to_the_app(
    app: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Paths are relative to the app, wherever parity is started; names of buildpacks stay."""
    text = '[tool.parity]\nenv = ["own.env"]\nscenario = "own.toml"\n'
    text += 'buildpack = ["heroku/python", "./own", "own", "https://example.com/x"]\n'
    (app / "pyproject.toml").write_text(text)
    for place, typed in ((tmp_path, "app"), (app, "."), (app.parent / "outside", "../app")):
        monkeypatch.chdir(place)
        result = parsed(["run", typed])
        assert Path(result.env[0]).read_text() == "A=1\n"
        assert Path(result.scenario).samefile(app / "own.toml")
        assert all(Path(result.buildpack[n]).samefile(app / "own") for n in (1, 2))
        assert (result.buildpack[0], result.buildpack[3]) == (
            "heroku/python",
            "https://example.com/x",
        )


@pytest.mark.parametrize("typed", ["urn:buildpack:{}", "bp"])
def test_no_other_way_to_a_folder(
    typed: str, app: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A buildpack's name never means a folder, not even one in the working directory."""
    bait = app.parent / "outside" / "bp"
    (app.parent / "outside" / "file").rename(bait)
    (app / "Procfile").write_text("web: x\n")
    monkeypatch.chdir(bait.parent)
    table(app, "buildpack", f'"{typed.format(bait)}"')
    assert main(["check", str(app), "--format", "concise"]) in (2, 3)
    output = capsys.readouterr()
    assert "is not a file in the app" in output.err or "not emulated" in output.out


def test_a_buildpack_of_app_json_is_no_folder(
    app: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Heroku could not read it."""
    place = app.parent / "outside" / "file"
    (app / "app.json").write_text(f'{{"buildpacks": [{{"url": "{place}"}}]}}')
    assert main(["check", str(app), "--new-app", "--format", "concise"]) == 3
    assert "is not emulated" in capsys.readouterr().out


def test_a_link_is_not_the_apps_file(app: Path) -> None:
    """A pyproject.toml that leads out of the app sets nothing, and is not quoted."""
    there = app.parent / "outside" / "pyproject.toml"
    there.write_text(f"[tool.parity]\n{SECRET} = 1\n")
    (app / "pyproject.toml").symlink_to(there)
    assert parsed(["check", str(app)]).format == "full"


def test_what_counts_more(app: Path) -> None:
    """The command line overrides the user's own file, that the app's: no app undoes `offline`."""
    table(app, "offline", 'false\ndyno = "standard-1x"\nrouter = "legacy"\nstrict = true')
    own(app, 'offline = true\ndyno = "standard-2x"\n')
    result = parsed(["run", str(app), "--router", "2.0"])
    assert (result.offline, result.dyno, result.router, result.strict) == (
        True,
        "standard-2x",
        "2.0",
        True,
    )


def test_the_users_own_paths(app: Path) -> None:
    """They may be anywhere, and are relative to the file."""
    file = own(app, 'env = ["mine.env", "~/x.env", "-"]\n')
    wanted = [str(file.parent / "mine.env"), str(app.parent / "outside" / "x.env"), "-"]
    assert parsed(["check", str(app)]).env == wanted


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('dino = "basic"\n', "config.toml: has no key 'dino'. Did you mean dyno?"),
        ("run-release = true\n", "type --run-release on the command line"),
        ("dyno = 3\n", "config.toml: dyno must be a string"),
        ('network = "mine"\n', "config.toml: network: one of host, own"),
        ("dyno = \n", "config.toml is not TOML"),
        ('env = "a\\u0000b"\n', "contains a NUL byte"),
    ],
)
def test_a_wrong_file_of_the_users(
    text: str, told: str, app: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The errors are the same as for the app's table, with the name of the file."""
    own(app, text)
    assert main(["check", str(app)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert told in line
    assert "~/.config/parity/config.toml" in line or told.startswith("type")


def test_the_users_file_is_in_no_tested_repository(
    app: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A repository that is HOME, as on some CI services, provides no file of the user's."""
    inner = app / "inner"
    inner.mkdir()
    (app / ".config" / "parity").mkdir(parents=True)
    (app / ".config" / "parity" / "config.toml").write_text('isolation = "basic"\n')
    for name, home in (("HOME", app), ("XDG_CONFIG_HOME", app / ".config")):
        monkeypatch.setenv(name, str(home))
        for path in (app, inner):
            with pytest.raises(Usage, match="is in the tested repository"):
                parsed(["run", str(path)])
    monkeypatch.setenv("HOME", "")
    monkeypatch.setenv("XDG_CONFIG_HOME", ".config")
    monkeypatch.chdir(app)
    assert parsed(["run", "."]).isolation == "auto", "no path that depends on where we are"


def test_a_message_is_one_line(app: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A message stays on one line, as a CI service obeys the beginning of a log line."""
    table(app, "dyno", '"a\\n::error::owned"')
    assert main(["run", str(app)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "a\\n::error::owned" in line


def test_a_command_for_the_dyno_beside_the_table(
    app: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What follows `--` does not belong to parity."""
    (app / ".git" / "config").unlink()
    (app / ".git").rmdir()
    table(app, "dyno", '"standard-2x"')
    assert main(["exec", str(app), "--", "python", "-c", "1"]) == 1
    assert "no slug to run a command in" in capsys.readouterr().err
