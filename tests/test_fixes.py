"""Edits that are certain: what they change, what they leave alone, and when there is none."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from parity.records import Boot, Entry, Listener, ProcessType, Pushed, edits
from parity.records.verdict import Evidence
from parity.rehearsal.edits.diff import changes, unified
from parity.rehearsal.edits.fixes import FIXES
from tests import verdicts
from tests.trees import NO_CONFIG, tree


def pushed(files: Mapping[str, str | bytes]) -> Pushed:
    """Return a tree on its way to Heroku."""
    return Pushed(tree(files), NO_CONFIG, "heroku-26", ())


def bound(push: Pushed, host: str, port: int) -> Boot:
    """Return a dyno with $PORT 23817 whose server listens elsewhere."""
    listener = Listener(host, port, 3320, "python3", False, True, True)
    plan = verdicts.plan(push.source)
    return verdicts.boot(verdicts.slug(plan), state="timeout", listeners=(listener,), port=23817)


def address(
    file: str, text: str | bytes, line: int, host: str = "127.0.0.1", port: int = 5000
) -> str | None:
    """Return the file after the fix of the blamed line; None: no edit."""
    push = pushed({file: text})
    blamed = verdicts.finding("binds-loopback", evidence=(Evidence("seen", file, line),))
    edit = FIXES["binds-loopback"](push, bound(push, host, port), blamed)
    data = edit[1].source.entries[file].data if edit else None
    return data.decode() if data is not None else None


PORT = 'int(os.environ.get("PORT", {}))'


@pytest.mark.parametrize(
    ("text", "line", "wanted"),
    [
        ("import os\napp.run()\n", 2, f'import os\napp.run(host="0.0.0.0", port={PORT})\n'),
        ("app.run()\n", 1, f'import os\n\napp.run(host="0.0.0.0", port={PORT})\n'),
        (
            "import sys\nuvicorn.run(app, port=5000, reload=True)\n",
            2,
            f'import os\nimport sys\nuvicorn.run(app, port={PORT}, reload=True, host="0.0.0.0")\n',
        ),
        (
            "import os\ndemo.launch(debug=True)\n",
            2,
            f'import os\ndemo.launch(debug=True, server_name="0.0.0.0", server_port={PORT})\n',
        ),
        (
            "import os\nserve(app, host='127.0.0.1', port=5000)\n",
            2,
            f'import os\nserve(app, host="0.0.0.0", port={PORT})\n',
        ),
        (
            "import os\nPORT = 5000\napp.run('localhost', PORT, debug=True)\n",
            3,
            f'import os\nPORT = {PORT}\napp.run("0.0.0.0", PORT, debug=True)\n',
        ),
        (
            "import os\nuvicorn.run(\n    'main:app',\n    port=5000,\n)\n",
            2,
            f"import os\nuvicorn.run(\n    'main:app',\n    port={PORT}, host=\"0.0.0.0\",\n)\n",
        ),
        (
            "import os\nmake_server('', 5000, app).serve_forever()\n",
            2,
            f'import os\nmake_server("0.0.0.0", {PORT}, app).serve_forever()\n',
        ),
        (
            '"""Ä."""\nfrom __future__ import annotations\nx = "ä"; app.run(host="127.0.0.1")\n',
            3,
            '"""Ä."""\nfrom __future__ import annotations\nimport os\n\nx = "ä"; '
            f'app.run(host="0.0.0.0", port={PORT})\n',
        ),
    ],
)
def test_python_addresses(text: str, line: int, wanted: str) -> None:
    """Host and port are set where the call has them, with the old number for the laptop."""
    right = wanted.replace("{}", "5000")
    assert address("app.py", text, line) == right
    assert address("app.py", text.replace("\n", "\r\n"), line) == right.replace("\n", "\r\n")
    marked = address("app.py", "\ufeff" + text, line)
    assert marked == "\ufeff" + right


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("app.run(**options)\n", 1),
        ("app.run(*address)\n", 1),
        ("app.run(host=HOST, port=5000)\n", 1),
        ("import os\nHOST = 'localhost'\nHOST = 'a'\napp.run(host=HOST)\n", 4),
        ("app.run(host=config['host'])\n", 1),
        ("from my import os\napp.run()\n", 2),
        ("import json as os\napp.run()\n", 2),
        ("asyncio.run(main())\n", 1),
        ("subprocess.run(['x'])\n", 1),
        ("demo.launch(True)\n", 1),
        ("app.run(); app.run()\n", 1),
        ("start()\n", 1),
        ("app.run(\n", 1),
        ("app.run(port=(5000))\n", 1),
        (b"app.run() # \xff\n", 1),
        ("app.run()\x0c\n", 1),
    ],
)
def test_no_edit_where_the_address_comes_from_elsewhere(text: str | bytes, line: int) -> None:
    """In doubt there is no edit."""
    assert address("app.py", text, line) is None


def test_only_what_is_wrong_is_changed() -> None:
    """A correct port stays, and so does a correct host."""
    told = 'import os\napp.run(host="127.0.0.1", port=int(os.environ["PORT"]))\n'
    assert address("app.py", told, 2, port=23817) == told.replace("127.0.0.1", "0.0.0.0")
    text = 'import os\napp.run(host="0.0.0.0", port=8000)\n'
    right = text.replace("8000", PORT.format(8000))
    assert address("app.py", text, 2, host="0.0.0.0", port=8000) == right


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("app.listen(3000);\n", "app.listen(process.env.PORT || 3000);\n"),
        (
            "app.listen(3000, () => console.log('localhost'));\n",
            "app.listen(process.env.PORT || 3000, () => console.log('localhost'));\n",
        ),
        (
            "app.listen({ port: 3000 }, go);\n",
            "app.listen({ port: process.env.PORT || 3000 }, go);\n",
        ),
        ("app.listen(port);\nconst port = other;\n", None),
        ("app.listen(port);\nlet port = 3000;\nport = 3000;\n", None),
        ("app.listen(3000);\nadmin.listen(3001);\n", None),
        ("app.listen(config.port);\n", None),
    ],
)
def test_node_ports(text: str, wanted: str | None) -> None:
    """The number behind $PORT is removed; there is no edit if another line may set it."""
    assert address("server.js", text, 1, "0.0.0.0", 3000) == wanted


def test_node_hosts() -> None:
    """The host is set if exactly one is named."""
    right = "app.listen(process.env.PORT || 3000, '0.0.0.0');\n"
    assert address("server.js", "app.listen(3000, 'localhost');\n", 1, port=3000) == right
    assert address("server.js", "app.listen(3000, host);\n", 1, port=3000) is None
    two = "app.listen(3000, 'localhost', '127.0.0.1');\n"
    assert address("server.js", two, 1, port=3000) is None


def told(id: str, files: Mapping[str, str | bytes], **names: str) -> dict[str, str] | None:
    """Return the files after an edit of the Procfile's first line, or of what it names."""
    push = pushed(files)
    finding = verdicts.finding(id, evidence=(Evidence("seen", "Procfile", 1, names=names),))
    process = ProcessType("web", "x", 1)
    record = bound(push, "127.0.0.1", 5000)._replace(process=process)
    edit = FIXES[id](push, record, finding)
    entries = edit[1].source.entries if edit else {}
    return {p: (e.data or b"").decode() for p, e in entries.items()} if edit else None


APP = {"main.py": "app = Flask(__name__)\n"}


def test_a_line_of_the_procfile() -> None:
    """Line ends, comments and other lines stay."""
    files = {**APP, "Procfile": "web: gunicorn app:app\r\n# x\r\nworker:  python w.py"}
    right = edits.command("web", "gunicorn main:app")
    findings = told("wrong-module", files, advice=right)
    assert (
        findings and findings["Procfile"] == "web: gunicorn main:app\r\n# x\r\nworker:  python w.py"
    )
    two = {**files, "other.py": "app = Flask(__name__)\n"}
    assert told("wrong-module", two, advice=right) is None
    assert told("wrong-module", files, advice=f"{right} Or something else.") is None
    assert told("wrong-module", {**files, "Procfile": "release: x\n"}, advice=right) is None
    assert told("space-before-colon", files, type="worker", right="python w.py") is None


def test_only_known_packages_are_installed() -> None:
    """Anybody can register an unknown module's name on PyPI, so only known packages are added."""
    files = {"Procfile": "web: x\n", "requirements.txt": "flask"}
    names = {"manifest": "requirements.txt", "module": "yaml", "package": "PyYAML"}
    findings = told("missing-dependency", files, **names)
    assert findings and findings["requirements.txt"] == "flask\nPyYAML\n"
    assert told("missing-dependency", files, **names | {"package": "mycompanytool"}) is None
    assert told("missing-dependency", files, **names | {"manifest": "Pipfile"}) is None
    assert told("missing-dependency", {"Procfile": "web: x\n"}, **names) is None
    wide = {**files, "requirements.txt": "flask\n".encode("utf-16")}
    assert told("missing-dependency", wide, **names) is None


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("from Models import User", "from models import User"),
        ("import Models", "import models as Models"),
        ("import Models as m", "import models as m"),
        ("import Models, os", None),
        ("x = 'from Models import'", None),
    ],
)
def test_imports_in_another_case(line: str, wanted: str | None) -> None:
    """The file's name counts; the app's own name for the import stays."""
    push = pushed({"app.py": f"{line}\n", "models.py": ""})
    names = {"module": "Models", "right": "models"}
    finding = verdicts.finding("case", evidence=(Evidence("x", "app.py", 1, names=names),))
    edit = FIXES["module-in-other-case"](push, bound(push, "127.0.0.1", 1), finding)
    data = edit[1].source.entries["app.py"].data if edit else None
    assert data == (f"{wanted}\n".encode() if wanted else None)


def test_an_executable_script() -> None:
    """Only a script that names its interpreter is made executable."""
    for text, mode in (("#!/bin/sh\n", 0o100755), ("echo\n", None)):
        push = pushed({"run.sh": text})
        names = {"script": "run.sh"}
        finding = verdicts.finding("x", evidence=(Evidence("x", "run.sh", names=names),))
        edit = FIXES["script-not-executable"](push, bound(push, "127.0.0.1", 1), finding)
        assert (edit[1].source.entries["run.sh"].mode if edit else None) == mode


FILES = [
    ("a.txt", b"one\ntwo\n", b"one\nthree\n"),
    ("end.txt", b"one\ntwo", b"one\ntwo\n"),
    ("none.txt", b"one\n", b"one"),
    ("crlf.txt", b"one\r\ntwo\r\n", b"one\ntwo\n"),
    ("bom.txt", b"\xef\xbb\xbfone\n", b"\xef\xbb\xbftwo\n"),
    ("new.txt", None, b"one\r\ntwo"),
    ("gone.txt", b"one\n", None),
    ("a folder/a b.txt", b"x\n", b"y\n"),
    ("ff.txt", b"one\x0ctwo\x85\n\xe2\x80\xa8three\r\n", b"one\x0c2\x85\n"),
    ("empty.txt", b"", b"one\n"),
    ("emptied.txt", b"one\n", b""),
]


def entry(data: bytes | None, mode: int = 0o100644) -> Entry | None:
    """Return a file with these bytes."""
    return None if data is None else Entry(mode, len(data), None, data)


@pytest.mark.real
def test_git_applies_the_diffs(tmp_path: Path) -> None:
    """git applies them, whatever the line ends."""
    readable = [(p, o, n) for p, o, n in FILES if p != "ff.txt"]
    for path, old, _ in readable:
        (tmp_path / path).parent.mkdir(exist_ok=True)
        if old is not None:
            (tmp_path / path).write_bytes(old)
    (tmp_path / "run.sh").write_bytes(b"#!/bin/sh\n")
    before = {p: e for p, old, _ in readable if (e := entry(old))}
    after = {p: e for p, _, new in readable if (e := entry(new))}
    script = entry(b"#!/bin/sh\n")
    assert script
    before["run.sh"], after["run.sh"] = script, script._replace(mode=0o100755)
    empty = tree({})
    diff = unified(changes(empty._replace(entries=before), empty._replace(entries=after)))
    assert diff
    subprocess.run(["git", "apply", "-"], input=diff.encode(), cwd=tmp_path, check=True)
    for path, _, new in readable:
        found = (tmp_path / path).read_bytes() if (tmp_path / path).exists() else None
        assert found == new, path
    assert (tmp_path / "run.sh").stat().st_mode & 0o111


def test_what_no_diff_can_show() -> None:
    """Bytes that are not text, names that git would quote, a file that is too long."""
    for path, old, new in (
        ("a.txt", b"\xff\n", b"x\n"),
        ("a.txt", b"a\0b\n", b"x\n"),
        ('a"b.txt', b"a\n", b"x\n"),
        ("a\nb.txt", b"a\n", b"x\n"),
        ("a.txt", b"a\n" * 200_000, b"x\n"),
    ):
        assert unified({path: (entry(old), entry(new))}) is None
    assert unified({}) is None
