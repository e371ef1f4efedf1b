"""`plait run` and secrets: servers receive them; no file, message or picture shows them, whatever the servers answer."""

import json
import os
import shlex
import unittest
from urllib.parse import quote

from support.program import Mock, RunTest, plait, results_in
from support.servers import Deciding, Rogue, response

# It contains characters that percent-encoding, JSON and HTML escape.
SECRET = 's3cret/ "quoted" & <more>'
ENCODED = quote(SECRET, safe="")
IN_JSON = r's3cret/ \"quoted\" & <more>'
# Every encoded form of it contains this.
CORE = b"s3cret"


class Searched(RunTest):
    """A run that writes every possible file, and a search for the secret in all of them."""

    def setUp(self):
        super().setUp()
        self.left = self.folder / "left"
        self.left.mkdir()
        self.results = self.left / "results.jsonl"

    def run_and_search(self, *lines, arguments=(), **options):
        """Runs these lines; checks that nothing written or printed, except the requests, contains the secret."""
        ended = plait("run", self.requests(*lines), "-o", self.results, "--trace", self.left / "trace.json", "--overwrite",
                      "--summary-json", self.left / "summary.json", "--attempts", "1", "--secret", "env.KEY", *arguments,
                      env={**os.environ, "KEY": SECRET}, **options)
        report = plait("report", self.left / "trace.json", self.results, "-o", self.left / "report.html")
        self.assertEqual(0, report.code, report.err)
        status = plait("status", self.results)
        said = "".join((ended.out, ended.err, report.out, report.err, status.out, status.err)).encode()
        self.assertNotIn(CORE, said)
        files = sorted(self.left.iterdir())
        self.assertLessEqual({"results.jsonl", "results.jsonl.plait", "trace.json", "summary.json", "report.html"},
                             {path.name for path in files})
        for path in files:
            self.assertNotIn(CORE, path.read_bytes(), path.name)
        return ended


class Hidden(Searched):
    """Secrets by name, in any place and any answer."""

    def test_an_echo_of_header_params_and_body(self):
        key = self.folder / "key"
        key.write_text(SECRET + "\n")
        for name in ("{{env.KEY}}", "{{file.%s}}" % key):
            with Mock() as mock:
                line = {"url": mock.url + "/echo", "headers": {"X-Key": name}, "params": {"key": name}, "body": {"key": name}}
                ended = self.run_and_search(line, arguments=["--header", f"Authorization: Bearer {name}", "--secret", f"file.{key}"])
            self.assertEqual(0, ended.code, ended.err)
            echoed = results_in(self.results)[0]["response"]["body"]
            self.assertEqual(f"Bearer {name}", echoed["headers"]["authorization"])
            self.assertEqual(name, echoed["headers"]["x-key"])
            self.assertEqual(f"/echo?key={name}", echoed["target"])
            self.assertEqual('{"key": "%s"}' % name, echoed["body"])

    def test_the_server_receives_it(self):
        with Rogue(Deciding(lambda path, times: response())) as server:
            self.run_and_search({"url": server.url, "headers": {"X-Key": "{{env.KEY}}"}, "params": {"key": "{{env.KEY}}"}})
            self.assertIn(f"X-Key: {SECRET}".encode(), server.heads[0])
            self.assertIn(f"?key={ENCODED} ".encode(), server.heads[0])

    def expect_hidden(self, answer, outcome):
        with Rogue(Deciding(lambda path, times: answer)) as server:
            ended = self.run_and_search({"url": server.url, "params": {"key": "{{env.KEY}}"}})
        result = results_in(self.results)[0]
        self.assertEqual(outcome, result["outcome"], ended.err)
        return result

    def test_a_redirect_that_echoes_it(self):
        location = f"http://127.0.0.1:1/?key={ENCODED}&again={SECRET}"
        result = self.expect_hidden(response(302, [("Location", location)]), "failed")  # nothing listens there
        self.assertIn("{{env.KEY}}", result["attempts"][1]["url"])
        result = self.expect_hidden(response(300, [("Location", location)]), "rejected")
        self.assertIn("{{env.KEY}}", result["response"]["headers"]["location"])

    def test_an_error_that_echoes_it(self):
        for body, kind in ((f"no such key: {SECRET}", "text/plain"), ('{"error":"%s"}' % IN_JSON, "application/json"),
                           (f"GET /?key={ENCODED.lower()}", "text/html")):
            result = self.expect_hidden(response(403, [("Content-Type", kind)], body.encode()), "rejected")
            self.assertIn("{{env.KEY}}", str(result["response"]))

    def test_a_header_that_echoes_it(self):
        result = self.expect_hidden(response(200, [("X-Echo", SECRET), ("X-Request-Id", SECRET)]), "ok")
        self.assertEqual(("{{env.KEY}}", "{{env.KEY}}"), (result["response"]["headers"]["x-echo"], result["response"]["request_id"]))

    def test_an_answer_that_is_not_http(self):
        self.expect_hidden(f"HTTP/1.1 {SECRET}\r\n{SECRET}\r\n\r\n".encode(), "failed")

    def test_an_unmet_expectation(self):
        with Mock() as mock:
            self.run_and_search({"url": mock.url + "/echo", "headers": {"X-Key": "{{env.KEY}}"},
                                 "expect": {"json": [{"path": "/headers/x-key", "is": "another"}]}})
        result = results_in(self.results)[0]
        self.assertEqual(("rejected", "expect"), (result["outcome"], result["error"]["code"]))

    def test_a_missing_server(self):
        self.run_and_search({"url": "http://127.0.0.1:1/", "params": {"key": "{{env.KEY}}"}})
        self.assertEqual("connect", results_in(self.results)[0]["error"]["code"])

    def test_every_method(self):
        with Mock() as mock:
            line = {"url": mock.url + "/echo", "headers": {"X-Key": "{{env.KEY}}"}}
            for method in ("sync", "threads", "async", "processes"):
                with self.subTest(method=method):
                    self.assertEqual(0, self.run_and_search(line, arguments=["--method", method]).code)


class Permitted(RunTest):
    """Lines can use the secrets that the command line permits, and no others."""

    def test_a_line_that_quotes_a_name_is_sent_unchanged(self):
        quoted = "steps: [{run: curl -H 'Authorization: {{env.KEY}}'}] {{file./etc/passwd}} {{env.NOT_SET_HERE}} {{env.KEY"
        summary = self.folder / "summary.json"
        with Mock() as mock:
            lines = [{"url": mock.url + "/echo", "headers": {"X-Quoted": "{{env.KEY}}"}, "body": {"prompt": quoted}}, {"url": mock.url}]
            ended = plait("run", self.requests(*lines), "--ordered", "--strict", "--summary-json", summary, env={**os.environ, "KEY": SECRET})
        self.assertEqual(0, ended.code, ended.err)
        echoed = ended.results[0]["response"]["body"]
        self.assertEqual("{{env.KEY}}", echoed["headers"]["x-quoted"])
        self.assertEqual({"prompt": quoted}, json.loads(echoed["body"]))
        names = {"env.KEY": 1, "file./etc/passwd": 1, "env.NOT_SET_HERE": 1}
        self.assertEqual({"calls": 1, "names": names}, json.loads(summary.read_text())["names_not_permitted"])
        self.assertIn("plait: warning: line 1 has {{env.KEY}}, sent as it stands: not permitted by --secret\n", ended.err)
        self.assertIn("  names    1 call sent {{env.KEY}}, ", ended.err)

    def test_a_permitted_name_is_replaced_and_another_is_not(self):
        with Mock() as mock:
            line = {"url": mock.url + "/echo", "params": {"a": "{{env.KEY}}", "b": "{{env.PATH}}"}}
            ended = plait("run", self.requests(line), "--secret", "env.KEY", env={**os.environ, "KEY": "dull"})
        self.assertIn("b=%7B%7Benv.PATH%7D%7D", ended.results[0]["response"]["body"]["target"])
        self.assertIn("a={{env.KEY}}&", ended.results[0]["response"]["body"]["target"])  # removed from the answer

    def test_a_resumed_run_permits_the_same_secrets(self):
        results = self.folder / "results.jsonl"
        with Mock() as mock:
            arguments = ["run", self.requests({"url": mock.url}), "-o", results]
            self.assertEqual(0, plait(*arguments, "--secret", "env.PATH").code)
            ended = plait(*arguments)
            self.assertEqual(2, ended.code)
            self.assertIn("--secret was 'env.PATH' when this run began, and is not given now", ended.err)
            self.assertEqual(0, plait(*arguments, "--secret", "env.PATH").code)

    def test_a_missing_or_invalid_secret_is_refused(self):
        for name, word in (("env.NOT_SET_HERE", "NOT_SET_HERE is not set"), ("file./none", "/none: No such file"),
                           ("KEY", "'KEY' is not a secret"), ("{{env.KEY}}", "write env.NAME or file.PATH")):
            ended = plait("run", "http://127.0.0.1:1/", "--secret", name)
            self.assertEqual(2, ended.code)
            self.assertIn(word, ended.err)


class AuthCommand(Searched):
    """A server that requires a token from a command."""

    def setUp(self):
        super().setUp()
        self.ran = self.folder / "ran"

        def script(peer):
            while head := peer.request():
                right = b"\r\nAuthorization: Bearer new-%s" % CORE in head
                peer.send(response(200 if right else 401, [("X-Echo", "new-" + CORE.decode())] if right else []))

        self.server = self.enter(Rogue(script))

    def command(self, prints):
        return f"echo x >> {shlex.quote(str(self.ran))}; echo {shlex.quote(prints)}"

    def run_with(self, prints, count=50, arguments=()):
        lines = [{"url": f"{self.server.url}/{n}", "method": method} for n in range(count // 2) for method in ("GET", "POST")]
        return self.run_and_search(*lines, arguments=["--header", "Authorization: Bearer old", "--auth-command", self.command(prints),
                                                      *arguments])

    def test_it_runs_once_for_all_calls_and_resending_them_is_not_an_attempt(self):
        for method in ("sync", "threads", "async", "processes"):
            with self.subTest(method=method):
                self.ran.unlink(missing_ok=True)
                ended = self.run_with("Bearer new-s3cret", arguments=["--method", method])
                self.assertEqual((0, "x\n"), (ended.code, self.ran.read_text()), ended.err)
                again = [result["attempts"] for result in results_in(self.results) if len(result["attempts"]) > 1]
                self.assertGreaterEqual(len(again), 1)
                for attempts in again:
                    self.assertEqual([(401, "auth-command"), (200, None)], [(one["status_code"], one.get("why")) for one in attempts])

    def test_a_command_without_a_new_token_leads_to_rejections(self):
        ended = self.run_with("Bearer old", count=10)
        self.assertEqual((1, "x\n"), (ended.code, self.ran.read_text()), ended.err)
        for result in results_in(self.results):
            self.assertEqual(("rejected", 401), (result["outcome"], result["response"]["status_code"]))
            self.assertIn("the auth command gave credentials", result["error"]["message"])

    def test_a_failing_command_is_named(self):
        ended = plait("run", f"{self.server.url}/", "--auth-command", "exit 7")
        self.assertEqual(1, ended.code)
        self.assertIn("the auth command failed with exit status 7", ended.results[0]["error"]["message"])


if __name__ == "__main__":
    unittest.main()
