"""Kills a run at random moments, resumes it until it ends, and compares its results with what the server saw.

All random choices for a run follow from its method and its seed; only the machine's own timing varies.
"""

import json
import os
import random
import re
import shutil
import signal
import ssl
import tempfile
import time
import urllib.request
from pathlib import Path

from support import program
from support.process_tree import leaves

METHODS = ("async", "sync", "threads", "processes")

# Requests that may be sent twice (the first five), that must not be, and that can't be sent at all.
KINDS = {
    "get": {},
    "put": {"method": "PUT", "body": {"text": "a"}},
    "keyed": {"method": "POST", "body": {"text": "a"}, "idempotency_key": "auto"},
    "declared": {"method": "POST", "body": {"text": "a"}, "safe_to_repeat": True},
    "list": {"follow": {"next": "link"}},  # pages
    "post": {"method": "POST", "body": {"text": "a"}},
    "patch": {"method": "PATCH", "body": "a"},
    "job": {"method": "POST", "body": "a", "follow": {"poll": "location", "every_s": 0.01}},  # started once, and asked for
    "line": None,  # not a request; its id is its line number
    "again": None,  # repeats the id of the first line
}
UNSAFE = ("post", "patch", "job")
PATHS = {"list": "/pages?n=3&id=", "job": "/jobs/30?id="}  # of the others: /calls/
PAGES = [1, 2, 3]
REFUSED = ("line", "again")

# 429 comes only from --allow: the mock counts those refusals separately, but would count a random 429 as an answer.
FAULTS = {"500": 2, "503": 1, "404": 1, "reset-before": 1, "reset-after": 2, "reset-body": 1, "close": 1, "cut-length": 1, "cut-chunks": 1,
          "bad-status-line": 0.3, "bad-chunk-size": 0.3, "bad-length": 0.3, "garbage": 0.5, "stall": 0.4, "stall-head": 0.2,
          "stall-body": 0.3, "drip": 0.2, "crash": 0.3}

# A stopped run waits for the calls in flight, and a server may ask it to wait; but a run needs far fewer starts than this.
MOST_STARTS = 40


class Plan:
    """What a run sends, to which server, with which flags, and when it is stopped."""

    def __init__(self, method, seed):
        self.method = method
        self.seed = seed
        chance = random.Random(f"{method} {seed}")
        self.concurrency = 1 if method == "sync" else chance.randint(2, 12)
        self.count = chance.randint(40, 80) if method == "sync" else chance.randint(60, 150)
        self.latency_ms = chance.uniform(1, 4) if method == "sync" else chance.uniform(2, 15)
        kinds = chance.choices(list(KINDS), weights=(20, 10, 20, 10, 15, 40, 10, 15, 1, 1), k=self.count)
        kinds[0] = "get"  # the first line determines the format
        self.ids = [f"{kind}-{number}" for number, kind in enumerate(kinds, start=1)]
        self.more = {"order_key": "one"} if chance.random() < 0.1 else {"group": "a"} if chance.random() < 0.1 else {}
        self.by_standard_input = chance.random() < 0.15
        self.is_encrypted = chance.random() < 0.1
        self.flags = self.chosen_flags(chance)
        self.mock_flags = self.chosen_mock_flags(chance)
        self.stops = self.chosen_stops(chance)

    def chosen_flags(self, chance):
        flags = ["--method", self.method, "--timeout", "0.5s", "--deadline", "3s", "--attempts", chance.choice((2, 3, 4)), "--quiet"]
        if chance.random() < 0.8:
            flags += ["--concurrency", self.concurrency]
        for share, more in ((0.2, ["--ordered"]), (0.15, ["--durable"]), (0.2, ["--hedge", "p75"]), (0.2, ["--limit", "requests=400/s"])):
            if chance.random() < share:
                flags += more
        return flags + ["--insecure"] * self.is_encrypted

    def chosen_mock_flags(self, chance):
        flags = ["--seed", chance.randint(1, 10**6), "--latency", f"1ms..{2 * self.latency_ms:.1f}ms",
                 "--fail", ",".join(f"{fault}:{share}%" for fault, share in FAULTS.items())]
        if chance.random() < 0.5:
            flags += ["--allow", f"{chance.randint(10, 30)}/100ms",
                      "--limit-headers", chance.choice(("none", "retry-after", "x-ratelimit:duration", "draft"))]
        # It always restarts, because a fault may kill it, too.
        flags += ["--restart", f"{chance.randint(5, 50)}ms"]
        if chance.random() < 0.6:
            flags += ["--crash-every", chance.randint(30, 120)]
        return flags + ["--tls"] * self.is_encrypted

    def chosen_stops(self, chance):
        """Returns how each of the first starts of the command is stopped, in order."""
        length = 0.02 + 1.5 * self.count * self.latency_ms / 1000 / self.concurrency
        # Some are stopped early, while they open their files and start their workers.
        latest = [chance.choice((length, length, length, 0.03)) for _ in range(chance.randint(1, 6))]
        stops = [Stop(signal.SIGKILL, chance.uniform(0, seconds)) for seconds in latest]
        if chance.random() < 0.3:
            stops[chance.randrange(len(stops))] = Stop(chance.choice((signal.SIGINT, signal.SIGTERM)), chance.uniform(0, length))
        if self.method == "processes" and chance.random() < 0.5:
            stops[chance.randrange(len(stops))].worker_after = chance.uniform(0, length)
        return stops

    def lines(self):
        for custom_id in self.ids:
            kind = kind_of(custom_id)
            if kind == "line":
                yield "no request\n"
            elif kind == "again":
                yield json.dumps({"custom_id": self.ids[0], "url": f"/calls/{custom_id}", "body": "a"}) + "\n"
            else:
                yield json.dumps({"custom_id": custom_id, "url": PATHS.get(kind, "/calls/") + custom_id, **KINDS[kind], **self.more}) + "\n"


class Stop:
    """A signal to send `after` seconds after a start, or after one of its workers was killed."""

    def __init__(self, sent=None, after=program.PATIENCE_S):
        self.sent = sent
        self.after = after
        self.worker_after = None


def kind_of(custom_id):
    return custom_id.partition("-")[0]


class Verdict:
    """The verdict on a run. `wrong` holds a sentence for each fault; a good run has none."""

    def __init__(self):
        self.kills = 0
        self.starts = 0
        self.ids = 0
        self.doubles = 0
        self.lost = 0
        self.unknown = 0
        self.unknown_and_never_came = 0
        self.wrong = []

    def is_good(self):
        return not self.wrong


def play(plan):
    """Plays a run to its end. If it went wrong, its folder is kept and named in the verdict."""
    folder = Path(tempfile.mkdtemp(prefix=f"plait-soak-{plan.method}-{plan.seed}-"))
    verdict = Verdict()
    try:
        with program.Mock(*plan.mock_flags) as mock:
            requests, results = folder / "requests.jsonl", folder / "results.jsonl"
            requests.write_text("".join(plan.lines()))
            source = "-" if plan.by_standard_input else requests
            command = ["run", source, "-o", results, "--base-url", mock.url, *plan.flags]
            run_to_the_end(plan, requests, command, folder / "log", verdict)
            judge(plan, results.read_bytes(), counts_of(mock), verdict)
            verified = program.plait("verify", requests, results)
            if verified.code != 0:
                verdict.wrong.append(f"plait verify ended with {verified.code}: {verified.out}{verified.err}")
    except Exception as error:
        verdict.wrong.append(f"{type(error).__name__}: {error}")
    if verdict.is_good():
        shutil.rmtree(folder)
    else:
        verdict.wrong.append(f"see {folder}")
    return verdict


def run_to_the_end(plan, requests, command, log, verdict):
    """Starts the command again and again, stopping it as planned, until it ends by itself."""
    for number in range(MOST_STARTS):
        stop = plan.stops[number] if number < len(plan.stops) else Stop()
        with open(log, "ab") as said, open(requests, "rb") as input:
            process = program.start(*command, stdin=input, stdout=said, stderr=said)
        verdict.starts += 1
        if stop.worker_after and code_within(process, stop.worker_after) is None:
            kill_a_worker(process)
        code = code_within(process, stop.after)
        if code is None and stop.sent:
            process.send_signal(stop.sent)
            verdict.kills += 1
            code = code_within(process, program.PATIENCE_S)
        if code is None:
            program.end(process)
            raise AssertionError(f"start {number + 1} is still running after {program.PATIENCE_S} s")
        if code in (0, 1):
            return
        # It was killed, stopped, or gave up because the server was unreachable for a while.
        if code != 3 and code != -(stop.sent or 0):
            raise AssertionError(f"start {number + 1} ended with code {code}: {log.read_text()[-2000:]}")
    raise AssertionError(f"unfinished after {MOST_STARTS} starts")


def kill_a_worker(process):
    """Kills one of the processes that make the calls, as a machine out of memory does."""
    try:
        workers = [each for each in leaves(process.pid) if Path(f"/proc/{each}/comm").read_text() == "plait-worker\n"]
        if workers:
            os.kill(workers[0], signal.SIGKILL)
    except (FileNotFoundError, ProcessLookupError):
        pass  # It had ended already.


def code_within(process, seconds):
    """Returns the exit code of a process, or None if it is still running after this time."""
    give_up = time.monotonic() + seconds
    while (code := process.poll()) is None and time.monotonic() < give_up:
        time.sleep(min(0.005, max(0, give_up - time.monotonic())))
    return code


def counts_of(mock):
    """Returns, by the server's count, how often each id arrived and was not refused. A refused request was not executed."""
    trusting = ssl.create_default_context()
    trusting.check_hostname = False
    trusting.verify_mode = ssl.CERT_NONE

    def ask():
        try:
            with urllib.request.urlopen(mock.url + "/stats/ids", timeout=program.PATIENCE_S, context=trusting) as answer:
                return [json.loads(line) for line in answer.read().splitlines()] or [None]
        except OSError:
            return None  # it is restarting after a crash

    return {one["id"]: one["came"] - one["refused"] for one in program.wait_until(ask, "the mock's counts") if one}


def judge(plan, text, came, verdict):
    """Compares the results with what the server saw."""
    if not text.endswith(b"\n"):
        verdict.wrong.append("the last result is incomplete")
    results = {}
    for result in map(json.loads, text.splitlines()):
        line = result["line"]
        custom_id = plan.ids[line - 1] if line <= len(plan.ids) else f"line {line}"
        if custom_id in results:
            verdict.wrong.append(f"{custom_id} has two results")
        if result["custom_id"] != (plan.ids[0] if kind_of(custom_id) == "again" else custom_id):
            verdict.wrong.append(f"the result of {custom_id} has the id {result['custom_id']}")
        results[custom_id] = result
    verdict.ids = len(plan.ids)
    if missing := set(plan.ids) ^ results.keys():
        verdict.wrong.append(f"missing or unmatched results: {sorted(missing)}")

    keys = {}  # of the keyed ids, as their answers echo them
    for custom_id, result in results.items():
        name_at_server = custom_id
        if kind_of(custom_id) == "keyed":
            name_at_server = echoed_key(result)
            if name_at_server:
                keys[custom_id] = name_at_server
        times = came.get(name_at_server, 0) if name_at_server else None
        if kind_of(custom_id) in REFUSED:
            judge_refused(custom_id, result, times, verdict)
        else:
            judge_one(custom_id, result, times, verdict)
    judge_keys(plan, results, keys, came, verdict)


def judge_refused(custom_id, result, times, verdict):
    if (times, result["outcome"], result["error"]["code"]) != (0, "failed", "bad_input"):
        verdict.wrong.append(f"{custom_id} is an invalid line, but arrived {times} times and is {result['outcome']}: {result['error']}")


def judge_one(custom_id, result, times, verdict):
    """`times`: how often the request arrived; None if unknown."""
    outcome, is_unsafe = result["outcome"], kind_of(custom_id) in UNSAFE
    if kind_of(custom_id) == "list" and outcome == "ok" and [page["body"]["page"] for page in result["pages"]] != PAGES:
        verdict.wrong.append(f"{custom_id} lacks pages: {result['pages']}")
    if outcome == "skipped":
        verdict.wrong.append(f"{custom_id} was skipped: {result['error']}")
    if result["error"] and result["error"]["code"] == "bad_input":
        verdict.wrong.append(f"{custom_id} is a valid line, but was rejected: {result['error']}")
    if outcome == "unknown":
        verdict.unknown += 1
        verdict.unknown_and_never_came += times == 0
        if not is_unsafe:
            verdict.wrong.append(f"{custom_id} is safe to repeat, but unknown: {result['error']}")
    if is_unsafe and times > 1:
        verdict.doubles += 1
        verdict.wrong.append(f"{custom_id} must not be sent twice, but arrived {times} times")
    if times == 0 and not may_have_missed(result):
        verdict.lost += 1
        verdict.wrong.append(f"{custom_id} is {outcome}, but never arrived: {result['error']}")


def may_have_missed(result):
    """Returns whether, by its result, the request may never have reached the server, or was always refused.

    That includes time-outs: while a server restarts, the kernel accepts connections that nobody reads.
    """
    if result["outcome"] == "unknown":
        return True
    if result["response"]:
        return result["response"]["status_code"] == 429
    return result["outcome"] == "failed" and result["error"]["code"] in ("connect", "tls", "reset", "timeout", "deadline", "rate_limited")


def echoed_key(result):
    body = (result["response"] or {}).get("body")
    return body["headers"].get("idempotency-key") if isinstance(body, dict) and "headers" in body else None


def judge_keys(plan, results, keys, came, verdict):
    """The server counts keyed requests by key. There must be as many keys as ids, since the key of an id never changes."""
    keyed = [custom_id for custom_id in plan.ids if kind_of(custom_id) == "keyed"]
    seen = {one for one in came if re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", one)}
    if len(set(keys.values())) != len(keys):
        verdict.wrong.append("two ids have one key")
    if len(seen) > len(keyed):
        verdict.wrong.append(f"{len(keyed)} ids arrived with {len(seen)} keys")
    must_have_come = [custom_id for custom_id in keyed if custom_id in results and not may_have_missed(results[custom_id])]
    if len(seen) < len(must_have_come):
        verdict.lost += len(must_have_come) - len(seen)
        verdict.wrong.append(f"{len(must_have_come)} keyed ids must have arrived, but {len(seen)} did")
