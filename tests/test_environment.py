"""Environments by content: what names them, who shares them, and what no accident may leave."""

import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from parity.push import cache, environment
from parity.push.buildpacks import pip_settings
from parity.push.buildpacks.python import interpreters, requirements
from parity.system.errors import Trouble
from tests.builds import APP, HERE, backend, index, prepared, pushed, wheel
from tests.dynos import eventually
from tests.test_leftovers import gone
from tests.trees import tree

pytestmark = pytest.mark.net

PACKAGES = (wheel("alpha", "1.0"), wheel("beta", "1.0"), wheel("pip", "26.2.1"))
MINOR = sys.version_info.minor


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, tools: Path) -> None:
    """A small index, a separate cache, and nothing else."""
    prepared(monkeypatch, tmp_path, tools)
    monkeypatch.setenv("PIP_INDEX_URL", index(tmp_path / "simple", *PACKAGES))


def environments() -> list[Path]:
    """Return the environments in the cache."""
    return sorted((cache.root() / "envs").iterdir())


# --- what names an environment


def test_the_same_requirements_are_installed_once(tmp_path: Path) -> None:
    """A second app with the same requirements gets the same environment, and pip stays silent."""
    first, _ = pushed({"requirements.txt": "alpha\n"}, tmp_path / "1")
    second, log = pushed({"requirements.txt": "alpha\n", "more.py": "x"}, tmp_path / "2")
    assert (first.cached, second.cached) == (False, True)
    assert first.environment == second.environment and len(environments()) == 1
    assert second.packages == first.packages and not any("alpha" in line for line in log)


def test_a_cache_that_was_moved_is_filled_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Scripts contain the path of their environment's interpreter: moved, none would start."""
    pushed({"requirements.txt": "alpha\n"}, tmp_path / "1")
    shutil.copytree(cache.root(), tmp_path / "moved", symlinks=True)
    monkeypatch.setenv("PARITY_CACHE_DIR", str(tmp_path / "moved"))
    slug, _ = pushed({"requirements.txt": "alpha\n"}, tmp_path / "2")
    assert (slug.cached, len(environments())) == (False, 2)


CHANGES: list[Mapping[str, str | bytes]] = [
    {"requirements.txt": "-r a/more.txt\n", "a/more.txt": "-c pins.txt\nalpha\n", "a/pins.txt": ""},
    {
        "requirements.txt": "-r a/more.txt\n",
        "a/more.txt": "-c pins.txt\nalpha\n",
        "a/pins.txt": "#",
    },
    {"requirements.txt": "alpha\n".encode("utf-16")},
]


def test_every_file_that_counts_is_in_the_name(tmp_path: Path) -> None:
    """Included and constraint files count, at any depth; another encoding does not."""
    pushed({"requirements.txt": "alpha\n"}, tmp_path / "plain")
    for number, files in enumerate(CHANGES):
        slug, _ = pushed(files, tmp_path / str(number))
        assert slug.refusal is None
        assert slug.cached is (number == len(CHANGES) - 1), files
    assert len(environments()) == len(CHANGES)


def test_settings_of_the_index_are_in_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another index means another environment, whether this machine or a config var sets it."""
    plain = {"requirements.txt": "alpha\n"}
    pushed(plain, tmp_path / "1")
    more = index(tmp_path / "more", wheel("alpha", "2.0"))
    slug, _ = pushed(plain, tmp_path / "2", config={"PIP_EXTRA_INDEX_URL": more})
    assert not slug.cached and slug.packages["alpha"] == "2.0"
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", more)
    slug, _ = pushed(plain, tmp_path / "3")
    assert not slug.cached and slug.packages["alpha"] == "2.0"
    assert not any("more" in place.name or "simple" in place.name for place in environments())


def test_a_link_to_the_requirements(tmp_path: Path) -> None:
    """If requirements.txt is a link within the tree, its target's content counts."""
    for number, name in enumerate(("alpha", "beta")):
        source = tree(
            {**APP, "reqs/base.txt": f"{name}\n"}, links={"requirements.txt": "reqs/base.txt"}
        )
        slug, _ = pushed(source, tmp_path / str(number))
        assert name in slug.packages and not slug.cached


TIED = [
    *(
        "-e .",
        "-e ./lib",
        "--editable=./lib",
        "./lib",
        "../lib",
        ".",
        "lib/",
        "libs/a.whl",
        "a.whl",
    ),
    *(
        "a-1.0.tar.gz",
        "a @ file:lib",
        "file:lib",
        "-f ./wheels",
        "--find-links=wheels",
        "-e lib[x]",
    ),
]
FREE = [
    *("alpha", "alpha==1.0", "alpha[x]>=1", 'alpha; sys_platform == "win32"', "# -e .", ""),
    *("git+https://x.org/a.git", "-e git+https://x.org/a.git#egg=a", "a @ https://x.org/a.zip"),
    *(
        "a @ git+ssh://git@x.org/a.git@v1",
        "https://x.org/a.whl",
        "-f https://x.org/",
        "-r more.txt",
    ),
    *(
        "-i https://x.org/simple",
        "--extra-index-url https://x.org",
        "--no-binary :all:",
        f"--hash=sha256:{0:064}",
    ),
]


@pytest.mark.parametrize("line", TIED)
def test_tied_to_the_tree(line: str) -> None:
    """A package installed from the tree itself is not shared with other trees."""
    assert requirements.tied_to_tree({"requirements.txt": f"alpha\n{line}\n"})


@pytest.mark.parametrize("line", FREE)
def test_not_tied_to_the_tree(line: str) -> None:
    """A package from an index or an address is shared."""
    assert not requirements.tied_to_tree({"requirements.txt": f"{line}\n"})


def test_a_package_of_the_tree_is_installed_again(tmp_path: Path) -> None:
    """A folder of the app as a requirement is installed from each tree, and never cached."""
    project = (
        '[build-system]\nrequires = []\nbuild-backend = "own"\nbackend-path = ["."]\n'
        '[project]\nname = "own"\nversion = "1"\n'
    )
    for version in ("1.0", "2.0"):
        name, data = wheel("lib", version)
        code = (
            "def build_wheel(folder, *_, **__):\n"
            f"    open(folder + '/{name}', 'wb').write({data!r})\n    return '{name}'\n"
        )
        files = {"requirements.txt": "./lib\n", "lib/pyproject.toml": project, "lib/own.py": code}
        slug, _ = pushed(files, tmp_path / version)
        assert slug.refusal is None and slug.packages["lib"] == version
    assert not (cache.root() / "envs").exists()


def test_requirements_outside_of_the_tree_are_not_read(tmp_path: Path) -> None:
    """An include or link that leads out of the tree is not followed, nor is a pipe."""
    (tmp_path / "secret.txt").write_text("alpha\n")
    folder = tmp_path / "app"
    folder.mkdir()
    (folder / "requirements.txt").write_text(
        "-r ../secret.txt\n-r link.txt\n-r pipe.txt\n-r requirements.txt\n"
    )
    (folder / "link.txt").symlink_to("../secret.txt")
    os.mkfifo(folder / "pipe.txt")
    assert list(requirements.read(folder)) == ["requirements.txt"]


# --- what no accident may leave


def write(place: Path) -> None:
    """Change a file in place."""
    (place / "pyvenv.cfg").write_text("changed\n")


def add(place: Path) -> None:
    """Add an empty file deep inside."""
    (place / "lib" / "alpha" / "new").touch()


def remove(place: Path) -> None:
    """Remove a module."""
    (place / "lib" / "alpha" / "one.py").unlink()


def swap(place: Path) -> None:
    """Rename a module, its times unchanged."""
    (place / "lib" / "alpha" / "one.py").rename(place / "lib" / "alpha" / "two.py")


def allow(place: Path) -> None:
    """Change a file's mode."""
    (place / "pyvenv.cfg").chmod(0o777)


def lead(place: Path) -> None:
    """Point a link elsewhere."""
    (place / "python").unlink()
    (place / "python").symlink_to("/usr/bin/false")


@pytest.mark.parametrize("change", [write, add, remove, swap, allow, lead])
def test_every_change_is_seen(change: Callable[[Path], None], tmp_path: Path) -> None:
    """A finished environment that anybody wrote to no longer counts as intact."""
    place = tmp_path / "place"
    (place / "lib" / "alpha").mkdir(parents=True)
    (place / "lib" / "alpha" / "one.py").write_text("")
    (place / "pyvenv.cfg").write_text("original\n")
    (place / "python").symlink_to("/usr/bin/true")
    assert not environment.intact(place)
    environment.seal(place)
    assert environment.intact(place)
    change(place)
    assert not environment.intact(place)


def test_what_an_app_has_written_into_is_not_used_again(tmp_path: Path) -> None:
    """An environment that changed since it was finished is discarded and rebuilt."""
    files = {"requirements.txt": "alpha\n"}
    slug, _ = pushed(files, tmp_path / "1")
    assert slug.environment
    module = next(slug.environment.glob("lib/*/site-packages/alpha.py"))
    module.write_text("raise SystemExit('poisoned')\n")
    slug, _ = pushed(files, tmp_path / "2")
    assert not slug.cached and slug.environment and environment.intact(slug.environment)
    assert module.read_text() == ""


def test_compiled_python_is_no_change(tmp_path: Path) -> None:
    """Modules compiled by an interpreter do not count as a change."""
    slug, _ = pushed({"requirements.txt": "alpha\n"}, tmp_path / "1")
    assert slug.environment
    command = [slug.environment / "bin" / "python", "-c", "import pip._vendor.rich.markup, alpha"]
    subprocess.run(command, check=True, env={"PATH": "/usr/bin:/bin"})
    assert environment.intact(slug.environment)


BUILD = """
import os, sys
sys.path.insert(0, {root!r})
from pathlib import Path
from tests.builds import pushed
slug, log = pushed({files!r}, Path(sys.argv[1]))
print(slug.cached, slug.environment, slug.refusal, slug.unknown, flush=True)
if len(sys.argv) > 2:
    sys.stdin.read()
"""


def builder(place: Path, files: Mapping[str, str], *more: str) -> "subprocess.Popen[str]":
    """Start another parity that builds the same."""
    code = BUILD.format(root=str(Path(__file__).parent.parent), files=dict(files))
    return subprocess.Popen(
        [sys.executable, "-c", code, str(place), *more],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_two_at_once_build_once(tmp_path: Path) -> None:
    """Of two that need the same environment at once, one builds it, and both get it."""
    files = {"requirements.txt": "alpha\n"}
    both = [builder(tmp_path / str(number), files) for number in range(2)]
    output = [process.communicate(timeout=60)[0].split() for process in both]
    assert sorted(words[0] for words in output) == ["False", "True"]
    assert output[0][1:] == output[1][1:] and len(environments()) == 1


def test_a_builder_that_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A killed builder leaves no process and nothing that looks finished; the next run succeeds."""
    marker = tmp_path / "building"
    slow = f"import pathlib, time\npathlib.Path({str(marker)!r}).touch()\ntime.sleep(600)"
    monkeypatch.setenv("PIP_INDEX_URL", index(tmp_path / "slow", *PACKAGES, backend(slow)))
    with builder(tmp_path / "1", {"requirements.txt": "alpha\nomega\n"}) as process:
        assert eventually(marker.exists, 30)
        process.kill()
    assert gone(str(tmp_path / "1")) == []
    (left,) = environments()
    assert environment.manifest(left) is None and not environment.intact(left)
    quick = backend("raise SystemExit('not this time')")
    monkeypatch.setenv("PIP_INDEX_URL", index(tmp_path / "slow", quick))
    slug, _ = pushed({"requirements.txt": "alpha\nomega\n"}, tmp_path / "2")
    assert slug.refusal and environments() == []


def test_what_an_ended_build_left_is_swept_up(tmp_path: Path) -> None:
    """The next build removes half-finished environments, and keeps finished ones."""
    kept, _ = pushed({"requirements.txt": "alpha\n"}, tmp_path / "1")
    ruin = cache.root() / "envs" / ("0" * 32)
    (ruin / "lib").mkdir(parents=True)
    slug, _ = pushed({"requirements.txt": "beta\n"}, tmp_path / "2")
    assert set(environments()) == {kept.environment, slug.environment}


def test_the_cache_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environments unused for longest are removed first; the newest one stays."""
    monkeypatch.setattr(environment, "KEPT", 2)
    built = []
    for number, text in enumerate(("alpha\n", "beta\n", "alpha\nbeta\n")):
        slug, _ = pushed({"requirements.txt": text}, tmp_path / str(number))
        assert slug.environment
        built.append(slug.environment)
        os.utime(slug.environment, (number + 1, number + 1))
    pushed({"requirements.txt": ""}, tmp_path / "last")
    assert built[0] not in environments() and built[2] in environments()
    monkeypatch.setattr(environment, "KEPT_BYTES", 1)
    slug, _ = pushed({"requirements.txt": "#\n"}, tmp_path / "alone")
    assert environments() == [slug.environment]


def test_an_environment_in_use_is_not_removed(tmp_path: Path) -> None:
    """A spoilt environment that another run uses stays; whoever needs it builds a private one."""
    files = {"requirements.txt": "alpha\n"}
    with builder(tmp_path / "1", files, "stay") as user:
        assert user.stdin and user.stdout
        place = Path(user.stdout.readline().split()[1])
        write(place)
        slug, _ = pushed(files, tmp_path / "2")
        assert not slug.cached and slug.environment and slug.environment != place
        assert "alpha" in slug.packages and (place / "bin" / "python").exists()
        assert not environment.discard(place)
        user.stdin.close()
    slug, _ = pushed(files, tmp_path / "3")
    assert slug.environment == place and environment.intact(place)


def test_a_failed_installation_leaves_nothing(tmp_path: Path) -> None:
    """What pip refuses is not kept."""
    slug, _ = pushed({"requirements.txt": "alpha\nnone-such\n"}, tmp_path / "1")
    assert slug.environment is None and environments() == []


def test_waiting_for_another_builder_can_be_interrupted() -> None:
    """A parity that waits for a lock ends at once when it is told to."""
    code = textwrap.dedent("""
        import sys
        from parity.system import interrupt
        from parity.push import cache
        interrupt.install()
        print("waiting", flush=True)
        try:
            with cache.locked("ab"):
                pass
        except interrupt.Interrupted as ended:
            print("interrupted", ended.signum)
    """)
    root = str(Path(__file__).parent.parent)
    waiting = [sys.executable, "-c", code]
    with (
        cache.locked("ab"),
        subprocess.Popen(waiting, stdout=subprocess.PIPE, text=True, cwd=root) as process,
    ):
        assert process.stdout and process.stdout.readline() == "waiting\n"
        process.send_signal(signal.SIGTERM)
        output = process.communicate(timeout=5)[0]
    assert output == f"interrupted {signal.SIGTERM.value}\n"


@pytest.mark.parametrize("variable", ["PARITY_CACHE_DIR", "XDG_CACHE_HOME"])
def test_a_cache_that_cannot_be_written(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """If nothing can be cached, the trouble names the folder and the variable to set."""
    monkeypatch.delenv("PARITY_CACHE_DIR")
    monkeypatch.setenv(variable, "/dev/null/cache")
    with pytest.raises(Trouble) as raised:
        cache.root()
    assert "/dev/null/cache" in raised.value.what and "PARITY_CACHE_DIR" in raised.value.fix


def test_the_cache_is_private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache folder that parity creates is for its user alone."""
    monkeypatch.setenv("PARITY_CACHE_DIR", str(tmp_path / "a" / "b"))
    assert cache.root().stat().st_mode & 0o077 == 0


# --- what reaches the build from this machine


def test_nothing_of_the_developers_environment_reaches_a_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A package's own code sees no secret, no home, and no setting except the index."""
    home = tmp_path / "developer"
    (home / ".config" / "pip").mkdir(parents=True)
    (home / ".config" / "pip" / "pip.conf").write_text(
        "[global]\nuser = true\ntimeout = 44\n"
        "[install]\nconstraint = /none\ntrusted_host = a\n  b\n"
    )
    monkeypatch.delenv("PIP_CONFIG_FILE")
    monkeypatch.delenv("XDG_CONFIG_HOME")
    own = {"HOME": str(home), "AWS_SECRET_ACCESS_KEY": "s3cr3t", "SSH_AUTH_SOCK": "/x"}
    own |= {"PIP_USER": "1", "PIP_TARGET": "/x", "PIP_CONSTRAINT": "/none", "PYTHONPATH": "/x"}
    own |= {"PIP_NO_BINARY": ":all:", "VIRTUAL_ENV": "/x", "PYTHONDONTWRITEBYTECODE": "1"}
    for name, value in own.items():
        monkeypatch.setenv(name, value)
    seen = tmp_path / "seen"
    dump = "'\\n'.join(f'{k}={v}' for k, v in os.environ.items())"
    code = f"import os\nopen({str(seen)!r}, 'w').write({dump})\nraise OSError"
    monkeypatch.setenv("PIP_INDEX_URL", index(tmp_path / "own", backend(code)))
    config = {"TOKEN": "c0nfig", "PIP_EXTRA_INDEX_URL": "http://127.0.0.1:9/simple"}
    pushed({"requirements.txt": "omega\n"}, tmp_path / "app", config=config)
    told = dict(line.split("=", 1) for line in seen.read_text().splitlines() if "=" in line)
    hidden = (
        "AWS_SECRET_ACCESS_KEY SSH_AUTH_SOCK PIP_USER PIP_TARGET PIP_CONSTRAINT PIP_NO_BINARY TOKEN"
    )
    assert not set(hidden.split()) & told.keys()
    assert told.get("PYTHONPATH", "") != "/x" and told["VIRTUAL_ENV"] != "/x"
    assert told["HOME"] != str(home) and str(tmp_path / "app") in told["HOME"]
    assert "PYTHONDONTWRITEBYTECODE" not in told
    assert (told["PIP_TIMEOUT"], told["PIP_TRUSTED_HOST"]) == ("44", "a b")
    assert told["PIP_EXTRA_INDEX_URL"] == "http://127.0.0.1:9/simple"


def test_settings_of_pip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment overrides files, the user's the system's; a broken file is ignored."""
    own = tmp_path / "pip.conf"
    own.write_text("[global]\nindex-url = https://a/simple\nretries = 0\nno-index = yes\n")
    monkeypatch.delenv("PIP_INDEX_URL")
    monkeypatch.delenv("PIP_RETRIES")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(own))
    found = pip_settings.variables()
    assert found["PIP_INDEX_URL"] == "https://a/simple" and pip_settings.no_index()
    assert found["PIP_RETRIES"] == "1" and found["PIP_CONFIG_FILE"] == os.devnull
    monkeypatch.setenv("PIP_INDEX_URL", "https://b/simple")
    monkeypatch.setenv("PIP_NO_INDEX", "0")
    assert (
        "PIP_INDEX_URL=https://b/simple" in pip_settings.indexes() and not pip_settings.no_index()
    )
    own.write_text("no section\n\0")
    monkeypatch.delenv("PIP_INDEX_URL")
    assert pip_settings.variables().get("PIP_INDEX_URL") != "https://a/simple"


# --- which Python


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """A home with version managers' Pythons, each of which is a script that prints its version."""
    home = tmp_path / "home"
    home.mkdir()
    for name in ("PYENV_ROOT", "UV_PYTHON_INSTALL_DIR", "ASDF_DATA_DIR", "MISE_DATA_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(interpreters, "SYSTEM", ())
    monkeypatch.setattr(interpreters, "OLDEST", 30)
    monkeypatch.setattr(interpreters, "NEWEST", 50)
    monkeypatch.setattr(interpreters, "_own", lambda: iter(()))

    def have(folder: str, minor: int, says: str = "") -> Path:
        path = home / folder / "bin" / f"python3.{minor}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\necho x >> {home}/asked\necho {says}\n")
        path.chmod(0o755)
        return path

    return have


def test_interpreters_of_version_managers(machine: Callable[..., Path]) -> None:
    """Those of pyenv, uv, asdf and mise are found by their folders' names; none is started."""
    machine(".pyenv/versions/3.41.2", 41)
    machine(".local/share/uv/python/cpython-3.42.1-linux-x86_64-gnu", 42)
    machine(".asdf/installs/python/3.43.0", 43)
    wanted = machine(".local/share/mise/installs/python/3.44.9", 44)
    found = [interpreters.find(f"3.{minor}.0") for minor in (41, 42, 43, 44)]
    assert [i.version for i in found if i and i.exact] == ["3.41.2", "3.42.1", "3.43.0", "3.44.9"]
    assert found[3] and found[3].path == wanted
    assert not list(wanted.parents[8].glob("**/asked"))


def test_the_exact_version_else_the_newest_patch(machine: Callable[..., Path]) -> None:
    """The exact version is taken, or else the newest patch of its series."""
    for patch in (2, 10, 9):
        machine(f".pyenv/versions/3.41.{patch}", 41)
    assert [i.version for i in (interpreters.find("3.41.9"), interpreters.find("3.41.5")) if i] == [
        "3.41.9",
        "3.41.10",
    ]


def test_the_nearest_series_stands_in(machine: Callable[..., Path]) -> None:
    """Without the series the nearest one stands in, the newer of two; one too old does not."""
    machine(".pyenv/versions/3.29.1", 29)
    assert interpreters.find("3.41.0") is None
    for version in ("3.40.1", "3.42.1", "3.45.1"):
        machine(f".pyenv/versions/{version}", int(version.split(".")[1]))
    interpreter = interpreters.find("3.41.0")
    assert interpreter and (interpreter.version, interpreter.exact) == ("3.42.1", False)


UNFIT = ["3.41.0t", "3.41.0rc1", "3.41-dev", "pypy3.41-7.3", "miniconda3-3.41.0", "3.41.1/envs/x"]


@pytest.mark.parametrize("name", UNFIT)
def test_what_is_no_release_of_cpython(name: str, machine: Callable[..., Path]) -> None:
    """Free-threaded, unfinished and other Pythons are not what Heroku has."""
    machine(f".pyenv/versions/{name}", 41)
    machine(".local/share/uv/python/cpython-3.41.0+freethreaded-linux-x86_64-gnu", 41)
    assert interpreters.find("3.41.0") is None


def test_a_system_python_is_asked_once(
    machine: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A Python whose name does not include the patch is run once to ask, and the answer is kept."""
    path = machine("usr", 41, "3.41.7")
    monkeypatch.setenv("PATH", str(path.parent))
    for _ in range(2):
        interpreter = interpreters.find("3.41.0")
        assert interpreter and (interpreter.path, interpreter.version, interpreter.exact) == (
            path,
            "3.41.7",
            True,
        )
    assert (tmp_path / "home" / "asked").read_text() == "x\n"


@pytest.mark.parametrize("says", ["other", "", "3.40.1"])
def test_a_python_that_is_something_else(
    says: str, machine: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that does not identify as this CPython is not taken."""
    monkeypatch.setenv("PATH", str(machine("usr", 41, says).parent))
    assert interpreters.find("3.41.0") is None


def test_shims_are_no_interpreters(
    machine: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A shim chooses by the developer's settings, so it is skipped."""
    shim = machine(".pyenv/shims", 41, "3.41.7")
    monkeypatch.setenv("PATH", f"{shim.parent.parent}:{shim.parent}")
    shim.rename(shim.parent.parent / shim.name)
    assert interpreters.find("3.41.0") is None


def test_the_python_that_runs_parity_is_there() -> None:
    """The interpreter that runs parity is found, outside its virtual environment."""
    interpreter = interpreters.find(f"{HERE}.999")
    assert interpreter and interpreter.exact and interpreter.version.startswith(f"3.{MINOR}.")
    assert Path(interpreter.path).resolve() == interpreter.path


def test_a_pin_that_the_stand_in_takes_and_heroku_refuses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pinned package that installs on the Python here but not on Heroku's is refused."""
    known = interpreters.find("3.14.0")
    if known is None or known.exact:
        pytest.skip("Python 3.14 is here, so nothing stands in for it")
    address = index(tmp_path / "own", wheel("alpha", "1.0", python="<3.14"), python="<3.14")
    monkeypatch.setenv("PIP_INDEX_URL", address)
    files = {"requirements.txt": "alpha==1.0\n", ".python-version": "3.14"}
    slug, log = pushed(files, tmp_path / "1")
    assert slug.refusal and slug.refusal.reason == "install-dependencies::pip"
    assert any("No matching distribution found for alpha==1.0" in line for line in log)
    files["requirements.txt"] = "alpha\n"
    slug, _ = pushed(files, tmp_path / "2")
    assert slug.refusal is None


def test_the_time_of_a_warm_build_is_spent_elsewhere(tmp_path: Path) -> None:
    """A build with everything in the cache starts no process."""
    files = {"requirements.txt": "alpha\n"}
    pushed(files, tmp_path / "1")
    before = time.process_time(), os.times().children_user
    slug, _ = pushed(files, tmp_path / "2")
    assert slug.cached and os.times().children_user == before[1]
