"""What becomes of the printed fixes, on request: `python -m tests.bench.fixes [APP…] [-j N]`.

Each app (a folder of tests/apps; others must be repositories, or have an `expected.json` with
`setup`) is rehearsed, gets the fix of its first finding, and is rehearsed again. The fix is the
proved edit, else what its words say to write or to type: lines of files, `git`, `chmod`, `sed`,
`heroku config:set`. Counted are the apps that then *work*, those with a *new* problem, those that
get the *same* advice again (there should be none), and those whose fix cannot be tried here.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias

from parity import rehearse
from parity.cli.fix import FixRefused, apply
from parity.facts.limits import LIMITS
from parity.records import Config
from parity.records.options import Options
from parity.records.verdict import Finding, Verdict
from parity.router.scenario import read
from tests.test_apps import APPS, GIT, commit, materialise

End: TypeAlias = Literal["works", "new", "same", "cannot", "nothing", "error"]
COUNTED = ("works", "new", "same", "cannot", "nothing", "error")
_HERE = re.compile(r"(?:git (?:add|mv|rm|update-index)|chmod|sed -i|touch|npm install) ")
"""Commands that can be typed in the copy."""


class Case(NamedTuple):
    """An app in `folder`, as a repository, with its config vars, options and limits."""

    folder: Path
    config: dict[str, str]
    options: Options
    limits: dict[str, float]

    def rehearsed(self) -> Verdict:
        config = Config(self.config, dict.fromkeys(self.config, "--config"))
        facts = LIMITS.shortened(**self.limits)
        return rehearse(self.folder, config=config, options=self.options, facts=facts)


class Result(NamedTuple):
    """How an app went: the finding, its fix in one line, and what came then."""

    app: str
    end: End
    finding: str = ""
    fix: str = ""
    then: str = ""


def case(app: Path, to: Path) -> Case:
    """Return a copy of an app in the folder `to`."""
    if (app / "expected.toml").is_file():
        return _own(app, to)
    if (app / "expected.json").is_file():
        return _described(app, to)
    shutil.copytree(app, to, symlinks=True)
    return Case(to, {}, Options(), {})


def _own(app: Path, to: Path) -> Case:
    to.mkdir()
    expected = tomllib.loads((app / "expected.toml").read_text())
    materialise(app, expected.get("git", {}), to)
    options = expected.get("options", {})
    options = {k: tuple(v) if isinstance(v, list) else v for k, v in options.items()}
    if "scenario" in options:
        options["scenario"] = read(app / options["scenario"])
    return Case(to, expected.get("config", {}), Options(**options), expected.get("limits", {}))


def _described(app: Path, to: Path) -> Case:
    """Return a copy of an app whose `expected.json` says how it is laid out."""
    to.mkdir()
    expected: dict[str, Any] = json.loads((app / "expected.json").read_text())
    setup = expected["setup"]
    for path in (p for p in app.rglob("*") if p.is_file() and p.name != "expected.json"):
        parts = [_renamed(part) for part in path.relative_to(app).parts]
        target = to.joinpath(*parts)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    for name in setup["executable"]:
        (to / name).chmod(0o755)
    for name in setup.get("nested_git", []):
        commit(to / name, {})
    commit(to, {"untracked": [p for p in setup["untracked"] if (to / p).is_file()]})
    paths = (expected["request"]["path"],) if expected.get("request") else ("/",)
    return Case(to, setup.get("config_vars", {}), Options(paths=paths), {})


def _renamed(part: str) -> str:
    if part.startswith("dot."):
        return part[3:]
    return part.removeprefix("_x_")


def problem(verdict: Verdict) -> Finding | None:
    """Return the finding whose fix a user would try: the first cause that decides, or warns."""
    own = [f for f in verdict.findings if f.after is None]
    for effects in (("reject", "fail"), ("unknown",), ("warn",)):
        causes = [f for f in own if f.effect in effects]
        first = next((f for f in causes if f.kind == "cause"), next(iter(causes), None))
        if first:
            return first
    return None


def tried(app: Path) -> Result:
    """Return what became of an app's fix."""
    with tempfile.TemporaryDirectory(prefix="fixes-") as work:
        try:
            return _tried(app, case(app, Path(work) / app.name))
        except Exception as error:  # one app must not end the count of the others
            return Result(app.name, "error", then=f"{type(error).__name__}: {error}")


def _tried(app: Path, copy: Case) -> Result:
    verdict = copy.rehearsed()
    first = problem(verdict)
    if first is None:
        return Result(app.name, "nothing")
    made = fixed(copy, verdict, first)
    told = Result(app.name, "cannot", first.id, " ".join(first.fix.split()))
    if made is None:
        return told
    untracked = ["-u"] if "git rm" in first.fix else ["-A"]  # what was taken out stays out
    subprocess.run([*GIT, "add", *untracked], cwd=made.folder, check=True, capture_output=True)
    saved = [*GIT, "commit", "-q", "--allow-empty", "-m", "fixed"]
    subprocess.run(saved, cwd=made.folder, check=True, capture_output=True)
    after = made.rehearsed()
    second = problem(after)
    if second is None or after.verdict == "works" != verdict.verdict:
        return told._replace(end="works", then="" if second is None else second.id)
    same = (second.id, second.title) == (first.id, first.title) or second.fix == first.fix
    return told._replace(end="same" if same else "new", then=f"{second.id}: {second.title}")


def fixed(copy: Case, verdict: Verdict, finding: Finding) -> Case | None:
    """Return the copy with the fix; None if it cannot be made here."""
    if verdict.fixes and verdict.source and verdict.verdict == "fails":
        try:
            apply(verdict.source, verdict.fixes, force=True)
        except FixRefused:
            return None
        return copy
    typed = typing(copy, finding)
    wrote = writing(copy.folder, finding)
    return typed or (copy if wrote else None)


def typing(copy: Case, finding: Finding) -> Case | None:
    """Return the copy after the commands of a fix that can be typed here; None: there are none."""
    done = False
    for folder in re.findall(r"\bdelete ([\w./-]+/\.git)\b", finding.fix):
        shutil.rmtree(copy.folder / folder, ignore_errors=True)
    for command in re.findall(r"`([^`]+)`", finding.fix):
        if _HERE.match(command):
            done = _typed(copy.folder, command) or done
            continue
        there = _on_heroku(copy, command)
        copy, done = there or copy, done or there is not None
    return copy if done else None


def _typed(folder: Path, command: str) -> bool:
    """Type a command in the copy; return whether it succeeded. No rule ignores what is added."""
    command = re.sub("^git add ", "git add -f ", command)
    done = subprocess.run(["bash", "-c", command], cwd=folder, capture_output=True)
    return done.returncode == 0


def _on_heroku(copy: Case, command: str) -> Case | None:
    """Return the copy with what a command of the Heroku CLI sets."""
    setting = re.match(r"heroku config:set (\w+)=([^…]*)$", command)
    if command == "heroku buildpacks:clear":
        return copy._replace(options=copy.options._replace(buildpacks=()))
    if setting:
        return copy._replace(config={**copy.config, setting[1]: setting[2].strip("\"'") or "x"})
    unset = re.match(r"heroku config:unset (\w+)", command)
    if unset:
        return copy._replace(config={k: v for k, v in copy.config.items() if k != unset[1]})
    stack = re.match(r"heroku stack:set (?!container)(\S+)", command)
    if stack:
        return copy._replace(options=copy.options._replace(stack=stack[1]))
    added = re.match(r"heroku buildpacks:(set|add)( --index 1)? (\S+)$", command)
    if added and "…" not in added[3]:
        old = copy.options.buildpacks or ("heroku/python",) if added[1] == "add" else ()
        new = (added[3], *old) if added[2] else (*old, added[3])
        return copy._replace(options=copy.options._replace(buildpacks=new))
    return None


def writing(folder: Path, finding: Finding) -> bool:
    """Write what the words of a fix say into files; return whether they say something to write."""
    return any(way(folder, finding) for way in WAYS)


def _line_in_procfile(folder: Path, finding: Finding) -> bool:
    match = re.search(r"Procfile (?:write|must read) `([^`…:]+:[^`…]+)`", finding.fix)
    if match is None:
        return False
    place = next((e for e in finding.evidence if e.file == "Procfile" and e.line), None)
    there = place and _replaced(folder / "Procfile", place.line or 0, match[1])
    return there or _procfile(folder / "Procfile", match[1])


def _procfile(path: Path, line: str) -> bool:
    lines = path.read_text().splitlines() if path.is_file() else []
    name = line.partition(":")[0]
    others = [old for old in lines if not re.match(rf"\s*{re.escape(name)}\b", old)]
    path.write_text("".join(f"{text}\n" for text in (line, *others)))
    return True


def _added_line(folder: Path, finding: Finding) -> bool:
    match = re.search(r"Add the line `([^`…]+)` to (?:the )?([\w./-]+\w)", finding.fix)
    if match is None or "MIDDLEWARE" in finding.fix:  # a second file is to change as well
        return False
    if match[2] == "Procfile":
        return _procfile(folder / "Procfile", match[1])
    file = folder / match[2]
    file.write_text(f"{file.read_text() if file.is_file() else ''}\n{match[1]}\n")
    return True


def _at_line(folder: Path, finding: Finding) -> bool:
    match = re.search(r"[Ii]n line (\d+) of ([\w./-]+) write `([^`…]+)`", finding.fix)
    return match is not None and _replaced(folder / match[2], int(match[1]), match[3])


def _there(folder: Path, finding: Finding) -> bool:
    """Write what the fix says to write "there": at the place of the finding."""
    match = re.search(r"Write `([^`…]+)` there( \(with `import os`)?", finding.fix)
    place = next((e for e in finding.evidence if e.file and e.line), None)
    if match is None or place is None:
        return False
    file = folder / str(place.file)
    done = _replaced(file, place.line or 0, match[1])
    if done and match[2]:
        file.write_text(f"import os\n{file.read_text()}")
    return done


def _replaced(file: Path, number: int, text: str) -> bool:
    lines = file.read_text().split("\n") if file.is_file() else []
    if not 0 < number <= len(lines):
        return False
    old = lines[number - 1]
    lines[number - 1] = old[: len(old) - len(old.lstrip())] + text
    file.write_text("\n".join(lines))
    return True


def _without_line(folder: Path, finding: Finding) -> bool:
    match = re.search(r"(?:Delete line (\d+) of|Remove line (\d+) from) ([\w./-]+\w)", finding.fix)
    return match is not None and _replaced(folder / match[3], int(match[1] or match[2]), "")


def _instead(folder: Path, finding: Finding) -> bool:
    match = re.search(r"In ([\w./-]+) write `([^`…]+)` instead of `([^`…]+)`", finding.fix)
    file = folder / match[1] if match else folder
    if match is None or not file.is_file() or match[3] not in file.read_text():
        return False
    file.write_text(file.read_text().replace(match[3], match[2], 1))
    return True


def _whole_file(folder: Path, finding: Finding) -> bool:
    match = re.search(r"[Ww]rite `([^`…]+)` into (\.?[\w./-]+\w)", finding.fix)
    if match is None:
        return False
    (folder / match[2]).write_text(f"{match[1]}\n")
    return True


WAYS: tuple[Callable[[Path, Finding], bool], ...] = (
    *(_line_in_procfile, _added_line, _at_line, _there, _without_line, _instead, _whole_file),
)
"""How the words of a fix name what is to be written; the first that fits counts."""


def results(apps: list[Path], jobs: int) -> Iterator[Result]:
    """Yield the apps' results in order."""
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(tried, apps)


def main() -> int:
    """Return 0 if no advice comes back."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("apps", nargs="*", type=Path, metavar="APP")
    parser.add_argument("-j", dest="jobs", type=int, default=1)
    arguments = parser.parse_args()
    apps = arguments.apps or sorted(path.parent for path in APPS.glob("*/expected.toml"))
    count: Counter[str] = Counter()
    for result in results([app.resolve() for app in apps], arguments.jobs):
        count[result.end] += 1
        print(f"{result.end:8}{result.app:40}{result.finding}", flush=True)
        if result.end in ("same", "new", "cannot", "error"):
            print(
                f"        fix:  {result.fix[:300]}\n        then: {result.then[:200]}", flush=True
            )
    print(", ".join(f"{count[end]} {end}" for end in COUNTED))
    return 1 if count["same"] or count["error"] else 0


if __name__ == "__main__":
    sys.exit(main())
