"""`plait table`: results as Parquet, JSON Lines and CSV, whatever they hold."""

import csv
import io
import json
import os
import unittest

from support import parquet
from support.program import RunTest, finish, plait
from support.servers import Deciding, Rogue, response

FIXED = ["custom_id", "line", "outcome", "method", "url", "status_code", "error_code", "error_message", "attempts", "total_ms",
         "body", "body_base64", "body_file", "headers", "metadata"]


def answered(custom_id, line, body, **fields):
    """Returns a result line of an answer, as a run writes it."""
    attempts = [{"n": 1, "status_code": 503, "start_ms": 1.0, "total_ms": 2.0}, {"n": 2, "status_code": 200, "start_ms": 10.0, "total_ms": 0.25}]
    return {"custom_id": custom_id, "line": line, "outcome": "ok", "id": custom_id, "method": "GET", "url": "http://a.example/",
            "response": {"status_code": 200, "http_version": "1.1", "request_id": "", "headers": {"a": "b"}, **body},
            "error": None, "attempts": attempts, "metadata": None, **fields}


def failed(custom_id, line):
    return {"custom_id": custom_id, "line": line, "outcome": "failed", "id": custom_id, "method": "POST", "url": "http://a.example/",
            "response": None, "error": {"code": "connect", "message": 'no "luck"', "retryable": True, "maybe_sent": False},
            "attempts": [], "metadata": {"row": 7}}


class TableTest(RunTest):
    def results(self, *lines):
        path = self.folder / "results.jsonl"
        path.write_text("".join(line if isinstance(line, str) else json.dumps(line, separators=(",", ":")) + "\n" for line in lines))
        return path

    def table(self, results, name, *arguments):
        """Returns the table's path."""
        path = self.folder / name
        ended = plait("table", results, "-o", path, *arguments)
        self.assertEqual(0, ended.code, ended.err)
        return path


class Formats(TableTest):
    SELECT = ("--select", "name=/name", "--select", "n=/list/1:number", "--select", "is_new=/is_new:bool")

    def setUp(self):
        super().setUp()
        self.written = self.results(
            answered("00123", 1, {"body": {"name": "M\u00fcller, \"x\"\n", "list": [0, 2.5], "is_new": True}}),
            answered("b", 2, {"body_text": '{"name":7,"list":[0,"2"],"is_new":null}'}),
            answered("c", 3, {"body_base64": "/9g="}),
            failed("d", 4))

    def test_parquet_has_each_value_with_its_type(self):
        columns, groups = parquet.read(self.table(self.written, "t.parquet", *self.SELECT))
        self.assertEqual(FIXED + ["name", "n", "is_new"], list(columns))
        self.assertEqual(1, groups)
        self.assertEqual(["00123", "b", "c", "d"], columns["custom_id"])
        self.assertEqual([1, 2, 3, 4], columns["line"])
        self.assertEqual([200, 200, 200, 0], columns["status_code"])
        self.assertEqual(["", "", "", "connect"], columns["error_code"])
        self.assertEqual([2, 2, 2, 0], columns["attempts"])
        self.assertEqual([9.25, 9.25, 9.25, 0.0], columns["total_ms"])
        self.assertEqual(["", "", "/9g=", ""], columns["body_base64"])
        self.assertEqual(["", "", "", '{"row":7}'], columns["metadata"])
        self.assertEqual(['{"a":"b"}'] * 3 + [""], columns["headers"])
        self.assertEqual({"name": "M\u00fcller, \"x\"\n", "list": [0, 2.5], "is_new": True}, json.loads(columns["body"][0]))
        self.assertEqual(["M\u00fcller, \"x\"\n", "7", None, None], columns["name"])
        self.assertEqual([2.5, None, None, None], columns["n"])
        self.assertEqual([True, None, None, None], columns["is_new"])

    def test_json_lines_are_flat_and_never_null(self):
        rows = [json.loads(line) for line in self.table(self.written, "t.jsonl", *self.SELECT).read_text().splitlines()]
        self.assertEqual([FIXED + ["name", "n", "is_new"]] * 4, [list(row) for row in rows])
        for row in rows:
            self.assertEqual([str, int, str, str, str, int, str, str, int, float, str, str, str, str, str, str, float, bool],
                             [type(value) for value in row.values()])
        self.assertEqual([2.5, 0.0, 0.0, 0.0], [row["n"] for row in rows])
        self.assertEqual('no "luck"', rows[3]["error_message"])

    def test_csv_quotes_texts_and_leaves_missing_values_empty(self):
        text = self.table(self.written, "t.csv", *self.SELECT).read_text()
        rows = list(csv.DictReader(io.StringIO(text, newline="")))
        self.assertEqual(["00123", "b", "c", "d"], [row["custom_id"] for row in rows])
        self.assertEqual("M\u00fcller, \"x\"\n", rows[0]["name"])
        last = text.splitlines()[-1]
        self.assertTrue(last.startswith('"d",4,"failed","POST","http://a.example/",0,"connect","no ""luck""",0,0.0,'), last)
        self.assertTrue(last.endswith(',"{""row"":7}",,,'), last)

    def test_standard_output_gets_json_lines(self):
        ended = plait("table", self.written, "-o", "-")
        self.assertEqual((0, ""), (ended.code, ended.err))
        self.assertEqual(["00123", "b", "c", "d"], [row["custom_id"] for row in ended.results])

    def test_a_large_table_has_several_row_groups(self):
        body = "x" * 100_000
        lines = [answered(f"id-{n}", n, {"body_text": body}) for n in range(1, 201)]
        columns, groups = parquet.read(self.table(self.results(*lines), "t.parquet", "--select", "all="))
        self.assertEqual(3, groups)
        self.assertEqual([f"id-{n}" for n in range(1, 201)], columns["custom_id"])
        self.assertEqual({body}, set(columns["body"]))
        self.assertEqual({None}, set(columns["all"]))  # the text is no JSON

    def test_no_results_make_an_empty_table(self):
        columns, groups = parquet.read(self.table(self.results(), "t.parquet"))
        self.assertEqual(({name: [] for name in FIXED}, 0), (columns, groups))


class Pipes(TableTest):
    def test_results_may_come_from_standard_input_or_a_pipe(self):
        lines = self.results(*[answered(f"a{n}", n, {"body": {"n": n}}) for n in range(1, 101)])
        whole = plait("table", lines, "-o", "-").out
        with lines.open("rb") as file:
            self.assertEqual(whole, finish(self.start("table", "-", "-o", "-", stdin=file)).out)
        self.assertEqual(whole, plait("table", "-", "-o", "-", stdin=lines.read_bytes()).out)
        ended = plait("table", "-", "-o", "-", stdin=b"nothing\n")
        self.assertEqual((2, "plait: standard input, line 1: not a result line\n"), (ended.code, ended.err))

    def test_a_reader_that_has_enough_ends_it_quietly(self):
        lines = self.results(*[answered(f"a{n}", n, {"body": {"n": n}}) for n in range(1, 5_001)])
        for arguments in (["table", lines, "-o", "-"], ["convert", "--from", "wget", self.urls(5_000)]):
            process = self.start(*arguments)
            process.stdout.readline()
            process.stdout.close()
            process.stdout = None
            ended = finish(process)
            self.assertEqual((3, ""), (ended.code, ended.err))

    def urls(self, count):
        path = self.folder / "urls"
        path.write_text("".join(f"http://a.example/{n}/{'x' * 50}\n" for n in range(count)))
        return path


class Trouble(TableTest):
    def test_what_a_killed_run_left_is_taken(self):
        written = self.results(failed("a", 1), json.dumps(failed("b", 2))[:40])
        self.assertEqual(["a"], parquet.read(self.table(written, "t.parquet"))[0]["custom_id"])
        ended = plait("table", written, "-o", "-")
        self.assertEqual((0, f"plait: warning: the last line of {written} is cut off, and has no row: "
                             "a run still writes it, or was killed\n"), (ended.code, ended.err))

    def test_a_file_whose_only_line_is_cut_off_makes_no_table(self):
        written = self.results(json.dumps(failed("a", 1))[:40])
        ended = plait("table", written, "-o", self.folder / "t.parquet")
        self.assertEqual((2, f"plait: {written} has no whole line: the run that wrote it has not finished its first one\n"),
                         (ended.code, ended.err))
        self.assertEqual(["results.jsonl"], os.listdir(self.folder))

    def test_a_table_is_replaced_only_when_asked(self):
        written = self.results(failed("a", 1))
        path = self.table(written, "t.csv")
        before = path.read_text()
        ended = plait("table", written, "-o", path)
        self.assertEqual((2, before), (ended.code, path.read_text()))
        self.assertIn("t.csv exists: --overwrite replaces it", ended.err)
        self.table(written, "t.csv", "--overwrite", "--select", "x=/x")
        self.assertNotEqual(before, path.read_text())

    def test_a_wrong_line_leaves_no_table(self):
        written = self.results(failed("a", 1), '{"no":"result"}\n')
        ended = plait("table", written, "-o", self.folder / "t.parquet")
        self.assertEqual(2, ended.code)
        self.assertIn("line 2: not a result line", ended.err)
        self.assertEqual(["results.jsonl"], os.listdir(self.folder))

    def test_wrong_arguments_are_explained(self):
        written = self.results()
        for arguments, message in [
            ((), "no -o FILE"),
            (("-o", "t.xlsx"), "t.xlsx: a table's name ends in .parquet, .jsonl or .csv"),
            (("-o", written), "is both input and output"),
            (("-o", "t.csv", "--select", "a"), "there is no '='"),
            (("-o", "t.csv", "--select", "=/a"), "the name is empty"),
            (("-o", "t.csv", "--select", "a=b"), "a JSON Pointer begins with '/'"),
            (("-o", "t.csv", "--select", "a=/b~c"), "is written '~0'"),
            (("-o", "t.csv", "--select", "line=/a"), "there are two columns 'line'"),
            (("-o", self.folder / "none" / "t.csv"), "No such file or directory"),
        ]:
            with self.subTest(arguments=arguments):
                ended = plait("table", written, *arguments)
                self.assertIn(ended.code, (2, 4))
                self.assertIn(message, ended.err)


class Strict(RunTest):
    """Bodies that strict readers refuse are text in results: with one of them, they would refuse the whole file."""

    BODIES = {"/usual": '{"a":[1,{"b":"\\ud83d\\ude00"}]}', "/half": '{"a":"\\ud83d"}', "/twice": '{"a":1,"a":2}',
              "/deep": "[" * 101 + "]" * 101, "/large": '{"n":1e400}'}

    def forms(self, *arguments):
        """Returns in which form each body is in its result."""
        script = Deciding(lambda path, times: response(200, [("Content-Type", "application/json")], self.BODIES[path].encode()))
        with Rogue(script) as server:
            ended = self.run_lines(*[{"custom_id": path, "url": server.url + path} for path in self.BODIES], arguments=arguments)
        self.assertEqual(0, ended.code, ended.err)
        forms = {}
        for result in ended.results:
            for form in ("body", "body_text"):
                if form in result["response"]:
                    forms[result["custom_id"]] = form
                    if form == "body_text":
                        self.assertEqual(self.BODIES[result["custom_id"]], result["response"][form])
            self.assertEqual(("GET", server.url + result["custom_id"], result["custom_id"], ""),
                             (result["method"], result["url"], result["id"], result["response"]["request_id"]))
        return forms

    def test_by_default(self):
        self.assertEqual({"/usual": "body", "/half": "body_text", "/twice": "body_text", "/deep": "body_text", "/large": "body"},
                         self.forms())

    def test_with_strict_json(self):
        self.assertEqual("body_text", self.forms("--strict-json")["/large"])


if __name__ == "__main__":
    unittest.main()
