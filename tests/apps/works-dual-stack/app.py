import os
import socket
from http.server import HTTPServer, SimpleHTTPRequestHandler


class Server(HTTPServer):
    address_family = socket.AF_INET6


Server(("::", int(os.environ["PORT"])), SimpleHTTPRequestHandler).serve_forever()
