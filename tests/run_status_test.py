"""The files of a run and the commands that read them: check before it, status during it, verify and retry after it."""

import json
import os
import pty
import re
import signal
import unittest

from support.program import Mock, RunTest, end, finish, plait, results_in, start, wait_until
from support.servers import Deciding, Gate, Rogue, response


class RoundTrip(RunTest):
    def setUp(self):
        super().setUp()
        self.results = self.folder / "results.jsonl"

    def test_check_run_verify_retry_and_run_again(self):
        healed = [False]

        def decide(path, times):
            if healed[0] or path.startswith("/good"):
                return response()
            return response(404 if path.startswith("/missing") else 500)

        script = Deciding(decide)
        with Rogue(script) as server:
            lines = [{"custom_id": f"{kind}-{n}", "url": f"{server.url}/{kind}/{n}"} for n in range(4) for kind in ("good", "bad", "missing")]
            requests = self.requests(*lines)
            checked = plait("check", requests)
            self.assertEqual(0, checked.code, checked.err)
            self.assertIn("12 calls: 12 GET", checked.out)
            self.assertEqual([], script.paths)

            self.assertEqual(1, plait("run", requests, "-o", self.results, "--attempts", "1").code)
            verified = plait("verify", requests, self.results)
            self.assertEqual((0, "12 requests, 12 results\neach request has exactly one result\n"), (verified.code, verified.out))

            again = self.folder / "again.jsonl"
            retried = plait("retry", self.results, "--where", "status_code == 404", "-o", again)
            self.assertEqual((0, "plait: 4 requests selected\n"), (retried.code, retried.err.splitlines(keepends=True)[0]), retried.err)
            healed[0] = True
            before = len(script.paths)
            ended = plait("run", again)
            self.assertEqual(0, ended.code, ended.err)
            self.assertEqual({f"missing-{n}" for n in range(4)}, {result["custom_id"] for result in ended.results})
            self.assertEqual(4, len(script.paths) - before)

    def test_failed_and_unknown_calls_can_be_selected_separately(self):
        def script(peer):
            while head := peer.request():
                if b" /bad" in head:
                    return peer.reset()
                peer.send(response())

        with Rogue(script) as server:
            lines = [{"custom_id": f"{method}-{path}", "url": f"{server.url}/{path}", "method": method}
                     for method in ("GET", "POST") for path in ("good", "bad")]
            requests = self.requests(*lines)
            ended = plait("run", requests, "-o", self.results, "--attempts", "1")
            self.assertEqual(1, ended.code)
            self.assertIn("plait: 1 call may have been executed, but the answer was lost: POST-bad\n", ended.err)
        for flag, chosen in (("--failed", ["GET-bad"]), ("--unknown", ["POST-bad"])):
            self.assertEqual(chosen, [line["custom_id"] for line in plait("retry", self.results, flag).results])
        status = plait("status", self.results).out
        self.assertIn("--failed writes the 1 failed request to a new file", status)
        self.assertIn("--unknown writes the 1 unknown request to a new file", status)

    def test_verify_finds_the_gap_of_a_stopped_run_and_none_after_it_resumed(self):
        with Mock() as mock:
            requests = self.requests(*[{"url": f"{mock.url}/{n}", "cost": {"usd": 1}} for n in range(10)])
            self.assertEqual(3, plait("run", requests, "-o", self.results, "--budget", "usd=7").code)
            verified = plait("verify", requests, self.results)
            self.assertEqual(1, verified.code)
            self.assertIn("10 requests, 7 results\n3 missing:\n", verified.out)
            self.assertEqual(0, plait("run", requests, "-o", self.results).code)
            self.assertEqual(0, plait("verify", requests, self.results).code)


class Status(RunTest):
    def setUp(self):
        super().setUp()
        self.results = self.folder / "results.jsonl"

    def status(self):
        """Returns the status of the run, once it has begun."""
        ended = wait_until(lambda: (now := plait("status", self.results, "--json")).code == 0 and now, "the run to tell of itself")
        return json.loads(ended.out)

    def test_during_a_run_and_after_it(self):
        gate = Gate()
        with Rogue(gate) as server, Mock() as mock:
            lines = [{"url": server.url}] * 3 + [{"url": mock.url}] * 5
            process = self.start("run", self.requests(*lines), "-o", self.results)
            gate.wait_for(3, process)
            status = wait_until(lambda: (now := self.status())["report"]["done"] == 5 and now, "five calls to be told of")
            self.assertTrue(status["is_running"])
            self.assertEqual((8, 3, process.pid), (status["report"]["total"], status["report"]["in_flight"], status["report"]["pid"]))
            text = plait("status", self.results).out
            self.assertRegex(text, rf"running since .* \(process {process.pid}\)")
            self.assertIn("5 of 8 (62 %): 5 ok", text)
            gate.open()
            self.assertEqual(0, finish(process).code)
        status = self.status()
        self.assertEqual((False, 8, True), (status["is_running"], status["report"]["done"], status["report"]["has_ended"]))
        self.assertIn("finished at", plait("status", self.results).out)

    def test_of_a_killed_run(self):
        gate = Gate()
        with Rogue(gate) as server:
            process = self.start("run", self.requests({"url": server.url}), "-o", self.results)
            gate.wait_for(1, process)
            self.assertTrue(self.status()["is_running"])
            process.kill()
            process.wait()
            text = plait("status", self.results).out
            self.assertIn("not running: it was killed or crashed", text)
            self.assertIn("repeat the command to resume", text)
            gate.open()

    def test_it_shows_why_it_waits_and_what_it_learnt_about_limits(self):
        limits = [("X-RateLimit-Limit", "2"), ("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", "300")]
        with Rogue(Deciding(lambda path, times: response(headers=limits))) as server:
            process = self.start("run", self.requests(*[{"url": f"{server.url}/{n}"} for n in range(20)]), "-o", self.results,
                                 "--concurrency", "1")
            wait_until(lambda: self.status()["why_waiting"], "a reason")
            text = plait("status", self.results).out
            self.assertRegex(text, r"state +waits for requests: 0 of 2 left \(x-ratelimit\) until \d\d:\d\d:\d\d")
            process.send_signal(signal.SIGINT)
            self.assertEqual(3, finish(process).code)

    def test_it_shows_why_nothing_is_sent_after_failures(self):
        script = Deciding(lambda path, times: response(429, [("Retry-After", "300")]) if path == "/busy" else response(500))
        for path, count, why in (("/busy", 1, r"asked to wait \(retry-after\) until "), ("/bad", 5, "retries wait for good answers until ")):
            with self.subTest(path=path), Rogue(script) as server:
                process = self.start("run", self.requests(*[{"url": server.url + path}] * count), "-o", self.results, "--overwrite")
                wait_until(lambda: re.search(why, self.status()["why_waiting"]), why)
                process.send_signal(signal.SIGINT)
                self.assertEqual(3, finish(process).code)

    def test_a_watch_ends_with_the_run(self):
        gate = Gate()
        with Rogue(gate) as server:
            process = self.start("run", self.requests({"url": server.url}), "-o", self.results)
            gate.wait_for(1, process)
            self.assertTrue(self.status()["is_running"])
            watch = start("status", self.results, "--watch")
            self.addCleanup(end, watch)
            self.assertIn(b"0/1", watch.stdout.readline())
            gate.open()
            self.assertEqual(0, finish(process).code)
            ended = finish(watch)
        self.assertEqual(0, ended.code, ended.err)
        self.assertIn("finished at", ended.out)

    def test_of_a_file_that_is_not_a_run(self):
        ended = plait("status", self.folder / "none.jsonl")
        self.assertEqual(2, ended.code)
        self.assertIn("none.jsonl", ended.err)


class Progress(RunTest):
    def test_it_says_why_it_waits(self):
        with Mock() as mock:
            ours, theirs = pty.openpty()
            self.addCleanup(os.close, ours)
            process = self.start("run", self.requests(*[{"url": f"{mock.url}/{n}"} for n in range(5)]), "--limit", "requests=1/h",
                                 "-o", self.folder / "results.jsonl", stderr=theirs)
            os.close(theirs)
            shown = b""
            while not (found := re.search(rb"waits for requests=1/h until [0-9:-]+", shown)):
                shown += os.read(ours, 4096)
            self.assertTrue(found)
            process.send_signal(signal.SIGINT)
            self.assertEqual(3, process.wait())


if __name__ == "__main__":
    unittest.main()
