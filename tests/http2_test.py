"""`plait run` over HTTP/2 against servers that others wrote."""

import json
import tempfile
import threading
import time
import unittest
from collections import Counter

from support.http2_servers import PROXIES, H2o, Nghttpd, Nginx2
from support.program import Mock, RunTest, plait
from support.servers import Nginx, Rogue, make_certificate, response


class Backend:
    """A script that answers with method, path and the body's length, after `delay` seconds; it counts what it executes."""

    def __init__(self):
        self.lock = threading.Lock()
        self.executed = Counter()
        self.delay = 0

    def __call__(self, peer):
        while head := peer.request():
            method, path = head.split()[:2]
            length = next((line.split(b":")[1].strip() for line in head.lower().split(b"\r\n")
                           if line.startswith(b"content-length:")), b"0")
            with self.lock:
                self.executed[path.decode()] += 1
            time.sleep(self.delay)
            peer.send(response(body=b" ".join((method, path, length))))


class OverHttp2(RunTest):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="plait-")
        cls.addClassCleanup(folder.cleanup)
        cls.shared = folder.name
        cls.certificate, cls.key = make_certificate(folder.name, "localhost", "DNS:localhost,IP:127.0.0.1")

    def setUp(self):
        super().setUp()
        self.backend = Backend()
        self.rogue = self.enter(Rogue(self.backend))

    def server(self, kind, **settings):
        return self.enter(kind(self.folder / kind.program, self.certificate, self.key, self.rogue.port, **settings))

    def run_over(self, *lines, arguments=()):
        return self.run_lines(*lines, arguments=["--cacert", self.certificate, *arguments])

    def told(self, ended):
        """What came of each call: outcome, status and version."""
        return Counter((result["outcome"], (result["response"] or {}).get("status_code"),
                        (result["response"] or {}).get("http_version")) for result in ended.results)

    def assert_all_ok(self, ended, count, version="2"):
        self.assertEqual({("ok", 200, version): count}, self.told(ended), ended.err + json.dumps(ended.results[:2]))

    def test_many_calls_over_each_server(self):
        for kind in PROXIES:
            with self.subTest(kind.program):
                server = self.server(kind)
                lines = [{"url": server.url(f"/{kind.program}/{i}"), "custom_id": str(i)} for i in range(300)]
                ended = self.run_over(*lines, arguments=["--concurrency", "60"])
                self.assert_all_ok(ended, 300)
                for result in ended.results:
                    self.assertEqual(f"GET /{kind.program}/{result['custom_id']} 0", result["response"]["body_text"])

    def test_uploads_through_small_windows(self):
        for kind in PROXIES:
            with self.subTest(kind.program):
                server = self.server(kind)
                lines = [{"url": server.url(f"/{kind.program}/{i}"), "method": "POST", "body": "x" * 300_000}
                         for i in range(8)]
                ended = self.run_over(*lines, arguments=["--concurrency", "8"])
                self.assert_all_ok(ended, 8)
                self.assertEqual({"300000"}, {result["response"]["body_text"].split()[2] for result in ended.results})

    def test_each_post_is_executed_once_although_the_server_says_goodbye_often(self):
        server = self.server(Nginx2, keepalive_requests=50)
        lines = [{"url": server.url(f"/{i}"), "method": "POST", "body": "x"} for i in range(500)]
        ended = self.run_over(*lines, arguments=["--concurrency", "20"])
        self.assert_all_ok(ended, 500)
        self.assertEqual({1}, set(self.backend.executed.values()))
        whys = Counter(attempt.get("why") for result in ended.results for attempt in result["attempts"])
        self.assertLessEqual(set(whys), {None, "refused-unprocessed"})

    def test_a_server_that_permits_few_streams(self):
        server = self.server(Nginx2, http2_max_concurrent_streams=3)
        ended = self.run_over(*[{"url": server.url(f"/{i}"), "method": "POST", "body": "x"} for i in range(200)],
                              arguments=["--concurrency", "50"])
        self.assert_all_ok(ended, 200)
        self.assertEqual({1}, {len(result["attempts"]) for result in ended.results})

    def test_a_reload_of_the_server_loses_no_call(self):
        server = self.server(Nginx2)
        self.backend.delay = 0.05
        lines = [{"url": server.url(f"/{i}"), "method": "POST", "body": "x"} for i in range(300)]
        reloads = threading.Thread(target=lambda: [(time.sleep(0.1), server.reload()) for _ in range(3)])
        reloads.start()
        ended = self.run_over(*lines, arguments=["--concurrency", "20"])
        reloads.join()
        self.assert_all_ok(ended, 300)
        self.assertEqual({1}, set(self.backend.executed.values()))

    def test_every_method_speaks_it(self):
        server = self.server(H2o)
        for method in ("async", "threads", "processes", "sync"):
            ended = self.run_over(*[{"url": server.url("/x")}] * 6, arguments=["--method", method, "--concurrency", "2"])
            self.assert_all_ok(ended, 6)

    def test_what_had_come_of_a_stream_is_reported_when_the_time_is_up(self):
        def script(peer):
            peer.request()
            peer.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n")
            peer.wait_for_the_end()

        streaming = self.enter(Rogue(script))
        server = self.enter(Nginx2(self.folder / "nginx", self.certificate, self.key, streaming.port, proxy_buffering="off"))
        for limit in ("timeout", "deadline"):
            ended = self.run_over({"url": server.url("/")}, arguments=[f"--{limit}", "500ms", "--attempts", "1"])
            result = self.only_result(ended)
            self.assertEqual(("failed", limit), (result["outcome"], result["error"]["code"]))
            self.assertEqual(("2", "data: 1\n\n"), (result["partial"]["http_version"], result["partial"]["body_text"]))

    def test_the_version_can_be_chosen(self):
        server = self.server(Nginx2)
        self.assert_all_ok(self.run_over({"url": server.url("/x")}, arguments=["--http", "1.1"]), 1, "1.1")
        self.assert_all_ok(self.run_over({"url": server.url("/x")}, arguments=["--http", "2"]), 1)

    def test_without_tls_by_prior_knowledge(self):
        folder = self.folder / "nghttpd"
        folder.mkdir()
        (folder / "file").write_text("some text\n")
        server = self.server(Nghttpd)
        ended = self.run_lines(*[{"url": server.url("/file")}] * 100, arguments=["--http", "2"])
        self.assert_all_ok(ended, 100)
        self.assertEqual({"some text\n"}, {result["response"]["body_text"] for result in ended.results})

    def test_a_server_that_does_not_speak_it(self):
        with Nginx(self.folder, f"""listen 127.0.0.1:{{http}}; listen 127.0.0.1:{{https}} ssl; return 200 "x";
                                    ssl_certificate {self.certificate}; ssl_certificate_key {self.key};""") as nginx:
            once = ["--http", "2", "--attempts", "1"]
            for url in (f"https://localhost:{nginx.https}/", f"http://localhost:{nginx.http}/"):
                result = self.only_result(self.run_over({"url": url}, arguments=once))
                self.assertEqual(("failed", "protocol"), (result["outcome"], result["error"]["code"]), result)
                self.assertIn("--http", result["error"]["message"])
            ended = self.run_over(*[{"url": f"https://localhost:{nginx.https}/"}] * 50)
            self.assert_all_ok(ended, 50, "1.1")


class AgainstTheMock(RunTest):
    """The mock speaks HTTP/2, and fails in it on command."""

    def run_against(self, mock, count, *arguments, method="GET"):
        lines = [{"url": f"{mock.url}/{i}", "method": method, "custom_id": str(i)} for i in range(count)]
        return self.run_lines(*lines, arguments=["--http", "2", "--insecure", *arguments])

    def outcomes(self, ended):
        return Counter(result["outcome"] for result in ended.results)

    def test_it_answers_with_and_without_tls(self):
        for arguments in ([], ["--tls"], ["--max-streams", "1"]):
            with Mock(*arguments) as mock:
                ended = self.run_against(mock, 100)
                self.assertEqual({"ok": 100}, self.outcomes(ended), ended.err)
                self.assertEqual({"2"}, {result["response"]["http_version"] for result in ended.results})

    def test_posts_that_it_did_not_process_are_sent_again_at_no_cost(self):
        for fault in ("goaway", "reset-before"):
            with Mock("--fail", f"{fault}:10%") as mock:
                ended = self.run_against(mock, 200, "--attempts", "1", method="POST")
                self.assertEqual({"ok": 200}, self.outcomes(ended), ended.err)
                whys = Counter(attempt.get("why") for result in ended.results for attempt in result["attempts"])
                self.assertGreater(whys["refused-unprocessed"], 0)
                self.assertEqual(200, mock.stats()["answered"])

    def test_a_server_that_wants_http_1_gets_it_within_the_attempt(self):
        with Mock("--tls") as mock:
            lines = [{"url": f"{mock.url}/fault/http-1.1-required/{i}", "method": "POST", "body": "x"} for i in range(20)]
            ended = self.run_lines(*lines, arguments=["--insecure", "--attempts", "1"])
            self.assertEqual([("ok", "1.1", 1)] * 20,
                             [(result["outcome"], (result["response"] or {}).get("http_version"), len(result["attempts"]))
                              for result in ended.results], ended.err)
            stats = self.only_result(self.run_lines({"url": f"{mock.url}/stats"}, arguments=["--insecure"]))
            self.assertEqual(20, stats["response"]["body"]["answered"])
            # With nothing but HTTP/2 to speak, there is no answer; and the request was not processed.
            result = self.only_result(self.run_lines({"url": f"{mock.url}/fault/http-1.1-required", "method": "POST"},
                                                     arguments=["--insecure", "--attempts", "1", "--http", "2"]))
            self.assertEqual(("failed", False), (result["outcome"], result["error"]["maybe_sent"]), result)
            self.assertIn("HTTP_1_1_REQUIRED", result["error"]["message"])

    def test_a_post_that_is_reset_may_have_been_executed(self):
        with Mock("--fail", "reset-after:20%") as mock:
            ended = self.run_against(mock, 100, method="POST")
            self.assertEqual({"ok": 100 - mock.stats()["faults"]["reset-after"],
                              "unknown": mock.stats()["faults"]["reset-after"]}, self.outcomes(ended), ended.err)

    def test_no_answer_that_is_cut_off_is_a_success(self):
        with Mock() as mock:
            for fault in ("cut-length", "cut-chunks", "reset-body", "close", "garbage", "bad-status-line", "bad-length"):
                result = self.only_result(self.run_lines({"url": f"{mock.url}/fault/{fault}"},
                                                         arguments=["--http", "2", "--attempts", "1"]))
                self.assertEqual("failed", result["outcome"], (fault, result))

    def test_codings_are_undone_and_cut_ones_are_no_success(self):
        with Mock() as mock:
            for codings in ("gzip", "deflate", "br", "zstd", "gzip,br"):
                result = self.only_result(self.run_lines({"url": f"{mock.url}/coded/{codings}"},
                                                         arguments=["--http", "2"]))
                self.assertEqual(("ok", "2"), (result["outcome"], result["response"]["http_version"]), result)
                plain = self.only_result(self.run_lines({"url": f"{mock.url}/x"}, arguments=["--http", "2"]))
                self.assertEqual(plain["response"]["body"].keys(), result["response"]["body"].keys())
                cut = self.only_result(self.run_lines({"url": f"{mock.url}/coded/{codings}/cut"},
                                                      arguments=["--http", "2", "--attempts", "1"]))
                self.assertEqual(("failed", "protocol"), (cut["outcome"], cut["error"]["code"]), cut)

    def test_redirects_are_followed(self):
        with Mock() as mock, Mock() as other:
            target = f"{other.url}/echo"
            ended = self.run_lines(
                {"url": f"{mock.url}/redirect/3", "custom_id": "near"},
                {"url": f"{mock.url}/redirect/1?to={target}", "custom_id": "far", "headers": {"X-Api-Key": "secret"}},
                {"url": f"{mock.url}/redirect/2/307", "method": "POST", "body": "x", "custom_id": "post"},
                {"url": f"{mock.url}/redirect/11", "custom_id": "many"}, arguments=["--http", "2"])
            by_id = {result["custom_id"]: result for result in ended.results}
            self.assertEqual("rejected", by_id.pop("many")["outcome"])
            for name, hops in (("near", 4), ("far", 2), ("post", 3)):
                result = by_id[name]
                self.assertEqual(("ok", 200, "2", hops),
                                 (result["outcome"], result["response"]["status_code"],
                                  result["response"]["http_version"], len(result["attempts"])), result)
            self.assertEqual(target, by_id["far"]["response"]["url"])
            self.assertNotIn("secret", json.dumps(by_id["far"]["response"]))

    def test_cookies_are_kept_and_sent(self):
        with Mock() as mock:
            ended = self.run_lines(
                {"url": f"{mock.url}/cookie/sid/42?Path=/"}, {"url": f"{mock.url}/cookie/theme/dark?Path=/"},
                {"url": f"{mock.url}/echo"}, arguments=["--http", "2", "--cookies", "--concurrency", "1"])
            self.assertEqual({"ok": 3}, self.outcomes(ended), ended.err)
            echo = json.dumps(ended.results[2]["response"]["body"])
            self.assertIn("sid=42", echo)
            self.assertIn("theme=dark", echo)

    def test_the_status_of_a_run_names_the_version_after_its_end(self):
        with Mock() as mock:
            results = self.folder / "results.jsonl"
            self.run_against(mock, 3, "-o", results)
            self.assertIn("HTTP/2", plait("status", results).out)

    def test_streams_of_one_connection_have_rows_of_their_own_in_a_trace(self):
        with Mock("--latency", "100ms") as mock:
            trace = self.folder / "trace.json"
            self.run_against(mock, 20, "--trace", trace)
            self.assertIn(f"{mock.url} spoke HTTP/2", plait("report", "--text", "--columns", "200", trace).out)
            calls = [event for event in json.loads(trace.read_text()) if event.get("cat") == "call"]
            self.assertGreaterEqual(len(calls), 20)
            ends = {}
            rounding = 0.11  # microseconds
            for call in sorted(calls, key=lambda call: call["ts"]):
                self.assertLessEqual(ends.get(call["tid"], 0), call["ts"] + rounding)
                ends[call["tid"]] = call["ts"] + call["dur"]

    def test_a_hedge_is_another_stream(self):
        summary = self.folder / "summary.json"
        with Mock() as mock:
            lines = [{"url": f"{mock.url}/delay/{10 if i < 60 else 100}?{i}"} for i in range(90)]
            ended = self.run_lines(*lines, arguments=["--http", "2", "--hedge", "p90", "--concurrency", "40",
                                                      "--summary-json", summary])
            self.assertEqual({("ok", "2"): 90}, Counter((result["outcome"], result["response"]["http_version"])
                                                        for result in ended.results), ended.err)
            self.assertGreater(json.loads(summary.read_text())["hedged"], 0)
            self.assertLess(mock.stats()["connections"], 10)

    def test_a_stalled_stream_is_given_up_and_the_others_go_on(self):
        with Mock("--fail", "stall:5%") as mock:
            ended = self.run_against(mock, 100, "--timeout", "1s", "--attempts", "1")
            stalls = mock.stats()["faults"]["stall"]
            self.assertEqual({"ok": 100 - stalls, "failed": stalls}, self.outcomes(ended), ended.err)


if __name__ == "__main__":
    unittest.main()
