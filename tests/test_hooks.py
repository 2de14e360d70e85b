"""Build steps that Heroku never runs: only files meant as one, that nothing else names."""

from collections.abc import Mapping

import pytest

from tests.trees import FLASK, findings, tree

NODE = {"package.json": '{"name": "shop"}', "server.js": ""}
SCRIPT = "#!/bin/sh\necho built\n"


def told(files: Mapping[str, str]) -> list[tuple[str | None, str]]:
    """Return the file and the fix of each hook that is not read."""
    results = findings(tree(files)).get("hook-not-read")
    return [(e.file, results.fix) for e in results.evidence] if results else []


@pytest.mark.parametrize(
    ("path", "fix"),
    [
        ("post_compile", "`git mv post_compile bin/post_compile`"),
        ("bin/post-compile", "`git mv bin/post-compile bin/post_compile`"),
        ("bin/pre_compile.sh", "`git mv bin/pre_compile.sh bin/pre_compile`"),
        ("Bin/post_compile", "`git mv Bin/post_compile bin/post_compile`"),
    ],
)
def test_a_hook_by_another_name(path: str, fix: str) -> None:
    """The buildpack looks for one name in one folder."""
    ((file, text),) = told({**FLASK, path: SCRIPT})
    assert file == path and fix in text


def test_nodejs_runs_no_files() -> None:
    """In Node.js, the steps are scripts of package.json."""
    ((file, text),) = told({**NODE, "bin/post_compile": SCRIPT})
    assert file == "bin/post_compile" and '"heroku-postbuild": "bash bin/post_compile"' in text


@pytest.mark.parametrize(
    "files",
    [
        {**FLASK, "bin/post_compile": SCRIPT},
        {**FLASK, "bin/post_compile": "bash bin/post_compile.sh\n", "bin/post_compile.sh": SCRIPT},
        {**FLASK, "post_compile": SCRIPT, "Makefile": "all:\n\tsh post_compile\n"},
        {**FLASK, "shop/hooks/post_compile": SCRIPT},
        {**FLASK, "post_compile.py": "print(1)\n"},
        {**FLASK, **NODE, "bin/post_compile": SCRIPT},
        {**NODE, "Gemfile": "", "bin/post_compile": SCRIPT},
    ],
)
def test_what_is_run_or_may_be(files: Mapping[str, str]) -> None:
    """A hook that runs, or a script that something else runs, is not mentioned."""
    assert told(files) == []
