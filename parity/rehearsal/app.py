"""An app kept up as a dyno for other code to request: `with App("path") as app: app.get("/")`."""

import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urljoin, urlsplit

from parity.records import Config, Line
from parity.records.options import DEFAULTS, Options
from parity.records.verdict import Verdict
from parity.rehearsal.pipeline import rehearse
from parity.runtime.deploy import NO_CONFIG

if TYPE_CHECKING:
    import requests

MOST_REDIRECTS = 10


class NotUp(Exception):
    """The app does not come up; `verdict` says why. The message contains no config var's value."""

    def __init__(self, verdict: Verdict) -> None:
        from parity.masking.mask import hidden
        from parity.report.summary import headline

        super().__init__(headline(hidden(verdict)))
        self.verdict = verdict


class App:
    """Rehearses the deploy of `path`, and stops the dyno when the context is left.

    Entering it raises `NotUp` if the web process does not come up, and `Usage` for a
    `path` that is not a folder.
    """

    def __init__(
        self, path: Path | str, *, config: Config = NO_CONFIG, options: Options = DEFAULTS
    ) -> None:
        self._path = path
        self._config = config
        self._options = options
        self._lines: list[Line] = []
        self._ready = threading.Event()
        self._leave = threading.Event()
        self._verdict: Verdict | None = None
        self._url = ""
        self._error: BaseException | None = None
        self._session: requests.Session | None = None
        self._thread = threading.Thread(target=self._rehearse, name="parity-app", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        if self._error:
            raise self._error
        if self.verdict.boot is None or self.verdict.boot.state != "up":
            self._thread.join()
            raise NotUp(self.verdict)
        return self

    def __exit__(self, *_: object) -> None:
        self._leave.set()
        self._thread.join()
        if self._session:
            self._session.close()

    @property
    def verdict(self) -> Verdict:
        """The verdict so far; it is complete once the context has been left."""
        assert self._verdict, "the app was not started"
        return self._verdict

    @property
    def url(self) -> str:
        """The router's address on this machine, without a slash at the end."""
        return self._url

    @property
    def logs(self) -> list[str]:
        """The log so far, as `heroku logs` prints it. Values of config vars are not masked."""
        return [_formatted(line) for line in list(self._lines)]

    def get(self, path: str = "/", **kwargs: Any) -> "requests.Response":
        """GET `path` through the router, following redirects within the app.

        `kwargs` go to `requests.Session.get`. Raises what that raises.
        """
        target, host = path, self._host()
        for _ in range(MOST_REDIRECTS):
            answer = self._request(target, host, dict(kwargs))
            onward = urlsplit(
                urljoin(f"https://{host}{target}", answer.headers.get("location", ""))
            )
            if not answer.is_redirect or onward.netloc != host:
                return answer
            target = onward.path + (f"?{onward.query}" if onward.query else "")
        return answer

    def _host(self) -> str:
        exchanges = self.verdict.traffic.exchanges if self.verdict.traffic else ()
        return exchanges[0].host if exchanges else "localhost"

    def _request(self, target: str, host: str, kwargs: dict[str, Any]) -> "requests.Response":
        import requests

        if self._session is None:
            self._session = requests.Session()
            self._session.trust_env = False
        sent = {"Host": host, **kwargs.pop("headers", {})}
        kwargs.setdefault("timeout", 30)
        return self._session.get(self.url + target, headers=sent, allow_redirects=False, **kwargs)

    def _rehearse(self) -> None:
        try:
            self._verdict = rehearse(
                self._path,
                config=self._config,
                options=self._options,
                say=self._lines.append,
                stay=self._stay,
            )
        except BaseException as error:
            self._error = error
        self._ready.set()

    def _stay(self, verdict: Verdict, url: str) -> None:
        """Keep the dyno up until the context is left."""
        self._verdict, self._url = verdict, url
        self._ready.set()
        self._leave.wait()


def _formatted(line: Line) -> str:
    at = datetime.fromtimestamp(line.at, UTC).isoformat(timespec="microseconds")
    return f"{at} {line.source}: {line.text}"
