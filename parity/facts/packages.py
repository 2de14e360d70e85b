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
