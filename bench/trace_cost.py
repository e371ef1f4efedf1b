#!/usr/bin/env python3
"""What recording a trace costs: `plait run` against `plait mock`, with --trace and without, one after the other.

    bench/trace_cost.py build/release/plait [--calls N] [--rounds N] [--concurrency N] [--method METHOD]

Prints the medians of calls per second and of the run's CPU time, and what the trace adds to them.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import tempfile
from pathlib import Path


def run_once(program, requests, folder, options, with_trace):
    """Returns (calls per second, CPU seconds) of a run."""
    summary, trace = folder / "summary.json", folder / "trace.json"
    command = [program, "run", requests, "-o", "/dev/null", "--quiet", "--summary-json", summary, "--method", options.method,
               "--concurrency", str(options.concurrency)]
    if with_trace:
        command += ["--trace", trace, "--overwrite"]
    process = subprocess.Popen(list(map(str, command)))
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0, "the run failed"
    return json.loads(summary.read_text())["calls_per_second"], usage.ru_utime + usage.ru_stime


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--calls", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--concurrency", type=int, default=64)
    parser.add_argument("--method", default="async")
    options = parser.parse_args()

    with tempfile.TemporaryDirectory(prefix="plait-") as name:
        folder = Path(name)
        mock = subprocess.Popen([options.program, "mock", "--port", "0"], stdout=subprocess.PIPE)
        url = re.search(rb"http://\S+", mock.stdout.readline())[0].decode().rstrip("/")
        requests = folder / "requests.txt"
        requests.write_text(f"{url}/\n" * options.calls)
        measured = {False: [], True: []}
        try:
            for _ in range(options.rounds):
                for with_trace in (False, True):
                    measured[with_trace].append(run_once(options.program, requests, folder, options, with_trace))
        finally:
            mock.terminate()
            mock.wait()
        size = (folder / "trace.json").stat().st_size

    medians = {with_trace: [statistics.median(values) for values in zip(*runs)] for with_trace, runs in measured.items()}
    for with_trace, (pace, cpu) in medians.items():
        print(f"{'with' if with_trace else 'without':8} {pace:10,.0f} calls/s {cpu / options.calls * 1e6:8.2f} us of CPU a call")
    (pace, cpu), (traced_pace, traced_cpu) = medians[False], medians[True]
    print(f"the trace takes {(1 - traced_pace / pace) * 100:.1f} % of the calls/s and adds {(traced_cpu / cpu - 1) * 100:.1f} % of CPU; "
          f"it has {size / 2**20:.1f} MiB")


if __name__ == "__main__":
    main()
