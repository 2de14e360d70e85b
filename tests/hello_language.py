"""A made-up language, as small as possible: hello.txt is served unchanged."""

from parity.facts.buildpacks import Buildpack
from parity.facts.phrases import INDENT, message
from parity.push.buildpacks.context import Job, blank
from parity.push.buildpacks.language import Decision, Language
from parity.records import Config, Refusal, Runtime, Slug, Source

HELLO = Buildpack("test/hello", "Hello", ("hello.txt",))
WEB = "python3 -m http.server $PORT --bind 0.0.0.0"


def decide(source: Source, _config: Config, _stack: str) -> Decision:
    """Choose the newest version, unless hello.txt is empty."""
    if not source.text("hello.txt"):
        refusal = Refusal("hello-empty", message("Error: hello.txt is empty."), "hello.txt")
        return Decision(refusal=refusal)
    runtime = Runtime(HELLO.id, "cp", None, "default", "1.0")
    return Decision(runtime, (f"-----> Using Hello {runtime.version}",))


def compile(job: Job) -> Slug:
    """Return the unchanged tree as the slug."""
    job.print("Nothing to build")
    job.tell(f"{INDENT}Done")
    return blank(job)._replace(installed=True, output=tuple(job.output))


LANGUAGE = Language(decide, compile, default_types=lambda _source: {"web": WEB})
