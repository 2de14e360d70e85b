"""Lines that servers, tools and libraries print, by which a log shows what the app is doing.

The programs' own messages (observed in public logs of apps on Heroku, none is documented).
"""

import re
from collections.abc import Mapping
from typing import Literal, NamedTuple

LISTENS = re.compile(
    r"(?<!debugger )(?:(?:listening|running|serving|server at|available at|visit|ready|open"
    r"|start(?:ed)?(?: server)? (?:at|on)|up (?:at|on))\b|local:)[^\n]{0,40}?"
    r"(?:https?://)?(?P<host>127\.0\.0\.1|localhost|0\.0\.0\.0|\[::1?\]|\*)?:(?P<port>\d{2,5})\b"
    r"|(?:listening|running|started|ready|server)\b[^\n]{0,30}?\bport[ :=]+(?P<bare>\d{2,5})\b",
    re.IGNORECASE,
)
"""Messages of servers about where they listen: gunicorn, uvicorn, Flask, waitress, Express, Vite,
Next.js. Node.js's debugger says the same of a port that is not for visitors.
"""

NODE = re.compile(
    r"^(?:npm (?:ERR!|error|WARN|warn)\b|> (?:@[\w.-]+/)?[\w.-]+@\d\S* [\w:.-]+|yarn run v\d"
    r"|node:internal/|\s+at (?:Object\.<anonymous>|Module\._|Function\.(?:Module\.|execute))"
    r"|Require stack:|Node\.js v\d|\[nodemon\]|(?:\S+: )?error Command (?:\"|failed)"
    r"|Error: Cannot find module '|\(node:\d+\) |Debugger listening on ws:|ERR_PNPM_)"
)
"""Lines that only Node.js and its package managers print."""

NODE_COMMAND = re.compile(r"(?:[^\s=]+=\S+ )*(?:npm|npx|yarn|pnpm|node|nodemon|next|ts-node|tsx)\b")

BOTS = re.compile(
    r"discord\.(?:client|gateway|http)\b|\bShard ID \S+ has connected|telegram\.ext\b"
    r"|Start polling|Run polling for bot|aiogram|pyrogram|telethon|Infinity polling"
    r"|celery@\S+ ready|RQ worker .* started|Listening on (?:default|high|low)\.\.\."
)
"""Lines of bots and of workers that take jobs from a queue: neither listens for requests."""


class Work(NamedTuple):
    """Work before the server starts: `commands` as scripts call it, `prints` what it prints."""

    kind: Literal["build", "install", "migrate", "download"]
    commands: re.Pattern[str]
    prints: re.Pattern[str]


WORK = (
    Work(
        "install",
        re.compile(
            r"\b(?:npm (?:install|i|ci)\b|yarn(?: install)?(?=\s*(?:&&|;|$))|pnpm (?:install|i)\b"
            r"|pip3? install\b)"
        ),
        re.compile(
            r"^(?:Collecting [\w.-]+|\s*Downloading \S+\.(?:whl|tar\.gz)|added \d+ packages)"
        ),
    ),
    Work(
        "migrate",
        re.compile(
            r"\bmanage\.py migrate|\balembic upgrade|\bflask db upgrade"
            r"|\bprisma (?:migrate|db push)|\bsequelize(?:-cli)? db:migrate|\bknex migrate"
            r"|\btypeorm migration:run"
        ),
        re.compile(
            r"^(?:\s*Applying [\w.]+\.\d{4}_|\s*Running migrations:|Operations to perform:"
            r"|.*\[alembic\.[\w.]++\] Running upgrade|\d+ migrations? found in prisma/)"
        ),
    ),
    Work(
        "download",
        re.compile(r"\b(?:wget|curl|spacy download|nltk\.downloader|playwright install)\b"),
        re.compile(
            r"^(?:(?i:(?>.*?\bdownload(?:ing)?\b)"
            r".*(?:\d%|\.(?:bin|pt|pth|safetensors|onnx|h5|gguf)\b))"
            r"|\s*\[nltk_data\] Downloading|Fetching \d+ files:"
            r"|(?>.*?\d%\|[#█▏▎▍▌▋▊▉ ]+\|).*[MG]B?[/ ,]"
            r"|Downloading (?:shards|model|weights))"
        ),
    ),
    Work(
        "build",
        re.compile(
            r"(?:^|[\s;&])(?:tsc|tsup|rollup|webpack(?! serve|-dev-server)|esbuild|parcel build"
            r"|(?:next|nuxt|nuxi|vite|ng|nest|gatsby|astro|remix|expo|turbo|react-scripts"
            r"|vue-cli-service|craco|npm run|yarn|yarn run|pnpm|pnpm run) (?:build|compile)\S*"
            r"|lessc|sass|babel (?!-node)\S|gulp|grunt)(?=[\s;&]|$)"
        ),
        re.compile(
            r"^(?:.*Creating an optimized production build"
            r"|(?>.*?building (?:for|client)\b).*(?:production|\+)"
            r"|(?>.*?\b(?:webpack|wds|Webpack)\b).*(?:compil|build|bundl)|\s*Compiling\b"
            r"|.*transforming \("
            r"|.*Generating (?:static pages|browser application bundles)|.*Collecting page data"
            r"|.*static files? copied)"
        ),
    ),
)
"""Work that belongs in the build or the release command, but that apps do when they start."""

WORDS: Mapping[str, str] = {
    "build": "compiles",
    "install": "installs packages",
    "migrate": "runs migrations",
    "download": "downloads files",
}
"""Each kind of work, as what the start does."""
