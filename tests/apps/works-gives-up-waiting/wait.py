import socket
socket.create_connection(("localhost", 5432), 1)
