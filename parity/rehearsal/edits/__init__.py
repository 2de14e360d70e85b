"""The problems after the first one, which appear once a copy has the obvious repair.

Heroku stops at the first problem. If the repair is obvious, the rehearsal goes on as if it had been
made, so that one run reports all problems. Later findings are labelled, and decide nothing.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from parity.records import Pushed, Record
from parity.records.verdict import Finding
from parity.rehearsal.edits import procfile, requirements, version
from parity.rehearsal.edits import tree as trees
from parity.rehearsal.edits.fixes import FIXES, Edit

MOST = 6
"""The most repairs in one run (ours)."""


class Repair(NamedTuple):
    """A change in the copy for a finding (its id).

    `sure`: made by an edit that can be a fix. `typed`: it does what the advised command does.
    """

    finding: str
    what: str
    pushed: Pushed
    sure: bool = False
    typed: bool = False


def obvious(
    record: Record, findings: Iterable[Finding], pushed: Pushed, done: Collection[str]
) -> Repair | None:
    """Return the repair of what stopped Heroku at `record`, if it is obvious and not yet `done`.

    Raises `OSError`, `Trouble`.
    """
    if len(done) >= MOST:
        return None
    for finding in findings:
        for table in () if finding.id in done else (FIXES, CHANGES):
            change = table[finding.id](pushed, record, finding) if finding.id in table else None
            if change:
                return Repair(finding.id, *change, table is FIXES, finding.id in TYPED)
    return None


_ADDED = (
    *("module-not-in-git", "no-such-script", "script-not-there", "server-config-not-there"),
    *("folder-not-there", "migrations-not-there", "database-not-in-git"),
)
TYPED = frozenset(
    {
        *(*_ADDED, "nothing-to-push", "package-file-not-committed", "procfile-not-committed"),
        *("checks-existing-venv-dir", "checks-existing-python-dir"),
        *("checks-stack-eol", "checks-stack-unknown", "checks-duplicate-python-buildpack"),
    }
)
"""Causes whose advised command is tried in the copy: `git add`, `git rm`, `heroku stack:set`."""

CHANGES: Mapping[str, Edit] = {
    **dict.fromkeys(_ADDED, trees.added),
    "nothing-to-push": trees.commit_everything,
    "submodule-not-mapped": trees.commit_submodule,
    "nested-repository-needed": trees.commit_submodule,
    "app-in-nested-repository": trees.commit_submodule,
    "submodule-needs-key": trees.commit_submodule,
    "submodule-on-this-disk": trees.commit_submodule,
    "package-file-not-committed": trees.commit,
    "procfile-not-committed": trees.commit,
    "package-file-misspelt": trees.rename,
    "procfile-name": trees.rename,
    "slugignore-package-file": trees.restore,
    "slugignore-procfile": trees.restore,
    "app-in-subfolder": trees.push_subfolder,
    "checks-existing-venv-dir": trees.remove_folder,
    "checks-existing-python-dir": trees.remove_folder,
    "checks-stack-eol": trees.newest_stack,
    "checks-stack-unknown": trees.newest_stack,
    "checks-duplicate-python-buildpack": trees.each_buildpack_once,
    "package-manager-multiple-found": trees.one_package_manager,
    "package-manager-pipenv-missing-lockfile": trees.no_pipfile,
    "python-version-eol": version.supported,
    "python-version-unknown-major": version.supported,
    "python-version-unknown-patch": version.supported,
    "runtime-txt-invalid-version": version.supported,
    "runtime-txt-not-supported": version.moved,
    "python-version-file-misspelled": version.moved,
    "python-version-file-invalid-version": version.supported,
    "python-version-file-invalid-encoding": version.supported,
    "python-version-file-no-version": version.supported,
    "python-version-file-multiple-versions": version.supported,
    "python-version-file-not-found": version.supported,
    **dict.fromkeys(requirements.REPLACED, requirements.replaced),
    **dict.fromkeys(requirements.DELETED, requirements.deleted),
    **dict.fromkeys(requirements.COLLECTING, requirements.not_collected),
    **dict.fromkeys(procfile.NAMED, procfile.with_web),
}
"""The edits that only explore, by the id of a cause."""
