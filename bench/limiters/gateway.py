#!/usr/bin/env python3
"""gateway.py NAME WINDOW: Debian's nginx or HAProxy as a limiter of 40 requests in a window such as 8000ms. Prints its address.

NAME: nginx-503, nginx-429, haproxy-429.
"""

import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

NGINX = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log /dev/null;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
    limit_req_zone $binary_remote_addr zone=all:1m rate={per_minute}r/m;
    limit_req_status {status};
    server {{
        listen 127.0.0.1:{port};
        limit_req zone=all burst=40 nodelay;
        root {folder}; default_type text/plain;
        location / {{ rewrite ^ /answer break; }}
    }}
}}
"""

HAPROXY = """
defaults
    mode http
    timeout client 1m
    timeout connect 1m
    timeout server 1m
frontend all
    bind 127.0.0.1:{port}
    stick-table type string size 1k expire 1h store http_req_rate({window})
    http-request track-sc0 str(everybody)
    http-request return status 429 if {{ sc_http_req_rate(0) gt 40 }}
    http-request return status 200 content-type text/plain string xx
"""


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def wait_for(port, process):
    """Returns when the port is listened at."""
    while process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.01)
    sys.exit(f"{process.args[0]} ended with {process.returncode}")


def main():
    name, window = sys.argv[1:]
    product, status = name.split("-")
    port = free_port()
    window_ms = int(window.removesuffix("ms"))
    with tempfile.TemporaryDirectory(prefix="plait-") as folder:
        config = Path(folder) / "config"
        Path(folder).chmod(0o755)  # a worker of root's nginx is somebody else
        (Path(folder) / "answer").write_text("xx")
        values = {"folder": folder, "port": port, "status": status, "window": window, "per_minute": round(40 * 60_000 / window_ms)}
        if product == "nginx":
            config.write_text(NGINX.format(**values))
            command = [shutil.which("nginx") or "/usr/sbin/nginx", "-e", "/dev/null", "-c", config]
        else:
            config.write_text(HAPROXY.format(**values))
            command = [shutil.which("haproxy") or "/usr/sbin/haproxy", "-q", "-db", "-f", config]
        process = subprocess.Popen(command)
        signal.signal(signal.SIGTERM, lambda *_: process.terminate())
        wait_for(port, process)
        print(f"http://127.0.0.1:{port}", flush=True)
        process.wait()


if __name__ == "__main__":
    main()
