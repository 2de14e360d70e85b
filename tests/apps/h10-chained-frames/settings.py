import os

TOKEN = os.environ["BOT_TOKEN"]
