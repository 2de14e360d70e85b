"""The files of rules, in the order in which their causes are reported.

Importing them all takes a while, so each stage loads only what it can need.
"""


def _in(package: str, names: str) -> tuple[str, ...]:
    return tuple(f"{package}.{name}" for name in names.split())


STATIC = (
    "machine",
    *_in("push", "plan monorepo source submodules failure_reasons"),
    "build.node.plan",
    *_in("push", "procfile procfile_lines config slugignore app_json debugging"),
    "build.python.hooks",
)
"""The files of rules that `parity check` can need."""

BUILD = (
    *STATIC,
    *_in("build.python", "pip pip_addresses pip_conflicts pip_packages"),
    *("build.packages", "build.python.lock", "build.python.pip_python", "build.versions"),
    *_in("build.python", "pip_versions pip_compiling collectstatic"),
    "build.slug",
    *_in("build.node", "build nested scripts"),
    "build.release",
    "shutdown.ephemeral",
)
"""The same, and those that a rehearsal needs before it boots anything."""

_ANSWERS = _in("traffic", "workers visitors hosts client_errors page_parts websockets")
_ENDS = _in("shutdown", "stop dynos per_worker uploads")
_MEMORY = _in("shutdown", "memory cores")

UP = (
    *BUILD,
    "shutdown.memory",
    "shutdown.cores",
    "boot.boot",
    "boot.differences",
    "traffic.traffic",
    *_ANSWERS,
    *_ENDS,
)
"""The same, and those for a dyno that is up and answers."""

FILES = (
    *(*BUILD, *_MEMORY, "boot.boot", "boot.work", "boot.silent", "boot.differences"),
    *("traffic.traffic", "traffic.sessions", "crash.symptoms", "crash.nested"),
    *_in("crash.node", "prisma start tools modules files errors"),
    "traffic.node_answers",
    *_in("crash", "shell programs subprocesses browsers arguments options target object"),
    *("crash.started_programs", "crash.python.django_setup", "crash.python.settings"),
    "crash.modules",
    *_in("crash.python", "modules python imports"),
    "crash.dependencies",
    *_in("crash.python", "packages versions parts"),
    "crash.variables",
    *_in("crash.python", "addresses certificates migrations tables patching"),
    *("crash.services", "crash.python.services", "crash.python.databases", "crash.tls"),
    *_in("crash", "port stack files"),
    *("crash.python.files", "crash.code", "crash.python.code", "crash.python.pages"),
    *_in("crash", "exit slugignore dotenv"),
    *(*_ANSWERS, *_ENDS),
)
"""All files of rules, in the order in which causes are reported: more precise ones come first."""

PLACES = {f"parity.rules.{name}": place for place, name in enumerate(FILES)}
"""The position of each file in that order, by module."""
