import time

from flask import Flask

app = Flask(__name__)


@app.route("/")
def index():
    return "hello"


@app.route("/report")
def report():
    time.sleep(20)
    return "done"
