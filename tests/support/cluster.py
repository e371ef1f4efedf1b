"""A cluster on this machine: a NATS server, workers, and a bare client for messages that plait would never send."""

import os
import re
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path

from . import program
from .program import PATIENCE_S, end, plait, wait_until

# The broker of all tests; another version than the system's, perhaps.
NATS_SERVER = os.environ.get("PLAIT_NATS_SERVER", "nats-server")


class Broker:
    """`nats-server` on a port that stays the same when it is killed and started again, for the length of a `with` block."""

    def __init__(self, config="", host="127.0.0.1"):
        self.config = config
        self.host = host
        # A bound socket that does not listen keeps the port from others, also while the server is dead, and lets the server have it.
        self.reserved = socket.socket()
        self.reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.reserved.bind((host, 0))
        self.port = self.reserved.getsockname()[1]
        self.url = f"nats://127.0.0.1:{self.port}"
        self.process = None

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="plait-nats-")
        self.start()
        return self

    def __exit__(self, *_):
        self.kill()
        self.folder.cleanup()
        self.reserved.close()

    def start(self):
        config = Path(self.folder.name) / "nats.conf"
        config.write_text(f"listen: {self.host}:{self.port}\n{self.config}\n")
        self.log = open(Path(self.folder.name) / "log", "ab")
        self.process = subprocess.Popen([NATS_SERVER, "-c", config], stdout=self.log, stderr=self.log)
        wait_until(self.is_up, "nats-server listens")

    def is_up(self):
        if self.process.poll() is not None:
            raise AssertionError("nats-server ended: " + (Path(self.folder.name) / "log").read_text())
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            return True
        except OSError:
            return False

    def kill(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None
            self.log.close()


class Worker:
    """`plait worker`, for the length of a `with` block."""

    def __init__(self, url, *arguments, prefix=()):
        self.arguments = ["worker", "--cluster", url, *arguments]
        self.prefix = prefix
        self.said = []

    def __enter__(self):
        self.process = program.start(*self.arguments, prefix=self.prefix)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.reader.join()
        end(self.process)

    def read(self):
        for line in self.process.stderr:
            self.said.append(line.decode().rstrip("\n"))

    def wait_for(self, pattern):
        return wait_until(lambda: next((line for line in self.said if re.search(pattern, line)), None),
                          f"the worker says {pattern}; it said {self.said}")


class BareClient:
    """A NATS client without plait: hears and says any bytes."""

    def __init__(self, broker):
        self.socket = socket.create_connection(("127.0.0.1", broker.port), timeout=PATIENCE_S)
        self.file = self.socket.makefile("rb")
        self.file.readline()
        self.socket.sendall(b'CONNECT {"verbose":false}\r\nSUB > 1\r\nPING\r\n')
        while not self.file.readline().startswith(b"PONG"):
            pass

    def hear(self):
        """Returns subject and payload of the next message."""
        while True:
            line = self.file.readline().split()
            if line and line[0] == b"MSG":
                payload = self.file.read(int(line[-1]))
                self.file.readline()
                return line[1].decode(), payload
            if line and line[0] == b"PING":
                self.socket.sendall(b"PONG\r\n")
            if not line and not self.file.peek(1):
                raise AssertionError("the broker closed the connection")

    def say(self, subject, payload):
        self.socket.sendall(b"PUB %s %d\r\n%s\r\n" % (subject.encode(), len(payload), payload))

    def close(self):
        self.file.close()
        self.socket.close()


def new_key(folder):
    path = Path(folder) / f"key-{time.monotonic_ns()}"
    path.write_text(plait("cluster", "key").out)
    return path
