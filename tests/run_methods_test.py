"""The four methods: the same results, each in its own way."""

import json
import os
import re
import signal
import unittest

from support.process_tree import leaves
from support.program import Mock, MockTest, RunTest, finish, run
from support.servers import Gate, Rogue, keeping

METHODS = ("sync", "threads", "async", "processes")


def without_times(result):
    """Returns a result without what differs between two runs of the same request."""
    same = {**result, "attempts": [{key: value for key, value in attempt.items() if not key.endswith("_ms") and key != "reused"}
                                   for attempt in result["attempts"]]}
    if result["error"]:
        # The brackets at the end say what the call was doing, and for how long.
        same["error"] = {**result["error"], "message": re.sub(r" \(.*\)$", "", result["error"]["message"])}
    return same


class Alike(MockTest):
    def test_all_give_the_same_results(self):
        lines = [
            {"custom_id": "get", "url": self.url("/echo?a=1"), "headers": {"X-A": "1"}},
            {"custom_id": "post", "url": self.url("/echo"), "body": {"text": "gr\u00fc\u00df"}, "metadata": {"row": 1}},
            {"custom_id": "put", "url": self.url("/echo"), "method": "PUT", "body": "text"},
            {"custom_id": "head", "url": self.url("/"), "method": "HEAD"},
            {"custom_id": "slow", "url": self.url("/delay/60000"), "timeout_s": 0.05},
            {"custom_id": "no host", "url": "http://no-such-host.invalid/"},
            "not json",
        ]
        path = self.requests(*lines)
        results = {}
        for method in METHODS:
            ended = run(path, "--method", method, "--concurrency", "3", "--ordered")
            self.assertEqual(1, ended.code, ended.err)
            results[method] = [without_times(result) for result in ended.results]
            self.assertEqual(len(lines), len(results[method]))
        for method in METHODS[1:]:
            self.assertEqual(json.dumps(results["sync"], indent=1), json.dumps(results[method], indent=1), method)


class Each(RunTest):
    def most_in_flight(self, method, concurrency):
        """Makes twenty slow calls; returns the most that the mock saw at a time."""
        with Mock("--latency", "50ms") as mock:
            ended = self.run_lines(*[{"url": mock.url + "/"}] * 20, arguments=["--method", method, "--concurrency", concurrency])
            self.assertEqual(0, ended.code, ended.err)
            return mock.stats()["most_in_flight"]

    def test_sync_makes_one_call_at_a_time_whatever_the_concurrency(self):
        self.assertEqual(1, self.most_in_flight("sync", 10))

    def test_threads_and_processes_make_one_call_per_worker(self):
        for method in ("threads", "processes"):
            gate = Gate()
            with Rogue(gate) as server:
                process = self.start("run", self.requests(*[{"url": server.url}] * 6), "--method", method, "--concurrency", "3")
                gate.wait_for(3, process)
                if method == "threads":
                    self.assertGreaterEqual(len(os.listdir(f"/proc/{process.pid}/task")), 4)
                else:
                    self.assertEqual(3, len(leaves(process.pid)))
                gate.open()
                ended = finish(process)
            self.assertEqual((0, 6, 3), (ended.code, len(ended.results), server.connections), ended.err)

    def test_each_origin_has_a_limit_of_its_own_with_each_method(self):
        for method in ("async", "threads", "processes"):
            with self.subTest(method=method), Mock("--latency", "50ms") as one, Mock("--latency", "50ms") as other:
                lines = [{"url": f"{mock.url}/{n}", "group": f"group-{n % 2}"} for n in range(8) for mock in (one, other)]
                ended = self.run_lines(*lines, arguments=["--method", method, "--concurrency", "6", "--concurrency-per-origin", "2"])
                self.assertEqual(0, ended.code, ended.err)
                self.assertEqual([2, 2], [mock.stats()["most_in_flight"] for mock in (one, other)])

    def test_async_makes_all_calls_on_one_thread(self):
        gate = Gate()
        with Rogue(gate) as server:
            process = self.start("run", self.requests(*[{"url": server.url}] * 50), "--concurrency", "50")
            gate.wait_for(50, process)
            self.assertLessEqual(len(os.listdir(f"/proc/{process.pid}/task")), 3)
            self.assertEqual([], leaves(process.pid))
            gate.open()
            self.assertEqual(0, finish(process).code)


class KilledWorker(RunTest):
    def kill_one_of_three(self, line, attempts):
        """Kills a worker during its call; returns the outcomes of ten calls and the number of requests that the server saw."""
        gate = Gate()
        with Rogue(gate) as server:
            lines = [{"url": server.url, **line}] * 10
            process = self.start("run", self.requests(*lines), "--method", "processes", "--concurrency", "3", "--attempts", attempts)
            gate.wait_for(3, process)
            os.kill(leaves(process.pid)[0], signal.SIGKILL)
            gate.open()
            ended = finish(process)
            self.assertEqual(10, len(ended.results), ended.err)
            return ended, len(server.heads)

    def expect_one_lost(self, line, outcome, attempts):
        ended, requests = self.kill_one_of_three(line, attempts)
        self.assertEqual(1, ended.code, ended.err)
        lost = [result for result in ended.results if result["outcome"] != "ok"]
        self.assertEqual([(outcome, "worker_died")], [(result["outcome"], result["error"]["code"]) for result in lost])
        self.assertIn("9", lost[0]["error"]["message"])  # the signal
        self.assertEqual(10, requests)

    def test_a_killed_worker_costs_only_its_own_call(self):
        self.expect_one_lost({}, "failed", attempts=1)

    def test_a_call_that_may_have_been_executed_is_unknown_and_not_resent(self):
        self.expect_one_lost({"method": "POST", "body": "pay"}, "unknown", attempts=5)

    def test_a_call_that_is_safe_to_repeat_is_resent(self):
        ended, requests = self.kill_one_of_three({}, attempts=5)
        self.assertEqual((0, 11), (ended.code, requests), ended.err)
        again = [result["attempts"] for result in ended.results if len(result["attempts"]) > 1]
        self.assertEqual([["worker_died", None]], [[attempt.get("error") for attempt in attempts] for attempts in again])


if __name__ == "__main__":
    unittest.main()
