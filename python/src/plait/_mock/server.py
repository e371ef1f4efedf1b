"""The sockets of `plait.mock`."""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import struct
import tempfile
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urlsplit

from .. import _engine
from .._errors import InputError
from .._messages import Fields, Request

if TYPE_CHECKING:
    from . import Answer

Answering = Callable[[Request, str], "tuple[Answer, float | None]"]


class MockServer:
    """Listens for http, and for https once hosts are intercepted."""

    def __init__(self, answering: Answering, http2: bool) -> None:
        self._answering = answering
        self._http2 = http2
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._sockets: set[socket.socket] = set()
        self._plain = self._listen(None)
        self._secure: ThreadingHTTPServer | None = None
        self._files: list[str] = []
        self.url = f"http://127.0.0.1:{self._plain.server_address[1]}"

    def intercept(self, hosts: list[str]) -> None:
        """Leads calls to these hosts here."""
        if _active and _active[0] is not self:
            raise RuntimeError("another plait.mock intercepts calls already: end it, or let it intercept these hosts, too")
        names, origins = [], []
        for host in hosts:
            if not isinstance(host, str):
                raise InputError(f"intercept: {host!r} is not a host such as 'api.example'")
            if "*" in host:
                raise InputError(f"intercept: {host!r} has a wildcard: name each host")
            parts = urlsplit(host if "://" in host else f"//{host}")
            if not parts.hostname or parts.scheme not in ("", "http", "https") or parts.path not in ("", "/"):
                raise InputError(f"intercept: {host!r} is not a host such as 'api.example', or an origin of http or https")
            names.append(parts.hostname)
            if not parts.scheme and _port_of(parts, host) is not None:
                raise InputError(f"intercept: with a port, say http or https: 'https://{host}'")
            for scheme, port in (("http", 80), ("https", 443)):
                if parts.scheme in ("", scheme):
                    origins.append((parts.hostname, _port_of(parts, host) or port, scheme))
        certificate = self._renew_certificate(names)
        assert self._secure is not None
        ports = {"http": self._plain.server_address[1], "https": self._secure.server_address[1]}
        routes = [f"{_bracketed(name)}:{port}:127.0.0.1:{ports[scheme]}" for name, port, scheme in origins]
        _active[:] = [self]
        _engine.set_intercepts(routes, certificate)

    def stop(self) -> None:
        """Ends all connections."""
        if _active and _active[0] is self:
            _active.clear()
            _engine.set_intercepts([], "")
        self._stopping.set()
        for server in (self._plain, self._secure):
            if server is not None:
                server.shutdown()
                server.server_close()
        with self._lock:
            remaining = list(self._sockets)
        for connection in remaining:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for path in self._files:
            with contextlib.suppress(OSError):
                os.unlink(path)

    def _listen(self, tls: ssl.SSLContext | None) -> ThreadingHTTPServer:
        outer = self

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False
            request_queue_size = 1000

            def process_request_thread(self, request: Any, client_address: Any) -> None:
                if tls is not None:
                    try:
                        request = tls.wrap_socket(request, server_side=True)
                    except OSError:
                        request.close()
                        return
                with outer._lock:
                    outer._sockets.add(request)
                try:
                    super().process_request_thread(request, client_address)
                finally:
                    with outer._lock:
                        outer._sockets.discard(request)

            def finish_request(self, request: Any, client_address: Any) -> None:
                if outer._http2:
                    from .http2 import Http2Conversation, is_http2

                    if is_http2(request):
                        return Http2Conversation(outer, request, "http" if tls is None else "https").run()
                super().finish_request(request, client_address)

            def handle_error(self, request: Any, client_address: Any) -> None:
                """A client that goes away is no news."""

        class Handler(_Handler):
            server_of_mock = outer
            scheme = "http" if tls is None else "https"

        server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True, name="plait mock").start()
        return server

    def _renew_certificate(self, names: list[str]) -> str:
        """Lets the server of https show a certificate for these names. Returns a file with what to trust."""
        certificate, key = _engine.make_certificate([*dict.fromkeys(names), "localhost"])
        shown = self._file(certificate + key)
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(shown)
        if self._http2:
            tls.set_alpn_protocols(["h2", "http/1.1"])
        if self._secure is not None:
            self._secure.shutdown()
            self._secure.server_close()
        self._secure = self._listen(tls)
        return self._file(certificate + _system_certificates())

    def _file(self, text: str) -> str:
        descriptor, path = tempfile.mkstemp(prefix="plait-mock-", suffix=".pem")
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
        self._files.append(path)
        return path

    def answer_to(
        self, scheme: str, method: str, target: str, fields: Fields, body: bytes
    ) -> tuple[Answer, float | None]:
        """The answer to a request, and how long it takes."""
        host = next((value for name, value in fields if name.lower() == "host"), "127.0.0.1")
        request = Request(method, f"{scheme}://{host}{target}", headers=fields, content=body or None)
        with self._lock:
            return self._answering(request, target.partition("?")[0])

    def take(self, handler: _Handler) -> None:
        """Answers one request."""
        length = int(handler.headers.get("Content-Length") or 0)
        if handler.headers.get("Expect", "").lower() == "100-continue":
            handler.send_response_only(100)
            handler.end_headers()
            handler.wfile.flush()
        body = handler.rfile.read(length)
        target = handler.path
        if "://" in target:  # by a proxy
            parts = urlsplit(target)
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        fields = [(name, value) for name, value in handler.headers.items()]
        answer, latency = self.answer_to(handler.scheme, handler.command, target, fields, body)
        if latency is not None and self._stopping.wait(latency):
            return handler.close()
        self._send(handler, answer)

    def _send(self, handler: _Handler, answer: Answer) -> None:
        if answer.fault == "hang":
            self._stopping.wait()
            return handler.close()
        if answer.fault == "reset":
            return handler.reset()
        body = answer.content
        handler.send_response_only(answer.status)
        for name, value in answer.headers.multi_items():
            handler.send_header(name, value)
        if answer.status != 204:
            promised = len(body) + 1 if answer.fault == "cut" else len(body)
            handler.send_header("Content-Length", str(promised))
        handler.end_headers()
        if handler.command != "HEAD":
            handler.wfile.write(body)
        handler.wfile.flush()
        if answer.fault == "cut":
            handler.close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True
    server_of_mock: MockServer
    scheme: str

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):  # any method
            return self._take
        raise AttributeError(name)

    def _take(self) -> None:
        self.server_of_mock.take(self)

    def close(self) -> None:
        self.close_connection = True

    def reset(self) -> None:
        """Closes the connection so that the peer sees a reset."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


_active: list[MockServer] = []
"""The one that intercepts calls."""


def _port_of(parts: SplitResult, host: str) -> int | None:
    try:
        return parts.port
    except ValueError as error:
        raise InputError(f"intercept: {host!r}: {error}") from None


def _bracketed(name: str) -> str:
    return f"[{name}]" if ":" in name else name


def _system_certificates() -> str:
    """What is trusted beside the mock: other hosts are called as ever."""
    paths = ssl.get_default_verify_paths()
    for path in (os.environ.get("SSL_CERT_FILE"), paths.cafile, "/etc/ssl/certs/ca-certificates.crt"):
        if path and os.path.isfile(path):
            with open(path, encoding="utf-8", errors="replace") as file:
                return "\n" + file.read()
    return ""
