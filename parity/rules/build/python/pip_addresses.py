"""Requirements by a path or address that Heroku cannot reach: files, folders, repositories."""

import re
from collections.abc import Iterator

from parity.records import Slug
from parity.records.verdict import Evidence
from parity.rules.engine import rule
from parity.rules.push.plan import PUSH_REJECTED
from parity.rules.shell import word
from parity.rules.views.pip_output import (
    FORMAT,
    REASON,
    UNAUTHORISED,
    RequirementEntry,
    at_entry,
    entries,
    inside,
    pip_failed,
    saying,
    shown,
)
from parity.rules.views.suggestions import kept_out

PIP = "https://devcenter.heroku.com/articles/python-pip"
_FILE_URL = r"(?:@|-e|--editable)\s*file:/|^file:/"
_ABSOLUTE = r"(?:(?:-e|--editable)[ =])?\s*(?:/|[A-Za-z]:[\\/]|~/)"
_RELATIVE = (
    r"(?:(?:-e|--editable)[ =]\s*)?"
    r"(\.{1,2}(?:/[^\s;#]*)?|[\w.-]+/[^\s;#:@]*|\S+\.whl)(?:\[|$|\s|;|#)"
)
_SSH = r"git\+ssh://|git\+git@|(?:^|\s|@)git@[\w.-]+:|ssh://"


@rule(
    "file-url",
    leads_to=PUSH_REJECTED,
    title="{entry} points to a folder of the machine where it was written",
    cause="`pip freeze` in a conda environment writes the place where each package was built, a"
    " file:// address that exists nowhere else.",
    fix="Write versions instead: `pip list --format=freeze > requirements.txt` (for this line:"
    " `{right}`).",
    docs=FORMAT,
    heroku=REASON,
)
def file_url(slug: Slug) -> Iterator[Evidence]:
    if not pip_failed(slug):
        return
    for entry in entries(slug.plan.source):
        if re.search(_FILE_URL, entry.text):
            version = re.search(
                r"/[A-Za-z][\w.]*?-(\d[\w.]*?)(?:-[\w.]+)*\.(?:whl|tar|zip)", entry.text
            )
            right = f"{entry.name}=={version[1]}" if version else f"{entry.name or 'NAME'}==VERSION"
            yield at_entry(
                entry, f"{entry.text}: a file:// address, as conda writes it", right=right
            )


@rule(
    "path-of-this-machine",
    leads_to=PUSH_REJECTED,
    title="{entry} is a path on your disk",
    cause="Heroku has only what is in the pushed tree; this path leads out of it.",
    fix="Require the package by its name and version, or commit it below the app's folder and"
    " write the path as `./folder`.",
    docs="https://pip.pypa.io/en/stable/topics/local-project-installs/",
    heroku=REASON,
)
def path_of_this_machine(slug: Slug) -> Iterator[Evidence]:
    if pip_failed(slug):
        for entry in entries(slug.plan.source):
            if re.match(_ABSOLUTE, entry.text):
                yield at_entry(entry, f"{entry.text} is outside the tree")


@rule(
    "local-path-missing",
    leads_to=PUSH_REJECTED,
    title="{entry} is not a package in the pushed tree",
    cause="A requirement may be a folder of the app with a pyproject.toml or setup.py in it, or a"
    " file that is committed. pip says: {error}",
    fix="{advice:Commit what the path is meant to be, or require the package by its name.}",
    docs="https://pip.pypa.io/en/stable/topics/local-project-installs/",
    heroku=REASON,
)
def local_path_missing(slug: Slug) -> Iterator[Evidence]:
    match = saying(
        slug,
        r"File '(.+)' does not exist|is not a valid editable|does not appear to be a Python project"
        r"|is not installable|No such file or directory: '([^']+)'",
    )
    if not match or saying(slug, "Could not open (?:requirements|constraint) file"):
        return
    for entry, path in _local(slug):
        if path.rstrip("/") in match.string or inside(slug, path) in match.string:
            bare = path.removeprefix("./").rstrip("/")
            error = shown(re.split(r"(?<=\w)\. [A-Z]", match.string)[0])
            yield at_entry(entry, error, path=bare, error=error, advice=_committing(bare))
            for kept in (
                *kept_out(slug.plan.source, bare),
                *kept_out(slug.plan.source, f"{bare}/"),
            ):
                yield kept._replace(names={})


def _committing(path: str) -> str:
    """Return what to do about a local requirement that is not a package."""
    if path in ("", "."):
        return (
            "Delete the line: Python finds the app's own modules without it. To install the app,"
            " commit a pyproject.toml or setup.py in the root."
        )
    if path.startswith(("..", "/")):
        return (
            f"{path} is outside what is pushed: copy it into the repository and name that"
            " folder, or require it by name or by a git+https:// address."
        )
    return f"Commit what {path} is meant to be (`git add {word(path)}`), or require it by its name."


def _local(slug: Slug) -> Iterator[tuple[RequirementEntry, str]]:
    for entry in entries(slug.plan.source):
        match = re.match(_RELATIVE, entry.text)
        if match and "://" not in entry.text:
            yield entry, match[1]


@rule(
    "needs-ssh-key",
    leads_to=PUSH_REJECTED,
    title="{entry} is fetched over SSH, and Heroku has no key",
    cause="The build has none of your SSH keys, so git cannot read the repository.",
    fix="Use an https address (`{right}`); for a private repository put the package on an index and"
    " set PIP_EXTRA_INDEX_URL with `heroku config:set`.",
    docs=PIP,
    heroku=REASON,
)
def needs_ssh_key(slug: Slug) -> Iterator[Evidence]:
    if pip_failed(slug):
        for entry in entries(slug.plan.source):
            if re.search(_SSH, entry.text):
                right = re.sub(
                    r"(?:git\+)?(?:ssh://)?(?:git@)([\w.-]+)[:/]", r"git+https://\1/", entry.text
                )
                yield at_entry(entry, f"{entry.text}: needs an SSH key", right=right)


@rule(
    "repository-not-readable",
    leads_to=PUSH_REJECTED,
    title="git cannot read the repository of {entry} without a password",
    cause="The repository is private or does not exist, and Heroku's build has none of your"
    " credentials: {error}",
    fix="Correct the address. A private package belongs on an index whose address is set with"
    " `heroku config:set PIP_EXTRA_INDEX_URL=…`; pip sees no other config var.",
    docs=PIP,
    heroku=REASON,
)
def repository_not_readable(slug: Slug) -> Iterator[Evidence]:
    match = saying(
        slug,
        r"could not read Username for|repository '.*' not found|Authentication failed for"
        r"|HTTP error 40[134]|did not match any file\(s\) known to git|not find remote branch",
    )
    for entry in entries(slug.plan.source) if match else ():
        where = re.search(r"://(?:[^/@]*@)?([^#;\s]+)", entry.text)
        if where and re.split(r"\.git\b|@", where[1])[0] in "\n".join(slug.output):
            error = shown(match.string) if match else ""
            yield at_entry(entry, error, error=error)
            return


@rule(
    "index-needs-password",
    leads_to=PUSH_REJECTED,
    title="The package index {host} asks for a password",
    cause="{file} names a private index, and pip has no password for it on Heroku: {error}. Config"
    " vars are not substituted in requirements files there.",
    fix="Remove the line from {file}, and type `heroku config:set PIP_EXTRA_INDEX_URL="
    "https://USER:PASSWORD@{host}/simple`: this is the only config var that pip sees.",
    docs=PIP,
    heroku=REASON,
)
def index_needs_password(slug: Slug) -> Iterator[Evidence]:
    match = saying(slug, UNAUTHORISED)
    host = re.search(r"://(?:[^/@]*@)?([^/\s]+)", match.string) if match else None
    if not match or not host:
        return
    for entry in entries(slug.plan.source):
        if entry.text.startswith("-") and host[1] in entry.text:
            error = shown(match.string.removeprefix("WARNING: "))
            yield at_entry(entry, error, host=host[1], error=error)
