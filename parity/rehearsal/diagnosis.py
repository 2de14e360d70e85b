"""The judge behind `parity serve`: judges a release again with its latest record."""

from collections.abc import Callable

from parity.records import Boot, Line, Record, Release, Say
from parity.records.verdict import Verdict
from parity.rehearsal.probing import Probing
from parity.rehearsal.trial import Trial
from parity.runtime.edge import Edge
from parity.runtime.formation import Formation
from parity.system.errors import Trouble


class Diagnosis:
    """Judges and explains what a served app does; if `strict`, warnings fail.

    `ignore` are the ids of findings to silence.
    """

    def __init__(self, *, strict: bool, ignore: frozenset[str] = frozenset()) -> None:
        self._strict, self._ignore = strict, ignore

    def build(self, say: Say, on_stage: Callable[[str], None]) -> Trial:
        """Return an observer for another build."""
        return Trial("run", say, on_stage, strict=self._strict, ignore=self._ignore)

    def judged(
        self, released: Release, boot: Boot, *later: Record, log: tuple[Line, ...] = ()
    ) -> Verdict:
        """Return the verdict on a release with this boot, and any traffic or shutdown after it."""
        slug = released.slug
        trial = Trial("run", None, None, strict=False, ignore=self._ignore)
        for record in (slug.plan.source, slug.plan, slug, released, boot, *later):
            trial.observe(record)
        return trial.verdict()._replace(log=log)

    def explained(self, formation: Formation, boot: Boot) -> Boot:
        """Return the boot with the result of a second look, if there is one."""
        try:
            with Edge() as edge:
                trial = Trial("run", None, None, strict=False)
                return Probing(trial, formation, edge).explained(boot)
        except (Trouble, OSError):
            return boot
