"""limiter.py NAME WINDOW: Flask-Limiter, which lets 40 requests in a window such as 8000ms in. Prints its address."""

import logging
import sys

from flask import Flask
from flask_limiter import Limiter
from werkzeug.serving import make_server

NAMES = {"flask": False, "flask-with-headers": True}

name, window = sys.argv[1:]
# The seconds of a window are whole ones.
limit = f"40 per {max(1, round(int(window.removesuffix('ms')) / 1000))} second"

app = Flask(__name__)
limiter = Limiter(lambda: "everybody", app=app, default_limits=[limit], storage_uri="memory://", headers_enabled=NAMES[name])


@app.get("/x/<n>")
def answer(n):
    return "xx", {"Content-Type": "text/plain"}


logging.getLogger("werkzeug").setLevel(logging.ERROR)
server = make_server("127.0.0.1", 0, app, threaded=True)
print(f"http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
