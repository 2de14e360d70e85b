"""H14, no web process: the symptom, and what is wrong with the file that should declare it."""

import re
import stat
from collections.abc import Iterator

from parity.facts.buildpacks import BUILDPACKS, PYTHON
from parity.facts.limits import ERROR_CODES
from parity.facts.procfile import ARTICLE, ROUTED
from parity.facts.python import POST_COMPILE, PRE_COMPILE
from parity.records import Boot, Plan, Slug
from parity.records.verdict import Evidence
from parity.rules.engine import rule
from parity.rules.phrases import CORS, FILES, routed
from parity.rules.views.procfile_lines import commented, shown
from parity.rules.views.suggestions import kept_out, missing_server, web_line

_HOOKS = (PRE_COMPILE, POST_COMPILE)


def no_web(plan: Plan) -> bool:
    """Return whether Heroku would find no web process, not even the buildpack's default."""
    return (
        plan.refusal is None
        and _followed(plan)
        and ROUTED not in plan.processes
        and not _unread(plan)
        and all(name in BUILDPACKS for name in plan.detected)
    )


def _followed(plan: Plan) -> bool:
    """Return whether the default types are known: the Python buildpack never has any."""
    return plan.buildpack == PYTHON or any(x.language == plan.buildpack for x in plan.runtimes)


def _built_without_web(slug: Slug) -> bool:
    """Return the same after the build, for a buildpack in a folder, which may declare types."""
    done = slug.refusal is None and slug.unknown is None
    stranger = any(name not in BUILDPACKS for name in slug.plan.runs)
    return done and stranger and ROUTED not in slug.plan.processes


def _unread(plan: Plan) -> bool:
    """Return whether there is a Procfile that parity could not read."""
    entry = plan.source.entries.get("Procfile")
    kept = entry is None or entry.data is not None or not stat.S_ISREG(entry.mode)
    return "Procfile" in plan.source.unread or not kept


def listens(boot: Boot) -> bool:
    """Return whether a process that gets no requests listens on `$PORT`."""
    return (
        boot.process.name != ROUTED
        and ROUTED not in boot.release.slug.plan.processes
        and any(x.own and x.port == boot.port and not x.loopback for x in boot.listeners)
    )


@rule(
    "H14",
    effect="fail",
    title="No web process",
    cause="Heroku routes requests to a process type called web. The push succeeds, but no web"
    " dyno runs. The first request gets a 503 error page, and the log shows at=error"
    ' code=H14 desc="No web processes running".',
    fix="The Procfile in the root needs a line that begins with `web: `; see the cause below.",
    docs=f"{ERROR_CODES}#h14-no-web-dynos-running",
    heroku="H14",
    prints=routed("H14", "No web processes running"),
    browser=CORS,
    laptop="The laptop starts what you type. Heroku starts what the Procfile calls `web`, and"
    " only if it is scaled: `heroku ps:scale web=1`.",
    by={
        "Flask": "web: gunicorn app:app",
        "Django": "web: gunicorn PROJECT.wsgi",
        "FastAPI": "web: uvicorn main:app --host 0.0.0.0 --port $PORT",
        "a bot": "nothing is wrong: scale the worker, and do not open the app's page",
    },
)
def H14(record: Plan | Slug | Boot) -> Iterator[Evidence]:
    if isinstance(record, Slug):
        if _built_without_web(record):
            types = shown(", ".join(record.plan.processes)) or "(none)"
            yield Evidence(f"no buildpack and no Procfile declares web; types: {types}")
    elif isinstance(record, Boot):
        if listens(record):
            process = record.process
            seen = f"{process.name} listens on $PORT, and no process type is called web"
            yield Evidence(seen, "Procfile", process.line or None)
    elif no_web(record):
        types = shown(", ".join(record.processes)) or "(none)"
        yield Evidence(f"Procfile declares types -> {types}", "Procfile", heroku=True)


@rule(
    "procfile-not-committed",
    leads_to=H14,
    title="The Procfile is on your disk, but not in git",
    cause="git push sends what is committed. The Procfile is not, so Heroku has none.",
    fix="Type `git add Procfile` (if an ignore rule excludes it, first remove that line from"
    " {ignorer}), commit, push again.",
    docs="https://devcenter.heroku.com/articles/git",
    apart="`Procfile declares types -> (none)`, and git status names it",
    laptop=FILES,
)
def procfile_not_committed(plan: Plan) -> Iterator[Evidence]:
    if no_web(plan) and plan.procfile is None:
        yield from kept_out(plan.source, "Procfile")


@rule(
    "procfile-not-a-file",
    leads_to=H14,
    title="Procfile is {what:a folder or a link}, not a file",
    cause="Heroku reads a regular file called Procfile in the root of what is pushed.",
    fix="Replace it with a text file called Procfile that has the line `{write:web: COMMAND}`.",
    docs=ARTICLE,
)
def procfile_not_a_file(plan: Plan) -> Iterator[Evidence]:
    if not no_web(plan) or plan.procfile:
        return
    entry = plan.source.entries.get("Procfile")
    inside = next((p for p in plan.source.entries if p.startswith("Procfile/")), None)
    what = None
    if entry and stat.S_ISLNK(entry.mode):
        what = "a symbolic link to a place outside what is pushed"
    elif inside or (entry and not stat.S_ISREG(entry.mode)):
        what = "a folder"
    if what:
        names = {"what": what, "write": web_line(plan.source)}
        yield Evidence(f"Procfile is {what}", inside or "Procfile", names=names)


@rule(
    "procfile-name",
    leads_to=H14,
    title="{name} is not read: the file must be called exactly Procfile",
    cause="Heroku reads one file, in the root: Procfile, with a capital P, the other letters in"
    " lower case, no extension. It does not look at {name}.",
    fix="Type `git mv {name} Procfile`, commit, push again. (If git does not see a change of case:"
    " `git mv -f`.)",
    docs=ARTICLE,
    apart="`Procfile declares types -> (none)`",
    laptop="macOS and Windows treat procfile as Procfile, and Windows hides `.txt`.",
)
def procfile_name(plan: Plan) -> Iterator[Evidence]:
    if no_web(plan) and plan.procfile is None:
        for name in plan.source.entries:
            if "/" not in name and _like_procfile(name, plan.source.text(name) or ""):
                seen = f"{name} is in the root, Procfile is not"
                yield Evidence(seen, name, names={"name": name})


def _like_procfile(name: str, text: str) -> bool:
    """Return whether a file was meant to be the Procfile, by its name and perhaps its text."""
    letters = re.sub("[^a-z]", "", name.lower())
    if name == "Procfile" or letters == "procfile":
        return name != "Procfile"
    near = letters.startswith("procfile") or letters in ("profile", "prockfile", "procflie", "proc")
    return near and bool(re.search(r"(?m)^[ \t]*web[ \t]*:", text))


@rule(
    "procfile-in-subfolder",
    leads_to=H14,
    title="The Procfile is in the sub-folder {folder}, not in the root",
    cause="Heroku reads only the Procfile in the root of what is pushed.",
    fix="Type `git mv {path} Procfile` and start the command with `cd {folder} && `, or push only"
    " that folder: `git subtree push --prefix {folder} heroku main`.",
    docs=ARTICLE,
)
def procfile_in_subfolder(plan: Plan) -> Iterator[Evidence]:
    if no_web(plan) and plan.procfile is None:
        paths = (p for p in plan.source.entries if p.endswith("/Procfile") and p.count("/") <= 3)
        path = min(paths, key=lambda p: (p.count("/"), p), default=None)
        if path and "Procfile" not in plan.source.entries:
            names = {"path": path, "folder": path.removesuffix("/Procfile")}
            yield Evidence(f"{path}, and no Procfile in the root", path, names=names)


@rule(
    "no-procfile",
    leads_to=H14,
    title="There is no Procfile",
    cause="The root of what is pushed has no file called Procfile, and without it Heroku does not"
    " know how to start a Python app.",
    fix="Write a file called Procfile in the root, with the line `{write:web: COMMAND}`, and"
    " commit it.{also:-}",
    docs=ARTICLE,
    fallback=True,
)
def no_procfile(plan: Plan) -> Iterator[Evidence]:
    if no_web(plan) and plan.procfile is None:
        line = web_line(plan.source)
        names = {"write": line, "also": missing_server(plan.source, line)}
        yield Evidence("no Procfile in the root: it is missing", "Procfile", names=names)


@rule(
    "procfile-encoding",
    leads_to=H14,
    title="The Procfile is not UTF-8, but {encoding:UTF-16, or another encoding}",
    cause="Heroku reads the Procfile as plain text in UTF-8 and recognises no line of this one."
    " PowerShell's `>` writes UTF-16.",
    fix="Save the Procfile again as UTF-8 without a byte order mark (PowerShell:"
    " `Set-Content -Encoding ascii Procfile '{write:web: COMMAND}'`), with the line `{write:web:"
    " COMMAND}`.",
    docs=ARTICLE,
)
def procfile_encoding(plan: Plan) -> Iterator[Evidence]:
    if not no_web(plan) or not plan.procfile:
        return
    encoding = _ODD.get(plan.procfile.encoding)
    if encoding:
        lines = (line.strip() for line in plan.procfile.lines)
        meant = next((line for line in lines if line.startswith("web:")), web_line(plan.source))
        names = {"encoding": encoding, "write": shown(meant)}
        yield Evidence(f"the Procfile is {encoding}", plan.procfile.path, 1, names=names)


_ODD = {"utf-16": "UTF-16", "binary": "binary"}
"""Encodings in which Heroku recognises nothing."""


@rule(
    "procfile-not-read",
    effect="warn",
    title="Heroku does not read the Procfile, which is {encoding:in an encoding that it does not"
    " know}",
    cause="No line of it is recognised, so Heroku runs the buildpack's own `{command}`."
    " PowerShell's `>` writes UTF-16.",
    fix="Save the Procfile again as UTF-8 without a byte order mark.",
    docs=ARTICLE,
    basis="static",
)
def procfile_not_read(plan: Plan) -> Iterator[Evidence]:
    web = plan.processes.get(ROUTED)
    encoding = _ODD.get(plan.procfile.encoding) if plan.procfile else None
    if plan.procfile and web and encoding and not web.line:
        names = {"encoding": encoding, "command": shown(web.command)}
        yield Evidence(f"the Procfile is {encoding}", plan.procfile.path, 1, names=names)


@rule(
    "procfile-empty",
    leads_to=H14,
    title="The Procfile declares nothing",
    cause="It is empty, or has only comments.",
    fix="Write the line `{write:web: COMMAND}` into it.",
    docs=ARTICLE,
)
def procfile_empty(plan: Plan) -> Iterator[Evidence]:
    procfile = plan.procfile if no_web(plan) else None
    if procfile and not procfile.types and not procfile.ignored:
        hidden = commented(procfile)
        names = {"write": shown(f"web: {hidden[1]}") if hidden else web_line(plan.source)}
        seen = "the web line is commented out" if hidden else "only blank lines and comments"
        yield Evidence(seen, "Procfile", hidden[0] if hidden else None, names=names)


@rule(
    "procfile-made-by-hook",
    leads_to=H14,
    effect="unknown",
    title="{hook} seems to write the Procfile during the build",
    cause="Heroku reads the Procfile after the build. {hook} mentions it, so there may be a web"
    " process then.",
    fix="Commit the Procfile instead: then what runs can be seen, and rehearsed.",
    docs=ARTICLE,
)
def procfile_made_by_hook(plan: Plan) -> Iterator[Evidence]:
    for hook in _HOOKS if no_web(plan) else ():
        for number, line in enumerate((plan.source.text(hook) or "").splitlines(), 1):
            if "Procfile" in line and not line.lstrip().startswith("#"):
                yield Evidence(shown(line.strip()), hook, number, names={"hook": hook})
                break
