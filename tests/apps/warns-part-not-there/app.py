from flask import Flask

app = Flask(__name__)


@app.route("/")
def index():
    return '<link rel="stylesheet" href="/static/css/site.css"><script src="static/app.js"></script>'
