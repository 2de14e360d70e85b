"""Packages that do not work on Linux, and names that people confuse.

The projects' own pages on https://pypi.org (documented).
"""

from collections.abc import Mapping

WINDOWS_ONLY = frozenset(
    "pywin32 pypiwin32 pywinpty wincertstore win-unicode-console "
    "pywinauto pywinrt wmi winshell comtypes "
    "twisted-iocpsupport windows-curses pyreadline winrt pydirectinput".split()
)
MACOS_ONLY = frozenset(
    "appnope pyobjc pyobjc-core pyobjc-framework-cocoa pyobjc-framework-quartz macfsevents "
    "pyobjc-framework-coreservices pyobjc-framework-systemconfiguration rumps py2app".split()
)

LAST_WITH: Mapping[str, str] = {"pkg_resources": "setuptools<82"}
"""Modules that the newest version of their distribution lacks → the last version that has them:
https://setuptools.pypa.io/en/stable/history.html (81.0.0 has it, 84.2.1 has not: observed).
"""

DISTRIBUTIONS: Mapping[str, str] = {
    "allauth": "django-allauth",
    "apscheduler": "APScheduler",
    "attr": "attrs",
    "Bio": "biopython",
    "bootstrap4": "django-bootstrap4",
    "bootstrap5": "django-bootstrap5",
    "bs4": "beautifulsoup4",
    "bson": "pymongo",
    "ckeditor": "django-ckeditor",
    "corsheaders": "django-cors-headers",
    "crispy_bootstrap4": "crispy-bootstrap4",
    "crispy_bootstrap5": "crispy-bootstrap5",
    "crispy_forms": "django-crispy-forms",
    "Crypto": "pycryptodome",
    "cv2": "opencv-python-headless",
    "dateutil": "python-dateutil",
    "debug_toolbar": "django-debug-toolbar",
    "decouple": "python-decouple",
    "discord": "discord.py",
    "dj_database_url": "dj-database-url",
    "django_extensions": "django-extensions",
    "django_filters": "django-filter",
    "django_heroku": "django-heroku",
    "dns": "dnspython",
    "docx": "python-docx",
    "dotenv": "python-dotenv",
    "email_validator": "email-validator",
    "engineio": "python-engineio",
    "environ": "django-environ",
    "faiss": "faiss-cpu",
    "ffmpeg": "ffmpeg-python",
    "fitz": "PyMuPDF",
    "flask_bcrypt": "Flask-Bcrypt",
    "flask_bootstrap": "Flask-Bootstrap",
    "flask_caching": "Flask-Caching",
    "flask_cors": "Flask-Cors",
    "flask_jwt_extended": "Flask-JWT-Extended",
    "flask_limiter": "Flask-Limiter",
    "flask_login": "Flask-Login",
    "flask_mail": "Flask-Mail",
    "flask_marshmallow": "flask-marshmallow",
    "flask_migrate": "Flask-Migrate",
    "flask_pymongo": "Flask-PyMongo",
    "flask_restful": "Flask-RESTful",
    "flask_restx": "flask-restx",
    "flask_session": "Flask-Session",
    "flask_socketio": "Flask-SocketIO",
    "flask_sqlalchemy": "Flask-SQLAlchemy",
    "flask_talisman": "flask-talisman",
    "flask_wtf": "Flask-WTF",
    "git": "GitPython",
    "github": "PyGithub",
    "google.protobuf": "protobuf",
    "google_auth_oauthlib": "google-auth-oauthlib",
    "googleapiclient": "google-api-python-client",
    "gridfs": "pymongo",
    "gtts": "gTTS",
    "import_export": "django-import-export",
    "jose": "python-jose",
    "jwt": "PyJWT",
    "kafka": "kafka-python",
    "ldap": "python-ldap",
    "Levenshtein": "python-Levenshtein",
    "magic": "python-magic",
    "markdown": "Markdown",
    "mptt": "django-mptt",
    "multipart": "python-multipart",
    "mysql": "mysql-connector-python",
    "MySQLdb": "mysqlclient",
    "nacl": "PyNaCl",
    "OpenSSL": "pyOpenSSL",
    "phonenumber_field": "django-phonenumber-field",
    "PIL": "Pillow",
    "pkg_resources": "setuptools",
    "pptx": "python-pptx",
    "psycopg": "psycopg[binary]",
    "psycopg2": "psycopg2-binary",
    "pydantic_settings": "pydantic-settings",
    "pymysql": "PyMySQL",
    "pythonjsonlogger": "python-json-logger",
    "redis": "redis",
    "rest_framework": "djangorestframework",
    "rest_framework_simplejwt": "djangorestframework-simplejwt",
    "sentry_sdk": "sentry-sdk",
    "serial": "pyserial",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "slack_sdk": "slack-sdk",
    "slugify": "python-slugify",
    "socketio": "python-socketio",
    "speech_recognition": "SpeechRecognition",
    "storages": "django-storages",
    "taggit": "django-taggit",
    "telebot": "pyTelegramBotAPI",
    "telegram": "python-telegram-bot",
    "telethon": "Telethon",
    "uvicorn_worker": "uvicorn-worker",
    "websocket": "websocket-client",
    "whitenoise": "whitenoise",
    "widget_tweaks": "django-widget-tweaks",
    "win32api": "pywin32",
    "wx": "wxPython",
    "yaml": "PyYAML",
    "yt_dlp": "yt-dlp",
    "zmq": "pyzmq",
}
"""Import name → the distribution to require, where the names differ."""

STANDARD_LIBRARY_GONE: Mapping[str, int] = {
    "asynchat": 12,
    "asyncore": 12,
    "distutils": 12,
    "imp": 12,
    "smtpd": 12,
    "aifc": 13,
    "audioop": 13,
    "cgi": 13,
    "cgitb": 13,
    "chunk": 13,
    "crypt": 13,
    "imghdr": 13,
    "lib2to3": 13,
    "mailcap": 13,
    "nis": 13,
    "nntplib": 13,
    "ossaudiodev": 13,
    "pipes": 13,
    "sndhdr": 13,
    "spwd": 13,
    "sunau": 13,
    "telnetlib": 13,
    "uu": 13,
    "xdrlib": 13,
}
"""Modules removed from the standard library → the Python 3 minor version that removed them:
https://docs.python.org/3/whatsnew/3.12.html#removed and 3.13.html#removed (documented).
"""

STANDARD_LIBRARY_NEW: Mapping[str, int] = {
    "graphlib": 9,
    "zoneinfo": 9,
    "tomllib": 11,
    "annotationlib": 14,
    "compression": 14,
}
"""Modules added to the standard library → the Python 3 minor version that did so (same pages)."""

STANDARD_NAMES_NEW: Mapping[str, Mapping[str, int]] = {
    "asyncio": {"TaskGroup": 11, "timeout": 11, "Runner": 11, "Barrier": 11},
    "collections.abc": {"Buffer": 12},
    "contextlib": {"chdir": 11},
    "copy": {"replace": 13},
    "datetime": {"UTC": 11},
    "enum": {"StrEnum": 11, "ReprEnum": 11, "verify": 11, "EnumCheck": 11},
    "hashlib": {"file_digest": 11},
    "http": {"HTTPMethod": 11},
    "itertools": {"batched": 12},
    "logging": {"getLevelNamesMapping": 11},
    "operator": {"call": 11},
    "types": {"get_original_bases": 12},
    "typing": {
        **dict.fromkeys("Self Never NotRequired Required LiteralString TypeVarTuple".split(), 11),
        **dict.fromkeys("Unpack assert_never assert_type reveal_type get_overloads".split(), 11),
        **dict.fromkeys("dataclass_transform".split(), 11),
        **dict.fromkeys("override TypeAliasType".split(), 12),
        **dict.fromkeys("ReadOnly TypeIs NoDefault get_protocol_members".split(), 13),
    },
    "uuid": {"uuid6": 14, "uuid7": 14, "uuid8": 14},
    "warnings": {"deprecated": 13},
}
"""Names added to older modules → the Python 3 minor version that added them (same pages)."""

WINDOWS_LIBRARY = frozenset({"winreg", "_winreg", "msvcrt", "winsound", "_winapi", "msilib", "nt"})
"""Modules that only Python for Windows has: https://docs.python.org/3/library/windows.html."""

CONDA_ONLY = frozenset(
    "anaconda-client anaconda-navigator anaconda-project conda conda-build conda-content-trust"
    " conda-package-handling conda-repo-cli conda-token conda-verify console-shortcut clyent"
    " menuinst mkl-service navigator-updater"
    " libmambapy conda-libmamba-solver conda-index ruamel-yaml-conda".split()
)
"""Packages that `pip freeze` lists in an Anaconda installation and that PyPI does not have."""

SYSTEM_ONLY = frozenset(
    "apturl apt-clone brlapi cloud-init command-not-found compizconfig-python cupshelpers"
    " distro-info hud language-selector landscape-common louis netplan onboard python-apt"
    " screen-resolution-extra software-properties-common sos ubuntu-advantage-tools"
    " ubuntu-drivers-common ubuntu-pro-client ufw unattended-upgrades unity-tweak-tool usb-creator"
    " xdiagnose xkit".split()
)
"""Packages of Ubuntu itself, which `pip freeze` lists outside a virtual environment:
https://packages.ubuntu.com (documented).
"""

POPULAR = tuple(
    "aiohttp alembic amqp anyio apscheduler asgiref asyncpg attrs authlib babel bcrypt"
    " beautifulsoup4 black bleach blinker boto3 botocore bottle cachetools celery certifi cffi"
    " channels charset-normalizer click coverage cryptography daphne dash dj-database-url django"
    " django-allauth django-cors-headers django-crispy-forms django-debug-toolbar django-environ"
    " django-extensions django-filter django-heroku django-redis django-rest-framework"
    " django-storages djangorestframework djangorestframework-simplejwt dnspython email-validator"
    " eventlet fastapi flask flask-bcrypt flask-caching flask-cors flask-jwt-extended flask-login"
    " flask-mail flask-marshmallow flask-migrate flask-restful flask-restx flask-session"
    " flask-socketio flask-sqlalchemy flask-wtf gevent google-api-python-client google-auth"
    " graphene greenlet gunicorn h11 html5lib httpx hypercorn idna importlib-metadata itsdangerous"
    " jinja2 joblib jsonschema kombu langchain lxml mako markdown markupsafe marshmallow matplotlib"
    " mongoengine motor mysqlclient nltk numpy oauthlib openai opencv-python"
    " opencv-python-headless openpyxl packaging pandas paramiko passlib peewee pillow plotly"
    " pre-commit protobuf psutil psycopg psycopg2 psycopg2-binary pycparser pycryptodome pydantic"
    " pydantic-settings pyjwt pymongo pymysql pyopenssl pyparsing pytest python-dateutil"
    " python-decouple python-dotenv python-jose python-multipart python-telegram-bot pytz pyyaml"
    " redis requests requests-oauthlib rq scikit-learn scipy seaborn selenium sentry-sdk setuptools"
    " six slack-sdk spacy sqlalchemy sqlparse starlette statsmodels streamlit stripe tensorflow"
    " tornado tqdm transformers tweepy twilio typing-extensions tzdata urllib3 uvicorn uvloop"
    " waitress websockets werkzeug wheel whitenoise wtforms xgboost xlrd zipp".split()
)
"""Packages that web apps often require, to recognise misspelled names."""
