import os
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

model = []
for part in range(11):
    model.append(bytearray(100 << 20))
    for i in range(0, len(model[-1]), 4096):
        model[-1][i] = 1
time.sleep(2)

HTTPServer(("0.0.0.0", int(os.environ["PORT"])), BaseHTTPRequestHandler).serve_forever()
