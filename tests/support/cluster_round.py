"""A run over a cluster whose parts are killed and stopped at random moments, judged by what the server saw."""

import contextlib
import json
import random
import signal
import tempfile
import time
import urllib.request
from collections import Counter
from pathlib import Path

from . import program
from .cluster import Broker, Worker, new_key
from .namespaces import HOST, Namespace
from .program import Mock, end, results_in

WORKERS = 3
PLACES = 8
LONGEST_STOP_S = 8
FAULTS = ["worker dies", "worker stops", "coordinator dies", "coordinator stops", "broker dies", "broker stops"]
NETWORK_FAULTS = ["worker behind a black hole", "worker cut off", "coordinator behind a black hole", "coordinator cut off"]
MAKE_UNKNOWN = ("worker dies", "worker stops", "coordinator dies", "worker behind a black hole", "worker cut off")


class Round:
    """One run: `lines` requests, every second of them unsafe, and `faults` random faults. Afterwards `wrong` lists what should not be.

    With `in_namespaces`, coordinator and workers are in network namespaces of their own, and their ways to the broker are cut, too.
    """

    def __init__(self, seed, lines=600, faults=4, in_namespaces=False):
        self.seed = seed
        self.in_namespaces = in_namespaces
        self.random = random.Random(seed)
        self.lines = lines
        self.faults = faults
        self.wrong = []
        self.outcomes = Counter()
        self.happened = []

    def play(self):
        everywhere = {"host": "0.0.0.0"} if self.in_namespaces else {}
        with tempfile.TemporaryDirectory(prefix="plait-cluster-") as folder, contextlib.ExitStack() as stack:
            self.broker = stack.enter_context(Broker(**everywhere))
            self.mock = stack.enter_context(Mock("--latency", "5ms..60ms", *(("--host", "0.0.0.0") if self.in_namespaces else ())))
            self.enter_namespaces(stack, folder)
            self.requests, self.results = Path(folder) / "requests.jsonl", Path(folder) / "results.jsonl"
            self.requests.write_text("".join(json.dumps(self.line(n)) + "\n" for n in range(self.lines)))
            self.workers = [self.new_worker(n) for n in range(WORKERS)]
            try:
                self.run_to_the_end()
                if not self.wrong:
                    self.judge()
            finally:
                for worker in self.workers:
                    worker.__exit__(None, None, None)
        return self

    def enter_namespaces(self, stack, folder):
        """The last one is that of the coordinator."""
        self.spaces, self.target, self.key = [], self.mock.url, ()
        if self.in_namespaces:
            first = self.seed % 4000 * (WORKERS + 1)
            self.spaces = [stack.enter_context(Namespace(first + n)) for n in range(WORKERS + 1)]
            self.target = f"http://{HOST}:{self.mock.url.rpartition(':')[2]}"
            self.broker.url = f"nats://{HOST}:{self.broker.port}"
            self.key = ("--cluster-key", new_key(folder))

    def prefix(self, n):
        return self.spaces[n].prefix if self.spaces else ()

    def line(self, n):
        unsafe = {"method": "POST", "body": {"n": n}} if n % 2 else {}
        return {"custom_id": f"call-{n}", "url": f"{self.target}/?id=call-{n}", **unsafe}

    def new_worker(self, n):
        return Worker(self.broker.url, "--concurrency", PLACES, "--quiet", *self.key, prefix=self.prefix(n)).__enter__()

    def start(self):
        return program.start("run", self.requests, "-o", self.results, "--cluster", self.broker.url, "--quiet", *self.key,
                             prefix=self.prefix(WORKERS))

    def run_to_the_end(self):
        run = self.start()
        give_up = time.monotonic() + 3 * program.PATIENCE_S
        try:
            while True:
                pause = self.random.uniform(0.1, 1.5)
                wake = time.monotonic() + pause
                while run.poll() is None and time.monotonic() < wake:
                    time.sleep(0.01)
                if time.monotonic() > give_up:
                    self.wrong.append("the run does not end")
                    return
                if run.poll() in (0, 1):
                    return
                if run.poll() is not None:
                    said = run.stderr.read().decode()
                    # A run that finds no broker at its start says so, and has sent nothing.
                    finds_no_broker = (run.returncode == 3 and "is its NATS server running?" in said
                                       and any(what.startswith("broker") or what in NETWORK_FAULTS for what in self.happened))
                    if run.returncode != -signal.SIGKILL and not finds_no_broker:
                        self.wrong.append(f"the run ended with {run.returncode}: {said}")
                        return
                    end(run)
                    run = self.start()
                elif self.faults > 0:
                    self.faults -= 1
                    self.strike(run)
        finally:
            end(run)

    def strike(self, run):
        what = self.random.choice(FAULTS + (NETWORK_FAULTS if self.spaces else []))
        self.happened.append(what)
        if what in NETWORK_FAULTS:
            return self.strike_network(what)
        if what == "worker dies":
            victim = self.random.randrange(len(self.workers))
            self.workers[victim].__exit__(None, None, None)
            self.workers[victim] = self.new_worker(victim)
        elif what == "coordinator dies":
            run.kill()
            run.wait()
        elif what == "broker dies":
            self.broker.kill()
            time.sleep(self.random.uniform(0, 1))
            self.broker.start()
        else:
            of = {"worker stops": self.random.choice(self.workers).process, "coordinator stops": run, "broker stops": self.broker.process}[what]
            of.send_signal(signal.SIGSTOP)
            time.sleep(self.random.uniform(0.1, LONGEST_STOP_S))
            of.send_signal(signal.SIGCONT)

    def strike_network(self, what):
        space = self.spaces[WORKERS] if what.startswith("coordinator") else self.random.choice(self.spaces[:WORKERS])
        if what.endswith("behind a black hole"):
            space.lose(self.broker.port)
        else:
            space.refuse(self.broker.port)
        time.sleep(self.random.uniform(0.1, LONGEST_STOP_S))
        space.heal()

    def judge(self):
        results = results_in(self.results)
        ids = Counter(result["custom_id"] for result in results)
        came = self.counts()
        if len(ids) != self.lines:
            self.wrong.append(f"{self.lines - len(ids)} lines have no result")
        self.wrong += [f"{one} has {times} results" for one, times in ids.items() if times > 1]
        for result in results:
            one, outcome = result["custom_id"], result["outcome"]
            self.outcomes[outcome] += 1
            is_unsafe = int(one.split("-")[1]) % 2
            if is_unsafe and came[one] > 1:
                self.wrong.append(f"{one} must not be sent twice, but arrived {came[one]} times")
            if outcome == "ok" and not came[one]:
                self.wrong.append(f"{one} is ok, but never arrived")
            if outcome not in ("ok", "unknown") or (outcome == "unknown" and not is_unsafe):
                self.wrong.append(f"{one} is {outcome}: {result['error']}")
        if self.outcomes["unknown"] and not any(what in self.happened for what in MAKE_UNKNOWN):
            self.wrong.append(f"{self.outcomes['unknown']} are unknown although only {self.happened} happened")

    def counts(self):
        with urllib.request.urlopen(self.mock.url + "/stats/ids", timeout=program.PATIENCE_S) as answer:
            return Counter({one["id"]: one["came"] - one["refused"] for one in map(json.loads, answer)})
