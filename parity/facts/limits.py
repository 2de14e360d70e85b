"""Heroku's time limits. Tests shorten them: `LIMITS.shortened(boot_timeout=3)`."""

from typing import NamedTuple

from parity.facts import Fact

ERROR_CODES = "https://devcenter.heroku.com/articles/error-codes"
HTTP_ROUTING = "https://devcenter.heroku.com/articles/http-routing"
SHUTDOWN = "https://devcenter.heroku.com/articles/dyno-shutdown-behavior"
BACKOFF = "https://devcenter.heroku.com/changelog-items/344"


class Limits(NamedTuple):
    """Seconds, each with its source."""

    boot_timeout: Fact = Fact(60, "s", "documented", f"{ERROR_CODES}#r10-boot-timeout")
    exit_timeout: Fact = Fact(30, "s", "documented", SHUTDOWN)
    connect_timeout: Fact = Fact(5, "s", "documented", f"{HTTP_ROUTING}#timeouts")
    first_byte: Fact = Fact(30, "s", "documented", f"{HTTP_ROUTING}#timeouts")
    idle_window: Fact = Fact(55, "s", "documented", f"{HTTP_ROUTING}#timeouts")
    boot_wait: Fact = Fact(75, "s", "documented", f"{ERROR_CODES}#h20-app-boot-timeout")
    quarantine: Fact = Fact(5, "s", "documented", f"{HTTP_ROUTING}#dyno-connection-behavior")
    dyno_idle: Fact = Fact(90, "s", "documented", f"{HTTP_ROUTING}#keepalives")
    client_idle: Fact = Fact(60, "s", "observed", "https://github.com/heroku/vegur")
    linger: Fact = Fact(2, "s", "ours", "how long a refused client may go on before the close")
    release_timeout: Fact = Fact(
        3600, "s", "documented", "https://devcenter.heroku.com/articles/release-phase"
    )
    build_timeout: Fact = Fact(
        900, "s", "documented", "https://devcenter.heroku.com/articles/slug-compiler#time-limit"
    )
    idle_before_verdict: Fact = Fact(3, "s", "ours", "how long a wrong listener must be idle")
    body_patience: Fact = Fact(10, "s", "ours", "how long parity reads a body after its first byte")

    cool_off: Fact = Fact(
        600, "s", "inferred", f"{BACKOFF} and its article of 2013: doubled at each further crash"
    )
    longest_cool_off: Fact = Fact(86_400, "s", "inferred", f"{BACKOFF} and its article of 2013")
    memory_every: Fact = Fact(21, "s", "observed", "public logs: between two lines of R14")
    memory_patience: Fact = Fact(1, "s", "ours", "how long over its memory a dyno must be for R14")

    def shortened(self, **seconds: float) -> "Limits":
        """Return the limits with some replaced by `seconds`, keeping their sources."""
        return self._replace(
            **{name: getattr(self, name)._replace(value=value) for name, value in seconds.items()}
        )


LIMITS = Limits()
