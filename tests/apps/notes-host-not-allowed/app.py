import os
from http.server import BaseHTTPRequestHandler, HTTPServer


ALLOWED_HOSTS = ["www.example.com"]


class Hello(BaseHTTPRequestHandler):
    def do_GET(self):
        body = b"hello"
        self.send_response(200 if self.headers["Host"] in ALLOWED_HOSTS else 400)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


HTTPServer(("0.0.0.0", int(os.environ["PORT"])), Hello).serve_forever()
