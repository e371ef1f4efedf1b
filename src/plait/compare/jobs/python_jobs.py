"""What `plait compare --with-python` has Python do: the jobs of --cpu in one of its ways, or calls with the package plait.

The program holds this text and runs it:  python3 -c TEXT METHOD KIND AMOUNT COUNT WORKERS
It prints one line: plait-python, Python's version, whether its interpreter lock is on (1 or 0), the wall time, the CPU time, the
time of all jobs together, what of that they stood in the kernel's queue for a processor, p50 and p99 of a job (all in seconds),
the peak memory (bytes), the number of different processors that ran jobs, and what a job found out. Or it says that this Python
does not have the method; for the method `plait`, which is the package of that name, it says why.

KIND is also `calls`, for the method plait: AMOUNT is then a file with the session and the requests, WORKERS the most in flight, and
in place of what a job found out stands calls:OK,REJECTED,FAILED,UNKNOWN,REFUSED.
"""

import asyncio
import base64
import concurrent.futures
import hashlib
import json
import math
import multiprocessing
import platform
import resource
import site
import sys
import tempfile
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


def processor():
    """Returns the processor that this thread runs on: the 39th field of proc(5)'s stat, 36 after the name."""
    try:
        with open("/proc/thread-self/stat") as file:
            return int(file.read().rpartition(")")[2].split()[36])
    except (OSError, IndexError, ValueError):
        return 0


def run_job(kind, amount):
    ready, on = ready_time(), processor()
    begin = time.perf_counter()
    answer = KINDS[kind](amount)
    length = time.perf_counter() - begin
    return length, ready_time() - ready, {on, processor()}, str(answer)


def run_sync(kind, amount, count, workers):
    return [run_job(kind, amount) for _ in range(count)]


def run_with(executor, kind, amount, count, job=run_job):
    with executor:
        return list(executor.map(job, [kind] * count, [amount] * count))


def run_threading(kind, amount, count, workers):
    return run_with(concurrent.futures.ThreadPoolExecutor(workers), kind, amount, count)


def run_multiprocessing(kind, amount, count, workers):
    fork = multiprocessing.get_context("fork")
    return run_with(concurrent.futures.ProcessPoolExecutor(workers, fork), kind, amount, count)


def run_interpreters(kind, amount, count, workers):
    """Interpreters of one process, each with a lock of its own. They find the functions in a module, not in `__main__`."""
    with tempfile.TemporaryDirectory(prefix="plait-") as folder:
        with open(f"{folder}/plait_jobs.py", "w") as file:
            file.write(sys.orig_argv[2])
        sys.path.append(folder)
        import plait_jobs

        pool = concurrent.futures.InterpreterPoolExecutor(workers, initializer=site.addsitedir, initargs=(folder,))
        return run_with(pool, kind, amount, count, plait_jobs.run_job)


def run_asyncio(kind, amount, count, workers):
    async def job():
        return run_job(kind, amount)

    async def all_jobs():
        return await asyncio.gather(*(job() for _ in range(count)))

    return asyncio.run(all_jobs())


def run_plait(kind, amount, count, workers):
    """The tasks of `plait.gather`: like asyncio's, they share one thread."""
    import plait

    async def job():
        return run_job(kind, amount)

    async def all_jobs():
        return await plait.gather(*(job() for _ in range(count)))

    return asyncio.run(all_jobs())


class Calls:
    """The calls of a file, which `plait.map` makes."""

    def __init__(self, path, in_flight):
        import plait

        with open(path) as file:
            work = json.load(file)
        self.session = self.session_with(**work["session"])
        self.requests = [plait.Request(method, url, headers=headers, content=base64.b64decode(body) or None,
                                       timeout=timeout and plait.Timeouts(attempt=timeout))
                         for method, url, headers, body, timeout in work["requests"]]
        self.in_flight = in_flight

    @staticmethod
    def session_with(attempt, connect, idle, max_body, redirects, http_version, verify, ca_file, certificate, key):
        import plait

        version = {"http_version": http_version} if http_version else {}
        cert = (certificate, key or certificate) if certificate else None
        return plait.BlockingSession(timeout=plait.Timeouts(attempt=attempt, connect=connect, idle=idle), max_body=max_body,
                                     redirects=redirects, tls=plait.Tls(verify=ca_file or verify, client_cert=cert),
                                     cookies=False, **version)

    def make(self):
        with self.session as session:
            return [self.what_came(result) for result in session.map(self.requests, concurrency=self.in_flight)]

    @staticmethod
    def what_came(result):
        """As of a job: with the status, or the error, as what was found out."""
        if result.response is None:
            return 0, 0, {processor()}, result.error
        return sum(result.response.timings.values()), 0, {processor()}, result.response.status


def outcomes(ends):
    statuses = [end for end in ends if isinstance(end, int)]
    good, refused = sum(200 <= status < 300 for status in statuses), sum(status in (429, 503) for status in statuses)
    unknown = sum(getattr(end, "maybe_sent", False) for end in ends)
    return f"calls:{good},{len(statuses) - good},{len(ends) - len(statuses) - unknown},{unknown},{refused}"


def why_no_plait():
    """Returns why the package can't be used, or nothing."""
    try:
        from plait import gather  # not any folder of that name
    except ModuleNotFoundError as error:
        return "the package is not installed: pip install plait" if error.name == "plait" else f"import plait: {error}"
    except ImportError as error:
        return f"import plait: {error}".splitlines()[0]
    return "" if callable(gather) else "import plait: it is another package"


METHODS = {"sync": run_sync, "threading": run_threading, "asyncio": run_asyncio, "multiprocessing": run_multiprocessing,
           "plait": run_plait}
if hasattr(concurrent.futures, "InterpreterPoolExecutor"):  # from 3.14 on
    METHODS["interpreters"] = run_interpreters


def quantile(lengths, share):
    return sorted(lengths)[max(0, math.ceil(share * len(lengths)) - 1)]


def cpu_of(*usages):
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def main(method, kind, amount, count, workers):
    if method not in METHODS:
        return print("plait-python has no such method")
    reason = why_no_plait() if method == "plait" else ""
    if reason:
        return print("plait-python has no plait:", reason)
    calls = Calls(amount, int(workers)) if kind == "calls" else None
    cpu_before = cpu_of(resource.getrusage(resource.RUSAGE_SELF))
    begin = time.perf_counter()
    runs = calls.make() if calls else METHODS[method](kind, int(amount), int(count), int(workers))
    wall = time.perf_counter() - begin

    own, below = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    cpu = cpu_of(own, below) - cpu_before
    peak = 1024 * (own.ru_maxrss + int(workers) * below.ru_maxrss)
    lengths, ready, processors, answers = zip(*runs)
    timed = [length for length, answer in zip(lengths, answers) if not calls or isinstance(answer, int)] or [0]
    has_lock = int(getattr(sys, "_is_gil_enabled", lambda: True)())
    print("plait-python", platform.python_version(), has_lock, f"{wall:.6f} {cpu:.6f} {sum(lengths):.6f} {sum(ready):.6f}",
          f"{quantile(timed, 0.5):.6f} {quantile(timed, 0.99):.6f}", peak, len(set().union(*processors)),
          outcomes(answers) if calls else answers[0])


if __name__ == "__main__":
    sys.setrecursionlimit(10_000)
    main(*sys.argv[1:])
