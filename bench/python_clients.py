#!/usr/bin/env python3
"""What a call costs in Python, with plait and with other clients, against nginx and `plait mock`.

    bench/python_clients.py build/release/plait [--wheel FILE] [--python PROGRAM] [--calls N] [--rounds N] [--only REGEX]
                            [--part NAME...]

It makes a virtual environment in build/python-clients with the clients of bench/python_clients/requirements.txt, and
with plait: the wheel, or the package in python/, which it builds. The parts:

cost     CPU time of a call, with its share of the kernel, in microseconds: small JSON over kept connections, 64 in
         flight, the client on one processor and nginx on another
memory   KiB of memory for each of 1,000 calls that wait for an answer
import   how much longer `import CLIENT` takes than the bare interpreter, in ms
job      160 calls of 90 ms with 100 in flight: seconds of wall time, from the start of the interpreter to its end, and
         without those of the bare interpreter, and of one that has imported asyncio; 0.18 s are the server's

Clients take turns; medians are printed.
"""

import argparse
import json
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from support.servers import Nginx  # noqa: E402

HERE = ROOT / "bench/python_clients"
ENVIRONMENT = ROOT / "build/python-clients"
IN_FLIGHT = 64
ANSWER = '{"id": 12345, "name": "item", "price": 12.5, "ok": 1}'

# Clients, and how many times fewer calls than plait they make in a round, to take about as long.
COST = {"plait-await": 1, "plait-await+uvloop": 1, "plait-map": 1, "plait-async-map": 1, "plait-threads": 2, "plait run": 1,
        "plait-run": 1, "plait-run-urls": 1, "wreq": 4, "pyreqwest": 4, "aiohttp+uvloop": 8, "aiohttp": 8, "urllib3-threads": 20,
        "requests-threads": 40, "niquests": 40, "httpx": 200}
MEMORY = ["plait-await", "wreq", "pyreqwest", "aiohttp+uvloop", "aiohttp", "httpx"]
IMPORTS = ["plait", "asyncio", "wreq", "pyreqwest.client", "aiohttp", "requests", "niquests", "httpx"]
JOBS = ["plait-await", "plait-map", "wreq", "pyreqwest", "aiohttp+uvloop", "aiohttp", "httpx"]


class Mock:
    """`plait mock`, for the length of a `with` block."""

    def __init__(self, program, *flags):
        self.process = subprocess.Popen([program, "mock", "--port", "0", *flags], stdout=subprocess.PIPE)
        self.url = re.search(rb"http://\S+", self.process.stdout.readline())[0].decode().rstrip("/")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.communicate()


class Bench:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.python = ENVIRONMENT / "bin/python"
        processors = sorted(os.sched_getaffinity(0))
        self.client, self.server = processors[0], processors[-1]

    def set_up(self):
        """Makes the environment, unless it is there."""
        wheel = self.options.wheel or ROOT / "python"
        wanted = (HERE / "requirements.txt").read_text() + self.options.python
        made = ENVIRONMENT / "made"
        if not made.exists() or made.read_text() != wanted:
            subprocess.run([self.options.python, "-m", "venv", "--clear", ENVIRONMENT], check=True)
            self.pip("--requirement", HERE / "requirements.txt")
            made.write_text(wanted)
        self.pip("--force-reinstall", "--no-deps", wheel)

    def pip(self, *arguments):
        command = [self.python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *arguments]
        subprocess.run(list(map(str, command)), check=True)

    def wanted(self, names):
        return [name for name in names if re.search(self.options.only, name)]

    def run(self, command, processors):
        """Runs a command on these processors. Returns what it printed, and its CPU and wall time."""
        environment = {**os.environ, "RESULTS": str(self.folder / "results.jsonl")}
        begin = time.perf_counter()
        process = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, env=environment,
                                   preexec_fn=lambda: os.sched_setaffinity(0, processors))
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begin
        process.returncode = status
        if status:
            sys.exit(f"it failed: {command}")
        return output, usage.ru_utime + usage.ru_stime, wall

    def client_run(self, name, mode, url, calls, in_flight, processors):
        return self.run([self.python, HERE / "clients.py", name, mode, url, calls, in_flight], processors)

    def command_cost(self, url, calls):
        """What `plait run` takes for a call, beyond its start."""
        cpu = []
        for count in (1, calls):
            requests = self.folder / "requests.jsonl"
            requests.write_text("".join(json.dumps({"custom_id": f"row-{n}", "url": f"{url}/x/{n}"}) + "\n" for n in range(count)))
            for file in self.folder.glob("results.jsonl*"):
                file.unlink()
            command = [self.options.program, "run", requests, "-o", self.folder / "results.jsonl", "--quiet",
                       "--concurrency", IN_FLIGHT]
            cpu.append(self.run(command, {self.client})[1])
        return (cpu[1] - cpu[0]) / (calls - 1) * 1e6

    def cost(self):
        names = self.wanted(COST)
        costs = {name: [] for name in names}
        with self.nginx() as nginx:
            url = f"http://127.0.0.1:{nginx.http}"
            for _ in range(self.options.rounds):
                for name in names:
                    calls = max(self.options.calls // COST[name], 5)
                    if name == "plait run":
                        costs[name].append(self.command_cost(url, calls))
                    else:
                        output, _, _ = self.client_run(name, "cost", url, calls, IN_FLIGHT, {self.client})
                        costs[name].append(json.loads(output)["cpu"])
        table("CPU time of a call, us", costs, "8.1f")

    def nginx(self):
        os.sched_setaffinity(0, {self.server})  # nginx inherits it
        nginx = Nginx(self.folder, "listen 127.0.0.1:{http}; access_log off; keepalive_requests 100000000; "
                      f"location / {{ default_type application/json; return 200 '{ANSWER}'; }}")
        return nginx

    def memory(self):
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
        sizes = {name: [] for name in self.wanted(MEMORY)}
        with Mock(self.options.program, "--latency", "3600s") as mock:
            for _ in range(self.options.rounds):
                for name, row in sizes.items():
                    output, _, _ = self.client_run(name, "memory", mock.url, 1000, 1000, self.all())
                    row.append(json.loads(output)["kib"])
        table("memory of a waiting call, KiB", sizes, "8.1f")

    def all(self):
        return {self.client, self.server}

    def imports(self):
        names = ["", *self.wanted(IMPORTS)]
        times = {name: [] for name in names}
        for _ in range(4 * self.options.rounds):
            for name in names:
                code = f"import {name}" if name else "pass"
                times[name].append(self.run([self.python, "-c", code], {self.client})[1] * 1e3)
        bare = statistics.median(times.pop(""))
        table(f"CPU time of an import beyond the {bare:.1f} ms of the bare interpreter, ms",
              {name: [value - bare for value in row] for name, row in times.items()}, "8.1f")

    def job(self):
        starts = {"the bare interpreter": "pass", "an interpreter with asyncio": "import asyncio"}
        names = [*starts, *self.wanted(JOBS)]
        times = {name: [] for name in names}
        with Mock(self.options.program, "--latency", "90ms") as mock:
            for _ in range(self.options.rounds):
                for name in names:
                    if name in starts:
                        times[name].append(self.run([self.python, "-c", starts[name]], self.all())[2])
                    else:
                        times[name].append(self.client_run(name, "job", mock.url, 160, 100, self.all())[2])
        for name in starts:
            starts[name] = statistics.median(times.pop(name))
        table("160 calls of 90 ms, s", times, "8.3f")
        for name, start in starts.items():
            table(f"the same beyond the {start:.3f} s of {name}, s",
                  {client: [value - start for value in row] for client, row in times.items()}, "8.3f")


def table(title, rows, form):
    """Prints the medians, how far apart the values are, and how many times as much as the first row each is."""
    print(title)
    first = None
    for name, values in rows.items():
        median = statistics.median(values)
        first = first or median
        print(f"    {name:20} {median:{form}}   {median / first:7.2f} x   (from {min(values):{form}} to {max(values):{form}})", flush=True)


def main():
    parts = {"cost": Bench.cost, "memory": Bench.memory, "import": Bench.imports, "job": Bench.job}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--wheel", help="install this wheel instead of building the package")
    parser.add_argument("--python", default=sys.executable, help="for the environment (default: %(default)s)")
    parser.add_argument("--calls", type=int, default=40_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="", help="only clients whose name matches this regular expression")
    parser.add_argument("--part", nargs="+", choices=parts, default=list(parts))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="plait-") as folder:
        bench = Bench(options, Path(folder))
        bench.set_up()
        for part in options.part:
            parts[part](bench)


if __name__ == "__main__":
    main()
