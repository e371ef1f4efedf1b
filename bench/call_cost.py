#!/usr/bin/env python3
"""What a call costs: the CPU time of `plait run -o FILE` per call, of several builds side by side, against `plait mock`.

    bench/call_cost.py build/release/plait [OTHER...] [--calls N] [--rounds N] [--latency TIME...] [--in-flight N...]
                       [--method METHOD]

Builds are run in turns; what is printed are medians, and ratios to the first. To see what something costs that came with
a commit, the first is a build of the commit before it: git worktree add ../before COMMIT && make -C ../before run
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import tempfile
from pathlib import Path

METHODS = ("GET", "POST")


def cpu_seconds(command):
    """Returns the user and system time of a command that has to succeed."""
    process = subprocess.Popen(list(map(str, command)))
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0, f"it failed: {command}"
    return usage.ru_utime + usage.ru_stime


def run_once(program, requests, url, in_flight, folder, method):
    results = folder / "results.jsonl"
    for file in folder.glob("results.jsonl*"):
        file.unlink()
    command = [program, "run", requests, "-o", results, "--quiet", "--base-url", url, "--method", method]
    return cpu_seconds(command if in_flight == "default" else [*command, "--concurrency", in_flight])


def measure(programs, requests, url, in_flight, folder, options):
    """Prints a line for each program: what a call takes beyond the start of the program."""
    few, many = requests
    starts, runs = {program: [] for program in programs}, {program: [] for program in programs}
    for turn in range(options.rounds):
        for program in programs[turn % len(programs):] + programs[:turn % len(programs)]:
            starts[program].append(run_once(program, few, url, in_flight, folder, options.method))
            runs[program].append(run_once(program, many, url, in_flight, folder, options.method))
    costs = {program: (statistics.median(runs[program]) - statistics.median(starts[program])) / options.calls * 1e6 for program in programs}
    least = {program: (min(runs[program]) - min(starts[program])) / options.calls * 1e6 for program in programs}
    for number, program in enumerate(programs, 1):
        more = lambda figures: f"{(figures[program] / figures[programs[0]] - 1) * 100:+6.1f} %"
        print(f"    build {number}: {costs[program]:7.2f} us a call {more(costs)}   at least {least[program]:7.2f} {more(least)}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs", nargs="+")
    parser.add_argument("--calls", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--latency", nargs="+", default=["0ms", "20ms"], help="of the mock (default: %(default)s)")
    parser.add_argument("--in-flight", nargs="+", default=["16", "64", "default"], help="at a time (default: %(default)s)")
    parser.add_argument("--method", default="async", help="of the program (default: %(default)s)")
    options = parser.parse_args()

    with tempfile.TemporaryDirectory(prefix="plait-") as name:
        folder = Path(name)
        requests = {}
        for method in METHODS:
            requests[method] = []
            for count in (1, 1 + options.calls):
                path = folder / f"{method}-{count}.jsonl"
                path.write_text("".join(json.dumps({"custom_id": f"row-{n}", "method": method, "url": f"/x/{n}"}) + "\n" for n in range(count)))
                requests[method].append(path)
        for latency in options.latency:
            mock = subprocess.Popen([options.programs[-1], "mock", "--port", "0", "--body-bytes", "64", "--latency", latency], stdout=subprocess.PIPE)
            try:
                url = re.search(rb"http://\S+", mock.stdout.readline())[0].decode().rstrip("/")
                for in_flight in options.in_flight:
                    for method in METHODS:
                        print(f"{method}, answered after {latency}, {in_flight} in flight")
                        measure(options.programs, requests[method], url, in_flight, folder, options)
            finally:
                mock.terminate()
                mock.wait()


if __name__ == "__main__":
    main()
