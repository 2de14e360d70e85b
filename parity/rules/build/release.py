"""Rules about the release phase: https://devcenter.heroku.com/articles/release-phase."""

from collections.abc import Iterator

from parity.records import Release
from parity.records.verdict import Evidence
from parity.rules.engine import rule

RELEASE_PHASE = "https://devcenter.heroku.com/articles/release-phase"


@rule(
    "release-failed",
    effect="fail",
    title="The release command fails, so the new version never runs",
    cause="`{command}` ended with status {status}. git push still reports success, but Heroku keeps"
    " the old release; a new app has none. The command's last line: {last:…}",
    fix="Make the command pass in a one-off dyno: `heroku run {command}` shows its output.",
    docs=RELEASE_PHASE,
    prints=(
        "remote: Running release command...",
        "remote: Waiting for release.... failed.",
    ),
    laptop="On the laptop the command ran once, against another database, with your variables.",
    by={
        "Django": "release: python manage.py migrate --noinput",
        "Flask-Migrate": "release: flask --app app db upgrade",
    },
)
def RELEASE_FAILED(release: Release) -> Iterator[Evidence]:
    if release.status != "failed" or release.command is None or release.ended is None:
        return
    last = next((x.text for x in reversed(release.ended.output) if x.text.strip()), "(none)")
    status = "no end within an hour" if release.ended.timed_out else str(release.ended.exit)
    names = {"command": release.command.command, "status": status, "last": last.strip()}
    yield Evidence(
        f"Process exited with status {release.ended.exit}",
        "Procfile",
        release.command.line,
        names=names,
    )


@rule(
    "release-skipped",
    effect="warn",
    title="The release command was not run: {reason:it would have changed a database that is not"
    " on this machine}",
    cause="It would have run against that database, which may be the production one.",
    fix="`--run-release` runs it anyway; a database on this machine needs no option.",
    docs=RELEASE_PHASE,
)
def release_skipped(release: Release) -> Iterator[Evidence]:
    if release.skipped and release.command:
        names = {"reason": release.skipped}
        yield Evidence(release.skipped, "Procfile", release.command.line, names=names)


@rule(
    "start-changes-schema",
    effect="unknown",
    title="`{step:python manage.py migrate}` would change a remote database; nothing was started",
    cause="{variable:A config var} points to a remote database, perhaps the production one, and"
    " `{command:the start command}` changes its schema. parity does not do that unless"
    " you ask it to.",
    fix="Type `parity run --config {variable:DATABASE_URL}=URL` with a database on this"
    " machine{dotenv:, or leave .env out with `--no-env`}. `--run-release` runs the command"
    " against the remote database. On Heroku, migrations belong in the release phase: they"
    " run once, not in every dyno.",
    docs=RELEASE_PHASE,
)
def start_changes_schema(release: Release) -> Iterator[Evidence]:
    withheld = release.withheld
    if withheld:
        process, origin = withheld.process, release.slug.plan.config.origin
        from_file = origin.get(withheld.variable, "").rpartition("/")[2].startswith(".env")
        names = {
            "step": withheld.step,
            "variable": withheld.variable,
            "command": process.command,
            "dotenv": ", or leave .env out with `--no-env`" if from_file else "",
        }
        seen = f"{withheld.variable} points to a database elsewhere"
        line = process.line or None
        yield Evidence(seen, "Procfile" if line else None, line, names=names)
