import os, threading, time
from flask import Flask
app = Flask(__name__)


@app.route("/")
def index():
    return "hi"


def serve():
    app.run(host="0.0.0.0", port=int(os.environ.get("PORT", 5000)))


threading.Thread(target=serve, daemon=True).start()
while True:
    time.sleep(1)
