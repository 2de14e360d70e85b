"""Edits that follow from the record with certainty: safe fixes, once a copy with them has passed.

Edits that only explore (DISABLE_COLLECTSTATIC, a guess at a name) do not belong here, nor does
anything that would hide a cause: longer limits, `try`, DEBUG.
"""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from parity.records import Pushed, Record
from parity.records.verdict import Finding
from parity.rehearsal.edits import (
    command,
    lines,
    node,
    packages,
    python,
    requirements,
    scripts,
    version,
)
from parity.rehearsal.edits import tree as trees

Change: TypeAlias = tuple[str, Pushed] | None
"""A description of the change, and the result; None if the change is not obvious."""
Edit: TypeAlias = Callable[[Pushed, Record, Finding], Change]

_ADDRESS = ("binds-loopback", "wrong-port", "ipv6-only", "binds-one-address")
_COMMAND = (
    *("space-before-colon", "space-in-target", "file-as-target", "not-an-app-object"),
    *("backgrounded", "quoted-command", "shell-syntax", "invalid-port", "other-python"),
    *("build-tool-not-at-run-time", "virtual-environment-in-command", "program-misspelt"),
    *("script-without-path", "not-for-a-dyno", "typographic-characters", "server-argument"),
    *("celery-argument", "procfile-line-in-script"),
)
_APP = ("wrong-module", "wrong-attribute", "no-target")
_WEB = (
    *("no-procfile", "procfile-empty", "procfile-no-space", "procfile-bom", "procfile-no-web"),
    *("procfile-line-not-read", "procfile-no-type", "procfile-type-name"),
)
_LINE = ("postgres-scheme", "scheme-with-driver", "async-driver", "redis-certificate")
_REQUIREMENT = ("single-equals", "import-name-required", "not-a-requirement")


def _address(pushed: Pushed, record: Record, finding: Finding) -> Change:
    """Change the address where it is set: in Python, JavaScript, the Procfile or package.json."""
    edits: tuple[Edit, ...] = (
        *(python.listens_on_port, node.listens_on_port),
        *(command.as_advised, command.script),
    )
    changes = (edit(pushed, record, finding) for edit in edits)
    return next((change for change in changes if change), None)


def _command_or_script(pushed: Pushed, record: Record, finding: Finding) -> Change:
    """Change the command where it is written: in the Procfile or in package.json."""
    changes = (edit(pushed, record, finding) for edit in (command.as_advised, command.script))
    return next((change for change in changes if change), None)


FIXES: Mapping[str, Edit] = {
    **dict.fromkeys(_ADDRESS, _address),
    **dict.fromkeys(_COMMAND, command.as_advised),
    **dict.fromkeys(_APP, command.only_app),
    **dict.fromkeys(_WEB, command.web),
    **dict.fromkeys(_REQUIREMENT, requirements.replaced),
    **dict.fromkeys(_LINE, lines.as_advised),
    "windows-only-package": requirements.marked,
    "macos-only-package": requirements.marked,
    "freeze-artefact": requirements.deleted,
    "python-required": requirements.deleted,
    "standard-library-required": requirements.deleted,
    "package-manager-not-installed": _command_or_script,
    "compiles-at-start": _command_or_script,
    "nested-install-without-dev": command.script,
    "dev-tool-at-start": _command_or_script,
    "missing-dependency": packages.missing,
    "command-not-found": packages.missing,
    "procfile-name": trees.rename,
    "package-file-misspelt": trees.rename,
    "python-version-eol": version.supported,
    "python-version-unknown-patch": version.as_meant,
    "python-version-file-invalid-version": version.as_meant,
    "runtime-txt-invalid-version": version.as_meant,
    "runtime-txt-not-supported": version.moved_as_meant,
    "python-version-file-misspelled": version.moved_as_meant,
    "release-too-old": version.advised,
    "source-build-failed": version.advised,
    "needs-other-python": version.advised,
    "package-breaks-on-import": version.advised,
    "asgi-under-wsgi": command.asgi,
    "django-setup-order": python.sets_up_django,
    "script-not-executable": scripts.executable,
    "windows-line-ends": scripts.unix_line_ends,
    "module-in-other-case": scripts.right_name,
}
"""The edits that may be offered as a fix, by the id of a cause."""
