"""The pytest plugin: the fixture `parity_app`, and `--parity` for the checks as tests.

pytest loads this file at every start, so it imports nothing of parity before it is needed.
https://docs.pytest.org/en/stable/how-to/writing_plugins.html
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from argparse import Namespace

    from parity.records.verdict import Verdict
    from parity.rehearsal.app import App

CHECKED = ("source", "detect")
STAGES = (*CHECKED, "build", "release", "boot", "route", "stop")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options, and the ini value for an app that is not in the root."""
    group = parser.getgroup("parity", "rehearse a Heroku deploy")
    group.addoption("--parity", action="store_true", help="report `parity check` as tests")
    group.addoption("--parity-run", action="store_true", help="report `parity run` as tests")
    parser.addini("parity_path", "the app that parity deploys (default: the root)", default=".")


def import_all() -> None:
    """Import, in this one thread, everything that a rehearsal imports in several.

    pytest rewrites the modules of a plugin, and CPython before 3.11.8 cannot do that in two threads
    at once: https://github.com/python/cpython/issues/106905.
    """
    from importlib import import_module

    from parity.rules.loading import load

    for name in ("dyno.process", "rehearsal.probing", "router.client", "report.terminal"):
        import_module(f"parity.{name}")
    load()


@pytest.fixture(scope="session")
def parity_app(pytestconfig: pytest.Config) -> "Iterator[App]":
    """The app, pushed and booted once per session: `.url`, `.get(path)`, `.logs`, `.verdict`.

    Tests fail if it does not come up, and are skipped if this machine cannot tell.
    """
    from parity.cli.options import config_of, options_of
    from parity.rehearsal.app import App, NotUp
    from parity.report import render
    from parity.system.errors import Usage

    import_all()
    try:
        arguments = _arguments(pytestconfig, "run")
        config, options = config_of(arguments), options_of(arguments)
        with App(arguments.path, config=config, options=options) as app:
            yield app
    except Usage as error:
        pytest.fail(f"parity: {error}", pytrace=False)
    except NotUp as error:
        report = render("full", _masked(error.verdict, config))
        if error.verdict.verdict == "unknown":
            pytest.skip(f"parity could not tell\n{report}")
        pytest.fail(f"the app does not come up\n{report}", pytrace=False)


def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> None:
    """With `--parity`, append a test per stage."""
    run = config.getoption("--parity-run")
    if run or config.getoption("--parity"):
        judged = _Judged(config, "run" if run else "check")
        names = STAGES if run else CHECKED
        items += [
            StageItem.from_parent(
                session, name=name, nodeid=f"parity {judged.command}::{name}", judged=judged
            )
            for name in names
        ]


class _Judged:
    """The verdict of one rehearsal, for the tests of all its stages."""

    def __init__(self, config: pytest.Config, command: str) -> None:
        self.command = command
        self._config = config
        self._verdict: Verdict | None = None

    @property
    def verdict(self) -> "Verdict":
        """The masked verdict, computed at first use."""
        if self._verdict is None:
            from parity.cli.options import config_of, options_of
            from parity.rehearsal.pipeline import check, rehearse

            arguments = _arguments(self._config, self.command)
            act = rehearse if self.command == "run" else check
            config = config_of(arguments)
            verdict = act(arguments.path, config=config, options=options_of(arguments))
            self._verdict = _masked(verdict, config)
        return self._verdict


class StageItem(pytest.Item):
    """One stage as a test: fails if the stage decided the verdict, skips if it is unknown."""

    def __init__(self, *, judged: _Judged, **settings: Any) -> None:
        super().__init__(**settings)
        self._judged = judged

    def runtest(self) -> None:
        """Raise or skip according to the stage's findings."""
        from parity.report.results import decides

        verdict = self._judged.verdict
        stage = next(s for s in verdict.stages if s.name == self.name)
        findings = [f for f in verdict.findings if f.stage == self.name]
        if any(decides(f, verdict) for f in findings):
            raise _Failed
        if stage.status in ("unknown", "not-reached"):
            pytest.skip(f"{stage.status}: parity {self._judged.command} says why")

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], *_: Any) -> Any:
        """Return the report if the app is to blame; one line for wrong usage."""
        from parity.report import render
        from parity.system.errors import Usage

        if excinfo.errisinstance(_Failed):
            return render("full", self._judged.verdict)
        if excinfo.errisinstance(Usage):
            return f"parity: {excinfo.value}"
        return super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[Any, int | None, str]:
        """Return the place that pytest shows for the test."""
        return self.path, None, self.nodeid


class _Failed(Exception):
    """The stage would fail on Heroku."""


def _arguments(config: pytest.Config, command: str) -> "Namespace":
    """Return the arguments as if typed at the root: [tool.parity] applies here too."""
    from parity.cli.main import parsed

    return parsed([command, str(config.rootpath / config.getini("parity_path"))])


def _masked(verdict: "Verdict", config: Any) -> "Verdict":
    from parity.masking.mask import Mask

    return Mask(config, verdict.source).verdict(verdict) if config.values else verdict
