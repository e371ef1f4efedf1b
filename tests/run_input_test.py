"""`plait run`: valid requests, and the results of invalid ones."""

import base64
import contextlib
import gzip
import json
import lzma
import os
import re
import sqlite3
import unittest

from support.program import MockTest, RunTest, plait, results_in
from support.servers import Deciding, Rogue, keeping, response


def stored_as_zstd(data):
    """Returns data of less than 128 KiB as a zstd frame with one uncompressed block (RFC 8878, section 3.1)."""
    single_segment_with_four_bytes_of_size = 0xA0
    last_block = 1
    return (b"\x28\xb5\x2f\xfd" + bytes([single_segment_with_four_bytes_of_size]) + len(data).to_bytes(4, "little") +
            (len(data) << 3 | last_block).to_bytes(3, "little") + data)


class Input(MockTest):
    def echo(self, **line):
        """Sends one request line to the mock; returns the request as the mock received it."""
        result = self.only_result(self.run_lines({"url": self.url("/echo"), **line}))
        self.assertEqual("ok", result["outcome"], result)
        return result["response"]["body"]


class Sources(Input):
    def test_a_json_lines_file_gives_one_result_line_each(self):
        ended = self.run_lines(*[{"custom_id": f"row-{n}", "url": self.url(f"/{n}")} for n in range(20)])
        self.assertEqual(0, ended.code, ended.err)
        self.assertEqual({f"row-{n}" for n in range(20)}, {result["custom_id"] for result in ended.results})
        self.assertEqual({"ok"}, {result["outcome"] for result in ended.results})

    def test_a_text_file_of_urls_skips_blank_lines_and_counts_them(self):
        path = self.folder / "urls.txt"
        path.write_text(f"{self.url('/1')}\n\n{self.url('/2')}")
        ended = plait("run", path, "--ordered")
        self.assertEqual([("line-1", 1), ("line-3", 3)], [(r["custom_id"], r["line"]) for r in ended.results])

    def test_urls_as_arguments(self):
        ended = plait("run", self.url("/1"), self.url("/2"), "--ordered")
        self.assertEqual(["line-1", "line-2"], [result["custom_id"] for result in ended.results])

    def test_standard_input(self):
        ended = plait("run", "-", stdin=json.dumps({"url": self.url("/")}).encode() + b"\n")
        self.assertEqual(["ok"], [result["outcome"] for result in ended.results])

    def test_comments_are_skipped_and_counted(self):
        for name, line in (("requests.jsonl", json.dumps({"url": self.url("/")})), ("urls.txt", self.url("/"))):
            path, results = self.folder / name, self.folder / f"{name}.results"
            path.write_text(f"# one\n{line}\n\n  # two\n{line}\n")
            ended = plait("run", path, "-o", results)
            self.assertEqual(0, ended.code, ended.err)
            self.assertEqual({2, 5}, {result["line"] for result in results_in(results)})
            self.assertEqual(2, json.loads(plait("status", results, "--json").out)["report"]["total"])
            self.assertEqual(0, plait("verify", path, results).code)

    def compressed(self, lines):
        """Yields the name of each compression, and these lines compressed with it, in two parts."""
        half = len(lines) // 2
        for name, pack in (("gzip", gzip.compress), ("zstd", stored_as_zstd)):
            yield name, pack(b"".join(lines[:half])) + pack(b"".join(lines[half:]))

    def test_a_compressed_file_is_decompressed(self):
        lines = [json.dumps({"custom_id": f"row-{n}", "url": self.url(f"/{n}")}).encode() + b"\n" for n in range(20)]
        for name, packed in self.compressed(lines):
            with self.subTest(name):
                path, results, again = (self.folder / f"{name}-{what}" for what in ("requests", "results", "again"))
                path.write_bytes(packed)
                self.assertIn("20 calls", plait("check", path).out)
                self.assertEqual(20, len(plait("run", "-", stdin=packed).results))
                self.assertEqual(0, plait("run", path, "-o", results).code)
                self.assertEqual(20, json.loads(plait("status", results, "--json").out)["report"]["total"])
                self.assertEqual(0, plait("verify", path, results).code)
                self.assertEqual(0, plait("retry", results, "--where", "line > 18", "-o", again).code)
                self.assertEqual(lines[18:], again.read_bytes().splitlines(keepends=True))

    def test_a_run_resumes_with_lines_appended_to_a_compressed_file(self):
        lines = [json.dumps({"url": self.url(f"/{n}")}).encode() + b"\n" for n in range(6)]
        for name, packed in self.compressed(lines[:4]):
            with self.subTest(name):
                path, results = self.folder / f"{name}-requests", self.folder / f"{name}-results"
                path.write_bytes(packed)
                self.assertEqual(0, plait("run", path, "-o", results).code)
                path.write_bytes(packed + dict(self.compressed(lines[4:]))[name])
                self.assertIn("2 lines were appended", plait("run", path, "-o", results).err)
                self.assertEqual(0, plait("run", path, "-o", results, "--extend").code)
                path.write_bytes(b"".join(lines))  # decompressed in the meantime, it has the same lines
                self.assertEqual(0, plait("run", path, "-o", results).code)
                self.assertEqual([1, 2, 3, 4, 5, 6], sorted(result["line"] for result in results_in(results)))

    def test_a_truncated_compressed_file_is_an_error_and_nothing_is_sent(self):
        before = self.mock.stats()["requests"]
        for name, packed in self.compressed([json.dumps({"url": self.url("/")}).encode() + b"\n"] * 10):
            path, results = self.folder / f"{name}-requests", self.folder / f"{name}-results"
            path.write_bytes(packed[:-4])
            ended = plait("run", path, "-o", results)
            self.assertEqual(2, ended.code, ended.err)
            self.assertIn(f"{path} can't be decompressed: it is truncated", ended.err)
            self.assertEqual([], list(self.folder.glob(f"{name}-results*")))
        self.assertEqual(before, self.mock.stats()["requests"])

    def test_calls_from_a_truncated_pipe_are_made_and_the_truncation_is_an_error(self):
        packed = gzip.compress(self.url("/").encode() + b"\n") + gzip.compress(self.url("/").encode() + b"\n")[:-4]
        ended = plait("run", "-", stdin=packed)
        self.assertEqual((2, "ok"), (ended.code, ended.results[0]["outcome"]), ended.err)
        self.assertIn("standard input can't be decompressed: it is truncated", ended.err)

    def test_a_file_of_another_kind_is_refused_in_one_sentence(self):
        line = json.dumps({"url": self.url("/")}) + "\n"
        path, results = self.folder / "requests", self.folder / "results"
        for content, word in ((line.encode("utf-16"), "UTF-16"), (line.encode("utf-16-be"), "UTF-16"), (lzma.compress(b"a"), "xz -dc")):
            path.write_bytes(content)
            ended = plait("run", path, "-o", results)
            self.assertEqual((2, 1), (ended.code, ended.err.count("\n")), ended.err)
            self.assertIn(word, ended.err)
            self.assertEqual([], list(self.folder.glob("results*")))
            ended = plait("run", "-", stdin=content)
            self.assertEqual((2, ""), (ended.code, ended.out), ended.err)
            self.assertIn(word, ended.err)

    def test_a_file_without_requests_is_a_run_without_calls(self):
        path = self.folder / "blank.jsonl"
        path.write_text("\n\n")
        for ended in (plait("run", path), plait("run", "-", stdin=b"\n")):
            self.assertEqual((0, ""), (ended.code, ended.out), ended.err)

    def test_standard_input_without_a_line_is_refused_as_an_empty_file_is(self):
        for more in ((), ("--url", self.url("/{{row.a}}"))):
            ended = plait("run", "-", "-o", self.folder / "r.jsonl", *more, stdin=b"")
            self.assertEqual((2, "plait: standard input is empty\n"), (ended.code, ended.err))
        self.assertFalse((self.folder / "r.jsonl").exists())

    def test_a_last_line_needs_no_line_feed_and_lines_may_end_in_crlf(self):
        path = self.folder / "requests.jsonl"
        line = json.dumps({"url": self.url("/")})
        path.write_bytes(f"{line}\r\n{line}".encode())
        self.assertEqual(["ok", "ok"], [result["outcome"] for result in plait("run", path).results])


class Fields(Input):
    def test_method_params_and_headers_are_sent(self):
        seen = self.echo(method="PUT", params={"a": "1 2", "b": "x&y"}, headers={"X-One": "1", "X-Many": ["2", "3"]})
        self.assertEqual("PUT", seen["method"])
        self.assertIn("b=x%26y", json.dumps(seen))
        sent = json.dumps(seen).lower()
        for name in ("x-one", "x-many"):
            self.assertIn(name, sent)

    def test_a_standard_method_may_be_written_in_any_case(self):
        self.assertEqual("GET", self.echo(method="get")["method"])
        self.assertEqual("PATCH", self.echo(method="Patch", body="x")["method"])
        self.assertEqual("Mkcol", self.echo(method="Mkcol")["method"])

    def test_params_are_added_to_an_existing_query(self):
        seen = self.echo(url=self.url("/echo?first=1"), params={"second": "2"})
        self.assertIn("/echo?first=1&second=2", json.dumps(seen))

    def test_a_json_body_is_sent_unchanged_and_implies_post(self):
        with Rogue(keeping()) as server:
            path = self.folder / "requests.jsonl"
            path.write_text('{"url":"%s","body":{"b":1.10, "a":[1,2]}}\n' % server.url)
            self.result_of(path)
            head = server.heads[0]
            self.assertTrue(head.startswith(b"POST / HTTP/1.1\r\n"), head)
            self.assertIn(b"content-type: application/json", head.lower())
            self.assertIn(b"content-length: %d" % len('{"b":1.10, "a":[1,2]}'), head.lower())

    def test_a_text_body_is_sent_unchanged(self):
        self.assertEqual("just text", self.echo(body="just text")["body"])

    def test_base64_sends_any_bytes(self):
        data = bytes(range(256))
        with Rogue(keeping()) as server:
            self.result_of(self.requests({"url": server.url, "body_base64": base64.b64encode(data).decode()}))
            self.assertIn(b"content-length: 256", server.heads[0].lower())

    def test_a_form_is_encoded_as_by_a_browser(self):
        seen = self.echo(form={"a": "1 2", "b": ["x&y", 3]})
        self.assertEqual(("POST", "a=1+2&b=x%26y&b=3"), (seen["method"], seen["body"]))
        self.assertIn("application/x-www-form-urlencoded", json.dumps(seen))

    def test_a_body_can_be_in_a_file(self):
        path = self.folder / "body.txt"
        path.write_text("from a file\n")
        self.assertEqual("from a file\n", self.echo(body_file=str(path))["body"])

    def test_an_idempotency_key_is_a_header_and_an_automatic_one_derives_from_the_id(self):
        with Rogue(keeping()) as server:
            ended = self.run_lines({"url": server.url, "method": "POST", "idempotency_key": "key-1"},
                                   {"url": server.url, "method": "POST", "idempotency_key": "auto"},
                                   arguments=["--method", "sync"])
            self.assertEqual(["ok", "ok"], [result["outcome"] for result in ended.results], ended.out)
            self.assertIn(b"idempotency-key: key-1", server.heads[0].lower())
            self.assertRegex(server.heads[1].lower(), rb"idempotency-key: [0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")

    def test_secrets_from_files_are_inserted_into_headers_params_and_bodies(self):
        key = self.folder / "key"
        key.write_text('s3"cret\n')
        name = "{{file.%s}}" % key
        with Rogue(keeping()) as server:
            ended = self.run_lines({"url": server.url, "headers": {"X-Key": name}, "params": {"key": name}, "body": {"key": name}},
                                   arguments=["--header", f"X-All: {name}", "--secret", f"file.{key}"])
            self.assertEqual("ok", self.only_result(ended)["outcome"])
            head = server.heads[0].lower()
            for sent in (b'x-key: s3"cret', b'x-all: s3"cret', b"?key=s3%22cret ", b"content-length: %d" % len(r'{"key": "s3\"cret"}')):
                self.assertIn(sent, head)
            self.assertNotIn("s3", ended.out + ended.err)

    def test_json_after_a_byte_order_mark_is_json(self):
        answer = response(headers=[("Content-Type", "application/json")], body=b'\xef\xbb\xbf{"done":true,"usage":{"tokens":3}}')
        with Rogue(keeping(answer)) as server:
            line = {"url": server.url, "expect": {"json": [{"path": "/done", "is": True}]}}
            result = self.only_result(self.run_lines(line, arguments=["--cost-from", "tokens=/usage/tokens"]))
        self.assertEqual("ok", result["outcome"], result)
        self.assertEqual({"done": True, "usage": {"tokens": 3}}, result["response"]["body"])

    def test_metadata_is_copied_to_the_result(self):
        metadata = {"row": 17, "deep": [1, {"a": None}]}
        result = self.only_result(self.run_lines({"url": self.url("/"), "metadata": metadata}))
        self.assertEqual(metadata, result["metadata"])

    def test_keys_that_begin_with_x_are_ignored(self):
        self.assertEqual("ok", self.only_result(self.run_lines({"url": self.url("/"), "x-note": 1}))["outcome"])

    def test_a_line_can_set_its_time_limit(self):
        result = self.only_result(self.run_lines({"url": self.url("/delay/60000"), "timeout_s": 0.05}))
        self.assertEqual("timeout", result["error"]["code"], result)


class BaseUrl(Input):
    """Base URLs and paths."""

    def test_a_path_in_both_line_and_base_url_is_used_once_and_reported(self):
        lines = [{"url": "/v1/chat/completions"}, {"url": "/v1/models"}, {"url": "/models"}]
        summary = self.folder / "summary.json"
        ended = self.run_lines(*lines, arguments=["--base-url", self.url("/echo/v1"), "--summary-json", summary, "--ordered"])
        self.assertEqual(["/echo/v1/chat/completions", "/echo/v1/models", "/echo/v1/models"],
                         [result["response"]["body"]["target"] for result in ended.results])
        self.assertEqual(1, ended.err.count("is used once"), ended.err)
        self.assertEqual(2, json.loads(summary.read_text())["urls_joined_once"])


class WholeRun(Input):
    """Flags that set the default of a field for all lines."""

    def posts_that_fail_once(self, *arguments, **line):
        """Runs a POST whose first answer is 500; returns its result and the keys of the requests."""
        with Rogue(Deciding(lambda path, times: response(status=500 if times == 1 else 200))) as server:
            path = self.requests({"url": server.url, "method": "POST", "body": {}, **line})
            result = self.only_result(plait("run", path, *arguments))
            keys = [re.search(rb"(?i)idempotency-key: (\S+)", head) for head in server.heads]
            return result, [key and key[1].decode() for key in keys]

    def test_a_post_is_sent_once(self):
        result, keys = self.posts_that_fail_once()
        self.assertEqual(("rejected", [None]), (result["outcome"], keys))

    def test_a_flag_declares_all_requests_safe_to_repeat(self):
        result, keys = self.posts_that_fail_once("--safe-to-repeat")
        self.assertEqual(("ok", [None, None]), (result["outcome"], keys), result)

    def test_a_line_overrides_the_flag(self):
        result, keys = self.posts_that_fail_once("--safe-to-repeat", "--idempotency-key", "auto", safe_to_repeat=False)
        self.assertEqual(("rejected", 1), (result["outcome"], len(keys)), result)

    def test_a_flag_gives_each_unsafe_request_its_own_key(self):
        result, keys = self.posts_that_fail_once("--idempotency-key", "auto")
        self.assertEqual(("ok", 2, 1), (result["outcome"], len(keys), len(set(keys))), result)
        self.assertRegex(keys[0], "^[0-9a-f-]{36}$")

    def test_one_key_for_all_requests_is_refused(self):
        ended = plait("run", self.url("/"), "--idempotency-key", "mine")
        self.assertEqual(2, ended.code)
        self.assertIn("'mine' is not auto", ended.err)

    def test_a_run_without_keys_can_not_be_resumed_with_keys(self):
        path, results = self.requests({"url": self.url("/"), "method": "POST"}), self.folder / "results.jsonl"
        self.assertEqual(0, plait("run", path, "-o", results).code)
        ended = plait("run", path, "-o", results, "--idempotency-key", "auto")
        self.assertEqual(2, ended.code)
        self.assertIn("--idempotency-key was not given when this run began, and is 'auto' now", ended.err)
        self.assertEqual(0, plait("run", path, "-o", results, "--safe-to-repeat").code)


class BadLines(Input):
    """An invalid line gets a result that says so, and does not affect others."""

    def expect_bad(self, line, *words):
        good = {"custom_id": "good", "url": self.url("/")}
        ended = self.run_lines(good, line, {**good, "custom_id": "good too"}, arguments=["--ordered"])
        self.assertEqual(1, ended.code, ended.err)
        self.assertEqual(3, len(ended.results), ended.out)
        before, bad, after = ended.results
        self.assertEqual(("ok", "ok"), (before["outcome"], after["outcome"]))
        self.assertEqual(("failed", 2, None), (bad["outcome"], bad["line"], bad["response"]))
        self.assertEqual("bad_input", bad["error"]["code"])
        for word in words:
            self.assertIn(word, bad["error"]["message"])

    def test_not_json(self):
        self.expect_bad("{url: nothing}")

    def test_json_that_is_not_an_object(self):
        self.expect_bad("[1, 2]")

    def test_two_objects_on_one_line(self):
        self.expect_bad('{"url":"%s"}{"url":"%s"}' % (self.url(), self.url()))

    def test_truncated_json(self):
        self.expect_bad('{"url":"%s"' % self.url())

    def test_an_unknown_field_is_named_with_the_nearest_known_one(self):
        self.expect_bad({"url": self.url(), "header": {}}, '"header"', '"headers"')

    def test_a_field_of_the_wrong_type_is_named(self):
        for field, value in (("url", 1), ("method", []), ("params", "a=b"), ("headers", 3),
                             ("timeout_s", "soon"), ("timeout_s", -1), ("body_base64", 4), ("custom_id", {}),
                             ("deadline_s", "soon"), ("retry", 3), ("idempotency_key", True), ("safe_to_repeat", "yes"),
                             ("group", ""), ("order_key", 1), ("priority", "high"), ("cost", 3), ("expect", "2xx"),
                             ("body_file", {}), ("form", "a=b")):
            self.expect_bad({"url": self.url(), field: value}, field)

    def test_a_header_of_the_wrong_type_is_named(self):
        self.expect_bad({"url": self.url(), "headers": {"X-A": 1}}, "X-A")

    def test_no_url(self):
        self.expect_bad({"custom_id": "a"}, "url")

    def test_a_url_without_a_scheme(self):
        self.expect_bad({"url": "api.example/items"}, "api.example/items", "scheme")

    def test_a_scheme_that_is_not_http(self):
        self.expect_bad({"url": "ftp://api.example/"}, "ftp")

    def test_a_url_with_a_brace_or_a_bad_port(self):
        for url in ("http://api.example/{b}", "http://api.example:99999/", "http://:80/", "http://[::1/"):
            self.expect_bad({"url": url})

    def test_a_method_that_is_not_a_token(self):
        self.expect_bad({"url": self.url(), "method": "GET /\r\nX: y"}, "method")

    def test_invalid_base64(self):
        self.expect_bad({"url": self.url(), "body_base64": "a*b="}, "body_base64")

    def test_two_bodies(self):
        self.expect_bad({"url": self.url(), "body": 1, "body_base64": "YQ=="}, "body", "body_base64")
        self.expect_bad({"url": self.url(), "form": {}, "body_file": "x"}, "form", "body_file")

    def test_a_body_file_that_is_missing_is_named(self):
        self.expect_bad({"url": self.url(), "body_file": "none.bin"}, "none.bin", "No such file")

    def test_a_line_feed_in_a_header_is_never_sent(self):
        with Rogue(keeping()) as server:
            for name, value in (("X-A", "1\r\nX-B: 2"), ("X-A", "1\nX-B: 2"), ("X-A", "1\0"), ("X-A\r\nX-B", "1"), ("", "1"), ("X A", "1")):
                self.expect_bad({"url": server.url, "headers": {name: value}}, "header")
            self.assertEqual([], server.heads)

    def test_not_utf_8(self):
        path = self.folder / "requests.jsonl"
        good = json.dumps({"url": self.url("/")}).encode()
        path.write_bytes(good + b"\n" + good[:-1] + b',"custom_id":"\xff"}\n' + good + b"\n")
        ended = plait("run", path, "--ordered")
        self.assertEqual(["ok", "failed", "ok"], [result["outcome"] for result in ended.results], ended.err)
        self.assertIn("UTF-8", ended.results[1]["error"]["message"])

    def test_a_duplicate_id_is_an_error_that_names_both_lines(self):
        line = {"custom_id": "twin", "url": self.url("/")}
        ended = self.run_lines(line, {"url": self.url("/")}, line, arguments=["--ordered"])
        self.assertEqual(["ok", "ok", "failed"], [result["outcome"] for result in ended.results])
        message = ended.results[2]["error"]["message"]
        for word in ("twin", "1", "3"):
            self.assertIn(word, message)

    def test_an_endless_line_is_refused_in_bounded_memory(self):
        path = self.folder / "requests.jsonl"
        with path.open("wb") as file:
            file.truncate(1 << 30)  # A sparse gigabyte of zeros, which takes no disk space.
        process = plait("run", path)
        self.assertEqual(1, process.code, process.err)
        self.assertEqual("bad_input", self.only_result(process)["error"]["code"])

    def test_a_bad_url_in_a_text_file(self):
        path = self.folder / "urls.txt"
        path.write_text(f"{self.url('/')}\nnonsense\n")
        ended = plait("run", path, "--ordered")
        self.assertEqual(["ok", "failed"], [result["outcome"] for result in ended.results])

    def test_a_run_of_only_bad_lines_does_not_hold_the_next_one_to_its_options(self):
        requests, results = self.requests("/a", "/b"), self.folder / "results.jsonl"
        self.assertEqual(["failed"] * 2, [result["outcome"] for result in self.results_of_run(requests, results, 1)])
        found = self.results_of_run(requests, results, 0, "--base-url", self.url())
        self.assertEqual(["ok"] * 2, [result["outcome"] for result in found])
        ended = plait("run", requests, "-o", results, "--base-url", self.url("/other"))
        self.assertIn("--base-url was", ended.err)

    def results_of_run(self, requests, results, code, *flags):
        ended = plait("run", requests, "-o", results, *flags)
        self.assertEqual(code, ended.code, ended.err)
        return results_in(results)


class Strict(Input):
    def test_nothing_at_all_is_sent_when_a_line_is_bad(self):
        before = self.mock.stats()["requests"]
        good = {"custom_id": "twin", "url": self.url("/")}
        for bad, words in ((good, 'custom_id "twin" is already used by line 1'), ({"uri": "/"}, "line 2, column"), ("{", "line 2")):
            ended = self.run_lines(good, bad, arguments=["--strict"])
            self.assertEqual((2, ""), (ended.code, ended.out), ended.err)
            self.assertIn("nothing was sent (--strict)", ended.err)
            self.assertIn(words, ended.err)
        self.assertEqual(before, self.mock.stats()["requests"])

    def test_good_lines_are_sent(self):
        self.assertEqual("ok", self.only_result(self.run_lines({"url": self.url("/")}, arguments=["--strict"]))["outcome"])

    def test_standard_input_can_be_read_only_once(self):
        ended = plait("run", "-", "--strict", stdin=json.dumps({"url": self.url("/")}).encode())
        self.assertEqual(2, ended.code)
        self.assertIn("standard input", ended.err)


class BadFiles(RunTest):
    def test_a_file_of_another_kind_is_refused_before_anything_is_written(self):
        results = self.folder / "results.jsonl"
        database = self.folder / "rows.sqlite"
        with contextlib.closing(sqlite3.connect(database)) as connection:
            connection.execute("CREATE TABLE rows (id)")
            connection.commit()
        texts = (("id,name\n1,a\n", "looks like CSV: make requests of its rows with --url TEMPLATE"),
                 ('{"custom_id":"a","params":{"model":"m"}}\n', "looks like an Anthropic batch: --format anthropic-batch"),
                 ('{"custom_id":"a","url":"/v1/chat/completions","body":{}}\n', "without a server: name it with --base-url"),
                 ("id\n1\n2\n", "its first line, 'id', is neither a URL nor JSON. Is it the name of a column of CSV?"),
                 (None, "is an SQLite database: make requests of its rows with --url TEMPLATE"))
        for text, sentence in texts:
            file = self.folder / "requests" if text else database
            if text:
                file.write_text(text)
            ended = plait("run", file, "-o", results)
            self.assertEqual((2, 1), (ended.code, len(ended.err.splitlines())), ended.err)
            self.assertIn(sentence, ended.err)
            self.assertEqual([], list(self.folder.glob("results*")))

    def test_the_summary_has_the_first_line_that_is_refused(self):
        ended = plait("run", "-", stdin=b"no/pe\n")
        self.assertIn("  errors   bad_input 1\n  such as  line 1: URL 'no/pe': no scheme", ended.err)

    def expect_refused(self, *arguments, words):
        ended = plait("run", *arguments)
        self.assertEqual((2, ""), (ended.code, ended.out), ended.err)
        for word in words:
            self.assertIn(word, ended.err)

    def test_a_missing_file(self):
        self.expect_refused(self.folder / "none.jsonl", words=["none.jsonl", "No such file"])

    def test_an_empty_file(self):
        path = self.folder / "empty.jsonl"
        path.touch()
        self.expect_refused(path, words=["empty.jsonl", "empty"])

    def test_a_folder(self):
        self.expect_refused(self.folder, words=[str(self.folder), "directory"])

    @unittest.skipIf(os.geteuid() == 0, "root may read everything")
    def test_a_file_without_read_permission(self):
        path = self.requests({"url": "http://localhost/"})
        path.chmod(0)
        self.expect_refused(path, words=["Permission denied"])


if __name__ == "__main__":
    unittest.main()
