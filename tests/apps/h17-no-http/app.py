import os
import socket
import time

server = socket.create_server(("0.0.0.0", int(os.environ["PORT"])))
while True:
    client, _ = server.accept()
    client.recv(65536)
    client.sendall(b"SSH-2.0-OpenSSH_9.6\r\n")
    time.sleep(0)
    client.close()
