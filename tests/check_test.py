"""`plait check`: its findings about requests, without sending any."""

import json
import os
import unittest

from support.program import RunTest, plait

LIMITED = {"url": "https://api.example/a"}


class Check(RunTest):
    def check(self, *lines, arguments=(), **options):
        return plait("check", self.requests(*lines), *arguments, **options)

    def test_clean_requests(self):
        ended = self.check(LIMITED, "", {"url": "https://other.example/", "method": "PUT"})
        self.assertEqual((0, ""), (ended.code, ended.err))
        self.assertIn("2 calls: 1 GET, 1 PUT", ended.out)
        self.assertIn("https://other.example", ended.out)

    def test_invalid_lines_are_reported(self):
        ended = self.check(LIMITED, {"uri": "https://api.example/"}, "{", *[{"url": "nowhere"}] * 30)
        self.assertEqual(2, ended.code)
        self.assertIn("32 lines can't be sent:", ended.out)
        self.assertIn('line 2, column 9: unknown field "uri", did you mean "url"?', ended.out)
        self.assertIn("and 12 more", ended.out)

    def test_a_duplicate_id_is_reported_with_both_lines(self):
        ended = self.check({**LIMITED, "custom_id": "a"}, LIMITED, {**LIMITED, "custom_id": "a"})
        self.assertEqual(2, ended.code)
        self.assertIn('line 3: custom_id "a" is already used by line 1', ended.out)

    def test_plain_text_secrets_are_reported_without_their_values(self):
        secret = "sk-" + "a1" * 20
        lines = ({**LIMITED, "headers": {"Authorization": "Bearer " + secret}},
                 {**LIMITED, "params": {"api_key": "hunter22"}},
                 {**LIMITED, "body": {"user": {"password": "hunter22"}}},
                 {**LIMITED, "headers": {"Authorization": "Bearer {{env.API_KEY}}"}})
        for arguments in ((), ("--json",)):
            ended = self.check(*lines, arguments=arguments, env={**os.environ, "API_KEY": "hunter22"})
            self.assertEqual(1, ended.code, ended.out + ended.err)
            self.assertNotIn(secret, ended.out)
            self.assertNotIn("hunter22", ended.out)
        found = json.loads(ended.out)["secrets"]
        self.assertEqual([("the header Authorization", 1), ('"api_key" in the query', 2), ('"password" in the body', 3)],
                         [(secret["where"], secret["first_line"]) for secret in found])

    def test_names_without_permission_are_reported(self):
        line = {**LIMITED, "headers": {"Authorization": "Bearer {{env.KEY}}"}, "params": {"a": "{{env.OTHER}}"}}
        ended = self.check(line, arguments=["--secret", "env.KEY", "--json"], env={**os.environ, "KEY": "hunter22"})
        self.assertEqual(0, ended.code, ended.out + ended.err)
        self.assertEqual([{"name": "env.OTHER", "first_line": 1, "calls": 1}], json.loads(ended.out)["names_not_permitted"])

    def test_a_missing_secret_is_refused(self):
        ended = self.check(LIMITED, arguments=["--secret", "env.NOT_SET_HERE"])
        self.assertEqual(2, ended.code)
        self.assertIn("NOT_SET_HERE is not set", ended.err)

    def test_a_doubled_path_is_reported(self):
        ended = self.check({"url": "https://api.example/v1/v1/items"})
        self.assertEqual(1, ended.code, ended.out)
        self.assertIn("line 1: /v1/v1 in /v1/v1/items", ended.out)

    def test_flags_for_all_lines_are_those_of_run(self):
        line = {"url": "/v1/items", "method": "POST"}
        for flags in (["--safe-to-repeat"], ["--idempotency-key", "auto"]):
            ended = self.check(line, arguments=["--base-url", "https://api.example/v1", "--json", *flags])
            told = json.loads(ended.out)
            self.assertEqual((0, 0, 1, 0), (ended.code, told["unsafe_without_key"], told["urls_joined_once"], told["doubled_count"]))

    def test_the_slowest_limit_determines_the_duration(self):
        ended = self.check(*[LIMITED] * 100, arguments=["--limit", "requests=10/s", "--limit", "requests=60/m",
                                                        "--concurrency", "4", "--latency", "2s"])
        self.assertEqual(0, ended.code)
        self.assertIn("The run takes at least 100 s (requests=60/m of https://api.example)", ended.out)
        self.assertIn("and at least 50 s (4 in flight, 2 s each)", ended.out)
        self.assertIn("and at least 10 s (requests=10/s of https://api.example)", ended.out)

    def test_the_busiest_origin_determines_the_duration(self):
        lines = [{"url": "https://a.example/", "group": "g"}] * 9 + [{"url": "https://b.example/", "group": "g"}] * 4
        ended = self.check(*lines, arguments=["--concurrency-per-origin", "2", "--latency", "2s"])
        self.assertEqual(0, ended.code)
        self.assertIn("The run takes at least 10 s (2 in flight to https://a.example, 2 s each)", ended.out)

    def test_an_insufficient_budget_is_reported(self):
        ended = self.check(*[LIMITED] * 100, arguments=["--budget", "requests=30"])
        self.assertEqual(1, ended.code)
        self.assertIn("The budget of 30 requests lasts for 30 calls: all calls cost 100 requests", ended.out)

    def test_calls_that_are_not_safe_to_repeat_are_counted(self):
        ended = self.check({**LIMITED, "method": "POST"}, {**LIMITED, "body": {}},
                           {**LIMITED, "method": "POST", "headers": {"Idempotency-Key": "a"}})
        self.assertEqual(0, ended.code)
        self.assertIn("2 calls are not safe to repeat", ended.out)

    def test_urls_and_standard_input_are_taken_as_by_run(self):
        ended = plait("check", "https://api.example/a", "https://api.example/b")
        self.assertEqual(0, ended.code)
        self.assertIn("2 URLs: 2 calls", ended.out)
        ended = plait("check", "-", "--base-url", "https://api.example", stdin=b"/a\n/b\n")
        self.assertEqual(0, ended.code)
        self.assertIn("standard input: 2 calls", ended.out)

    def test_wrong_usage(self):
        for arguments, words in (([], "REQUESTS"), (["no-such-file"], "no-such-file"),
                                 (["https://api.example/", "--limit", "500"], "--limit"),
                                 (["https://api.example/", "--budget", "much"], "--budget")):
            ended = plait("check", *arguments)
            self.assertEqual((2, ""), (ended.code, ended.out))
            self.assertIn(words, ended.err)


if __name__ == "__main__":
    unittest.main()
