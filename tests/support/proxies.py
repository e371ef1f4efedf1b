"""Proxies that others wrote, for the length of a `with` block each: squid, tinyproxy, privoxy, dante and microsocks."""

import os
import socket
import subprocess
from pathlib import Path

from support.program import wait_until
from support.servers import free_port

USER, PASSWORD = "anna", "p@ss word%"
# As it stands in the URL of a proxy.
LOGIN = "anna:p%40ss%20word%25@"


class Proxy:
    """A proxy in a folder of its own. `login`: whether it wants USER and PASSWORD. `blocked` is a host that it refuses."""

    SCHEME = "http"
    LOGIN = LOGIN

    def __init__(self, folder, login=False, blocked="blocked.example"):
        self.folder = Path(folder)
        self.login = login
        self.blocked = blocked

    def __enter__(self):
        # A free port may be taken before the proxy binds it. Then it ends, and another port is tried.
        for _ in range(10):
            self.port = free_port("127.0.0.1")
            self.log = open(self.folder / "output.log", "wb")
            self.process = subprocess.Popen(
                self.command(), stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
                env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}, cwd=self.folder, start_new_session=True)
            wait_until(lambda: self.answers() or self.process.poll() is not None, f"{type(self).__name__} to start")
            if self.process.poll() is None:
                return self
            self.log.close()
        raise AssertionError(f"{type(self).__name__} does not start:\n" + (self.folder / "output.log").read_text())

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, 9)  # the session that was made for it
            self.process.wait()
        self.log.close()

    def answers(self):
        try:
            socket.create_connection(("127.0.0.1", self.port)).close()
            return True
        except OSError:
            return False

    @property
    def url(self):
        return f"{self.SCHEME}://127.0.0.1:{self.port}"

    @property
    def url_with_login(self):
        return f"{self.SCHEME}://{self.LOGIN}127.0.0.1:{self.port}"

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return path


class Squid(Proxy):
    def command(self):
        login = ""
        if self.login:
            hashed = subprocess.run(["openssl", "passwd", "-apr1", PASSWORD], check=True, capture_output=True, text=True).stdout
            passwords = self.write("passwords", f"{USER}:{hashed}")
            login = (f"auth_param basic program /usr/lib/squid/basic_ncsa_auth {passwords}\nauth_param basic children 1\n"
                     "acl known proxy_auth REQUIRED\nhttp_access deny !known\n")
        user = ""
        if os.geteuid() == 0:  # squid refuses to be root, and becomes the user of its package
            user = "cache_effective_user proxy\n"
            self.folder.chmod(0o777)
        configuration = self.write("squid.conf", f"""
http_port 127.0.0.1:{self.port}
acl blocked dstdomain {self.blocked}
{login}http_access deny blocked
http_access allow all
{user}cache deny all
pinger_enable off
shutdown_lifetime 0 seconds
visible_hostname proxy.example
access_log none
cache_log {self.folder}/cache.log
pid_filename {self.folder}/squid.pid
coredump_dir {self.folder}
""")
        # The name keeps its shared memory apart from that of other squids.
        return ["squid", "-N", "-n", f"plait{self.port}", "-f", configuration]


class Tinyproxy(Proxy):
    LOGIN = f"{USER}:letters@"  # its passwords have no other characters

    def command(self):
        login = f"BasicAuth {USER} letters\n" if self.login else ""
        filters = self.write("filter", self.blocked + "\n")
        configuration = self.write("tinyproxy.conf", f"""
Port {self.port}
Listen 127.0.0.1
MaxClients 100
Filter "{filters}"
LogFile "{self.folder}/tinyproxy.log"
PidFile "{self.folder}/tinyproxy.pid"
{login}""")
        return ["tinyproxy", "-d", "-c", configuration]


class Privoxy(Proxy):
    def command(self):
        actions = self.write("own.action", f"{{+block{{not wanted}}}}\n{self.blocked}\n")
        configuration = self.write("privoxy.conf", f"""
listen-address 127.0.0.1:{self.port}
confdir /etc/privoxy
templdir /etc/privoxy/templates
logdir {self.folder}
actionsfile {actions}
toggle 1
keep-alive-timeout 5
""")
        return ["privoxy", "--no-daemon", configuration]


class Microsocks(Proxy):
    SCHEME = "socks5"

    def command(self):
        login = ["-u", USER, "-P", PASSWORD] if self.login else []
        return ["microsocks", "-i", "127.0.0.1", "-p", str(self.port), *login]


class Dante(Proxy):
    SCHEME = "socks5"

    def command(self):
        configuration = self.write("danted.conf", f"""
logoutput: {self.folder}/dante.log
internal: 127.0.0.1 port = {self.port}
external: lo
clientmethod: none
socksmethod: none
client pass {{ from: 0.0.0.0/0 to: 0.0.0.0/0 }}
socks block {{ from: 0.0.0.0/0 to: {self.blocked} }}
socks pass {{ from: 0.0.0.0/0 to: 0.0.0.0/0 }}
""")
        return ["danted", "-f", configuration, "-p", f"{self.folder}/danted.pid"]
