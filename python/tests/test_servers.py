"""Calls to nginx, over TLS and HTTP/2, and what is trusted."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import plait
import pytest
from conftest import MockServer

NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
with_nginx = pytest.mark.skipif(NGINX is None, reason="nginx is not installed")


class Nginx(NamedTuple):
    http: str
    https: str
    ca: str


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def accepts(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


@pytest.fixture(scope="module")
def nginx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    """nginx that closes a connection after 7 requests, and with TLS speaks HTTP/2."""
    assert NGINX is not None
    folder = tmp_path_factory.mktemp("nginx")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
        + ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
        + ["-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
        check=True,
        capture_output=True,
    )
    http, https = free_port(), free_port()
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"""
        daemon off; worker_processes 1; pid {folder}/nginx.pid; {"user root;" if os.geteuid() == 0 else ""}
        events {{ worker_connections 256; }}
        http {{
            {temporary} access_log off; default_type application/json;
            gzip on; gzip_types application/json; gzip_min_length 1;
            server {{
                listen 127.0.0.1:{http}; keepalive_requests 7;
                location / {{ return 200 '{{"uri": "$request_uri"}}'; }}
                location /old {{ return 302 /new; }}
            }}
            server {{
                listen 127.0.0.1:{https} ssl http2;
                ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem;
                location / {{ return 200 '{{"uri": "$request_uri"}}'; }}
            }}
        }}"""
    )
    process = subprocess.Popen(
        [NGINX, "-p", folder, "-c", folder / "nginx.conf", "-e", folder / "error.log"], stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 30
    while not accepts(http) and process.poll() is None and time.monotonic() < deadline:
        os.sched_yield()
    assert accepts(http), (folder / "error.log").read_text()
    yield Nginx(f"http://127.0.0.1:{http}", f"https://localhost:{https}", str(folder / "cert.pem"))
    process.terminate()
    process.wait()


@with_nginx
def test_connections_that_nginx_closes_are_replaced(nginx: Nginx) -> None:
    async def main() -> None:
        async with plait.Session(base_url=nginx.http) as session:
            for _ in range(5):
                responses = await asyncio.gather(*(session.get(f"/{n}") for n in range(20)))
                assert [response.json()["uri"] for response in responses] == [f"/{n}" for n in range(20)]
            assert (await session.get("/old")).json() == {"uri": "/new"}

    asyncio.run(main())


@with_nginx
def test_tls_with_http_2_and_a_certificate_of_ones_own(nginx: Nginx) -> None:
    with plait.BlockingSession(base_url=nginx.https, tls=plait.Tls(verify=nginx.ca)) as session:
        response = session.get("/a")
        assert (response.json(), response.http_version) == ({"uri": "/a"}, "2")
        assert all(result.unwrap().ok for result in session.map(f"/{n}" for n in range(50)))
    with plait.BlockingSession(tls=plait.Tls(verify=nginx.ca), http_version="1.1") as session:
        assert session.get(nginx.https).http_version == "1.1"


@with_nginx
def test_whom_nobody_vouches_for_is_not_trusted(nginx: Nginx) -> None:
    with pytest.raises(plait.TlsError, match="self-signed") as raised:
        plait.get(nginx.https)
    assert not raised.value.maybe_sent
    assert "--" not in str(raised.value)
    assert plait.BlockingSession(tls=plait.Tls(verify=False)).get(nginx.https).ok


def test_a_mock_server_with_tls(tmp_path: Path) -> None:
    ca = tmp_path / "ca.pem"
    server = MockServer("--tls", "--latency", "0ms", "--ca-file", str(ca))
    try:
        with plait.BlockingSession(tls=plait.Tls(verify=ca)) as session:
            assert session.get(server.url).ok
    finally:
        server.stop()


def test_a_system_without_certificates_has_those_of_certifi(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ca = tmp_path / "ca.pem"
    server = MockServer("--tls", "--latency", "0ms", "--ca-file", str(ca))
    certifi = ModuleType("certifi")
    vars(certifi)["where"] = lambda: str(ca)
    try:
        monkeypatch.setitem(sys.modules, "certifi", certifi)
        monkeypatch.delenv("SSL_CERT_FILE", raising=False)
        monkeypatch.delenv("SSL_CERT_DIR", raising=False)
        with pytest.raises(plait.TlsError):
            plait.BlockingSession().get(server.url)  # the system's count for more
        monkeypatch.setattr("plait._prepare.system_has_trusted_certificates", lambda: False)
        assert plait.BlockingSession().get(server.url).ok
    finally:
        server.stop()
