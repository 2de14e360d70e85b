import os
import socket

with socket.create_server(("0.0.0.0", int(os.environ["PORT"]))) as server:
    while True:
        connection, _ = server.accept()
        connection.close()
