"""`plait run`: its flags, and the messages about invalid ones."""

import base64
import json
import os
import pty
import unittest

from support.program import MockTest, RunTest, finish, plait, results_in
from support.servers import Gate, Rogue, answering, keeping


class WrongUsage(MockTest):
    def expect_refused(self, *arguments, words):
        ended = plait(*arguments)
        self.assertEqual((2, ""), (ended.code, ended.out), ended.err)
        for word in words:
            self.assertIn(word, ended.err)

    def test_a_typo_in_a_flag_is_answered_with_the_nearest_flag(self):
        self.expect_refused("run", self.url(), "--concurency", "5", words=["--concurency", "--concurrency"])

    def test_no_request_at_all_is_an_error(self):
        self.expect_refused("run", words=["REQUESTS"])

    def test_no_command_and_an_unknown_command(self):
        self.expect_refused(words=["run", "mock"])
        self.expect_refused("rum", words=["rum"])

    def test_invalid_values_are_refused(self):
        for flag, value in (("--method", "fibers"), ("--concurrency", "0"), ("--concurrency", "many"), ("--timeout", "-1"),
                            ("--timeout", "soon"), ("--body", "hex"), ("--header", "no colon"), ("--base-url", "api.example"),
                            ("--header", "X-A: 1\r\nX-B: 2"), ("--cacert", "/no/such/file"), ("--attempts", "0"), ("--deadline", "0s"),
                            ("--max-wait", "later"), ("--limit", "requests"), ("--limit", "requests=5/x"), ("--cost-from", "total"),
                            ("--concurrency-per-origin", "0"), ("--retry-budget", "20"), ("--hedge", "95"), ("--hedge", "p10"), ("--budget", "much"), ("--stop-if", "failed"),
                            ("--stop-if", "lost>5"), ("--canary", "0")):
            with self.subTest(flag=flag, value=value):
                self.expect_refused("run", self.url(), flag, value, words=[flag])

    def test_a_flag_without_its_value_is_refused(self):
        self.expect_refused("run", self.url(), "--method", words=["--method"])

    def test_an_unset_environment_variable_is_refused(self):
        self.expect_refused("run", self.url(), "--header", "X-Key: {{env.NOT_SET_HERE}}", words=["NOT_SET_HERE"])


class Help(RunTest):
    def test_help_goes_to_standard_output(self):
        for arguments in (["--help"], ["run", "--help"], ["mock", "--help"]):
            ended = plait(*arguments)
            self.assertEqual(0, ended.code)
            self.assertIn("plait", ended.out)

    def test_the_version(self):
        ended = plait("--version")
        self.assertEqual(0, ended.code)
        self.assertRegex(ended.out, r"\d+\.\d+\.\d+")


class Flags(MockTest):
    def test_base_url_precedes_paths_but_not_whole_urls(self):
        ended = self.run_lines({"url": "/echo/a?b=1"}, {"url": self.url("/echo/c")},
                               arguments=["--base-url", self.mock.url, "--ordered"])
        self.assertEqual(["ok", "ok"], [result["outcome"] for result in ended.results], ended.out)
        self.assertIn("/echo/a?b=1", json.dumps(ended.results[0]["response"]["body"]))

    def test_base_url_keeps_its_own_path(self):
        with Rogue(keeping()) as server:
            plait("run", self.requests({"url": "/v1/items"}), "--base-url", server.url + "/proxy/")
            self.assertIn(b"GET /proxy/v1/items HTTP/1.1", server.heads[0])

    def test_headers_are_added_to_each_request_and_a_line_overrides_them(self):
        with Rogue(keeping()) as server:
            self.run_lines({"url": server.url, "headers": {"X-Two": "mine"}},
                           arguments=["--header", "X-One: 1", "--header", "X-Two: 2"])
            head = server.heads[0].lower()
            self.assertIn(b"x-one: 1\r\n", head + b"\r\n")
            self.assertIn(b"x-two: mine\r\n", head + b"\r\n")
            self.assertNotIn(b"x-two: 2", head)

    def test_a_header_can_take_a_secret_from_the_environment_and_no_result_shows_it(self):
        with Rogue(keeping()) as server:
            ended = plait("run", self.requests({"url": server.url, "headers": {"X-Also": "{{env.KEY}}"}}),
                          "--secret", "env.KEY", "--header", "Authorization: Bearer {{env.KEY}}", env={**os.environ, "KEY": "s3cret"})
            self.assertIn(b"authorization: bearer s3cret", server.heads[0].lower())
            self.assertIn(b"x-also: s3cret", server.heads[0].lower())
            self.assertNotIn("s3cret", ended.out + ended.err)

    def test_concurrency_is_the_maximum_in_flight(self):
        gate = Gate()
        with Rogue(gate) as server:
            path = self.requests(*[{"url": server.url}] * 5)
            process = self.start("run", path, "--concurrency", "2")
            gate.wait_for(2, process)
            gate.open()
            ended = finish(process)
            self.assertEqual((0, 5, 2), (ended.code, len(ended.results), server.connections))

    def test_results_go_to_a_file_and_nothing_to_standard_output(self):
        path = self.folder / "results.jsonl"
        ended = plait("run", self.url("/"), "-o", path)
        self.assertEqual((0, ""), (ended.code, ended.out))
        self.assertEqual(["ok"], [result["outcome"] for result in results_in(path)])
        self.assertEqual(0o600, path.stat().st_mode & 0o777)

    def test_an_existing_results_file_is_refused_and_unchanged(self):
        path = self.folder / "results.jsonl"
        path.write_text("precious\n")
        ended = plait("run", self.url("/"), "-o", path)
        self.assertEqual(2, ended.code)
        self.assertIn("--overwrite", ended.err)
        self.assertEqual("precious\n", path.read_text())

    def test_overwrite_replaces_an_existing_results_file(self):
        path = self.folder / "results.jsonl"
        path.write_text("old\n")
        self.assertEqual(0, plait("run", self.url("/"), "-o", path, "--overwrite").code)
        self.assertEqual(["ok"], [result["outcome"] for result in results_in(path)])

    def test_results_and_requests_may_not_be_the_same_file(self):
        path = self.requests({"url": self.url("/")})
        before = path.read_text()
        self.assertEqual(2, plait("run", path, "-o", path, "--overwrite").code)
        self.assertEqual(before, path.read_text())

    def test_timeout_ends_an_attempt(self):
        result = self.result_of(self.url("/delay/60000"), "--timeout", "50ms")
        self.assertEqual(("failed", "timeout"), (result["outcome"], result["error"]["code"]))

    def test_ordered_writes_results_in_input_order(self):
        lines = [{"url": self.url(f"/delay/{ms}")} for ms in (200, 100, 0, 50)]
        ended = self.run_lines(*lines, arguments=["--ordered"])
        self.assertEqual([1, 2, 3, 4], [result["line"] for result in ended.results])

    def test_without_ordered_the_first_answer_is_written_first(self):
        gate = Gate()
        with Rogue(gate) as server:
            process = self.start("run", self.requests({"url": server.url}, {"url": self.url("/")}))
            first = json.loads(process.stdout.readline())
            gate.open()
            finish(process)
            self.assertEqual(2, first["line"])

    def test_summary_json_contains_the_figures(self):
        path = self.folder / "summary.json"
        self.run_lines({"url": self.url("/")}, {"url": "nonsense"}, arguments=["--summary-json", path])
        summary = json.loads(path.read_text())
        self.assertEqual({"ok": 1, "failed": 1}, {k: v for k, v in summary["outcomes"].items() if v})
        for word in ("p50", "p99", "200", "bad_input"):
            self.assertIn(word, path.read_text())

    def test_the_summary_goes_to_standard_error_and_quiet_omits_it(self):
        loud, quiet = plait("run", self.url("/")), plait("run", self.url("/"), "--quiet")
        self.assertIn("p99", loud.err)
        self.assertEqual("", quiet.err)
        self.assertEqual(1, len(quiet.results))

    def test_a_terminal_gets_one_status_line_that_is_rewritten(self):
        gate = Gate()
        with Rogue(gate) as server:
            terminal, other_end = pty.openpty()
            self.addCleanup(os.close, terminal)
            process = self.start("run", server.url, "-o", self.folder / "results.jsonl", stderr=other_end)
            os.close(other_end)
            shown = b""
            gate.wait_for(1, process)
            while b"\r" not in shown or b"0/" not in shown:
                shown += os.read(terminal, 4096)
            gate.open()
            self.assertEqual(0, process.wait())


class Bodies(RunTest):
    """The form of bodies in result lines."""

    def response(self, body, content_type, *arguments):
        answer = b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s" % (content_type, len(body), body)
        with Rogue(answering(answer)) as server:
            return self.result_of(server.url, *arguments)["response"]

    def test_json_is_json(self):
        self.assertEqual({"a": [1, 2.50]}, self.response(b'{"a": [1, 2.50]}', b"application/json; charset=utf-8")["body"])
        self.assertEqual({"a": 1}, self.response(b'{"a":1}', b"application/problem+json")["body"])

    def test_json_in_name_only_is_text(self):
        self.assertEqual("{oops", self.response(b"{oops", b"application/json")["body_text"])

    def test_json_of_several_lines_stays_on_one_result_line(self):
        self.assertEqual({"a": "b"}, self.response(b'{\n  "a":\r\n "b"\n}', b"application/json")["body"])

    def test_text_is_text(self):
        self.assertEqual('gr\u00fc\u00df "dich"\n', self.response('gr\u00fc\u00df "dich"\n'.encode(), b"text/plain")["body_text"])

    def test_other_bytes_are_base64(self):
        data = bytes(range(256))
        self.assertEqual(data, base64.b64decode(self.response(data, b"image/png")["body_base64"]))

    def test_body_text_never_parses(self):
        self.assertEqual('{"a": 1}', self.response(b'{"a": 1}', b"application/json", "--body", "text")["body_text"])

    def test_body_base64_is_exact_to_the_byte(self):
        data = b'{"a":  1}\r\n'
        response = self.response(data, b"application/json", "--body", "base64")
        self.assertEqual(data, base64.b64decode(response["body_base64"]))

    def test_header_names_are_lower_case_and_a_repeated_one_is_a_list(self):
        answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-One: 1\r\nX-Two: a\r\nx-two: b\r\n\r\n"
        with Rogue(answering(answer)) as server:
            headers = self.result_of(server.url)["response"]["headers"]
        self.assertEqual(("1", ["a", "b"]), (headers["x-one"], headers["x-two"]))

    def test_a_request_id_is_reported(self):
        with Rogue(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Request-Id: req_9\r\n\r\n")) as server:
            self.assertEqual("req_9", self.result_of(server.url)["response"]["request_id"])


if __name__ == "__main__":
    unittest.main()
