import time

from flask import Flask

app = Flask(__name__)


@app.get("/")
def report():
    return collect()


def collect():
    time.sleep(40)
    return "done"
