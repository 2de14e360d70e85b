"""Packages that cannot be what a Linux app needs, and names that people mix up.

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

DISTRIBUTIONS: Mapping[str, str] = {
    "attr": "attrs",
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python-headless",
    "Crypto": "pycryptodome",
    "dateutil": "python-dateutil",
    "decouple": "python-decouple",
    "discord": "discord.py",
    "dj_database_url": "dj-database-url",
    "django_heroku": "django-heroku",
    "docx": "python-docx",
    "dotenv": "python-dotenv",
    "environ": "django-environ",
    "fitz": "PyMuPDF",
    "flask_cors": "Flask-Cors",
    "flask_login": "Flask-Login",
    "flask_migrate": "Flask-Migrate",
    "flask_sqlalchemy": "Flask-SQLAlchemy",
    "flask_wtf": "Flask-WTF",
    "git": "GitPython",
    "google.protobuf": "protobuf",
    "jose": "python-jose",
    "jwt": "PyJWT",
    "magic": "python-magic",
    "markdown": "Markdown",
    "multipart": "python-multipart",
    "MySQLdb": "mysqlclient",
    "OpenSSL": "pyOpenSSL",
    "PIL": "Pillow",
    "pkg_resources": "setuptools",
    "psycopg2": "psycopg2-binary",
    "pptx": "python-pptx",
    "redis": "redis",
    "rest_framework": "djangorestframework",
    "serial": "pyserial",
    "sklearn": "scikit-learn",
    "skimage": "scikit-image",
    "slugify": "python-slugify",
    "socketio": "python-socketio",
    "telegram": "python-telegram-bot",
    "telebot": "pyTelegramBotAPI",
    "whitenoise": "whitenoise",
    "wx": "wxPython",
    "yaml": "PyYAML",
    "zmq": "pyzmq",
}
"""Import name → the distribution to require, where the two differ."""

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
    "crypt": 13,
    "imghdr": 13,
    "mailcap": 13,
    "nntplib": 13,
    "pipes": 13,
    "sndhdr": 13,
    "telnetlib": 13,
    "uu": 13,
    "xdrlib": 13,
}
"""Modules that left the standard library, with the Python 3 minor version that lacks them first:
https://docs.python.org/3/whatsnew/3.12.html#removed and 3.13.html#removed (documented)."""

CONDA_ONLY = frozenset(
    "anaconda-client anaconda-navigator anaconda-project conda conda-build conda-content-trust"
    " conda-package-handling conda-repo-cli conda-token conda-verify console-shortcut clyent"
    " menuinst mkl-service navigator-updater"
    " libmambapy conda-libmamba-solver conda-index ruamel-yaml-conda".split()
)
"""What `pip freeze` lists in an Anaconda installation and no other index has, or not so."""

SYSTEM_ONLY = frozenset(
    "apturl apt-clone brlapi cloud-init command-not-found compizconfig-python cupshelpers"
    " distro-info hud language-selector landscape-common louis netplan onboard python-apt"
    " screen-resolution-extra software-properties-common sos ubuntu-advantage-tools"
    " ubuntu-drivers-common ubuntu-pro-client ufw unattended-upgrades unity-tweak-tool usb-creator"
    " xdiagnose xkit".split()
)
"""Packages of Ubuntu itself, which `pip freeze` lists outside of a virtual environment:
https://packages.ubuntu.com (documented)."""

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
"""Packages that web apps often require, to know a misspelt name by."""
