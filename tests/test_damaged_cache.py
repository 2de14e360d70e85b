"""A cache that is damaged, or removed while in use: it is rebuilt, and no app is blamed."""

import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import parity
from parity.push import cache, cache_contents, downloads, environment, whole
from parity.push.buildpacks.python import interpreters, previous_build
from parity.records import Slug
from parity.system.errors import Trouble
from tests.bench import damages
from tests.builds import APP, backend, index, prepared, pushed, wheel
from tests.test_build_cache import source

ALPHA = wheel("alpha", "1.0", modules={"alpha.py": "NAME = 'alpha'\n"})
FILES = {"requirements.txt": "alpha\n"}


@pytest.fixture(autouse=True)
def own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """A separate cache, which may be damaged, and no memory of another."""
    monkeypatch.setenv("PARITY_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(downloads, "_used", {})
    yield
    for place in [p for p in environment._held if p.is_relative_to(tmp_path)]:
        environment._held.pop(place).release()


@pytest.fixture
def installers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, tools: Path) -> None:
    """A small index, and the installer in the cache: its wheel, and as it was unpacked."""
    prepared(monkeypatch, tmp_path, tools)
    own = tmp_path / "cache" / "tools"
    own.unlink()
    shutil.copytree(tools, own, symlinks=True)
    packages = [(path.name, path.read_bytes()) for path in tools.glob("*.whl")]
    monkeypatch.setenv("PIP_INDEX_URL", index(tmp_path / "simple", ALPHA, *packages))


def built(place: Path, files: dict[str, str] = FILES, *, offline: bool = False) -> Slug:
    """Build as `parity run` does, which makes sure of failures."""
    places = (place.with_name(f"{place.name}-{number}") for number in range(3))
    return whole.sure(
        lambda: pushed(files, next(places), offline=offline, limit=600)[0],
        lambda slug: slug.refusal or slug.unknown,
        offline=offline,
    )


def works(slug: Slug) -> bool:
    """Return whether the environment has its package, and that can be imported."""
    assert slug.refusal is None and slug.unknown is None and slug.environment, slug.output
    python = slug.environment / "bin" / "python"
    code = "import alpha; assert alpha.NAME == 'alpha'"
    return subprocess.run([python, "-c", code], env={}, timeout=20).returncode == 0


def one(pattern: str) -> Path:
    """Return the one matching path in the cache."""
    (found,) = cache.root().glob(pattern)
    return found


def damaged(place: Path, how: Callable[[Path, random.Random], object]) -> None:
    """Damage a path in the cache."""
    (cache.root().parent / "outside").mkdir(exist_ok=True)
    how(place, random.Random(7))


MODULE = "envs/*/lib/python3*/site-packages/alpha.py"
KINDS = {**damages.FILES, **damages.BOTH}
FILE = "lib/package/module.py"


def kept(name: str = "ab" * 16) -> tuple[Path, bool]:
    """Return a small environment, and whether it was in the cache."""

    def fill(place: Path) -> bool:
        (place / FILE).parent.mkdir(parents=True)
        (place / FILE).write_text("whole, and a few bytes long")
        (place / "empty").mkdir()
        (place / "link").symlink_to(FILE)
        return True

    place, there = environment.made(name, fill, spare=Path("/nowhere"))
    assert place and (place / FILE).read_text() == "whole, and a few bytes long"
    return place, there


@pytest.fixture
def outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The user's files, to which links lead: they must stay as they are."""
    monkeypatch.setattr(damages, "_root", lambda _: cache.root())
    own = tmp_path / "outside" / "own"
    own.mkdir(parents=True)
    (own / "file").write_text("mine")
    with environment.use():
        yield own
    assert (own / "file").read_text() == "mine"
    assert [path.name for path in own.parent.iterdir()] == ["own"]


@pytest.mark.net
@pytest.mark.usefixtures("outside")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("path", [FILE, "parity-manifest.json"])
def test_a_damaged_file(kind: str, path: str) -> None:
    """A file is restored at its next use, or later if only its content tells."""
    place, _ = kept()
    assert kept() == (place, True)
    damaged(place / path, KINDS[kind])
    if kind.startswith("flipped") and path == FILE:
        assert environment.intact(place) and environment.spoilt() == [str(place)]
    assert environment.spoilt() in ([], [str(place)])
    assert kept() == (place, False) or kind.startswith("mode")
    assert environment.spoilt() == []


FOLDERS = {**damages.FOLDERS, **damages.BOTH}


@pytest.mark.net
@pytest.mark.usefixtures("outside")
@pytest.mark.parametrize("kind", [kind for kind in FOLDERS if kind != "foreign"])
@pytest.mark.parametrize("pattern", ["envs", "envs/*", "envs/*/lib", "locks", "envs/*/empty"])
def test_a_damaged_folder(kind: str, pattern: str) -> None:
    """Folders are created again at any depth; a link's target is not touched."""
    place, _ = kept()
    kept("cd" * 16)
    for number, found in enumerate(sorted(cache.root().glob(pattern))):
        damaged(found, FOLDERS[kind])
        assert kept()[0] == place
        kept(f"{number}f" * 16)
    assert kept() == (place, True)


@pytest.mark.net
@pytest.mark.usefixtures("installers")
def test_a_damaged_installer(tmp_path: Path) -> None:
    """Changed bytes of the installer under an old time are noticed when it fails."""
    works(built(tmp_path / "1"))
    folder = "tools/pip-*.py3*/code/pip/_internal/cli"
    sources = [*cache.root().glob(f"{folder}/main.py")]
    compiled = [*cache.root().glob(f"{folder}/__pycache__/main.*.pyc")]
    assert sources and compiled
    for number, places in enumerate((sources, compiled)):
        for place in places:
            status = place.stat()
            place.write_bytes(b"\n" * status.st_size)
            os.utime(place, ns=(status.st_atime_ns, status.st_mtime_ns))
        files = {"requirements.txt": f"alpha\n#{number}\n"}
        slug, _ = pushed(files, tmp_path / f"first-{number}", limit=600)
        assert slug.refusal or slug.unknown or places is sources
        assert works(built(tmp_path / f"again-{number}", files))


@pytest.mark.net
@pytest.mark.usefixtures("installers")
@pytest.mark.parametrize("kind", ["halved", "fifo"])
def test_a_damaged_wheel(kind: str, tmp_path: Path) -> None:
    """An installer's broken wheel is downloaded again; offline, it is reported."""
    damaged(one("tools/pip-*.whl"), KINDS[kind])
    for unpacked in cache.root().glob("tools/pip-*.py3*"):
        shutil.rmtree(unpacked)
    with pytest.raises(Trouble) as raised:
        built(tmp_path / "1", offline=True)
    assert "cannot fetch pip" in raised.value.what
    assert works(built(tmp_path / "2"))


@pytest.mark.parametrize("kind", ["halved", "flipped", "garbage", "fifo", "link to itself", "huge"])
def test_damaged_memories(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Records of Pythons and of earlier builds count only if they are as they were written."""
    monkeypatch.setattr(interpreters, "_asked", lambda _: "3.13.1")
    shop = source(tmp_path, "shop")
    previous_build.note(shop, previous_build.PreviousBuild("heroku-26", "3.13.1", "pip", "1", "a"))
    python = Path(sys.executable)
    assert interpreters._probed(python, 13) == "3.13.1" and previous_build.last(shop)
    for place in (one("apps/*"), one("interpreters.json")):
        damaged(place, KINDS[kind])
    assert previous_build.last(shop) is None
    assert interpreters._probed(python, 13) == "3.13.1"
    assert cache.noted(one("interpreters.json"))


def removing(times: Path, most: int) -> tuple[str, bytes]:
    """Return a package whose build removes the cache, the first `most` - 1 times."""
    name, data = wheel("omega", "1.0")
    code = f"""
import io, os, shutil, zipfile
with open({str(times)!r}, "a") as file: file.write("x")
if os.path.getsize({str(times)!r}) < {most}: shutil.rmtree({str(cache.root())!r})
if "modern-metadata" not in _[0]:
    open(_[0] + {f"/{name}"!r}, "wb").write({data!r})
    return {name!r}
with zipfile.ZipFile(io.BytesIO({data!r})) as file:
    inner = [each for each in file.namelist() if ".dist-info/" in each]
    file.extractall(_[0], inner)
return inner[0].partition("/")[0]
"""
    return backend(code.strip())


GONE = {"requirements.txt": "alpha\nomega\n"}


@pytest.mark.net
@pytest.mark.usefixtures("installers")
def test_a_cache_that_goes_once_while_an_installer_runs(tmp_path: Path) -> None:
    """The build is repeated, and succeeds."""
    index(tmp_path / "simple", removing(tmp_path / "times", 2))
    assert works(built(tmp_path / "app", GONE))
    assert (tmp_path / "times").stat().st_size > 1


@pytest.mark.net
@pytest.mark.usefixtures("installers")
def test_a_cache_that_goes_whenever_an_installer_runs(tmp_path: Path) -> None:
    """It is reported, and not blamed on the app."""
    index(tmp_path / "simple", removing(tmp_path / "times", 99))
    with pytest.raises(Trouble) as raised:
        built(tmp_path / "app", GONE)
    assert "damaged while it is used" in raised.value.what
    assert "parity cache clear" in raised.value.fix


SERVER = """\
import http.server, os, alpha
assert alpha.NAME == "alpha"
http.server.HTTPServer(("0.0.0.0", int(os.environ["PORT"])),
    http.server.SimpleHTTPRequestHandler).serve_forever()
"""


def app(folder: Path) -> Path:
    """Create an app that needs alpha to answer."""
    folder.mkdir()
    for name, text in {**APP, **FILES, "app.py": SERVER}.items():
        (folder / name).write_text(text)
    return folder


@pytest.mark.net
@pytest.mark.usefixtures("installers")
def test_a_run_whose_packages_were_damaged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An app that crashes because of a damaged package runs again with an intact one."""
    place = app(tmp_path / "app")
    assert parity.rehearse(place).verdict == "works"
    module = one(MODULE)
    for path in (module, *module.parent.glob("__pycache__/alpha.*")):
        status = path.stat()
        path.write_bytes(b"?" * status.st_size)
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert parity.rehearse(place).verdict == "works"
    assert "damaged in the cache, and built again" in capsys.readouterr().err


@pytest.mark.net
@pytest.mark.usefixtures("installers")
def test_a_cache_that_goes_while_the_app_boots(tmp_path: Path) -> None:
    """Removing the cache during a run makes no app fail."""
    place = app(tmp_path / "app")
    gone = []

    def stage(name: str) -> None:
        if name == "boot" and not gone:
            gone.append(shutil.rmtree(cache.root()))

    assert parity.rehearse(place, on_stage=stage).verdict == "works"
    assert gone


@pytest.mark.net
@pytest.mark.usefixtures("installers")
def test_an_app_that_fails_with_a_whole_cache_runs_once(tmp_path: Path) -> None:
    """A failure that the cache did not cause is reported at once."""
    place = app(tmp_path / "app")
    (place / "app.py").write_text("import nothing_like_it\n")
    stages: list[str] = []
    for _ in range(2):
        stages.clear()
        assert parity.rehearse(place, on_stage=stages.append).verdict == "fails"
        assert stages.count("boot") == 1


@pytest.fixture
def stopped() -> Iterator[Callable[[str], "subprocess.Popen[str]"]]:
    """Start processes that take a lock and are stopped; they end with the test."""
    started: list[subprocess.Popen[str]] = []

    def start(name: str, *, stop: bool = True) -> "subprocess.Popen[str]":
        code = (
            "import os, signal, sys\nfrom parity.push import cache\n"
            "with cache.locked(sys.argv[1]):\n    print(flush=True)\n"
            f"    {'os.kill(os.getpid(), signal.SIGSTOP)' if stop else 'sys.stdin.read()'}\n"
        )
        pipe = subprocess.PIPE
        argv = [sys.executable, "-c", code, name]
        process = subprocess.Popen(argv, stdin=pipe, stdout=pipe, text=True)
        started.append(process)
        assert process.stdout and process.stdout.readline() == "\n"
        if stop:
            os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe:
                pipe.close()


@pytest.mark.net
@pytest.mark.usefixtures("installers")
def test_a_lock_of_a_stopped_process(
    tmp_path: Path, stopped: Callable[[str], "subprocess.Popen[str]"]
) -> None:
    """A process stopped while it builds (Ctrl-Z) blocks nobody: others build a private one."""
    first = built(tmp_path / "1")
    assert first.environment
    shutil.rmtree(first.environment)
    stopped(first.environment.name[:2])
    slug = built(tmp_path / "2")
    assert works(slug) and slug.environment and not slug.environment.is_relative_to(cache.root())


@pytest.mark.net
def test_a_wait_says_what_it_is_for(stopped: Callable[..., "subprocess.Popen[str]"]) -> None:
    """A wait for another parity names its process; it ends when that does."""
    other = stopped("ab", stop=False)
    said = []

    def tell(text: str) -> None:
        said.append(text)
        assert other.stdin
        other.stdin.close()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cache, "tell", tell)
        with cache.locked("ab") as mine:
            assert mine
    assert len(said) == 1 and f"process {other.pid}" in said[0] and "Ctrl-C" in said[0]


def test_locks_that_are_something_else(tmp_path: Path) -> None:
    """A folder, link or pipe in a lock's place is replaced; a link's target stays as it is."""
    own = tmp_path / "own"
    own.write_text("mine")
    place = cache.folder("locks") / "ab"
    for make in (Path.mkdir, os.mkfifo, lambda path: path.symlink_to(own)):
        cache.remove(place)
        make(place)
        with cache.locked("ab") as mine:
            assert mine
    assert own.read_text() == "mine"
    cache.remove(place.parent)
    place.parent.write_text("")
    with cache.locked("ab") as mine:
        assert mine


def test_downloads_that_were_changed_are_fetched_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A changed download folder is emptied when a build fails, and kept otherwise."""
    folder = downloads.folder("pip")
    (folder / "wheels").mkdir()
    (folder / "wheels" / "one").write_text("whole")
    downloads.left()

    def again() -> list[str]:
        monkeypatch.setattr(downloads, "_used", {})
        downloads.folder("pip")
        return downloads.emptied(offline=False)

    assert again() == []
    os.mkfifo(folder / "wheels" / "two")
    (folder / "wheels" / "inside").symlink_to("one")
    (folder / "wheels" / "outside").symlink_to("/usr")
    status = (folder / "wheels" / "one").stat()
    (folder / "wheels" / "one").write_text("other")
    os.utime(folder / "wheels" / "one", ns=(status.st_atime_ns, status.st_mtime_ns))
    monkeypatch.setattr(downloads, "_used", {})
    downloads.folder("pip")
    assert sorted(p.name for p in (folder / "wheels").iterdir()) == ["inside", "one"]
    with pytest.raises(Trouble, match="may be damaged"):
        downloads.emptied(offline=True)
    assert again() == [str(folder)] and not folder.exists()
    assert again() == []


def test_clearing_leaves_what_is_not_parity_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files of the user's in the cache folder stay, whatever links lead to them."""
    home = tmp_path / "home"
    (home / "documents").mkdir(parents=True)
    (home / "documents" / "thesis").write_text("mine")
    (home / "envs").symlink_to("documents")
    (home / "npm").symlink_to("documents")
    monkeypatch.setenv("PARITY_CACHE_DIR", str(home))
    cache_contents.clear(cache_contents.everything())
    environment.sweep("0" * 32)
    cache_contents.clear(cache_contents.everything())
    assert (home / "documents" / "thesis").read_text() == "mine"
