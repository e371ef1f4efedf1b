"""HTTP/2 servers that others wrote, each in front of one HTTP/1.1 server that logs what is executed."""

import os
import socket
import subprocess
from pathlib import Path

from support.program import wait_until
from support.servers import free_port


class Http2Server:
    """A server in a folder of its own, for the length of a `with` block: TLS on `port`, with `certificate` and `key`."""

    program = ""
    scheme = "https"

    def __init__(self, folder, certificate, key, backend, **settings):
        self.folder, self.certificate, self.key, self.backend = Path(folder), certificate, key, backend
        self.settings = settings

    def __enter__(self):
        self.folder.mkdir(exist_ok=True)
        self.log = self.folder / "log"
        for _ in range(10):
            self.port = free_port("127.0.0.1")
            with open(self.log, "wb") as log:
                self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            wait_until(lambda: self.answers() or self.process.poll() is not None, f"{self.program} to start")
            if self.process.poll() is None:
                return self
        raise AssertionError(f"{self.program} does not start:\n{self.log.read_text()}")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def url(self, path):
        return f"{self.scheme}://localhost:{self.port}{path}"

    def answers(self):
        try:
            socket.create_connection(("127.0.0.1", self.port)).close()
            return True
        except OSError:
            return False

    def write(self, name, text):
        (self.folder / name).write_text(text)
        return self.folder / name

    @classmethod
    def path(cls):
        # Debian installs servers where only root's PATH looks.
        return next((f"{folder}/{cls.program}" for folder in ("/usr/sbin", "/usr/bin")
                     if os.path.exists(f"{folder}/{cls.program}")), cls.program)


class Nginx2(Http2Server):
    program = "nginx"

    def command(self):
        user = "user root;" if os.geteuid() == 0 else ""
        temporary = " ".join(f"{kind}_temp_path {self.folder}/{kind};"
                             for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        more = " ".join(f"{name} {value};" for name, value in self.settings.items())
        configuration = self.write("nginx.conf", f"""
            daemon off; {user} worker_processes 1; pid {self.folder}/nginx.pid;
            events {{ worker_connections 512; }}
            http {{
                {temporary} access_log off; {more}
                upstream backend {{ server 127.0.0.1:{self.backend}; keepalive 64; }}
                server {{
                    listen 127.0.0.1:{self.port} ssl http2;
                    ssl_certificate {self.certificate}; ssl_certificate_key {self.key};
                    location / {{
                        proxy_pass http://backend; proxy_http_version 1.1; proxy_set_header Connection "";
                        proxy_request_buffering on; client_max_body_size 10m; proxy_next_upstream off;
                    }}
                }}
            }}""")
        return [self.path(), "-p", self.folder, "-c", configuration, "-e", self.folder / "error.log"]

    def reload(self):
        subprocess.run([self.path(), "-p", self.folder, "-c", self.folder / "nginx.conf", "-e",
                        self.folder / "error.log", "-s", "reload"], check=True, capture_output=True)


class Apache(Http2Server):
    program = "apache2"

    def command(self):
        modules = "/usr/lib/apache2/modules"
        names = ("mpm_event", "authz_core", "http2", "ssl", "socache_shmcb", "proxy", "proxy_http")
        loaded = "\n".join(f"LoadModule {name}_module {modules}/mod_{name}.so" for name in names)
        configuration = self.write("httpd.conf", f"""
            ServerRoot {self.folder}
            {loaded}
            ServerName localhost
            PidFile {self.folder}/pid
            DefaultRuntimeDir {self.folder}
            User www-data
            Group www-data
            Listen 127.0.0.1:{self.port}
            Protocols h2 http/1.1
            ErrorLog {self.folder}/error.log
            SSLEngine on
            SSLCertificateFile {self.certificate}
            SSLCertificateKeyFile {self.key}
            ProxyPass / http://127.0.0.1:{self.backend}/
            """)
        return [self.path(), "-f", configuration, "-D", "FOREGROUND"]


class CodingApache(Http2Server):
    """Apache httpd without TLS, which compresses the files below `files/br` and `files/gzip`."""

    program = "apache2"
    scheme = "http"

    def __init__(self, folder):
        super().__init__(folder, None, None, None)

    def command(self):
        modules = "/usr/lib/apache2/modules"
        names = ("mpm_event", "authz_core", "filter", "deflate", "brotli", "mime")
        loaded = "\n".join(f"LoadModule {name}_module {modules}/mod_{name}.so" for name in names)
        configuration = self.write("httpd.conf", f"""
            ServerRoot {self.folder}
            {loaded}
            ServerName localhost
            PidFile {self.folder}/pid
            DefaultRuntimeDir {self.folder}
            User www-data
            Group www-data
            Listen 127.0.0.1:{self.port}
            ErrorLog {self.folder}/error.log
            TypesConfig /dev/null
            AddType application/json .json
            DocumentRoot {self.folder}/files
            <Location /br>
                SetOutputFilter BROTLI_COMPRESS
            </Location>
            <Location /gzip>
                SetOutputFilter DEFLATE
            </Location>
            """)
        return [self.path(), "-f", configuration, "-D", "FOREGROUND"]


class CodingLighttpd(Http2Server):
    """lighttpd without TLS, which compresses the files below `files` with the codings of `codings`, its preferred one first."""

    program = "lighttpd"
    scheme = "http"

    def __init__(self, folder, codings):
        super().__init__(folder, None, None, None)
        self.codings = codings

    def command(self):
        names = ", ".join(f'"{coding}"' for coding in self.codings)
        configuration = self.write("lighttpd.conf", f"""
            server.modules = ("mod_deflate")
            server.document-root = "{self.folder}/files"
            server.bind = "127.0.0.1"
            server.port = {self.port}
            server.errorlog = "{self.folder}/error.log"
            server.upload-dirs = ("{self.folder}")
            mimetype.assign = (".json" => "application/json")
            deflate.mimetypes = ("application/json")
            deflate.allowed-encodings = ({names})
            """)
        return [self.path(), "-D", "-f", configuration]


class Haproxy(Http2Server):
    program = "haproxy"

    def command(self):
        both = self.write("both.pem", Path(self.certificate).read_text() + Path(self.key).read_text())
        configuration = self.write("haproxy.cfg", f"""
global
    nbthread 1
defaults
    mode http
    timeout connect 5s
    timeout client 60s
    timeout server 60s
frontend in
    bind 127.0.0.1:{self.port} ssl crt {both} alpn h2,http/1.1
    default_backend out
backend out
    server s 127.0.0.1:{self.backend}
""")
        return [self.path(), "-db", "-f", configuration]


class H2o(Http2Server):
    program = "h2o"

    def command(self):
        user = "user: root\n" if os.geteuid() == 0 else ""
        configuration = self.write("h2o.conf", f"""{user}num-threads: 1
listen:
  host: 127.0.0.1
  port: {self.port}
  ssl:
    certificate-file: {self.certificate}
    key-file: {self.key}
hosts:
  default:
    paths:
      /:
        proxy.reverse.url: http://127.0.0.1:{self.backend}/
""")
        return [self.path(), "-c", configuration]


class Nghttpd(Http2Server):
    """Serves the files of its folder, without TLS."""

    program = "nghttpd"
    scheme = "http"

    def command(self):
        return [self.path(), "--no-tls", "-a", "127.0.0.1", "-d", self.folder, str(self.port)]


PROXIES = (Nginx2, Apache, Haproxy, H2o)
