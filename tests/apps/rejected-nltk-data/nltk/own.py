"""A stand-in for NLTK, whose data cannot be fetched in a test."""

import zipfile

ABOUT = "nltk-3.9.dist-info"
FILES = {
    "nltk/__init__.py": "",
    "nltk/downloader.py": """import sys
for name in sys.argv[3:]:
    if name not in ("punkt_tab", "stopwords"):
        sys.exit(f"[nltk_data] Error loading {name}: Package {name!r} not found in index")
""",
    f"{ABOUT}/METADATA": "Metadata-Version: 2.1\nName: nltk\nVersion: 3.9\n",
    f"{ABOUT}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    f"{ABOUT}/RECORD": "",
}


def build_wheel(folder, *_, **__):
    name = "nltk-3.9-py3-none-any.whl"
    with zipfile.ZipFile(f"{folder}/{name}", "w") as wheel:
        for path, text in FILES.items():
            wheel.writestr(path, text)
    return name
