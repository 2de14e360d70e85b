"""Where a Node.js app listens: the line of its code or of package.json, and what to write there."""

import re

from parity.facts.buildpacks import NODE
from parity.records import Boot, Source, edits
from parity.rules.views.node_source import command, find, found, is_node, line_in_package, script
from parity.rules.views.python_source import CodePlace, line_of
from parity.rules.views.server_command import addressed, server_command

_CALL = r"(?<![\w.$])([\w.$]+)\.listen\(\s*([^,)]*)"
_LISTENS = r"\.listen\("
_VALUE = r"([=:]\s*)(?:\d+|[\"'`][^\"'`]*[\"'`]|[\w.]+(?:\s*\|\|\s*\S+?)?)(?=[\s,;})]|$)"
LOCAL = re.compile(r"([\"'`])(?:localhost|127\.0\.0\.1|::1)\1")
"""A string that names only this machine."""

_DEFINED = r"\b(?:const|let|var)?\s*{name}\b\s*(?::\s*\w+\s*)?[=:]\s*(?!=)(.+)"


def concerns(boot: Boot) -> bool:
    """Return whether Node.js runs the process."""
    plan = boot.release.slug.plan
    return is_node(plan) or (NODE in boot.release.slug.interpreters and _runs_node(boot))


def _runs_node(boot: Boot) -> bool:
    text = command(boot.release.slug.plan.source, boot.process)
    return re.search(r"\b(?:node|npm|yarn|pnpm|npx|next|vite)\b", text) is not None


def place(boot: Boot) -> tuple[str, int | None, int | None, str]:
    """Return the line to change if no second boot showed it: file, line, column and text."""
    source = boot.release.slug.plan.source
    named_script = script(source, boot.process)
    at_server = server_command(command(source, boot.process))
    line = None if at_server else find(source, _LISTENS)
    if line:
        return line.file, line.line, line.column, line.text
    if named_script:
        number = line_in_package(source, "scripts", named_script[0])
        return "package.json", number, None, named_script[1]
    return "Procfile", boot.process.line or None, None, ""


def assigned(boot: Boot, port: int) -> tuple[str, int | None, int | None, str] | None:
    """Return the place of a command that replaces $PORT: `PORT=3000 node server.js`."""
    source = boot.release.slug.plan.source
    text = command(source, boot.process)
    if not re.search(rf"(?:^|\s)PORT=['\"]?{port}\b", text):
        return None
    named_script = script(source, boot.process)
    if named_script is None:
        return "Procfile", boot.process.line or None, None, ""
    return (
        "package.json",
        line_in_package(source, "scripts", named_script[0]),
        None,
        named_script[1],
    )


def repair(boot: Boot, file: str, line: int | None, code: str) -> str:
    """Return what to write instead of the line that listens."""
    source = boot.release.slug.plan.source
    if file == "package.json":
        return _script_repair(boot, code)
    call = re.search(_CALL, code)
    if call is None:
        return f"Change line {line} of {file} to listen on `process.env.PORT`, host '0.0.0.0'."
    first = call[2].strip()
    if first.startswith("{"):
        right = f"{call[1]}.listen({{ port: process.env.PORT || 3000, host: '0.0.0.0' }})"
        return f"In {file} write `{right}`."
    named = host(source, file, code)
    if named and not first.isdigit() and _definition(source, file, first) is None:
        value = LOCAL.sub("'0.0.0.0'", named.text)
        return f"In line {named.line} of {file} write `{value}`."
    right = _right(call[1], code)
    other = _definition(source, file, first)
    if other is None:
        return f"In {file} write `{right}`."
    value = re.sub(_VALUE, r"\1process.env.PORT || 3000", other.text, count=1)
    also = f", and in {file} `{_named(right, first)}`" if "'0.0.0.0'" in right else ""
    return f"In line {other.line} of {other.file} write `{value}`{also}."


def host(source: Source, file: str, code: str) -> CodePlace | None:
    """Return the line that limits the variable with a call's host to this machine."""
    call = re.search(r"\.listen\([^,)]+,\s*([A-Za-z_$][\w$]*)\s*[,)]", code)
    defined = _DEFINED.format(name=re.escape(call[1])) if call else r"(?!)"
    places = (p for p in found(source, defined) if p.file == file)
    return next((p for p in places if LOCAL.search(p.text)), None)


def _right(server: str, code: str) -> str:
    """Return the call with the right port and, if it names a host, the right host."""
    host = ", '0.0.0.0'" if re.search(r"localhost|127\.0\.0\.1|::1", code) else ""
    rest = ", …" if re.search(r"=>|function|\bcb\b|callback", code) else ""
    return f"{server}.listen(process.env.PORT || 3000{host}{rest})"


def _named(right: str, name: str) -> str:
    return right.replace("process.env.PORT || 3000", name)


def _definition(source: Source, file: str, name: str) -> CodePlace | None:
    """Return the line that sets the variable to listen on, if it does not use $PORT."""
    bare = name.rpartition(".")[2]
    if not re.fullmatch(r"[A-Za-z_$][\w$]*", bare):
        return None
    pattern = _DEFINED.format(name=re.escape(bare))
    places = [p for p in found(source, pattern) if ".listen(" not in p.text]
    near = [p for p in places if p.file == file] or places
    wrong = (p for p in near if "process.env.PORT" not in p.text)
    return next(wrong, None)


def definition(boot: Boot, file: str, line: int | None) -> CodePlace | None:
    """Return the line that sets the port or host of a `listen` line, if it is another one."""
    source = boot.release.slug.plan.source
    code = line_of(source, file, line or 0)
    call = re.search(_CALL, code)
    wrong = _definition(source, file, call[2].strip()) if call else None
    return wrong or host(source, file, code)


def _script_repair(boot: Boot, text: str) -> str:
    """Return advice to give a script of package.json the address that Heroku needs."""
    source = boot.release.slug.plan.source
    named_script = script(source, boot.process)
    name = named_script[0] if named_script else "start"
    plain = re.sub(r"(^|\s)(?:cross-env\s+)?PORT=\S+\s*", r"\1", text)
    if plain != text:
        return edits.script(name, plain, ": Heroku sets PORT.")
    right = addressed(text)
    if right is not None:
        aside = " (This is a development server: build the app and serve the result instead.)"
        return f"{edits.script(name, right)}{aside if _develops(text) else ''}"
    changed = re.sub(r"(?<=[\s:=])\d{4,5}\b", "$PORT", text)
    changed = re.sub(r"\b(127\.0\.0\.1|localhost)\b", "0.0.0.0", changed)
    if changed != text:
        return edits.script(name, changed)
    return "Listen on `process.env.PORT` and host '0.0.0.0' in the server's code or options."


def _develops(text: str) -> bool:
    """Return whether a command starts a server for development."""
    found = server_command(text)
    if found is None or found.program == "serve":
        return False
    words = [found.program, *(word.value for word in found.after[:1])]
    bare = found.program == "vite" and words[1:] != ["preview"]
    return bare or bool({"dev", "serve", "webpack-dev-server"} & {*words})
