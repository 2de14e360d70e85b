import sqlite3

from flask import Flask

app = Flask(__name__)
db = sqlite3.connect("data.db", check_same_thread=False)
db.execute("create table if not exists seen (at text)")
db.commit()


@app.route("/")
def index():
    return "hello"
