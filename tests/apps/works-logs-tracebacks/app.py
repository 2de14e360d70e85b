import logging, os, socket
logging.basicConfig(level=logging.INFO)
log = logging.getLogger(__name__)
from flask import Flask
app = Flask(__name__)
try:
    socket.create_connection(("localhost", 6379), 1)
except OSError:
    log.exception("no cache, going on without: connection refused localhost:6379")
try:
    key = os.environ["STRIPE_KEY"]
except KeyError:
    log.exception("no stripe")
@app.get("/")
def i():
    try:
        import numpyx
    except ImportError:
        log.exception("numpyx")
    return "hi"
