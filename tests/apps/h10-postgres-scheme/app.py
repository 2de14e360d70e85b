import os

from sqlalchemy import create_engine

engine = create_engine(os.environ["DATABASE_URL"])

from flask import Flask

app = Flask(__name__)


@app.route("/")
def index():
    return "hello"
