import os
bind = "0.0.0.0:" + os.environ["PORT"]
timeout = 20
preload_app = True
