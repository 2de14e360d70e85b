"""What `parity serve` has to say of the app now: one release, judged again with what came last."""

from collections.abc import Callable

from parity.records import Boot, Line, Record, Release, Say
from parity.records.verdict import Verdict
from parity.rehearsal.probing import Probing
from parity.rehearsal.trial import Trial
from parity.runtime.edge import Edge
from parity.runtime.formation import Formation
from parity.system.errors import Trouble


class Diagnosis:
    """The judge that serving is given; `strict`: warnings fail."""

    def __init__(self, *, strict: bool) -> None:
        self._strict = strict

    def build(self, say: Say, on_stage: Callable[[str], None]) -> Trial:
        """An observer for another build."""
        return Trial("run", say, on_stage, strict=self._strict)

    def judged(
        self, released: Release, boot: Boot, *later: Record, log: tuple[Line, ...] = ()
    ) -> Verdict:
        """The verdict on a release with this boot, and perhaps a traffic or shutdown after it."""
        slug = released.slug
        trial = Trial("run", None, None, strict=False)
        for record in (slug.plan.source, slug.plan, slug, released, boot, *later):
            trial.observe(record)
        return trial.verdict()._replace(log=log)

    def explained(self, formation: Formation, boot: Boot) -> Boot:
        """A boot with what a second look at it shows, if that can be had."""
        try:
            with Edge() as edge:
                trial = Trial("run", None, None, strict=False)
                return Probing(trial, formation, edge).explained(boot)
        except (Trouble, OSError):
            return boot
