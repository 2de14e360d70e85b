import os
import time

held = bytearray(95 << 20)
for i in range(0, len(held), 4096):
    held[i] = 1
os.makedirs("/tmp/loaded", exist_ok=True)
open(f"/tmp/loaded/{os.getpid()}", "w").close()


def app(environ, start):
    while len(os.listdir("/tmp/loaded")) < 6:
        time.sleep(0.01)
    start("200 OK", [("Content-Length", "5")])
    return [b"hello"]
