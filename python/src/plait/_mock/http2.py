"""Connections of `plait.mock` that speak HTTP/2."""

from __future__ import annotations

import select
import socket
import ssl
import time
from heapq import heappop, heappush
from typing import TYPE_CHECKING

from .._engine import Http2Server

if TYPE_CHECKING:
    from . import Answer
    from .server import MockServer

_of_connection = {"connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"}
"""Fields that HTTP/2 has not (RFC 9113, section 8.2.2)."""


def is_http2(connection: socket.socket) -> bool:
    """Whether the client has chosen HTTP/2: in the handshake of TLS, or else with its first bytes, which stay."""
    if isinstance(connection, ssl.SSLSocket):
        return connection.selected_alpn_protocol() == "h2"
    return connection.recv(3, socket.MSG_PEEK | socket.MSG_WAITALL) == b"PRI"


class Http2Conversation:
    """The requests and answers of one connection. Answers leave when their latency has passed, in any order."""

    def __init__(self, server: MockServer, connection: socket.socket, scheme: str) -> None:
        self._server = server
        self._connection = connection
        self._scheme = scheme
        self._protocol = Http2Server()
        self._due: list[tuple[float, int, str, Answer]] = []
        """When which stream gets its answer, by its method."""

    def run(self) -> None:
        """Goes on until one side ends the connection."""
        self._connection.setblocking(False)
        goes_on = True
        while goes_on and not self._protocol.is_done:
            now = time.monotonic()
            while self._due and self._due[0][0] <= now:
                _, stream, method, answer = heappop(self._due)
                self._answer(stream, method, answer)
            self._send(self._protocol.take_output())
            self._wait(select.POLLIN, self._due[0][0] - time.monotonic() if self._due else None)
            goes_on = self._receive()
        self._send(self._protocol.take_output())

    def _wait(self, event: int, seconds: float | None) -> None:
        poll = select.poll()
        poll.register(self._connection, event)
        poll.poll(None if seconds is None else max(0.0, seconds) * 1000)

    def _receive(self) -> bool:
        """Takes all that has come. False: nothing more will."""
        while True:
            try:
                received = self._connection.recv(65536)
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                return True
            if not received or not self._protocol.receive(received):
                return False
            for stream, method, target, fields, body in self._protocol.take_requests():
                answer, latency = self._server.answer_to(self._scheme, method, target, fields, body)
                heappush(self._due, (time.monotonic() + (latency or 0.0), stream, method, answer))

    def _answer(self, stream: int, method: str, answer: Answer) -> None:
        if answer.fault == "hang":
            return
        if answer.fault == "reset":
            return self._protocol.reset(stream)
        fields = [(name.lower(), value) for name, value in answer.headers.multi_items()]
        fields = [field for field in fields if field[0] not in _of_connection]
        if answer.status != 204:
            fields.append(("content-length", str(len(answer.content) + (answer.fault == "cut"))))
        self._protocol.answer(stream, answer.status, fields, b"" if method == "HEAD" else answer.content)

    def _send(self, output: bytes) -> None:
        unsent = memoryview(output)
        while unsent:
            try:
                unsent = unsent[self._connection.send(unsent) :]
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                self._wait(select.POLLOUT, None)
