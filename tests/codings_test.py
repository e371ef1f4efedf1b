"""`plait run` with compressed answers: whole, cut, damaged, and larger than they look."""

import base64
import gzip
import json
import tempfile
import unittest
import urllib.request
import zlib

from support.http2_servers import CodingApache, CodingLighttpd
from support.program import Mock, MockTest, RunTest, plait
from support.servers import Deciding, Nginx, Rogue, response

TEXT = json.dumps([{"id": n, "name": f"item {n * 2654435761 % 4294967296}"} for n in range(1000)])
JSON = ("Content-Type", "application/json")


def coded(names, body, status=200):
    """Returns an answer with a body in these codings; several strings are several lines."""
    lines = [names] if isinstance(names, str) else names
    return response(status, [JSON, *[("Content-Encoding", line) for line in lines]], body)


def raw_deflate(data):
    compressor = zlib.compressobj(wbits=-15)
    return compressor.compress(data) + compressor.flush()


class Codings(RunTest):
    def results(self, answers, *arguments):
        """Returns the result of a request for each answer, by name."""
        with Rogue(Deciding(lambda path, times: answers[path[1:]])) as server:
            lines = [{"custom_id": name, "url": f"{server.url}/{name}"} for name in answers]
            ended = self.run_lines(*lines, arguments=arguments)
        return {result["custom_id"]: result for result in ended.results}

    def test_whole_answers_are_decompressed(self):
        data = TEXT.encode()
        packed = gzip.compress(data)
        results = self.results({
            "gzip": coded("gzip", packed), "x-gzip": coded("x-gzip", packed), "capitals": coded("GZIP", packed),
            "identity": coded("gzip, identity", packed), "deflate": coded("deflate", zlib.compress(data)),
            "raw": coded("deflate", raw_deflate(data)), "padded": coded("gzip", packed + bytes(16)),
            "members": coded("gzip", gzip.compress(data[:7]) + gzip.compress(data[7:])),
            "chain": coded("gzip, deflate", zlib.compress(packed)), "lines": coded(["gzip", "deflate"], zlib.compress(packed))})
        for name, result in results.items():
            with self.subTest(name):
                self.assertEqual("ok", result["outcome"], result)
                self.assertEqual(json.loads(TEXT), result["response"]["body"])
                self.assertNotIn("undecoded", result["response"])
        self.assertEqual("gzip, deflate", results["lines"]["response"]["decoded"])
        self.assertEqual("gzip", results["gzip"]["response"]["headers"]["content-encoding"])

    def test_cut_and_damaged_answers_are_errors(self):
        packed = gzip.compress(TEXT.encode())
        deflated = zlib.compress(TEXT.encode())
        answers = {"half": coded("gzip", packed[:len(packed) // 2]), "no-trailer": coded("gzip", packed[:-8]),
                   "last-byte": coded("gzip", packed[:-1]), "no-sum": coded("deflate", deflated[:-4]),
                   "deflate-half": coded("deflate", deflated[:len(deflated) // 2]),
                   "inner": coded("gzip, deflate", zlib.compress(packed[:-1])),
                   "outer": coded("gzip, deflate", zlib.compress(packed)[:-1]),
                   "wrong-sum": coded("gzip", packed[:-8] + b"abcd" + packed[-4:]), "junk": coded("gzip", packed + b"junk"),
                   "plain": coded("gzip", TEXT.encode())}
        for name, result in self.results(answers).items():
            with self.subTest(name):
                self.assertEqual(("failed", "protocol", None), (result["outcome"], result["error"]["code"], result["response"]))
                self.assertIn("the body can't be decoded: its ", result["error"]["message"])
                self.assertTrue(result["error"]["retryable"])

    def test_a_cut_answer_is_asked_for_again_and_a_post_is_unknown(self):
        packed = gzip.compress(TEXT.encode())
        with Rogue(Deciding(lambda path, times: coded("gzip", packed[:-8] if times == 1 else packed))) as server:
            ended = self.run_lines({"url": f"{server.url}/get"}, {"url": f"{server.url}/post", "method": "POST", "body": "pay"},
                                   arguments=["--attempts", "2", "--ordered"])
        got, posted = ended.results
        self.assertEqual(("ok", 2), (got["outcome"], len(got["attempts"])))
        self.assertEqual(("unknown", 1), (posted["outcome"], len(posted["attempts"])))

    def test_answers_in_unknown_codings_stay_as_they_are(self):
        bytes_of = {"foo": b"anything", "compress": b"\x1f\x9d", "gzip, foo": gzip.compress(b"a"), ", ".join(["gzip"] * 6): b"many"}
        for names, body in bytes_of.items():
            with self.subTest(names):
                result = self.results({"it": coded(names, body)}, "--body", "base64")["it"]
                self.assertEqual("ok", result["outcome"])
                self.assertEqual((names, body), (result["response"]["undecoded"], base64.b64decode(result["response"]["body_base64"])))
                self.assertNotIn("decoded", result["response"])

    def test_parts_and_bodies_that_nobody_wants_decompressed_stay_as_they_are(self):
        packed = gzip.compress(TEXT.encode())
        for status, arguments in ((206, []), (200, ["--no-decode"])):
            result = self.results({"it": coded("gzip", packed, status)}, "--body", "base64", *arguments)["it"]
            self.assertEqual(("gzip", packed), (result["response"]["undecoded"], base64.b64decode(result["response"]["body_base64"])))

    def test_empty_answers_and_those_without_a_body_are_fine(self):
        lines = [("GET", 200, "gzip"), ("GET", 200, "br, zstd"), ("HEAD", 200, "gzip"), ("GET", 204, "gzip"), ("GET", 304, "gzip")]
        for method, status, names in lines:
            with self.subTest(method=method, status=status), Rogue(Deciding(lambda path, times: coded(names, b"", status))) as server:
                result = self.only_result(self.run_lines({"url": server.url, "method": method, "expect": {"status": status}}))
                self.assertEqual("ok", result["outcome"], result)

    def test_what_is_asked_for(self):
        def asked(line, *arguments):
            with Rogue(Deciding(lambda path, times: response())) as server:
                self.run_lines({"url": server.url, **line}, arguments=arguments)
                names = [line.split(b": ")[1].decode() for line in server.heads[0].split(b"\r\n") if line.lower().startswith(b"accept-encoding")]
            return names
        self.assertEqual(["gzip, deflate, br, zstd"], asked({}))
        self.assertEqual([], asked({}, "--no-decode"))
        self.assertEqual(["identity"], asked({"headers": {"Range": "bytes=0-9"}}))
        self.assertEqual([], asked({"headers": {"Range": "bytes=0-9"}}, "--no-decode"))
        self.assertEqual(["identity"], asked({"headers": {"accept-encoding": "identity"}}))
        self.assertEqual(["br"], asked({}, "--header", "Accept-Encoding: br"))

    def test_limits_count_what_is_decompressed(self):
        packed = gzip.compress(TEXT.encode())
        zeros = gzip.compress(gzip.compress(bytes(50_000_000)))
        for answer, arguments, why in ((coded("gzip", packed), ["--max-body", str(len(TEXT) - 1)], "--max-body"),
                                       (coded("gzip, gzip", zeros), [], "more than 1100 times its size")):
            result = self.results({"it": answer}, *arguments)["it"]
            self.assertEqual(("failed", "too_large"), (result["outcome"], result["error"]["code"]))
            self.assertIn(why, result["error"]["message"])

    def test_each_method_says_what_was_decompressed(self):
        answer = coded("gzip", gzip.compress(b"[1]"))
        for method in ("sync", "threads", "async", "processes"):
            response = self.results({"it": answer}, "--method", method)["it"]["response"]
            self.assertEqual(("gzip", [1]), (response["decoded"], response["body"]), method)

    def test_a_run_is_not_resumed_with_the_other_setting(self):
        with Rogue(Deciding(lambda path, times: response())) as server:
            requests = self.requests({"url": server.url})
            self.assertEqual(0, plait("run", requests, "-o", self.folder / "results").code)
            ended = plait("run", requests, "-o", self.folder / "results", "--no-decode")
        self.assertEqual(2, ended.code)
        self.assertIn("--no-decode", ended.err)

    def test_nginx_compresses_and_plait_decompresses(self):
        with tempfile.TemporaryDirectory(prefix="plait-") as folder:
            with open(f"{folder}/items.json", "w") as file:
                file.write(TEXT)
            with Nginx(folder, f"""listen 127.0.0.1:{{http}}; root {folder}; types {{ application/json json; }}
                                   gzip on; gzip_types application/json; gzip_min_length 1;""") as nginx:
                result = self.result_of(f"http://127.0.0.1:{nginx.http}/items.json")
        self.assertEqual("gzip", result["response"]["decoded"], result)
        self.assertEqual(json.loads(TEXT), result["response"]["body"])


class AgainstTheMock(MockTest):
    CODINGS = ("gzip", "deflate", "br", "zstd", "gzip,br", "br,zstd,deflate,gzip", "gzip,gzip,gzip,gzip,gzip")

    def test_whole_answers_in_each_coding(self):
        lines = [{"url": self.url(f"/coded/{codings}{flaw}"), "headers": {"X-Text": "x" * 1000}} for codings in self.CODINGS for flaw in ("", "/lines")]
        for result in self.run_lines(*lines, arguments=["--ordered"]).results:
            self.assertEqual(("ok", "GET"), (result["outcome"], result["response"]["body"]["method"]), result)
            self.assertEqual(result["response"]["body"]["target"].split("/")[2], result["response"]["decoded"].replace(", ", ","))

    def test_spoilt_answers_in_each_coding(self):
        flaws = ("cut", "no-end", "damaged", "junk", "plain")
        lines = [{"url": self.url(f"/coded/{codings}/{flaw}"), "headers": {"X-Text": "x" * 1000}} for codings in self.CODINGS for flaw in flaws
                 if (codings, flaw) != ("br", "damaged")]  # brotli has no check sum
        for line, result in zip(lines, self.run_lines(*lines, arguments=["--ordered"]).results):
            self.assertEqual(("failed", "protocol"), (result["outcome"], result["error"] and result["error"]["code"]), line["url"])

    def test_faults_at_random_are_repeated(self):
        lines = [{"url": self.url(f"/fault/{fault}/{n}")} for n, fault in enumerate(("cut-gzip", "bad-gzip"))]
        for result in self.run_lines(*lines, arguments=["--attempts", "2"]).results:
            self.assertEqual(("failed", "protocol", 2), (result["outcome"], result["error"]["code"], len(result["attempts"])))

    def test_a_bomb_and_an_unknown_coding(self):
        for codings, arguments in (("br", ()), ("zstd", ()), ("gzip", ("--max-body", "10M"))):
            result = self.result_of(self.url(f"/coded/{codings}/bomb"), *arguments)
            self.assertEqual(("failed", "too_large"), (result["outcome"], result["error"]["code"]))
        self.assertEqual("x-plait, gzip", self.result_of(self.url("/coded/gzip/unknown"))["response"]["undecoded"])

    def test_the_mock_compresses_for_those_who_ask(self):
        with Mock("--coding", "gzip,br", "--body-bytes", "100000") as mock:
            result = self.result_of(mock.url)
            self.assertEqual(("gzip, br", "x" * 100_000), (result["response"]["decoded"], result["response"]["body_text"]))
            result = self.result_of(mock.url, "--no-decode")
            self.assertEqual((False, "x" * 100_000), ("undecoded" in result["response"], result["response"]["body_text"]))



class RealServer(RunTest):
    """Compressed by the modules of real servers, and cut in a way that only the compressed data shows."""

    def files(self, server, *names):
        """Returns the folder of a server, with the same file below each name."""
        folder = self.folder / server
        for name in names:
            (folder / "files" / name).mkdir(parents=True)
            (folder / "files" / name / "a.json").write_text(TEXT)
        for path in (self.folder, folder, *folder.rglob("*")):  # httpd drops its rights if it is started by root
            path.chmod(0o755)
        return folder

    def check_whole_and_cut(self, url, coding):
        result = self.result_of(url)
        self.assertEqual(("ok", coding, json.loads(TEXT)), (result["outcome"], result["response"].get("decoded"), result["response"]["body"]))
        with urllib.request.urlopen(urllib.request.Request(url, headers={"Accept-Encoding": coding})) as answer:
            packed = answer.read()
        cuts = {"all": packed, **{f"-{left}": packed[:-left] for left in (1, 8, len(packed) // 2, len(packed) - 1)}}
        with Rogue(Deciding(lambda path, times: coded(coding, cuts[path[1:]]))) as server:
            ended = self.run_lines(*[{"custom_id": cut, "url": f"{server.url}/{cut}"} for cut in cuts], arguments=["--attempts", "1"])
        outcomes = {result["custom_id"]: result["outcome"] for result in ended.results}
        self.assertEqual({cut: "ok" if cut == "all" else "failed" for cut in cuts}, outcomes)
        self.assertEqual({"protocol"}, {result["error"]["code"] for result in ended.results if result["error"]})

    def test_httpd(self):
        with CodingApache(self.files("httpd", "br", "gzip")) as server:
            for coding in ("br", "gzip"):
                with self.subTest(coding):
                    self.check_whole_and_cut(server.url(f"/{coding}/a.json"), coding)

    def test_lighttpd(self):
        for coding in ("deflate", "br", "zstd"):
            with self.subTest(coding), CodingLighttpd(self.files(coding, coding), [coding]) as server:
                self.check_whole_and_cut(server.url(f"/{coding}/a.json"), coding)


if __name__ == "__main__":
    unittest.main()
