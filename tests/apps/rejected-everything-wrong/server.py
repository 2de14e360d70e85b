import os
from http.server import BaseHTTPRequestHandler, HTTPServer

GREETING = os.environ["GREETING"]


class Hello(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(GREETING.encode())


HTTPServer(("0.0.0.0", int(os.environ["PORT"])), Hello).serve_forever()
