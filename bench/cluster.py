#!/usr/bin/env python3
"""What a cluster does and costs, on this machine: a NATS server, a coordinator, workers and a third party that keeps a log.

    bench/cluster.py PROGRAM cost       added to a call, and CPU time a line, beside the same run without a cluster
    bench/cluster.py PROGRAM lines      lines a second with workers that answer at once (--instant-worker build/bench/bench/instant_worker)
    bench/cluster.py PROGRAM limit      --limit requests=500/s over 4 workers: the most in any second, and the pace
    bench/cluster.py PROGRAM refusal    calls that still leave after one worker got a 429 with Retry-After
    bench/cluster.py PROGRAM bodies     the memory of all members while 1,000 answers of 10 MiB arrive

`--server FILE` is the nats-server to use. On 2 cores, `cost` and `lines` mean little while anything else runs.
"""

import argparse
import asyncio
import contextlib
import json
import multiprocessing
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))


class ThirdParty(asyncio.Protocol):
    """An HTTP server that notes when each request came, and answers it with what `decide(number, time)` returns: a status, a wait."""

    def connection_made(self, transport):
        self.transport = transport
        self.waiting = b""

    def data_received(self, data):
        now = time.monotonic()
        self.waiting += data
        while b"\r\n\r\n" in self.waiting:
            self.waiting = self.waiting.partition(b"\r\n\r\n")[2]
            self.log.append(now)
            status, wait_s = self.decide(len(self.log), now)
            head = b"HTTP/1.1 %d X\r\nContent-Length: 0\r\n%s\r\n" % (status, b"Retry-After: 2\r\n" if status == 429 else b"")
            asyncio.get_running_loop().call_later(wait_s, self.transport.write, head) if wait_s else self.transport.write(head)


def serve(connection, kind):
    log, refused = [], []
    # It stands for another machine: its log tells when requests came, not when it had time for them. As root.
    with contextlib.suppress(PermissionError):
        os.nice(-15)

    def steady(number, now):
        return 200, 0

    latencies = random.Random(1)

    def refuse_once(number, now):
        """The 500th request is refused. The latency varies: calls of one latency would come in step, all of them at once."""
        if number != 500:
            return 200, latencies.uniform(0.002, 0.006)
        refused.append(now)
        return 429, 0

    async def work():
        handler = type("Handler", (ThirdParty,), {"log": log, "decide": staticmethod({"limit": steady, "refusal": refuse_once}[kind])})
        loop = asyncio.get_running_loop()
        server = await loop.create_server(handler, "127.0.0.1", 0, backlog=4096)
        connection.send(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        await loop.run_in_executor(None, connection.recv)
        connection.send((log, refused))

    asyncio.run(work())


@contextlib.contextmanager
def third_party(kind):
    """Yields its URL, and a function that returns the times of all requests, and of refusals."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.Process(target=serve, args=(theirs, kind), daemon=True)
    process.start()

    def ask():
        ours.send(None)
        return ours.recv()

    try:
        yield ours.recv(), ask
    finally:
        process.kill()
        process.join()


def cpu_s(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_mib(pid):
    """The most memory so far, and that which is not shared with files and other processes."""
    fields = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return int(fields["VmHWM"].split()[0]) / 1024


def most_within(times, window_s):
    """Returns the most of these sorted times in any window."""
    first, most = 0, 0
    for last, at in enumerate(times):
        while at - times[first] >= window_s:
            first += 1
        most = max(most, last - first + 1)
    return most


class Bench:
    def __init__(self, options, folder):
        self.options = options
        self.folder = Path(folder)

    def requests(self, count, url):
        path = self.folder / f"{count}.jsonl"
        path.write_text("".join(json.dumps({"custom_id": f"row-{n}", "url": f"{url}/{n}"}) + "\n" for n in range(count)))
        return path

    def run(self, requests, *flags):
        """Returns the seconds, the CPU seconds and the peak MiB of a run; its results are in `results`."""
        self.results = self.folder / "results.jsonl"
        began = time.monotonic()
        process = program.start("run", requests, "-o", self.results, "--overwrite", "--quiet", *flags, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        assert status == 0, process.stderr.read().decode()
        process.stderr.close()
        process.returncode = 0
        return time.monotonic() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024

    def workers(self, stack, broker, count, places):
        return [stack.enter_context(Worker(broker.url, "--concurrency", places, "--quiet", *self.key)) for _ in range(count)]

    def cost(self):
        with contextlib.ExitStack() as stack:
            broker, mock = stack.enter_context(Broker()), stack.enter_context(Mock("--body-bytes", "64"))
            self.key = ("--cluster-key", new_key(self.folder))
            workers = self.workers(stack, broker, 2, 64)
            ways = {"without a cluster": (), "with a cluster": ("--cluster", broker.url, *self.key)}
            one = self.requests(2000, mock.url)
            took = {way: [] for way in ways}
            for _ in range(self.options.rounds):
                for way, flags in ways.items():
                    self.run(one, "--concurrency", 1, *flags)
                    took[way].append(statistics.median(result["attempts"][0]["total_ms"] for result in results_in(self.results)) * 1000)
            for way, figures in took.items():
                print(f"  {way}: a call takes {statistics.median(figures):.0f} us (median; one at a time)")
            many, count = self.requests(40_000, mock.url), 40_000
            costs = {way: [] for way in ways}
            beside = []
            for _ in range(self.options.rounds):
                for way, flags in ways.items():
                    before = cpu_s(broker.process.pid), sum(cpu_s(worker.process.pid) for worker in workers)
                    costs[way].append(self.run(many, "--concurrency", 128, *flags)[1] / count * 1e6)
                    if flags:
                        after = cpu_s(broker.process.pid), sum(cpu_s(worker.process.pid) for worker in workers)
                        beside.append([(b - a) / count * 1e6 for a, b in zip(before, after)])
            for way, figures in costs.items():
                print(f"  {way}: plait run takes {statistics.median(figures):.1f} us of CPU time a line")
            print("  broker {:.1f}, workers {:.1f} us of CPU time a line".format(*(statistics.median(column) for column in zip(*beside))))

    def lines(self):
        with contextlib.ExitStack() as stack:
            broker = stack.enter_context(Broker())
            workers = [subprocess.Popen([self.options.instant_worker, broker.url, "1000"]) for _ in range(2)]
            for worker in workers:
                stack.callback(worker.kill)
            time.sleep(1)
            count = self.options.lines
            requests = self.requests(count, "http://api.example")
            self.run(self.requests(1000, "http://api.example"), "--cluster", broker.url)
            for _ in range(self.options.rounds):
                before = cpu_s(broker.process.pid), sum(cpu_s(worker.pid) for worker in workers)
                seconds, cpu, _ = self.run(requests, "--cluster", broker.url)
                after = cpu_s(broker.process.pid), sum(cpu_s(worker.pid) for worker in workers)
                of_broker, of_workers = ((b - a) / count * 1e6 for a, b in zip(before, after))
                print(f"  {count / seconds:,.0f} lines/s; CPU time a line: coordinator {cpu / count * 1e6:.1f} us, broker {of_broker:.1f}, "
                      f"workers {of_workers:.1f}; load {os.getloadavg()[0]:.1f}", flush=True)

    def limit(self):
        for _ in range(self.options.rounds):
            self.limited("6,000 at once", lambda feed: feed(6000))
            self.limited("6 bursts of 1,000", lambda feed: [(feed(1000), time.sleep(3)) for _ in range(6)])

    def limited(self, name, pour):
        with contextlib.ExitStack() as stack:
            broker, (url, ask) = stack.enter_context(Broker()), stack.enter_context(third_party("limit"))
            self.key = ()
            self.workers(stack, broker, 4, 300)
            process = program.start("run", "-", "-o", self.folder / "limited.jsonl", "--overwrite", "--quiet", "--cluster", broker.url, "--limit",
                                    "requests=500/s", stdin=subprocess.PIPE)

            def feed(count):
                process.stdin.write(b"".join(b'{"url": "%s/"}\n' % url.encode() for _ in range(count)))
                process.stdin.flush()

            pour(feed)
            assert program.finish(process).code == 0
            times = sorted(ask()[0])
            most = {window: most_within(times, window) for window in (1, 0.05)}
            # The first 500 may come at once, so that the pace is that of the others.
            pace = (len(times) - 500) / (times[-500] - times[0])
            print(f"  {name}: {len(times)} requests arrived, at most {most[1]} in any second and {most[0.05]} in any 50 ms"
                  f"{'; %.0f a second (%.1f %%)' % (pace, pace / 5) if 'burst' not in name else ''}; load {os.getloadavg()[0]:.1f}", flush=True)

    def refusal(self):
        counts = []
        for _ in range(self.options.rounds):
            with contextlib.ExitStack() as stack:
                broker, (url, ask) = stack.enter_context(Broker()), stack.enter_context(third_party("refusal"))
                self.key = ()
                self.workers(stack, broker, 4, 2)
                self.run(self.requests(700, url), "--cluster", broker.url)
                times, refused = ask()
                later = [at - refused[0] for at in times if refused[0] < at < refused[0] + 1]
                counts.append(len(later))
                print(f"  {500 / (times[499] - times[0]):.0f} calls/s; after the refusal came {len(later)} more"
                      f"{', the last after %.2f ms' % (max(later) * 1000) if later else ''}; load {os.getloadavg()[0]:.1f}", flush=True)
        print(f"  median {statistics.median(counts):.0f}, at most {max(counts)} in {len(counts)} rounds")

    def bodies(self):
        with contextlib.ExitStack() as stack:
            broker = stack.enter_context(Broker())
            mock = stack.enter_context(Mock("--body-bytes", str(10 * 2**20)))
            self.key = ()
            workers = self.workers(stack, broker, 2, 4)
            for flags in ((), ("--save-bodies", self.folder / "bodies")):
                seconds, _, peak = self.run(self.requests(1000, mock.url), "--cluster", broker.url, *flags)
                print(f"  1,000 answers of 10 MiB{' with --save-bodies' if flags else ''}: {seconds:.0f} s; at most: coordinator {peak:.0f} MiB, "
                      f"broker {peak_mib(broker.process.pid):.0f}, workers {max(peak_mib(worker.process.pid) for worker in workers):.0f}; "
                      f"load {os.getloadavg()[0]:.1f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("what", nargs="*", default=["cost", "limit", "refusal", "bodies"])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--lines", type=int, default=400_000, help="of `lines` (%(default)s)")
    parser.add_argument("--server", default="nats-server")
    parser.add_argument("--instant-worker", default="build/bench/bench/instant_worker")
    options = parser.parse_args()
    os.environ.update(PLAIT_PROGRAM=options.program, PLAIT_NATS_SERVER=options.server)
    global program, Broker, Worker, new_key, Mock, results_in
    from support import program
    from support.cluster import Broker, Worker, new_key
    from support.program import Mock, results_in
    for what in options.what:
        print(what, flush=True)
        with tempfile.TemporaryDirectory(prefix="plait-bench-") as folder:
            getattr(Bench(options, folder), what)()


if __name__ == "__main__":
    main()
