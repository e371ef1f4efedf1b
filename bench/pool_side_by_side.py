#!/usr/bin/env python3
"""pool_side_by_side.py POOL_JOBS: plait's process pool beside Python's on the same work, in one run.

First a map over trivial items: what an item costs. Then 1,000 jobs of which the one in the middle kills its worker with
SIGKILL: how many results each pool gives."""

import os
import signal
import statistics
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor

WORKERS = 2
ITEMS = 100_000
CHUNKS = (1, 10, 100, 1_000, 10_000)
ROUNDS = 3
JOBS = 1_000


def following(value):
    return value + 1


def fall_at_zero(value):
    if value == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return value


def seconds_of_python(pool, chunk):
    rounds = []
    for _ in range(1 if chunk == 1 else ROUNDS):
        start = time.perf_counter()
        for _ in pool.map(following, range(ITEMS), chunksize=chunk):
            pass
        rounds.append(time.perf_counter() - start)
    return statistics.median(rounds)


def seconds_of_plait(program):
    out = subprocess.run([program, "map", str(ITEMS), str(WORKERS)], check=True, capture_output=True, text=True).stdout
    return statistics.median(float(line) for line in out.split())


def outcomes_of_python():
    with ProcessPoolExecutor(WORKERS) as pool:
        futures = [pool.submit(fall_at_zero, number - JOBS // 2) for number in range(JOBS)]
        errors = [future.exception() for future in futures]
    lost = [error for error in errors if error]
    return f"{JOBS - len(lost)} results, {len(lost)} {type(lost[0]).__name__ if lost else 'errors'}"


def main():
    program = sys.argv[1]
    print(f"== a map over {ITEMS:,} trivial items, {WORKERS} worker processes")
    ours = seconds_of_plait(program)
    print(f"{'pool':<34}{'ns an item':>12}{'items/s':>14}{'plait is':>12}")
    print(f"{'plait, chunks as measured':<34}{ours / ITEMS * 1e9:>12,.0f}{ITEMS / ours:>14,.0f}")
    with ProcessPoolExecutor(WORKERS) as pool:
        list(pool.map(following, range(WORKERS)))
        for chunk in CHUNKS:
            theirs = seconds_of_python(pool, chunk)
            name = f"Python, chunks of {chunk:,}" + (" (the default)" if chunk == 1 else "")
            print(f"{name:<34}{theirs / ITEMS * 1e9:>12,.0f}{ITEMS / theirs:>14,.0f}{theirs / ours:>10,.1f} x", flush=True)

    print(f"== {JOBS:,} jobs, the one in the middle kills its worker")
    ours = subprocess.run([program, "kill", str(JOBS), str(WORKERS)], check=True, capture_output=True, text=True).stdout
    print(f"plait:  {ours.strip()}")
    print(f"Python: {outcomes_of_python()}", flush=True)


if __name__ == "__main__":
    main()
