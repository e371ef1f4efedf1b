"""`plait run` under limits: configured, announced by servers, or learnt from refusals; other groups continue."""

import json

from support import together
from support.program import Mock, RunTest, finish, plait, results_in
from support.servers import Deciding, Rogue, response

METHODS = ("sync", "threads", "async", "processes")


def refusal(wait, status=429):
    return response(status, [("Retry-After", wait)])


class Given(RunTest):
    # The mocks allow a little more: on a busy machine, requests arrive less evenly than they are sent.
    def test_a_limit_is_never_exceeded_with_any_method(self):
        runs = []
        for method in METHODS:
            mock = self.enter(Mock("--allow", "24/s"))
            requests = self.requests(*[{"url": f"{mock.url}/{n}"} for n in range(45)], name=f"{method}.jsonl")
            runs.append((method, mock, self.start("run", requests, "--method", method, "--limit", "requests=20/s")))
        for method, mock, process in runs:
            with self.subTest(method=method):
                ended, stats = finish(process), mock.stats()
                self.assertEqual((0, 45, 45, 0), (ended.code, len(ended.results), stats["answered"], stats["refused"]), ended.err)
                self.expect_apart(ended, 20, 1000)

    def expect_apart(self, ended, amount, window_ms):
        """Checks that no window of this length exceeded the amount."""
        starts = sorted(result["attempts"][0]["start_ms"] for result in ended.results)
        for first, too_many in zip(starts, starts[amount:]):
            self.assertGreaterEqual(too_many - first, window_ms)

    def test_each_group_has_the_whole_limit(self):
        with Mock("--allow", "12/s", "--allow-per", "path") as mock:
            lines = [{"url": f"{mock.url}/{group}/{n}", "group": group, "metadata": f"/{group}/"} for n in range(18) for group in ("a", "b")]
            ended = self.run_lines(*lines, arguments=["--limit", "requests=10/s"])
            stats = mock.stats()
        self.assertEqual((0, 36, 0), (ended.code, stats["answered"], stats["refused"]), ended.err)
        self.expect_apart(ended, 20, 1000)
        for group in ("/a/", "/b/"):
            in_a_second = sum(result["attempts"][0]["start_ms"] < 1000 for result in ended.results if group in result["metadata"])
            self.assertGreaterEqual(in_a_second, 6)

    def test_the_cost_of_a_line_counts(self):
        with Mock() as mock:
            lines = [{"url": f"{mock.url}/{n}", "cost": {"tokens": 50}} for n in range(6)]
            ended = self.run_lines(*lines, arguments=["--limit", "tokens=100/s", "--limit", "requests=1000/s"])
        self.assertEqual((0, 6), (ended.code, len(ended.results)), ended.err)
        self.expect_apart(ended, 2, 1000)

    def test_a_call_that_costs_more_than_the_limit_is_skipped(self):
        with Mock() as mock:
            ended = self.run_lines({"url": mock.url, "cost": {"tokens": 101}}, {"url": mock.url, "cost": {"tokens": 100}},
                                   arguments=["--limit", "tokens=100/s", "--ordered"])
            self.assertEqual(1, mock.stats()["requests"])
        self.assertEqual((1, ["skipped", "ok"]), (ended.code, [result["outcome"] for result in ended.results]), ended.err)
        self.assertIn("tokens=100/s", ended.results[0]["error"]["message"])


class Refused(RunTest):
    def test_an_unannounced_limit_is_found_with_few_refusals_which_are_not_attempts(self):
        with Mock("--allow", "20/s", "--latency", "5ms") as mock:
            ended = self.run_lines(*[{"url": f"{mock.url}/{n}"} for n in range(60)],
                                   arguments=["--attempts", "1", "--concurrency", "8"])
            stats = mock.stats()
        self.assertEqual((0, 60, 60), (ended.code, len(ended.results), stats["answered"]), ended.err)
        self.assertGreater(stats["refused"], 0)
        self.assertLess(stats["refused"], 20)
        refused = [attempt for result in ended.results for attempt in result["attempts"] if attempt.get("status_code") == 429]
        self.assertEqual(stats["refused"], len(refused))
        whys = {attempt["why"] for attempt in refused}
        self.assertIn("retry-after", whys)
        # Behind other retries of the group, a call can wait for its turn longer than the server asked.
        self.assertLessEqual(whys, {"retry-after", "turn"})

    def test_announced_limits_are_obeyed_before_a_refusal(self):
        kinds = ("draft", "ratelimit", "ratelimit:epoch", "x-ratelimit:epoch-ms", "x-ratelimit:date", "x-rate-limit",
                 "x-ratelimit-requests:duration")
        mocks = {kind: self.enter(Mock("--allow", "2/s", "--limit-headers", kind)) for kind in kinds}
        lines = [{"url": f"{mock.url}/{n}", "order_key": kind} for n in range(5) for kind, mock in mocks.items()]
        ended = self.run_lines(*lines)
        self.assertEqual((0, len(lines)), (ended.code, len(ended.results)), ended.err)
        self.assertEqual({kind: 0 for kind in kinds}, {kind: mock.stats()["refused"] for kind, mock in mocks.items()})

    def test_a_requested_wait_is_reported_with_the_attempt_whatever_its_form(self):
        reasons = {"retry-after": "retry-after", "retry-after:date": "retry-after", "draft": "ratelimit 1m0s",
                   "ratelimit": "ratelimit", "x-ratelimit": "x-ratelimit", "x-ratelimit:epoch": "x-ratelimit",
                   "x-ratelimit:epoch-ms": "x-ratelimit", "x-ratelimit:date": "x-ratelimit",
                   "x-rate-limit": "x-rate-limit", "x-ratelimit-requests:duration": "x-ratelimit"}
        with Mock() as mock:
            lines = [{"custom_id": kind, "url": f"{mock.url}/refuse/1/{kind}", "group": kind, "deadline_s": 2.5} for kind in reasons]
            ended = self.run_lines(*lines, arguments=["--attempts", "1"])
        self.assertEqual(1, ended.code, ended.err)
        for result in ended.results:
            self.assertEqual(("rejected", "rate_limited"), outcome_and_code(result))
        self.assertEqual(reasons, {result["custom_id"]: result["attempts"][0]["why"] for result in ended.results})

    def test_a_wait_is_at_least_as_long_as_requested_and_reported_as_measured(self):
        script = Deciding(lambda path, times: refusal(1, status=int(path[1:])) if times == 1 else response())
        with Rogue(script) as server:
            ended = self.run_lines({"url": server.url + "/429", "group": "a"},
                                   {"url": server.url + "/503", "group": "b", "method": "POST", "body": "pay"})
        self.assertEqual((0, 4), (ended.code, len(script.paths)), ended.out)
        for result in ended.results:
            refused, answered = result["attempts"]
            self.assertEqual("retry-after", refused["why"])
            self.assertGreaterEqual(refused["wait_after_ms"], 1000)
            waited = answered["start_ms"] - refused["start_ms"] - refused["total_ms"]
            self.assertAlmostEqual(waited, refused["wait_after_ms"], delta=0.1)

    def test_nonsense_about_limits_is_ignored(self):
        with Mock("--allow", "1000/s", "--limit-headers", "x-ratelimit", "--lie", "garbage:50%,negative:50%") as mock:
            ended = self.run_lines(*[{"url": f"{mock.url}/{n}"} for n in range(50)])
        self.assertEqual((0, 50), (ended.code, len(ended.results)), ended.err)
        self.assertEqual({1}, {len(result["attempts"]) for result in ended.results})

    def test_a_refusal_slows_its_whole_group_and_no_other(self):
        script = Deciding(lambda path, times: refusal(1) if path == "/slow/1" and times == 1 else response())
        with Rogue(script) as server:
            lines = [{"url": f"{server.url}/slow/{n}", "group": "slow"} for n in (1, 2, 3)]
            lines += [{"url": f"{server.url}/quick/{n}", "group": "quick"} for n in (1, 2, 3)]
            ended = self.run_lines(*lines, arguments=["--concurrency", "1"])
        self.assertEqual(0, ended.code, ended.err)
        self.assertEqual(["/slow/1", "/quick/1", "/quick/2", "/quick/3"], script.paths[:4])
        self.assertEqual({"/slow/1", "/slow/2", "/slow/3"}, set(script.paths[4:]))
        for result in ended.results[3:]:
            self.assertGreaterEqual(result["attempts"][-1]["start_ms"], 1000)

    def test_a_wait_that_is_too_long_parks_its_group_and_others_continue(self):
        patient = [False]
        script = Deciding(lambda path, times: response() if patient[0] else refusal(3600))
        results = self.folder / "results.jsonl"
        with Rogue(script) as busy, Mock() as free:
            lines = [{"custom_id": f"busy-{n}", "url": busy.url, "method": method} for n, method in enumerate(("GET", "POST", "POST"))]
            lines += [{"custom_id": f"free-{n}", "url": f"{free.url}/{n}"} for n in range(20)]
            command = ("run", self.requests(*lines), "-o", results, "--max-wait", "1m")
            ended = plait(*command)
            self.assertEqual(3, ended.code, ended.err)
            self.assertRegex(ended.err, rf"plait: stopped: {busy.url}: asked to wait \(retry-after\); resume after \d{{4}}-\d\d-\d\d ")
            self.assertIn("repeat the command to resume", ended.err)
            self.assertEqual({f"free-{n}" for n in range(20)}, {result["custom_id"] for result in results_in(results)})
            refused = len(script.paths)

            patient[0] = True
            ended = plait(*command)
            self.assertEqual((0, 23), (ended.code, len(results_in(results))), ended.err)
            self.assertEqual((20, 3), (free.stats()["requests"], len(script.paths) - refused))

    def test_a_quota_exhausted_for_too_long_parks_its_group_before_a_refusal(self):
        limits = [("X-RateLimit-Limit", "100"), ("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", "3600")]
        results = self.folder / "results.jsonl"
        with Rogue(Deciding(lambda path, times: response(headers=limits))) as server:
            ended = plait("run", self.requests(*[{"url": f"{server.url}/{n}"} for n in range(20)]), "-o", results, "--concurrency", "1")
            self.assertEqual((3, 1), (ended.code, len(server.heads)), ended.err)
        self.assertRegex(ended.err, r"stopped: .*: not enough requests left \(x-ratelimit\); resume after \d{4}-")
        self.assertEqual(1, len(results_in(results)))
        self.assertIn("the servers ask you to wait until", plait("status", results).out)

    def test_without_a_results_file_parked_calls_are_skipped(self):
        with Rogue(Deciding(lambda path, times: refusal(3600))) as busy:
            ended = self.run_lines(*[{"url": busy.url}] * 3, arguments=["--concurrency", "1"])
        self.assertEqual(3, ended.code, ended.err)
        self.assertEqual([("rejected", "rate_limited"), ("skipped", "rate_limited"), ("skipped", "rate_limited")],
                         [outcome_and_code(result) for result in ended.results])


def outcome_and_code(result):
    return result["outcome"], result["error"]["code"]


class Order(RunTest):
    def test_calls_with_the_same_order_key_are_made_one_by_one_in_input_order(self):
        with Mock() as mock:
            lines = [{"url": f"{mock.url}/delay/10?id={key}", "order_key": key} for _ in range(8) for key in ("a", "b")]
            ended = self.run_lines(*lines)
            self.assertEqual(0, ended.code, ended.err)
            for key in ("a", "b"):
                seen = mock.of_id(key)
                self.assertEqual((8, 1), (seen["came"], seen["most_in_flight"]))
        for first in (1, 2):
            lines = [result["line"] for result in ended.results if result["line"] % 2 == first % 2]
            self.assertEqual(sorted(lines), lines)

    def test_the_next_call_of_a_key_waits_for_the_last_attempt_of_the_one_before(self):
        script = Deciding(lambda path, times: response(500) if path == "/1" and times == 1 else response())
        with Rogue(script) as server:
            ended = self.run_lines(*[{"url": f"{server.url}/{n}", "order_key": "k"} for n in (1, 2, 3)], arguments=["--attempts", "2"])
        self.assertEqual((0, ["/1", "/1", "/2", "/3"]), (ended.code, script.paths), ended.err)

    def test_a_key_stops_at_a_call_that_is_postponed_to_a_later_run(self):
        patient = [False]
        script = Deciding(lambda path, times: response() if patient[0] or path != "/2" else refusal(3600))
        results = self.folder / "results.jsonl"
        with Rogue(script) as server:
            lines = [{"url": f"{server.url}/{n}", "order_key": "k", "group": str(n)} for n in (1, 2, 3)]
            command = ("run", self.requests(*lines), "-o", results)
            self.assertEqual(3, plait(*command).code)
            self.assertEqual([1], [result["line"] for result in results_in(results)])
            patient[0] = True
            self.assertEqual(0, plait(*command).code)
        self.assertEqual(["/1", "/2", "/2", "/3"], script.paths)
        self.assertEqual([1, 2, 3], [result["line"] for result in results_in(results)])

    def test_under_a_limit_the_highest_priority_is_sent_first(self):
        script = Deciding(lambda path, times: response())
        with Rogue(script) as server:
            lines = [{"url": f"{server.url}/{priority}", "priority": priority} for priority in (0, 0, 0, 1, 1, 2)]
            ended = self.run_lines(*lines, arguments=["--limit", "requests=10/s"])
        # The first was sent before the others were read.
        self.assertEqual((0, ["/2", "/1", "/1", "/0", "/0"]), (ended.code, script.paths[1:]), ended.err)


class InFlight(RunTest):
    def most_in_flight(self, calls, *arguments):
        with Mock("--latency", "200ms") as mock:
            ended = self.run_lines(*[{"url": mock.url + "/"}] * calls, arguments=arguments)
            self.assertEqual(0, ended.code, ended.err)
            return mock.stats()["most_in_flight"]

    def test_by_default_it_starts_at_a_hundred_and_adapts(self):
        self.assertGreaterEqual(self.most_in_flight(150, "--concurrency", "auto"), 100)
        self.assertGreater(self.most_in_flight(500), 150)

    def test_a_number_fixes_it(self):
        self.assertEqual(16, self.most_in_flight(16, "--concurrency", "16"))
        self.assertEqual(3, self.most_in_flight(6, "--concurrency", "3"))


class Hedged(RunTest):
    def test_a_call_that_hangs_is_answered_by_its_hedge(self):
        # They establish the usual latency. One in a hundred is slower, and hedges are allowed for five. So few are in flight that
        # a machine which pauses for a moment uses up only some of the hedges.
        usual = ["/delay/20"] * 200
        summary = self.folder / "summary.json"

        def script(peer):
            peer.request()
            if peer.number == 1:
                peer.wait_for_the_end()
            peer.send(response())

        with Mock() as mock, Rogue(script) as server:
            lines = [*({"url": mock.url + path} for path in usual), {"custom_id": "hangs", "url": server.url}]
            ended = self.run_lines(*({**line, "group": "one"} for line in lines),
                                   arguments=["--hedge", "p99", "--concurrency", "3", "--summary-json", summary])
            self.assertEqual((0, 2), (ended.code, server.connections), ended.err)
        result = next(result for result in ended.results if result["custom_id"] == "hangs")
        self.assertEqual(["second"], [attempt.get("hedge") for attempt in result["attempts"]])
        self.assertGreaterEqual(json.loads(summary.read_text())["hedges_won"], 1)

    def hedged(self, method):
        """Makes sixty usual calls and thirty slow ones; returns how many were hedged, as counted by the run and by the server."""
        summary = self.folder / "summary.json"
        with Mock() as mock:
            lines = [{"url": f"{mock.url}/delay/{ms}?id={ms}-{n}", "method": method} for ms, n in
                     [(10, n) for n in range(60)] + [(100, n) for n in range(30)]]
            ended = self.run_lines(*lines, arguments=["--hedge", "p90", "--concurrency", "40", "--summary-json", summary])
            self.assertEqual((0, 90), (ended.code, len(ended.results)), ended.err)
            return json.loads(summary.read_text())["hedged"], mock.stats()["requests"] - 90

    def test_hedges_are_counted_and_few(self):
        told, seen = self.hedged("GET")
        # A hedge may be cancelled before it arrives.
        self.assertLessEqual(seen, told)
        self.assertGreater(seen, 0)
        self.assertLessEqual(told, 90 * 0.05)

    def test_unsafe_requests_are_never_hedged(self):
        self.assertEqual((0, 0), self.hedged("POST"))


class Lines(RunTest):
    """Fields of a line about its attempts."""

    def result_at(self, path, *arguments, **line):
        with Mock() as mock:
            result = self.only_result(self.run_lines({"url": mock.url + path, **line}, arguments=["--attempts", "5", *arguments]))
            return result, mock.stats()["requests"]

    def test_a_deadline_ends_a_call_while_it_is_sent(self):
        result, _ = self.result_at("/delay/60000", deadline_s=0.1)
        self.assertEqual(("failed", "deadline"), outcome_and_code(result))
        result, _ = self.result_at("/delay/60000", "--deadline", "100ms")
        self.assertEqual(("failed", "deadline"), outcome_and_code(result))

    def test_a_deadline_ends_a_call_between_its_attempts(self):
        with Rogue(Deciding(lambda path, times: response(500, [("Retry-After", "60")]))) as server:
            result = self.only_result(self.run_lines({"url": server.url, "deadline_s": 30}, arguments=["--attempts", "5"]))
        self.assertEqual(("rejected", "deadline", 500), (*outcome_and_code(result), result["response"]["status_code"]))
        self.assertEqual(1, len(result["attempts"]))

    def test_a_line_sets_its_number_of_attempts(self):
        result, requests = self.result_at("/status/500", retry={"max_attempts": 2})
        self.assertEqual(("rejected", 2), (result["outcome"], requests))
        self.assertEqual(["back-off", None], [attempt.get("why") for attempt in result["attempts"]])

    def test_a_line_sets_which_statuses_are_retried(self):
        self.assertEqual(1, self.result_at("/status/409", retry={"max_attempts": 2})[1])
        self.assertEqual(2, self.result_at("/status/409", retry={"max_attempts": 2, "statuses": [409]})[1])
        self.assertEqual(1, self.result_at("/status/500", retry={"max_attempts": 2}, method="POST")[1])
        self.assertEqual(2, self.result_at("/status/500", retry={"max_attempts": 2}, method="POST", safe_to_repeat=True)[1])

    def test_an_unexpected_answer_is_rejected(self):
        result, requests = self.result_at("/echo", expect={"json": [{"path": "/method", "is": "POST"}]})
        self.assertEqual(("rejected", "expect", 1), (*outcome_and_code(result), requests))
        self.assertIn("/method", result["error"]["message"])
        self.assertEqual("ok", self.result_at("/status/404", expect={"status": [404]})[0]["outcome"])

    def test_an_automatic_idempotency_key_is_the_same_in_each_attempt(self):
        script = Deciding(lambda path, times: response(500) if times == 1 else response())
        with Rogue(script) as server:
            lines = [{"url": f"{server.url}/{n}", "method": "POST", "idempotency_key": "auto"} for n in (1, 2)]
            ended = self.run_lines(*lines, arguments=["--attempts", "2"])
            self.assertEqual((0, 4), (ended.code, len(server.heads)), ended.err)
            keys = {(head.split()[1], value_of(head, b"idempotency-key")) for head in server.heads}
        self.assertEqual(2, len(keys))
        self.assertEqual(2, len({key for _, key in keys}))


def value_of(head, name):
    """Returns the value of a header of a request."""
    return next(line.split(b":", 1)[1].strip() for line in head.split(b"\r\n") if line.lower().startswith(name + b":"))


if __name__ == "__main__":
    together.main(at_a_time=3)  # more would disturb those that measure
