import os

from flask import Flask, session

app = Flask(__name__)
app.secret_key = os.urandom(24)


@app.get("/")
def hello():
    session["seen"] = True
    return "hello"
