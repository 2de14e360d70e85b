"""The Procfile: how Heroku reads it, and what happened to the web process."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parity.facts.procfile import LOCAL
from parity.push.procfile import parse
from parity.records import Ignored
from tests.trees import FLASK, findings, planned, tree


def types(data: str | bytes) -> dict[str, str]:
    """Return names and commands that Heroku reads from a Procfile."""
    raw = data if isinstance(data, bytes) else data.encode()
    return {name: process.command for name, process in parse("Procfile", raw).types.items()}


LINES = [
    # the line, what Heroku reads, what `heroku local` and honcho read
    ("web: gunicorn app:app", {"web": "gunicorn app:app"}, {"web": "gunicorn app:app"}),
    ("web:gunicorn app:app", {}, {"web": "gunicorn app:app"}),
    ("web gunicorn app:app", {"web": "gunicorn app:app"}, {}),
    ("web : gunicorn app:app", {"web": ": gunicorn app:app"}, {}),
    ("  web: x", {"web": "x"}, {}),
    ("\tweb: x", {"web": "x"}, {}),
    ("Web: x", {"Web": "x"}, {"Web": "x"}),
    ("WEB: x", {"WEB": "x"}, {"WEB": "x"}),
    ("# web: x", {}, {}),
    ("web:", {}, {}),
    ("web:   ", {}, {}),
    ("- web: x", {"-": "web: x"}, {}),
    ("this is a note", {"this": "is a note"}, {}),
    ('"web": x', {}, {}),
    ("web.1: x", {}, {}),
    ("web= x", {}, {}),
    ("\ufeffweb: x", {}, {}),
    ("web-1: x", {"web-1": "x"}, {"web-1": "x"}),
    ("web_1: x", {"web_1": "x"}, {"web_1": "x"}),
    ("w b: x", {"w": "b: x"}, {}),
    ("web:\tx", {"web": "x"}, {"web": "x"}),
    ("web:\u00a0x", {}, {"web": "x"}),
    ("web:: x", {}, {"web": ": x"}),
    ("web: x: y", {"web": "x: y"}, {"web": "x: y"}),
    ("web\uff1a x", {}, {}),
]


@pytest.mark.parametrize(("line", "heroku", "local"), LINES, ids=[repr(x[0]) for x in LINES])
def test_line_by_both_patterns(line: str, heroku: dict[str, str], local: dict[str, str]) -> None:
    """Every kind of line is read as Heroku reads it, which differs from heroku local."""
    match = re.match(LOCAL, line)
    assert types(line) == heroku
    assert ({match[1]: match[2].rstrip()} if match and match[2].strip() else {}) == local


def test_lines_end_at_newline_alone() -> None:
    """Only LF ends a line; a carriage return before it is dropped, other line ends are text."""
    assert types("web: a\r\nworker: b\r\n") == {"web": "a", "worker": "b"}
    assert types("web: a\rworker: b") == {"web": "a\rworker: b"}
    assert types("web: a\u2028worker: b\x0bc: d") == {"web": "a\u2028worker: b\x0bc: d"}


def test_last_duplicate_wins() -> None:
    """Of a type declared twice the last declaration counts, with its own line number."""
    made = parse("Procfile", b"web: a\nworker: b\nweb: c\n")
    assert made.types["web"].command == "c"
    assert made.types["web"].line == 3
    assert list(made.types) == ["web", "worker"]


def test_ignored_lines_are_kept_with_their_numbers() -> None:
    """Lines that Heroku drops are recorded by number; blank lines and comments are not."""
    made = parse("Procfile", b"# c\n\nweb:x\nworker: y\n  # d\n'clock': z\n")
    assert made.ignored == ((3, "web:x"), (6, "'clock': z"))


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (b"web: x\n", "utf-8"),
        ("w\u00fcb: x\n".encode(), "utf-8"),
        ("\ufeffweb: x\n".encode(), "utf-8-sig"),
        ("web: x\n".encode("utf-16"), "utf-16"),
        ("\ufeffweb: x\n".encode("utf-16-be"), "utf-16"),
        ("web: gunicorn app:app\n".encode("utf-16-le"), "utf-16"),
        ("web: gunicorn app:app\n".encode("utf-16-be"), "utf-16"),
        (b"web: x\xff\n", "binary"),
        (b"\x7fELF\x00\x01\x02", "binary"),
        (b"", "utf-8"),
    ],
)
def test_encodings(data: bytes, encoding: str) -> None:
    """The encoding is recorded, so that a rule can name it."""
    made = parse("Procfile", data)
    assert made.encoding == encoding
    assert encoding != "utf-16" or (made.types == {} and made.ignored[0][1].startswith("web: "))


def test_nul_is_no_command() -> None:
    """A line with a NUL byte, which no shell can run, is not a process type."""
    assert types(b"web: a\0b\nworker: c\n") == {"worker": "c"}


def test_enormous_files() -> None:
    """A line of 1 MB and 100,000 lines are read like others."""
    assert len(types(b"web: " + b"x" * 1_000_000)["web"]) == 1_000_000
    assert types(b"w" * 1_000_000) == {}
    assert len(types("".join(f"t{n}: x\n" for n in range(100_000)))) == 100_000


@given(st.binary())
def test_any_bytes_are_read(data: bytes) -> None:
    """No content makes the parser raise, and every type has its own line."""
    made = parse("Procfile", data)
    for name, process in made.types.items():
        assert name in made.lines[process.line - 1]
        assert process.command.strip()


@given(st.lists(st.sampled_from("web:W \t\r\n#=\"'-1\ufeff\u00a0x"), max_size=30).map("".join))
def test_any_procfile_is_explained(text: str) -> None:
    """Whatever a Procfile contains, the verdict follows from its types, and H14 has a cause."""
    made, _ = planned(tree({**FLASK, "Procfile": text}))
    results = findings(tree({**FLASK, "Procfile": text}))
    assert ("H14" in results) == ("web" not in made.processes)
    if "H14" in results:
        assert any(f.symptom == "H14" and f.kind == "cause" for f in results.values())


def cause(text: str | bytes) -> tuple[str, int | None, str]:
    """Return id and line of the first cause of H14, and its fix."""
    results = findings(tree({**FLASK, "Procfile": text}))
    assert results["H14"].effect == "fail"
    found = next(f for f in results.values() if f.kind == "cause" and f.symptom == "H14")
    return found.id, found.evidence[0].line, found.fix


@pytest.mark.parametrize(
    ("text", "id", "line", "write"),
    [
        ("web:gunicorn app:app", "procfile-no-space", 1, "web: gunicorn app:app"),
        ("worker: w\nWEB:gunicorn app:app", "procfile-no-space", 2, "web: gunicorn app:app"),
        ("\nWeb: gunicorn app:app", "procfile-type-name", 2, "web: gunicorn app:app"),
        ("webs: python app.py", "procfile-type-name", 1, "web: python app.py"),
        ("wweb: python app.py", "procfile-type-name", 1, "web: python app.py"),
        ("we b: python app.py", "procfile-type-name", 1, "web: python app.py"),
        ("web-app: python app.py", "procfile-type-name", 1, "web: python app.py"),
        ("- web: python app.py", "procfile-type-name", 1, "web: python app.py"),
        ("api: uvicorn main:app --port 80", "procfile-type-name", 1, "web: uvicorn main:app"),
        ("bot: python b.py --port=${PORT}", "procfile-type-name", 1, "web: python b.py"),
        ("x: python manage.py runserver", "procfile-type-name", 1, "web: python manage.py"),
        ('"web": python app.py', "procfile-line-not-read", 1, "web: python app.py"),
        ('"web: python app.py"', "procfile-line-not-read", 1, "web: python app.py`"),
        ("web= python app.py", "procfile-line-not-read", 1, "web: python app.py"),
        ("web.1: python app.py", "procfile-line-not-read", 1, "web: python app.py"),
        ("web:\u00a0python app.py", "procfile-line-not-read", 1, "web: python app.py"),
        ("web:\u200bpython app.py", "procfile-line-not-read", 1, "web: python app.py"),
        ("web:", "procfile-line-not-read", 1, "web: gunicorn app:app"),
        ("\ufeffweb: python app.py", "procfile-bom", 1, "web: python app.py"),
        ("gunicorn app:app", "procfile-no-type", 1, "web: gunicorn app:app"),
        ("python3 app.py", "procfile-no-type", 1, "web: python3 app.py"),
        ("", "procfile-empty", None, "web: gunicorn app:app"),
        ("# nothing\n", "procfile-empty", None, "web: gunicorn app:app"),
        ("# x\n# web: python a.py\n", "procfile-empty", 2, "web: python a.py"),
        ("release: python m.py", "procfile-no-web", None, "web: gunicorn app:app"),
        ("web: python a.py\n".encode("utf-16"), "procfile-encoding", 1, "web: python a.py"),
        (b"\x00\x01web", "procfile-encoding", 1, "web: gunicorn app:app"),
    ],
)
def test_cause_of_no_web(text: str | bytes, id: str, line: int | None, write: str) -> None:
    """Each way to have no web process is named, with its line and the line to write."""
    found, where, fix = cause(text)
    assert (found, where) == (id, line)
    assert write in fix


def test_a_procfile_that_is_not_read_beside_a_start_script() -> None:
    """Node.js has a default: the app runs, but not as the Procfile says."""
    node = {"package.json": '{"scripts": {"start": "node server.js"}}', "server.js": ""}
    written = "web: node other.js\n"
    results = findings(tree({**node, "Procfile": written.encode("utf-16")}))
    assert results["procfile-not-read"].effect == "warn"
    assert "`npm start`" in results["procfile-not-read"].cause
    assert "procfile-not-read" not in findings(tree({**node, "Procfile": written}))


def test_invisible_character_is_named() -> None:
    """An invisible character is named by its number."""
    results = findings(tree({**FLASK, "Procfile": "web:\u00a0python app.py"}))
    assert "U+00A0" in results["procfile-line-not-read"].cause


def first_cause(**extra: object) -> tuple[str, list[tuple[str | None, int | None]]]:
    """Return the cause of H14 for an app without a Procfile, and the places it names."""
    files = {**FLASK, **extra.pop("files", {})}  # type: ignore[dict-item]
    results = findings(tree(files, **extra))  # type: ignore[arg-type]
    found = next(f for f in results.values() if f.kind == "cause" and f.symptom == "H14")
    return found.id, [(e.file, e.line) for e in found.evidence]


@pytest.mark.parametrize(
    "name",
    ["procfile", "PROCFILE", "ProcFile", "Procfile.txt", "procfile.txt", "Profile", "Procfile ",
     ".Procfile", "Procfile.dev"],
)  # fmt: skip
def test_wrong_name(name: str) -> None:
    """A file that was meant to be the Procfile is named."""
    assert first_cause(files={name: "web: x\n"}) == ("procfile-name", [(name, None)])


@pytest.mark.parametrize("name", [".profile", "profile.py", "Dockerfile", "procfile_parser.py"])
def test_other_files_are_not_taken_for_it(name: str) -> None:
    """Files with merely similar names are not blamed."""
    assert first_cause(files={name: "export X=1\n"})[0] == "no-procfile"


def test_no_file_where_it_should_be() -> None:
    """A Procfile in a sub-folder, ignored by git, as a folder or as a link is found and named."""
    assert first_cause() == ("no-procfile", [("Procfile", None)])
    assert first_cause(files={"deploy/Procfile": "web: x"}) == (
        "procfile-in-subfolder",
        [("deploy/Procfile", None)],
    )
    assert first_cause(files={"Procfile/web": "x"}) == (
        "procfile-not-a-file",
        [("Procfile/web", None)],
    )
    for target in ("/etc/passwd", "../Procfile", "gone", "Procfile"):
        assert first_cause(links={"Procfile": target})[0] == "procfile-not-a-file"
    assert first_cause(absent={"Procfile": None}) == (
        "procfile-not-committed",
        [("Procfile", None)],
    )
    assert first_cause(absent={"Procfile": Ignored(".gitignore", 3, "Proc*")}) == (
        "procfile-not-committed",
        [("Procfile", None), (".gitignore", 3)],
    )


def test_link_within_the_tree_is_followed() -> None:
    """A Procfile that is a link to another file of the tree counts."""
    source = tree({**FLASK, "deploy/Procfile.heroku": "web: x\n"})
    entries = {**source.entries, **tree({}, links={"Procfile": "deploy/Procfile.heroku"}).entries}
    assert "H14" not in findings(source._replace(entries=entries))


@pytest.mark.parametrize(
    ("files", "line"),
    [
        ({"main.py": "import fastapi\napi = fastapi.FastAPI()\n"},
         "web: uvicorn main:api --host 0.0.0.0 --port $PORT"),
        ({"src/shop.py": "app: Flask = Flask(__name__)\n"}, "web: gunicorn src.shop:app"),
        ({"manage.py": "", "shop/wsgi.py": "", "shop/settings.py": ""}, "web: gunicorn shop.wsgi"),
        ({"back/manage.py": "", "back/shop/wsgi.py": ""},
         "web: gunicorn --chdir back shop.wsgi"),
        ({"app.py": "def create_app():\n    ..."}, 'web: gunicorn "app:create_app()"'),
        ({"app.py": "from dash import Dash\napp = Dash()\nserver = app.server\n"},
         "web: gunicorn app:server"),
        ({"ui.py": "import streamlit as st\n"},
         "web: streamlit run ui.py --server.port $PORT --server.address 0.0.0.0"),
        ({"server.py": "print(1)\n"}, "web: python server.py"),
    ],
)  # fmt: skip
def test_line_to_write_comes_from_the_tree(files: dict[str, str], line: str) -> None:
    """Without a Procfile, the line to write is the one that starts this app."""
    results = findings(tree({"requirements.txt": "x\n", **files}))
    assert f"`{line}`" in results["no-procfile"].fix


def test_server_that_is_not_required_is_told() -> None:
    """The line to write needs its server among the requirements."""
    results = findings(tree({**FLASK, "requirements.txt": "flask\n"}))
    assert "gunicorn must be in requirements.txt too" in results["no-procfile"].fix
    assert "must be in" not in findings(tree(FLASK))["no-procfile"].fix


@pytest.mark.parametrize(
    "text",
    ["worker: python bot.py", "bot: python main.py", "clock: python c.py\nrelease: x",
     "worker: celery -A shop worker"],
)  # fmt: skip
def test_worker_only_is_a_warning(text: str) -> None:
    """An app of background processes is allowed, with a warning."""
    results = findings(tree({**FLASK, "Procfile": text}))
    assert (results["H14"].effect, results["worker-only"].effect) == ("warn", "warn")
    assert not any(f.effect == "fail" for f in results.values())


def test_command_for_a_terminal_is_no_process_type() -> None:
    """A line `heroku …` should be deleted; it is no worker to scale up."""
    results = findings(tree({**FLASK, "Procfile": "heroku ps:scale bot=1\nbot: python bot.py\n"}))
    line = results["procfile-terminal-command"]
    assert (line.effect, line.evidence[0].line) == ("warn", 1)
    assert "type `heroku ps:scale bot=1` in a terminal" in line.fix
    assert "processes: bot" in results["worker-only"].title
    assert "heroku ps:scale bot=1" in results["worker-only"].fix
    assert "procfile-read-differently" not in results
    meant = findings(tree({**FLASK, "Procfile": "git: python git.py\n"}))
    assert "procfile-terminal-command" not in meant
    assert "processes: git" in meant["worker-only"].title


def test_hook_that_writes_the_procfile_leaves_it_open() -> None:
    """If a build hook mentions the Procfile, its effect is unknown."""
    results = findings(tree({**FLASK, "bin/post_compile": "#!/bin/sh\ncp x/Procfile .\n"}))
    assert results["H14"].effect == "unknown"
    assert results["procfile-made-by-hook"].evidence[0].line == 2


def test_notes_do_not_decide() -> None:
    """What heroku local reads differently, Windows line ends and repeated types are notes."""
    text = "web: a\r\nworker:b\r\nnote this\r\nweb: c\r\n"
    results = findings(tree({**FLASK, "Procfile": text}))
    assert {f.effect for f in results.values()} == {"note"}
    assert [e.line for e in results["procfile-read-differently"].evidence] == [2, 3]
    assert results["procfile-repeats-type"].evidence[0].line == 4
    assert "procfile-crlf" in results


def test_a_good_procfile_has_no_findings() -> None:
    """The ordinary case has no findings."""
    assert findings(tree({**FLASK, "Procfile": "web: gunicorn app:app\n"})) == {}


def test_huge_procfile_with_no_web_is_explained_in_time() -> None:
    """100,000 dropped lines are judged within seconds."""
    results = findings(tree({**FLASK, "Procfile": "web=x\n" * 100_000}))
    assert results["H14"].effect == "fail"
