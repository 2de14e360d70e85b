import gc

held = bytearray(180 << 20)
for i in range(0, len(held), 4096):
    held[i] = 1
gc.freeze()


def app(environ, start):
    start("200 OK", [("Content-Length", "5")])
    return [b"hello"]
