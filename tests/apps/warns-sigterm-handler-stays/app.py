import os
import signal
from http.server import BaseHTTPRequestHandler, HTTPServer


def tidy(signum, frame):
    print("tidying up", flush=True)


signal.signal(signal.SIGTERM, tidy)


class Hello(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(204)
        self.end_headers()


HTTPServer(("0.0.0.0", int(os.environ["PORT"])), Hello).serve_forever()
