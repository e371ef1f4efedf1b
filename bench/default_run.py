#!/usr/bin/env python3
"""The default run: how long `plait run` takes when the number of calls in flight is not given, against `plait mock`.

    bench/default_run.py build/release/plait [--before OTHER] [--rounds N] [--seconds N] [--only NAME]

Jobs: calls that the server answers after a fixed time, beside the largest concurrency, beside Python's asyncio with 100
connections (aiohttp where it is installed, else its own streams, which are quicker), and beside another build.
Servers with a knee: calls/s and p99 of calls sent after the first two seconds, beside each fixed concurrency.
All take turns; the medians are printed.
"""

import argparse
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

# Calls, and how long each takes.
JOBS = {"160 of 90 ms": (160, "90ms"), "1000 of 200 ms": (1000, "200ms"), "2000 of 500 ms": (2000, "500ms"),
        "10000 of 100 ms": (10_000, "100ms")}
# Flags of the mock, the calls that it answers in a second, and how long one takes.
SERVERS = {"16 slots of 20 ms": (("--slots", "16", "--latency", "20ms"), 800, 0.02),
           "one slot of 5 ms": (("--slots", "1", "--latency", "5ms"), 200, 0.005),
           "64 slots, lognormal": (("--slots", "64", "--latency", "100ms~0.5"), 566, 0.113),
           "128 connections": (("--max-connections", "128", "--latency", "100ms"), 1280, 0.1)}
FIXED = [2**n for n in range(11)]
SETTLED_MS = 2000


class Mock:
    def __init__(self, program, *flags):
        self.process = subprocess.Popen([program, "mock", "--port", "0", "--body-bytes", "64", *flags], stdout=subprocess.PIPE)
        self.url = re.search(rb"http://\S+", self.process.stdout.readline())[0].decode().rstrip("/")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.communicate()


class Bench:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder

    def requests(self, count):
        path = self.folder / f"{count}.jsonl"
        if not path.exists():
            path.write_text("".join(json.dumps({"custom_id": f"row-{n}", "url": f"/x/{n}"}) + "\n" for n in range(count)))
        return path

    def run(self, program, url, count, *flags):
        """Returns the seconds that it took, and the results."""
        results = self.folder / "results.jsonl"
        for file in self.folder.glob("results.jsonl*"):
            file.unlink()
        begin = time.perf_counter()
        subprocess.run([program, "run", self.requests(count), "-o", results, "--quiet", "--base-url", url, *map(str, flags)],
                       check=False)
        seconds = time.perf_counter() - begin
        return seconds, results

    def jobs(self):
        ways = {"default": lambda url, count: self.run(self.options.program, url, count)[0],
                "--concurrency 1000": lambda url, count: self.run(self.options.program, url, count, "--concurrency", 1000)[0],
                "Python asyncio": with_python}
        if self.options.before:
            ways["before, default"] = lambda url, count: self.run(self.options.before, url, count)[0]
        for name, (count, latency) in JOBS.items():
            if self.options.only not in name:
                continue
            took = {way: [] for way in ways}
            with Mock(self.options.program, "--latency", latency) as mock:
                for _ in range(self.options.rounds):
                    for way, run in ways.items():
                        took[way].append(run(mock.url, count))
            print(f"{name}")
            usual = statistics.median(took["default"])
            for way in ways:
                median = statistics.median(took[way])
                print(f"    {way:20} {median:7.2f} s   the default takes {usual / median:5.2f} times as long", flush=True)

    def servers(self):
        for name, (flags, per_second, latency) in SERVERS.items():
            if self.options.only not in name:
                continue
            print(f"{name}")
            count = int(per_second * self.options.seconds)
            with Mock(self.options.program, *flags) as mock:
                rows = {n: [] for n in ["default", *FIXED]}
                for _ in range(self.options.rounds):
                    for n, row in rows.items():
                        calls = count if n == "default" else min(count, int(self.options.seconds * n / latency) + 1)
                        row.append(figures(*self.run(self.options.program, mock.url, calls,
                                                     *(() if n == "default" else ("--concurrency", n)))))
                medians = {n: tuple(statistics.median(column) for column in zip(*row)) for n, row in rows.items()}
            best = max(medians[n][0] for n in FIXED)
            unloaded = medians[1][1]
            for n, (pace, p99, not_ok) in medians.items():
                print(f"    {n:>8}: {pace:7.1f} calls/s, {pace / best * 100:5.1f} % of the best; p99 {p99:7.1f} ms, "
                      f"{p99 / unloaded:5.1f} times that of one by one; {not_ok:.0f} not ok", flush=True)


def figures(seconds, results):
    """Returns calls per second, the p99 in ms of those sent late, and how many are not ok."""
    latencies, not_ok, count = [], 0, 0
    for line in results.read_text().splitlines():
        result = json.loads(line)
        count += 1
        not_ok += result["outcome"] != "ok"
        first, last = result["attempts"][0], result["attempts"][-1]
        if first["start_ms"] >= SETTLED_MS:
            latencies.append(last["start_ms"] + last["total_ms"] - first["start_ms"])
    latencies.sort()
    return count / seconds, latencies[len(latencies) * 99 // 100] if latencies else float("nan"), not_ok


PYTHON = """
import asyncio, sys
from urllib.parse import urlsplit
url, count, limit = sys.argv[1], int(sys.argv[2]), 100
try:
    import aiohttp
except ImportError:
    aiohttp = None
async def with_aiohttp():
    async def get(session, number):
        async with session.get(f"{url}/x/{number}") as answer: return len(await answer.read())
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=limit)) as session:
        await asyncio.gather(*(get(session, number) for number in range(count)))
async def with_streams():
    host, port = urlsplit(url).hostname, urlsplit(url).port
    numbers = iter(range(count))
    async def one_connection():
        reader, writer = await asyncio.open_connection(host, port)
        for number in numbers:
            writer.write(f"GET /x/{number} HTTP/1.1\\r\\nHost: {host}\\r\\n\\r\\n".encode())
            head = await reader.readuntil(b"\\r\\n\\r\\n")
            length = next(int(line.split(b":")[1]) for line in head.lower().split(b"\\r\\n") if line.startswith(b"content-length"))
            await reader.readexactly(length)
        writer.close()
    await asyncio.gather(*(one_connection() for _ in range(min(limit, count))))
asyncio.run(with_aiohttp() if aiohttp else with_streams())
"""


def with_python(url, count):
    begin = time.perf_counter()
    subprocess.run([sys.executable, "-c", PYTHON, url, str(count)], check=True)
    return time.perf_counter() - begin


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--before", help="another build, beside which the jobs are run")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=10, help="how long a server with a knee is called (default: %(default)s)")
    parser.add_argument("--only", default="", help="only the jobs and servers with this in their names")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="plait-") as name:
        bench = Bench(options, Path(name))
        bench.jobs()
        bench.servers()


if __name__ == "__main__":
    main()
