held = bytearray(300 << 20)
for i in range(0, len(held), 4096):
    held[i] = 1


def app(environ, start):
    start("200 OK", [("Content-Length", "5")])
    return [b"hello"]
