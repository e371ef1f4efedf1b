"""Network namespaces with a way to this machine that can be cut. Needs root, `ip` and `iptables`."""

import contextlib
import fcntl
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

HOST = "10.231.255.1"  # this machine, as seen from each namespace


def are_had():
    return os.geteuid() == 0 and all(shutil.which(tool) for tool in ("ip", "iptables"))


def command(*words):
    subprocess.run([str(word) for word in words], check=True, capture_output=True)


@contextlib.contextmanager
def only_one():
    """Keeps other processes, and threads, from adding or removing namespaces: the last one takes the address of the host with it."""
    with open(Path(tempfile.gettempdir()) / "plait-namespaces.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


class Namespace:
    """One namespace, for the length of a `with` block. `number` is its own on this machine, below 16,000."""

    def __init__(self, number):
        self.name = f"plait-{number}"
        self.link = f"plait{number}"
        self.prefix = ["ip", "netns", "exec", self.name]
        self.addresses = [f"10.231.{number >> 6}.{(number & 63) * 4 + end}" for end in (1, 2)]

    def __enter__(self):
        try:
            with only_one():
                self.add()
        except BaseException:
            self.__exit__()
            raise
        return self

    def add(self):
        ours, theirs = self.addresses
        subprocess.run(["ip", "netns", "del", self.name], capture_output=True)
        command("ip", "netns", "add", self.name)
        command("ip", "link", "add", self.link, "type", "veth", "peer", "name", "out", "netns", self.name)
        command("ip", "addr", "add", f"{ours}/30", "dev", self.link)
        command("ip", "addr", "replace", f"{HOST}/32", "dev", "lo")
        command("ip", "link", "set", self.link, "up")
        for words in (("addr", "add", f"{theirs}/30", "dev", "out"), ("link", "set", "out", "up"), ("link", "set", "lo", "up"),
                      ("route", "add", "default", "via", ours)):
            command("ip", "-n", self.name, *words)

    def __exit__(self, *_):
        with only_one():
            subprocess.run(["ip", "link", "del", self.link], capture_output=True)
            subprocess.run(["ip", "netns", "del", self.name], capture_output=True)
            left = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True).stdout
            if "plait-" not in left:
                subprocess.run(["ip", "addr", "del", f"{HOST}/32", "dev", "lo"], capture_output=True)

    def lose(self, port):
        """From now on, nothing passes to or from this port, and nobody is told: a black hole."""
        self.rule("OUTPUT", "--dport", port, "DROP")
        self.rule("INPUT", "--sport", port, "DROP")

    def refuse(self, port):
        """From now on, connections to this port are reset."""
        self.rule("OUTPUT", "--dport", port, "REJECT", "--reject-with", "tcp-reset")

    def rule(self, chain, direction, port, *target):
        command(*self.prefix, "iptables", "-w", "-A", chain, "-p", "tcp", direction, port, "-j", *target)

    def heal(self):
        command(*self.prefix, "iptables", "-w", "-F")
