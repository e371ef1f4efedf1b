"""`plait run` stops early, and can be resumed: budgets, stop rules, canaries, unreachable servers."""

import socket
import unittest

from support.program import Mock, RunTest, finish, plait, results_in, wait_until
from support.servers import Deciding, Rogue, keeping, response

TOKENS = response(headers=[("Content-Type", "application/json")], body=b'{"usage":{"total_tokens":100}}')


def not_listening():
    """Returns a socket that reserves a port, and refuses connections until it listens."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    return listener


class Stops(RunTest):
    def setUp(self):
        super().setUp()
        self.results = self.folder / "results.jsonl"

    def lines(self, url, count, **line):
        return self.requests(*[{"url": f"{url}/{n}", **line} for n in range(count)])

    def run_file(self, requests, *arguments):
        """Runs into the test's results file, one call at a time."""
        return plait("run", requests, "-o", self.results, "--concurrency", "1", *arguments)

    def expect_stopped(self, ended, sentence):
        """Checks that it ended resumably, with the reason in one sentence."""
        self.assertEqual(3, ended.code, ended.err)
        said = [line for line in ended.err.splitlines() if line.startswith("plait: stopped: ")]
        self.assertEqual(1, len(said), ended.err)
        self.assertRegex(said[0], "^plait: stopped: " + sentence + "$")
        how = " with a larger --budget" if "budget" in sentence else ""
        first = "correct the key or its rights, then " if "key" in sentence else ""
        self.assertIn(f"plait: {first}repeat the command{how} to resume\n", ended.err)
        status = plait("status", self.results).out
        self.assertIn(f"next   {first}repeat the command{how} to resume", status)

    def expect_done(self, ended, results):
        """Checks that the run is complete: each line has exactly one result."""
        self.assertEqual(0, ended.code, ended.err)
        self.assertEqual(list(range(1, results + 1)), sorted(result["line"] for result in results_in(self.results)))


class Budget(Stops):
    def test_no_more_is_spent_and_the_run_resumes_with_a_larger_budget(self):
        with Mock() as mock:
            requests = self.lines(mock.url, 10, cost={"usd": 0.5})
            self.expect_stopped(self.run_file(requests, "--budget", "usd=2"), "the budget of 2 usd is used up")
            self.assertEqual((4, 4), (mock.stats()["requests"], len(results_in(self.results))))
            # Earlier spending counts.
            self.expect_stopped(self.run_file(requests, "--budget", "usd=2"), "the budget of 2 usd is used up")
            self.expect_stopped(self.run_file(requests, "--budget", "usd=3"), "the budget of 3 usd is used up")
            self.assertEqual((6, 6), (mock.stats()["requests"], len(results_in(self.results))))
            self.expect_done(self.run_file(requests, "--budget", "usd=5"), 10)
            self.assertEqual(10, mock.stats()["requests"])

    def test_each_attempt_counts(self):
        with Mock() as mock:
            requests = self.requests({"url": f"{mock.url}/status/500"})
            ended = self.run_file(requests, "--budget", "requests=2")
            self.expect_stopped(ended, "the budget of 2 requests is used up")
            self.assertEqual((2, []), (mock.stats()["requests"], results_in(self.results)))

    def test_a_killed_run_does_not_spend_its_budget_twice(self):
        with Mock("--latency", "20ms") as mock:
            requests = self.lines(mock.url, 2000, cost={"usd": 1})
            arguments = ["run", requests, "-o", self.results, "--concurrency", "10", "--budget", "usd=300"]
            killed = self.start(*arguments)
            wait_until(lambda: mock.stats()["requests"] >= 150, "half of the budget")
            killed.kill()
            finish(killed)
            self.expect_stopped(plait(*arguments), "the budget of 300 usd is used up")
            # Requests sent in the last 50 ms, about 25, may be forgotten; on a busy machine more.
            self.assertLessEqual(mock.stats()["requests"], 300 + 75)

    def test_calls_in_flight_count_with_their_possible_cost(self):
        with Mock("--latency", "20ms") as mock:
            requests = self.lines(mock.url, 40, cost={"usd": 1})
            ended = plait("run", requests, "-o", self.results, "--concurrency", "20", "--budget", "usd=5")
            self.expect_stopped(ended, "the budget of 5 usd is used up")
            self.assertEqual(5, mock.stats()["requests"])

    def test_the_cost_that_an_answer_reports_counts(self):
        with Rogue(keeping(TOKENS)) as server:
            requests = self.lines(server.url, 10, cost={"tokens": 150})
            ended = self.run_file(requests, "--budget", "tokens=500", "--cost-from", "/usage/total_tokens")
            self.expect_stopped(ended, "the budget of 500 tokens is used up")
            # Each costs 100, and needs room for 150 before it is sent.
            self.assertEqual(4, len(server.heads))

    def test_a_call_that_exceeds_the_whole_budget_is_skipped(self):
        with Mock() as mock:
            ended = self.run_lines({"url": mock.url, "cost": {"usd": 9}}, {"url": mock.url, "cost": {"usd": 1}},
                                   arguments=["--budget", "usd=5", "--ordered"])
            self.assertEqual(1, mock.stats()["requests"])
        self.assertEqual(["skipped", "ok"], [result["outcome"] for result in ended.results])
        self.assertEqual("budget", ended.results[0]["error"]["code"])

    def test_a_budget_that_no_call_counts_for_is_a_warning(self):
        with Mock() as mock:
            ended = self.run_file(self.lines(mock.url, 2), "--budget", "usd=5")
        said = "no call has stated a cost in usd, so --budget usd=5 limits nothing"
        self.assertEqual((0, 1), (ended.code, ended.err.count(said)), ended.err)
        self.assertIn(said, plait("status", self.results).out)

    def test_a_refusal_costs_nothing(self):
        script = Deciding(lambda path, times: response(429, [("Retry-After", "0")]) if times == 1 else response())
        with Rogue(script) as server:
            requests = self.lines(server.url, 3, cost={"usd": 1})
            self.expect_done(self.run_file(requests, "--budget", "usd=3"), 3)


class StopRules(Stops):
    def test_a_number_of_failures(self):
        right = [False]
        script = Deciding(lambda path, times: response(200 if right[0] else 404))
        with Rogue(script) as server:
            requests = self.lines(server.url, 30)
            self.expect_stopped(self.run_file(requests, "--stop-if", "rejected>3"), "4 calls rejected, more than 3")
            self.assertEqual((4, 4), (len(script.paths), len(results_in(self.results))))
            right[0] = True
            ended = self.run_file(requests, "--stop-if", "rejected>3")
            self.assertEqual((1, 30), (ended.code, len(results_in(self.results))), ended.err)

    def test_with_nothing_left_there_is_nothing_to_resume(self):
        with Rogue(Deciding(lambda path, times: response(404))) as server:
            ended = self.run_file(self.lines(server.url, 2), "--stop-if", "rejected>1")
        self.assertEqual(3, ended.code, ended.err)
        self.assertIn("plait: stopped: 2 calls rejected, more than 1\n", ended.err)
        self.assertNotIn("repeat the command", ended.err + plait("status", self.results).out)

    def test_a_share_of_the_latest_calls(self):
        script = Deciding(lambda path, times: response(404 if int(path[1:]) % 2 else 200))
        with Rogue(script) as server:
            ended = self.run_file(self.lines(server.url, 50), "--stop-if", "rejected>20% of 10")
            self.expect_stopped(ended, "5 of the last 10 calls rejected, more than 20%")
            self.assertEqual(10, len(script.paths))


class Canaries(Stops):
    def test_a_wrong_key_costs_only_the_first_calls_and_the_right_one_resumes_the_run(self):
        def script(peer):
            while head := peer.request():
                peer.send(response(200 if b"X-Key: right" in head else 401))

        with Rogue(script) as server:
            requests = self.lines(server.url, 20)
            ended = plait("run", requests, "-o", self.results, "--canary", "2", "--header", "X-Key: wrong")
            self.expect_stopped(ended, "one of the first 2 calls failed, and the others would too: status 401, .*key.*")
            self.assertEqual(2, len(server.heads))
            self.assertIn("plait retry {} --rejected writes the 2 rejected requests".format(self.results), ended.err)
            ended = plait("run", requests, "-o", self.results, "--canary", "2", "--header", "X-Key: right")
            self.assertEqual((1, 20, 20), (ended.code, len(results_in(self.results)), len(server.heads)), ended.err)

    def test_a_missing_server_stops_the_run(self):
        with not_listening() as listener:
            port = listener.getsockname()[1]
            requests = self.lines(f"http://127.0.0.1:{port}", 20)
            command = (requests, "--canary", "1", "--attempts", "1")
            self.expect_stopped(self.run_file(*command), f"the first call failed, .*127.0.0.1:{port}.*refused.*")
            self.assertEqual(["failed"], [result["outcome"] for result in results_in(self.results)])
            with Rogue(keeping(), listener=listener) as server:
                ended = self.run_file(*command)
                self.assertEqual((1, 20, 19), (ended.code, len(results_in(self.results)), len(server.heads)), ended.err)

    def test_after_good_ones_the_others_are_sent_within_the_budget(self):
        with Mock() as mock:
            self.expect_done(self.run_file(self.lines(mock.url, 20), "--canary", "3", "--budget", "requests=20"), 20)


class Unreachable(Stops):
    def test_after_twenty_failures_the_rest_waits_until_the_server_is_up(self):
        with not_listening() as listener, Mock() as other:
            url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            requests = self.requests(*[{"url": f"{url}/{n}"} for n in range(40)], *[{"url": other.url}] * 10)
            ended = self.run_file(requests, "--attempts", "1", "--max-wait", "100ms")
            self.expect_stopped(ended, f"{url}: can't be reached")
            outcomes = [(result["outcome"], (result["error"] or {}).get("code")) for result in results_in(self.results)]
            self.assertEqual((20, 10), (outcomes.count(("failed", "connect")), outcomes.count(("ok", None))))

            with Rogue(keeping(), listener=listener) as server:
                ended = self.run_file(requests, "--attempts", "1", "--max-wait", "100ms")
                self.assertEqual((1, 20), (ended.code, len(server.heads)), ended.err)
            self.assertEqual(list(range(1, 51)), sorted(result["line"] for result in results_in(self.results)))
            self.assertEqual(10, other.stats()["requests"])


if __name__ == "__main__":
    unittest.main()
