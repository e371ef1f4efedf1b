"""Trace files to make pages from: the same calls four ways, as they would be, and the same each time.

`traces.py FOLDER [CALLS [CONCURRENCY]]` writes sync.json, threads.json, async.json, processes.json and comparison.json.
"""

import heapq
import json
import random
import sys
from pathlib import Path

TENTHS = 10_000  # a millisecond in tenths of microseconds


class Call:
    """A call to be made: what it waits for and how long it computes between, in tenths of microseconds."""

    def __init__(self, number, name, steps, result="200"):
        self.number, self.name, self.steps, self.result = number, name, steps, result

    @property
    def ok(self):
        return self.result.startswith("2")


def some_calls(count, fresh=0, seed=7):
    """Returns calls as a third party answers them: most in 90 ms, a few in seconds. The first `fresh` have to connect."""
    chance = random.Random(seed)
    calls = []
    for number in range(1, count + 1):
        steps = [("R", chance.randint(150, 400))]
        if number <= fresh:
            steps += [("d", chance.randint(5_000, 20_000)), ("R", 60), ("c", chance.randint(100_000, 140_000)), ("R", 90),
                      ("t", chance.randint(200_000, 260_000)), ("R", 900)]
        first_byte = chance.lognormvariate(0, 0.12) * 90 * TENTHS * (chance.uniform(3, 9) if chance.random() < 0.01 else 1)
        steps += [("s", chance.randint(20, 90)), ("R", 120), ("f", int(first_byte)), ("R", chance.randint(200, 500)),
                  ("b", chance.randint(5_000, 60_000)), ("R", chance.randint(200, 900))]
        result = "200" if chance.random() > 0.01 else chance.choice(["429", "503", "timeout"])
        calls.append(Call(number, f"row-{number}", steps, result))
    return calls


class Trace:
    """One file. Times are whole tenths of microseconds."""

    def __init__(self, method, concurrency=1, **facts):
        self.records = []
        self.ended = []
        self.meta("plait_trace", {"version": 1, "command": "compare", "method": method, "workers": 1, "concurrency": concurrency,
                                  "started": "2026-11-23T23:20:00Z", **facts})
        self.meta("process_name", {"name": f"plait compare, {method}"})
        self.end = 0

    def meta(self, name, args, tid=None):
        self.records.append({"ph": "M", "name": name, "pid": 1, **({} if tid is None else {"tid": tid}), "args": args})

    def lane(self, tid, name, kind):
        self.meta("thread_name", {"name": name}, tid)
        self.meta("plait_lane", {"kind": kind}, tid)

    def call(self, call, tid, begin, states):
        length = sum(tenths for _, tenths in states)
        self.end = max(self.end, begin + length)
        args = {"line": call.number, "result": call.result, "ok": call.ok,
                "states": "".join(f"{letter}{tenths}" for letter, tenths in states if tenths)}
        record = {"ph": "X", "cat": "call", "name": call.name, "pid": 1, "tid": tid, "ts": begin / 10, "dur": length / 10, "args": args}
        self.ended.append((begin + length, record))

    def write(self, path, is_cut=False):
        records = list(self.records)
        for _, record in sorted(self.ended, key=lambda item: item[0]):
            records.append(record)
        if not is_cut:
            records.append({"ph": "M", "name": "plait_end", "pid": 1,
                            "args": {"calls": sum(r.get("cat") == "call" for r in records), "seconds": self.end / 1e7, "outcomes": {}}})
        text = ",\n".join(json.dumps(record, separators=(",", ":")).replace("<", "\\u003c") for record in records)
        Path(path).write_text("[\n" + text + ("" if is_cut else "\n]\n"))


def one_after_another(method, kind, calls, lanes):
    """Each lane takes the next call when it is done with one: sync with one lane, threads and processes with several."""
    trace = Trace(method, lanes)
    for lane in range(1, lanes + 1):
        trace.lane(lane, kind if lanes == 1 else f"{kind} {lane}", kind)
    free = [(0, lane) for lane in range(1, lanes + 1)]
    for call in calls:
        begin, lane = heapq.heappop(free)
        trace.call(call, lane, begin, call.steps)
        heapq.heappush(free, (begin + sum(tenths for _, tenths in call.steps), lane))
    return trace


def woven(calls, concurrency):
    """One loop runs them all: whoever is ready runs until it waits, and the others wait for that."""
    trace = Trace("async", concurrency)
    trace.lane(1, "loop", "loop")
    for row in range(1, concurrency + 1):
        trace.meta("thread_name", {"name": f"loop, call {row}"}, 1_000_000 + row)
    waiting, now, in_flight, counted = [], 0, 0, 0
    rows = list(range(1, concurrency + 1))
    left = iter(calls)
    runs = []

    def begin_next():
        nonlocal in_flight
        call = next(left, None)
        if call:
            in_flight += 1
            heapq.heappush(waiting, (now, call.number, call, heapq.heappop(rows), now, 0, []))

    for _ in range(concurrency):
        begin_next()
    while waiting:
        since, _, call, row, begin, at, states = heapq.heappop(waiting)
        if since > now:
            now = since
        if now > since:
            states.append(("r", now - since))
        length = call.steps[at][1]
        states.append(("R", length))
        if runs and now - sum(runs[-1]) < 500:
            runs[-1][1] = now + length - runs[-1][0]
        else:
            runs.append([now, length])
        now += length
        if at + 1 < len(call.steps):
            states.append(call.steps[at + 1])
            heapq.heappush(waiting, (now + call.steps[at + 1][1], call.number, call, row, begin, at + 2, states))
        else:
            trace.call(call, 1_000_000 + row, begin, states)
            heapq.heappush(rows, row)
            in_flight -= 1
            begin_next()
        if now - counted > TENTHS:
            ready = 0
            for entry in waiting[:64]:
                ready += entry[0] <= now
            trace.ended.append((now, {"ph": "C", "cat": "loop", "name": "loop tasks", "pid": 1, "tid": 1, "ts": now / 10,
                                      "args": {"ready": ready, "waiting": in_flight - ready}}))
            counted = now
    for begin, length in runs:
        trace.ended.append((begin + length, {"ph": "X", "cat": "loop", "name": "running", "pid": 1, "tid": 1,
                                             "ts": begin / 10, "dur": length / 10}))
    return trace


SWITCHES = {"sync": "nobody", "threads": "the operating system", "async": "the tasks, at each await", "processes": "the operating system"}


def comparison(traces, calls):
    seconds = {method: trace.end / 1e7 for method, trace in traces.items()}
    rows = [{"by": "plait", "method": method, "scheduling": SWITCHES[method], "workers": {"threads": 16, "processes": 8}.get(method, 1),
             "concurrency": {"sync": 1, "threads": 16, "processes": 8}.get(method, 100), "seconds": seconds[method],
             "speed_up": seconds["sync"] / seconds[method], "calls_per_second": calls / seconds[method], "p50_ms": 92.4, "p99_ms": 411.0,
             "cpu_seconds": 0.021, "peak_mib": 7.1, "waiting_share": 0.991, "outcomes": {"ok": calls}, "refused": 0} for method in traces]
    return {"work": "calls", "calls": calls, "processors": 2, "rows": rows, "bound": "io",
            "advice": "The calls wait 99 % of their time, so use async: one thread holds all the waits at once, and nothing is gained by more."}


def four_ways(folder, count=160, concurrency=100):
    calls = some_calls(count)
    traces = {
        "sync": one_after_another("sync", "caller", calls, 1),
        "threads": one_after_another("threads", "thread", some_calls(count, 16), 16),
        "async": woven(some_calls(count, concurrency), concurrency),
        "processes": one_after_another("processes", "process", some_calls(count, 8), 8),
    }
    for method, trace in traces.items():
        trace.write(Path(folder) / f"{method}.json")
    (Path(folder) / "comparison.json").write_text(json.dumps(comparison(traces, count)))


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    four_ways(folder, *[int(argument) for argument in sys.argv[2:]])
