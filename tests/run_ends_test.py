"""`plait run`: early ends: Ctrl-C, a reader that goes away, a full disk, too few descriptors."""

import os
import re
import resource
import signal
import subprocess
import unittest
from pathlib import Path

from support.process_tree import descendants, is_alive
from support.program import Mock, MockTest, RunTest, finish, plait, results_in, run, wait_until
from support.servers import Gate, Rogue
from support.small_disk import SmallDisk


class ExitCodes(MockTest):
    def test_0_when_all_are_ok(self):
        self.assertEqual(0, plait("run", self.url("/")).code)

    def test_1_when_one_failed(self):
        self.assertEqual(1, run(self.url("/"), "http://no-such-host.invalid/").code)

    def test_1_when_one_was_rejected(self):
        with Mock("--status", "404") as mock:
            self.assertEqual(1, plait("run", mock.url + "/").code)


class StandardOutput(MockTest):
    def test_a_dash_means_standard_output_as_no_file_does(self):
        for arguments in ((), ("-o", "-")):
            ended = plait("run", self.url("/"), *arguments)
            self.assertEqual((0, ["line-1"]), (ended.code, [result["custom_id"] for result in ended.results]))
        self.assertFalse(os.path.exists("-"))


class Interrupted(RunTest):
    """Ctrl-C while calls are held at a gate."""

    def start_and_hold(self, *arguments, **options):
        """Starts ten calls, three at a time; returns the process, the gate, and the path of the results."""
        gate = Gate()
        self.server = self.enter(Rogue(gate))
        self.addCleanup(gate.open)
        results = self.folder / "results.jsonl"
        process = self.start("run", self.requests(*[{"url": self.server.url}] * 10), "--concurrency", "3", "-o", results, "--overwrite",
                             *arguments, **options)
        gate.wait_for(3, process)
        return process, gate, results

    def interrupt(self, process, number=signal.SIGINT):
        """Sends Ctrl-C or another signal; returns once the program has reported it."""
        process.send_signal(number)
        said = process.stderr.readline().decode()
        while "interrupted" not in said:
            self.assertTrue(said, "it ended without a message")
            said = process.stderr.readline().decode()

    def test_calls_in_flight_end_and_no_others_start(self):
        for method in ("async", "threads", "processes"):
            with self.subTest(method=method):
                process, gate, results = self.start_and_hold("--method", method)
                self.interrupt(process)
                gate.open()
                self.assertEqual(3, finish(process).code)
                self.assertEqual(["ok"] * 3, [result["outcome"] for result in results_in(results)])
                self.assertEqual(3, len(self.server.heads))

    def test_a_second_one_ends_it_at_once(self):
        for method in ("async", "threads", "processes"):
            with self.subTest(method=method):
                process, _, results = self.start_and_hold("--method", method)
                workers = descendants(process.pid)
                self.interrupt(process)
                process.send_signal(signal.SIGINT)
                self.assertEqual(3, finish(process).code)
                wait_until(lambda: not any(map(is_alive, workers)), "workers to end")
                self.assertEqual([], [result for result in results_in(results) if result["outcome"] == "ok"])

    def test_sigterm_does_the_same(self):
        process, gate, results = self.start_and_hold()
        process.send_signal(signal.SIGTERM)
        process.stderr.readline()
        gate.open()
        self.assertEqual(3, finish(process).code)

    def test_a_closed_terminal_stops_it_however_often_the_signal_comes(self):
        # Tests that run under nohup inherit the ignored signal.
        ends = {"preexec_fn": lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL)}
        process, gate, results = self.start_and_hold(**ends)
        self.interrupt(process, signal.SIGHUP)
        process.send_signal(signal.SIGHUP)
        gate.open()
        self.assertEqual(3, finish(process).code)
        self.assertEqual(["ok"] * 3, [result["outcome"] for result in results_in(results)])

    def test_under_nohup_a_closed_terminal_is_ignored(self):
        process, gate, results = self.start_and_hold(preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
        process.send_signal(signal.SIGHUP)
        gate.open()
        self.assertEqual(0, finish(process).code)
        self.assertEqual(["ok"] * 10, [result["outcome"] for result in results_in(results)])

    def test_no_process_remains(self):
        process, gate, _ = self.start_and_hold("--method", "processes")
        group = wait_until(lambda: descendants(process.pid), "the workers")
        process.send_signal(signal.SIGKILL)
        process.wait()
        wait_until(lambda: not any(map(is_alive, group)), "orphans to end")


class Readers(MockTest):
    def test_a_closed_pipe_ends_it_quietly(self):
        # Their results exceed the 4 MiB that are buffered for a reader.
        path = self.requests(*[{"url": self.url("/")}] * 20_000)
        process = self.start("run", path, "--concurrency", "10")
        process.stdout.readline()
        process.stdout.close()
        process.stdout = None
        ended = finish(process)
        self.assertIn(ended.code, (0, 3), ended.err)
        self.assertNotIn("rror", ended.err)
        self.assertLess(self.mock.stats()["requests"], 20_000)


class Storage(MockTest):
    def test_a_full_disk_ends_it_with_a_message(self):
        with open("/dev/full", "wb") as full:
            requests = self.requests({"url": self.url("/")})
            for command in (["run", self.url("/")], ["verify", requests, "/dev/null"], ["cluster", "key"], ["run", "--help"],
                            ["--version"]):
                ended = plait(*command, stdout=full)
                self.assertEqual(4, ended.code, ended.err)
                self.assertIn("No space left on device", ended.err, command)

    def test_a_full_disk_keeps_whole_lines_and_the_run_resumes_with_more_space(self):
        with SmallDisk("512k") as disk:
            results = disk / "results.jsonl"
            command = ("run", self.requests(*[{"url": self.url("/")}] * 2000), "-o", results)
            ended = plait(*command)
            self.assertEqual(4, ended.code, ended.err)
            self.assertRegex(ended.err, "No space left on device|disk is full")
            self.assertIn(str(results), ended.err)
            fitted = results.read_bytes().rpartition(b"\n")[0]
            self.assertGreater(fitted.count(b"\n"), 10)
            subprocess.run(["mount", "-o", "remount,size=16m", disk], check=True)
            ended = plait(*command)
            self.assertEqual(0, ended.code, ended.err)
            self.assertTrue(results.read_bytes().startswith(fitted))
            self.assertEqual(set(range(1, 2001)), {result["line"] for result in results_in(results)})
            self.assertEqual(2000, len(results_in(results)))

    def test_a_results_file_that_can_not_be_created_is_reported(self):
        for path in (self.folder / "none" / "results.jsonl", self.folder, self.folder / ("x" * 300)):
            ended = plait("run", self.url("/"), "-o", path)
            self.assertIn(ended.code, (2, 4), ended.err)
            self.assertIn(str(path), ended.err)
        self.assertEqual(0, self.mock.stats()["requests"] - self.calls_before)

    def setUp(self):
        super().setUp()
        self.calls_before = self.mock.stats()["requests"]


class Descriptors(MockTest):
    # 20,000, or as many as this machine permits.
    CALLS = min(20_000, resource.getrlimit(resource.RLIMIT_NOFILE)[1] - 1_000)

    def run_with_limit(self, soft, hard):
        path = self.folder / "requests.jsonl"
        path.write_text('{"url":"%s"}\n' % self.url("/delay/3000") * self.CALLS)
        return plait("run", path, "--concurrency", self.CALLS, "-o", self.folder / "results.jsonl",
                     preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard)))

    def test_a_low_limit_is_raised(self):
        ended = self.run_with_limit(1024, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
        self.assertEqual(0, ended.code, ended.err)
        self.assertEqual(self.CALLS, len(results_in(self.folder / "results.jsonl")))

    def test_a_limit_that_can_not_be_raised_is_reported_with_the_remedy(self):
        ended = self.run_with_limit(1024, 1024)
        self.assertEqual(2, ended.code, ended.err)
        for word in ("1024", "ulimit -n", "--concurrency"):
            self.assertIn(word, ended.err)


class Memory(MockTest):
    def peak_of(self, lines):
        """Runs this many lines; returns the program's peak memory in KiB."""
        results = self.folder / f"results-{lines}.jsonl"
        process = self.start("run", "-", "-o", results, "--concurrency", "64", stdin=subprocess.PIPE)
        process.stdin.write(b'{"url":"%s","body":"%s"}\n' % (self.url("/").encode(), b"text" * 512) * lines)
        process.stdin.flush()
        wait_until(lambda: process.poll() is not None or results.read_bytes().count(b"\n") == lines, "all results")
        status = Path(f"/proc/{process.pid}/status").read_text()
        process.stdin.close()
        process.stdin = None
        self.assertEqual(0, finish(process).code)
        return int(re.search(r"VmHWM:\s*(\d+) kB", status)[1])

    @unittest.skipIf(os.environ.get("PLAIT_SANITIZED"), "sanitizers keep freed memory")
    def test_it_does_not_grow_with_the_input(self):
        few, many = self.peak_of(2_000), self.peak_of(20_000)
        self.assertLess(many, 64 * 1024)
        # The input is 36 MiB larger. Only ids (12 bytes each) and up to 1,000 lines read ahead (2 MiB of text) may stay in memory.
        self.assertLess(many - few, 8 * 1024)


if __name__ == "__main__":
    unittest.main()
