"""Calls made by workers on other machines, over a real NATS server: who dies, what is sent twice, what is refused."""

import concurrent.futures
import json
import os
import re
import signal
import subprocess
import tempfile
import time
import unittest
from collections import Counter
from pathlib import Path

from support import together
from support.cluster import BareClient, Broker, Worker, new_key
from support.cluster_round import Round
from support.program import Mock, RunTest, finish, plait, results_in, wait_until
from support.servers import Rogue, make_certificate, response

DEPLOY = Path(__file__).resolve().parents[1] / "deploy"


def lines(mock, count, path="/delay/10"):
    """Requests of which every second one must not be sent twice."""
    return [{"custom_id": f"call-{n}", "url": f"{mock.url}{path}?id=call-{n}", **({"method": "POST", "body": {"n": n}} if n % 2 else {})}
            for n in range(count)]


class ClusterTest(RunTest):
    def setUp(self):
        super().setUp()
        self.results = self.folder / "results.jsonl"

    def broker(self, *arguments, **options):
        return self.enter(Broker(*arguments, **options))

    def worker(self, broker, *arguments):
        return self.enter(Worker(broker.url, *arguments))

    def command(self, broker, *arguments):
        return ["run", self.folder / "requests.jsonl", "-o", self.results, "--cluster", broker.url, *arguments]

    def came(self, mock, count):
        """How often each id arrived and was not refused."""
        return {f"call-{n}": counts["came"] - counts["refused"] for n in range(count) for counts in [mock.of_id(f"call-{n}")]}

    def judge(self, mock, count):
        """Each line has one result; nothing unsafe arrived twice; what is ok did arrive. Returns the outcomes."""
        results = results_in(self.results)
        ids = Counter(result["custom_id"] for result in results)
        self.assertEqual(count, len(ids))
        self.assertEqual([], [one for one, times in ids.items() if times > 1])
        came = self.came(mock, count)
        for result in results:
            times = came[result["custom_id"]]
            if int(result["custom_id"].split("-")[1]) % 2:
                self.assertLessEqual(times, 1, result)
            if result["outcome"] == "ok":
                self.assertGreaterEqual(times, 1, result)
        return Counter(result["outcome"] for result in results)


class Work(ClusterTest):
    def test_workers_make_the_calls_and_come_and_go(self):
        broker, mock = self.broker(), self.enter(Mock())
        self.requests(*lines(mock, 400))
        process = self.start(*self.command(broker))
        first = self.worker(broker, "--concurrency", "10")
        first.wait_for("working for run")
        second = self.worker(broker, "--concurrency", "10")
        second.wait_for("working for run")
        first.process.send_signal(signal.SIGTERM)
        self.assertEqual(0, first.process.wait(timeout=30))
        ended = finish(process)
        self.assertEqual(0, ended.code, ended.err)
        self.assertEqual({"ok": 400}, self.judge(mock, 400))
        self.assertEqual({1}, set(self.came(mock, 400).values()))
        second.wait_for("has ended")

    def test_the_workers_together_keep_to_the_limit_of_an_origin(self):
        broker, mock = self.broker(), self.enter(Mock("--latency", "20ms"))
        workers = [self.worker(broker, "--concurrency", "10") for _ in range(2)]
        self.requests(*lines(mock, 40, "/"))
        ended = plait(*self.command(broker, "--concurrency-per-origin", "3"))
        self.assertEqual(0, ended.code, ended.err)
        self.assertEqual({"ok": 40}, self.judge(mock, 40))
        self.assertEqual(3, mock.stats()["most_in_flight"])
        for worker in workers:
            worker.wait_for("has ended")

    def test_answers_are_as_without_a_cluster(self):
        broker, mock = self.broker(), self.enter(Mock())
        self.worker(broker)
        requests = self.requests({"custom_id": "a", "url": f"{mock.url}/status/404", "headers": {"X-A": "b"}},
                                 {"custom_id": "b", "url": f"{mock.url}/coded/gzip"}, {"custom_id": "c", "url": "http://127.0.0.1:1/"},
                                 {"custom_id": "d", "url": f"{mock.url}/status/503"}, {"custom_id": "e", "url": f"{mock.url}/redirect/2"})
        both = [plait("run", requests, "--attempts", "2", *cluster) for cluster in ([], ["--cluster", broker.url])]
        self.assertEqual([1, 1], [ended.code for ended in both], both[1].err)
        without, within = ({result["custom_id"]: result for result in ended.results} for ended in both)
        for one in "abcde":
            for field in ("outcome", "response", "error"):
                with self.subTest(one=one, field=field):
                    self.assertEqual(*(re.sub(r"[\d.]+ [um]?s after", "some us after", json.dumps(by_id[one][field])) for by_id in (without, within)))
            self.assertEqual(len(without[one]["attempts"]), len(within[one]["attempts"]))

    def test_rows_and_pages_are_as_without_a_cluster(self):
        broker, mock = self.broker(), self.enter(Mock())
        self.worker(broker)
        rows = self.folder / "rows.csv"
        rows.write_text('id,name\n7,"a ""b"" &"\n8,\n')
        command = ["run", rows, "--url", mock.url + "/pages?n=3&id={{row.id}}&q={{row.name}}", "--id-from", "id", "--follow", "next=link"]
        both = [{result["custom_id"]: result for result in plait(*command, *cluster).results} for cluster in ([], ["--cluster", broker.url])]
        for results in both:
            self.assertEqual(([1, 2, 3], "bad_input"), ([page["body"]["page"] for page in results["7"]["pages"]], results["8"]["error"]["code"]))
        self.assertEqual(*(results["7"]["response"]["url"] for results in both))

    def test_large_requests_and_answers_travel_in_parts(self):
        broker, mock = self.broker(), self.enter(Mock("--body-bytes", "3000000"))
        self.worker(broker)
        body = "x" * 1_500_000
        ended = plait("run", self.requests(*({"custom_id": f"call-{n}", "method": "POST", "url": f"{mock.url}/?id=call-{n}", "body": body}
                                             for n in range(8))), "--cluster", broker.url)
        self.assertEqual(0, ended.code, ended.err)
        self.assertEqual([3_000_000] * 8, [len(result["response"]["body_text"]) for result in ended.results])
        self.assertEqual({1}, set(self.came(mock, 8).values()))

    def test_ctrl_c_leaves_a_run_that_can_be_resumed(self):
        broker, mock = self.broker(), self.enter(Mock())
        self.requests(*lines(mock, 300, "/delay/100"))
        self.worker(broker, "--concurrency", "10")
        process = self.start(*self.command(broker))
        wait_until(lambda: mock.stats()["requests"] > 50, "calls arrive")
        process.send_signal(signal.SIGINT)
        ended = finish(process)
        self.assertEqual(3, ended.code, ended.err)
        self.assertLess(len(results_in(self.results)), 300)
        ended = plait(*self.command(broker))
        self.assertEqual(0, ended.code, ended.err)
        self.assertEqual({"ok": 300}, self.judge(mock, 300))
        self.assertEqual({1}, set(self.came(mock, 300).values()))

    def test_status_and_trace_show_the_workers(self):
        broker, mock = self.broker(), self.enter(Mock())
        self.requests(*lines(mock, 200, "/delay/50"))
        workers = [self.worker(broker, "--concurrency", "5") for _ in range(2)]
        trace = self.folder / "trace.json"
        process = self.start(*self.command(broker, "--trace", trace))
        for worker in workers:
            worker.wait_for("working for run")
        picture = plait("cluster", "status", broker.url)
        self.assertRegex(picture.out, r"run [0-9a-f]{32}: coordinated by plait .*, epoch 1\n(  worker .*: 5 slots, holds \d+ calls\n){2}")
        ended = finish(process)
        self.assertEqual(0, ended.code, ended.err)
        status = json.loads(plait("status", self.results, "--json").out)["report"]
        self.assertEqual([5, 5], [worker["slots"] for worker in status["workers"]])
        self.assertEqual(200, sum(worker["calls"] for worker in status["workers"]))
        self.assertIn("worker", plait("status", self.results).out)
        self.assertIn('"worker 1"', trace.read_text())
        self.assertIn('"worker 2"', trace.read_text())
        picture = plait("report", trace, "--text")
        self.assertEqual(0, picture.code, picture.err)
        self.assertIn("up to 10 at a time", picture.out)


class Features(ClusterTest):
    """What a run does without a cluster, over one."""

    @classmethod
    def setUpClass(cls):
        cls.shared = Broker()
        cls.shared.__enter__()
        cls.addClassCleanup(cls.shared.__exit__)
        cls.mock = Mock()
        cls.mock.__enter__()
        cls.addClassCleanup(cls.mock.__exit__)
        member = Worker(cls.shared.url)
        member.__enter__()
        cls.addClassCleanup(member.__exit__)
        member.wait_for("connected")

    def made(self, *arguments, code=0):
        ended = plait("run", *arguments, "--cluster", self.shared.url)
        self.assertEqual(code, ended.code, ended.err)
        return ended.results

    def test_large_bodies_are_saved_by_the_coordinator(self):
        bodies = self.folder / "bodies"
        requests = self.requests({"custom_id": "large", "method": "POST", "url": f"{self.mock.url}/echo", "body": "x" * 700_000},
                                 {"custom_id": "small", "url": f"{self.mock.url}/status/200"})
        answers = {result["custom_id"]: result["response"] for result in
                   self.made(requests, "--save-bodies", bodies, "--inline-max", "100k")}
        self.assertEqual([bodies / "large"], list(bodies.iterdir()))
        self.assertEqual((str(bodies / "large"), (bodies / "large").stat().st_size), (answers["large"]["body_file"], answers["large"]["body_bytes"]))
        self.assertIn("x" * 700_000, (bodies / "large").read_text())
        self.assertNotIn("body_file", answers["small"])

    def test_pages_are_followed(self):
        result, = self.made(f"{self.mock.url}/pages?n=3&id=cluster", "--follow", "next=link")
        self.assertEqual(("ok", [1, 2, 3]), (result["outcome"], [page["body"]["page"] for page in result["pages"]]))

    def test_a_budget_stops_the_run(self):
        requests = self.requests(*({"url": f"{self.mock.url}/echo", "cost": {"usd": 1}} for _ in range(30)))
        results = self.made(requests, "--budget", "usd=20", "--limit", "requests=1000/s", "--attempts", "1", code=3)
        self.assertEqual({"ok": 20, "skipped": 10}, Counter(result["outcome"] for result in results))

    def test_rows_become_requests(self):
        rows = self.folder / "rows.csv"
        rows.write_text("name\nfirst\nsecond\n")
        results = self.made(rows, "--url", self.mock.url + "/items/{{row.name}}", "--body", '{"name": {{row.name}}}')
        self.assertEqual({"/items/first", "/items/second"}, {result["response"]["body"]["target"] for result in results})

    def test_calls_with_one_order_key_are_made_one_by_one(self):
        lines = [{"url": f"{self.mock.url}/delay/5?id=key-{key}", "order_key": key} for _ in range(6) for key in ("a", "b")]
        results = self.made(self.requests(*lines))
        for key in (0, 1):
            seen = self.mock.of_id(f"key-{'ab'[key]}")
            self.assertEqual((6, 1), (seen["came"], seen["most_in_flight"]))
            order = [result["line"] for result in results if result["line"] % 2 == 1 - key]
            self.assertEqual(sorted(order), order)

    def test_a_call_that_hangs_is_answered_by_its_hedge(self):
        def script(peer):
            peer.request()
            if peer.number == 1:
                peer.wait_for_the_end()
            peer.send(response())

        # As in run_pace_test.py: they establish the usual latency.
        with Rogue(script) as server:
            calls = [*({"url": f"{self.mock.url}/delay/20"} for _ in range(200)), {"custom_id": "hangs", "url": server.url}]
            results = self.made(self.requests(*({**call, "group": "one"} for call in calls)), "--hedge", "p99", "--concurrency", "3")
            self.assertEqual(2, server.connections)
        hung, = (result for result in results if result["custom_id"] == "hangs")
        self.assertEqual(["second"], [attempt.get("hedge") for attempt in hung["attempts"]])


class Deaths(ClusterTest):
    def test_a_killed_worker_costs_only_what_it_had_in_flight(self):
        broker, mock = self.broker(), self.enter(Mock())
        self.requests(*lines(mock, 600, "/delay/60"))
        workers = [self.worker(broker, "--concurrency", "8") for _ in range(3)]
        process = self.start(*self.command(broker))
        wait_until(lambda: mock.stats()["requests"] > 150, "calls arrive")
        workers[0].process.kill()
        ended = finish(process)
        self.assertIn(ended.code, (0, 1), ended.err)
        outcomes = self.judge(mock, 600)
        self.assertEqual(600, outcomes["ok"] + outcomes["unknown"])
        self.assertLessEqual(outcomes["unknown"], 8)
        self.assertIn("lost", plait("status", self.results).out)

    def test_what_workers_hold_is_taken_over_from_a_killed_coordinator(self):
        broker, mock = self.broker(), self.enter(Mock())
        self.requests(*lines(mock, 60, "/delay/3000"))
        workers = [self.worker(broker, "--concurrency", "10") for _ in range(2)]
        process = self.start(*self.command(broker, "--concurrency", "20"))
        wait_until(lambda: mock.stats()["in_flight"] == 20, "all slots are taken")
        process.kill()
        process.wait()
        ended = plait(*self.command(broker, "--concurrency", "40"))
        self.assertEqual(0, ended.code, ended.err)
        self.assertEqual({"ok": 60}, self.judge(mock, 60))
        for worker in workers:
            worker.wait_for("has ended")

    def test_an_answer_that_waits_to_be_written_outlives_its_coordinator(self):
        broker, mock = self.broker(), self.enter(Mock())
        late, early = ({"custom_id": f"call-{n}", "method": "POST", "url": f"{mock.url}/delay/{ms}?id=call-{n}"} for n, ms in ((1, 2500), (3, 1)))
        self.requests(late, early)
        self.worker(broker)
        command = self.command(broker, "--ordered")
        process = self.start(*command)
        wait_until(lambda: mock.stats()["requests"] == 2, "both calls arrive")
        time.sleep(1)  # the answer of the second waits for that of the first
        process.kill()
        process.wait()
        ended = plait(*command)
        self.assertEqual(0, ended.code, ended.err)
        self.assertEqual(["call-1", "call-3"], [result["custom_id"] for result in results_in(self.results)])
        self.assertEqual([1, 1], [mock.of_id(f"call-{n}")["came"] for n in (1, 3)])

    def test_where_a_redirect_led_nothing_is_sent_twice_after_a_killed_coordinator(self):
        broker, mock = self.broker(), self.enter(Mock())
        self.requests(*({"custom_id": f"call-{n}", "method": "POST", "body": {"n": n},
                         "url": f"{mock.url}/redirect/1/{status}?to={mock.url}/delay/3000?id=call-{n}"} for n, status in ((1, 307), (3, 303))))
        self.worker(broker)
        process = self.start(*self.command(broker))
        wait_until(lambda: mock.stats()["in_flight"] == 2, "the redirected requests arrive")
        process.kill()
        process.wait()
        ended = plait(*self.command(broker))
        self.assertEqual(1, ended.code, ended.err)
        results = {result["custom_id"]: result for result in results_in(self.results)}
        self.assertEqual({"call-1": "unknown", "call-3": "ok"}, {one: result["outcome"] for one, result in results.items()})
        self.assertIn("not sent again", results["call-1"]["error"]["message"])
        self.assertEqual([1, 2], [mock.of_id(f"call-{n}")["came"] for n in (1, 3)], "a GET may be sent again")

    def test_the_pages_of_a_get_that_must_not_be_sent_twice_are_fetched_after_a_killed_coordinator(self):
        broker, mock = self.broker(), self.enter(Mock("--latency", "1s"))
        self.requests({"custom_id": "call-1", "url": f"{mock.url}/pages?n=3&id=call-1", "safe_to_repeat": False})
        self.worker(broker)
        command = self.command(broker, "--follow", "next=link")
        process = self.start(*command)
        wait_until(lambda: mock.of_id("call-1")["came"] == 2, "the second page is asked for")
        process.kill()
        process.wait()
        ended = plait(*command)
        self.assertEqual(0, ended.code, ended.err)
        self.assertEqual([1, 2, 3], [page["body"]["page"] for page in results_in(self.results)[0]["pages"]])
        self.assertEqual(4, mock.of_id("call-1")["came"], "the first page once, the second again")

    def test_pages_that_are_posts_are_sent_once_each_whoever_dies(self):
        broker, mock = self.broker(), self.enter(Mock("--latency", "50ms"))
        self.requests(*({"custom_id": f"call-{n}", "method": "POST", "url": f"{mock.url}/pages?n=5&id=call-{n}", "body": {"page": 1}}
                        for n in range(40)))
        workers = [self.worker(broker, "--concurrency", "4") for _ in range(3)]
        process = self.start(*self.command(broker, "--follow", "next=/cursor,into=/page", "--hedge", "p50"))
        wait_until(lambda: mock.stats()["requests"] > 60, "pages arrive")
        workers[0].process.kill()
        finish(process)
        results = results_in(self.results)
        self.assertEqual(40, len({result["custom_id"] for result in results}))
        for result in results:
            pages = [page["body"]["page"] for page in result["pages"]]
            came = mock.of_id(result["custom_id"])["came"]
            with self.subTest(id=result["custom_id"]):
                self.assertEqual(list(range(1, len(pages) + 1)), pages)
                if result["outcome"] == "ok":
                    self.assertEqual((5, 5), (len(pages), came))
                else:
                    self.assertEqual("unknown", result["outcome"])
                    self.assertLessEqual(came, len(pages) + 1)
        self.assertLessEqual(len([result for result in results if result["outcome"] != "ok"]), 4)

    def test_an_interrupted_run_leaves_the_workers_what_it_has_not_taken_over(self):
        broker, mock = self.broker(), self.enter(Mock())
        self.requests({"custom_id": "call-1", "method": "POST", "url": f"{mock.url}/delay/100?id=call-1"})
        worker = self.worker(broker)
        process = self.start(*self.command(broker))
        wait_until(lambda: mock.stats()["requests"] == 1, "the call arrives")
        process.kill()
        process.wait()
        spy = BareClient(broker)
        self.addCleanup(spy.close)
        process = self.start(*self.command(broker))
        while not spy.hear()[0].endswith(".self"):
            pass
        process.send_signal(signal.SIGINT)
        self.assertEqual(3, finish(process).code)
        ended = plait(*self.command(broker))
        self.assertEqual(0, ended.code, ended.err)
        self.assertEqual(["ok"], [result["outcome"] for result in results_in(self.results)])
        self.assertEqual(1, mock.of_id("call-1")["came"])
        worker.wait_for("has ended")

    def test_a_killed_broker_makes_nothing_unknown(self):
        broker, mock = self.broker(), self.enter(Mock())
        self.requests(*lines(mock, 400, "/delay/30"))
        for _ in range(2):
            self.worker(broker, "--concurrency", "8")
        process = self.start(*self.command(broker))
        for sent in (80, 200):
            wait_until(lambda: mock.stats()["requests"] > sent, "calls arrive")
            broker.kill()
            broker.start()
        ended = finish(process)
        self.assertEqual(0, ended.code, ended.err)
        self.assertEqual({"ok": 400}, self.judge(mock, 400))

    def test_a_worker_that_stands_still_for_a_while_goes_on(self):
        broker, mock = self.broker(), self.enter(Mock())
        self.requests(*lines(mock, 300, "/delay/30"))
        workers = [self.worker(broker, "--concurrency", "5") for _ in range(2)]
        process = self.start(*self.command(broker))
        wait_until(lambda: mock.stats()["requests"] > 60, "calls arrive")
        workers[0].process.send_signal(signal.SIGSTOP)
        seen = mock.stats()["requests"]
        wait_until(lambda: mock.stats()["requests"] > seen + 100, "the other one goes on")
        workers[0].process.send_signal(signal.SIGCONT)
        ended = finish(process)
        self.assertEqual(0, ended.code, ended.err)
        self.assertEqual({"ok": 300}, self.judge(mock, 300))


class RandomFaults(unittest.TestCase):
    """A sample of `make soak-cluster`."""

    def test_whoever_dies_or_stops_each_line_has_one_result_and_no_unsafe_request_arrives_twice(self):
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            for played in pool.map(lambda seed: Round(seed).play(), range(1, 5)):
                self.assertEqual([], played.wrong, played.happened)


class Installed(unittest.TestCase):
    def test_the_server_takes_our_configuration(self):
        with tempfile.TemporaryDirectory() as folder:
            make_certificate(folder, "server", "DNS:localhost")
            config = (DEPLOY / "nats.conf").read_text().replace("/etc/nats", folder)
            path = Path(folder) / "nats.conf"
            path.write_text(config)
            checked = subprocess.run(["nats-server", "-t", "-c", path], capture_output=True, text=True)
            self.assertEqual(0, checked.returncode, checked.stderr)


class Limits(ClusterTest):
    def test_a_limit_holds_over_all_workers(self):
        broker, mock = self.broker(), self.enter(Mock("--allow", "sliding:100/s"))
        self.requests(*lines(mock, 350, "/"))
        for _ in range(4):
            self.worker(broker, "--concurrency", "100")
        ended = plait(*self.command(broker, "--limit", "requests=100/s"))
        self.assertEqual(0, ended.code, ended.err)
        self.assertEqual(0, mock.stats()["refused"], "by the count of the server")
        self.judge(mock, 350)

    def test_a_refusal_at_one_worker_stops_all(self):
        broker, mock = self.broker(), self.enter(Mock("--allow", "fixed:50/2s"))
        self.requests(*lines(mock, 120, "/"))
        for _ in range(4):
            self.worker(broker, "--concurrency", "1")
        ended = plait(*self.command(broker))
        self.assertEqual(0, ended.code, ended.err)
        self.judge(mock, 120)
        self.assertLessEqual(mock.stats()["refused"], 3 * 4)


class Trust(ClusterTest):
    def test_without_a_key_only_a_broker_on_this_machine_is_used(self):
        for command in (["run", self.requests({"url": "http://127.0.0.1:1/"})], ["worker"]):
            ended = plait(*command, "--cluster", "tls://nats.example")
            self.assertEqual(2, ended.code)
            self.assertIn("needs --cluster-key FILE", ended.err)

    def test_a_password_in_the_address_is_refused_and_not_shown(self):
        ended = plait("worker", "--cluster", "nats://me:secret@127.0.0.1")
        self.assertEqual(2, ended.code)
        self.assertIn("--cluster-creds", ended.err)
        self.assertNotIn("secret", ended.err)

    def test_another_key_is_told_on_both_sides(self):
        broker, mock = self.broker(), self.enter(Mock())
        self.requests(*lines(mock, 20))
        key = new_key(self.folder)
        stranger = self.worker(broker, "--cluster-key", new_key(self.folder))
        process = self.start(*self.command(broker, "--cluster-key", key))
        stranger.wait_for("has another --cluster-key: this worker can't work for it")
        self.worker(broker, "--cluster-key", key)
        ended = finish(process)
        self.assertEqual(0, ended.code, ended.err)
        self.assertIn("has another --cluster-key", ended.err)
        self.assertIn("has another --cluster-key", "\n".join(stranger.said))

    def test_the_broker_sees_no_secret(self):
        broker, mock = self.broker(), self.enter(Mock())
        spy = BareClient(broker)
        self.addCleanup(spy.close)
        key = new_key(self.folder)
        self.worker(broker, "--cluster-key", key).wait_for("connected")
        requests = self.requests({"url": f"{mock.url}/echo", "headers": {"Authorization": "Bearer {{env.TOKEN}}"}, "body": "a private text",
                                  "method": "POST"})
        ended = plait("run", requests, "--cluster", broker.url, "--cluster-key", key, "--secret", "env.TOKEN",
                      env={**os.environ, "TOKEN": "very-secret-token"})
        self.assertEqual(0, ended.code, ended.err)
        heard = b""
        while not (heard.count(b".in ") and b".w." in heard and heard.count(b".all") > 1):
            subject, payload = spy.hear()
            heard += subject.encode() + b" " + payload
        for word in (b"very-secret-token", b"Bearer", b"a private text", b"/echo"):
            self.assertNotIn(word, heard)

    def test_another_protocol_is_told_on_both_sides(self):
        broker, mock = self.broker(), self.enter(Mock())
        other = BareClient(broker)
        self.addCleanup(other.close)
        worker = self.worker(broker)
        worker.wait_for("connected")
        run = "0123456789abcdef" * 2
        expected = f"run {run} speaks protocol 99, and this worker 2: install the same version"

        def is_told():
            # Again and again: a worker says that it is connected before the broker has its subscriptions.
            other.say(f"plait.{run}.all", bytes([99, 1]) + b"whatever follows")
            time.sleep(0.1)
            return any(expected in line for line in worker.said)

        wait_until(is_told, "the worker tells that the run speaks another protocol")
        subject, payload = other.hear()
        while not subject.endswith(".in"):
            subject, payload = other.hear()
        self.assertIn(b"speaks protocol 2, and this run 99", payload)
        self.requests(*lines(mock, 20, "/delay/200"))
        process = self.start(*self.command(broker, "--concurrency", "1"))
        subject, _ = other.hear()
        while run in subject or not subject.startswith("plait."):
            subject, _ = other.hear()
        other.say(subject.rsplit(".", 1)[0] + ".in", bytes([99, 1]) + b"whatever follows")
        ended = finish(process)
        self.assertEqual(0, ended.code, ended.err)
        self.assertIn("a worker speaks protocol 99, and this run 2", ended.err)

    def test_a_login_is_needed_and_used(self):
        seed, user = "SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY", "UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4"
        broker = self.broker(f"authorization {{ users: [ {{ nkey: {user} }}, {{ user: me, password: pass }} ] }}")
        mock = self.enter(Mock())
        self.requests(*lines(mock, 10))
        ended = plait(*self.command(broker))
        self.assertEqual(2, ended.code, ended.err)
        self.assertIn("it asks for a login: name a file with --cluster-creds (Authorization Violation)", ended.err)
        nkey, password, wrong = (self.folder / name for name in ("nkey", "password", "wrong"))
        nkey.write_text(seed + "\n")
        password.write_text("me:pass\n")
        wrong.write_text("me:guess\n")
        ended = plait(*self.command(broker, "--cluster-creds", wrong))
        self.assertEqual(2, ended.code, ended.err)
        self.assertIn("it refuses the login of --cluster-creds", ended.err)
        self.worker(broker, "--cluster-creds", nkey)
        ended = plait(*self.command(broker, "--cluster-creds", password))
        self.assertEqual(0, ended.code, ended.err)

    def test_a_missing_permission_is_told_at_once(self):
        broker = self.broker('authorization { users: [ { user: boss, password: p },'
                             '{ user: mute, password: p, permissions: { publish: ["nothing"], subscribe: ["plait.>"] } },'
                             '{ user: deaf, password: p, permissions: { publish: ["plait.*.in"], subscribe: ["plait.*.all"] } } ] }')
        mock = self.enter(Mock())
        self.requests(*lines(mock, 4, "/"))
        boss, mute, deaf = (self.folder / name for name in ("boss", "mute", "deaf"))
        for login in (boss, mute, deaf):
            login.write_text(f"{login.name}:p")
        ended = plait(*self.command(broker, "--cluster-creds", mute))
        self.assertEqual(2, ended.code, ended.err)
        self.assertRegex(ended.err, r"^plait: broker nats://\S+: the login has no permission: Permissions Violation for Publish to \S+ "
                                    r"\(docs/cluster.md has those that are needed\)\n$")
        worker = self.worker(broker, "--cluster-creds", mute)
        process = self.start(*self.command(broker, "--cluster-creds", boss))
        worker.wait_for(r"the login has no permission: Permissions Violation for Publish to \S+\.in")
        worker = self.worker(broker, "--cluster-creds", deaf)
        worker.wait_for(r"the login has no permission: Permissions Violation for Subscription to \S+\.w\.")
        worker.wait_for("its coordinator does not answer")
        self.worker(broker, "--cluster-creds", boss)
        ended = finish(process)
        self.assertEqual(0, ended.code)
        self.assertRegex(ended.err, r"the worker at \S+ does not seem to hear this run")

    def test_the_installed_configuration_serves_a_run_over_tls(self):
        certificate, _ = make_certificate(self.folder, "server", "IP:127.0.0.1")
        config = (DEPLOY / "nats.conf").read_text().replace("/etc/nats", str(self.folder))
        config = re.sub(r"(?m)^(listen|http):.*$", "", config)
        # The seed of the worker's NKEY in it is nobody's.
        config = re.sub(r"nkey: UCK5\w+", "user: worker, password: pass", config)
        mock, key, broker = self.enter(Mock()), new_key(self.folder), self.broker(config)
        seed, login = self.folder / "seed", self.folder / "login"
        seed.write_text("SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY")
        login.write_text("worker:pass")
        broker.url = broker.url.replace("nats:", "tls:")
        self.requests(*lines(mock, 20))
        coordinator = ("--cluster-key", key, "--cluster-creds", seed)
        ended = plait(*self.command(broker, *coordinator))
        self.assertEqual(3, ended.code, ended.err)
        self.assertIn("certificate", ended.err)
        self.assertEqual([], list(self.folder.glob("results.jsonl*")), "a run that did nothing leaves nothing")
        worker = self.worker(broker, "--cluster-key", key, "--cluster-creds", login, "--cluster-cacert", certificate)
        ended = plait(*self.command(broker, *coordinator, "--cluster-cacert", certificate))
        self.assertEqual(0, ended.code, ended.err)
        self.assertEqual({"ok": 20}, self.judge(mock, 20))
        self.assertFalse([line for line in worker.said if "permission" in line])

    def test_tls_is_enforced(self):
        broker = self.broker()
        key = new_key(self.folder)
        self.requests({"url": "http://127.0.0.1:1/"})
        ended = plait("run", self.folder / "requests.jsonl", "--cluster", broker.url.replace("nats:", "tls:"), "--cluster-key", key)
        self.assertEqual(3, ended.code, ended.err)
        self.assertIn("the server offers no TLS, and tls:// asks for it", ended.err)


if __name__ == "__main__":
    together.main()
