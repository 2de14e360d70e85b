"""The files of one run's commands, and their containment."""

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from parity.dyno.containment import Containment
    from parity.system.workspace import Workspace


class Sandbox(NamedTuple):
    """The workspace for copies of the slug, and the containment of the commands.

    Builds of one run may have a workspace each; they share its containment.
    """

    work: "Workspace"
    containment: "Containment"
