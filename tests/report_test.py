"""`plait report`: its inputs, its outputs and its errors."""

import json
import os
import pty
import re
import unittest
import xml.etree.ElementTree
from pathlib import Path

from support.program import MockTest, RunTest, finish, plait

UTF8 = {**os.environ, "LC_ALL": "C.UTF-8"}


def record(**fields):
    return json.dumps(fields, separators=(",", ":"))


def trace_text(method="sync", kind="caller", calls=3, call_us=1000):
    """Returns a trace of consecutive calls, each with a wait and a short run."""
    records = [
        record(ph="M", name="plait_trace", pid=1, args={"version": 1, "command": "run", "method": method, "workers": 1, "concurrency": 1}),
        record(ph="M", name="thread_name", pid=1, tid=1, args={"name": kind}),
        record(ph="M", name="plait_lane", pid=1, tid=1, args={"kind": kind}),
    ]
    states = f"R{call_us}f{call_us * 9}"
    records += [record(ph="X", cat="call", name=f"row-{n}", pid=1, tid=1, ts=n * call_us, dur=call_us,
                       args={"line": n + 1, "result": "200", "ok": True, "states": states}) for n in range(calls)]
    records.append(record(ph="M", name="plait_end", pid=1, args={"calls": calls, "seconds": 1, "outcomes": {"ok": calls}}))
    return "[\n" + ",\n".join(records) + "\n]\n"


class ReportTest(RunTest):
    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return path

    def report(self, *arguments, **options):
        return plait("report", *arguments, **{"env": UTF8, **options})

    def expect_refused(self, *arguments, code=2, words=()):
        ended = self.report(*arguments)
        self.assertEqual((code, ""), (ended.code, ended.out), ended.err)
        self.assertEqual(1, ended.err.count("\n"), ended.err)
        for word in words:
            self.assertIn(word, ended.err)


class Outputs(ReportTest):
    def test_text_goes_to_standard_output_in_the_given_width(self):
        path = self.write("t.json", trace_text())
        for width in (40, 80, 200):
            ended = self.report(path, "--text", "--columns", width)
            self.assertEqual((0, ""), (ended.code, ended.err))
            self.assertIn("░", ended.out)
            self.assertIn("row-2", ended.out)
            self.assertEqual([], [line for line in ended.out.splitlines() if len(line) > width])
        self.assertEqual(200, max(map(len, ended.out.splitlines())))

    def test_without_utf8_it_is_ascii(self):
        path = self.write("t.json", trace_text())
        self.assertTrue(self.report(path, "--text", "--ascii").out.isascii())
        self.assertTrue(self.report(path, "--text", env={**os.environ, "LC_ALL": "C"}).out.isascii())
        self.assertFalse(self.report(path, "--text").out.isascii())

    def test_the_page_is_written_to_the_given_file_and_the_output_says_how_to_open_it(self):
        path = self.write("t.json", trace_text())
        page = self.folder / "a page.html"
        ended = self.report(path, "-o", page)
        self.assertEqual((0, ""), (ended.code, ended.out), ended.err)
        self.assertIn("<html", page.read_text())
        self.assertEqual(0o600, page.stat().st_mode & 0o777)
        self.assertIn(f"file://{self.folder}/a%20page.html", ended.err)

    def test_without_a_terminal_the_page_goes_to_standard_output(self):
        ended = self.report(self.write("t.json", trace_text()))
        self.assertEqual((0, ""), (ended.code, ended.err))
        self.assertIn("<html", ended.out)
        self.assertEqual(ended.out, self.report(self.write("t.json", trace_text()), "-o", "-").out)

    def test_on_a_terminal_it_is_text_in_colours_unless_these_are_disabled(self):
        path = self.write("t.json", trace_text())
        for variables, is_coloured in (({"TERM": "xterm"}, True), ({"TERM": "xterm", "NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)):
            ours, theirs = pty.openpty()
            process = self.start("report", path, stdout=theirs, env={**UTF8, **variables})
            os.close(theirs)
            shown = b""
            try:
                while chunk := os.read(ours, 65536):
                    shown += chunk
            except OSError:
                pass  # On Linux, a closed terminal is an EIO error.
            self.assertEqual(0, finish(process).code)
            os.close(ours)
            self.assertIn("row-2", shown.decode())
            self.assertEqual(is_coloured, b"\x1b[" in shown, variables)

    def test_an_svg_file_is_xml_with_a_text_for_screen_readers(self):
        picture = self.folder / "picture.svg"
        ended = self.report(self.write("t.json", trace_text()), "--svg", picture)
        self.assertEqual((0, ""), (ended.code, ended.out), ended.err)
        root = xml.etree.ElementTree.parse(picture).getroot()
        space = "{http://www.w3.org/2000/svg}"
        self.assertIn("sync", root.find(space + "title").text)
        self.assertIn("waited", root.find(space + "desc").text)

    def test_several_outputs_at_once(self):
        ended = self.report(self.write("t.json", trace_text()), "-o", self.folder / "p.html", "--svg", self.folder / "p.svg", "--text")
        self.assertEqual(0, ended.code)
        self.assertIn("row-2", ended.out)
        self.assertTrue((self.folder / "p.html").exists() and (self.folder / "p.svg").exists())


class Inputs(ReportTest):
    def test_a_folder_of_a_comparison_shows_its_methods_in_order_and_its_advice_first(self):
        for method in ("processes", "async", "threads", "sync"):
            kind = {"sync": "caller", "threads": "thread", "async": "loop", "processes": "process"}[method]
            self.write(f"traces/{method}.json", trace_text(method, kind, call_us=1000 if method == "sync" else 100))
        self.write("traces/comparison.json", json.dumps({"work": "calls", "advice": "Take the bus."}))
        self.write("traces/other.json", "{}")
        ended = self.report(self.folder / "traces", "--text")
        self.assertEqual(0, ended.code, ended.err)
        self.assertEqual(["sync", "threads", "async", "processes"], re.findall(r"^(\w+): 3 calls, ", ended.out, re.MULTILINE))
        self.assertRegex(ended.out, r"\n\nTake the bus\. ")
        self.assertIn("other.json", ended.err)

    def test_a_truncated_trace_is_read_up_to_its_last_whole_record(self):
        text = trace_text(calls=5)
        ended = self.report(self.write("t.json", text[:text.index("row-3") + 20]), "--text")
        self.assertEqual(0, ended.code, ended.err)
        self.assertIn("3 calls", ended.out)
        self.assertIn("incomplete:", ended.out)


class WrongInput(ReportTest):
    def test_a_missing_argument_is_reported(self):
        self.expect_refused(words=["INPUT", "directory of traces"])

    def test_an_unreadable_input_is_reported(self):
        self.expect_refused(self.folder / "missing.json", words=["missing.json", "No such file"])

    def test_a_folder_without_a_trace_is_reported(self):
        self.expect_refused(self.folder, words=["has no trace"])

    def test_files_of_another_kind_are_refused_in_one_line(self):
        for name, text, words in (("events.json", '[{"ph":"X","ts":1}]', ["is a Trace Event file", "plait did not write it"]),
                                  ("urls.txt", "http://a.example\n", ["neither a trace nor a results file"]),
                                  ("empty", "", ["is empty"])):
            with self.subTest(name=name):
                self.expect_refused(self.write(name, text), words=[name, *words])

    def test_a_broken_line_is_named(self):
        lines = trace_text().splitlines()
        lines[5] = '{"ph":'
        self.expect_refused(self.write("t.json", "\n".join(lines)), words=["line 6"])

    def test_the_input_is_never_the_output(self):
        path = self.write("t.json", trace_text())
        before = path.read_text()
        link = self.folder / "link.json"
        os.link(path, link)
        for output in (path, link, self.folder / "." / "t.json"):
            self.expect_refused(path, "-o", output, words=["is both input and output"])
            self.expect_refused(path, "--svg", output, words=["is both input and output"])
        self.expect_refused(path, "-o", self.folder / "a", "--svg", self.folder / "a", words=["can't be both the page and the SVG file"])
        self.assertEqual(before, path.read_text())

    def test_a_page_that_can_t_be_written_is_a_storage_error(self):
        self.expect_refused(self.write("t.json", trace_text()), "-o", self.folder / "no" / "page.html", code=4, words=["create"])

    def test_names_can_t_break_out_of_the_page_or_the_picture(self):
        evil = "</script><script>alert(1)</script>"
        path = self.write("t.json", trace_text().replace("row-1", evil))
        self.assertEqual(0, self.report(path, "-o", self.folder / "p.html", "--svg", self.folder / "p.svg").code)
        self.assertNotIn(evil, (self.folder / "p.html").read_text())
        xml.etree.ElementTree.parse(self.folder / "p.svg")


class RealRuns(MockTest):
    MOCK_ARGUMENTS = ("--latency", "30ms")

    def run_with(self, *arguments, calls=20):
        self.requests(*({"url": self.url("/echo"), "custom_id": f"call-{n}"} for n in range(calls)))
        ended = plait("run", self.folder / "requests.jsonl", "-o", self.folder / "results.jsonl", "--overwrite", "--quiet", *arguments)
        self.assertEqual(0, ended.code, ended.err)

    def test_results_of_a_run(self):
        self.run_with("--method", "async", "--concurrency", "10")
        ended = plait("report", self.folder / "results.jsonl", "--text", env=UTF8)
        self.assertEqual((0, ""), (ended.code, ended.err))
        self.assertIn("results: 20 calls", ended.out)
        self.assertIn("20 ok", ended.out)
        self.assertIn("first byte", ended.out)

    def test_a_trace_of_each_method(self):
        for method, concurrency in (("sync", 1), ("threads", 4), ("async", 10), ("processes", 2)):
            with self.subTest(method=method):
                path = self.folder / f"{method}.json"
                self.run_with("--method", method, "--concurrency", str(concurrency), "--trace", str(path))
                ended = plait("report", path, "--text", env=UTF8)
                self.assertEqual((0, ""), (ended.code, ended.err))
                self.assertIn(f"{method}: 20 calls", ended.out)
                self.assertIn("20 ok", ended.out)
                self.assertIn("call-", ended.out)
                self.assertRegex(ended.out, r"waiting\s+\([^)]*first\s+byte", "time is spent waiting for the mock")
                self.assertEqual(method == "async", "the loop was busy" in ended.out.replace("share of the time the loop was busy", ""))


if __name__ == "__main__":
    unittest.main()
