"""The official classic buildpacks, in the order in which Heroku tries them.

Order: https://devcenter.heroku.com/articles/buildpacks#buildpack-detect-order (documented; the
place of .NET, younger than the list, is inferred). Their conditions: `bin/detect` of each
https://github.com/heroku/heroku-buildpack-NAME (observed).
"""

from collections.abc import Mapping
from typing import NamedTuple

from parity.facts.python import DETECTED_BY, DETECTED_BY_FOLDERS

ARTICLE = "https://devcenter.heroku.com/articles/buildpacks"
PYTHON = "heroku/python"
NODE = "heroku/nodejs"

UNOFFICIAL: Mapping[str, str] = {
    "Cargo.toml": "emk/rust",
    "mix.exs": "https://github.com/HashNuke/heroku-buildpack-elixir",
}
"""Package file of a language without an official buildpack → the buildpack to set for it:
https://github.com/emk/heroku-buildpack-rust and the address itself (documented).
"""


class Buildpack(NamedTuple):
    """`name` as its `bin/detect` prints it.

    `files`, `folders` and `entries` (either) of the root select it, or `paths` (a pattern).
    """

    id: str
    name: str
    files: tuple[str, ...] = ()
    paths: str | None = None
    folders: tuple[str, ...] = ()
    entries: tuple[str, ...] = ()


BUILDPACKS: Mapping[str, Buildpack] = {
    b.id: b
    for b in (
        Buildpack("heroku/ruby", "Ruby", ("Gemfile",)),
        Buildpack(NODE, "Node.js", ("package.json",)),
        Buildpack("heroku/clojure", "Clojure", ("project.clj",)),
        Buildpack(PYTHON, "Python", folders=DETECTED_BY_FOLDERS, entries=DETECTED_BY),
        Buildpack(
            "heroku/java",
            "Java",
            tuple(
                f"pom.{x}" for x in ("xml", "atom", "clj", "groovy", "rb", "scala", "yaml", "yml")
            ),
        ),
        Buildpack(
            "heroku/gradle",
            "Gradle",
            (
                "gradlew",
                "build.gradle",
                "build.gradle.kts",
                "settings.gradle",
                "settings.gradle.kts",
            ),
        ),
        Buildpack(
            "heroku/scala",
            "Scala",
            (".sbtrc", "project/build.properties"),
            r"[^/]+\.sbt|(?:project|\.sbt)/[^/]+\.scala",
        ),
        Buildpack("heroku/php", "PHP", ("composer.json", "index.php")),
        Buildpack(
            "heroku/go",
            "Go",
            ("go.mod", "Gopkg.lock", "Godeps/Godeps.json", "vendor/vendor.json", "glide.yaml"),
            r"src/[^/]+/.*\.go",
        ),
        Buildpack("heroku/dotnet", ".NET", (), r"[^/]+\.(?:slnx?|csproj|fsproj|vbproj|cs)"),
    )
}
