"""Converts files of the real tools, and compares what plait sends with what the tools sent.

Usage: check.py PLAIT TOOLS [SOURCE...]. TOOLS is a folder with the tools (see the Makefile); a source whose tool is missing is left
out, which is said. A server here records all requests. For each source, the tool sends its requests; `plait convert` and `plait run`
send them again; and both must be the same in this order: method, target, header fields and body. Not compared are the fields that
docs/convert.md names, the case of the fields' names, and the boundary of a form that plait makes anew.
"""

import base64
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import sources

# What belongs to a connection, or what each program says of itself.
FREE = {"host", "proxy-connection", "user-agent", "accept-encoding", "connection", "content-length", "expect", "keep-alive", "te", "transfer-encoding"}


class Recorder(http.server.ThreadingHTTPServer):
    """Answers every request by 200 and records it; /redirect answers by 307 to /redirected."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"

    def take(self):
        taken, self.requests = self.requests, []
        return taken


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def read_body(self):
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def answer(self):
        body = self.read_body()
        self.server.requests.append((self.command, self.path, self.headers.items(), body))
        is_redirect = self.path.startswith("/redirect?")
        self.send_response(307 if is_redirect else 200)
        if is_redirect:
            self.send_header("Location", "/redirected")
        content = b"<title>x</title>" if self.path.startswith("/page") else b"{}"
        self.send_header("Content-Type", "text/html" if content[:1] == b"<" else "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def __getattr__(self, name):
        if name.startswith("do_"):
            return self.answer
        raise AttributeError(name)

    def log_message(self, *_):
        pass


def comparable(request, case):
    method, target, headers, body = request
    free = FREE | case.free
    kept = [(name.lower(), value) for name, value in headers if name.lower() not in free and not name.lower().startswith("sec-")]
    kept = [pair for pair in kept if pair != ("accept", "*/*")]
    for number, (name, value) in enumerate(kept):
        boundary = re.search(r"multipart/form-data; ?boundary=(\S+)", value)
        if name == "content-type" and boundary:
            body = body.replace(boundary[1].encode(), b"BOUNDARY")
            kept[number] = (name, "multipart/form-data; boundary=BOUNDARY")
    return method, target, kept if case.is_ordered else sorted(kept), body


def send_again(plait, files, case, folder):
    """Converts the files and runs the lines. Returns what `plait convert` said."""
    arguments = [str(plait), "convert", *map(str, files), "-o", "requests.jsonl", "--overwrite", *case.arguments]
    said = subprocess.run(arguments, cwd=folder, stderr=subprocess.PIPE, text=True)
    refused = re.findall(r"^not converted: (.*)$", said.stderr, re.MULTILINE)
    if len(refused) != len(case.refused) or not all(reason in line for reason, line in zip(case.refused, refused)):
        raise SystemExit(f"{case.name}: refused {refused}, not {case.refused}\n{said.stderr}")
    names = re.findall(r"--secret env\.(\w+)", said.stderr)
    values = {name: next((value for ending, value in case.secrets.items() if name.endswith(ending)), None) for name in names}
    if None in values.values():
        raise SystemExit(f"{case.name}: what are the values of {values}?")
    permits = [word for name in names for word in ("--secret", f"env.{name}")]
    run = subprocess.run([str(plait), "run", "requests.jsonl", "--method", "sync", "--quiet", *permits], cwd=folder,
                         env={**os.environ, **values}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if run.returncode != 0:
        raise SystemExit(f"{case.name}: plait run: {run.stderr}\n{run.stdout}")


def check(case, plait, recorder):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = case.make(folder, recorder.url)
        if files is None:
            return print(f"{case.name}: left out, no tool")
        original = [comparable(request, case) for request in recorder.take() if case.counts(request)]
        send_again(plait, files, case, folder)
        again = [comparable(request, case) for request in recorder.take() if case.counts(request)]
        for number, (wanted, got) in enumerate(zip(original, again), 1):
            if wanted != got:
                raise SystemExit(f"{case.name}: request {number} differs:\n  {wanted}\n  {got}")
        if len(original) != len(again) or not original:
            raise SystemExit(f"{case.name}: {len(original)} requests, then {len(again)}")
        print(f"{case.name}: {len(original)} requests are the same")


def main():
    plait, tools, *wanted = sys.argv[1:]
    sources.TOOLS = Path(tools).resolve()
    recorder = Recorder()
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        del os.environ[name]
    for case in sources.CASES:
        if not wanted or case.name in wanted:
            check(case, Path(plait).resolve(), recorder)


if __name__ == "__main__":
    main()
