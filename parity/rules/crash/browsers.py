"""Crashes because the app drives a browser that is not in the dyno, in any language."""

import re
from collections.abc import Iterator

from parity.records.verdict import Evidence
from parity.rules.crash.symptoms import ENDINGS, at_either
from parity.rules.engine import rule
from parity.rules.views.node_error import NodeCrash, node_error
from parity.rules.views.node_source import find, is_node
from parity.rules.views.python_traceback import Crash, PythonError

CHROME = "https://elements.heroku.com/buildpacks/heroku/heroku-buildpack-chrome-for-testing"
_BUILDPACK = "`heroku buildpacks:add --index 1 heroku-community/chrome-for-testing`"


@rule(
    "no-browser",
    leads_to=ENDINGS,
    title="The dyno has no browser: {error}",
    cause="Selenium drives a browser that the stack image does not have.",
    fix="Type `heroku buildpacks:add --index 1 heroku-community/chrome-for-testing`; start Chrome"
    " with `--headless=new --no-sandbox --disable-dev-shm-usage`.",
    docs=CHROME,
)
def no_browser(crash: PythonError) -> Iterator[Evidence]:
    raised = crash.raised
    pattern = (
        r"cannot find Chrome binary|(?:chromedriver|geckodriver)'? executable needs to be in PATH"
        r"|Unable to (?:obtain|locate or obtain) driver for|Expected browser binary location"
    )
    if re.search(pattern, raised.message):
        yield at_either(crash, raised.told)


_NO_PLAYWRIGHT = r"[Bb]rowserType\.\w+: Executable doesn't exist at"
_NO_PUPPETEER = (
    r"Could not find (?:Chrome|Chromium|Firefox) \(ver\. |Could not find expected browser"
    r"|Could not find browser revision"
)


@rule(
    "browser-not-in-build",
    leads_to=ENDINGS,
    title="{library} finds no browser in the dyno: the build did not install one",
    cause="{library}'s package does not include its browser. On your machine it is in your home"
    " folder, which is not pushed: {error}",
    fix="{advice:Install the browser in the build, in a folder of the app.}",
    docs="{docs:https://playwright.dev/docs/browsers}",
    laptop="`playwright install` was run there once; its download is in the home folder.",
)
def browser_not_in_build(crash: Crash) -> Iterator[Evidence]:
    match = crash.saying(f"{_NO_PLAYWRIGHT}.*") or crash.saying(f"(?:{_NO_PUPPETEER}).*")
    if match is None:
        return
    puppeteer = re.match(_NO_PUPPETEER, match[0]) is not None
    names = {"library": "Puppeteer" if puppeteer else "Playwright", "error": match[0].strip()}
    names["advice"] = _PUPPETEER if puppeteer else _JS if is_node(crash.plan) else _PYTHON
    if puppeteer:
        names["docs"] = "https://pptr.dev/guides/configuration"
    yield _place(crash, **names) or at_either(crash, names["error"], **names)


def _place(crash: Crash, **names: str) -> Evidence | None:
    """Return evidence at the line of JavaScript that starts the browser."""
    if not is_node(crash.plan):
        return None
    error = node_error(NodeCrash(*crash))
    launch = find(crash.source, r"\.launch(?:PersistentContext)?\(")
    at_launch = launch and Evidence(names["error"], launch.file, launch.line, names=names)
    return (error.at(**names) if error else None) or at_launch


_PYTHON = (
    f"Type {_BUILDPACK}, whose Chrome brings its libraries, and tell Playwright where it is:"
    ' `launch(executable_path=shutil.which("chrome"))`. Or install its own browser in the build:'
    " `heroku config:set PLAYWRIGHT_BROWSERS_PATH=0`, and `playwright install chromium` in"
    " bin/post_compile; the libraries then come from an Aptfile (heroku-community/apt)."
)
_JS = (
    "Install it in the build, into node_modules: type `heroku config:set"
    " PLAYWRIGHT_BROWSERS_PATH=0`, and add `npx playwright install chromium` to the"
    ' "heroku-postbuild" or "build" script of package.json. Its libraries come from an Aptfile'
    f" (heroku-community/apt), or with another Chrome: {_BUILDPACK} and"
    " `launch({ executablePath: … })`."
)
_PUPPETEER = (
    "Download it into the app's folder: commit a .puppeteerrc.cjs with `module.exports = {"
    " cacheDirectory: require('path').join(__dirname, '.cache', 'puppeteer') }`. Its libraries come"
    f" from an Aptfile (heroku-community/apt), or with another Chrome: {_BUILDPACK} and"
    " `launch({ executablePath: … })`."
)


@rule(
    "browser-lacks-library",
    leads_to=ENDINGS,
    title="The browser needs libraries that the dyno lacks: {missing}",
    cause="A browser needs desktop libraries, which the stack image does not have: {error}",
    fix="Type `heroku buildpacks:add --index 1 heroku-community/chrome-for-testing`, which installs"
    " Chrome with its libraries; or list their packages in an Aptfile (heroku-community/apt).",
    docs=CHROME,
)
def browser_lacks_library(crash: Crash) -> Iterator[Evidence]:
    match = crash.saying(
        r"(?:chrome|chromium|headless_shell|firefox)[\w.-]{0,30}: error while loading shared"
        r" libraries: ([\w.+-]+)"
        r"|Host system is missing dependencies to run browsers"
    )
    if match:
        names = {"missing": match[1] or "see the log", "error": match[0]}
        yield _place(crash, **names) or at_either(crash, match[0], **names)
