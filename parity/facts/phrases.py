"""The lines that `git push heroku main` prints, word for word.

Source: public deploy logs and https://devcenter.heroku.com/articles/git (observed); the messages of
a buildpack: its repository. The advice that Heroku adds to an error is in the rules.
"""

from parity.facts.buildpacks import ARTICLE

RECEIVED = ("Compressing source files... done.", "Building source:", "")
DETERMINING = "-----> Determining which buildpack to use for this app"
INDENT = "       "

NO_LANGUAGE = (
    " !     No default language could be detected for this app.",
    "\t\t\tHINT: This occurs when Heroku cannot detect the buildpack"
    " to use for this application automatically.",
    f"\t\t\tSee {ARTICLE}",
)
SUBMODULES_FAILED = "!\tPush rejected, submodule install failed"


def no_submodule_mapping(path: str) -> str:
    """Return git's error for a gitlink without an entry in .gitmodules."""
    return f"fatal: no submodule mapping found in .gitmodules for path '{path}'"


def submodules(registered: tuple[str, ...], end: tuple[str, ...]) -> tuple[str, ...]:
    """Return what the receiving git prints about submodules, before the build."""
    return ("Git submodules detected, installing:", *registered, *end)


def deleting(count: int) -> tuple[str, ...]:
    """Return the line about .slugignore (its place above the stack's line is inferred)."""
    return (f"-----> Deleting {count} files matching .slugignore patterns.",) if count else ()


def building(stack: str) -> str:
    """Return the line that names the stack: `heroku-26` is printed as `Heroku-26`."""
    return f"-----> Building on the {stack.capitalize()} stack"


def using(buildpacks: tuple[str, ...]) -> tuple[str, ...]:
    """Return the lines that list the buildpacks set on the app."""
    if len(buildpacks) == 1:
        return (f"-----> Using buildpack: {buildpacks[0]}",)
    numbered = (f"{INDENT}{n}. {name}" for n, name in enumerate(buildpacks, 1))
    return ("-----> Using buildpacks:", *numbered)


def several(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the warning for an app that several buildpacks would take (indents are inferred)."""
    return (
        " !     Warning: Multiple default buildpacks reported the ability to handle this app."
        " The first buildpack in the list below will be used.",
        f"\t\t\tDetected buildpacks: {','.join(names)}",
        f"\t\t\tSee {ARTICLE}#buildpack-detect-order",
    )


def incompatible(url: str, error: tuple[str, ...]) -> tuple[str, ...]:
    """Return the refusal of a buildpack that does not take the app; `error` is its own text."""
    return (
        f"-----> App not compatible with buildpack: {url}",
        INDENT,
        *error,
        "",
        f"{INDENT}More info: {ARTICLE}#buildpack-auto-detection",
    )


def message(*lines: str) -> tuple[str, ...]:
    """Return lines in the style of a buildpack's error or warning."""
    return tuple(f" !     {line}" for line in lines)


def failed(app: str, language: str | None = None) -> tuple[str, ...]:
    """Return the end of a rejected push; `language` as its buildpack calls it, if it compiled."""
    compiled = (f" !     Push rejected, failed to compile {language} app.", "") if language else ()
    return (
        *compiled,
        " !     Push failed",
        "Verifying deploy...",
        "",
        f"!\tPush rejected to {app}.",
        "",
    )
