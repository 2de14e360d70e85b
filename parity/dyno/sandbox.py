"""Where the commands of one run have their files, and how they are contained."""

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from parity.dyno.containment import Containment
    from parity.system.workspace import Workspace


class Sandbox(NamedTuple):
    """The folder `work`, in which copies of the slug are made, and a `containment`.

    Builds of one run may have a folder each; they share its containment.
    """

    work: "Workspace"
    containment: "Containment"
