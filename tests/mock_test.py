"""`plait mock`, the mock API server."""

import concurrent.futures
import http.client
import json
import socket
import time
import unittest
import urllib.error
import urllib.request
from urllib.parse import urlsplit

from support.program import Mock, RunTest, finish, plait, wait_until


def get(url, **options):
    with urllib.request.urlopen(urllib.request.Request(url, **options)) as answer:
        return answer.read()


def try_stats(mock):
    """Returns the mock's counters; None while it accepts no connection."""
    try:
        return mock.stats()
    except OSError:
        return None


class MockServer(RunTest):
    def test_it_echoes_the_request_as_json(self):
        with Mock() as mock:
            seen = json.loads(get(mock.url + "/some/path?a=1", data=b"hello", headers={"X-A": "1"}, method="PUT"))
            self.assertEqual(("PUT", "hello"), (seen["method"], seen["body"]))
            self.assertIn("/some/path?a=1", json.dumps(seen))

    def test_body_bytes_and_status(self):
        with Mock("--body-bytes", "1000") as mock:
            self.assertEqual(1000, len(get(mock.url + "/")))
        with Mock("--status", "429") as mock:
            with self.assertRaises(urllib.error.HTTPError) as raised:
                get(mock.url + "/")
            raised.exception.close()
            self.assertEqual(429, raised.exception.code)

    def test_it_counts(self):
        with Mock() as mock:
            address = urlsplit(mock.url)
            connection = http.client.HTTPConnection(address.hostname, address.port)
            for _ in range(3):
                connection.request("GET", "/")
                connection.getresponse().read()
            connection.close()
            stats = mock.stats()
            self.assertEqual(3, stats["requests"])
            for counter in ("connections", "most_in_flight", "most_in_a_second"):
                self.assertGreaterEqual(stats[counter], 1)

    def test_each_latency_is_understood(self):
        for latency in ("1ms", "1ms..2ms", "0.001s", "1ms~0.5"):
            with Mock("--latency", latency, "--latency-before", latency) as mock:
                get(mock.url + "/")
        for latency in ("soon", "1ms~", "1ms~0", "1ms~4", "1ms..2ms~1", "1ms~1ms"):
            self.assertEqual(2, plait("mock", "--port", "0", "--latency", latency).code, latency)

    def test_requests_queue_for_slots(self):
        with Mock("--slots", "1", "--latency", "100ms", "--latency-per-request", "1ms") as mock:
            began = time.monotonic()
            with concurrent.futures.ThreadPoolExecutor(4) as pool:
                list(pool.map(lambda _: get(mock.url + "/"), range(4)))
            self.assertGreaterEqual(time.monotonic() - began, 0.4)

    def test_connections_beyond_the_bound_are_closed(self):
        with Mock("--max-connections", "2") as mock:
            address = urlsplit(mock.url)
            open_ones = [http.client.HTTPConnection(address.hostname, address.port) for _ in range(2)]
            for connection in open_ones:
                connection.request("GET", "/")
                connection.getresponse().read()
            with self.assertRaises(OSError):
                get(mock.url + "/")
            open_ones.pop().close()
            stats = wait_until(lambda: try_stats(mock), "a place to be free again")
            self.assertGreaterEqual(stats["connections_refused"], 1)
            open_ones.pop().close()

    def test_the_path_can_request_a_delay(self):
        with Mock() as mock:
            get(mock.url + "/delay/1")

    def test_tls_uses_a_certificate_made_at_start(self):
        with Mock("--tls") as mock:
            self.assertTrue(mock.url.startswith("https://"))
            self.assertEqual("ok", self.result_of(mock.url + "/", "--insecure")["outcome"])
            self.assertEqual("tls", self.result_of(mock.url + "/")["error"]["code"])

    def test_a_port_in_use_is_reported(self):
        with Mock() as mock:
            ended = plait("mock", "--port", urlsplit(mock.url).port)
            self.assertEqual(2, ended.code, ended.err)
            self.assertIn("in use", ended.err)

    def test_it_survives_clients_that_send_garbage_or_disconnect(self):
        with Mock() as mock:
            address = urlsplit(mock.url)
            for data in (b"", b"rubbish\r\n\r\n", b"GET / HTTP/1.1\r\n", b"POST / HTTP/1.1\r\nContent-Length: 99\r\n\r\nx", b"\x16\x03\x01\0\0"):
                with socket.create_connection((address.hostname, address.port)) as client:
                    client.sendall(data)
            self.assertTrue(get(mock.url + "/"))

    def test_ctrl_c_ends_it_quietly(self):
        process = self.start("mock", "--port", "0")
        process.stdout.readline()
        process.send_signal(2)
        ended = finish(process)
        self.assertEqual((0, ""), (ended.code, ended.err))


if __name__ == "__main__":
    unittest.main()
