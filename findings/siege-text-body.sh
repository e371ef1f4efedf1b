#!/bin/sh
# siege 4.0.7 (Debian 12's 4.0.7-1) drops the line breaks at the end of a body that it reads from a file named .txt, and sends a
# file named .json as it is, although it announces both as a form. The same bytes under another name are another request.
# Source: the requests that a local server receives. Needs apt-get with Debian 12's packages, and python3; installs nothing.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
version=$(apt-cache madison siege | awk '$3 ~ /^4\.0\.7-/ { print $3; exit }')
apt-get download -qq -o APT::Sandbox::User=root "siege=$version"
dpkg-deb -x siege_*.deb root
printf 'a=1\n\n' >body.txt
cp body.txt body.json
cat >ask.py <<'PYTHON'
import http.server
import os
import subprocess
import threading

bodies = {}


class Server(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        bodies[self.path] = self.headers["Content-Type"], self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
with open("urls", "w") as urls:
    for kind in ("txt", "json"):
        print(f"http://127.0.0.1:{server.server_port}/{kind} POST <body.{kind}", file=urls)
command = ["root/usr/bin/siege", "-c1", "-r2", "-f", "urls", "-R", "/dev/null"]
subprocess.run(command, check=True, capture_output=True, env={**os.environ, "HOME": os.getcwd()})
form = "application/x-www-form-urlencoded"
print("siege 4.0.7 sends", bodies)
assert bodies == {"/txt": (form, b"a=1"), "/json": (form, b"a=1\n\n")}
PYTHON
python3 -B ask.py
