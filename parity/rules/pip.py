"""What in the requirements files pip cannot read or reach: lines, paths, addresses."""

import re
from collections.abc import Iterator

from parity.records import Slug
from parity.rules import rule
from parity.rules.plan import PUSH_REJECTED
from parity.rules.requirements import entries, found, saying
from parity.rules.slug import PIP, pip_failed
from parity.rules.suggest import kept_out
from parity.verdict import Evidence

REASON = "install-dependencies::pip"


@rule(
    "single-equals",
    leads_to=PUSH_REJECTED,
    title="{entry} is no requirement: a version is pinned with ==",
    cause="pip reads `=` as no operator at all, so it refuses the whole file.",
    fix="Write `{right}` in {file}.",
    docs=PIP,
    heroku=REASON,
)
def single_equals(slug: Slug) -> Iterator[Evidence]:
    if not pip_failed(slug) or not saying(slug, r"Invalid requirement"):
        return
    for entry in entries(slug.plan.source):
        if re.match(r"[\w.-]+(?:\[[^]]*\])?\s*=(?!=)", entry.text):
            right = re.sub(r"\s*=\s*", "==", entry.text, count=1)
            yield found(entry, f"Invalid requirement: '{entry.text}' (not ==)", right=right)


@rule(
    "merge-conflict",
    leads_to=PUSH_REJECTED,
    title="{file} holds the marks of a merge conflict",
    cause="The file was committed before the conflict in it was resolved.",
    fix="Choose one side, remove the lines with <<<<<<<, ======= and >>>>>>>, commit.",
    docs="https://git-scm.com/docs/git-merge#_how_conflicts_are_presented",
    heroku=REASON,
)
def merge_conflict(slug: Slug) -> Iterator[Evidence]:
    if pip_failed(slug):
        for entry in entries(slug.plan.source):
            if re.match(r"<{7}|={7}$|>{7}", entry.text):
                yield found(entry, entry.text)


@rule(
    "not-a-requirement",
    leads_to=PUSH_REJECTED,
    title="Line {line} of {file} is no requirement: {entry}",
    cause="A requirements file lists one package a line, as `name` or `name==version`. pip refuses"
    " the whole file for one line that it cannot read.",
    fix="{advice}",
    docs=PIP,
    heroku=REASON,
)
def not_a_requirement(slug: Slug) -> Iterator[Evidence]:
    match = saying(slug, r"Invalid requirement: '(.*?)': (.*)") if pip_failed(slug) else None
    if not match or saying(slug, "It looks like a path"):
        return
    for entry in entries(slug.plan.source):
        plain = not re.match(r"[\w.-]+(?:\[[^]]*\])?\s*=(?!=)|<{7}|={7}|>{7}", entry.text)
        if entry.text == match[1].strip() and plain:
            names = {"advice": _advice(entry.text), "line": str(entry.line)}
            yield found(entry, f"Invalid requirement: {match[2]}", **names)


def _advice(text: str) -> str:
    """What to write instead of a line that is no requirement."""
    spaced = re.fullmatch(r"([A-Za-z][\w.-]*)\s+v?(\d[\w.]*)", text)
    if spaced:
        return f"Write `{spaced[1]}=={spaced[2]}`."
    installed = re.match(r"(?:pip3?|python3? -m pip) install\s+(.+)", text)
    if installed:
        return f"Write `{installed[1]}`, without the command."
    return (
        "Correct or remove the line; `pip freeze > requirements.txt` writes a file that is right."
    )


@rule(
    "file-url",
    leads_to=PUSH_REJECTED,
    title="{entry} points to a folder of the machine where it was written",
    cause="`pip freeze` in a conda environment writes the place where each package was built, a"
    " file:// address that exists nowhere else.",
    fix="Write versions instead: `pip list --format=freeze > requirements.txt`"
    " (here: `{name}=={version}`).",
    docs=PIP,
    heroku=REASON,
)
def file_url(slug: Slug) -> Iterator[Evidence]:
    if not pip_failed(slug):
        return
    for entry in entries(slug.plan.source):
        if re.search(r"@\s*file:///", entry.text):
            version = re.search(r"/[\w.]+?-(\d[\w.]*)[-./]", entry.text)
            seen = f"{entry.name}: a file:// address, as conda writes it"
            yield found(entry, seen, version=version[1] if version else "VERSION")


@rule(
    "included-file-missing",
    leads_to=PUSH_REJECTED,
    title="{missing} is included, but not in the pushed tree",
    cause="requirements.txt includes another file, and pip cannot open it on Heroku.",
    fix="Type `git add {missing}`, or take the line that includes it out.",
    docs=PIP,
    heroku=REASON,
)
def included_file_missing(slug: Slug) -> Iterator[Evidence]:
    match = (
        saying(slug, r"Could not open requirements file: .*'(.+)'") if pip_failed(slug) else None
    )
    if not match:
        return
    for entry in entries(slug.plan.source):
        if entry.text.startswith("-") and match[1].rpartition("/")[2] in entry.text:
            yield found(entry, f"Could not open requirements file: {match[1]}", missing=match[1])
    yield from kept_out(slug.plan.source, match[1])


@rule(
    "local-path-missing",
    leads_to=PUSH_REJECTED,
    title="{entry} is a path that the pushed tree does not have",
    cause="A requirement may be a folder of the app, but it must be committed, with a"
    " pyproject.toml or setup.py in it.",
    fix="Commit the folder, or require the package by its name.",
    docs="https://pip.pypa.io/en/stable/topics/local-project-installs/",
    heroku=REASON,
)
def local_path_missing(slug: Slug) -> Iterator[Evidence]:
    pattern = r"File '(.+)' does not exist|(\S+) (?:is not a valid editable|does not appear to be)"
    match = saying(slug, pattern) if pip_failed(slug) else None
    for entry in entries(slug.plan.source) if match else ():
        if re.match(r"(?:-e\s+|--editable[ =])?\.{0,2}/|-e\s+\.$", entry.text) and match:
            yield found(entry, match[0])


@rule(
    "needs-ssh-key",
    leads_to=PUSH_REJECTED,
    title="{entry} is fetched over SSH, and Heroku has no key",
    cause="The build has none of your SSH keys, so git cannot read the repository.",
    fix="Use an https address; for a private repository put the package on an index and set"
    " PIP_EXTRA_INDEX_URL with `heroku config:set`.",
    docs="https://devcenter.heroku.com/articles/python-pip",
    heroku=REASON,
)
def needs_ssh_key(slug: Slug) -> Iterator[Evidence]:
    if pip_failed(slug):
        for entry in entries(slug.plan.source):
            if re.search(r"git\+ssh://|git\+git@", entry.text):
                yield found(entry, "needs an SSH key")


@rule(
    "hash-mismatch",
    leads_to=PUSH_REJECTED,
    title="A package differs from the hash in the requirements",
    cause="The file that the index gives is not the one whose hash was noted: {error}",
    fix="Write the hashes anew: `pip-compile --generate-hashes`.",
    docs="https://pip.pypa.io/en/stable/topics/secure-installs/",
    heroku=REASON,
)
def hash_mismatch(slug: Slug) -> Iterator[Evidence]:
    match = (
        saying(slug, r"DO NOT MATCH THE HASHES|must have their versions pinned")
        if pip_failed(slug)
        else None
    )
    if match:
        line = match.string.strip()
        yield Evidence(line, "requirements.txt", names={"error": line})
