from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent
SECRET_KEY = "only-for-tests"
INSTALLED_APPS = ["django.contrib.staticfiles"]
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"

MODEL = BASE_DIR / "model.bin"
if not MODEL.exists():
    raise OSError(f"no model at {MODEL.name}: run download_model.py first")
