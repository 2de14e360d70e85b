import os

BASE_DIR = "."
SECRET_KEY = os.environ["SHOP_SECRET_KEY"]
INSTALLED_APPS = ["django.contrib.staticfiles"]
STATIC_URL = "static/"
STATIC_ROOT = "staticfiles"
