"""Several buildpacks, and buildpacks in a folder, through the Buildpack API."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from parity import rehearse
from parity.facts.buildpacks import NODE
from parity.push.buildpacks import folder as folders
from parity.push.buildpacks import folder_faults
from parity.records import Config
from parity.records.options import Options
from parity.system.errors import Usage
from tests.builds import HERE
from tests.pushes import findings_of, package, pushed
from tests.trees import findings, planned, tree

DETECT = "#!/bin/sh\necho Toy\n"
COMPILE = """\
#!/usr/bin/env bash
set -e
here="$(cd "$(dirname "$0")/.." && pwd)"
echo "-----> Making toys"
echo "$(cat "$3/TOY") ${TOY:-unset} $STACK" > "$1/toy"
touch "$2/kept"
mkdir -p "$1/.profile.d"
echo 'export TOYS="a b"' > "$1/.profile.d/toys.sh"
echo 'export SECOND="seen by the next"; export PATH="/toys:$PATH"' > "$here/export"
"""
RELEASE = "#!/bin/sh\necho '---'\necho 'default_process_types:'\necho '  web: python3 serve.py'\n"
SERVE = """\
import os
from http.server import BaseHTTPRequestHandler, HTTPServer

class Page(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(os.environ["TOYS"].encode())

HTTPServer(("", int(os.environ["PORT"])), Page).serve_forever()
"""


def buildpack(place: Path, **programs: str) -> str:
    """Create a buildpack with these programs in `bin`, and return its path."""
    (place / "bin").mkdir(parents=True)
    for name, text in {"detect": DETECT, "compile": COMPILE, **programs}.items():
        (place / "bin" / name).write_text(text)
        (place / "bin" / name).chmod(0o755)
    return str(place)


@pytest.mark.net
def test_the_whole_api(tmp_path: Path) -> None:
    """detect names the app, compile gets its three folders, release sets types, export exports."""
    toy = buildpack(tmp_path / "toy", release=RELEASE)
    config = {"TOY": "a secret"}
    slug, said = pushed({"x": ""}, tmp_path / "a", buildpacks=[toy], config=config)
    assert slug.refusal is None and slug.unknown is None
    assert said[4:8] == [
        f"-----> Using buildpack: {toy}",
        "-----> Toy app detected",
        "-----> Making toys",
        "-----> Discovering process types",
    ]
    assert (slug.root / "toy").read_text() == "a secret unset heroku-26\n"
    assert slug.plan.processes["web"].command == "python3 serve.py"
    assert "       Default types for buildpack -> web" in said


@pytest.mark.net
def test_app_of_a_buildpack_answers(tmp_path: Path) -> None:
    """The app boots with its default type and the buildpack's profile script."""
    app = tmp_path / "app"
    app.mkdir()
    (app / "serve.py").write_text(SERVE)
    toy = buildpack(tmp_path / "toy", release=RELEASE)
    config = Config({"TOY": "x"}, {"TOY": "--config"})
    verdict = rehearse(app, config=config, options=Options(buildpacks=(toy,)))
    assert verdict.verdict == "works"
    assert verdict.traffic and verdict.traffic.exchanges[0].body == b"a b"


@pytest.mark.net
def test_exports_reach_the_next(tmp_path: Path) -> None:
    """The second buildpack sees what the first exported, and config vars only as files."""
    toy = buildpack(tmp_path / "toy")
    second = '#!/bin/sh\necho "$SECOND ${TOY:-unset} ${PATH%%:*}" > $1/second\n'
    other = buildpack(tmp_path / "other", compile=second)
    config = {"TOY": "a secret"}
    slug, said = pushed({"x": ""}, tmp_path / "a", buildpacks=[toy, other], config=config)
    assert (slug.root / "second").read_text() == "seen by the next unset /toys\n"
    assert said[4:7] == ["-----> Using buildpacks:", f"       1. {toy}", f"       2. {other}"]


@pytest.mark.net
def test_compile_that_fails(tmp_path: Path) -> None:
    """The push is rejected, with the last lines of the buildpack's output."""
    toy = buildpack(tmp_path / "toy", compile="#!/bin/sh\necho out of wood >&2\nexit 3\n")
    slug, said = pushed({"x": ""}, tmp_path / "a", buildpacks=[toy])
    assert " !     Push rejected, failed to compile Toy app." in said
    cause = findings_of(slug)["buildpack-compile-failed"]
    assert (cause.effect, cause.evidence[-1].seen) == ("reject", "out of wood")


@pytest.mark.net
def test_program_that_cannot_be_run(tmp_path: Path) -> None:
    """A bin/compile that is not executable fails as on Heroku, and parity says why."""
    toy = buildpack(tmp_path / "toy")
    (tmp_path / "toy" / "bin" / "compile").chmod(0o644)
    slug, _ = pushed({"x": ""}, tmp_path / "a", buildpacks=[toy])
    assert slug.refusal
    assert "Permission denied" in findings_of(slug)["buildpack-compile-failed"].cause


@pytest.mark.net
def test_detect_that_refuses(tmp_path: Path) -> None:
    """A buildpack that does not take the app rejects the push."""
    toy = buildpack(tmp_path / "toy", detect="#!/bin/sh\nexit 1\n")
    slug, said = pushed({"x": ""}, tmp_path / "a", buildpacks=[toy])
    assert slug.refusal and slug.refusal.reason == "buildpack-not-compatible"
    assert f"-----> App not compatible with buildpack: {toy}" in said
    assert not any("failed to compile" in line for line in said)


@pytest.mark.net
def test_no_web_process(tmp_path: Path) -> None:
    """Without a default type and a Procfile, the build shows that there is no web process."""
    toy = buildpack(tmp_path / "toy")
    slug, _ = pushed({"x": ""}, tmp_path / "a", buildpacks=[toy], config={"TOY": ""})
    assert findings_of(slug)["H14"].effect == "fail"
    assert "H14" not in findings(tree({"x": ""}), buildpacks=[toy])


@pytest.mark.net
def test_procfile_that_a_buildpack_writes(tmp_path: Path) -> None:
    """The Procfile counts as the build has left it."""
    toy = buildpack(tmp_path / "toy", compile="#!/bin/sh\necho 'web: serve' > $1/Procfile\n")
    slug, said = pushed({"x": ""}, tmp_path / "a", buildpacks=[toy])
    assert slug.plan.processes["web"].command == "serve"
    assert "       Procfile declares types -> web" in said


@pytest.mark.parametrize("name", ["./nowhere", "/nowhere/at/all", "~/nowhere-at-all"])
def test_folder_without_a_buildpack(name: str) -> None:
    """A folder that does not exist, or has no bin/compile, is a usage error."""
    with pytest.raises(Usage, match="no such folder"):
        planned(tree({"x": ""}), buildpacks=[name])


def test_folder_without_compile(tmp_path: Path) -> None:
    """A folder that is not a buildpack is a usage error."""
    with pytest.raises(Usage, match="no bin/compile"):
        planned(tree({"x": ""}), buildpacks=[str(tmp_path)])


@pytest.mark.parametrize(
    ("name", "clone"),
    [
        ("https://github.com/me/buildpack-toy.git", "git clone https://github.com/me/buildpack-toy.git"),
        ("https://github.com/me/toy#v2", "git clone https://github.com/me/toy`"),
        ("heroku/ruby", "git clone https://github.com/heroku/heroku-buildpack-ruby"),
        ("me/toy", "heroku buildpacks:info me/toy"),
    ],
)  # fmt: skip
def test_buildpack_elsewhere(name: str, clone: str) -> None:
    """A buildpack that is not here leaves the verdict open, with the command to get it."""
    results = findings(tree({"Gemfile": ""}), buildpacks=[name])
    assert results["not-emulated"].effect == "unknown"
    assert clone in results["not-emulated"].fix


@pytest.mark.net
def test_node_then_python(tmp_path: Path) -> None:
    """Both run in order; the last one's types count, and Node.js is available to Python's hooks."""
    files = {
        **package(scripts={"build": "echo 1 > made"}),
        "requirements.txt": "",
        ".python-version": HERE,
        "bin/post_compile": "node -p 6*7 > answer; cat made >> answer\n",
    }
    both = ["heroku/nodejs", "heroku/python"]
    slug, said = pushed(files, tmp_path / "a", buildpacks=both)
    assert slug.refusal is None and slug.unknown is None, slug.output
    assert (slug.root / "answer").read_text() == "42\n1\n"
    assert NODE in slug.interpreters and slug.environment
    order = [line for line in said if line.endswith(" app detected") or "succeeded" in line]
    assert order == [
        "-----> Node.js app detected",
        "-----> Build succeeded!",
        "-----> Python app detected",
    ]
    assert slug.plan.processes == {}
    assert findings(tree(files), buildpacks=both)["H14"]


@pytest.mark.net
def test_what_an_earlier_one_makes_decides_for_the_later(tmp_path: Path) -> None:
    """A file that a build script creates makes the next buildpack accept, or refuse, the app."""
    writes = "touch requirements.txt; echo 3.8 > .python-version"
    files = package(scripts={"build": writes})
    slug, said = pushed(files, tmp_path / "a", buildpacks=["heroku/nodejs", "heroku/python"])
    assert slug.refusal and slug.refusal.reason == "python-version::eol"
    assert " !     Push rejected, failed to compile Python app." in said
    assert findings_of(slug)["python-version-eol"].effect == "reject"
    slug, said = pushed(package(), tmp_path / "b", buildpacks=["heroku/nodejs", "heroku/python"])
    assert slug.refusal and slug.refusal.reason == "buildpack-not-compatible"


@pytest.mark.parametrize(
    ("text", "types"),
    [
        ("---\ndefault_process_types:\n  web: serve $PORT\n  job: \"a 'b'\"\n",
         {"web": "serve $PORT", "job": "a 'b'"}),
        ("addons: []\ndefault_process_types:\n    web: 'it''s'\nother: x\n", {"web": "it's"}),
        ("default_process_types: {}\n", {}),
        ('default_process_types: {"web": "serve, now"}\n', {"web": "serve, now"}),
        ("default_process_types: {web: serve}\n", {"web": "serve"}),
        ("default_process_types:\n  web: a # remark\n\n  job: b\n", {"web": "a", "job": "b"}),
        ("config_vars:\n  web: x\n", {}),
        ("", {}),
    ],
)  # fmt: skip
def test_types_of_bin_release(text: str, types: Mapping[str, str]) -> None:
    """The YAML of bin/release is read as buildpacks write it."""
    assert dict(folders.types(text)) == types


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("curl: (6) Could not resolve host: nginx.org", "the network"),
        (
            "W: Failed to fetch http://archive.ubuntu.com/ubuntu/dists/noble/InRelease",
            "the network",
        ),
        (
            "E: Could not open lock file /var/lib/apt/lists/lock - open (13: Permission denied)",
            "does not allow",
        ),
        ("E: Unable to locate package libicu74", "the stack's build image"),
        (
            "./php: error while loading shared libraries: cannot open shared object file",
            "the stack",
        ),
        ("bin/compile: line 12: jq: command not found", "a program is missing here"),
        ("/usr/bin/env: 'ruby': No such file or directory", "a program is missing here"),
    ],
)
def test_what_this_machine_lacks_for_a_buildpack(line: str, why: str) -> None:
    """On Heroku's build image, with its network, the same program may succeed."""
    found = folder_faults.undecided(["-----> Installing", line])
    assert found and why in found.why and found.why.endswith(line)


@pytest.mark.parametrize(
    "line",
    ["out of wood", "bin/compile: line 3: cargo: command not found", "Error: no config file"],
)
def test_what_a_buildpack_does_wrong_itself(line: str) -> None:
    """Its own error, or a program that Heroku's build image does not have either."""
    assert folder_faults.undecided([line]) is None
