"""`plait run` against servers that refuse with other statuses and words than 429, that refuse for good, or that fail at random."""

import json

from support import together
from support.program import Mock, RunTest, finish, plait, results_in
from support.servers import Deciding, Rogue, response

JSON = ("Content-Type", "application/json")


def json_response(status, value, headers=()):
    return response(status, [JSON, *headers], json.dumps(value).encode())


NO_QUOTA = json_response(429, {"error": {"message": "You exceeded your current quota.", "code": "insufficient_quota"}})


class Later(RunTest):
    def test_a_refused_request_is_resent_and_not_counted_as_an_attempt_whatever_the_status(self):
        used_up = [("X-RateLimit-Limit", "40"), ("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", "1")]
        shopify = {"errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}],
                   "extensions": {"cost": {"requestedQueryCost": 60, "throttleStatus": {"currentlyAvailable": 10, "restoreRate": 50}}}}
        refusals = {"wait-403": (response(403, [("Retry-After", "1")]), "retry-after"),
                    "wait-529": (response(529, [("Retry-After", "1")]), "retry-after"),
                    "limit-403": (response(403, used_up), "x-ratelimit"),
                    "aws": (json_response(400, {"__type": "ThrottlingException"}), None),
                    "google": (json_response(403, {"error": {"errors": [{"reason": "rateLimitExceeded"}]}}), None),
                    "discord": (json_response(429, {"retry_after": 0.2}), "retry_after"),
                    "shopify": (json_response(200, shopify), "throttleStatus"),
                    "named": (json_response(409, {"busy": True}), None)}
        script = Deciding(lambda path, times: refusals[path[1:]][0] if times == 1 else response())
        with Rogue(script) as server:
            lines = [{"custom_id": kind, "url": f"{server.url}/{kind}", "group": kind, "method": "POST", "body": "pay"} for kind in refusals]
            lines[-1]["refusal"] = {"json": [{"path": "/busy", "is": True}]}
            ended = self.run_lines(*lines, arguments=["--attempts", "1"])
        self.assertEqual(0, ended.code, ended.out + ended.err)
        for result in ended.results:
            with self.subTest(kind=result["custom_id"]):
                why = refusals[result["custom_id"]][1]
                self.assertEqual(2, len(result["attempts"]))
                if why:
                    self.assertEqual(why, result["attempts"][0]["why"])

    def test_an_answer_that_only_resembles_a_refusal_is_an_answer(self):
        answers = {"denied": json_response(403, {"error": "forbidden", "request": {"reason": "rateLimitExceeded"}}),
                   "bad": json_response(400, {"message": "ThrottlingException is no such field"}),
                   "data": json_response(200, {"data": {"events": [{"code": "THROTTLED"}]}}, [("Retry-After", "9")])}
        with Rogue(Deciding(lambda path, times: answers[path[1:]])) as server:
            ended = self.run_lines(*[{"custom_id": kind, "url": f"{server.url}/{kind}"} for kind in answers], arguments=["--ordered"])
        self.assertEqual(["rejected", "rejected", "ok"], [result["outcome"] for result in ended.results])
        self.assertEqual({1}, {len(result["attempts"]) for result in ended.results})

    def test_a_flag_defines_refusals(self):
        for rule in ("status=409", '{"json":[{"path":"/error/code","is":"busy"}]}'):
            script = Deciding(lambda path, times: json_response(409, {"error": {"code": "busy"}}) if times == 1 else response())
            with self.subTest(rule=rule), Rogue(script) as server:
                ended = self.run_lines({"url": server.url, "method": "POST", "body": "pay"}, arguments=["--refusal", rule, "--attempts", "1"])
                self.assertEqual((0, 2), (ended.code, len(self.only_result(ended)["attempts"])), ended.err)

    def test_an_invalid_definition_is_refused_with_the_valid_forms(self):
        for rule, why in (("403", "'403' is neither statuses such as status=403 nor JSON"), ("{}", '"refusal" needs a "status"')):
            ended = plait("run", "http://127.0.0.1:1/", "--refusal", rule)
            self.assertEqual(2, ended.code)
            self.assertIn(why, ended.err)

    def test_check_accepts_the_field(self):
        good, bad = {"url": "http://a.example/", "refusal": {"status": 403}}, {"url": "http://a.example/", "refusal": {"status": "soon"}}
        self.assertEqual(0, plait("check", self.requests(good)).code)
        checked = plait("check", self.requests(good, bad))
        self.assertEqual(2, checked.code, checked.out + checked.err)
        self.assertIn('"refusal": "status" must be a code', checked.out + checked.err)


class ForGood(RunTest):
    def setUp(self):
        super().setUp()
        self.results = self.folder / "results.jsonl"

    def test_an_account_without_quota_stops_the_run_and_it_resumes_once_paid(self):
        paid = [False]
        script = Deciding(lambda path, times: response() if paid[0] else NO_QUOTA)
        with Rogue(script) as server:
            requests = self.requests(*[{"url": f"{server.url}/{n}", "method": "POST", "body": "ask"} for n in range(200)])
            command = ("run", requests, "-o", self.results)
            ended = plait(*command, "--canary", "5", "--stop-if", "rejected>5")
            self.assertEqual(3, ended.code, ended.err)
            said = f"plait: stopped: {server.url} refuses the account (429): insufficient_quota: You exceeded your current quota.\n"
            self.assertEqual(1, ended.err.count(said), ended.err)
            refused = results_in(self.results)
            self.assertLessEqual(len(refused), 5)
            self.assertEqual(len(refused), len(script.paths))
            for result in refused:
                self.assertEqual(("rejected", "rate_limited", 1), (result["outcome"], result["error"]["code"], len(result["attempts"])))
            paid[0] = True
            ended = plait(*command)
            self.assertEqual(1, ended.code, ended.err)  # permanent refusals are not retried
            self.assertEqual(200, len(results_in(self.results)))
            self.assertEqual(200, len(script.paths))

    def test_a_server_that_says_not_to_retry_is_obeyed(self):
        with Rogue(Deciding(lambda path, times: response(500, [("x-should-retry", "false")]))) as server:
            result = self.result_of(server.url, "--attempts", "5")
        self.assertEqual(("rejected", 1), (result["outcome"], len(result["attempts"])))
        self.assertIn("x-should-retry: false", result["error"]["message"])


class Erring(RunTest):
    def test_one_that_fails_at_random_is_not_rationed(self):
        with Mock("--fail", "500:40%", "--seed", "1") as mock:
            requests = self.requests(*[{"url": f"{mock.url}/{n}"} for n in range(300)])
            ended = plait("run", requests)
        self.assertEqual((0, 300), (ended.code, len(ended.results)), ended.err)
        # Before the first success, few retries are permitted.
        held = [attempt["wait_after_ms"] for result in ended.results for attempt in result["attempts"] if attempt.get("why") == "retry-share"]
        self.assertLess(max(held, default=0), 5000)

    def test_one_that_is_down_gets_few_retries_and_its_calls_end(self):
        with Rogue(Deciding(lambda path, times: response(500))) as server:
            ended = self.run_lines(*[{"url": f"{server.url}/{n}"} for n in range(10)], arguments=["--attempts", "5"])
            self.assertEqual((1, 14), (ended.code, len(server.heads)), ended.err)
        for result in ended.results:
            self.assertEqual(("rejected", "retry-share"), (result["outcome"], result["attempts"][-1]["why"]))
            self.assertGreaterEqual(result["attempts"][-1]["wait_after_ms"], 20000)

    def test_the_retry_budget_says_how_many(self):
        runs = []
        for budget, retries in (("0", 3), ("80%", 8), ("none", 10)):
            server = self.enter(Rogue(Deciding(lambda path, times: response(500))))
            requests = self.requests(*[{"url": f"{server.url}/{n}"} for n in range(10)], name=f"budget-{retries}.jsonl")
            runs.append((budget, retries, server, self.start("run", requests, "--attempts", "2", "--retry-budget", budget)))
        for budget, retries, server, process in runs:
            with self.subTest(budget=budget):
                ended = finish(process)
                self.assertEqual((1, 10 + retries), (ended.code, len(server.heads)), ended.err)


if __name__ == "__main__":
    together.main()
