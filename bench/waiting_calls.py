#!/usr/bin/env python3
"""What a call of `plait run` that waits for its answer over HTTP/2 adds to the resident memory, against `plait mock` on
loopback.

    bench/waiting_calls.py build/release/plait [--calls N]

Two runs have 200 calls, and 200 + N, in flight, whose answers come late. When memory is at rest, the difference is
divided by N. The share of a call in its connection is included: 100 calls share one.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

FEW = 200
MOST_KIB = 3


def memory_kib(pid):
    """What belongs to the process alone: pages of files are shared, and come and go."""
    return int(re.search(r"^Anonymous:\s*(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.M)[1])


def in_flight(url):
    with urllib.request.urlopen(f"{url}/stats") as answer:
        return json.load(answer)["in_flight"]


def memory_with(options, url, calls, folder):
    requests = folder / f"{calls}.jsonl"
    requests.write_text("".join(json.dumps({"custom_id": f"call-{n}", "url": f"{url}/delay/600000"}) + "\n"
                                for n in range(calls)))
    command = [options.program, "run", requests, "-o", folder / f"{calls}.results", "--http", "2",
               "--concurrency", str(calls), "--timeout", "1h", "--quiet"]
    process = subprocess.Popen([str(word) for word in command])
    try:
        before = None
        for _ in range(120):
            time.sleep(0.5)
            if process.poll() is not None:
                sys.exit("the run has ended")
            now = memory_kib(process.pid)
            if now == before and in_flight(url) == calls:
                return now
            before = now
        sys.exit(f"{calls} calls did not come to rest")
    finally:
        process.kill()
        process.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--calls", type=int, default=8000)
    options = parser.parse_args()
    mock = subprocess.Popen([options.program, "mock", "--port", "0"], stdout=subprocess.PIPE)
    try:
        url = re.search(rb"http://\S+", mock.stdout.readline())[0].decode().rstrip("/")
        with tempfile.TemporaryDirectory() as folder:
            few, many = (memory_with(options, url, calls, Path(folder)) for calls in (FEW, FEW + options.calls))
    finally:
        mock.terminate()
        mock.communicate()
    kib = (many - few) / options.calls
    print(f"a call that waits over HTTP/2 takes {kib:.2f} KiB")
    if kib > MOST_KIB:
        sys.exit(f"that is more than {MOST_KIB} KiB")


if __name__ == "__main__":
    main()
