"""`plait run --trace`: the states of each call, with each method, in a file that trace viewers open."""

import os
import resource
import signal
import stat
import subprocess
import unittest

from support.process_tree import leaves
from support.program import Mock, MockTest, RunTest, finish, plait, wait_until
from support.servers import Deciding, Gate, Rogue, response
from support.trace import faults_for_viewers, read_cut_trace, read_trace, states_of, sums_of, tenths

LATENCY_US = 50_000
METHODS = {"sync": "caller", "threads": "thread", "async": "loop", "processes": "process"}


class Each(MockTest):
    """Twelve calls, three at a time, to a server that takes 50 ms."""

    MOCK_ARGUMENTS = ("--latency", "50ms")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.traces = {}

    def trace(self, method):
        """Returns the trace of a run with this method; the run is made only once."""
        if method not in self.traces:
            path = self.folder / f"{method}.json"
            lines = [{"custom_id": f"row-{n}", "url": self.url("/")} for n in range(1, 13)]
            ended = self.run_lines(*lines, arguments=["--method", method, "--concurrency", "3", "--trace", path])
            self.assertEqual((0, 12), (ended.code, len(ended.results)), ended.err)
            self.traces[method] = read_trace(path)
        return self.traces[method]

    def each_trace(self):
        return [(method, self.trace(method)) for method in METHODS]

    def test_every_call_appears_once(self):
        for _, trace in self.each_trace():
            self.assertEqual(sorted(f"row-{n}" for n in range(1, 13)), trace.names)
            self.assertEqual([True] * 12, [call["args"]["ok"] for call in trace.calls])
            self.assertEqual({"200"}, {call["args"]["result"] for call in trace.calls})
            self.assertEqual(list(range(1, 13)), sorted(call["args"]["line"] for call in trace.calls))
            self.assertEqual((12, {"ok": 12}), (trace.end["calls"], trace.end["outcomes"]))

    def test_it_describes_itself(self):
        for method, trace in self.each_trace():
            head = trace.records[0]
            self.assertEqual("plait_trace", head["name"])
            self.assertRegex(head["args"]["started"], r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
            workers = 3 if method in ("threads", "processes") else 1
            self.assertEqual({"version": 1, "command": "run", "method": method, "workers": workers,
                              "concurrency": 1 if method == "sync" else 3, "started": head["args"]["started"]}, head["args"])

    def test_attempts_name_their_connections(self):
        for method, trace in self.each_trace():
            origins = [record["args"] for record in trace.records if record["name"] == "plait_origin"]
            self.assertEqual([{"number": 1, "origin": self.url("")}], origins)
            used = [call["args"]["connections"] for call in trace.calls]
            self.assertEqual([], [one for one in used if not one.startswith("1:")])
            # Each of three workers has one, or their loop has three.
            numbers = {"1:1"} if method in ("sync", "threads", "processes") else {"1:1", "1:2", "1:3"}
            self.assertEqual(numbers, set(used), method)

    def test_viewers_accept_it(self):
        for _, trace in self.each_trace():
            self.assertEqual([], faults_for_viewers(trace.records))

    def test_each_loop_or_worker_that_makes_calls_has_a_lane(self):
        for method, trace in self.each_trace():
            self.assertEqual([METHODS[method]] * (3 if method in ("threads", "processes") else 1), list(trace.kinds.values()))
            self.assertEqual(set(trace.kinds), {trace.lane_of(call) for call in trace.calls})

    def test_calls_of_a_loop_have_rows(self):
        calls = self.trace("async").calls
        self.assertEqual({1_000_001, 1_000_002, 1_000_003}, {call["tid"] for call in calls})

    def test_the_states_of_a_call_add_up(self):
        for _, trace in self.each_trace():
            for call in trace.calls:
                self.assertEqual(tenths(call["dur"]), sum(length for _, length in states_of(call)))

    def test_most_time_is_spent_waiting_for_the_first_byte(self):
        for method, trace in self.each_trace():
            for call in trace.calls:
                sums = sums_of(call)
                # On a busy machine, the mock takes its time to accept a connection.
                self.assertEqual("f", max(sums.keys() - {"k"}, key=sums.get), (method, call))
                self.assertGreater(sums["f"], LATENCY_US * 0.5)
                self.assertIn("R", sums)
                # The caller ends the task that listens for Ctrl-C.
                self.assertTrue(method == "sync" or "o" not in sums, (method, call))

    def test_only_sync_makes_one_call_at_a_time(self):
        for method, trace in self.each_trace():
            spans = sorted((call["ts"], call["ts"] + call["dur"]) for call in trace.calls)
            overlaps = sum(later[0] < earlier[1] for earlier, later in zip(spans, spans[1:]))
            (self.assertEqual if method == "sync" else self.assertGreater)(overlaps, 0)

    def test_only_a_loop_that_makes_calls_records_when_it_ran(self):
        for method, trace in self.each_trace():
            runs, looks = trace.of(cat="loop", ph="X"), trace.of(cat="loop", ph="C")
            if method != "async":
                self.assertEqual(([], []), (runs, looks))
                continue
            self.assertGreater(len(runs), 4)
            self.assertLess(sum(run["dur"] for run in runs), LATENCY_US * 4)
            self.assertGreaterEqual(max(look["args"]["waiting"] for look in looks), 3)

    def test_phases_are_slices_within_calls(self):
        for _, trace in self.each_trace():
            self.assertEqual(12, len(trace.of(cat="phase", name="first byte")))


class Ends(RunTest):
    def run_held(self, *arguments):
        """Starts ten calls, three of them at a gate; returns the process, the gate and the path of the trace."""
        gate = Gate()
        server = self.enter(Rogue(gate))
        self.addCleanup(gate.open)
        path = self.folder / "trace.json"
        path.unlink(missing_ok=True)
        lines = [{"custom_id": f"row-{n}", "url": server.url} for n in range(10)]
        process = self.start("run", self.requests(*lines), "--concurrency", "3", "--trace", path, *arguments)
        gate.wait_for(1 if "sync" in arguments else 3, process)
        return process, gate, path

    def test_abandoned_calls_are_cancelled_and_the_trace_is_whole(self):
        for method in METHODS:
            with self.subTest(method=method):
                process, _, path = self.run_held("--method", method)
                in_flight = 1 if method == "sync" else 3
                process.send_signal(signal.SIGINT)
                process.send_signal(signal.SIGTERM)  # two signals of the same kind may arrive as one
                self.assertEqual(3, finish(process).code)
                trace = read_trace(path)
                self.assertEqual(["cancelled"] * in_flight, [call["args"]["result"] for call in trace.calls])
                self.assertEqual(in_flight, trace.end["calls"])
                self.assertEqual([], faults_for_viewers(trace.records))

    def test_the_call_of_a_killed_worker_appears_once(self):
        process, gate, path = self.run_held("--method", "processes", "--attempts", "1")
        os.kill(leaves(process.pid)[0], signal.SIGKILL)
        gate.open()
        self.assertEqual(1, finish(process).code)
        trace = read_trace(path)
        self.assertEqual(sorted(f"row-{n}" for n in range(10)), trace.names)
        lost = [call for call in trace.calls if call["args"]["result"] == "worker_died"]
        self.assertEqual(["loop"], [trace.kinds[trace.lane_of(call)] for call in lost])
        self.assertEqual([], faults_for_viewers(trace.records))

    def test_a_run_that_is_killed_leaves_whole_lines(self):
        with Mock("--latency", "20ms") as mock:
            path = self.folder / "trace.json"
            process = self.start("run", self.requests(*[{"url": mock.url + "/"}] * 20_000), "--concurrency", "10", "--trace", path,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            wait_until(lambda: path.exists() and b'"cat":"call"' in path.read_bytes(), "the first calls to be in the file")
            process.send_signal(signal.SIGKILL)
            process.wait()
        trace = read_cut_trace(path)
        self.assertGreater(len(trace.calls), 0)
        self.assertIsNone(trace.end)
        self.assertEqual([], faults_for_viewers(trace.records))

    def test_past_records_are_in_the_file_although_nothing_happens_any_more(self):
        for method in METHODS:
            with self.subTest(method=method):
                def answer_once(peer):
                    while peer.request():
                        if peer.number == 1:
                            peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                            return
                        peer.wait_for_the_end()
                server = self.enter(Rogue(answer_once))
                path = self.folder / f"{method}.json"
                self.start("run", self.requests(*[{"url": server.url}] * 3), "--method", method, "--concurrency", "2", "--quiet",
                           "--trace", path)
                wait_until(lambda: path.exists() and b'"result":"200"' in path.read_bytes(), "the first call to be in the file")


class Storage(MockTest):
    def lines(self, count):
        return [{"url": self.url("/")}] * count

    def expect_one_warning(self, ended, count):
        self.assertEqual((0, count), (ended.code, len(ended.results)), ended.err)
        self.assertEqual(1, ended.err.count("warning"), ended.err)
        self.assertIn("the trace ends here", ended.err)

    def test_a_full_disk_ends_the_trace_and_not_the_run(self):
        ended = self.run_lines(*self.lines(500), arguments=["--trace", "/dev/full"])
        self.expect_one_warning(ended, 500)
        self.assertIn("/dev/full: No space left on device", ended.err)

    def test_a_limit_on_files_ends_the_trace_and_not_the_run(self):
        path = self.folder / "trace.json"
        ended = self.run_lines(*self.lines(500), arguments=["--trace", path],
                               preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (32768, 32768)))
        self.expect_one_warning(ended, 500)
        self.assertIn(f"{path}: File too large", ended.err)
        self.assertGreater(len(read_cut_trace(path).calls), 0)

    def test_a_trace_that_can_not_be_created_is_reported(self):
        for path in (self.folder / "none" / "trace.json", self.folder):
            ended = plait("run", self.url("/"), "--trace", path)
            self.assertEqual(4, ended.code, ended.err)
            self.assertIn(str(path), ended.err)

    def test_an_existing_file_is_refused_and_replaced_on_request(self):
        path = self.folder / "trace.json"
        path.write_text("precious")
        results = self.folder / "results.jsonl"
        ended = plait("run", self.url("/"), "--trace", path, "-o", results)
        self.assertEqual(2, ended.code)
        self.assertIn(f"{path} exists: --overwrite replaces it", ended.err)
        self.assertEqual("precious", path.read_text())
        self.assertFalse(results.exists())
        self.assertEqual(0, plait("run", self.url("/"), "--trace", path, "--overwrite").code)
        self.assertEqual(1, len(read_trace(path).calls))

    def test_only_the_owner_can_read_the_trace(self):
        path = self.folder / "trace.json"
        self.assertEqual(0, plait("run", self.url("/"), "--trace", path).code)
        self.assertEqual(0o600, stat.S_IMODE(path.stat().st_mode))

    def test_the_trace_is_neither_input_nor_output(self):
        requests = self.requests(*self.lines(1))
        before = requests.read_text()
        results = self.folder / "results.jsonl"
        for arguments, words in ((["--trace", requests, "--overwrite"], "both input and trace"),
                                 (["--trace", results, "-o", results], "both output and trace"),
                                 (["--trace", results, "-o", self.folder / "." / "x" / ".." / "results.jsonl"], "both output and trace"),
                                 (["--trace", results, "--summary-json", results], "both summary and trace")):
            ended = plait("run", requests, *arguments)
            self.assertEqual(2, ended.code, ended.err)
            self.assertIn(words, ended.err)
            self.assertFalse(results.exists())
        self.assertEqual(before, requests.read_text())


class Content(MockTest):
    def test_it_contains_neither_secrets_nor_anything_that_ends_a_script(self):
        path = self.folder / "trace.json"
        lines = [{"custom_id": "</script><b>\u00fc\"", "url": self.url("/echo?key=SECRET"), "headers": {"Authorization": "SECRET"},
                  "body": {"a": "SECRET"}},
                 {"custom_id": "SELF-MADE", "url": "http://no-such-host.invalid/?SECRET"}]
        ended = self.run_lines(*lines, arguments=["--trace", path])
        self.assertEqual(1, ended.code, ended.err)
        text = path.read_text()
        self.assertNotIn("SECRET", text)
        self.assertNotIn("/echo", text)  # of URLs, only the origins
        self.assertNotIn("<", text)
        trace = read_trace(path)
        self.assertEqual(["</script><b>\u00fc\"", "SELF-MADE"], trace.names)
        results = {call["name"]: (call["args"]["result"], call["args"]["ok"]) for call in trace.calls}
        self.assertEqual(("dns", False), results["SELF-MADE"])

    def test_an_attempt_over_a_new_connection_says_so(self):
        with Rogue(Deciding(lambda path, times: response(503 if times == 1 else 200, [("Connection", "close"), ("Retry-After", "0")]))) as server:
            path = self.folder / "trace.json"
            ended = plait("run", f"{server.url}/x", "--trace", path)
            self.assertEqual(0, ended.code, ended.err)
        self.assertEqual(["1:1 1:2"], [call["args"]["connections"] for call in read_trace(path).calls])

    def test_it_records_look_up_connecting_and_encryption(self):
        with Mock("--tls") as mock:
            path = self.folder / "trace.json"
            url = mock.url.replace("127.0.0.1", "localhost")
            ended = plait("run", url + "/", "--insecure", "--trace", path)
            self.assertEqual(0, ended.code, ended.err)
            self.assertLessEqual({"d", "c", "t", "f"}, set(sums_of(read_trace(path).calls[0])))


if __name__ == "__main__":
    unittest.main()
