import os
import socket
from http.server import HTTPServer, SimpleHTTPRequestHandler


class Server(HTTPServer):
    address_family = socket.AF_INET6

    def server_bind(self):
        self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        super().server_bind()


Server(("::", int(os.environ["PORT"])), SimpleHTTPRequestHandler).serve_forever()
