"""Crashes because a file that the app opens is missing, not in git, or only an LFS pointer."""

import re
from collections.abc import Iterator

from parity.records.verdict import Evidence
from parity.rules.crash.python.modules import GIT, how_to_add
from parity.rules.crash.subprocesses import absent_program
from parity.rules.crash.symptoms import ENDINGS, at_place
from parity.rules.engine import rule
from parity.rules.phrases import FILES
from parity.rules.push.source import LFS
from parity.rules.shell import word
from parity.rules.views.dyno_paths import APP
from parity.rules.views.facts import AbsentFile
from parity.rules.views.python_source import at, find, line_of
from parity.rules.views.python_source import found as places
from parity.rules.views.python_traceback import Crash, PythonError
from parity.rules.views.suggestions import kept_out


def unopened(crash: Crash) -> AbsentFile | None:
    """Return the missing file that the app tried to open."""
    path = _opened(crash)
    if not path or absent_program(crash):
        return None
    why, advice, inside = _about(crash, path)
    evidence = at_place(crash)
    place = None if evidence else find(crash.source, rf"""["']{re.escape(path)}["']""")
    evidence = at(place.text, place) if place else evidence
    ignored = tuple(one._replace(names={}) for one in kept_out(crash.source, inside))
    return AbsentFile(path, why, advice, (evidence, *ignored)) if evidence else None


def _opened(crash: Crash) -> str | None:
    """Return the missing path, from the exception or from the one behind a logging handler's."""
    head = next(iter(crash.chain), None)
    handler = head and head.message.startswith("Unable to configure handler")
    for raised in crash.chain if handler else crash.chain[:1]:
        match = re.search(_NO_FILE, raised.message)
        if match and raised.kind in ("FileNotFoundError", "OSError", "RuntimeError"):
            return (match[1] or match[2]).encode().decode("unicode_escape", "replace")
    return None


_NO_FILE = (
    r"No such file or directory: '(.+)'|(?:File at path|Directory) '?([^\s']+)'? does not exist\.?$"
)
"""Messages of Python, and of Starlette's FileResponse and StaticFiles."""


def _about(crash: Crash, path: str) -> tuple[str, str, str]:
    """Return why a path is missing, what to do, and the path within the tree."""
    inside = path.removeprefix(f"{APP}/")
    if re.match(r"[A-Za-z]:[\\/]|/Users/|/home/", inside):
        why = "That is a path on the machine where the app was written."
        return why, "Build the path from `Path(__file__).parent`, and commit the file.", inside
    if "\\" in inside:
        right = inside.replace("\\", "/")
        why = "A backslash separates folders on Windows only; on Linux it is part of the name."
        return why, f'Write `"{right}"`, or `Path("{right}")` from pathlib.', right
    if inside.endswith(".log"):
        return _log(inside)
    folder = _folder(crash, inside)
    if folder:
        why = f"There is no folder {folder}: git keeps no empty ones."
        advice = f'Create it when the app starts: `os.makedirs("{folder}", exist_ok=True)`.'
        return (
            why,
            f"{advice} Or commit a file in it (`git add -f {word(folder)}/.gitkeep`).",
            inside,
        )
    twin = _twin(crash, inside)
    if twin:
        return (
            f"The tree has {twin}: on Linux upper and lower case differ.",
            f"Write `{twin}`.",
            inside,
        )
    return _elsewhere(crash, path, inside)


def _twin(crash: Crash, path: str) -> str | None:
    """Return the file or folder in the tree that differs from the path only in case."""
    parts = path.count("/") + 1
    paths = ("/".join(p.split("/")[:parts]) for p in crash.source.entries)
    return next((p for p in paths if p.lower() == path.lower() and p != path), None)


def _elsewhere(crash: Crash, path: str, inside: str) -> tuple[str, str, str]:
    """Return the same for a path that is only on disk, in another folder, or nowhere."""
    whole = any(inside.startswith(p) for p in crash.source.absent if p.endswith("/"))
    if inside in crash.source.absent or whole:
        what = "Its folder" if whole else "It"
        why = f"{what} is on your disk, but not in git, so it is not pushed."
        return why, _secret(inside) or how_to_add(crash, inside), inside
    below = next((p for p in crash.source.entries if p.endswith(f"/{inside}")), None)
    if below and not path.startswith("/"):
        return (
            f"The tree has {below}. A path is relative to where the command starts, the root of"
            " what is pushed, not to the file that opens it.",
            f'Write `Path(__file__).parent / "{inside}"` if the file is beside the code, or else'
            f" `{below}`.",
            inside,
        )
    why = "It is not in the pushed tree; what an earlier run wrote is lost with its dyno."
    return why, "Commit the file, or create it if it is missing.", inside


_LISTS = r"\b(?:listdir|scandir|iterdir|chdir|walk)\(|StaticFiles\("
_WRITES = r"""\bopen\(.*["'][wax]b?\+?["']|\.save\(|\.write_\w+\(|\.to_\w+\("""


def _folder(crash: Crash, path: str) -> str | None:
    """Return the folder that the line lists or writes to, if the tree does not have it."""
    place = at_place(crash)
    code = place.names["code"] if place else ""
    above = path.rpartition("/")[0]
    folder = path if re.search(_LISTS, code) else above if re.search(_WRITES, code) else ""
    paths = [p.lower() for p in crash.source.entries]
    name = f"/{folder.lower()}/"
    exists = any(name in f"/{p}/" for p in paths)
    return folder if folder and not folder.startswith("/") and not exists else None


def _log(path: str) -> tuple[str, str, str]:
    """Return the same for a log file, whose folder is missing."""
    folder = path.rpartition("/")[0] or "."
    why = "git keeps no empty folders, and a log file does not belong in git."
    advice = (
        "Log to the standard output (`logging.StreamHandler()`): Heroku collects it, and a file is"
        f' lost with its dyno. Or create the folder first: `os.makedirs("{folder}",'
        " exist_ok=True)`."
    )
    return why, advice, ""


def _secret(path: str) -> str | None:
    """Return advice about a file with secrets, which does not belong in git."""
    name = path.rpartition("/")[2].lower()
    if not re.search(r"cred|secret|token|key|service.?account|client_id|\.pem$|\.env", name):
        return None
    variable = re.sub(r"\W+", "_", name).strip("_").upper()
    return (
        f'A secret belongs in a config var: `heroku config:set {variable}="$(cat {word(path)})"`,'
        f' and in the code read `os.environ["{variable}"]` instead (`json.loads(…)` for JSON).'
    )


@rule(
    "lfs-pointer-opened",
    leads_to=ENDINGS,
    title="{path} is a Git LFS pointer in the dyno, but the app reads it as the file",
    cause="Heroku's git does not fetch LFS objects: the app finds a text of about 130 bytes instead"
    " of the file: {error}",
    fix="Keep the file in git itself (`git lfs migrate export --include={path}`), or fetch it from"
    " elsewhere when the app starts.",
    docs=GIT,
    apart="an error about the content of a file that Git LFS stores",
    laptop=FILES,
)
def lfs_pointer_opened(crash: Crash) -> Iterator[Evidence]:
    place = at_place(crash)
    text = _around(crash, place) if place else ""
    if not place or not text:
        return
    for path, entry in crash.source.entries.items():
        if entry.data and entry.data.startswith(LFS) and path.rpartition("/")[2] in text:
            yield Evidence("begins like a Git LFS pointer", path, 1, names={"path": path})
            yield place
            return


def _around(crash: Crash, place: Evidence) -> str:
    """Return the failing line and the lines before it, if a file's content can be the cause."""
    raised = crash.raised
    kinds = r"Unpickl|Decode|Unidentified|BadZip|EOFError|ValueError|InvalidProtobuf|ParserError"
    kinds += r"|BadGzip|DatabaseError|InvalidFile|RuntimeError|XGBoost|LightGBM|KeyError"
    if raised is None or not re.search(kinds, raised.kind):
        return ""
    lines = range((place.line or 1) - 5, (place.line or 1) + 1)
    return "\n".join(line_of(crash.source, place.file or "", number) for number in lines)


@rule(
    "database-not-in-git",
    instead_of=("database-folder-missing",),
    leads_to=ENDINGS,
    title="The SQLite file {path} is on your disk, but not in git",
    cause="git push sends only what is committed, and the app opens a database that must be there"
    " already: {error}",
    fix="{advice:Commit the file if the app only reads it.} What the app writes into it is lost at"
    " every restart: Heroku Postgres is better.",
    docs="https://devcenter.heroku.com/articles/sqlite3",
    apart="`unable to open database file`",
    laptop=FILES,
)
def database_not_in_git(crash: Crash) -> Iterator[Evidence]:
    path = unopened_database(crash)
    place = at_place(crash)
    if path and place:
        names = {**place.names, "path": path, "advice": how_to_add(crash, path)}
        yield place._replace(names=names)
        for evidence in kept_out(crash.source, path):
            yield evidence._replace(names={})


def unopened_database(crash: Crash) -> str | None:
    """Return the SQLite file that the line opens, if it is on disk but not in git.

    Its folder must be in the tree.
    """
    raised, place = crash.raised, at_place(crash)
    if not raised or not place or "unable to open database file" not in raised.message:
        return None
    databases: list[str] = re.findall(
        r"(?<![\w./-])[\w./-]+\.(?:db|sqlite3?)\b", place.names["code"]
    )
    for path in (name.removeprefix("./").removeprefix(f"{APP}/") for name in databases):
        folder = path.rpartition("/")[0]
        exists = not folder or any(p.startswith(f"{folder}/") for p in crash.source.entries)
        if exists and path in crash.source.absent:
            return path
    return None


_SETTINGS = r"""\bdotenv_values\(|\.read\(\s*["']([\w./-]+\.(?:ini|cfg|conf))["']"""
"""Calls that read a settings file and treat a missing one as empty."""


@rule(
    "settings-file-not-there",
    leads_to=ENDINGS,
    title="{path} is not in the dyno, and what reads it does not say so",
    cause="configparser and dotenv_values treat a missing file as an empty one, so the error"
    " appears only where the setting is used: {error}",
    fix="{advice:Read the value from a config var.}",
    docs="https://devcenter.heroku.com/articles/config-vars",
    apart="`KeyError` or `NoSectionError` for a name in a settings file",
    laptop=FILES,
)
def settings_file_not_there(crash: PythonError) -> Iterator[Evidence]:
    raised, here = crash.raised, at_place(crash)
    kinds = ("KeyError", "NoSectionError", "NoOptionError")
    if not here or raised.kind not in kinds:
        return
    calls = (match for match in places(crash.source, _SETTINGS) if match.file == here.file)
    place = next(calls, None)
    match = re.search(_SETTINGS, place.text) if place else None
    path = (match[1] or ".env") if match else ""
    if place and path and path not in crash.source.entries and "environ" not in here.names["code"]:
        keys = re.findall(r"""["'](\w+)["']""", here.names["code"]) or ["NAME"]
        variable = "_".join(keys).upper()
        advice = f'Read it from a config var, `os.environ["{variable}"]`, and type `heroku'
        advice += f" config:set {variable}=VALUE`. A file without secrets can be committed."
        yield at(place.text, place, path=path, error=raised.told, advice=advice)
        yield here._replace(names={})
