"""`plait run --ui`: the page of a live run, over HTTP and in Chromium."""

import http.client
import json
import re
import unittest
from pathlib import Path
from urllib.parse import urlsplit

from support.node import missing, node
from support.program import Mock, RunTest, finish, plait, results_in, wait_until
from support.servers import Gate, Rogue

HERE = Path(__file__).resolve().parent


class Browser:
    """What a browser sends to the page of a run."""

    def __init__(self, url):
        self.url = url
        self.address, self.path = urlsplit(url).netloc, urlsplit(url).path

    def ask(self, method, path, **headers):
        """Returns status, headers and body of an answer."""
        connection = http.client.HTTPConnection(self.address, timeout=30)
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer.status, answer.headers, body.decode()

    def events(self):
        """Yields the events of the run up to their end, as pairs of name and data."""
        connection = http.client.HTTPConnection(self.address, timeout=30)
        connection.request("GET", self.path + "events")
        stream = connection.getresponse()
        assert (stream.readline(), stream.readline()) == (b"retry: 1000\n", b"\n")
        while line := stream.readline().decode():
            name = line.removeprefix("event: ").strip()
            data = json.loads(stream.readline().decode().removeprefix("data: "))
            stream.readline()
            yield name, data


class Watch(RunTest):
    def setUp(self):
        super().setUp()
        self.results = self.folder / "results.jsonl"

    def watch(self, *arguments):
        """Starts a run, and returns its process and the URL of its page."""
        process = self.start("run", *arguments, "-o", self.results, "--ui")
        said = process.stderr.readline().decode()
        url = re.fullmatch(r"plait: watch the run at (http://127\.0\.0\.1:\d+/[0-9a-f]{32}/)\n", said)
        self.assertTrue(url, said)
        return process, url[1]

    def test_a_run_is_watched_paused_resumed_and_seen_to_its_end(self):
        gate = Gate()
        with Rogue(gate) as server:
            lines = [{"url": f"{server.url}/{n}"} for n in range(20)]
            process, url = self.watch(self.requests(*lines), "--concurrency", "4")
            browser = Browser(url)
            gate.wait_for(4, process)
            status, headers, page = browser.ask("GET", browser.path)
            self.assertEqual((200, "text/html; charset=utf-8"), (status, headers["Content-Type"]))
            self.assertNotIn("Access-Control-Allow-Origin", headers)
            self.assertEqual(403, browser.ask("GET", browser.path, Host="attacker.example")[0])
            self.assertEqual(404, browser.ask("GET", "/")[0])
            self.assertEqual(403, browser.ask("POST", browser.path + "stop", Origin="http://attacker.example")[0])

            events = browser.events()
            self.assertEqual(("history", "results.jsonl"), ((first := next(events))[0], Path(first[1]["name"]).name))
            self.assertEqual(204, browser.ask("POST", browser.path + "pause")[0])
            paused = next(data for name, data in events if data.get("status", {}).get("report", {}).get("is_paused"))
            self.assertEqual("paused", paused["status"]["why_waiting"])
            gate.open()
            # Those in flight end, and no other begins.
            next(data for name, data in events if data["status"]["report"]["done"] == 4)
            stored = wait_until(lambda: (now := json.loads(plait("status", self.results, "--json").out))["report"]["done"] == 4 and now,
                                "the status to be stored")
            self.assertEqual((0, url), (stored["report"]["in_flight"], stored["report"]["page_url"]))
            self.assertIn(f"  state  paused\n  page   {url}\n", plait("status", self.results).out)

            self.assertEqual(204, browser.ask("POST", browser.path + "resume")[0])
            *_, (last_name, last) = events
            ended = finish(process)
            self.assertEqual(0, ended.code, ended.err)
        self.assertEqual(("end", 20), (last_name, last["status"]["report"]["done"]))
        self.assertTrue(last["status"]["report"]["has_ended"])
        self.assertEqual(20, len(results_in(self.results)))
        self.assertIn("plait: paused from the page\nplait: resumed from the page\n", ended.err)
        self.assertEqual("", json.loads(plait("status", self.results, "--json").out)["report"]["page_url"])

    def test_a_port_in_use_stops_the_run_before_anything_happens(self):
        with Mock() as mock:
            port = urlsplit(mock.url).port
            ended = plait("run", "--ui", port, mock.url + "/a", "-o", self.results)
            self.assertEqual(2, ended.code)
            self.assertIn(f"--ui: listen at 127.0.0.1:{port}: the port is in use by another program", ended.err)
            self.assertFalse(self.results.exists())
            self.assertEqual(0, mock.stats()["requests"])

    def test_the_page_in_chromium(self):
        self.assertIsNone(missing())
        with Mock() as mock:
            def path(n):
                return "status/404" if n % 7 == 0 else "fault/reset-before" if n % 401 == 1 else f"delay/{20 + n % 50}"

            lines = [{"custom_id": f"call-{n}", "url": f"{mock.url}/{path(n)}"} for n in range(20_000)]
            process, url = self.watch(self.requests(*lines), "--limit", "requests=200/s", "--budget", "requests=30000", "--attempts", "2")
            failed = node(HERE / "page/live_test.mjs", PLAIT_URL=url)
            if failed:
                self.fail(failed)
            ended = finish(process)
            self.assertEqual(3, ended.code, ended.err)
            self.assertIn("plait: stopped from the page: waiting for the calls in flight", ended.err)


if __name__ == "__main__":
    unittest.main()
