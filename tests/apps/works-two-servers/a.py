from http.server import *
HTTPServer(("127.0.0.1", 5055), SimpleHTTPRequestHandler).serve_forever()
