from simple_websocket import ConnectionClosed, Server


def app(environ, start_response):
    if environ["PATH_INFO"] != "/chat":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"hello"]
    socket = Server(environ)
    try:
        while True:
            socket.send(socket.receive().upper())
    except ConnectionClosed:
        return []
