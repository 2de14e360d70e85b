from importlib.metadata import version

from flask import Flask

app = Flask(__name__)


@app.route("/")
def hello():
    return f"shop {version('shop')}"
