"""`plait verify` and `plait retry` on the files of a run."""

import hashlib
import json
import sqlite3
import unittest

from support.program import RunTest, plait


def result(line, custom_id=None, outcome="ok", **fields):
    """Returns a result as `plait run` writes it."""
    head = {"custom_id": custom_id or f"line-{line}", "line": line, "outcome": outcome}
    rest = {"response": None, "error": None, "attempts": [], "metadata": None}
    return json.dumps({**head, **rest, **fields}, separators=(",", ":")) + "\n"


def write_state(results, requests):
    """Writes the state file of these results, as docs/formats.md describes it."""
    lines = requests.read_bytes().split(b"\n")[:-1]
    blocks = [lines[first:first + 4096] for first in range(0, len(lines), 4096)]
    state = sqlite3.connect(f"{results}.plait")
    state.executescript("""
        CREATE TABLE fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
        CREATE TABLE setting (number INTEGER PRIMARY KEY, name TEXT NOT NULL, value TEXT NOT NULL);
        CREATE TABLE input_block (number INTEGER PRIMARY KEY, hash TEXT NOT NULL);
        CREATE TABLE note (number INTEGER PRIMARY KEY, sent INTEGER NOT NULL, lines TEXT NOT NULL);
        PRAGMA application_id = 0x706c6169;
        PRAGMA user_version = 1;
    """)
    facts = {"run_id": "0" * 32, "requests": str(requests), "input_lines": str(len(lines)), "input_complete": "1"}
    state.executemany("INSERT INTO fact VALUES (?, ?)", facts.items())
    hashes = [hashlib.sha256(b"".join(line + b"\n" for line in block)).hexdigest()[:32] for block in blocks]
    state.executemany("INSERT INTO input_block VALUES (?, ?)", enumerate(hashes))
    state.commit()
    state.close()


class Files(RunTest):
    def write(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return path


class Verify(Files):
    def test_results_of_all_requests_are_good(self):
        requests = self.write("r.jsonl", '{"custom_id":"a","url":"/1"}\n\nnonsense\n')
        results = self.write("o.jsonl", result(3, outcome="failed") + result(1, "a"))
        ended = plait("verify", requests, results)
        self.assertEqual((0, "2 requests, 2 results\neach request has exactly one result\n"), (ended.code, ended.out))

    def test_faults_are_listed_and_set_the_exit_code(self):
        requests = self.write("r.txt", "http://a.b/1\nhttp://a.b/2\n")
        results = self.write("o.jsonl", result(1) + result(1) + result(7))
        ended = plait("verify", requests, results)
        self.assertEqual(1, ended.code)
        self.assertEqual("2 requests, 3 results\n1 missing:\n  line 2\n1 duplicate:\n  line-1 (line 1)\n"
                         "1 unmatched:\n  line-7 (line 7)\n", ended.out)

    def test_requests_are_also_read_from_standard_input(self):
        results = self.write("o.jsonl", result(1))
        self.assertEqual(0, plait("verify", "-", results, stdin=b"http://a.b/1\n").code)
        urls = self.folder / "urls"
        urls.write_text("http://a.b/1\n")
        self.assertEqual(0, plait("verify", urls, "-", stdin=results.read_bytes()).code)
        self.assertIn("standard input can't be both", plait("verify", "-", "-").err)

    def test_a_file_without_results_is_refused(self):
        requests = self.write("r.txt", "http://a.b/1\n")
        ended = plait("verify", requests, requests)
        self.assertEqual((2, f"plait: {requests}, line 1: not a result line\n"), (ended.code, ended.err))

    def test_both_files_are_required(self):
        for arguments in ((), ("a",), ("a", "b", "c")):
            ended = plait("verify", *arguments)
            self.assertEqual((2, "plait: verify takes two files: REQUESTS and RESULTS\n"), (ended.code, ended.err))


class Retry(Files):
    def setUp(self):
        super().setUp()
        self.requests = self.write("r.jsonl", '{"url":"http://a.b/1"}\n{"custom_id":"b","url":"http://a.b/2"}\n'
                                              '{"custom_id":"c","url":"http://a.b/3"}\n{"url":"http://a.b/4"}\n')
        not_found = {"status_code": 404, "request_id": None, "headers": {}}
        self.results = self.write("o.jsonl", result(4, outcome="failed", error={"code": "connect"}) +
                                  result(2, "b", outcome="unknown", error={"code": "timeout"}) +
                                  result(3, "c", outcome="rejected", response=not_found) + result(1))

    def retry(self, *arguments):
        ended = plait("retry", self.results, "--requests", self.requests, *arguments)
        self.assertEqual(0, ended.code, ended.err)
        return [line["custom_id"] for line in ended.results]

    def test_results_are_chosen_by_their_outcome(self):
        self.assertEqual(["line-4"], self.retry("--failed"))
        self.assertEqual(["b"], self.retry("--unknown"))
        self.assertEqual(["b", "c"], self.retry("--rejected", "--unknown"))

    def test_results_are_chosen_by_a_condition(self):
        self.assertEqual(["c"], self.retry("--where", "status_code == 404"))
        self.assertEqual(["line-1", "b"], self.retry("--where", "line < 3"))
        self.assertEqual(["b", "line-4"], self.retry("--where", "error == 'timeout'", "--where", "error == 'connect'"))
        self.assertEqual([], self.retry("--where", "attempts > 2"))

    def test_requests_keep_their_text_and_ids(self):
        ended = plait("retry", self.results, "--requests", self.requests, "--where", "line == 1 or line == 2")
        self.assertEqual('{"custom_id":"line-1","url":"http://a.b/1"}\n{"custom_id":"b","url":"http://a.b/2"}\n', ended.out)
        self.assertEqual("plait: 2 requests selected\n", ended.err)

    def test_a_file_is_created_and_never_replaced(self):
        path = self.folder / "again.jsonl"
        for arguments, code in (((), 0), ((), 2), (("--overwrite",), 0)):
            ended = plait("retry", self.results, "--requests", self.requests, "--failed", "-o", path, *arguments)
            self.assertEqual(code, ended.code, ended.err)
        self.assertEqual('{"custom_id":"line-4","url":"http://a.b/4"}\n', path.read_text())

    def test_the_new_file_is_not_the_old_one(self):
        before = self.requests.read_text()
        for path in (self.requests, self.results):
            ended = plait("retry", self.results, "--requests", self.requests, "--failed", "-o", path, "--overwrite")
            self.assertEqual((2, f"plait: {path} is both input and output: give another -o\n"), (ended.code, ended.err))
        self.assertEqual(before, self.requests.read_text())

    def test_a_file_with_fewer_requests_than_results_is_refused(self):
        self.requests.write_text('{"url":"http://a.b/1"}\n')
        ended = plait("retry", self.results, "--requests", self.requests, "--unknown", "--where", "line == 1")
        self.assertEqual(2, ended.code)
        self.assertIn("has only 1 of the 2 requests: it does not belong to these results", ended.err)

    def test_the_state_file_locates_and_identifies_the_requests(self):
        write_state(self.results, self.requests)
        self.assertEqual(["line-4"], [line["custom_id"] for line in plait("retry", self.results, "--failed").results])
        self.requests.write_text(self.requests.read_text() + '{"url":"http://a.b/5"}\n')
        self.assertEqual(0, plait("retry", self.results, "--failed").code)
        self.requests.write_text(self.requests.read_text().replace("a.b/4", "a.b/other"))
        ended = plait("retry", self.results, "--failed")
        self.assertEqual(2, ended.code)
        self.assertIn("changed since this run began: something in lines 1 to 4 differs: ", ended.err)
        self.assertIn("give the file that holds its lines with --requests", ended.err)

    def test_a_missing_argument_is_reported(self):
        for arguments, wanted in (((self.results,), "no selection: give --failed, --rejected, --unknown or --where"),
                                  ((self.results, "--failed"), "give --requests FILE"),
                                  (("--failed",), "retry takes one file: RESULTS"),
                                  ((self.results, "--where", "state == 1"), "column 1: expected a field")):
            ended = plait("retry", *arguments)
            self.assertEqual(2, ended.code)
            self.assertIn(wanted, ended.err)


if __name__ == "__main__":
    unittest.main()
