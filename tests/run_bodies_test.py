"""`plait run` with large bodies: saved answers, streamed files, forms."""

import hashlib
import json
import shutil
import stat
import unittest
import zlib

from support.program import Mock, MockTest, RunTest, plait, wait_until
from support.servers import Deciding, Rogue, response
from support.small_disk import SmallDisk

LARGE = b"0123456789abcdef" * (200 * 1024)  # 3.1 MiB


def sized(path, times):
    return response(200, body=LARGE if "large" in path else b"small")


class SavedBodies(RunTest):
    def setUp(self):
        super().setUp()
        self.bodies = self.folder / "bodies"

    def run_two(self, server, *arguments):
        return self.run_lines({"custom_id": "a/large", "url": f"{server.url}/large"}, {"custom_id": "small", "url": f"{server.url}/small"},
                              arguments=["--ordered", "--save-bodies", self.bodies, *arguments])

    def test_a_large_body_is_saved_by_each_method(self):
        for method in ("sync", "threads", "async", "processes"):
            with self.subTest(method=method), Rogue(Deciding(sized)) as server:
                ended = self.run_two(server, "--method", method)
                self.assertEqual(0, ended.code, ended.err)
                large, small = (result["response"] for result in ended.results)
                self.assertEqual((str(self.bodies / "a%2Flarge"), len(LARGE)), (large["body_file"], large["body_bytes"]))
                self.assertFalse({"body", "body_text", "body_base64"} & large.keys())
                self.assertEqual("small", small["body_text"])
                self.assertEqual([self.bodies / "a%2Flarge"], list(self.bodies.iterdir()))
                self.assertEqual(LARGE, (self.bodies / "a%2Flarge").read_bytes())
                self.assertEqual(0o600, stat.S_IMODE((self.bodies / "a%2Flarge").stat().st_mode))
                shutil.rmtree(self.bodies)

    def test_large_bodies_over_http_2_are_saved_beside_small_answers(self):
        with Mock("--body-bytes", "5000000") as mock:
            lines = [line for n in range(20) for line in (
                {"custom_id": f"large-{n}", "url": f"{mock.url}/{n}"},
                *({"custom_id": f"small-{n}-{m}", "url": f"{mock.url}/delay/0/10"} for m in range(5)))]
            ended = self.run_lines(*lines, arguments=["--http", "2", "--concurrency", "64", "--save-bodies", self.bodies])
        self.assertEqual({("ok", "2")}, {(result["outcome"], (result["response"] or {}).get("http_version")) for result in ended.results})
        self.assertEqual({f"large-{n}" for n in range(20)}, {path.name for path in self.bodies.iterdir()})
        self.assertEqual({b"x" * 5_000_000}, {path.read_bytes() for path in self.bodies.iterdir()})

    def test_the_limit_of_what_stays_in_the_results_can_be_set(self):
        with Rogue(Deciding(sized)) as server:
            ended = self.run_two(server, "--inline-max", "4")
        self.assertEqual({"a%2Flarge", "small"}, {path.name for path in self.bodies.iterdir()})
        self.assertEqual([len(LARGE), 5], [result["response"]["body_bytes"] for result in ended.results])

    def test_max_body_holds_for_saved_bodies_when_it_is_given(self):
        with Rogue(Deciding(sized)) as server:
            ended = self.run_two(server, "--max-body", "2M")
        self.assertEqual(["failed", "ok"], [result["outcome"] for result in ended.results])
        self.assertEqual("too_large", ended.results[0]["error"]["code"])
        self.assertEqual([], list(self.bodies.iterdir()))

    def test_an_answer_that_is_retried_leaves_no_file(self):
        decide = Deciding(lambda path, times: response(503 if times == 1 else 200, [("Retry-After", "0")], LARGE))
        with Rogue(decide) as server:
            ended = self.run_two(server, "--attempts", "2")
        self.assertEqual(0, ended.code, ended.err)
        self.assertEqual({"a%2Flarge", "small"}, {path.name for path in self.bodies.iterdir()})

    def test_expectations_see_a_saved_body(self):
        text = json.dumps({"fill": "x" * 2_000_000, "ok": False}).encode()
        with Rogue(Deciding(lambda path, times: response(200, [("Content-Type", "application/json")], text))) as server:
            ended = self.run_lines({"url": server.url, "expect": {"json": [{"path": "/ok", "is": True}]}}, arguments=["--save-bodies", self.bodies])
        result = self.only_result(ended)
        self.assertEqual(("rejected", "/ok is false, not true"), (result["outcome"], result["error"]["message"]))

    def test_a_full_disk_stops_the_run_which_can_be_resumed(self):
        with SmallDisk(2 * 1024 * 1024) as disk, Rogue(Deciding(sized)) as server:
            lines = self.requests({"custom_id": "small", "url": f"{server.url}/small"}, {"custom_id": "large", "url": f"{server.url}/large"})
            results = self.folder / "results.jsonl"
            command = ["run", lines, "-o", results, "--save-bodies"]
            ended = plait(*command, disk / "bodies")
            self.assertEqual(3, ended.code, ended.err)
            self.assertIn("No space left on device", ended.err)
            self.assertEqual([], list((disk / "bodies").iterdir()))
            shutil.rmtree(disk / "bodies")
            (self.folder / "roomy").mkdir()
            (disk / "bodies").symlink_to(self.folder / "roomy")
            ended = plait(*command, disk / "bodies")
            self.assertEqual(0, ended.code, ended.err)
            self.assertEqual(LARGE, (self.folder / "roomy" / "large").read_bytes())

    def test_a_folder_that_can_not_be_used_is_named_before_anything_is_sent(self):
        (self.folder / "file").write_text("")
        with Rogue(Deciding(sized)) as server:
            ended = self.run_lines({"url": server.url}, arguments=["--save-bodies", self.folder / "file"])
            self.assertEqual(0, server.connections)
        self.assertEqual(2, ended.code)
        self.assertIn(str(self.folder / "file"), ended.err)

    def test_a_limit_for_inline_bodies_needs_a_folder(self):
        ended = plait("run", "http://127.0.0.1:9/", "--inline-max", "1k")
        self.assertEqual(2, ended.code)
        self.assertIn("--save-bodies", ended.err)


class Uploads(MockTest):
    def echo(self, **line):
        return self.only_result(self.run_lines({"url": self.url("/echo"), **line}))["response"]["body"]

    def test_a_form_with_files(self):
        (self.folder / "a.txt").write_text("from a file")
        echo = self.echo(multipart=[{"name": "purpose", "value": "batch"}, {"name": "file", "file": str(self.folder / "a.txt"), "type": "text/plain"}])
        kind, boundary = echo["headers"]["content-type"].split("; boundary=")
        self.assertEqual("multipart/form-data", kind)
        self.assertEqual(f'--{boundary}\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nbatch\r\n'
                         f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\nContent-Type: text/plain\r\n\r\n'
                         f"from a file\r\n--{boundary}--\r\n", echo["body"])

    def test_a_large_file_is_sent_whole_by_each_method(self):
        large = self.folder / "large.bin"
        large.write_bytes(LARGE)
        seen = []

        def digest(peer):
            peer.request()
            seen.append(hashlib.sha256(peer.body).hexdigest())
            peer.send(response())

        for method in ("async", "processes"):
            with self.subTest(method=method), Rogue(digest) as server:
                ended = self.run_lines({"url": server.url, "body_file": str(large)}, arguments=["--method", method])
                self.assertEqual(0, ended.code, ended.out + ended.err)
        self.assertEqual([hashlib.sha256(LARGE).hexdigest()] * 2, seen)


class Asking(RunTest):
    """A large body is sent only when the server wants it."""

    def setUp(self):
        super().setUp()
        self.large = self.folder / "large.bin"
        self.large.write_bytes(LARGE)

    def post(self, server, *arguments, count=1):
        lines = [{"url": server.url, "body_file": str(self.large)}] * count
        return self.run_lines(*lines, arguments=["--concurrency", "1", *arguments])

    def head_of(self, peer):
        """Reads a head alone."""
        head = b""
        while b"\r\n\r\n" not in head and not peer.ended:
            head += peer.read()
        return head

    def test_the_body_follows_when_the_server_says_so(self):
        seen = []

        def script(peer):
            head = self.head_of(peer)
            seen.append(head)
            peer.send(b"HTTP/1.1 100 Continue\r\n\r\n")
            body = b""
            while len(body) < len(LARGE) and not peer.ended:
                body += peer.read()
            seen.append(body)
            peer.send(response())

        with Rogue(script) as server:
            ended = self.post(server)
        self.assertEqual(0, ended.code, ended.err)
        self.assertTrue(seen[0].endswith(b"\r\nExpect: 100-continue\r\n\r\n"), seen[0])
        self.assertEqual(LARGE, seen[1])

    def test_no_byte_of_the_body_is_sent_when_the_server_refuses(self):
        rest = []

        def script(peer):
            self.head_of(peer)
            peer.send(response(413))
            rest.append(peer.read())

        with Rogue(script) as server:
            ended = self.post(server)
            wait_until(lambda: rest, "the end of the connection")
        result = self.only_result(ended)
        self.assertEqual(("rejected", 413), (result["outcome"], result["response"]["status_code"]))
        self.assertEqual([b""], rest)

    def test_a_server_that_says_nothing_gets_the_body_after_a_second_and_is_not_asked_again(self):
        with Rogue(Deciding(lambda path, times: response())) as server:
            ended = self.post(server, count=2)
            self.assertEqual(0, ended.code, ended.err)
            self.assertEqual([True, False], [b"Expect:" in head for head in server.heads])

    def test_a_server_that_refuses_to_be_asked_is_not_asked_again(self):
        def script(peer):
            while head := self.head_of(peer):
                if b"Expect:" in head:
                    peer.send(response(417))
                    return
                received = len(head.partition(b"\r\n\r\n")[2])
                while received < len(LARGE):
                    received += len(peer.read())
                peer.send(response())

        with Rogue(script) as server:
            ended = self.post(server, count=2)
            self.assertEqual((0, 2), (ended.code, server.connections), ended.out + ended.err)


class Streams(RunTest):
    HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n"
    EVENTS = b"13\r\ndata: one\ndata: 1\n\n\r\n"

    def test_a_stream_ends_at_the_named_event_although_the_server_goes_on(self):
        def script(peer):
            peer.request()
            peer.send(self.HEAD + self.EVENTS + b"e\r\ndata: [DONE]\n\n\r\n")
            peer.wait_for_the_end()

        for method in ("async", "processes"):
            with self.subTest(method=method), Rogue(script) as server:
                ended = self.run_lines({"url": server.url}, arguments=["--until-event", "[DONE]", "--method", method])
                self.assertEqual(0, ended.code, ended.err)
                self.assertEqual("data: one\ndata: 1\n\ndata: [DONE]\n\n", self.only_result(ended)["response"]["body_text"])

    def test_a_connection_is_kept_when_the_stream_ends_with_its_event(self):
        with Rogue(Deciding(lambda path, times: self.HEAD + b"e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n")) as server:
            ended = self.run_lines({"url": server.url}, {"url": server.url}, arguments=["--until-event", "[DONE]", "--concurrency", "1"])
            self.assertEqual((0, 1), (ended.code, server.connections), ended.err)

    def test_what_had_come_of_a_stream_is_reported_when_the_time_is_up(self):
        def script(peer):
            peer.request()
            peer.send(self.HEAD + self.EVENTS)
            peer.wait_for_the_end()

        for method, limit in (("async", "timeout"), ("processes", "timeout"), ("async", "deadline"), ("threads", "deadline"),
                              ("processes", "deadline"), ("sync", "deadline")):
            with self.subTest(method=method, limit=limit), Rogue(script) as server:
                ended = self.run_lines({"url": server.url, "method": "POST", "body": "go"}, arguments=[f"--{limit}", "300ms", "--method", method])
                result = self.only_result(ended)
                self.assertEqual(("unknown", limit, None), (result["outcome"], result["error"]["code"], result["response"]))
                self.assertEqual((200, "data: one\ndata: 1\n\n"), (result["partial"]["status_code"], result["partial"]["body_text"]))

    def test_a_part_of_a_compressed_stream_is_decompressed(self):
        packer = zlib.compressobj(wbits=31)
        packed = packer.compress(b"data: one\n\ndata: two\n\n") + packer.flush(zlib.Z_SYNC_FLUSH)

        def script(peer):
            peer.request()
            peer.send(self.HEAD.replace(b"Transfer", b"Content-Encoding: gzip\r\nTransfer") + b"%x\r\n%s\r\n" % (len(packed), packed))
            peer.wait_for_the_end()

        with Rogue(script) as server:
            result = self.result_of(server.url, "--deadline", "300ms")
        self.assertEqual(("gzip", "data: one\n\ndata: two\n\n"), (result["partial"]["decoded"], result["partial"]["body_text"]))

    def test_a_part_of_another_answer_is_not_reported(self):
        def script(peer):
            peer.request()
            peer.send(self.HEAD.replace(b"text/event-stream", b"application/json") + self.EVENTS)
            peer.wait_for_the_end()

        with Rogue(script) as server:
            ended = self.run_lines({"url": server.url}, arguments=["--timeout", "300ms"])
        self.assertNotIn("partial", self.only_result(ended))


if __name__ == "__main__":
    unittest.main()
