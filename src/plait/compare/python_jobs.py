"""The jobs of `plait compare --cpu` in Python, in one of its four ways.

The program holds this text and runs it:  python3 -c TEXT METHOD KIND AMOUNT COUNT WORKERS
It prints one line: plait-python, Python's version, the wall time, the CPU time, the time of all jobs together, what of that they
stood in the kernel's queue for a processor, p50 and p99 of a job (all in seconds), the peak memory (bytes), and what a job found
out.
"""

import asyncio
import concurrent.futures
import hashlib
import math
import multiprocessing
import platform
import resource
import sys
import time


def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


def hash_zeros(size):
    block = bytes(1 << 20)
    digest = hashlib.sha256()
    while size > 0:
        digest.update(block[:size])
        size -= min(size, len(block))
    return digest.hexdigest()


def sleep(microseconds):
    time.sleep(microseconds / 1e6)
    return "slept"


KINDS = {"fib": fib, "sha256": hash_zeros, "sleep": sleep}


def ready_time():
    """Returns how long this thread could have run so far, and another one ran; 0 where the kernel does not tell."""
    try:
        with open("/proc/thread-self/schedstat") as file:
            return int(file.read().split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        return 0


def run_job(kind, amount):
    ready = ready_time()
    begin = time.perf_counter()
    answer = KINDS[kind](amount)
    length = time.perf_counter() - begin
    return length, ready_time() - ready, str(answer)


def run_sync(kind, amount, count, workers):
    return [run_job(kind, amount) for _ in range(count)]


def run_with(executor, kind, amount, count):
    with executor:
        return list(executor.map(run_job, [kind] * count, [amount] * count))


def run_threading(kind, amount, count, workers):
    return run_with(concurrent.futures.ThreadPoolExecutor(workers), kind, amount, count)


def run_multiprocessing(kind, amount, count, workers):
    fork = multiprocessing.get_context("fork")
    return run_with(concurrent.futures.ProcessPoolExecutor(workers, fork), kind, amount, count)


def run_asyncio(kind, amount, count, workers):
    async def job():
        return run_job(kind, amount)

    async def all_jobs():
        return await asyncio.gather(*(job() for _ in range(count)))

    return asyncio.run(all_jobs())


METHODS = {"sync": run_sync, "threading": run_threading, "asyncio": run_asyncio, "multiprocessing": run_multiprocessing}


def quantile(lengths, share):
    return sorted(lengths)[max(0, math.ceil(share * len(lengths)) - 1)]


def cpu_of(*usages):
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def main(method, kind, amount, count, workers):
    cpu_before = cpu_of(resource.getrusage(resource.RUSAGE_SELF))
    begin = time.perf_counter()
    runs = METHODS[method](kind, int(amount), int(count), int(workers))
    wall = time.perf_counter() - begin

    own, below = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    cpu = cpu_of(own, below) - cpu_before
    peak = 1024 * (own.ru_maxrss + int(workers) * below.ru_maxrss)
    lengths = [length for length, _, _ in runs]
    ready = sum(ready for _, ready, _ in runs)
    print("plait-python", platform.python_version(), f"{wall:.6f} {cpu:.6f} {sum(lengths):.6f} {ready:.6f}",
          f"{quantile(lengths, 0.5):.6f} {quantile(lengths, 0.99):.6f}", peak, runs[0][2])


if __name__ == "__main__":
    sys.setrecursionlimit(10_000)
    main(*sys.argv[1:])
