#!/usr/bin/env python3
"""Many large downloads at the same time with `plait run --save-bodies`: peak memory, seconds and GB/s, against a server
of its own on loopback.

    bench/large_downloads.py build/release/plait [--downloads N] [--size MIB] [--at-once N] [--http2] [--folder DIR]

All downloads are in flight from the start: the server sends each the first MiB, and then the rest to a few at a time,
so that few files are on the disk at once; each is checked and removed as soon as it is complete. With --http2 the
server is `plait mock`, which sends to all at once: the disk needs room for all files. 100 downloads of 1 GiB:

    bench/large_downloads.py build/release/plait --downloads 100 --size 1024
"""

import argparse
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

MIB = 1 << 20
MOST_MIB = 128


class Server:
    """Answers each request with `size` bytes, to at most `at_once` clients at a time beyond the first MiB."""

    def __init__(self, size, at_once):
        self.size, self.turns, self.block = size, threading.Semaphore(at_once), bytes(MIB)
        self.in_flight = self.most_in_flight = 0
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            connection, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def count(self, change):
        with self.lock:
            self.in_flight += change
            self.most_in_flight = max(self.most_in_flight, self.in_flight)

    def serve(self, connection):
        with connection:
            received = b""
            while data := connection.recv(65536):
                received += data
                while b"\r\n\r\n" in received:
                    received = received.split(b"\r\n\r\n", 1)[1]
                    self.answer(connection)

    def answer(self, connection):
        self.count(+1)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % self.size)
        first = min(self.size, MIB)
        connection.sendall(self.block[:first])
        with self.turns:
            left = self.size - first
            while left > 0:
                connection.sendall(self.block[:min(left, MIB)])
                left -= MIB
        self.count(-1)

    def close(self):
        self.listener.close()


class Mock:
    def __init__(self, program, size, streams):
        self.process = subprocess.Popen([program, "mock", "--port", "0", "--body-bytes", str(size), "--max-streams", str(streams)],
                                        stdout=subprocess.PIPE)
        self.url = re.search(rb"http://\S+", self.process.stdout.readline())[0].decode().rstrip("/")
        self.most_in_flight = None

    def close(self):
        self.process.terminate()
        self.process.communicate()


def peak_kib(pid):
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    found = re.search(r"VmHWM:\s*(\d+)", status)
    return int(found[1]) if found else 0


def bytes_on_disk(folder):
    total = 0
    for entry in os.scandir(folder):
        try:
            total += entry.stat().st_blocks * 512
        except FileNotFoundError:  # renamed meanwhile
            pass
    return total


def remove_complete(folder, size):
    """Removes the files that are complete, and returns how many. One that is not as long as it should be is an error."""
    count = 0
    for entry in os.scandir(folder):
        if entry.name.startswith(".plait-"):
            continue
        if entry.stat().st_size != size:
            sys.exit(f"{entry.path} has {entry.stat().st_size} bytes instead of {size}")
        os.unlink(entry.path)
        count += 1
    return count


def measure(options, server, folder):
    size = options.size * MIB
    requests, results, bodies = folder / "requests.jsonl", folder / "results.jsonl", folder / "bodies"
    requests.write_text("".join(json.dumps({"custom_id": f"file-{n}", "url": f"{server.url}/{n}"}) + "\n"
                                for n in range(options.downloads)))
    bodies.mkdir()
    command = [options.program, "run", requests, "-o", results, "--concurrency", str(options.downloads), "--save-bodies", bodies,
               "--max-body", f"{2 * options.size}M", "--timeout", "1h", *(["--http", "2"] if options.http2 else [])]
    began = time.monotonic()
    process = subprocess.Popen([str(word) for word in command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    complete, peak, on_disk = 0, 0, 0
    try:
        while process.poll() is None:
            peak = max(peak, peak_kib(process.pid))
            on_disk = max(on_disk, bytes_on_disk(bodies))
            complete += remove_complete(bodies, size)
            time.sleep(0.05)
    finally:
        process.kill()
    seconds = time.monotonic() - began
    complete += remove_complete(bodies, size)
    outcomes = [json.loads(line)["outcome"] for line in results.read_text().splitlines()]
    if outcomes != ["ok"] * options.downloads or complete != options.downloads:
        sys.exit(f"{complete} files, outcomes {sorted(outcomes)}:\n{process.stderr.read().decode()}")
    print(f"{options.downloads} downloads of {options.size} MiB"
          + (f", {server.most_in_flight} in flight" if server.most_in_flight else ", over HTTP/2")
          + f": {peak / 1024:.1f} MiB of memory at most, {seconds:.1f} s, "
          f"{options.downloads * size / seconds / 1e9:.2f} GB/s, {on_disk / MIB:.0f} MiB on the disk at most")
    return peak / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--downloads", type=int, default=100)
    parser.add_argument("--size", type=int, default=64, help="in MiB")
    parser.add_argument("--at-once", type=int, default=8)
    parser.add_argument("--http2", action="store_true")
    parser.add_argument("--folder", help="where the files go; a folder of the system by default")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="plait-", dir=options.folder) as folder:
        size = options.size * MIB
        server = Mock(options.program, size, options.downloads) if options.http2 else Server(size, options.at_once)
        try:
            peak = measure(options, server, Path(folder))
        finally:
            server.close()
    if peak > MOST_MIB:
        sys.exit(f"more than {MOST_MIB} MiB of memory")


if __name__ == "__main__":
    main()
