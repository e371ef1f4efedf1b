"""Servers for tests to call: one that follows a script, and nginx."""

import os
import socket
import ssl
import subprocess
import threading
from pathlib import Path

from support.program import wait_until

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Peer:
    """One accepted connection, as a script sees it."""

    def __init__(self, connection, number):
        self.connection = connection
        self.number = number  # 1 for the first connection that the server got
        self.ended = False
        self.body = b""  # of the last request

    def request(self):
        """Reads one request with its body. Returns its head; empty if the client is gone."""
        data = b""
        while b"\r\n\r\n" not in data:
            data += self.read()
            if not data or self.ended:
                return b""
        head, _, body = data.partition(b"\r\n\r\n")
        length = next((int(line.split(b":")[1]) for line in head.lower().split(b"\r\n")
                       if line.startswith(b"content-length:")), 0)
        while len(body) < length and not self.ended:
            body += self.read()
        self.body = body
        return head

    def read(self):
        """Reads at least one byte. Returns nothing if the client is gone."""
        try:
            data = self.connection.recv(65536)
        except OSError:
            data = b""
        self.ended = not data
        return data

    def send(self, data):
        """Sends all of the data. Returns False if the client does not accept it."""
        try:
            self.connection.sendall(data)
            return True
        except OSError:
            return False

    def send_for_ever(self, data):
        """Sends the same data again and again until the client closes."""
        while self.send(data):
            pass

    def reset(self):
        """Resets the connection instead of closing it in order."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.connection.close()

    def wait_for_the_end(self):
        """Reads until the client closes."""
        while self.read():
            pass


class Rogue:
    """A server that runs `script(peer)` for each connection, for the length of a `with` block.

    Each connection has a thread, and is closed when its script returns. `heads` holds the requests received. `listener`
    is a bound socket; by default, a new one is created.
    """

    def __init__(self, script, family=socket.AF_INET, tls=None, listener=None):
        self.script = script
        self.family = family
        self.tls = tls
        self.listener = listener
        self.connections = 0
        self.closed = 0
        self.heads = []

    def __enter__(self):
        address = "127.0.0.1" if self.family == socket.AF_INET else "::1"
        if self.listener:
            self.listener.listen(1024)
        else:
            self.listener = socket.create_server((address, 0), family=self.family, backlog=1024)
        is_unix = self.listener.family == socket.AF_UNIX
        self.port = None if is_unix else self.listener.getsockname()[1]
        scheme = "https" if self.tls else "http"
        host = address if self.family == socket.AF_INET else f"[{address}]"
        self.url = f"{scheme}://{host}:{self.port}"
        self.open = []
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for connection in self.open:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            self.open.append(connection)
            threading.Thread(target=self.serve, args=(connection, self.connections), daemon=True).start()

    def serve(self, connection, number):
        try:
            if self.tls:
                connection = self.tls.wrap_socket(connection, server_side=True)
        except OSError:
            return
        peer = Peer(connection, number)
        read = peer.request

        def request():
            head = read()
            if head:
                self.heads.append(head)
            return head

        peer.request = request
        try:
            self.script(peer)
        except (OSError, ssl.SSLError):
            pass
        finally:
            connection.close()
            self.closed += 1


def answering(*answers):
    """A script that sends these answers to the requests of a connection in turn, then closes."""
    def script(peer):
        for answer in answers:
            if not peer.request():
                return
            peer.send(answer)
    return script


def keeping(answer=OK):
    """A script that answers every request of a connection until the client closes."""
    def script(peer):
        while peer.request():
            peer.send(answer)
    return script


def response(status=200, headers=(), body=b"ok"):
    """Returns the bytes of an answer with these headers, given as pairs of name and value."""
    fields = [("Content-Length", len(body)), *headers]
    head = "".join(f"{name}: {value}\r\n" for name, value in fields)
    return f"HTTP/1.1 {status} X\r\n{head}\r\n".encode() + body


class Deciding:
    """A script that answers each request with `decide(path, times)`; `times` counts the requests for this path so far.

    `paths` holds the paths requested, in order.
    """

    def __init__(self, decide):
        self.decide = decide
        self.lock = threading.Lock()
        self.paths = []

    def __call__(self, peer):
        while head := peer.request():
            path = head.split()[1].decode()
            with self.lock:
                self.paths.append(path)
                times = self.paths.count(path)
            peer.send(self.decide(path, times))


class Gate:
    """A script that holds every request until `open()`; `held` counts those that wait."""

    def __init__(self, answer=OK):
        self.answer = answer
        self.opened = threading.Event()
        self.lock = threading.Lock()
        self.held = 0

    def __call__(self, peer):
        while peer.request():
            with self.lock:
                self.held += 1
            self.opened.wait()
            with self.lock:
                self.held -= 1
            peer.send(self.answer)

    def open(self):
        self.opened.set()

    def wait_for(self, count, process):
        """Waits until `count` requests of this process are held."""
        wait_until(lambda: self.held == count or process.poll() is not None, f"{count} requests at the gate")
        if self.held != count:
            raise AssertionError(f"it ended before {count} requests arrived: {process.stderr.read().decode()}")


def make_certificate(folder, name, subject_alternative_names):
    """Makes a self-signed certificate; returns the paths of certificate and key."""
    certificate, key = Path(folder) / f"{name}.pem", Path(folder) / f"{name}.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-subj", f"/CN={name}", "-addext", f"subjectAltName={subject_alternative_names}",
         "-keyout", key, "-out", certificate], check=True, capture_output=True)
    return certificate, key


def server_tls(certificate, key, version=ssl.TLSVersion.TLSv1_3):
    """Returns a `Rogue` server's TLS context for this version only."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = context.maximum_version = version
    context.load_cert_chain(certificate, key)
    return context


def has_ipv6():
    """Returns whether this machine can listen at ::1."""
    try:
        free_port("::1")
        return True
    except OSError:
        return False


def free_port(address):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.create_server((address, 0), family=family) as listener:
        return listener.getsockname()[1]


class Nginx:
    """nginx in a folder of its own, for the length of a `with` block.

    `server` is the content of a server block, with {http}, {http6} and {https} in place of ports; {http6} only if
    `has_ipv6()`.
    """

    def __init__(self, folder, server):
        self.folder = Path(folder)
        self.server = server

    def __enter__(self):
        # A free port may be taken before nginx binds it. nginx then exits at once, and other ports are tried.
        for _ in range(10):
            self.http, self.https = free_port("127.0.0.1"), free_port("127.0.0.1")
            self.http6 = free_port("::1") if has_ipv6() else None
            self.write_configuration()
            self.process = subprocess.Popen(
                [nginx_program(), "-p", self.folder, "-c", self.folder / "nginx.conf", "-e", self.folder / "error.log"],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            wait_until(lambda: self.answers() or self.process.poll() is not None, "nginx to start")
            if self.process.poll() is None:
                return self
        raise AssertionError("nginx does not start:\n" + (self.folder / "error.log").read_text())

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def answers(self):
        try:
            socket.create_connection(("127.0.0.1", self.http)).close()
            return True
        except OSError:
            return False

    def write_configuration(self):
        server = self.server
        for name, port in (("http6", self.http6), ("https", self.https), ("http", self.http)):
            server = server.replace("{" + name + "}", str(port))
        user = "user root;" if os.geteuid() == 0 else ""
        temporary = "".join(f"{kind}_temp_path {self.folder}/{kind};\n"
                            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        (self.folder / "nginx.conf").write_text(f"""
            daemon off; {user} worker_processes 1; pid {self.folder}/nginx.pid;
            events {{ worker_connections 512; }}
            http {{
                {temporary}
                access_log {self.folder}/access.log combined;
                default_type text/plain;
                server {{ {server} }}
            }}""")

    def requests_seen(self):
        """Returns how many requests are in the access log."""
        return len((self.folder / "access.log").read_text().splitlines())


def nginx_program():
    # Debian installs it where only root's PATH looks.
    return "/usr/sbin/nginx" if os.path.exists("/usr/sbin/nginx") else "nginx"
