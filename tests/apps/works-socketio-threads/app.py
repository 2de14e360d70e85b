from flask import Flask
from flask_socketio import SocketIO, emit

app = Flask(__name__)
socketio = SocketIO(app)


@app.route("/")
def index():
    return "<script src='https://cdn.example.com/socket.io.min.js'></script><script>io()</script>"


@socketio.on("message")
def message(text):
    emit("message", text.upper())
