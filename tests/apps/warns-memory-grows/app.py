import os
from http.server import BaseHTTPRequestHandler, HTTPServer

kept = []


class Keeps(BaseHTTPRequestHandler):
    def do_GET(self):
        kept.append(b"x" * (120 << 20))
        body = b"hello"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


HTTPServer(("0.0.0.0", int(os.environ["PORT"])), Keeps).serve_forever()
