"""app.json: its parser, and the setup of a new app from it as on Heroku.

On an existing app it has no effect: only Heroku Buttons, review apps and app-setups read it.
https://devcenter.heroku.com/articles/app-json-schema (documented).
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from parity.facts import stacks
from parity.facts.app_json import DEEPEST, GENERATOR, KEYS, NAME
from parity.facts.nodejs import number
from parity.push import tree
from parity.records import Pushed, Source
from parity.records.manifest import Dynos, EnvVar, Manifest, Problem

_VAR = re.compile(r"\w+", re.ASCII)


class _Wrong(Exception):
    """The file as a whole cannot be read: `text` says why, `line` where."""

    def __init__(self, text: str, line: int | None = None) -> None:
        super().__init__(text)
        self.text, self.line = text, line


class _Text(NamedTuple):
    """The file's text, and the problems noted so far."""

    text: str
    problems: list[Problem]

    def wrong(self, text: str, key: str) -> None:
        """Note a problem at the line of `key`."""
        self.problems.append(Problem(text, self.line(key)))

    def line(self, key: str) -> int | None:
        place = re.search(rf'"{re.escape(key)}"\s*:', self.text)
        return self.text.count("\n", 0, place.start()) + 1 if place else None


def read(source: Source) -> Manifest | None:
    """Read the app.json of the tree, with its problems; None if there is none."""
    entry = tree.file(source, NAME)
    if entry is None:
        return None
    if entry.data is None:
        return Manifest(problems=(Problem("it is larger than 1 MiB", None, fatal=True),))
    file = _Text(entry.data.decode("utf-8-sig", "replace"), [])
    try:
        content = _parsed(entry.data, file)
    except _Wrong as wrong:
        return Manifest(problems=(*file.problems, Problem(wrong.text, wrong.line, fatal=True)))
    return _manifest(content, file)


def _parsed(data: bytes, file: _Text) -> Mapping[str, Any]:
    """Return the object in the file. Raises `_Wrong`."""
    import json

    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _Wrong(f"byte {error.start + 1} is not UTF-8") from None
    if _depth(text) > DEEPEST:
        raise _Wrong(f"its brackets are nested more than {DEEPEST} deep")
    try:
        value = json.loads(
            text, object_pairs_hook=_pairs(file), parse_constant=_no_constant, parse_int=number
        )
    except json.JSONDecodeError as error:
        raise _Wrong(f"{error.msg} (column {error.colno}){_hint(text)}", error.lineno) from None
    except ValueError as error:
        raise _Wrong(str(error)) from None
    if not isinstance(value, dict):
        raise _Wrong("it is no JSON object", 1)
    return value


def _depth(text: str) -> int:
    """Return the nesting depth of the brackets outside strings."""
    deep = deepest = 0
    for token in re.finditer(r'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', text):
        deep += 1 if token[0] in "[{" else -1 if token[0] in "]}" else 0
        deepest = max(deepest, deep)
    return deepest


def _pairs(file: _Text) -> Any:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        if len(members) < len(pairs):
            names = [name for name, _ in pairs]
            twice = next(name for name in names if names.count(name) > 1)
            file.wrong(f"`{twice}` appears twice; the last one counts", twice)
        return members

    return unique


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _hint(text: str) -> str:
    bare = re.sub(r'"(?:[^"\\\n]|\\.)*"', '""', text)
    if re.search(r",\s*[\]}]", bare):
        return ": a comma before a closing bracket"
    return ": JSON has no comments" if re.search(r"//|/\*|^\s*#", bare, re.MULTILINE) else ""


def _manifest(content: Mapping[str, Any], file: _Text) -> Manifest:
    for key in content:
        if key not in KEYS:
            file.wrong(f"Heroku knows no key `{key}`", key)
    stack = content.get("stack")
    if stack is not None and not isinstance(stack, str):
        file.wrong("`stack` must be a string", "stack")
    return Manifest(
        env=dict(_env(_object(content, "env", file), file)),
        buildpacks=tuple(_buildpacks(content.get("buildpacks") or [], file)),
        stack=stack if isinstance(stack, str) else None,
        formation=dict(_formation(content.get("formation") or {}, file)),
        scripts=dict(_scripts(_object(content, "scripts", file), file)),
        addons=tuple(plan for plan, _ in _addons(content.get("addons") or [])),
        attached={f"{name}_URL": plan for plan, name in _addons(content.get("addons")) if name},
        problems=tuple(file.problems),
    )


def _object(content: Mapping[str, Any], key: str, file: _Text) -> Mapping[str, Any]:
    value = content.get(key) or {}
    if isinstance(value, dict):
        return value
    file.wrong(f"`{key}` must be an object", key)
    return {}


def _env(content: Mapping[str, Any], file: _Text) -> Iterator[tuple[str, EnvVar]]:
    for name, entry in content.items():
        options = {"value": entry} if isinstance(entry, str) else entry
        if not _VAR.fullmatch(name):
            file.wrong(f"the name `{name}` has other characters than letters, digits and _", name)
        elif not isinstance(options, dict):
            file.wrong(f"`{name}` must be a string or an object", name)
        else:
            yield name, _variable(name, options, file)


def _variable(name: str, options: Mapping[str, Any], file: _Text) -> EnvVar:
    value, required = options.get("value"), options.get("required", True)
    generator = options.get("generator")
    if value is not None and not isinstance(value, str):
        file.wrong(f"the value of `{name}` must be a string", name)
        value = str(value) if isinstance(value, int | float) else None
    if generator not in (None, GENERATOR):
        file.wrong(f"`{name}`: the only generator is `{GENERATOR}`", name)
    return EnvVar(name, value, required is not False, generator == GENERATOR, file.line(name))


def _buildpacks(content: Any, file: _Text) -> Iterator[str]:
    for one in content if isinstance(content, list) else ():
        url = one.get("url") if isinstance(one, dict) else one
        if isinstance(url, str) and url:
            yield url
        else:
            file.wrong("a buildpack must be an object with a `url`", "buildpacks")


def _formation(content: Any, file: _Text) -> Iterator[tuple[str, Dynos]]:
    listed = content.items() if isinstance(content, dict) else _older(content)
    for name, entry in listed:
        options = entry if isinstance(entry, dict) else {}
        quantity, size = options.get("quantity"), options.get("size")
        if quantity is not None and (not isinstance(quantity, int) or quantity < 0):
            file.wrong(f"the quantity of `{name}` must be a number from 0 on", "formation")
            quantity = None
        yield name, Dynos(quantity, size.lower() if isinstance(size, str) else None)


def _older(content: Any) -> Iterator[tuple[str, Any]]:
    """Yield the entries of an old-style formation: a list of objects with `process`."""
    for one in content if isinstance(content, list) else ():
        if isinstance(one, dict) and isinstance(one.get("process"), str):
            yield one["process"], one


def _scripts(content: Mapping[str, Any], file: _Text) -> Iterator[tuple[str, str]]:
    for name, entry in content.items():
        command = entry.get("command") if isinstance(entry, dict) else entry
        if isinstance(command, str):
            yield name, command
        else:
            file.wrong(f"the script `{name}` must be a string", name)


def _addons(content: Any) -> Iterator[tuple[str, str]]:
    """Yield the plan of each add-on, and the name that its attachment gets, if it has one."""
    for one in content if isinstance(content, list) else ():
        plan = one.get("plan") if isinstance(one, dict) else one
        name = one.get("as") if isinstance(one, dict) else None
        if isinstance(plan, str):
            yield plan, name.upper() if isinstance(name, str) else ""


def set_up(pushed: Pushed) -> Pushed:
    """Return the app as Heroku creates it from app.json; options that were typed win.

    Generated values differ in every run, as they do on Heroku.
    """
    manifest = pushed.source.manifest
    if manifest is None:
        return pushed
    values, origin = dict(pushed.config.values), dict(pushed.config.origin)
    for name, variable in manifest.env.items():
        value = _value(variable)
        if name not in values and value is not None:
            values[name], origin[name] = value, NAME
    unset = tuple(
        n for n, variable in manifest.env.items() if variable.required and n not in values
    )
    done = manifest._replace(applied=True, unset=unset)
    typed = pushed.stack != stacks.DEFAULT
    return Pushed(
        source=pushed.source._replace(manifest=done),
        config=pushed.config._replace(values=values, origin=origin),
        stack=pushed.stack if typed else manifest.stack or pushed.stack,
        buildpacks=pushed.buildpacks or tuple(map(_no_folder, manifest.buildpacks)),
    )


def _no_folder(buildpack: str) -> str:
    """Return a buildpack of app.json as a name, never a folder: Heroku does not see this disk."""
    from parity.push.buildpacks import naming

    return f"urn:buildpack:{buildpack}" if naming.folder(buildpack) else buildpack


def _value(variable: EnvVar) -> str | None:
    if variable.value is None and variable.generated:
        from secrets import token_hex

        return token_hex(32)
    return variable.value
