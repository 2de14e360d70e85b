"""What the files on an index say about Heroku's Pythons, and the advice that follows."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from parity.facts.python import versions
from parity.push import cache
from parity.push.buildpacks.python import release_files
from parity.records import Fit, Refusal, Slug
from parity.records.edits import Advice
from parity.rules.engine import diagnose
from parity.rules.loading import load
from parity.rules.views.python_fits import fitting_series, instead
from tests import verdicts

ALL = tuple(versions().newest)
LINUX = "manylinux_2_17_x86_64.manylinux2014_x86_64"


def fit(text: str, *files: str, series: str = "3.14") -> Fit:
    """Return how a requirement fits, with the files `NAME Requires-Python` on the index."""
    rows = [
        f"file\tzeta\t{name}\t{requires}" for name, _, requires in (f.partition(" ") for f in files)
    ]
    releases = release_files._by_version(rows)["zeta"]
    return release_files._fit(Requirement(text), releases, series)


def wheels(version: str, *pythons: str, platform: str = LINUX) -> list[str]:
    """Return the names of wheels for these Pythons (cp310, cp311 …)."""
    return [f"zeta-{version}-{x}-{x}-{platform}.whl" for x in pythons]


SDIST = "zeta-1.0.tar.gz"


@pytest.mark.parametrize(
    ("files", "fitting", "compiled"),
    [
        ([SDIST], ALL, False),
        (["zeta-1.0-py3-none-any.whl", SDIST], ALL, False),
        ([*wheels("1.0", "cp310", "cp311"), SDIST], ("3.10", "3.11"), True),
        ([f"zeta-1.0-cp310-abi3-{LINUX}.whl", SDIST], ALL, False),
        ([f"zeta-1.0-py3-none-{LINUX}.whl"], ALL, False),
        (wheels("1.0", "cp310", "cp314"), ("3.10", "3.14"), False),
        ([*wheels("1.0", "cp39", platform="win_amd64"), SDIST], (), False),
        ([*wheels("1.0", "cp310", platform="macosx_11_0_arm64"), SDIST], ("3.10",), False),
        ([*wheels("1.0", "cp313", platform="musllinux_1_2_x86_64"), SDIST], (), True),
        ([*wheels("1.0", "cp313", platform="manylinux2014_aarch64"), SDIST], (), True),
        ([f"{SDIST} >=3.8,<3.12"], ("3.10", "3.11"), False),
        ([f"{name} >=3.11" for name in wheels("1.0", "cp310", "cp311")], ("3.11",), False),
    ],
)
def test_the_pythons_of_a_pin(files: Sequence[str], fitting: Sequence[str], compiled: bool) -> None:
    """A wheel for Heroku's Linux decides; without compiled parts only `Requires-Python` does."""
    result = fit("zeta==1.0", *files)
    assert (result.series, result.compiled) == (tuple(fitting), compiled)


def test_pip_chooses_the_newest_version() -> None:
    """An old release without any wheel does not excuse the one that pip chooses."""
    files = [SDIST, "zeta-2.0.tar.gz", *wheels("2.0", "cp310"), *wheels("3.0", "cp314")]
    assert fit("zeta<3", *files).series == ("3.10",)
    assert fit("zeta<3", *files).newer == "3.0"


def test_the_first_later_version() -> None:
    """It is not a pre-release, and made for the app's own Python."""
    files = [
        *(SDIST, *wheels("1.0", "cp310"), *wheels("1.1", "cp313"), *wheels("2.0rc1", "cp314")),
        *(*wheels("2.0", "cp314"), *wheels("3.0", "cp314")),
    ]
    assert fit("zeta==1.0", *files).newer == "2.0"
    assert fit("zeta==1.0", *files, series="3.13").newer == "1.1"
    assert fit("zeta==3.0", *files).newer == ""


@pytest.mark.parametrize(
    ("marker", "fitting"),
    [
        ('python_version < "3.12"', ("3.10", "3.12", "3.13", "3.14")),
        ('sys_platform == "win32"', ALL),
        ('platform_machine == "x86_64"', ("3.10",)),
    ],
)
def test_a_marker(marker: str, fitting: Sequence[str]) -> None:
    """A requirement that does not apply on Heroku fits; 3.11 is the one Python without a file."""
    files = [*wheels("1.0", "cp310"), SDIST]
    assert fit(f"zeta==1.0; {marker}", *files).series == tuple(fitting)


def test_what_is_looked_up() -> None:
    """Pins and upper bounds are, whatever else the file has; and what a package requires."""
    text = (
        "flask\n-r x.txt\nalpha==1.0 --hash=sha256:ab\nbeta~=2.0  # c\ngamma>=1\n"
        "delta<3\n./lib\ne @ https://example.com/e.zip\nzeta==1.0 \\\n"
    )
    output = ["  Downloading my_lib-1.2.3.tar.gz (26 kB)"]
    more = release_files.downloaded(output, "My.Lib")
    names = [str(one) for one in release_files.bounded({"requirements.txt": text}, more)]
    assert names == ["alpha==1.0", "beta~=2.0", "delta<3", "zeta==1.0", "My.Lib==1.2.3"]


OLD = Fit("Zeta", "Zeta==1.0", ("3.10", "3.11"), "2.0", True)
OTHER = Fit("other", "other==1", ("3.10",))
NOWHERE = Fit("lost", "lost==1", (), "1.5")


@pytest.mark.parametrize(
    ("fits", "series", "words"),
    [
        ((OLD,), "3.11", ("`Zeta==2.0`", "`3.11`")),
        ((OLD, OTHER), "3.10", ("`3.10`",)),
        ((OLD._replace(newer=""),), "3.11", ("`3.11`",)),
        ((OLD, NOWHERE), None, ("`Zeta==2.0`", "`lost==1`", "none of Heroku's Pythons")),
        ((OLD, OTHER._replace(series=("3.12",))), None, ("together",)),
        ((OLD._replace(newer="", series=()),), None, ("another package",)),
        ((), None, ("otherwise",)),
    ],
)
def test_the_advice(fits: tuple[Fit, ...], series: str | None, words: Sequence[str]) -> None:
    """It names a Python that every pin fits, as an edit, and the first later version."""
    slug = verdicts.slug(verdicts.plan(verdicts.source()), fits=fits)
    advice = instead(slug, "zeta", "otherwise")
    edit = advice.edit if isinstance(advice, Advice) else None
    assert (edit.new if edit else None) == series
    assert all(word in advice for word in words)
    assert fits == () or fitting_series(fits) == series


def failing(*output: str, fits: tuple[Fit, ...] = (), text: str = "Zeta==1.0\n") -> Slug:
    """Return a build of which pip could not build a package."""
    source = verdicts.source({"requirements.txt": text})
    refusal = Refusal("install-dependencies::pip", ("Error: no.",))
    return verdicts.slug(verdicts.plan(source), refusal=refusal, output=output, fits=fits)


HEAD = "error: metadata-generation-failed", "× Encountered error while generating package metadata."


@pytest.mark.parametrize(
    ("output", "cause"),
    [
        ((*HEAD, "╰─> Zeta"), "source-build-failed"),
        (("ERROR: Failed building wheel for Zeta",), "source-build-failed"),
        (("KeyError: 'x'", "ERROR: Failed to build 'Zeta' when x"), "source-build-failed"),
        (("No module named 'imp'", *HEAD, "╰─> Zeta"), "release-too-old"),
    ],
)
def test_pip_names_the_package(output: Sequence[str], cause: str) -> None:
    """Its own line is decisive, and the advice has a number."""
    load()
    found = {f.id: f for f in diagnose(failing(*output, fits=(OLD,)))}
    assert "Zeta==1.0" in found[cause].title and "3.11" in found[cause].fix


@pytest.mark.parametrize(
    ("name", "said", "cause", "marker"),
    [
        ("pywinpty", "error: something", "windows-only-package", "win32"),
        ("pyobjc-core", "error: PyObjC requires macOS to build", "macos-only-package", "darwin"),
        ("zeta", "RuntimeError: zeta only supported on Windows", "windows-only-package", "win32"),
        ("zeta", "a.c:1: fatal error: windows.h: No such file", "windows-only-package", "win32"),
        ("zeta", "a.m:1: fatal error: Cocoa/Cocoa.h: No such file", "macos-only-package", "darwin"),
    ],
)
def test_a_package_for_another_system(name: str, said: str, cause: str, marker: str) -> None:
    """The list of such packages, or what the build printed, says so; the line gets a marker."""
    load()
    slug = failing(said, *HEAD, f"╰─> {name}", text=f"flask\n{name}==1.0\n")
    found = {f.id: f for f in diagnose(slug)}
    edit = found[cause].evidence[0].edit
    assert found[cause].evidence[0].line == 2
    assert edit and edit.new == f'{name}==1.0; sys_platform == "{marker}"'


@pytest.mark.parametrize(
    "said",
    [
        "warning: no Windows support in this version",
        "error: this setup requires openssl",
        "checking for windows line ends... no",
        "See https://docs.example.com/windows for Windows",
    ],
)
def test_a_word_about_windows_is_not_enough(said: str) -> None:
    """A build that mentions another system is not for it alone."""
    load()
    found = [f.id for f in diagnose(failing(said, *HEAD, "╰─> Zeta"))]
    assert "windows-only-package" not in found and "source-build-failed" in found


@pytest.mark.parametrize(
    ("name", "file", "pin"),
    [
        ("zeta-core", "zeta_core-1.2.tar.gz", "zeta-core==1.2"),
        ("Zeta.Core", "https://example.com/zeta.core-1.2.zip", "Zeta.Core==1.2"),
        ("git+ssh://git@example.com/me/zeta.git", "zeta-1.2.tar.gz", ""),
        ("", "zeta-1.2.tar.gz", ""),
        ("a++b(", "zeta-1.2.tar.gz", ""),
    ],
)
def test_the_source_that_pip_downloaded(name: str, file: str, pin: str) -> None:
    """A name may be an address, as pip prints it, and is never read as a pattern."""
    assert release_files.downloaded([f"  Downloading {file} (3 kB)"], name) == pin


def test_what_was_noted_with_an_environment(tmp_path: Path) -> None:
    """What is read back is the same as what was looked up."""
    cache.note(tmp_path / release_files.NOTE, [list(OLD)])
    assert release_files.noted(tmp_path) == (OLD,)
    assert release_files.noted(tmp_path / "other") == ()
