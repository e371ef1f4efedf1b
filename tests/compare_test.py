"""`plait compare`: the same work with each method, measured in separate processes."""

import fcntl
import json
import os
import pty
import signal
import struct
import subprocess
import termios
import unittest

from support.process_tree import descendants, is_alive
from support.program import MockTest, RunTest, finish, plait, wait_until
from support.servers import Gate, Rogue, keeping

METHODS = ["sync", "threads", "async", "processes"]


class OfCalls(MockTest):
    MOCK_ARGUMENTS = ("--latency", "50ms")

    def urls(self, count, path="/"):
        return self.requests(*[self.url(f"{path}{n}") for n in range(count)])

    def compare(self, *arguments, **options):
        """Returns the comparison that --json writes, and the text on standard error."""
        ended = plait("compare", *arguments, "--json", **options)
        self.assertIn(ended.code, (0, 1), ended.err)
        return json.loads(ended.out), ended.err

    def test_the_table_has_a_line_for_each_method_and_advice_below(self):
        ended = plait("compare", self.urls(6))
        self.assertEqual(0, ended.code, ended.err)
        lines = ended.out.splitlines()
        self.assertEqual(METHODS, [line.split()[0] for line in lines[2:6]])
        self.assertEqual("", lines[6])
        self.assertIn("Use ", " ".join(lines[7:]))
        self.assertLessEqual(max(map(len, lines)), 80)
        for number, method in enumerate(METHODS, 1):
            self.assertIn(f"measuring {method} ({number} of 4)", ended.err)

    def test_json_goes_to_standard_output_and_the_table_to_standard_error(self):
        comparison, table = self.compare(self.urls(8))
        self.assertIn("workers", table)
        self.assertEqual(("calls", 8), (comparison["work"], comparison["calls"]))
        self.assertEqual(METHODS, [row["method"] for row in comparison["rows"]])
        for row in comparison["rows"]:
            self.assertEqual({"ok": 8, "rejected": 0, "failed": 0, "unknown": 0, "skipped": 0}, row["outcomes"])
            self.assertGreater(row["p50_ms"], 49)
            self.assertGreater(row["peak_mib"], 1)
            self.assertGreater(row["cpu_seconds"], 0)
        sync, _, together, _ = comparison["rows"]
        self.assertGreater(sync["seconds"], together["seconds"])
        self.assertGreater(sync["waiting_share"], 0.5)
        self.assertEqual(("nobody", "the task itself"), (sync["scheduling"], together["scheduling"]))

    def test_redirects_are_followed_as_in_a_run(self):
        urls = self.requests(*[self.url(f"/redirect/1/302?id={n}") for n in range(4)])
        comparison, _ = self.compare(urls, "--methods", "async,threads")
        self.assertEqual([4, 4], [row["outcomes"]["ok"] for row in comparison["rows"]])
        comparison, _ = self.compare(urls, "--methods", "async", "--max-redirects", "0")
        self.assertEqual([4], [row["outcomes"]["rejected"] for row in comparison["rows"]])

    def test_each_method_makes_the_sample_on_new_connections(self):
        before = self.mock.stats()["requests"]
        comparison, _ = self.compare(self.urls(50), "--sample", "5", "--methods", "sync,async", "--repeat", "3")
        self.assertEqual([5, 5], [sum(row["outcomes"].values()) for row in comparison["rows"]])
        self.assertEqual(5 * 2 * 3, self.mock.stats()["requests"] - before)

    def test_several_concurrencies_give_a_row_each_but_for_sync(self):
        comparison, _ = self.compare(self.urls(6), "--methods", "sync,async,threads", "--concurrency", "3,1,3")
        self.assertEqual([("sync", 1), ("async", 1), ("async", 3), ("threads", 1), ("threads", 3)],
                         [(row["method"], row["concurrency"]) for row in comparison["rows"]])
        self.assertEqual([1, 1, 1, 1, 3], [row["workers"] for row in comparison["rows"]])

    def test_the_package_of_python_makes_the_same_calls(self):
        program = self.folder / "python3"
        program.write_text("#!/bin/sh\nprintf '%s ' \"$3\" \"$4\" \"$6\" \"$7\" > $0.arguments\ncat \"$5\" > $0.calls\n"
                           "echo plait-python 3.14.2 1 1 1 1 0 0.5 0.5 1000 2 calls:2,1,0,0,0\n")
        program.chmod(0o755)
        comparison, table = self.compare(self.urls(3), "--with-python", "--methods", "async", "--concurrency", "8", "--timeout", "5s",
                                         env={**os.environ, "PATH": f"{self.folder}:{os.environ['PATH']}"})
        row = comparison["rows"][1]
        self.assertEqual(("python", "plait", 8, 500), (row["by"], row["method"], row["concurrency"], row["p50_ms"]))
        self.assertEqual({"ok": 2, "rejected": 1, "failed": 0, "unknown": 0, "skipped": 0}, row["outcomes"])
        self.assertIn("in Python 3.14.2", table)
        self.assertEqual("plait calls 3 8 ", (self.folder / "python3.arguments").read_text())
        given = json.loads((self.folder / "python3.calls").read_text())
        self.assertEqual(5, given["session"]["attempt"])
        self.assertEqual([["GET", self.url(f"/{n}"), [], "", None] for n in range(3)], given["requests"])

    def test_what_the_package_does_not_have_is_named(self):
        _, said = self.compare(self.urls(2), "--with-python", "--methods", "async", "--noproxy", "*")
        self.assertIn("Python's plait has no row: the package has nothing like --noproxy", said)

    def test_standard_input_and_bad_lines(self):
        ended = plait("compare", "-", "--methods", "async", "--base-url", self.url(), stdin=b'{"url":"/a"}\n{"nothing":1}\n')
        self.assertEqual(0, ended.code, ended.err)
        self.assertIn("1 line is left out; the first: line 2", ended.err)

    def test_it_takes_the_session_flags_of_run(self):
        comparison, _ = self.compare(self.url("/delay/60000"), "--methods", "async", "--timeout", "50ms")
        self.assertEqual(1, comparison["rows"][0]["outcomes"]["failed"])
        self.assertIsNone(comparison["bound"])
        self.assertIn("No call was answered", comparison["advice"])

    def test_refusals_are_reported_as_the_server_s_limit(self):
        comparison, table = self.compare(self.urls(4, "/status/429?"))
        self.assertEqual("third_party", comparison["bound"])
        self.assertEqual([4] * 4, [row["refused"] for row in comparison["rows"]])
        self.assertIn("4 rejected", table)
        self.assertEqual(1, plait("compare", self.url("/status/503"), "--methods", "async").code)

    def test_unsafe_requests_are_refused_unless_they_are_permitted(self):
        path = self.requests({"url": self.url("/")}, {"url": self.url("/"), "method": "POST"}, {"url": self.url("/"), "method": "PUT"})
        before = self.mock.stats()["requests"]
        ended = plait("compare", path, "--repeat", "2")
        self.assertEqual(2, ended.code)
        for words in ("2 of 3 requests", "8 times", "--yes-repeat-unsafe"):
            self.assertIn(words, ended.err)
        self.assertEqual(before, self.mock.stats()["requests"])
        self.assertEqual(0, plait("compare", path, "--methods", "async", "--yes-repeat-unsafe").code)

    def test_a_trace_of_each_method_and_the_comparison_are_written_to_a_folder(self):
        folder = self.folder / "new" / "traces"
        comparison, _ = self.compare(self.urls(3), "--methods", "sync,async,processes", "--concurrency", "1,2", "--repeat", "2",
                                     "--trace", folder)
        names = {"sync.json", "async-1.json", "async-2.json", "processes-1.json", "processes-2.json"}
        self.assertEqual(names | {"comparison.json"}, set(os.listdir(folder)))
        self.assertEqual({0o600}, {path.stat().st_mode & 0o777 for path in folder.iterdir()})
        self.assertEqual(comparison, json.loads((folder / "comparison.json").read_text()))
        for name in names:
            records = json.loads((folder / name).read_text())
            self.assertEqual("compare", records[0]["args"]["command"])
            self.assertEqual(3, sum(record.get("cat") == "call" for record in records), name)

    def test_a_narrow_terminal_has_a_narrow_table(self):
        lines = self.in_terminal(44, "compare", self.urls(4))
        self.assertLessEqual(max(map(len, lines)), 44)
        for word in ("method", "wall", "times", *METHODS):
            self.assertIn(word, "\n".join(lines))

    def in_terminal(self, columns, *arguments):
        """Runs the program on a terminal of this width; returns the lines that it shows."""
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        process = self.start(*arguments, stdout=theirs, stderr=subprocess.DEVNULL)
        os.close(theirs)
        shown = b""
        while True:
            try:
                got = os.read(ours, 65536)
            except OSError:  # the program closed its end
                break
            if not got:
                break
            shown += got
        os.close(ours)
        self.assertEqual(0, process.wait())
        return shown.decode().splitlines()


class Interrupted(RunTest):
    def test_finished_rows_are_shown_and_no_process_remains(self):
        gate = Gate()
        answered = keeping()
        with Rogue(lambda peer: (answered if peer.number == 1 else gate)(peer)) as server:
            self.addCleanup(gate.open)
            process = self.start("compare", server.url, "--methods", "sync,processes")
            gate.wait_for(1, process)  # sync has its row, and processes is being measured
            below = descendants(process.pid)
            process.send_signal(signal.SIGINT)
            ended = finish(process)
            self.assertEqual(3, ended.code, ended.err)
            self.assertIn("interrupted", ended.err)
            self.assertEqual(["sync"], [line.split()[0] for line in ended.out.splitlines()[2:3]])
            self.assertNotIn("processes ", ended.out)
            wait_until(lambda: not any(map(is_alive, below)), "the measuring process to end")

    def test_nothing_is_shown_during_the_first_measurement(self):
        gate = Gate()
        with Rogue(gate) as server:
            self.addCleanup(gate.open)
            process = self.start("compare", server.url, "--methods", "processes")
            gate.wait_for(1, process)
            below = descendants(process.pid)
            self.assertGreaterEqual(len(below), 3)
            process.send_signal(signal.SIGINT)
            ended = finish(process)
            self.assertEqual((3, ""), (ended.code, ended.out), ended.err)
            wait_until(lambda: not any(map(is_alive, below)), "all processes to end")


class WrongUsage(RunTest):
    def expect_refused(self, *arguments, words):
        ended = plait("compare", *arguments)
        self.assertEqual((2, ""), (ended.code, ended.out), ended.err)
        for word in words:
            self.assertIn(word, ended.err)

    def test_an_unknown_method_is_answered_with_the_known_ones(self):
        self.expect_refused("http://127.0.0.1:1/", "--methods", "sync,fork", words=["'fork'", *METHODS])

    def test_an_unknown_job_is_answered_with_the_known_ones(self):
        self.expect_refused("--cpu", "sort:9", words=["'sort:9'", "fib:38", "sha256:64MiB", "sleep:90ms"])
        self.expect_refused("--cpu", "fib:51", words=["at most 50"])

    def test_flags_that_do_not_go_together(self):
        self.expect_refused(words=["no REQUESTS", "--cpu"])
        self.expect_refused("http://127.0.0.1:1/", "--jobs", "3", words=["--jobs needs --cpu"])
        self.expect_refused("http://127.0.0.1:1/", "--cpu", "fib:3", words=["takes no REQUESTS"])

    def test_an_input_without_a_request(self):
        self.expect_refused(self.requests('{"nothing":1}'), words=["the input has no valid request", "line 1"])


class OfJobs(RunTest):
    def compare(self, *arguments, **options):
        ended = plait("compare", "--cpu", "fib:20", "--jobs", "4", "--json", *arguments, **options)
        self.assertEqual(0, ended.code, ended.err)
        return json.loads(ended.out), ended.err

    def test_each_method_does_all_jobs(self):
        comparison, _ = self.compare()
        self.assertEqual(("fib:20", 4), (comparison["work"], comparison["calls"]))
        self.assertEqual(METHODS, [row["method"] for row in comparison["rows"]])
        self.assertEqual(1, comparison["rows"][2]["concurrency"])
        self.assertNotIn("outcomes", comparison["rows"][0])

    def test_jobs_are_traced_too(self):
        self.compare("--trace", self.folder)
        for method in METHODS:
            records = json.loads((self.folder / f"{method}.json").read_text())
            jobs = [record for record in records if record.get("cat") == "call"]
            self.assertEqual(4, len(jobs))
            self.assertTrue(all("R" in job["args"]["states"] for job in jobs))

    def test_python_has_rows_beside_ours(self):
        (self.folder / "plait.py").write_text("from asyncio import gather\n")  # instead of the package
        comparison, table = self.compare("--with-python", "--methods", "sync",
                                         env={**os.environ, "PYTHONPATH": str(self.folder)})
        rows = [row for row in comparison["rows"] if row["by"] == "python" and row["method"] != "interpreters"]
        self.assertEqual(["sync", "threading", "asyncio", "multiprocessing", "plait"], [row["method"] for row in rows])
        self.assertIn("in Python 3", table)
        for row in rows:
            self.assertGreater(row["seconds"], 0)
            self.assertIsNotNone(row["speed_up"])

    def test_a_python_without_the_interpreter_lock_is_asked(self):
        program = self.folder / "python3"
        program.write_text("#!/bin/sh\ncase $3 in interpreters) echo plait-python has no such method ;;\n"
                           "plait) echo plait-python has no plait: the package is not installed ;;\n"
                           "*) echo plait-python 3.14.2 0 1 1 1 0 1 1 1000 2 6765 ;; esac\n")
        program.chmod(0o755)
        comparison, said = self.compare("--with-python", "--methods", "sync", env={"PATH": str(self.folder)})
        rows = [row for row in comparison["rows"] if row["by"] == "python"]
        self.assertEqual(["sync", "threading", "asyncio", "multiprocessing"], [row["method"] for row in rows])
        self.assertEqual([2, 1], [rows[0]["processors"], rows[0]["busy_processors"]])
        self.assertEqual(1, said.count("has no row"))
        self.assertIn("Python's plait has no row: the package is not installed", said)
        self.assertIn("This Python runs without its interpreter lock", comparison["advice"])

    def with_python3(self, script):
        """Compares with our own python3 first in PATH; returns the text on standard error."""
        program = self.folder / "python3"
        if script:
            program.write_text(script)
            program.chmod(0o755)
        comparison, said = self.compare("--with-python", "--methods", "sync", env={"PATH": str(self.folder)})
        self.assertEqual(["plait"], [row["by"] for row in comparison["rows"]])
        return said

    def test_without_python3_one_sentence_says_so(self):
        said = self.with_python3(None)
        self.assertEqual(1, said.count("has no row"))
        self.assertIn("Python has no rows: start python3", said)

    def test_a_python3_that_fails_or_prints_something_else_is_explained_in_one_sentence(self):
        self.assertIn("Python's threading has no row: python3 failed: no luck", self.with_python3("#!/bin/sh\necho no luck\nexit 1\n"))
        self.assertIn("printed something else than a measurement: hello", self.with_python3("#!/bin/sh\necho hello\n"))
        self.assertIn("it found 9 where plait's sync found 6765",
                      self.with_python3("#!/bin/sh\necho plait-python 3.9 1 1 1 1 0 1 1 1000 1 9\n"))


if __name__ == "__main__":
    unittest.main()
