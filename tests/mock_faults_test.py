"""Faults of `plait mock` that need real sockets and processes: resets, crashes, restarts."""

import concurrent.futures
import json
import re
import socket
import sys
import time
import unittest
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

from support.program import Mock, RunTest, finish, plait, wait_until

REPOSITORY = Path(__file__).resolve().parent.parent


def ask(mock, path, patience_s=30):
    """Sends a request over its own connection; returns the bytes received and how it ended: "end", "reset", "refused" or "nothing"."""
    address = urlsplit(mock.url)
    received = b""
    try:
        with socket.create_connection((address.hostname, address.port), timeout=patience_s) as client:
            client.sendall(f"GET {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n".encode())
            while True:
                data = client.recv(65536)
                if not data:
                    return received, "end"
                received += data
    except ConnectionResetError:
        return received, "reset"
    except ConnectionRefusedError:
        return received, "refused"
    except TimeoutError:
        return received, "nothing"


def status(mock, path):
    received, _ = ask(mock, path)
    return int(received[9:12]) if received else 0


def ids(mock):
    """Returns what the mock counted, by id."""
    with urllib.request.urlopen(mock.url + "/stats/ids") as answer:
        return {one["id"]: one for one in map(json.loads, answer)}


class Faults(RunTest):
    def test_resets_reach_the_client_as_resets(self):
        with Mock() as mock:
            self.assertEqual((b"", "reset"), ask(mock, "/fault/reset-before"))
            self.assertEqual((b"", "reset"), ask(mock, "/fault/reset-after"))
            received, ending = ask(mock, "/fault/reset-body")
            self.assertEqual("reset", ending)
            self.assertEqual((b"", "end"), ask(mock, "/fault/close"))

    def test_a_reset_over_tls_is_not_an_orderly_end(self):
        with Mock("--tls") as mock:
            result = self.result_of(mock.url + "/fault/reset-after", "--insecure")
            self.assertEqual("reset", result["error"]["code"])

    def test_a_stall_sends_nothing(self):
        with Mock() as mock:
            self.assertEqual((b"", "nothing"), ask(mock, "/fault/stall", patience_s=0.2))

    def test_each_fault_has_its_error_code(self):
        expected = {"reset-before": "reset", "goaway": "reset", "reset-after": "reset", "reset-body": "reset", "close": "reset",
                    "stall": "timeout", "stall-head": "timeout", "stall-body": "timeout",
                    "bad-status-line": "protocol", "bad-chunk-size": "protocol", "bad-length": "protocol", "garbage": "protocol"}
        with Mock() as mock:
            for fault, code in expected.items():
                with self.subTest(fault):
                    result = self.result_of(f"{mock.url}/fault/{fault}", "--timeout", "0.5s")
                    self.assertEqual(code, result["error"]["code"])
            for fault in ("cut-length", "cut-chunks"):
                with self.subTest(fault):
                    self.assertNotEqual("ok", self.result_of(f"{mock.url}/fault/{fault}")["outcome"])
            self.assertEqual("ok", self.result_of(f"{mock.url}/fault/drip")["outcome"])

    def test_a_mixture_can_be_repeated(self):
        def outcomes():
            with Mock("--fail", "500:20%,reset-after:10%", "--seed", "3") as mock:
                seen = [status(mock, f"/x?id={i}") for i in range(60)]
                return seen, mock.stats()["faults"]

        seen, faults = outcomes()
        self.assertEqual((seen, faults), outcomes())
        self.assertEqual({"status": seen.count(500), "reset-after": seen.count(0)}, faults)

    def test_invalid_mixtures_are_refused(self):
        for arguments in (["--fail", "fire"], ["--fail", "500:5"], ["--allow", "fast"], ["--lie", "white"], ["--limit-headers", "x"],
                          ["--crash-every", "0"], ["--refuse-with", "shrug"], ["--allow", "fixed:5/s,burst=3"]):
            self.assertEqual(2, plait("mock", "--port", "0", *arguments).code, arguments)


class Limits(RunTest):
    def test_no_window_exceeds_its_limit(self):
        with Mock("--allow", "30/500ms") as mock:
            began = time.monotonic()
            with concurrent.futures.ThreadPoolExecutor(8) as pool:
                statuses = list(pool.map(lambda i: status(mock, f"/{i}"), range(200)))
            windows = (time.monotonic() - began) / 0.5 + 1
            stats = mock.stats()
            self.assertLessEqual(statuses.count(200), 30 * windows)
            self.assertGreaterEqual(statuses.count(200), 30)
            self.assertEqual((200, statuses.count(200), statuses.count(429)), (stats["requests"], stats["answered"], stats["refused"]))

    def test_a_refusal_carries_the_chosen_headers(self):
        with Mock("--allow", "1/h", "--limit-headers", "retry-after:date,x-ratelimit:epoch") as mock:
            status(mock, "/")
            head = ask(mock, "/")[0].decode()
            self.assertRegex(head, r"Retry-After: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT")
            reset = int(re.search(r"X-RateLimit-Reset: (\d+)", head)[1])
            self.assertAlmostEqual(time.time() + 3600, reset, delta=60)


    def test_each_way_of_counting_and_each_refusal_is_understood(self):
        for rate in ("fixed:1/h", "clock:1/24h", "counter:1/h", "silence:1/h", "1/h,count-refused", "bucket:1/h,burst=1,step=1h",
                     "leaky:1/h,burst=1,nodelay"):
            with Mock("--allow", rate, "--refuse-with", "aws@503", "--limit-headers", "draft-7,retry-after@short:date:down") as mock:
                statuses = [status(mock, "/") for _ in range(3)]
                self.assertEqual([200, 503], sorted(set(statuses)), rate)

    def test_each_limiter_that_the_benchmark_rebuilds_refuses(self):
        sys.path.insert(0, str(REPOSITORY / "bench"))
        self.addCleanup(sys.path.pop, 0)
        import limits

        def has_refused(row):
            with Mock(*(flag.replace("{w}", "24h") for flag in row.mock)) as mock:
                for n in range(limits.REQUESTS + 2):
                    ask(mock, f"/{n}")
                return mock.stats()["refused"] > 0

        rows = [row for row in limits.ROWS if "--allow" in row.mock]
        self.assertGreater(len(rows), 50)
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            for row, refused in zip(rows, pool.map(has_refused, rows)):
                self.assertTrue(refused, row.name)


class Crashes(RunTest):
    def test_it_kills_itself_on_command(self):
        process = self.start("mock", "--port", "0")
        url = process.stdout.readline().decode().strip()
        try:
            urllib.request.urlopen(url + "/fault/crash").read()
        except (OSError, urllib.error.URLError):
            pass
        self.assertEqual(-9, finish(process).code)

    def test_it_restarts_with_its_counts(self):
        with Mock("--restart", "1s") as mock:
            self.assertEqual(200, status(mock, "/before"))
            received, _ = ask(mock, "/fault/crash/fatal")
            self.assertEqual(b"", received)
            wait_until(lambda: ask(mock, "/meanwhile")[1] == "refused", "connections to be refused")
            wait_until(lambda: status(mock, "/after") == 200, "the mock to come back")
            stats, counted = mock.stats(), ids(mock)
            self.assertEqual((1, 0), (stats["crashes"], stats["in_flight"]))
            self.assertEqual((1, 1), (counted["before"]["came"], counted["before"]["answered"]))
            self.assertEqual((1, 0, 0), tuple(counted["fatal"][key] for key in ("came", "answered", "in_flight")))

    def test_every_nth_request_is_fatal(self):
        with Mock("--restart", "1ms", "--crash-every", "10") as mock:
            answered = 0
            while answered < 45:
                answered += status(mock, "/") == 200
            stats = mock.stats()
            self.assertEqual((49, 45, 4), (stats["requests"], stats["answered"], stats["crashes"]))

    def test_ctrl_c_ends_it_and_its_server_process(self):
        for moment in ("serving", "pausing"):
            process = self.start("mock", "--port", "0", "--restart", "1h")
            url = process.stdout.readline().decode().strip()
            if moment == "pausing":
                with self.assertRaises(OSError):
                    urllib.request.urlopen(url + "/fault/crash")
            process.send_signal(2)
            ended = finish(process)
            self.assertEqual((0, ""), (ended.code, ended.err))
            with self.assertRaises(OSError):
                urllib.request.urlopen(url + "/")

    def test_a_port_in_use_is_reported(self):
        with Mock() as mock:
            ended = plait("mock", "--port", urlsplit(mock.url).port, "--restart", "1s")
            self.assertEqual(2, ended.code, ended.err)
            self.assertIn("in use", ended.err)


class Documents(unittest.TestCase):
    PAGE = (REPOSITORY / "docs/mock.md").read_text()

    @staticmethod
    def choices_of(flag):
        """Returns the choices of a mock flag in docs/cli.md, and their help."""
        mock = (REPOSITORY / "docs/cli.md").read_text().partition("## plait mock")[2]
        item = re.search(rf"^- `{flag} .*?(?=^- `|^#|\Z)", mock, re.DOTALL | re.MULTILINE)[0]
        return [(name, " ".join(help.split())) for name, help in
                re.findall(r"^  - `(.*?)`: (.*?)(?=^  - |\Z)", item, re.DOTALL | re.MULTILINE)]

    def test_every_fault_and_every_refusal_is_documented(self):
        for flag in ("--fail", "--refuse-with"):
            choices = self.choices_of(flag)
            self.assertGreater(len(choices), 10)
            for name, help in choices:
                self.assertIn(f"| `{name}` | {help} |", self.PAGE)

    def test_every_family_of_headers_is_documented(self):
        flags = " ".join((REPOSITORY / "docs/cli.md").read_text().split())
        families = re.search(r"`--limit-headers .*? Kinds: (.*?);", flags)[1].split(", ")
        self.assertGreater(len(families), 10)
        for name in families:
            self.assertIn(f"| `{name}` |", self.PAGE)


if __name__ == "__main__":
    unittest.main()
