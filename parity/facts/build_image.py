"""The headers and tools that Heroku's build image has, and those it lacks.

Source: https://github.com/heroku/base-images, `installed-packages-amd64.txt` of heroku-24-build and
heroku-26-build (observed).
"""

import re
from collections.abc import Mapping

ABSENT_HEADERS: Mapping[str, str] = {
    r"sqlite3\.h": "libsqlite3-dev",
    r"(?:gdal\w*|cpl_\w+|ogr_\w+)\.h": "libgdal-dev",
    r"geos_c\.h": "libgeos-dev",
    r"proj(?:_api)?\.h": "libproj-dev",
    r"sql(?:ext|types)?\.h": "unixodbc-dev",
    r"portaudio\.h": "portaudio19-dev",
    r"alsa/\w+\.h": "libasound2-dev",
    r"sndfile\.h": "libsndfile1-dev",
    r"snappy(?:-c)?\.h": "libsnappy-dev",
    r"hdf5\.h": "libhdf5-dev",
    r"(?:libusb\S*/)?(?:lib)?usb\.h": "libusb-1.0-0-dev",
    r"dbus/dbus\.h": "libdbus-1-dev",
    r"(?:sybdb|sqlfront)\.h": "freetds-dev",
    r"pcap(?:/pcap)?\.h": "libpcap-dev",
    r"xmlsec/\w+\.h": "libxmlsec1-dev",
    r"librdkafka/\w+\.h": "librdkafka-dev",
    r"pcre\.h": "libpcre3-dev",
    r"leveldb/\w+\.h": "libleveldb-dev",
    r"rocksdb/\w+\.h": "librocksdb-dev",
    r"bluetooth/\w+\.h": "libbluetooth-dev",
    r"systemd/\S+\.h": "libsystemd-dev",
    r"gpgme\.h": "libgpgme-dev",
    r"libav\w+/\w+\.h": "libavformat-dev",
    r"cups/\w+\.h": "libcups2-dev",
    r"pulse/\w+\.h": "libpulse-dev",
    r"readline/readline\.h": "libreadline-dev",
    r"n?curses\.h": "libncurses-dev",
}
"""Header (a pattern) → the package to list in an Aptfile."""

REMOVED_HEADERS = r"longintrepr\.h|(?:code|eval|structmember|Python-ast|graminit|node)\.h"
"""CPython's own headers that newer versions no longer have: https://docs.python.org/3/whatsnew/
(documented).
"""

ABSENT_TOOLS: Mapping[str, str] = {
    "cargo": "Rust",
    "rustc": "Rust",
    "swig": "SWIG",
    "gfortran": "Fortran",
    "nvcc": "CUDA",
    "javac": "Java",
    "gdal-config": "the GDAL library",
    "geos-config": "the GEOS library",
    "xmlsec1": "xmlsec",
}
"""Command or pkg-config name → the language or library it belongs to."""

TOOLS = frozenset(
    "autoconf automake bison bzip2 cc cmake curl dig file g++ gcc gettext git gpg gs gzip identify"
    " convert jq ld libtool m4 make msgfmt nano nc openssl patch patchelf pdftotext perl pg_config"
    " pg_dump pkg-config psql python3 rsync sed socat ssh tar unzip wget xz zip zstd".split()
)
"""Commands that the build image has and a developer's machine may lack."""


def absent_library(header: str) -> str | None:
    """Return the package with `header`, if the build image lacks it."""
    return next((p for name, p in ABSENT_HEADERS.items() if re.fullmatch(name, header)), None)
