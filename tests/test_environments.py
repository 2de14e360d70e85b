"""Virtual environments in the tree, and several package managers: what is said about them."""

import pytest

from parity.records import Refusal
from parity.rules.engine import diagnose
from parity.rules.loading import load
from parity.rules.push.package_files import advised
from parity.rules.views.environments import environments
from parity.rules.views.python_source import modules
from tests.trees import tree

SITE = "lib/python3.11/site-packages/shop/__init__.py"


@pytest.mark.parametrize(
    ("name", "noted"),
    [("env", True), ("myenv", True), ("backend/.env-3", True), (".venv", False), ("venv", False)],
)
def test_an_environment_by_its_mark(name: str, noted: bool) -> None:
    """pyvenv.cfg says so; what stops the build is not noted twice. Its code is not the app's."""
    load()
    files = {f"{name}/pyvenv.cfg": "home = /usr\n", f"{name}/{SITE}": "", f"{name}/bin/x.py": ""}
    source = tree({"app.py": "", **files})
    assert environments(source) == (f"{name}/",)
    assert modules(source) == ["app.py"]
    assert ("environment-committed" in [f.id for f in diagnose(source)]) is noted


@pytest.mark.parametrize("path", ["env/settings.py", "envs/dev/app.py", "pyvenv.cfg"])
def test_a_folder_with_such_a_name(path: str) -> None:
    """A name alone makes no environment."""
    load()
    source = tree({"app.py": "", path: ""})
    assert environments(source) == ()
    assert "environment-committed" not in [f.id for f in diagnose(source)]


@pytest.mark.parametrize(
    ("files", "there", "words", "unwanted"),
    [
        (
            "requirements.txt, uv.lock",
            ("requirements.txt", "uv.lock"),
            ("to keep uv, `git rm requirements.txt`", "To keep pip, `git rm uv.lock`"),
            "third-party",
        ),
        ("requirements.txt, uv.lock", ("uv.lock",), ("third-party uv buildpack",), "poetry"),
        ("requirements.txt, poetry.lock", (), ("third-party Poetry buildpack",), "uv.lock"),
        (
            "Pipfile.lock, requirements.txt",
            ("Pipfile", "Pipfile.lock", "requirements.txt"),
            ("To keep Pipenv, `git rm requirements.txt`", "`git rm Pipfile.lock Pipfile`"),
            "third-party",
        ),
        ("", (), ("Keep the file of the package manager you use",), "third-party"),
    ],
)
def test_which_package_manager_to_keep(
    files: str, there: tuple[str, ...], words: tuple[str, ...], unwanted: str
) -> None:
    """There is a command for each choice; a buildpack may have written what the tree lacks."""
    refusal = Refusal("package-manager::multiple-found", (), subject=files)
    advice = advised(refusal, tree(dict.fromkeys(there, "")))["advice"]
    assert all(word in advice for word in words) and unwanted not in advice
