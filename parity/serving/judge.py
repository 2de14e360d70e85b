"""What is to be said of the app now: the story of one release, judged anew with what came last."""

from parity.records import Boot, Exchange, Line, Record, Release, Traffic
from parity.records.verdict import Verdict
from parity.rehearsal.trial import Trial
from parity.router import Passed


def judged(
    released: Release,
    boot: Boot,
    *later: Record,
    log: tuple[Line, ...] = (),
) -> Verdict:
    """The verdict on `released` with this boot, and perhaps a traffic or a shutdown after it."""
    slug = released.slug
    trial = Trial("run", None, None, strict=False)
    for record in (slug.plan.source, slug.plan, slug, released, boot, *later):
        trial.judge(record)
    return trial.verdict()._replace(log=log)


def asked(boot: Boot, passed: Passed, output: tuple[Line, ...]) -> Traffic:
    """A browser's request that failed, in the terms of a rehearsal's own; the body is not known."""
    exchange = Exchange(
        method=passed.method,
        path=passed.path,
        host=passed.host,
        status=passed.status,
        code=passed.code,
        detail=passed.detail,
        connect_ms=passed.connect_ms or 0,
        service_ms=passed.service_ms or 0,
        bytes=passed.bytes or 0,
        headers={},
        body=b"",
        first=passed.path,
    )
    return Traffic(boot, (exchange,), output)
