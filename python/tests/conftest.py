"""What the tests share: a mock server of plait's own, and servers that misbehave."""

from __future__ import annotations

import json
import os
import pathlib
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from plait._pytest import plait_mock

__all__ = ["plait_mock"]  # also where the package is not installed, and its entry point is unknown

PROGRAM = os.environ.get("PLAIT_PROGRAM", "plait")

# The servers of the tests are on this machine, whatever proxy its user has.
for variable in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
    os.environ.pop(variable, None)
    os.environ.pop(variable.upper(), None)


class MockServer:
    """`plait mock` as a process, with options."""

    def __init__(self, *options: str) -> None:
        self._process = subprocess.Popen(
            [PROGRAM, "mock", "--port", "0", *options], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()
        assert self.url.startswith("http"), "the mock server did not start"

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()


@pytest.fixture(scope="session")
def url() -> Iterator[str]:
    """A server that answers at once with what it got, as JSON."""
    server = MockServer("--latency", "0ms")
    yield server.url
    server.stop()


@pytest.fixture(scope="session")
def slow_url() -> Iterator[str]:
    """A server that answers after an hour."""
    server = MockServer("--latency", "3600s")
    yield server.url
    server.stop()


@pytest.fixture
def start_mock() -> Iterator[Callable[..., MockServer]]:
    """Starts mock servers with options."""
    servers: list[MockServer] = []

    def start(*options: str) -> MockServer:
        servers.append(MockServer(*options))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


class RawServer:
    """Answers each connection's first bytes with given ones, and closes it."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.received: list[bytes] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                self.received.append(connection.recv(65536))
                connection.sendall(self._answer)

    def stop(self) -> None:
        if self._listener.fileno() < 0:
            return
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()


@pytest.fixture
def answering() -> Iterator[Callable[[bytes], RawServer]]:
    """Starts servers that send given bytes."""
    servers: list[RawServer] = []

    def start(answer: bytes) -> RawServer:
        servers.append(RawServer(answer))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


def answer(body: bytes, *fields: str, status: str = "200 OK") -> bytes:
    """The bytes of an answer."""
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *fields]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


def lines_of(path: pathlib.Path) -> list[dict[str, Any]]:
    """The lines of a file of results."""
    return [json.loads(line) for line in path.read_text().splitlines()]
