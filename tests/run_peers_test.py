"""`plait run` against peers that break every promise: each causes an error in its own result line, and affects no other call."""

import json
import socket
import ssl
import subprocess
import tempfile
import unittest

from support.program import RunTest, run, wait_until
from support.servers import OK, Gate, Rogue, answering, has_ipv6, keeping, make_certificate, server_tls

HEAD = b"HTTP/1.1 200 OK\r\n"

# Long enough to connect and send on a busy machine.
PATIENT = ["--timeout", "2s"]


class Peers(RunTest):
    def result_from(self, script, *arguments, line=None):
        """Calls a rogue server and a good one once each in the same run: the good call must not suffer."""
        with Rogue(script) as rogue, Rogue(keeping()) as good:
            ended = self.run_lines({"url": rogue.url, **(line or {})}, {"url": good.url}, arguments=["--ordered", *arguments])
            self.assertEqual(["ok"], [result["outcome"] for result in ended.results[1:]], ended.out + ended.err)
            self.rogue = rogue
            return ended.results[0]

    def expect_error(self, script, *codes, outcome="failed", maybe_sent=None, line=None, arguments=()):
        result = self.result_from(script, *arguments, line=line)
        self.assertEqual((outcome, None), (result["outcome"], result["response"]), result)
        self.assertIn(result["error"]["code"], codes, result)
        self.assertTrue(result["error"]["message"])
        if maybe_sent is not None:
            self.assertEqual(maybe_sent, result["error"]["maybe_sent"], result)
        return result

    def expect_body(self, script, body, *arguments, line=None):
        result = self.result_from(script, *arguments, line=line)
        self.assertEqual("ok", result["outcome"], result)
        self.assertEqual(body, result["response"].get("body_text", ""), result)


class NotReached(Peers):
    def expect_failed(self, url, code, *words):
        result = self.result_of(url)
        self.assertEqual(("failed", code, False), (result["outcome"], result["error"]["code"], result["error"]["maybe_sent"]))
        for word in words:
            self.assertIn(word, result["error"]["message"])

    def test_a_host_that_does_not_resolve(self):
        self.expect_failed("http://no-such-host.invalid/", "dns", "no-such-host.invalid")

    def test_a_port_that_refuses(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        self.expect_failed(f"http://127.0.0.1:{port}/", "connect", f"127.0.0.1:{port}", "refused")

    def test_a_host_whose_first_address_refuses_is_reached_by_the_next(self):
        # localhost is ::1 and 127.0.0.1; this server listens at only one of them.
        with Rogue(keeping()) as server:
            self.assertEqual("ok", self.result_of(f"http://localhost:{server.port}/")["outcome"])


class Breaking(Peers):
    def test_it_closes_without_an_answer(self):
        self.expect_error(lambda peer: peer.request(), "reset", "protocol", maybe_sent=True)

    def test_it_resets_after_the_request(self):
        self.expect_error(lambda peer: peer.request() and peer.reset(), "reset", maybe_sent=True)

    def test_it_resets_before_the_request(self):
        self.expect_error(lambda peer: peer.reset(), "reset", "connect")

    def test_an_unsafe_request_that_may_have_arrived_is_unknown_and_sent_once(self):
        self.expect_error(lambda peer: peer.request() and peer.reset(), "reset", outcome="unknown", maybe_sent=True,
                          line={"method": "POST", "body": "pay"})
        self.assertEqual(1, len(self.rogue.heads))

    def test_it_stalls_before_the_answer(self):
        self.expect_error(lambda peer: peer.wait_for_the_end(), "timeout", maybe_sent=True, arguments=PATIENT)

    def test_it_stalls_in_the_middle_of_the_answer(self):
        def script(peer):
            peer.request()
            peer.send(HEAD + b"Content-Length: 10\r\n\r\nhalf")
            peer.wait_for_the_end()
        self.expect_error(script, "timeout", arguments=PATIENT)

    def test_it_stalls_and_does_not_read(self):
        gate = Gate()
        with Rogue(lambda peer: gate.opened.wait()) as server:
            result = self.only_result(self.run_lines({"url": server.url, "body": "x" * 20_000_000}, arguments=PATIENT))
            gate.open()
        self.assertEqual(("unknown", "timeout"), (result["outcome"], result["error"]["code"]))

    def test_it_truncates_a_body_of_known_length(self):
        self.expect_error(answering(HEAD + b"Content-Length: 10\r\n\r\nhalf"), "reset", "protocol")

    def test_it_truncates_a_chunked_body(self):
        for cut in (b"4\r\nha", b"4\r\nhalf\r\n", b"4\r\nhalf\r\n0\r\n", b"4"):
            with self.subTest(cut=cut):
                self.expect_error(answering(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + cut), "reset", "protocol")

    def test_it_truncates_the_header(self):
        self.expect_error(answering(HEAD + b"Content-Le"), "reset", "protocol")


class Lying(Peers):
    def test_it_speaks_another_protocol(self):
        for rubbish in (b"SSH-2.0-OpenSSH_9.2\r\n", b"\0" * 100, b"\x15\x03\x01\0\2\2\x50", b"<html>hello</html>", b"HTTP/1.1 2x0 OK\r\n\r\n",
                        b"HTTP/1.1 20 OK\r\n\r\n", b"HTTP/9.9 200 OK\r\n\r\n"):
            with self.subTest(rubbish=rubbish):
                self.expect_error(answering(rubbish), "protocol")

    def test_its_header_is_ill_formed(self):
        for line in (b"no colon", b": no name", b"X y: blank in the name", b"X: nul \0 inside", b"Content-Length: -1", b"Content-Length: 1x",
                     b"Content-Length: 99999999999999999999999", b"Content-Length: 1\r\nContent-Length: 2",
                     b"Content-Length: 2\r\nTransfer-Encoding: chunked"):
            with self.subTest(line=line):
                self.expect_error(answering(HEAD + line + b"\r\n\r\nok"), "protocol", "too_large")

    def test_its_chunks_are_ill_formed(self):
        for chunk in (b"zz\r\nmore\r\n", b"-1\r\nmore\r\n", b"ffffffffffffffffff\r\n", b"2\r\nokay\r\n0\r\n\r\n"):
            with self.subTest(chunk=chunk):
                self.expect_error(answering(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunk), "protocol", "too_large")

    def test_it_switches_protocols_unasked(self):
        self.expect_error(answering(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"), "protocol")


class Flooding(Peers):
    def test_endless_headers(self):
        def script(peer):
            peer.request()
            peer.send(HEAD)
            peer.send_for_ever(b"X-More: and more\r\n" * 100)
        self.expect_error(script, "too_large")

    def test_one_endless_header(self):
        def script(peer):
            peer.request()
            peer.send(HEAD + b"X-Long: ")
            peer.send_for_ever(b"x" * 4096)
        self.expect_error(script, "too_large")

    def test_an_endless_status_line(self):
        def script(peer):
            peer.request()
            peer.send(b"HTTP/1.1 200 ")
            peer.send_for_ever(b"O" * 4096)
        self.expect_error(script, "too_large")

    def test_endless_interim_answers(self):
        def script(peer):
            peer.request()
            peer.send_for_ever(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)
        self.expect_error(script, "too_large", "protocol")

    def test_an_impossible_content_length(self):
        def script(peer):
            peer.request()
            peer.send(HEAD + b"Content-Length: 9223372036854775807\r\n\r\n")
            peer.wait_for_the_end()
        self.expect_error(script, "too_large")

    def test_an_endless_body(self):
        chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
        for head, data in ((b"Transfer-Encoding: chunked\r\n\r\n", chunk), (b"\r\n", b"x" * 0x10000)):
            def script(peer):
                peer.request()
                peer.send(HEAD + head)
                peer.send_for_ever(data)
            with self.subTest(head=head):
                self.expect_error(script, "too_large")

    def test_endless_trailers(self):
        def script(peer):
            peer.request()
            peer.send(HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n")
            peer.send_for_ever(b"X-More: and more\r\n" * 100)
        self.expect_error(script, "too_large", "protocol")


class Allowed(Peers):
    """Unusual but valid answers."""

    def test_interim_answers_precede_the_answer(self):
        self.expect_body(answering(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + OK), "ok")

    def test_chunks_with_extensions_and_trailers(self):
        body = b"1;a=b\r\no\r\n1\r\nk\r\n0\r\nX-Trailer: t\r\n\r\n"
        self.expect_body(answering(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + body), "ok")

    def test_a_body_that_ends_with_the_connection(self):
        self.expect_body(answering(HEAD + b"\r\nok"), "ok")

    def test_an_answer_in_single_bytes(self):
        def script(peer):
            peer.request()
            peer.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for byte in OK:
                peer.send(bytes([byte]))
        self.expect_body(script, "ok")

    def test_http_1_0(self):
        self.expect_body(answering(b"HTTP/1.0 200 OK\r\n\r\nok"), "ok")

    def test_a_status_line_that_ends_after_its_code(self):
        for line in (b"HTTP/1.1 200\r\n", b"HTTP/1.1 200 \r\n"):
            with self.subTest(line=line):
                self.expect_body(answering(line + b"Content-Length: 2\r\n\r\nok"), "ok")

    def test_a_header_whose_lines_end_in_lf_alone(self):
        self.expect_body(keeping(b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok"), "ok")

    def test_answers_without_a_body_despite_a_content_length(self):
        self.expect_body(keeping(HEAD + b"Content-Length: 99\r\n\r\n"), "", line={"method": "HEAD"})
        self.expect_body(keeping(b"HTTP/1.1 204 No Content\r\n\r\n"), "")
        result = self.result_from(keeping(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n"))
        self.assertEqual(("rejected", 304), (result["outcome"], result["response"]["status_code"]))

    def test_an_error_status_is_rejected_and_shown(self):
        result = self.result_from(keeping(b"HTTP/1.1 503 Busy\r\nContent-Length: 5\r\n\r\nlater"))
        self.assertEqual(("rejected", 503, "later"),
                         (result["outcome"], result["response"]["status_code"], result["response"]["body_text"]))

    def test_an_answer_before_the_whole_request_was_read(self):
        def script(peer):
            peer.read()
            peer.send(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            peer.wait_for_the_end()
        result = self.result_from(script, line={"body": "x" * 10_000_000})
        self.assertEqual(413, (result["response"] or {}).get("status_code"), result)


class Kept(Peers):
    """When a connection is reused, and when it is not."""

    def two_calls(self, script, **line):
        """Makes two calls one after the other; returns the results and the server."""
        with Rogue(script) as server:
            lines = [{"url": server.url, **line}] * 2
            return self.run_lines(*lines, arguments=["--method", "sync"]).results, server

    def expect_two_answers(self, script, connections):
        results, server = self.two_calls(script)
        self.assertEqual(["ok", "ok"], [result["outcome"] for result in results], results)
        self.assertEqual((2, connections), (len(server.heads), server.connections))
        self.assertEqual([False, connections == 1], [result["attempts"][0]["reused"] for result in results])

    def test_a_sound_connection_is_reused(self):
        self.expect_two_answers(keeping(), connections=1)

    def test_one_with_connection_close_is_not(self):
        self.expect_two_answers(keeping(HEAD + b"Content-Length: 2\r\nConnection: close\r\n\r\nok"), connections=2)

    def test_one_of_http_1_0_is_not(self):
        self.expect_two_answers(keeping(b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok"), connections=2)

    def test_one_that_was_closed_by_the_server_is_not(self):
        with Rogue(answering(OK)) as server:
            process = self.start("run", "-", stdin=subprocess.PIPE)
            for calls in (1, 2):
                process.stdin.write(json.dumps({"url": server.url}).encode() + b"\n")
                process.stdin.flush()
                self.assertEqual("ok", json.loads(process.stdout.readline())["outcome"])
                wait_until(lambda: server.closed == calls, "the server to close")
            self.assertEqual(2, server.connections)

    def test_one_with_a_surplus_byte_is_not(self):
        self.expect_two_answers(keeping(OK + b"\n"), connections=2)

    def test_one_with_an_unsolicited_answer_is_not(self):
        results, server = self.two_calls(keeping(OK + HEAD + b"Content-Length: 5\r\n\r\nwrong"))
        self.assertEqual(["ok", "ok"], [result["response"]["body_text"] for result in results])
        self.assertEqual(2, server.connections)

    def test_a_request_on_one_that_dies_is_not_silently_resent(self):
        def script(peer):
            peer.request()
            peer.send(OK)
            peer.request()  # Reads the connection's second request, then closes.
        results, server = self.two_calls(script, method="POST", body="pay")
        self.assertEqual(["ok", "unknown"], [result["outcome"] for result in results])
        self.assertTrue(results[1]["error"]["maybe_sent"])
        self.assertEqual(2, len(server.heads))


class Tls(Peers):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="plait-")
        cls.addClassCleanup(folder.cleanup)
        cls.right = make_certificate(folder.name, "right", "DNS:localhost,IP:127.0.0.1,IP:::1")
        cls.other = make_certificate(folder.name, "other", "DNS:other.example")

    def call(self, certificate, *arguments, script=keeping(), host="127.0.0.1", version=ssl.TLSVersion.TLSv1_3):
        with Rogue(script, tls=server_tls(*certificate, version)) as server:
            return run(f"https://{host}:{server.port}/", *arguments)

    def expect_refused(self, ended, *words):
        result = self.only_result(ended)
        self.assertEqual(("failed", "tls", False), (result["outcome"], result["error"]["code"], result["error"]["maybe_sent"]), result)
        for word in words:
            self.assertIn(word, result["error"]["message"])

    def test_a_trusted_certificate(self):
        for host in ("127.0.0.1", "localhost"):
            result = self.only_result(self.call(self.right, "--cacert", self.right[0], host=host))
            self.assertEqual(("ok", "ok"), (result["outcome"], result["response"]["body_text"]), result)

    def test_version_1_2(self):
        ended = self.call(self.right, "--cacert", self.right[0], version=ssl.TLSVersion.TLSv1_2)
        self.assertEqual("ok", self.only_result(ended)["outcome"])

    def test_version_1_1_is_too_old(self):
        self.expect_refused(self.call(self.right, "--cacert", self.right[0], version=ssl.TLSVersion.TLSv1_1))

    def test_an_untrusted_certificate(self):
        self.expect_refused(self.call(self.right), "certificate")

    def test_a_certificate_for_another_host(self):
        self.expect_refused(self.call(self.other, "--cacert", self.other[0], host="localhost"), "localhost")
        self.expect_refused(self.call(self.other, "--cacert", self.other[0]), "127.0.0.1")

    def test_insecure_accepts_any_certificate_and_warns(self):
        ended = self.call(self.other, "--insecure")
        self.assertEqual("ok", self.only_result(ended)["outcome"])
        self.assertIn("warning", ended.err)

    def test_a_server_without_tls(self):
        def refusing(peer):
            peer.read()
            peer.send(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

        for script in (refusing, lambda peer: peer.read(), lambda peer: peer.reset()):
            with Rogue(script) as server:
                result = self.result_of(server.url.replace("http:", "https:"))
            self.assertEqual(("failed", False), (result["outcome"], result["error"]["maybe_sent"]))
            self.assertIn(result["error"]["code"], ("tls", "reset", "connect"))

    def test_a_handshake_that_stalls(self):
        with Rogue(lambda peer: peer.wait_for_the_end()) as server:
            result = self.result_of(server.url.replace("http:", "https:"), *PATIENT)
        self.assertEqual(("failed", "timeout"), (result["outcome"], result["error"]["code"]), result)

    def test_a_body_that_ends_without_close_notify_is_truncated(self):
        def script(peer):
            peer.request()
            peer.send(HEAD + b"\r\nmaybe all, maybe not")
            # The plain socket is closed beneath TLS, which can't send its close_notify.
            socket.socket(fileno=peer.connection.detach()).close()
        ended = self.call(self.right, "--insecure", script=script)
        self.assertEqual("failed", self.only_result(ended)["outcome"], ended.out)

    def test_a_body_that_ends_with_close_notify_is_whole(self):
        def script(peer):
            peer.request()
            peer.send(HEAD + b"\r\nall of it")
            peer.connection.unwrap()
        result = self.only_result(self.call(self.right, "--insecure", script=script))
        self.assertEqual("all of it", result["response"]["body_text"])


class Addresses(Peers):
    @unittest.skipUnless(has_ipv6(), "this machine has no IPv6")
    def test_ipv6(self):
        with Rogue(keeping(), family=socket.AF_INET6) as server:
            self.assertEqual("ok", self.result_of(server.url)["outcome"])
            self.assertIn(f"host: [::1]:{server.port}".encode(), server.heads[0].lower())


if __name__ == "__main__":
    unittest.main()
