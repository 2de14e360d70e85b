"""The build stage, for real: what it prints, what it runs, what it leaves in the slug."""

import gzip
import os
import random
import subprocess
import tarfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from parity.facts.buildpacks import PYTHON
from parity.facts.dynos import SIZES
from parity.facts.slug import HARD
from parity.push import slug as folders
from parity.push.buildpacks import LANGUAGES
from parity.push.buildpacks.python import LANGUAGE, profile
from parity.push.buildpacks.python.django import _files
from parity.records import Part, Slug
from tests.builds import APP, HERE, findings_of, index, prepared, pushed, wheel
from tests.test_leftovers import gone

pytestmark = pytest.mark.net

NLTK = """
import sys, pathlib

folder, names = pathlib.Path(sys.argv[2]), sys.argv[3:]
if "offline" in names:
    sys.exit("[nltk_data] Error loading x: <urlopen error [Errno -2] Name not known>")
if "wrong" in names:
    sys.exit("[nltk_data] Error loading wrong: Package 'wrong' not found in index")
folder.mkdir(parents=True)
for name in names:
    (folder / name).write_text("")
"""
PACKAGES = (
    wheel("alpha", "1.0"),
    wheel("Under_Score.dotted", "2.0"),
    wheel("django", "5.0"),
    wheel("nltk", "3.9", modules={"nltk/__init__.py": "", "nltk/downloader.py": NLTK}),
    wheel("pip", "26.2.1"),
)


@pytest.fixture(autouse=True, scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory, tools: Path) -> Iterator[None]:
    """A small index and nothing else; environments are shared, as they are meant to be."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("shared")
        prepared(patch, folder, tools)
        patch.setenv("PIP_INDEX_URL", index(folder / "simple", *PACKAGES))
        yield


def names(folder: Path) -> set[str]:
    """Return the names in a folder."""
    return {path.name for path in folder.iterdir()}


def reason(slug: Slug) -> str | None:
    """Return Heroku's name for what stopped the build."""
    return slug.refusal.reason if slug.refusal else None


def test_a_build_from_nothing(tmp_path: Path) -> None:
    """Heroku's lines come in Heroku's order, pip's own indented; the slug has its Python."""
    slug, log = pushed({"requirements.txt": "alpha==1.0\n"}, tmp_path)
    steps = [line for line in log if line.startswith("----->")]
    assert steps == [
        f"-----> Installing Python {slug.plan.runtime(PYTHON).version}",  # type: ignore[union-attr]
        *[line for line in steps if line.startswith("-----> Installing pip 26.")],
        "-----> Installing dependencies using 'pip install -r requirements.txt'",
        "-----> Saving cache",
        "-----> Discovering process types",
        "-----> Compressing...",
        "-----> Launching...",
    ]
    assert "       Procfile declares types -> web" in log
    assert "       Successfully installed alpha-1.0" in log
    assert not any("Looking in" in line for line in log)
    assert slug.refusal is None and slug.unknown is None and slug.installed and not slug.cached
    assert slug.packages["alpha"] == "1.0" and slug.packages["pip"]
    assert slug.environment == (slug.root / ".heroku" / "python").resolve()
    assert slug.interpreters[PYTHON].exact
    assert slug.interpreters[PYTHON].version.startswith(HERE)


def test_names_of_packages_are_normalised(tmp_path: Path) -> None:
    """Distributions are named in the normalised form that indexes compare."""
    slug, _ = pushed({"requirements.txt": "under-score.dotted\n"}, tmp_path)
    assert slug.packages["under-score-dotted"] == "2.0"


def test_commands_of_the_environment_run(tmp_path: Path) -> None:
    """python, python3, Heroku's python3.N and pip exist, and are the environment's own."""
    slug, _ = pushed({"requirements.txt": "alpha\n"}, tmp_path)
    folder = slug.root / ".heroku" / "python" / "bin"
    for command in (
        [f"{folder}/python", "-c", "import alpha, sys; print(sys.prefix)"],
        [f"{folder}/python3", "-c", "import alpha, sys; print(sys.prefix)"],
        [f"{folder}/python{HERE}", "-c", "import alpha, sys; print(sys.prefix)"],
        [f"{folder}/pip", "--version"],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert str(slug.root) in done.stdout or str(slug.environment) in done.stdout


def test_python_is_called_as_on_heroku(tmp_path: Path) -> None:
    """Whatever stands in for Python 3.14, a command that starts `python3.14` finds it."""
    slug, _ = pushed({"requirements.txt": "alpha\n", ".python-version": "3.14"}, tmp_path)
    assert slug.environment and (slug.environment / "bin" / "python3.14").exists()
    assert not (slug.environment / "bin" / "python3.13").exists()
    here = slug.interpreters.get(PYTHON)
    stood_in = here is not None and not here.exact
    assert ("interpreter-stands-in" in findings_of(slug)) is stood_in


def test_release_command_is_announced(tmp_path: Path) -> None:
    """With a release process type, git push says that the release waits for it."""
    files = {"requirements.txt": "", "Procfile": "web: a\nrelease: b\n"}
    _, log = pushed(files, tmp_path)
    assert "       Procfile declares types -> release, web" in log
    assert log[-1].startswith(" !     Release command declared: this new release will not")


def sourced(slug: Path, variables: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """Return the environment after the profile scripts, and what they print on stderr."""
    script = 'for x in .profile.d/*.sh; do . "$x"; done; env -0'
    done = subprocess.run(
        ["bash", "-c", script], cwd=slug, env=dict(variables), capture_output=True, check=True
    )
    pairs = (item.split("=", 1) for item in done.stdout.decode().split("\0") if "=" in item)
    return dict(pairs), done.stderr.decode().splitlines()


@pytest.mark.parametrize("size", SIZES.values(), ids=lambda size: size.name)
def test_web_concurrency(size: object, tmp_path: Path) -> None:
    """Workers are limited by memory and cores as in the buildpack; parity's variables are gone."""
    from parity.facts.dynos import DynoSize

    assert isinstance(size, DynoSize)
    profile.write(tmp_path, nltk=False)
    given = {"HOME": "/app", "PATH": "/usr/bin:/bin", "DYNO": "web.1"}
    given |= {"PARITY_DYNO_MB": str(size.memory), "PARITY_DYNO_CORES": str(size.cores or 0)}
    seen, told = sourced(tmp_path, given)
    assert seen["WEB_CONCURRENCY"] == str(size.web_concurrency)
    assert seen["WEB_CONCURRENCY_SET_BY"] == "heroku/python"
    assert seen["DYNO_RAM"] == str(size.memory)
    assert not [name for name in seen if "PARITY" in name or name.startswith("dyno")]
    by = "number of CPU cores" if size.web_concurrency < size.memory // 256 else "available memory"
    assert told == [
        f"Python buildpack: Detected {size.memory} MB available memory"
        f" and {size.cores or 0} CPU cores.",
        f"Python buildpack: Defaulting WEB_CONCURRENCY to {size.web_concurrency}"
        f" based on the {by}.",
    ]


def test_profile_scripts(tmp_path: Path) -> None:
    """The buildpack exports these variables, and a config var may override some of them."""
    profile.write(tmp_path, nltk=True)
    given = {"HOME": "/app", "PATH": "/usr/bin:/bin", "DYNO": "worker.1", "PARITY_DYNO_MB": "512"}
    seen, told = sourced(tmp_path, {**given, "PARITY_DYNO_CORES": "8"})
    assert told == []
    assert seen["PATH"] == "/app/.heroku/python/bin:/usr/bin:/bin"
    assert seen["PYTHONUNBUFFERED"] == "true" and seen["PYTHONPATH"] == "/app"
    assert seen["LANG"] == "en_US.UTF-8" and seen["PIP_DISABLE_PIP_VERSION_CHECK"] == "1"
    assert seen["LIBRARY_PATH"] == seen["LD_LIBRARY_PATH"] == "/app/.heroku/python/lib"
    assert seen["FORWARDED_ALLOW_IPS"] == "*"
    assert seen["GUNICORN_CMD_ARGS"] == "--access-logfile -"
    assert seen["NLTK_DATA"].startswith("/app/.heroku/")
    own = {"PYTHONPATH": "src", "GUNICORN_CMD_ARGS": "-w 1", "WEB_CONCURRENCY": "9", "LANG": "C"}
    own |= {"FORWARDED_ALLOW_IPS": "::1", "PYTHONUNBUFFERED": "0", "DYNO": "web.1"}
    seen, told = sourced(tmp_path, {**given, "PARITY_DYNO_CORES": "8", **own})
    kept = ("PYTHONPATH", "GUNICORN_CMD_ARGS", "WEB_CONCURRENCY", "LANG")
    assert {name: seen[name] for name in kept} == {name: own[name] for name in kept}
    assert (seen["FORWARDED_ALLOW_IPS"], seen["PYTHONUNBUFFERED"]) == ("*", "true")
    assert "WEB_CONCURRENCY_SET_BY" not in seen and "PYTHONHOME" not in seen
    assert told[1:] == [
        "Python buildpack: Skipping automatic configuration of WEB_CONCURRENCY since it's already"
        " set."
    ]


def test_the_apps_own_profile_scripts_stay(tmp_path: Path) -> None:
    """The app's own profile scripts are kept beside the buildpack's."""
    files = {"requirements.txt": "", ".profile.d/own.sh": "export OWN=1\n"}
    slug, _ = pushed(files, tmp_path)
    folder = slug.root / ".profile.d"
    assert (folder / "own.sh").read_text() == "export OWN=1\n"
    assert {"python.sh", "python.gunicorn.sh", "WEB_CONCURRENCY.sh"} <= names(folder)


HOOK = """#!/bin/bash
echo "home=$HOME stack=$STACK token=$TOKEN build=$BUILD_DIR path=$PATH"
echo "dir=$(cat "$ENV_DIR/TOKEN")" >&2
touch "$HOME/lost" made
"""


def test_hooks_run_in_their_place(tmp_path: Path) -> None:
    """pre_compile runs before Python, post_compile after everything; both see the config vars."""
    files = {
        "requirements.txt": "alpha\n",
        "bin/pre_compile": HOOK,
        "bin/post_compile": "echo no shebang; python -c 'import alpha; print(alpha.__name__)'\n",
    }
    config = {"TOKEN": "t0ken", "PATH": "/wrong", "LD_PRELOAD": "/wrong.so"}
    slug, log = pushed(files, tmp_path, config=config)
    assert reason(slug) is None and slug.unknown is None
    first = log.index("-----> Running bin/pre_compile hook")
    last = log.index("-----> Running bin/post_compile hook")
    python = next(n for n, line in enumerate(log) if line.startswith("-----> Installing Python"))
    assert first < python < last
    assert "stack=heroku-26 token=t0ken" in log[first + 1]
    assert f"build={slug.root}" in log[first + 1] and "/wrong" not in log[first + 1]
    assert log[first + 2] == "       dir=t0ken"
    assert log[last + 1 : last + 3] == ["       no shebang", "       alpha"]
    assert (slug.root / "made").exists() and not list(slug.root.rglob("lost"))


def test_a_hook_may_write_the_requirements(tmp_path: Path) -> None:
    """The requirements that pre_compile writes are installed."""
    files = {"requirements.txt": "", "bin/pre_compile": "echo alpha >> requirements.txt\n"}
    slug, _ = pushed(files, tmp_path)
    assert "alpha" in slug.packages


def test_a_hook_may_write_all_that_decides(tmp_path: Path) -> None:
    """The buildpack decides on the tree as pre_compile leaves it, and prints so afterwards."""
    hook = "rm -r venv; echo alpha > requirements.txt; echo 3.14 > .python-version\n"
    files = {"venv/pyvenv.cfg": "", "requirements.txt": "", "bin/pre_compile": hook}
    slug, log = pushed(files, tmp_path)
    assert reason(slug) is None and "alpha" in slug.packages
    python = log.index("-----> Using Python 3.14 specified in .python-version")
    assert log.index("-----> Running bin/pre_compile hook") < python


def test_a_hook_may_spoil_what_was_right(tmp_path: Path) -> None:
    """What pre_compile leaves is refused as if it had been pushed."""
    hook = "echo 2.7 > .python-version\n"
    slug, log = pushed({"requirements.txt": "", "bin/pre_compile": hook}, tmp_path)
    assert reason(slug) == "python-version::eol"
    assert log.index("-----> Using Python 2.7 specified in .python-version") > 0
    assert log.count(" !     Push rejected, failed to compile Python app.") == 1


def test_a_hook_changes_no_shared_environment(tmp_path: Path) -> None:
    """What post_compile installs is in this slug, and in no other."""
    hook = "echo changed > .heroku/python/changed\npip install -q alpha\n"
    plain = {"requirements.txt": "django\n"}
    slug, _ = pushed({**plain, "bin/post_compile": hook}, tmp_path / "one")
    assert "alpha" in slug.packages and (slug.root / ".heroku/python/changed").exists()
    other, _ = pushed(plain, tmp_path / "two")
    assert "alpha" not in other.packages
    assert not (other.root / ".heroku/python/changed").exists()


FAILING = [
    ("#!/bin/sh\necho no luck\nexit 3\n", "no luck"),
    ("#!/bin/bash\r\necho hello\r\n", "sed -i"),
]


@pytest.mark.parametrize("name", ["pre_compile", "post_compile"])
@pytest.mark.parametrize(("script", "words"), FAILING, ids=["exit", "crlf"])
def test_a_failing_hook(name: str, script: str, words: str, tmp_path: Path) -> None:
    """A hook that fails, or has Windows line ends, rejects the push and is named."""
    slug, log = pushed({"requirements.txt": "", f"bin/{name}": script}, tmp_path)
    assert reason(slug) == f"hooks::{name}"
    assert f" !     Error: Failed to run the bin/{name} script." in log
    finding = findings_of(slug)["build-hook-failed"]
    assert finding.evidence[0].file == f"bin/{name}"
    assert words in finding.cause + finding.fix


def test_a_hook_that_lacks_what_heroku_has(tmp_path: Path) -> None:
    """A command of Heroku's build image that is missing here decides nothing."""
    script = "echo 'bin/pre_compile: line 1: cmake: command not found'; exit 127\n"
    slug, _ = pushed({"requirements.txt": "", "bin/pre_compile": script}, tmp_path)
    assert reason(slug) is None and slug.unknown and "cmake" in slug.unknown
    script = "definitely-not-a-command\n"
    slug, _ = pushed({"requirements.txt": "", "bin/pre_compile": script}, tmp_path / "other")
    assert reason(slug) == "hooks::pre_compile"


def test_a_build_that_does_not_end(tmp_path: Path) -> None:
    """A build that exceeds Heroku's time limit is undecided here, and leaves no process."""
    script = f"echo begun; sleep 1000 & touch {tmp_path}/begun; sleep 1000\n"
    began = time.monotonic()
    slug, _ = pushed({"requirements.txt": "", "bin/pre_compile": script}, tmp_path, limit=1.0)
    assert slug.unknown and "15 minutes" in slug.unknown and "begun" in slug.unknown
    assert (tmp_path / "begun").exists() and time.monotonic() - began < 10
    assert gone(str(tmp_path)) == []


MANAGE = "import os, sys\nprint(*sys.argv[1:])\n"


def test_collectstatic_runs_where_django_is(tmp_path: Path) -> None:
    """With Django and a manage.py, collectstatic runs quietly, with the config vars."""
    code = (
        "print('Copying x')\nprint('Post-processed y')\nprint()\n"
        "print(os.environ['PYTHONPATH'], os.environ['KEY'], os.environ.get('PYTHONHOME'))\n"
    )
    files = {"requirements.txt": "django\n", "site/manage.py": MANAGE + code}
    config = {"KEY": "v", "PYTHONHOME": "/x"}
    slug, log = pushed(files, tmp_path, config=config)
    step = log.index("-----> $ python site/manage.py collectstatic --noinput")
    assert log[step + 1 : step + 4] == [
        "       collectstatic --noinput --traceback",
        "       . v None",
        "",
    ]
    assert reason(slug) is None


SKIPPED = [
    ({"requirements.txt": "alpha\n", "manage.py": MANAGE}, {}, None),
    ({"requirements.txt": "django\n"}, {}, "no manage.py file found."),
    ({"requirements.txt": "django\n", "a/b/c/manage.py": MANAGE}, {}, "no manage.py file found."),
    (
        {"requirements.txt": "django\n", "manage.py": MANAGE},
        {"DISABLE_COLLECTSTATIC": "1"},
        "the env var DISABLE_COLLECTSTATIC is set.",
    ),
    (
        {
            "requirements.txt": "django\n",
            "manage.py": MANAGE,
            ".heroku/collectstatic_disabled": "",
        },
        {},
        "the file '.heroku/collectstatic_disabled' exists.",
    ),
]


@pytest.mark.parametrize(("files", "config", "why"), SKIPPED)
def test_collectstatic_is_skipped(
    files: Mapping[str, str], config: Mapping[str, str], why: str | None, tmp_path: Path
) -> None:
    """Where collectstatic does not run, the log says why, or nothing, as on Heroku."""
    slug, log = pushed(files, tmp_path, config=config)
    assert reason(slug) is None
    assert not any(line.startswith("-----> $ python") for line in log)
    skips = [line for line in log if "Skipping" in line]
    assert skips == ([f"-----> Skipping Django collectstatic since {why}"] if why else [])


def test_the_nearest_manage_py_is_taken(tmp_path: Path) -> None:
    """The shallowest manage.py counts; links and deep folders do not."""
    for path in ("b/manage.py", "a/x/manage.py", "a/x/y/manage.py"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("")
    (tmp_path / "manage.py").symlink_to("b/manage.py")
    assert sorted(_files(tmp_path)) == ["a/x/manage.py", "b/manage.py"]


REASONS = [
    # code of manage.py; Heroku's reason; the cause; its place; words
    ("x = = 1", "collectstatic-syntax-error", "syntax-error", "manage.py:3", ()),
    (
        "os.environ['SECRET_KEY']",
        "collectstatic-other",
        "missing-config-var",
        "manage.py:3",
        ("heroku config:set SECRET_KEY",),
    ),
    (
        "import whitenoise",
        "collectstatic-other",
        "missing-dependency",
        "requirements.txt:None",
        ("whitenoise",),
    ),
    (
        "open('/var/log/app/x.log')",
        "collectstatic-other",
        "file-not-there",
        "manage.py:3",
        (),
    ),
    (
        "class ImproperlyConfigured(Exception): pass\n"
        "raise ImproperlyConfigured('without having set the STATIC_ROOT setting')",
        "collectstatic-improper-configuration",
        "static-root-not-set",
        "settings.py:2",
        ("STATIC_ROOT = ",),
    ),
    (
        "class ImproperlyConfigured(Exception): pass\nraise ImproperlyConfigured('no engine')",
        "collectstatic-improper-configuration",
        "collectstatic-improper-configuration",
        "manage.py:None",
        ("no engine",),
    ),
    (
        "sys.exit(\"Unknown command: 'collectstatic'\")",
        "collectstatic-other",
        "staticfiles-not-installed",
        "settings.py:1",
        ("DISABLE_COLLECTSTATIC=1",),
    ),
    (
        "raise ValueError(\"The CSS file 'a.css' references a file which could not be found:\\n"
        '  img/no.png")',
        "collectstatic-fancy-references",
        "static-reference-missing",
        "static/a.css:None",
        ("img/no.png",),
    ),
    (
        "sys.exit('strange')",
        "collectstatic-other",
        "collectstatic-other",
        "manage.py:None",
        ("strange",),
    ),
]


@pytest.mark.parametrize(("code", "heroku", "cause", "place", "words"), REASONS)
def test_collectstatic_fails(
    code: str, heroku: str, cause: str, place: str, words: tuple[str, ...], tmp_path: Path
) -> None:
    """A failing collectstatic rejects the push with Heroku's reason and the line to blame."""
    files = {
        "requirements.txt": "django\n",
        "manage.py": f"import os, sys\n\n{code}\n",
        "settings.py": "INSTALLED_APPS = []\nSTATIC_URL = 'static/'\n",
        "static/a.css": "",
    }
    slug, log = pushed(files, tmp_path)
    assert reason(slug) == heroku
    assert " !     Error: Unable to generate Django static files." in log
    assert " !     Push rejected, failed to compile Python app." in log
    told = {k: f for k, f in findings_of(slug).items() if f.effect != "note"}
    assert list(told) == ["push-rejected", cause] and told[cause].effect == "reject"
    assert place in {f"{e.file}:{e.line}" for e in told[cause].evidence}
    text = " ".join((told[cause].title, told[cause].cause, told[cause].fix))
    assert [word for word in words if word not in text] == []


def test_what_an_add_on_would_set(tmp_path: Path) -> None:
    """A build that stops for lack of DATABASE_URL is undecided: an add-on may set it."""
    code = "import os\nos.environ['DATABASE_URL']\n"
    slug, _ = pushed({"requirements.txt": "django\n", "manage.py": code}, tmp_path)
    finding = findings_of(slug)["add-on-variable-missing"]
    assert finding.effect == "unknown" and findings_of(slug)["push-rejected"].effect == "unknown"


def test_nltk(tmp_path: Path) -> None:
    """NLTK's data are downloaded as nltk.txt asks; a network failure decides nothing."""
    plain = {"requirements.txt": "nltk\n"}
    slug, log = pushed({**plain, "nltk.txt": "punkt\nstopwords\n"}, tmp_path / "1")
    assert "-----> Downloading NLTK packages: punkt stopwords" in log
    seen, _ = sourced(slug.root, {"HOME": str(slug.root), "PATH": "/usr/bin:/bin"})
    assert names(Path(seen["NLTK_DATA"])) == {"punkt", "stopwords"}
    slug, log = pushed(plain, tmp_path / "2")
    assert "       'nltk.txt' not found, not downloading any corpora" in log
    slug, _ = pushed({**plain, "nltk.txt": "offline\n"}, tmp_path / "3")
    assert slug.unknown and "urlopen" in slug.unknown and reason(slug) is None
    slug, _ = pushed({**plain, "nltk.txt": "wrong\n"}, tmp_path / "4")
    assert reason(slug) == "nltk-downloader" and "nltk-downloader" in findings_of(slug)
    slug, _ = pushed({**plain, "nltk.txt": "punkt\n"}, tmp_path / "5", offline=True)
    assert slug.unknown and "network" in slug.unknown


def test_offline_is_honest(tmp_path: Path) -> None:
    """Offline, a package missing from the cache is undecided; a cached or invalid one is not."""
    files = {"requirements.txt": "alpha # offline\n"}
    slug, _ = pushed(files, tmp_path / "1", offline=True)
    assert slug.unknown and reason(slug) is None and findings_of(slug)["build-undecided"]
    pushed(files, tmp_path / "2")
    slug, _ = pushed(files, tmp_path / "3", offline=True)
    assert slug.cached and slug.unknown is None and reason(slug) is None
    slug, _ = pushed({"requirements.txt": "alpha=1\n"}, tmp_path / "4", offline=True)
    assert reason(slug) == "install-dependencies::pip" and slug.unknown is None


def test_a_slug_is_copied(tmp_path: Path) -> None:
    """A dyno gets its own copies of the files, with modes and links, but no sockets or pipes."""
    slug, home = tmp_path / "slug", tmp_path / "home"
    (slug / "sub").mkdir(parents=True)
    home.mkdir()
    (slug / "sub" / "run").write_text("#!/bin/sh\n")
    (slug / "sub" / "run").chmod(0o755)
    (slug / "link").symlink_to("sub")
    (slug / "dangling").symlink_to("/nowhere")
    os.mkfifo(slug / "sub" / "pipe")
    folders.copy(slug, home)
    assert (home / "link").readlink() == Path("sub")
    assert (home / "dangling").readlink() == Path("/nowhere")
    assert (home / "sub" / "run").stat().st_mode & 0o777 == 0o755
    assert (home / "sub" / "run").stat().st_ino != (slug / "sub" / "run").stat().st_ino
    assert not (home / "sub" / "pipe").exists()


def test_the_compressed_size_is_estimated(tmp_path: Path) -> None:
    """The estimate from samples is close to what gzip makes of the folder."""
    rng = random.Random(1)
    folder = tmp_path / "slug"
    folder.mkdir()
    (folder / "noise").write_bytes(rng.randbytes(6_000_000))
    (folder / "text").write_bytes(b"all work and no play makes %d\n" % 7 * 400_000)
    for number in range(200):
        (folder / f"small{number}").write_bytes(rng.randbytes(200) + b"x" * 2000)
    (folder / "link").symlink_to("noise")
    with tarfile.open(tmp_path / "slug.tar", "w") as archive:
        archive.add(folder, "app")
    real = len(gzip.compress((tmp_path / "slug.tar").read_bytes(), 6))
    assert abs(folders.packed(folder) - real) < 0.05 * real
    assert folders.size(folder).bytes == sum(
        p.stat().st_size for p in folder.iterdir() if not p.is_symlink()
    )


def python_takes(packed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if Python itself had so many bytes in Heroku's slug."""
    own = LANGUAGE._replace(beside=(Part("Python itself", packed),))
    monkeypatch.setitem(LANGUAGES, PYTHON, lambda: own)


def test_a_slug_that_is_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Above Heroku's limit the push is rejected in Heroku's words; near it there is a warning."""
    noise = random.Random(1).randbytes(16 * 1024 * 1024)
    files: dict[str, str | bytes] = {"requirements.txt": "", "model.bin": noise}
    monkeypatch.setattr("parity.push.slug.SMALL", 1024 * 1024)
    monkeypatch.setattr("parity.push.slug_size.HARD", HARD._replace(value=3))
    python_takes(0, monkeypatch)
    slug, log = pushed(files, tmp_path / "1")
    assert reason(slug) == "slug-too-large"
    assert any("is too large (max is 3M)." in line for line in log)
    assert " !     Push failed" in log and not any("failed to compile" in line for line in log)
    finding = findings_of(slug)["slug-too-large"]
    assert finding.evidence[0].file == "model.bin"
    assert "model.bin (about 16 MB)" in finding.cause
    monkeypatch.setattr("parity.push.slug_size.HARD", HARD)
    for room in ("rules.build.slug", "push.slug_size"):
        monkeypatch.setattr(f"parity.{room}.SOFT", HARD._replace(value=2))
    slug, log = pushed(files, tmp_path / "2")
    assert reason(slug) is None and findings_of(slug)["slug-large"].effect == "warn"
    assert any("exceeds our soft limit (2 MB) which may affect boot time." in x for x in log)


def test_a_slug_near_the_limit_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An estimate near the limit is checked by compressing; the largest packages are named."""
    rng = random.Random(2)
    misleading = b"x" * folders.SAMPLE + rng.randbytes(folders.STEP - folders.SAMPLE)
    files: dict[str, str | bytes] = {"requirements.txt": "alpha\n", "data/model.bin": misleading}
    monkeypatch.setattr("parity.push.slug.SMALL", 1024)
    python_takes(1024 * 1024, monkeypatch)
    monkeypatch.setattr("parity.push.slug_size.ERROR", HARD._replace(value=10))
    slug, _ = pushed(files, tmp_path / "1")
    sizes = {part.name: part.packed for part in slug.largest}
    assert sizes["data/"] > 1.8 * 1024 * 1024
    assert {"data/", "Python itself", "pip"} <= set(sizes)


def test_nothing_of_the_tree_is_written_outside(tmp_path: Path) -> None:
    """A build writes only to its own folders: the slug, the one beside it, the cache."""
    pushed({"requirements.txt": "alpha\n"}, tmp_path / "app")
    beside = names(tmp_path / "app")
    assert "slug" in beside and len(beside) == 2
    assert names(tmp_path) == {"app"}
    assert APP["app.py"] == (tmp_path / "app" / "slug" / "app.py").read_text()
