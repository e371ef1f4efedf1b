"""Resuming after Ctrl-C, a kill or a full disk, and with changed files: in the end each request has one result."""

import fcntl
import json
import os
import re
import signal
import unittest
from collections import Counter
from pathlib import Path

from support.program import OTHER_MACHINE, RunTest, finish, other_machine, plait, results_in, wait_until
from support.servers import OK, Gate, Rogue, keeping
from support.small_disk import SmallDisk
from support.trace import read_trace

NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"


class ResumeTest(RunTest):
    """A test that repeats one command, with a server that can hold requests."""

    def setUp(self):
        super().setUp()
        self.serve()
        self.results = self.folder / "results.jsonl"
        self.input = self.folder / "requests.jsonl"

    def serve(self):
        """Starts a new server, which holds all requests."""
        self.gate = Gate()
        self.server = self.enter(Rogue(self.gate))
        self.addCleanup(self.gate.open)

    def gets(self, count, first=1):
        return [{"custom_id": f"get-{number}", "url": f"/get-{number}"} for number in range(first, first + count)]

    def posts(self, count):
        return [{"custom_id": f"post-{number}", "url": f"/post-{number}", "body": "text"} for number in range(1, count + 1)]

    def command(self, *flags, input=None):
        return ["run", input or self.input, "-o", self.results, "--base-url", self.server.url, "--concurrency", "3", *flags]

    def again(self, *flags, **options):
        return plait(*self.command(*flags), **options)

    def hold(self, *flags, count=3, **options):
        """Starts the command; returns its process once the server holds this many requests."""
        process = self.start(*self.command(*flags), **options)
        self.gate.wait_for(count, process)
        return process

    def kill_while_held(self, *flags, count=3):
        """Kills a run while the server holds its requests; from then on, the server answers."""
        process = self.hold(*flags, count=count)
        process.kill()
        process.wait()
        self.gate.open()

    def came(self):
        """Returns the requests that the server received, sorted."""
        return sorted(head.split()[1].decode().strip("/") for head in self.server.heads)

    def outcomes(self):
        """Returns the outcome of each id. Fails if an id has two results."""
        found = {}
        for result in results_in(self.results):
            self.assertNotIn(result["custom_id"], found)
            found[result["custom_id"]] = result["outcome"]
        return found

    def assert_done(self, lines, outcome="ok"):
        self.assertEqual({line["custom_id"]: outcome for line in lines}, self.outcomes())

    def finished_run(self, *lines):
        """Runs these lines to the end."""
        self.gate.open()
        self.requests(*lines)
        ended = self.again()
        self.assertEqual(0, ended.code, ended.err)


class Stopped(ResumeTest):
    def interrupt(self, process):
        process.send_signal(signal.SIGINT)
        while "interrupted" not in (said := process.stderr.readline().decode()):
            self.assertTrue(said, "it ended without a word")

    def test_after_ctrl_c_it_resumes_with_requests_that_have_no_result(self):
        lines = [*self.gets(6), *self.posts(6)]
        self.requests(*lines)
        process = self.hold()
        self.interrupt(process)
        self.gate.open()
        ended = finish(process)
        self.assertEqual((3, 3), (ended.code, len(results_in(self.results))))
        self.assertIn("repeat the command to resume", ended.err)
        ended = self.again()
        self.assertEqual(0, ended.code, ended.err)
        self.assert_done(lines)
        self.assertEqual(sorted(line["custom_id"] for line in lines), self.came())

    def test_after_a_second_ctrl_c_safe_requests_are_resent_and_unsafe_ones_are_unknown(self):
        self.requests(*self.gets(2), *self.posts(1))
        process = self.hold()
        self.interrupt(process)
        process.send_signal(signal.SIGINT)
        self.assertEqual(3, finish(process).code)
        self.assertEqual({"post-1": "unknown"}, self.outcomes())
        self.gate.open()
        self.assertEqual(1, self.again().code)
        self.assertEqual({"get-1": "ok", "get-2": "ok", "post-1": "unknown"}, self.outcomes())
        self.assertEqual(1, self.came().count("post-1"))

    def test_a_finished_run_sends_nothing(self):
        lines = [*self.gets(3), *self.posts(3)]
        self.finished_run(*lines)
        before = self.results.read_bytes()
        self.assertEqual(0, self.again().code)
        self.assertEqual((before, 6), (self.results.read_bytes(), len(self.server.heads)))

    def test_the_exit_code_counts_results_of_earlier_runs(self):
        answers = [NOT_FOUND]
        server = self.enter(Rogue(lambda peer: keeping(answers[0])(peer)))
        lines = self.gets(1)
        self.requests(*lines)
        command = ["run", self.input, "-o", self.results, "--base-url", server.url]
        self.assertEqual(1, plait(*command).code)
        self.requests(*lines, *self.gets(1, first=2))
        answers[0] = OK
        ended = plait(*command, "--extend")
        self.assertEqual(1, ended.code, ended.err)
        self.assertEqual({"get-1": "rejected", "get-2": "ok"}, self.outcomes())

    def test_an_ordered_run_resumes_in_input_order(self):
        lines = self.gets(30)
        self.requests(*lines)
        process = self.hold("--ordered")
        self.interrupt(process)
        self.gate.open()
        self.assertEqual(3, finish(process).code)
        self.assertEqual(0, self.again("--ordered").code)
        self.assertEqual([line["custom_id"] for line in lines], [result["custom_id"] for result in results_in(self.results)])


    def test_in_an_ordered_run_abandoned_calls_follow_the_existing_results(self):
        self.requests(*self.gets(2), *self.posts(1), *self.gets(1, first=3))
        process = self.hold("--ordered")
        self.interrupt(process)
        process.send_signal(signal.SIGINT)
        self.assertEqual(3, finish(process).code)
        self.gate.open()
        self.assertEqual(1, self.again("--ordered").code)
        self.assertEqual([3, 1, 2, 4], [result["line"] for result in results_in(self.results)])


class Killed(ResumeTest):
    def test_safe_requests_are_resent(self):
        lines = self.gets(5)
        self.requests(*lines)
        self.kill_while_held()
        self.assertEqual(0, self.again().code)
        self.assert_done(lines)
        self.assertEqual(8, len(self.server.heads))

    def test_its_trace_covers_only_the_last_part(self):
        lines = self.gets(3)
        self.requests(*lines)
        trace = self.folder / "trace.json"
        self.kill_while_held("--trace", trace)
        self.assertEqual(0, self.again("--trace", trace).code)
        self.assert_done(lines)
        self.assertEqual(3, read_trace(trace).end["calls"])

    def test_an_unsafe_request_in_flight_is_unknown_and_not_resent(self):
        for method in ("async", "sync", "threads", "processes"):
            with self.subTest(method):
                self.serve()
                self.results = self.folder / f"{method}.jsonl"
                self.requests(*self.posts(5))
                held = 1 if method == "sync" else 3
                self.kill_while_held("--method", method, count=held)
                ended = self.again("--method", method)
                self.assertEqual(1, ended.code, ended.err)
                unknown = [f"post-{number}" for number in range(1, held + 1)]
                self.assertEqual(unknown, sorted(id for id, outcome in self.outcomes().items() if outcome == "unknown"))
                self.assertEqual([f"post-{number}" for number in range(1, 6)], self.came())
                for each in unknown:
                    self.assertIn(each, ended.err)

    def test_it_is_resent_on_request(self):
        lines = self.posts(5)
        self.requests(*lines)
        self.kill_while_held()
        ended = self.again("--repeat-unknown")
        self.assertEqual(0, ended.code, ended.err)
        self.assert_done(lines)
        self.assertEqual(8, len(self.server.heads))

    def test_an_automatic_key_is_the_same_after_it(self):
        self.requests(*[{**line, "idempotency_key": "auto"} for line in self.posts(3)])
        self.kill_while_held()
        self.assertEqual(0, self.again().code)
        keys = {line for head in self.server.heads for line in head.lower().split(b"\r\n") if line.startswith(b"idempotency-key:")}
        self.assertEqual((6, 3), (len(self.server.heads), len(keys)))

    def test_a_line_rejected_for_its_id_does_not_claim_that_id(self):
        self.requests({"custom_id": "a", "url": "/a", "body": "text"}, {"custom_id": "b", "url": "/b"}, {"custom_id": "a", "url": "/c"},
                      {"custom_id": "b", "url": "/d"})
        process = self.hold(count=2)
        wait_until(lambda: self.results.read_bytes().count(b"\n") == 2, "the results of what was refused")
        process.kill()
        process.wait()
        self.gate.open()
        self.assertEqual(1, self.again().code)
        outcomes = {result["line"]: result["outcome"] for result in results_in(self.results)}
        self.assertEqual({1: "unknown", 2: "ok", 3: "failed", 4: "failed"}, outcomes)
        self.assertEqual(["a", "b", "b"], self.came())

    @unittest.skipUnless(OTHER_MACHINE, "nothing can be preloaded into this build")
    def test_without_shared_maps_it_continues_without_marks(self):
        self.requests(*self.posts(5))
        elsewhere = other_machine(PLAIT_SHARED_MAPS="none")
        process = self.hold(env=elsewhere)
        status = plait("status", self.results, env=elsewhere)
        self.assertEqual(0, status.code, status.err)
        self.assertEqual([], list(self.folder.glob("*.plait-*")))
        process.kill()
        process.wait()
        self.gate.open()
        # A state file written on one kind of file system works on the other, and vice versa.
        for environment in (elsewhere, os.environ, elsewhere):
            ended = self.again(env=environment)
            self.assertEqual((1, 5), (ended.code, len(self.came())), ended.err)
            self.assertEqual(["unknown"] * 3 + ["ok"] * 2, sorted(self.outcomes().values(), reverse=True))

    @unittest.skipUnless(OTHER_MACHINE, "nothing can be preloaded into this build")
    def test_a_run_killed_with_marks_resumes_where_marks_are_impossible(self):
        self.requests(*self.posts(5))
        self.kill_while_held()
        ended = self.again(env=other_machine(PLAIT_SHARED_MAPS="none"))
        self.assertEqual((1, 5), (ended.code, len(self.came())), ended.err)
        self.assertEqual(["unknown"] * 3 + ["ok"] * 2, sorted(self.outcomes().values(), reverse=True))

    def waits_of(self, process):
        """Returns the limits that this process reported waiting for."""
        said = plait("status", self.results, "--json")
        report = json.loads(said.out)["report"] if said.code == 0 else {"pid": 0}
        if report["pid"] != process.pid:
            return []
        return [group["waits_for"]["limit"] for group in report["groups"] if group["waits_for"]]

    def test_a_limit_counts_what_was_sent_before_a_kill_and_before_a_clean_stop(self):
        self.requests(*self.gets(3))
        limit = ("--limit", "requests=1/h")
        self.kill_while_held(*limit, count=1)
        for _ in range(2):
            process = self.start(*self.command(*limit))
            wait_until(lambda: self.waits_of(process) == ["requests=1/h"], "the run to wait for its limit")
            process.send_signal(signal.SIGINT)
            finish(process)
            self.assertEqual(1, len(self.came()), self.came())
            self.assertEqual([], [path.name for path in self.folder.glob("*.plait-*")])

    def test_a_durable_run_resumes_like_any_other(self):
        self.requests(*self.gets(1), *self.posts(4))
        self.kill_while_held("--durable")
        self.assertEqual(1, self.again("--durable").code)
        self.assertEqual({"get-1": "ok", "post-1": "unknown", "post-2": "unknown", "post-3": "ok", "post-4": "ok"}, self.outcomes())

    def test_requests_from_standard_input_resume_when_given_again(self):
        lines = [*self.gets(3), *self.posts(3)]
        text = self.requests(*lines).read_bytes()
        with open(self.input, "rb") as requests:
            process = self.start(*self.command(input="-"), stdin=requests)
        self.gate.wait_for(3, process)
        process.kill()
        process.wait()
        self.gate.open()
        ended = plait(*self.command(input="-"), stdin=text)
        self.assertEqual(0, ended.code, ended.err)
        self.assert_done(lines)
        self.assertEqual(9, len(self.server.heads))


class Files(ResumeTest):
    def test_an_incomplete_last_line_is_removed_and_its_request_has_no_result(self):
        lines = [*self.gets(2), *self.posts(2)]
        self.finished_run(*lines)
        # The safe request is resent; the unsafe one may have been executed.
        for custom_id, outcome, sent in (("get-2", "ok", 1), ("post-2", "unknown", 0)):
            with self.subTest(custom_id):
                self.results.unlink()
                self.state().unlink()
                self.finished_run(*lines)
                whole = sorted(self.results.read_bytes().splitlines(True), key=lambda line: json.loads(line)["custom_id"] == custom_id)
                self.results.write_bytes(b"".join(whole)[:-7])
                before = len(self.server.heads)
                self.assertEqual(outcome != "ok", self.again().code)
                self.assertEqual({**{line["custom_id"]: "ok" for line in lines}, custom_id: outcome}, self.outcomes())
                self.assertEqual(sent, len(self.server.heads) - before)

    def state(self):
        return self.folder / "results.jsonl.plait"

    def assert_refused(self, *said, arguments=()):
        """Checks that the command is refused with these words, and neither sends nor changes anything."""
        before, sent = self.results.exists() and self.results.read_bytes(), len(self.server.heads)
        ended = self.again(*arguments)
        self.assertEqual(2, ended.code, ended.err)
        for each in said:
            self.assertIn(each, ended.err)
        self.assertEqual((before, sent), (self.results.exists() and self.results.read_bytes(), len(self.server.heads)))

    def test_results_without_their_state_are_refused(self):
        self.finished_run(*self.gets(2))
        self.state().unlink()
        self.assert_refused("results.jsonl.plait", "--overwrite")

    def test_a_state_without_results_resends_safe_requests(self):
        lines = self.gets(2)
        self.finished_run(*lines)
        self.results.unlink()
        self.assertEqual(0, self.again().code)
        self.assert_done(lines)
        self.assertEqual(4, len(self.server.heads))

    def test_a_state_with_unsafe_requests_is_refused_without_its_results(self):
        self.finished_run(*self.posts(2))
        self.assertEqual(0, self.again().code)
        self.results.unlink()
        self.assert_refused("is missing", "2 unsafe requests", "--overwrite")

    def test_unsafe_requests_whose_results_were_cut_off_are_not_resent(self):
        self.finished_run(*self.posts(3))
        self.assertEqual(0, self.again().code)
        self.results.write_text(self.results.read_text().splitlines(keepends=True)[0])
        self.assertEqual(1, self.again().code)
        self.assertEqual(["ok", "unknown", "unknown"], sorted(self.outcomes().values()))
        self.assertEqual(3, len(self.server.heads))

    def test_a_changed_input_is_refused_with_the_lines_that_differ(self):
        lines = self.gets(4)
        self.finished_run(*lines)
        self.requests(*lines[:2], {"url": "/other"}, lines[3])
        self.assert_refused("lines 1 to 4 differs")
        self.requests(*lines[:3])
        self.assert_refused("has 3 lines, and had 4")

    def test_appended_lines_are_accepted_on_request(self):
        lines = self.gets(2)
        self.finished_run(*lines)
        more = [*lines, *self.posts(2)]
        self.requests(*more)
        self.assert_refused("2 lines were appended", "--extend")
        self.assertEqual(0, self.again("--extend").code)
        self.assert_done(more)
        self.assertEqual(4, len(self.server.heads))
        self.assertEqual(0, self.again().code)

    def test_lines_appended_in_another_file_are_recognised_in_it(self):
        self.finished_run(*self.gets(2))
        longer = self.folder / "longer.jsonl"
        longer.write_text(Path(self.input).read_text() + json.dumps(self.gets(1, first=3)[0]) + "\n")
        extended = plait(*self.command("--extend", input=longer))
        self.assertEqual(0, extended.code, extended.err)
        again = plait("retry", self.results, "--where", "line >= 2")
        self.assertEqual((0, 2), (again.code, len(again.results)), again.err)

    def test_flags_that_change_the_meaning_of_results_are_refused(self):
        self.finished_run(*self.gets(1))
        self.assert_refused("--body was 'auto'", arguments=["--body", "base64"])

    def test_flags_about_concurrency_and_retries_may_change(self):
        self.requests(*self.gets(6))
        process = self.hold("--concurrency-per-origin", "2", "--retry-budget", "none", count=2)
        process.kill()
        process.wait()
        self.assertEqual(2, len(self.server.heads))
        self.gate.open()
        ended = self.again("--concurrency-per-origin", "1", "--retry-budget", "10%")
        self.assertEqual(0, ended.code, ended.err)
        self.assert_done(self.gets(6))

    def test_overwrite_starts_over(self):
        lines = self.posts(2)
        self.finished_run(*lines)
        self.assertEqual(0, self.again("--overwrite").code)
        self.assert_done(lines)
        self.assertEqual(4, len(self.server.heads))

    def test_a_second_run_at_the_same_time_is_refused(self):
        lines = self.gets(3)
        self.requests(*lines)
        process = self.hold()
        self.assert_refused(f"process {process.pid}")
        self.assert_refused(f"process {process.pid}", arguments=["--overwrite"])
        self.gate.open()
        self.assertEqual(0, finish(process).code)
        self.assert_done(lines)


    def wait_for_the_lock(self, inherited):
        """Starts the command while the lock of a killed run's results is still held; returns once it waits."""
        fcntl.flock(inherited, fcntl.LOCK_EX)
        process = self.start(*self.command())
        wait_until(lambda: process.poll() is not None or re.search(rf"-> FLOCK .* {process.pid} ", Path("/proc/locks").read_text()),
                   "the run to wait for the lock")
        self.assertIsNone(process.poll())
        return process

    def test_it_waits_for_a_lock_that_a_killed_run_still_holds(self):
        # Its workers hold inherited descriptors until they first run.
        lines = self.gets(3)
        self.requests(*lines)
        self.kill_while_held()
        with open(self.results, "rb") as inherited:
            process = self.wait_for_the_lock(inherited)
        self.assertEqual(0, finish(process).code)
        self.assert_done(lines)

    def test_results_removed_while_being_opened_are_refused(self):
        self.requests(*self.gets(3))
        self.kill_while_held()
        with open(self.results, "rb") as inherited:
            process = self.wait_for_the_lock(inherited)
            self.results.unlink()
        ended = finish(process)
        self.assertEqual(2, ended.code, ended.err)
        self.assertIn("try again", ended.err)


class FullDisk(ResumeTest):
    def test_it_resumes_once_there_is_space(self):
        for unsafe in (False, True):
            with self.subTest(unsafe=unsafe), SmallDisk(512 * 1024) as disk:
                self.gate.open()
                self.results = disk / "results.jsonl"
                lines = [{"custom_id": f"{number}", "url": f"/{number}", "method": "POST" if unsafe else "GET"} for number in range(400)]
                self.requests(*lines)
                ballast = disk / "ballast"
                ballast.write_bytes(b"x" * (400 * 1024))
                before = len(self.server.heads)
                ended = self.again()
                self.assertEqual(4, ended.code, ended.err)
                self.assertRegex(ended.err, "disk is full|No space left on device")
                ballast.unlink()
                ended = self.again()
                self.assertIn(ended.code, (0, 1), ended.err)
                self.assertEqual({line["custom_id"] for line in lines}, set(self.outcomes()))
                if unsafe:
                    # A GET of the runs before, in a thread of the server that got no turn until now, is none of them.
                    came = Counter(head.split()[1] for head in self.server.heads[before:] if head.startswith(b"POST"))
                    self.assertEqual({}, {url: times for url, times in came.items() if times > 1})


if __name__ == "__main__":
    unittest.main()
