"""Every cause is triggered by a real app, build or tree, or there is a reason why it is not."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from parity.facts.buildpacks import NODE, PYTHON
from parity.records import (
    Interpreter,
    Line,
    Listener,
    Record,
    Refusal,
    Runtime,
    Stuck,
    Traffic,
)
from parity.rules.engine import diagnose
from parity.rules.loading import load
from tests import (
    test_crash_habits,
    test_crash_imports,
    test_crash_node,
    test_crash_python,
    test_crash_shell,
    test_crash_surroundings,
    test_crash_target,
    test_crash_versions,
    test_node_causes,
    test_odd_trees,
    test_pip_causes,
    test_proof,
    verdicts,
)
from tests.test_apps import APPS

HERE = Path(__file__).parent
RULES = load()
REHEARSED = (
    *test_crash_habits.CASES,
    *test_crash_imports.CASES,
    *test_crash_node.CASES,
    *test_crash_python.CASES,
    *test_crash_shell.CASES,
    *test_crash_surroundings.CASES,
    *test_crash_target.CASES,
    *test_crash_versions.CASES,
    *test_node_causes.CASES,
)
"""Small apps that are pushed, booted and requested: `tests.crashes.check` requires their causes."""


def expected_by_apps() -> Iterator[str]:
    """Yield the ids that `tests/test_apps.py` requires of `tests/apps`."""
    for path in APPS.glob("*/expected.toml"):
        expected = tomllib.loads(path.read_text())
        for key in ("findings", "after", "notes"):
            yield from expected.get(key, ())


REAL = {
    *expected_by_apps(),
    *(id for case in REHEARSED for id in (case.cause, *case.also)),
    *(cause for cause, _ in test_proof.CASES),
    *(row[2] for row in test_pip_causes.REJECTED),
    *(row[1] for row in test_pip_causes.BUILT),
    *test_node_causes.BUILDS,
    *(row[0] for row in test_odd_trees.ODD),
}
"""Causes of apps that are rehearsed, built or checked, from tables that name the cause."""

ELSEWHERE = {
    "test_answers_4xx": "allowed-hosts-from-dotenv path-answers-4xx",
    "test_migrations": "start-changes-schema",
    "test_addon_variables": "app-json-add-on-not-here",
    "test_app_json": "app-setup-failed app-json-invalid config-var-required postdeploy-failed"
    " postdeploy-skipped app-json-without-web app-json-container app-json-problem"
    " app-json-config-vars app-json-buildpacks app-json-stack app-json-not-rehearsed",
    "test_bad_builds": "included-file-outside requirements-include-themselves index-needs-password",
    "test_build": "staticfiles-not-installed collectstatic-improper-configuration"
    " collectstatic-syntax-error collectstatic-other slug-too-large"
    " slug-large",
    "test_buildpacks": "buildpack-compile-failed",
    "test_command_rules": "celery-argument",
    "test_config": "config-vars-to-set port-config-var",
    "test_crash_addresses": "scheme-with-driver postgres-certificate",
    "test_crash_node": "page-file-missing",
    "test_crash_setup": "django-setup-order models-too-early",
    "test_crash_tables": "migration-heads migration-lost query-at-import",
    "test_crash_words": "patched-too-late",
    "test_crash_surroundings": "fixed-port-taken",
    "test_crash_python": "locale-not-here",
    "test_dotenv": "works-only-with-dotenv config-vars-needed",
    "test_differences": "differs-in-heroku-python",
    "test_detect": "package-file-not-committed app-in-subfolder",
    "test_git_states": "merge-unfinished branch-not-deployed not-committed-yet",
    "test_installers": "poetry-project-not-installed project-asks-for-other-python"
    " uv-project-not-built pipenv-lock-unreadable poetry-lock-unreadable uv-lock-unreadable"
    " pipenv-project-missing poetry-project-missing uv-project-missing"
    " install-dependencies-pipenv install-dependencies-poetry install-dependencies-uv",
    "test_node_logs": "package-manager-not-installed tool-not-in-dyno compiles-at-start"
    " prisma-not-generated browser-not-in-build browser-lacks-library nested-install-without-dev"
    " npm-allow-remote-blocked npm-allow-git-blocked",
    "test_node_causes": "private-git-dependency-without-auth",
    "test_environments": "environment-committed",
    "test_nested_repository": "nested-repository nested-repository-needed app-in-nested-repository",
    "test_nodejs": "dot-heroku dot-heroku-node shrinkwrap-lock-file-conflict"
    " multiple-package-managers iojs-unsupported node-modules-committed"
    " typescript-too-old",
    "test_odd_trees": "sub-tree symlink-leaves-tree unreadable-file config-var-name"
    " config-vars-too-large env-file-unreadable",
    "test_pip_causes": "needs-other-python repository-not-readable backport-not-needed",
    "test_procfile": "procfile-not-a-file procfile-in-subfolder procfile-encoding"
    " procfile-not-read"
    " procfile-made-by-hook procfile-read-differently procfile-repeats-type procfile-crlf",
    "test_python_version": "runtime-txt-deprecated python-series-deprecated python-patch-outdated"
    " python-patch-unknown",
    "test_quoted_logs": "monorepo-buildpack-late",
    "test_receive": "submodule-not-mapped submodule-needs-key submodule-on-this-disk"
    " submodule-not-fetched submodule-stands-in slugignore-procfile"
    " slugignore-negation slugignore-imported",
    "test_repair": "nothing-to-push",
    "test_sessions": "page-script-fails",
    "test_scale": "one-dyno-per-type",
    "test_stop_rules": "writes-outside",
    "test_core_workers": "workers-outgrow-dyno",
    "test_per_worker": "scheduler-per-worker sessions-per-worker uploads-on-disk",
    "test_strays": "still-running",
}
"""Causes that are triggered by a tree, a build or a dyno in the tests of their stage."""

MISSING = "ModuleNotFoundError: No module named 'annotationlib'"


def crashed(*errors: str, code: str = "x\n") -> Record:
    """Return a boot of hello.py that crashed with these lines, on a Python older than Heroku's."""
    older = Interpreter(Path("/usr/bin/python3.13"), "3.13.0", False)
    source = verdicts.source({**verdicts.FILES, "hello.py": code})
    slug = verdicts.slug(verdicts.plan(source), interpreters={PYTHON: older})
    log = (
        "Traceback (most recent call last):",
        '  File "/app/hello.py", line 1, in <module>',
        "    x",
        *errors,
    )
    output = tuple(Line(verdicts.AT, "app[web.1]", text) for text in log)
    return verdicts.boot(slug, state="crashed", exit=1, output=output, listeners=())


def request_failed(code: str, status: int = 503) -> Record:
    """Return the traffic of a dyno that is up, with one request that ended with `code`."""
    boot = verdicts.boot(verdicts.slug(verdicts.plan(verdicts.source())))
    return Traffic(boot, (verdicts.exchange(code=code, status=status, detail="too many"),), ())


def booted(state: str, *listeners: Listener) -> Record:
    """Return a boot that ended in `state`, without coming up."""
    slug = verdicts.slug(verdicts.plan(verdicts.source()))
    return verdicts.boot(slug, state=state, listeners=listeners)


WRITTEN: dict[str, tuple[str, Record]] = {
    "this-machine": ("a machine without a temporary folder", Stuck("boot", "no /tmp", "Make it.")),
    "installer-stands-in": (
        "an index that lacks Heroku's pip",
        verdicts.slug(verdicts.plan(verdicts.source()), installer="1.0"),
    ),
    "binds-one-address": (
        "an address of the machine's own besides loopback",
        booted("timeout", Listener("192.0.2.5", 23817, 7, "python3", False, True, True)),
    ),
    "boot-undecided": ("a socket table and a connection that disagree", booted("unknown")),
    "H19": (
        "a full queue of the kernel's, which takes SYNs as long as it likes",
        request_failed("H19"),
    ),
    "H27": ("parity's visitors do not leave by accident", request_failed("H27", 499)),
    "request-undecided": ("a machine that has no sockets left", request_failed("H99")),
    "newer-standard-module": ("a Python older than Heroku's", crashed(MISSING)),
    "newer-syntax": (
        "a Python older than Heroku's",
        crashed("SyntaxError: invalid syntax", code='t"{x}"\n'),
    ),
    "given-service-without-ssl": (
        "a Postgres server",
        crashed("OperationalError: server does not support SSL, but SSL was required"),
    ),
    "database-needs-ssl": (
        "a Postgres server",
        crashed("OperationalError: no pg_hba.conf entry for host x, no encryption"),
    ),
}
"""Causes that only a hand-written record triggers, each with what a real one would need."""


@pytest.mark.parametrize("id", [id for id in RULES if id not in REAL])
def test_a_cause_has_an_app_or_a_reason(id: str) -> None:
    """A rule without an app in `tests/apps` or a row in a table of apps is listed exactly once."""
    places = [file for file, ids in ELSEWHERE.items() if id in ids.split()]
    assert len(places) + (id in WRITTEN) == 1
    for file in places:
        text = (HERE / f"{file}.py").read_text()
        tools = re.sub(r"\b(?:pipenv|poetry|uv)\b", "{manager}", id)
        assert f'"{id}"' in text or tools in text


def test_exceptions_are_needed() -> None:
    """No rule with an app is listed as an exception, and every id belongs to a rule."""
    excused = {*WRITTEN, *" ".join(ELSEWHERE.values()).split()}
    assert excused & REAL == set()
    assert (excused | REAL) - {*RULES} == set()


@pytest.mark.parametrize("id", WRITTEN)
def test_a_written_record_triggers_it(id: str) -> None:
    """The hand-written record triggers the rule."""
    assert id in [finding.id for finding in diagnose(WRITTEN[id][1])]


def test_each_language_has_its_own_finding() -> None:
    """A rule that applies to two languages gives two findings, each with its own texts."""
    plan = verdicts.plan(verdicts.source())
    plan = plan._replace(runtimes=(*plan.runtimes, Runtime(NODE, "npm", None, "default", "22.1.0")))
    python = Interpreter(Path("/usr/bin/python3.9"), "3.9.0", False)
    node = Interpreter(Path("/usr/bin/node"), "20.1.0", False)
    slug = verdicts.slug(plan, interpreters={PYTHON: python, NODE: node})
    findings = [f for f in diagnose(slug) if f.id == "interpreter-stands-in"]
    assert [f.title.partition(" was used")[0] for f in findings] == [
        "Python 3.9.0",
        "Node.js 20.1.0",
    ]
    assert len({f.fix for f in findings} | {f.docs for f in findings}) == 4


def test_finding_keeps_herokus_own_name() -> None:
    """pip and npm share a rule, but the finding has Heroku's reason for the language."""
    refusal = Refusal("module-404", ("Unable to install dependencies using npm.",))
    plan = verdicts.plan(verdicts.source({"package.json": '{"dependencies": {"nil": "1"}}'}))
    output = ("npm error 404 Not Found - GET https://registry.npmjs.org/nil - Not found",)
    slug = verdicts.slug(plan, refusal=refusal, output=output)
    (cause,) = (f for f in diagnose(slug) if f.kind == "cause" and f.symptom)
    assert (cause.id, cause.heroku) == ("no-such-package", "module-404")
    assert "nil" in cause.title and "npm view nil" in cause.fix
