"""`plait run` and its connections: time limits, reuse, and answers that arrive despite an error."""

import json
import os
import signal
import socket
import tempfile
import threading
import time
import unittest

from support.program import RunTest, finish, run, wait_until
from support.servers import OK, Gate, Rogue, answering, keeping, make_certificate, response, server_tls

LARGE = "x" * 8_000_000


def closing_soon(answered):
    """A script that closes a connection a moment after its answer, without announcing it."""
    def script(peer):
        if peer.request():
            peer.send(OK)
            answered.set()
            time.sleep(0.001)
    return script


def refusing(answer):
    """A script that reads only the header of a request, answers, and closes: the rest of the body is lost."""
    def script(peer):
        data = b""
        while b"\r\n\r\n" not in data:
            data += peer.connection.recv(1024)
        # Otherwise the server's own system may hold back the answer, and drop it when the socket is closed.
        peer.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        peer.send(answer)
    return script


class Refused(RunTest):
    """A server that refuses a large body after reading its header: the answer is read, although sending fails."""

    def expect_413(self, times, answer, tls=None, arguments=()):
        with Rogue(refusing(answer), tls=tls) as server:
            lines = [{"url": server.url, "method": "POST", "body": LARGE}] * times
            ended = self.run_lines(*lines, arguments=["--concurrency", "4", *arguments])
        told = [(result["outcome"], (result["response"] or {}).get("status_code")) for result in ended.results]
        # curl misses the answer in one call of 40, and over TLS in one of five.
        self.assertGreaterEqual(told.count(("rejected", 413)), times - 1, [result["error"] for result in ended.results])

    def test_an_answer_with_a_length(self):
        self.expect_413(24, response(413))

    def test_an_answer_that_ends_with_the_connection(self):
        self.expect_413(24, b"HTTP/1.1 413 X\r\nConnection: close\r\n\r\ntoo large")

    def test_an_answer_within_tls(self):
        with tempfile.TemporaryDirectory(prefix="plait-") as folder:
            certificate, key = make_certificate(folder, "right", "IP:127.0.0.1")
            self.expect_413(24, response(413), tls=server_tls(certificate, key), arguments=["--cacert", certificate])


class Stale(RunTest):
    """A server that closes a kept connection a moment after each answer."""

    def calls(self, *arguments, count, **line):
        with Rogue(closing_soon(threading.Event())) as server:
            ended = self.run_lines(*[{"url": server.url, **line}] * count, arguments=[*arguments, "--attempts", "1"])
            self.assertEqual(count, len(ended.results), ended.err)
            return ended.results

    def test_a_safe_request_is_resent_once_outside_its_attempts(self):
        for method in ("async", "sync", "threads", "processes"):
            with self.subTest(method=method):
                results = self.calls("--method", method, count=40)
                self.assertEqual({"ok"}, {result["outcome"] for result in results},
                                 [result["error"] for result in results])
                for attempts in (result["attempts"] for result in results):
                    self.assertIn([attempt.get("why") for attempt in attempts], ([None], ["stale-connection", None]))
                    self.assertFalse(attempts[-1]["reused"])

    def test_of_unsafe_requests_only_the_first_may_be_lost(self):
        for method in ("async", "sync", "threads"):
            with self.subTest(method=method):
                results = self.calls("--method", method, count=100, method="POST", body="pay")
                outcomes = [result["outcome"] for result in results]
                self.assertLessEqual(outcomes.count("unknown"), 1, outcomes)
                self.assertGreaterEqual(outcomes.count("ok"), 99, outcomes)


class Patience(RunTest):
    def test_a_server_may_be_slow_to_begin_tls(self):
        # Only flags set a shorter limit; by default there is none.
        with tempfile.TemporaryDirectory(prefix="plait-") as folder:
            certificate, key = make_certificate(folder, "right", "IP:127.0.0.1")
            context = server_tls(certificate, key)
            begun = threading.Event()

            def script(peer):
                begun.wait()
                with context.wrap_socket(peer.connection, server_side=True) as secured:
                    data = b""
                    while b"\r\n\r\n" not in data:
                        data += secured.recv(1024)
                    secured.sendall(OK)
                    secured.unwrap()

            with Rogue(script) as server:
                url = server.url.replace("http:", "https:")
                short = self.only_result(run(url, "--cacert", certificate, "--connect-timeout", "200ms"))
                self.assertEqual(("failed", "timeout", False),
                                 (short["outcome"], short["error"]["code"], short["error"]["maybe_sent"]))
                threading.Timer(1, begun.set).start()
                slow = self.only_result(run(url, "--cacert", certificate, "--timeout", "60s"))
                self.assertEqual("ok", slow["outcome"], slow)

    def test_a_flag_limits_silence(self):
        with Rogue(lambda peer: peer.wait_for_the_end()) as server:
            result = self.only_result(run(server.url, "--idle-timeout", "200ms"))
        self.assertEqual(("failed", "timeout"), (result["outcome"], result["error"]["code"]))
        self.assertIn("no byte came for 200 ms", result["error"]["message"])


class Stopped(RunTest):
    """A process that is suspended for longer than its time limits: Ctrl-Z, `docker pause`, a sleeping laptop."""

    LIMIT_S = 5

    def test_answers_that_arrived_meanwhile_count(self):
        gates, runs = [], []
        for method in ("async", "threads", "processes"):
            gate = Gate()
            server = self.enter(Rogue(gate))
            line = json.dumps({"url": server.url, "method": "POST", "body": "pay"})
            requests = self.folder / f"{method}.jsonl"
            requests.write_text((line + "\n") * 4)
            process = self.start("run", requests, "--method", method, "--concurrency", "4", "--timeout", f"{self.LIMIT_S}s",
                                 "--deadline", f"{self.LIMIT_S}s", start_new_session=True)
            gates.append(gate)
            runs.append(process)
        for gate, process in zip(gates, runs):
            gate.wait_for(4, process)
            os.killpg(process.pid, signal.SIGSTOP)
        for gate in gates:
            gate.open()
        time.sleep(self.LIMIT_S + 0.5)
        for process in runs:
            os.killpg(process.pid, signal.SIGCONT)
            ended = finish(process)
            self.assertEqual(["ok"] * 4, [result["outcome"] for result in ended.results],
                             [process.args, *[result["error"] for result in ended.results]])


class Bounds(RunTest):
    def test_all_bodies_together_have_a_bound(self):
        def script(peer):
            peer.request()
            peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            peer.send_for_ever(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")

        with Rogue(script) as server:
            for method in ("async", "threads", "processes"):
                with self.subTest(method=method):
                    ended = self.run_lines(*[{"url": server.url}] * 8, arguments=[
                        "--method", method, "--concurrency", "8", "--max-body-total", "8M", "--max-body", "1G"])
                    self.assertEqual({"too_large"}, {result["error"]["code"] for result in ended.results})
                    # Processes get equal shares of it.
                    bound = 8388608 // (8 if method == "processes" else 1)
                    self.assertIn(f"{bound} bytes together (--max-body-total)", ended.results[0]["error"]["message"])

    def test_flags_set_the_bounds_of_one_answer(self):
        many = b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: y\r\n" % n for n in range(300)) + b"Content-Length: 2\r\n\r\nok"
        long = b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\nContent-Length: 2\r\n\r\nok"
        for answer, flag, value in ((many, "--max-header-count", "301"), (long, "--max-header-bytes", "128k"),
                                    (response(body=b"x" * 5000), "--max-body", "5000")):
            with self.subTest(flag=flag), Rogue(keeping(answer)) as server:
                self.assertEqual("ok", self.result_of(server.url, flag, value)["outcome"])
                refused = self.result_of(server.url, *((flag, "4k") if flag == "--max-body" else ()))
                self.assertEqual(("failed", "too_large"), (refused["outcome"], refused["error"]["code"]))
                self.assertIn(flag, refused["error"]["message"])


class Strict(RunTest):
    def test_an_answer_to_head_may_have_both_lengths(self):
        answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n"
        with Rogue(keeping(answer)) as server:
            self.assertEqual("ok", self.only_result(self.run_lines({"url": server.url, "method": "HEAD"}))["outcome"])

    def test_a_bare_cr_is_refused(self):
        for answer in (b"HTTP/1.1 200\r*Content-Length: 5\r\n\r\nhello", b"HTTP/1.1 200 OK\r\nA: b\rContent-Length: 5\r\n\r\nhello"):
            with self.subTest(answer=answer), Rogue(answering(answer)) as server:
                self.assertEqual("protocol", self.result_of(server.url)["error"]["code"])

    def test_a_length_that_no_number_holds_is_refused(self):
        with Rogue(keeping(b"HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551621\r\n\r\n")) as server:
            result = self.only_result(self.run_lines({"url": server.url, "method": "HEAD"}))
            self.assertEqual("protocol", result["error"]["code"])


if __name__ == "__main__":
    unittest.main()
