raise RuntimeError("no token")
