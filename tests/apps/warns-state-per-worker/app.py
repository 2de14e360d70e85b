from flask import Flask

app = Flask(__name__)
visits = []


@app.route("/")
def index():
    visits.append(1)
    return f"visit {len(visits)}"
