"""Ctrl-C while a blocking call waits: one is enough, wherever it comes."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest


class SilentServer:
    """Answers the first `answered` requests with a page that names a next one, and is silent from then on."""

    def __init__(self, answered: int) -> None:
        self._left = answered
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._connections: list[socket.socket] = []
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/"
        self.is_silent = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._connections.append(connection)
            while connection.recv(65536):
                if self._left == 0:
                    self.is_silent.set()
                    break
                self._left -= 1
                link = f'Link: <{self.url}?page={self._left}>; rel="next"'
                connection.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n{link}\r\n\r\n".encode())

    def stop(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()
        for connection in self._connections:
            connection.close()


@pytest.fixture
def silent(request: pytest.FixtureRequest) -> Iterator[SilentServer]:
    server = SilentServer(request.param)
    yield server
    server.stop()


@pytest.mark.parametrize(
    ("silent", "work"),
    [
        (0, "plait.get(url)"),
        (0, "plait.post(url, json=1, timeout=3600)"),
        (0, "plait.BlockingSession(retries=2).get(url)"),
        (0, "plait.BlockingSession(limits='requests=10/s').get(url)"),
        (0, "plait.BlockingSession(hooks=[plait.Hook()]).get(url)"),
        (0, "list(plait.map([url] * 3))"),
        (0, "list(plait.map(iter(lambda: url, None), ordered=True, concurrency=2))"),
        (0, "list(plait.map([url] * 3, retries=1))"),
        (0, "list(plait.map([url] * 3, progress='log'))"),
        (0, "list(plait.paginate(url))"),
        (2, "list(plait.paginate(url))"),
        (0, "plait.run([url], grace='1ms').finish()"),
        (0, "plait.run([url] * 3, grace='1ms', retries=2, limits='requests=10/s').finish()"),
        (0, "list(plait.run([url], grace='1ms'))"),
        (0, "list(plait.run([url], grace='1ms', method='threads'))"),
        (0, "with plait.run([url], grace='1ms') as run: next(run)"),
    ],
    indirect=["silent"],
)
def test_one_ends_the_wait(silent: SilentServer, work: str) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", f"import plait; url = {silent.url!r}\n{work}"], stderr=subprocess.PIPE, text=True
    )
    assert silent.is_silent.wait(60)
    child.send_signal(signal.SIGINT)
    _, errors = child.communicate(timeout=60)
    assert errors.rstrip().endswith("KeyboardInterrupt")
    assert child.returncode == -signal.SIGINT


@pytest.mark.parametrize("silent", [0], indirect=True)
def test_a_handler_that_raises_nothing_lets_the_call_go_on(silent: SilentServer) -> None:
    program = f"""
import os, plait, signal
signal.signal(signal.SIGUSR1, lambda *_: os.write(1, b"handled\\n"))  # print can't be interrupted by itself
plait.get({silent.url!r})
"""
    child = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert silent.is_silent.wait(60) and child.stdout is not None
    for _ in range(3):
        child.send_signal(signal.SIGUSR1)
        assert child.stdout.readline() == "handled\n"
    assert child.poll() is None
    child.send_signal(signal.SIGINT)
    child.communicate(timeout=60)
    assert child.returncode == -signal.SIGINT
