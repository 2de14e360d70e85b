"""The build with all of an app's buildpacks, one after another, into one slug.

https://devcenter.heroku.com/articles/using-multiple-buildpacks-for-an-app (documented): each one
detects whether it takes the tree that the earlier ones left, compiles, and exports variables to the
next. The last one's default process types count.
"""

import time
from collections.abc import Mapping
from pathlib import Path

from parity.facts.buildpacks import BUILDPACKS
from parity.push import detect, procfile
from parity.push.buildpacks import default_types, emulated, intermediate, takes
from parity.push.buildpacks.context import Job, blank
from parity.push.buildpacks.language import Language
from parity.records import Plan, ProcessType, Refusal, Slug


def compile_all(job: Job) -> tuple[Slug, str | None]:
    """Build the slug; also return the name of the buildpack that failed, as Heroku prints it.

    Raises `interrupt.Interrupted`, `Trouble`, `OSError`.
    """
    began = time.monotonic()
    slug = blank(job)
    defaults = default_types(job.plan.runs, job.plan.source)
    label: str | None
    for number, name in enumerate(job.plan.runs):
        language = emulated(name)
        if language:
            compiled, label = _official(job, number, name, language)
            exported = language.exports(job)
        else:
            from parity.push.buildpacks import folder

            compiled, label, exported, defaults = folder.compile_app(job, Path(name))
        slug = _merged(slug, compiled)
        if slug.refusal or slug.unknown:
            return slug, label
        job = job._replace(exported={**job.exported, **exported}, plan=slug.plan)
    plan = slug.plan._replace(processes=_formation(job, defaults))
    return slug._replace(plan=plan, seconds=time.monotonic() - began), None


def _official(job: Job, number: int, name: str, language: Language) -> tuple[Slug, str | None]:
    """Run one of Heroku's own buildpacks. The first one decided before the build."""
    label = BUILDPACKS[name].name
    if number:
        plan, refusal = _decided(job, number, name, language)
        job = job._replace(plan=plan)
        if refusal:
            label_or_none = None if refusal.reason == "buildpack-not-compatible" else label
            return blank(job)._replace(refusal=refusal, output=tuple(job.output)), label_or_none
    return language.compile(job), label


def _decided(job: Job, number: int, name: str, language: Language) -> tuple[Plan, Refusal | None]:
    """Let a later buildpack decide about the tree that the earlier ones left."""
    plan = job.plan
    source = intermediate.tree(plan.source, job.folder)
    if not takes(BUILDPACKS[name], source):
        return plan, detect.incompatible(name, name)
    job.tell(f"-----> {BUILDPACKS[name].name} app detected")
    if language.once and name in plan.runs[:number]:
        return plan, language.once
    if language.decides_after and (job.folder / language.decides_after).is_file():
        return plan, None  # it decides after that script
    return intermediate.decided(job, language.decide(source, plan.config, plan.stack))


def _merged(slug: Slug, compiled: Slug) -> Slug:
    """Return the combined result of the earlier buildpacks and the next one."""
    return compiled._replace(
        interpreters={**slug.interpreters, **compiled.interpreters},
        environment=compiled.environment or slug.environment,
        packages={**slug.packages, **compiled.packages},
        cached=compiled.cached and (slug.cached or not slug.installed),
        installed=compiled.installed or slug.installed,
        tools=(*slug.tools, *compiled.tools),
    )


def _formation(job: Job, defaults: Mapping[str, str]) -> dict[str, ProcessType]:
    """Return the process types of the Procfile as the build left it."""
    path = job.folder / "Procfile"
    entry = job.plan.source.entries.get("Procfile")
    if not path.is_file():
        return detect.formation(None, defaults)
    data = path.read_bytes()
    same = entry is not None and entry.data == data
    file = job.plan.procfile if same else procfile.parse("Procfile", data)
    return detect.formation(file, defaults)
