"""Uploads that the app keeps on the dyno's disk, read from its code: parity uploads nothing."""

import re
from collections.abc import Iterator

from parity.records import Shutdown, Source
from parity.records.verdict import Evidence
from parity.rules.engine import rule
from parity.rules.shutdown.ephemeral import EPHEMERAL, lost
from parity.rules.views import node_source
from parity.rules.views.python_source import CodePlace, at, find, found
from parity.rules.views.suggestions import requires

STORES = (
    *("boto3", "cloudinary", "dj3-cloudinary-storage", "django-cloudinary-storage"),
    *("django-storages", "google-cloud-storage", "azure-storage-blob", "minio", "supabase"),
    *("firebase-admin", "pyrebase", "pyrebase4", "b2sdk", "dropbox", "pyuploadcare", "oss2"),
)
"""Python packages that put files into an object store."""

NODE_STORES = re.compile(
    r"aws-sdk|@aws-sdk/|cloudinary|@google-cloud/storage|multer-s3|@azure/storage|minio|@supabase/"
    r"|firebase-admin|imagekit|uploadthing|dropbox"
)
_SAVED = r"\.save\(\s*(?!\)|commit\b|self\b|\*)[^)\s]"
_WRITTEN = r"open\([^)]*[\"']wb[\"']"
_BACK = r"send_from_directory\(|send_file\(|os\.listdir\(|FileResponse\(|StaticFiles\("
_GONE = r"os\.(?:remove|unlink)\(|\.unlink\(|rmtree\(|NamedTemporaryFile|TemporaryDirectory|mkdtemp"
_TEMPORARY = r"[\"']/(?:tmp|var/tmp|dev/shm)\b|gettempdir\("
_STORAGE = r"DEFAULT_FILE_STORAGE|[\"']default[\"']\s*:\s*\{(?![^}]*FileSystemStorage)"
_DEVELOPMENT = re.compile(r"(?i)dev|local|test")


@rule(
    "uploads-on-disk",
    effect="warn",
    title="Uploads are stored on the dyno's disk, and lost at its next restart",
    cause="Every dyno starts from the slug, at least once a day and at every deploy. Everything"
    " uploaded until then is lost, and other dynos never have it.",
    fix="Keep uploads in an object store: Amazon S3, or `heroku addons:create cloudinary` for"
    " images{django:-}.",
    docs=EPHEMERAL,
    basis="static",
    laptop="The laptop's disk keeps what is written.",
    by={"Django": "django-storages", "Flask": "boto3", "Express": "multer-s3"},
)
def uploads_on_disk(shutdown: Shutdown) -> Iterator[Evidence]:
    source = shutdown.boot.release.slug.plan.source
    if lost(shutdown) or shutdown.boot.process.name != "web":
        return
    django = _media(source)
    place = django or _saved(source) or _multer(source)
    if place:
        yield at(place.text, place, django=" (django-storages for MEDIA_ROOT)" if django else "")


def _stored(source: Source) -> bool:
    return any(requires(source, package) for package in STORES)


def _media(source: Source) -> CodePlace | None:
    """Return Django's MEDIA_ROOT, if a model keeps files there and no other storage is set."""
    places = (p for p in found(source, r"^MEDIA_ROOT\s*=") if not _DEVELOPMENT.search(p.file))
    place = next(places, None)
    kept = place and find(source, r"\bmodels\.(?:File|Image)Field\(")
    if not kept or _stored(source) or _set(source):
        return None
    return place if place and not re.search(_TEMPORARY, place.text) else None


def _set(source: Source) -> bool:
    """Return whether the settings name another storage for files."""
    python = (source.text(path) or "" for path in source.entries if path.endswith(".py"))
    return any(re.search(_STORAGE, text) for text in python)


def _saved(source: Source) -> CodePlace | None:
    """Return the line that saves an upload which the app later serves or lists."""
    if _stored(source):
        return None
    for place in found(source, rf"{_SAVED}|{_WRITTEN}"):
        text = source.text(place.file) or ""
        uploads = re.search(r"request\.files\b|\bUploadFile\b|FileField\(|FileStorage", text)
        passing = re.search(_GONE, text) or re.search(_TEMPORARY, text)
        if uploads and re.search(_BACK, text) and not passing:
            return place
    return None


def _multer(source: Source) -> CodePlace | None:
    """Return the line of an Express app that keeps uploads in a folder which it also serves."""
    if NODE_STORES.search(source.text("package.json") or ""):
        return None
    disk = r"\bmulter\(\s*\{\s*dest\b|\.diskStorage\(|\.files\b.*\.mv\("
    place = node_source.find(source, disk)
    text = (source.text(place.file) or "") if place else ""
    served = re.search(r"express\.static\(|sendFile\(|readdir", text)
    passing = re.search(r"\bunlink(?:Sync)?\(|\brm(?:Sync)?\(|tmpdir\(|[\"']/tmp\b", text)
    return place if served and not passing else None
