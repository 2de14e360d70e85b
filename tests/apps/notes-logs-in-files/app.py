import logging
import os
from http.server import BaseHTTPRequestHandler, HTTPServer

logging.basicConfig(filename="app.log", level="INFO")
logging.info("starting")


class Hello(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(204)
        self.end_headers()


HTTPServer(("0.0.0.0", int(os.environ["PORT"])), Hello).serve_forever()
