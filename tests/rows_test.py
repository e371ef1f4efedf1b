"""Rows of CSV, JSON Lines and SQLite become requests: `plait run --url`, `check`, `--dry-run`, `retry` and `verify`."""

import json
import sqlite3
import unittest
import urllib.parse

from support.program import MockTest, finish, plait, results_in, run, wait_until

NAMES = ['M"ü; x\r\ny', "a/b & c", "{{env.HOME}}", "00123"]


def csv_of(*rows):
    """Returns CSV as spreadsheets write it: with a byte order mark, semicolons and quotes."""
    def cell(text):
        return '"' + text.replace('"', '""') + '"' if any(c in text for c in '";\r\n') else text
    return ("\ufeff" + "".join(";".join(map(cell, row)) + "\r\n" for row in rows)).encode()


class Rows(MockTest):
    def setUp(self):
        super().setUp()
        self.rows = self.folder / "rows.csv"
        self.results = self.folder / "results.jsonl"
        self.rows.write_bytes(csv_of(("id", "name", "n"), *((f"r{n}", name, f"{n}.50") for n, name in enumerate(NAMES)), ("..", "x", "1")))

    def template(self):
        return ["--url", self.url() + "/items/{{row.id}}?q={{row.name}}", "--body", '{"name": {{row.name}}, "n": {{row.n:number}}}',
                "--header", "X-Name: {{row.n}}", "--id-from", "id", "--keep", "id,name"]

    def echo(self, result):
        """Returns the request as the server saw it."""
        return result["response"]["body"]

    def test_a_run_of_csv_is_resumed_verified_and_retried(self):
        ended = run(self.rows, *self.template(), "-o", self.results)
        self.assertEqual(1, ended.code, ended.err)
        results = {result["custom_id"]: result for result in results_in(self.results)}
        self.assertEqual({"r0", "r1", "r2", "r3", ".."}, set(results))
        for n, name in enumerate(NAMES):
            result = results[f"r{n}"]
            seen = self.echo(result)
            target = urllib.parse.urlsplit(seen["target"])
            self.assertEqual((f"/items/r{n}", {"q": [name]}), (target.path, urllib.parse.parse_qs(target.query)))
            self.assertEqual(f'{{"name": {json.dumps(name, ensure_ascii=False)}, "n": {n}.50}}', seen["body"])
            self.assertEqual(f"{n}.50", seen["headers"]["x-name"])
            self.assertEqual({"id": f"r{n}", "name": name}, result["metadata"])
        self.assertEqual(2, results["r0"]["line"])
        self.assertEqual(4, results["r1"]["line"])  # the first row has two lines
        self.assertEqual(("bad_input", "line 7: column id: '..' would change the path"),
                         (results[".."]["error"]["code"], results[".."]["error"]["message"]))

        sent = self.results.read_bytes()
        again = run(self.rows, *self.template(), "-o", self.results)
        self.assertEqual((1, sent), (again.code, self.results.read_bytes()), again.err)
        changed = run(self.rows, *self.template()[:2], "-o", self.results)
        self.assertEqual(2, changed.code)
        self.assertIn("--body", changed.err)

        self.assertEqual(0, plait("verify", self.rows, self.results).code)
        chosen = plait("retry", self.results, "--where", "custom_id == 'r2' or custom_id == '..'")
        self.assertEqual(1, chosen.code, chosen.err)
        self.assertEqual(["r2"], [line["custom_id"] for line in chosen.results])
        self.assertIn("1 row can't become a request: line 7: ", chosen.err)
        repeated = run("-", stdin=chosen.out.encode())
        # In a request line, the braces of a value are escaped.
        self.assertEqual(json.loads(self.echo(results["r2"])["body"]), json.loads(self.echo(repeated.results[0])["body"]))

    def test_a_killed_run_of_rows_is_resumed_and_sends_nothing_twice(self):
        ids = [f"kill-{n}" for n in range(60)]
        self.rows.write_bytes(csv_of(("id", "name"), *((id, f"a\n{id}") for id in ids)))
        command = ["run", self.rows, "--url", self.url("/delay/20?id={{row.id}}"), "--body", '{"name": {{row.name}}}', "--id-from", "id",
                   "-o", self.results, "--concurrency", "4"]
        for patience in (5, 10, 20):
            before = self.mock.stats()["requests"]
            process = self.start(*command)
            wait_until(lambda: process.poll() is not None or self.mock.stats()["requests"] > before + patience, "calls arrive")
            process.kill()
            finish(process)
        ended = plait(*command)
        self.assertIn(ended.code, (0, 1), ended.err)
        results = results_in(self.results)
        self.assertEqual(sorted(ids), sorted(result["custom_id"] for result in results))
        self.assertLessEqual({result["outcome"] for result in results}, {"ok", "unknown"})
        for result in results:
            came = self.mock.of_id(result["custom_id"])["came"]
            self.assertIn(came, (1,) if result["outcome"] == "ok" else (0, 1))
        self.assertEqual(0, plait("verify", self.rows, self.results).code)

    def test_check_shows_the_first_request_and_a_dry_run_writes_all(self):
        ended = plait("check", self.rows, *self.template())
        self.assertEqual(2, ended.code, ended.err)
        for words in ("  id: the path\n", "  name: the query, the body\n", "  n: the header X-Name, the body\n",
                      f"  POST {self.url()}/items/r0?q=M%22", '  {"name": "M\\"ü', "line 7: column id: '..' would change the path"):
            self.assertIn(words, ended.out)
        requests = self.folder / "requests.jsonl"
        ended = plait("run", self.rows, *self.template(), "--header", "Authorization: Bearer {{env.KEY}}", "--safe-to-repeat", "--dry-run", requests,
                      env={"KEY": "s3cret"})
        self.assertEqual((1, ""), (ended.code, ended.out))
        self.assertIn("4 requests written, nothing sent; 1 row can't become a request", ended.err)
        self.assertIn("repeat --safe-to-repeat when you run the file: its lines do not hold flags", ended.err)
        self.assertNotIn("s3cret", requests.read_text())
        sent = run(requests, "--secret", "env.KEY", "-o", self.results, env={"KEY": "s3cret"})
        self.assertEqual(0, sent.code, sent.err)
        seen = {result["custom_id"]: self.echo(result) for result in results_in(self.results)}
        self.assertEqual({"name": "{{env.HOME}}", "n": 2.5}, json.loads(seen["r2"]["body"]))
        self.assertEqual("Bearer {{env.KEY}}", seen["r2"]["headers"]["authorization"])  # what results show of a secret

    def test_an_unknown_column_stops_before_anything_is_sent(self):
        before = self.mock.stats()["requests"]
        for source, stdin in ((self.rows, b""), ("-", self.rows.read_bytes())):
            ended = run(source, "--url", self.url() + "/{{row.nam}}", stdin=stdin)
            self.assertEqual((2, ""), (ended.code, ended.out), ended.err)
            self.assertIn("no column nam, did you mean name? (the columns are id, name, n)", ended.err)
        lines = self.folder / "rows.jsonl"
        lines.write_text('# comments\n{"name": 1}\n')
        ended = run(lines, "--url", self.url() + "/{{row.nam}}", "-o", self.results)
        self.assertEqual((2, False), (ended.code, self.results.exists()))
        self.assertIn("rows.jsonl: no column nam, did you mean name? (the columns are name)", ended.err)
        self.assertEqual(before, self.mock.stats()["requests"])

    def test_rows_of_json_lines_and_sqlite(self):
        ended = run("-", "--url", self.url() + "/{{row./a/b}}", stdin=b'{"a": {"b": 12345678901234567890}}\n{"a": 1}\n')
        self.assertEqual(["bad_input", "/12345678901234567890"],
                         [r["error"]["code"] if r["error"] else self.echo(r)["target"] for r in sorted(ended.results, key=lambda r: -r["line"])])
        path = self.folder / "shop.db"
        database = sqlite3.connect(path)
        database.executescript("CREATE TABLE a (x); CREATE TABLE b (id, t); INSERT INTO b VALUES (7, 'x'), (0.1, NULL)")
        database.close()
        ended = run(f"{path}#b", "--url", self.url() + "/", "--body", '[{{row.id}}, {{row.t|}}]', "--ordered")
        self.assertEqual(['[7, "x"]', "[0.1, null]"], [self.echo(result)["body"] for result in ended.results], ended.err)

    def test_flags_about_rows_need_a_template(self):
        for flags in (["--id-from", "id"], ["--body", "{}"], ["--header", "X: {{row.a}}"], ["--dry-run", "x"]):
            ended = run(self.rows, *flags)
            self.assertEqual(2, ended.code)
            self.assertIn("--url TEMPLATE", ended.err)


if __name__ == "__main__":
    unittest.main()
