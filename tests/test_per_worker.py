"""What several workers do at once, and uploads on a dyno's disk: named, or rightly left alone."""

import pytest

from parity.facts.dynos import MB
from parity.records import Memory, ProcessType, Share, Shutdown
from parity.rules.engine import diagnose
from parity.rules.loading import load
from tests import verdicts

WEB = "gunicorn app:app"
SCHEDULER = "from apscheduler.schedulers.background import BackgroundScheduler\n"
LOOP = "import threading\n\n\ndef work():\n    while True:\n        tidy()\n\n\n"
FLASK = "from flask import Flask, request, send_from_directory\n"
SAVE = '    request.files["f"].save(path)\n'
SEND = '    return send_from_directory("up", "f")\n'
MEDIA = {
    "shop/settings.py": 'MEDIA_ROOT = BASE_DIR / "media"\n',
    "shop/models.py": "class Item(models.Model):\n    photo = models.ImageField()\n",
}


def ended(files: dict[str, str], command: str = WEB, processes: int = 3) -> Shutdown:
    """Return the end of a web dyno with so many processes of one command."""
    web = ProcessType("web", command, 1)
    source = verdicts.source({**verdicts.FILES, "Procfile": f"web: {command}\n", **files})
    boot = verdicts.boot(verdicts.slug(verdicts.plan(source, processes={"web": web})))
    shares = tuple(Share(9 + n, command, 20 * MB, 0) for n in range(processes))
    memory = Memory(60 * MB, 3.0, shares, processes)
    return Shutdown(boot, None, 0.1, 143, False, 60 * MB, 512, (), (), memory=memory)


def named(record: Shutdown) -> dict[str, str]:
    """Return the ids of the findings, with the place of the first evidence."""
    load()
    evidence = {f.id: f.evidence[0] for f in diagnose(record)}
    return {id: f"{one.file}:{one.line}" for id, one in evidence.items()}


@pytest.mark.parametrize(
    ("files", "place"),
    [
        ({"app.py": f"{SCHEDULER}s = BackgroundScheduler()\ns.start()\n"}, "app.py:3"),
        ({"app.py": f"{SCHEDULER}BackgroundScheduler(daemon=True).start()\n"}, "app.py:2"),
        (
            {
                "app.py": "from jobs import begin\n\nbegin()\n",
                "jobs.py": f"{SCHEDULER}s = BackgroundScheduler()\ns.start()\n",
            },
            "jobs.py:3",
        ),
        (
            {
                "app.py": f"{SCHEDULER}s = BackgroundScheduler()\n\n\n@app.on_event('startup')\n"
                "def begin():\n    s.start()\n"
            },
            "app.py:7",
        ),
        (
            {"app.py": f"{LOOP}threading.Thread(target=work, daemon=True).start()\n"},
            "app.py:9",
        ),
        (
            {"app.py": "import threading\nt = threading.Thread(target=bot.polling)\nt.start()\n"},
            "app.py:3",
        ),
        (
            {
                "manage.py": "",
                "app.py": "import x\n",
                "mail/apps.py": f"{SCHEDULER}class Mail(AppConfig):\n    def ready(self):\n"
                "        s = BackgroundScheduler()\n        s.start()\n",
            },
            "mail/apps.py:5",
        ),
    ],
)
def test_background_work_in_every_worker(files: dict[str, str], place: str) -> None:
    """The line that starts it is named."""
    assert named(ended(files)) == {"scheduler-per-worker": place}


@pytest.mark.parametrize(
    ("files", "command", "processes"),
    [
        ({"app.py": f"{SCHEDULER}s = BackgroundScheduler()\ns.start()\n"}, WEB, 2),
        (
            {"app.py": f"{SCHEDULER}s = BackgroundScheduler()\ns.start()\n"},
            "gunicorn --preload app:app",
            3,
        ),
        ({"app.py": "x = 1\n", "clock.py": f"{SCHEDULER}BackgroundScheduler().start()\n"}, WEB, 3),
        (
            {
                "app.py": f"{SCHEDULER}s = BackgroundScheduler()\n\n\ndef begin():\n"
                "    s.start()\n\n\nif __name__ == '__main__':\n    begin()\n"
            },
            WEB,
            3,
        ),
        (
            {
                "app.py": f"import os\n{SCHEDULER}s = BackgroundScheduler()\n"
                "if os.environ.get('CLOCK'):\n    s.start()\n"
            },
            WEB,
            3,
        ),
        (
            {
                "app.py": f"import fcntl\n{SCHEDULER}fcntl.flock(open('l', 'w'), fcntl.LOCK_EX)\n"
                "BackgroundScheduler().start()\n"
            },
            WEB,
            3,
        ),
        (
            {
                "app.py": "import threading\n\n\ndef warm():\n    load()\n\n\n"
                "threading.Thread(target=warm).start()\n"
            },
            WEB,
            3,
        ),
        ({"app.py": "timer = Timer()\ntimer.start()\n"}, WEB, 3),
    ],
)
def test_work_that_is_done_once(files: dict[str, str], command: str, processes: int) -> None:
    """One worker, a condition, a lock, another process: nothing is said."""
    assert named(ended(files, command, processes)) == {}


@pytest.mark.parametrize(
    ("line", "processes", "id"),
    [
        ('app.config["SESSION_FILE_DIR"] = mkdtemp()', 3, "sessions-per-worker"),
        ("SESSION_FILE_DIR = tempfile.mkdtemp(prefix='s')", 3, "sessions-per-worker"),
        ('app.config["SESSION_FILE_DIR"] = mkdtemp()', 2, None),
        ('app.config["SESSION_FILE_DIR"] = "/tmp/sessions"', 3, None),
        ("scratch = mkdtemp()", 3, None),
    ],
)
def test_session_folders(line: str, processes: int, id: str | None) -> None:
    """A folder that each process creates for sessions, and none that they share."""
    expected = {id: "app.py:2"} if id else {}
    assert named(ended({"app.py": f"import tempfile\n{line}\n"}, WEB, processes)) == expected


@pytest.mark.parametrize(
    ("files", "place"),
    [
        ({"app.py": f"{FLASK}def add():\n{SAVE}{SEND}"}, "app.py:3"),
        ({"app.py": f"{FLASK}def add():\n{SAVE}    return redirect('/')\n"}, None),
        ({"app.py": f"{FLASK}def add():\n{SAVE}    os.remove(path)\n{SEND}"}, None),
        ({"app.py": f"{FLASK}P = '/tmp/up'\ndef add():\n{SAVE}{SEND}"}, None),
        ({"app.py": f"{FLASK}def add():\n{SAVE}{SEND}", "requirements.txt": "boto3\n"}, None),
        ({"app.py": f"{FLASK}def add():\n    form.save(commit=False)\n{SEND}"}, None),
        (MEDIA, "shop/settings.py:1"),
        ({**MEDIA, "requirements.txt": "django-storages==1.14\n"}, None),
        ({**MEDIA, "shop/prod.py": 'STORAGES = {"default": {"BACKEND": "b2.S3"}}\n'}, None),
        ({"shop/settings.py": MEDIA["shop/settings.py"]}, None),
    ],
)
def test_uploads(files: dict[str, str], place: str | None) -> None:
    """Uploads that are served again are kept; what is passed on, or stored elsewhere, is not."""
    assert named(ended(files)) == ({"uploads-on-disk": place} if place else {})


def test_uploads_of_express() -> None:
    """The same in JavaScript."""
    code = "const up = multer({ dest: 'up/' })\napp.use(express.static('up'))\n"
    found = named(ended({"server.js": code, "package.json": "{}"}, "node server.js"))
    assert found == {"uploads-on-disk": "server.js:1"}
    stored = '{"dependencies": {"@aws-sdk/client-s3": "3"}}'
    assert named(ended({"server.js": code, "package.json": stored}, "node server.js")) == {}
