"""Why is it stuck? SIGUSR1 shows what a run is waiting for, and debug mode warns of tasks that block their loop."""

import os
import re
import signal
import unittest

from support.process_tree import descendants
from support.program import RunTest, finish, results_in
from support.servers import Gate, Rogue


class HeldRun(RunTest):
    """A run whose calls are held at a gate, and that gets SIGUSR1."""

    def start_and_hold(self, *arguments, held, calls=4, **options):
        """Starts calls named row-1, row-2 and so on; returns the process, the gate, and the path of the results."""
        gate = Gate()
        server = self.enter(Rogue(gate))
        self.addCleanup(gate.open)
        results = self.folder / "results.jsonl"
        lines = [{"custom_id": f"row-{number}", "url": server.url} for number in range(1, calls + 1)]
        process = self.start("run", self.requests(*lines), "-o", results, "--overwrite", *arguments, **options)
        gate.wait_for(held, process)
        return process, gate, results

    def ask(self, process, *until):
        """Sends SIGUSR1 and returns the output up to the line with which all of these words have appeared."""
        process.send_signal(signal.SIGUSR1)
        missing, said = set(until), ""
        while missing:
            line = process.stderr.readline().decode()
            self.assertTrue(line, f"it ended without saying {missing}: {said}")
            said += line
            missing = {words for words in missing if words not in said}
        return said

    def all_answered(self, process, gate, results, calls=4):
        gate.open()
        ended = finish(process)
        self.assertEqual(0, ended.code, ended.err)
        self.assertEqual({f"row-{number}" for number in range(1, calls + 1)},
                         {result["custom_id"] for result in results_in(results)})
        self.assertEqual(["ok"] * calls, [result["outcome"] for result in results_in(results)])
        return ended


class Status(HeldRun):
    def test_async_names_each_call_and_what_it_waits_for(self):
        process, gate, results = self.start_and_hold("--concurrency", "3", held=3)
        said = self.ask(process, '"row-1": waiting', '"row-2": waiting', '"row-3": waiting')
        self.assertRegex(said, r'plait: 3 calls in flight; longest: "row-1" for [\d.]+ m?s, "row-2" for')
        self.assertRegex(said, r'\d+ "row-3": waiting for first byte \(readable\)')
        self.assertRegex(said, r'"main": waiting for tasks')
        self.assertNotIn('"row-4"', said)
        self.all_answered(process, gate, results)

    def test_sync_shows_the_blocked_loop_and_the_inner_one(self):
        process, gate, results = self.start_and_hold("--method", "sync", held=1)
        said = self.ask(process, "loop inside of it", "first byte")
        self.assertRegex(said, r'plait: 1 call in flight; longest: "row-1" for')
        outer, inner = said.split("loop inside of it")
        self.assertRegex(outer, r'"row-1": running a loop of its own')
        self.assertRegex(inner, r'"row-1": waiting for first byte \(readable\)')
        self.all_answered(process, gate, results)

    def test_threads_show_their_own_loops(self):
        process, gate, results = self.start_and_hold("--method", "threads", "--concurrency", "2", held=2)
        said = self.ask(process, *(f'"row-{number}": waiting for first byte (readable)' for number in (1, 2)))
        self.assertEqual(2, said.count("loop of a thread: "), said)
        self.assertRegex(said, r'"row-1": waiting for worker \(thread job\)')
        self.all_answered(process, gate, results)

    def test_processes_show_which_calls_wait_for_a_process(self):
        process, gate, results = self.start_and_hold("--method", "processes", "--concurrency", "2", held=2)
        said = self.ask(process, '"row-1": waiting', '"row-2": waiting')
        self.assertRegex(said, r'plait: 2 calls in flight; longest: "row-1" for')
        self.assertRegex(said, r'"row-2": waiting for worker')
        self.all_answered(process, gate, results)

    def test_a_thousand_signals_lose_nothing(self):
        for method in ("async", "sync", "threads", "processes"):
            with self.subTest(method=method):
                with open(self.folder / "said", "wb") as said:  # nobody reads the output, so a pipe would fill up
                    process, gate, results = self.start_and_hold("--method", method, "--concurrency", "2",
                                                                 held=1 if method == "sync" else 2, stderr=said)
                    for _ in range(1_000):
                        process.send_signal(signal.SIGUSR1)
                    self.all_answered(process, gate, results)
                self.assertIn(b"in flight", (self.folder / "said").read_bytes())

    def test_worker_processes_ignore_the_signal(self):
        process, gate, results = self.start_and_hold("--method", "processes", "--concurrency", "2", held=2)
        for pid in descendants(process.pid):
            os.kill(pid, signal.SIGUSR1)
        self.ask(process, '"row-1"', '"row-2"')
        self.all_answered(process, gate, results)

    def test_quiet_does_not_suppress_the_answer(self):
        process, gate, results = self.start_and_hold("--quiet", held=4)
        self.assertIn("4 calls in flight", self.ask(process, '"row-4": waiting'))
        self.assertNotIn("ok", self.all_answered(process, gate, results).err)


class Debug(HeldRun):
    ENVIRONMENT = {**os.environ, "PLAIT_DEBUG": "1"}

    def test_the_dump_shows_how_long_each_task_has_waited(self):
        process, gate, results = self.start_and_hold(held=4, env=self.ENVIRONMENT)
        said = self.ask(process, '"row-4": waiting')
        self.assertRegex(said, r'"row-4": waiting for first byte \(readable\) for [\d.]+ [mu]?s')
        self.all_answered(process, gate, results)

    def test_a_call_that_blocks_on_purpose_causes_no_warning(self):
        process, gate, results = self.start_and_hold("--method", "sync", held=1, env=self.ENVIRONMENT)
        said = self.ask(process, "loop inside of it")
        while not (found := re.search(r'"row-1" for (\d+) ms', said)) or int(found[1]) <= 150:
            if re.search(r'"row-1" for [\d.]+ s', said):
                break
            said = self.ask(process, "loop inside of it")
        self.assertNotIn("kept its loop", self.all_answered(process, gate, results).err)


if __name__ == "__main__":
    unittest.main()
