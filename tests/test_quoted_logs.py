"""`parity explain -` on logs as people quote them: no false word, and the cause where it is."""

import pytest

from parity.logs import causes, read
from parity.report.log_report import page, unclear
from tests.quoted_logs import LOGS, NO_GUNICORN, R10, ROOT, Quoted, T, app, timeout
from tests.trees import planned, tree


def answer(quoted: Quoted) -> str:
    """Return the whole answer, in one line and in lower case."""
    plan = planned(tree(quoted.files))[0] if quoted.files else None
    story = read([quoted.text.encode()])
    found = causes(story, plan)
    trouble = unclear(story, found)
    shown = page(story, found, plan.source if plan else None, 200, False)
    shown = f"{trouble} {trouble.fix}" if trouble else shown
    return " ".join(shown.split()).lower()


@pytest.mark.parametrize("quoted", LOGS.values(), ids=list(LOGS))
def test_a_quoted_log_is_explained(quoted: Quoted) -> None:
    """Whatever was left out, added or broken, the answer has the right words and no wrong one."""
    shown = answer(quoted)
    assert [word for word in quoted.says if word.lower() not in shown] == [], shown
    assert [word for word in quoted.never if word.lower() in shown] == [], shown


def blamed(*rows: str) -> list[str]:
    """Return the causes that are named for a log of these lines."""
    story = read(["\n".join(rows).encode()])
    return [finding.id for cause in causes(story, None) for finding in cause.causes]


@pytest.mark.parametrize(
    ("order", "cause"),
    [
        (("heroku/python", "https://github.com/lstoll/heroku-buildpack-monorepo"), True),
        (("https://github.com/lstoll/heroku-buildpack-monorepo", "heroku/python"), False),
        (("heroku/nodejs", "heroku/python"), False),
    ],
)
def test_a_buildpack_that_moves_a_folder_comes_first(order: tuple[str, ...], cause: bool) -> None:
    """Only behind the language's own buildpack it is too late."""
    listed = (f"       {n}. {name}" for n, name in enumerate(order, 1))
    rows = ("-----> Using buildpacks:", *listed, "-----> Python app detected")
    named = blamed(*rows, *ROOT.format("api/\n !     ui/").splitlines())
    assert ("monorepo-buildpack-late" in named) is cause


@pytest.mark.parametrize(
    "rows",
    [
        ("> a@1.0.0 start", "> tsc && node dist/index.js", "Compiled.", "Scheduler started"),
        ("> a@1.0.0 start", "> node index.js", "Connected to mongodb at localhost:27017"),
        ("Downloading the newest prices", "Waiting for the exchange"),
        ("Applied 3 settings", "Loading data"),
    ],
)
def test_what_is_done_is_not_blamed(rows: tuple[str, ...]) -> None:
    """Work that came to its end, and words that only sound like work."""
    assert "work-before-server" not in blamed(*timeout("npm start", *rows).splitlines())


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        ("EALLOWREMOTE", "npm-allow-remote-blocked"),
        ("EALLOWGIT", "npm-allow-git-blocked"),
    ],
)
def test_what_npm_12_refuses_is_named(code: str, cause: str) -> None:
    """Each source of packages has an option of its own."""
    rows = (
        "-----> Installing dependencies",
        f"       npm error code {code}",
        "-----> Build failed",
    )
    assert cause in blamed(*rows)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_what_powershell_writes_is_read(encoding: str) -> None:
    """`heroku logs > log.txt` writes UTF-16 there, and some editors write a byte order mark."""
    data = NO_GUNICORN.encode(encoding)
    story = read([data[:1001], data[1001:]])
    found = causes(story, None)
    assert [f.id for cause in found for f in cause.causes] == ["command-not-found"]


@pytest.mark.parametrize(
    "rows",
    [
        (f"\t{R10}", "    at=error code=H12 desc=x", f"> {R10}"),
        (f"{T.format(1)} app[web.1]: {T.format(1)} heroku[web.1]: Error R15 (x)" * 2,),
    ],
)
def test_a_mark_of_the_apps_own_is_no_quotation(rows: tuple[str, ...]) -> None:
    """Lines that look like Heroku's behind a mark are not believed where others have no mark."""
    text = app("Booted", "Ready", "ok", "ok") + "\n".join(rows)
    assert read([text.encode()]).tallies == {}
