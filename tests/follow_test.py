"""`plait run --follow`: lists in pages and jobs that are asked for are one call each, also when a run is killed."""

import json
import os
import signal
import unittest
from pathlib import Path

from support.program import MockTest, finish, plait, results_in, wait_until

PAGES = "/pages?n=3&id="


class Pages(MockTest):
    def pages_of(self, result, name="pages"):
        return [page["body"]["page"] for page in result[name]]

    def test_each_way_to_the_next_page_is_followed_by_each_method(self):
        ways = ["next=link", "next=/next", "next=/cursor,cursor=page"]
        for method in ("sync", "threads", "async", "processes"):
            lines = [{"url": self.url(PAGES + method), "follow": rule} for rule in
                     ({"next": "link"}, {"next": "/next"}, {"next": "/cursor", "cursor": "page"})]
            ended = self.run_lines(*lines, arguments=["--method", method])
            self.assertEqual(["ok"] * 3, [result["outcome"] for result in ended.results], ended.out)
            self.assertEqual([[1, 2, 3]] * 3, [self.pages_of(result) for result in ended.results])
        for way in ways:
            result = self.result_of(self.url(PAGES + "a"), "--follow", way)
            self.assertEqual([1, 2, 3], self.pages_of(result))
            self.assertEqual(["next-page", "next-page", None], [attempt.get("why") for attempt in result["attempts"]])
            self.assertEqual((200, False, False), (result["response"]["status_code"], "body" in result["response"], result["more_pages"]))

    def test_pages_that_are_posts_are_followed_by_each_method(self):
        for method in ("sync", "threads", "async", "processes"):
            line = {"method": "POST", "url": self.url("/pages?n=3&id=post-" + method), "body": {"page": 1, "q": "x"},
                    "follow": {"next": "/cursor", "into": "/page", "more": "/more"}}
            ended = self.run_lines(line, arguments=["--method", method])
            self.assertEqual("ok", ended.results[0]["outcome"], ended.out)
            self.assertEqual([1, 2, 3], self.pages_of(ended.results[0]))
            self.assertEqual(3, self.mock.of_id("post-" + method)["came"])
        ended = self.run_lines(line, arguments=["--each-page", "--summary-json", self.folder / "s.json"])
        self.assertEqual(3 * len(json.dumps(line["body"])), json.loads((self.folder / "s.json").read_text())["sent_bytes"])
        self.assertEqual([(f"line-1{page}", "POST", line["url"]) for page in ("", "#2", "#3")],
                         [(result["custom_id"], result["method"], result["url"]) for result in ended.results])

    def test_pages_are_counted_until_one_is_empty(self):
        result = self.result_of(self.url("/pages/counted?n=2&page=1&id=count"), "--follow", "next=count,cursor=page,items=/items")
        self.assertEqual([[1, 2, 3], [4, 5, 6], []], [page["body"]["items"] for page in result["pages"]])
        told = self.result_of(self.url("/pages/counted?n=2&page=1&id=told"), "--follow", "next=count,cursor=page,more=/more")
        self.assertEqual([1, 2], self.pages_of(told))
        some = self.result_of(self.url("/pages/counted?n=9&page=1&id=some"), "--follow", "next=count,cursor=page,max_pages=2")
        self.assertEqual(([1, 2], True), (self.pages_of(some), some["more_pages"]))

    def test_a_request_without_a_number_to_count_from_is_not_sent(self):
        rule = ["--follow", "next=count,cursor=page,items=/items"]
        url = self.url("/pages/counted?n=2&id=unsent")
        for command, code in (("run", 1), ("check", 2), ("run --strict", 2)):
            ended = plait(*command.split(), url, *rule)
            self.assertEqual(code, ended.code, ended.out)
            self.assertIn("there is no number to count from: the URL needs page once, such as page=1", ended.out + ended.err)
        self.assertEqual(0, self.mock.of_id("unsent")["came"])

    def test_a_killed_run_sends_no_page_twice_that_is_a_post(self):
        line = {"custom_id": "kill", "method": "POST", "url": self.url("/pages?n=3&id=kill&delay=1"), "body": {"page": 1},
                "follow": {"next": "/cursor", "into": "/page"}}
        requests, results = self.requests(line), self.folder / "r.jsonl"
        arguments = ["run", requests, "-o", results, "--limit", "requests=1/30s"]
        process = self.start(*arguments)
        wait_until(lambda: self.mock.of_id("kill")["answered"] >= 1, "the first page")
        process.send_signal(signal.SIGKILL)
        finish(process)
        ended = plait(*arguments)
        self.assertEqual((1, "unknown"), (ended.code, results_in(results)[0]["outcome"]), ended.err)
        self.assertEqual(1, self.mock.of_id("kill")["came"])

    def test_a_pointer_at_which_no_first_page_has_a_value_is_a_warning(self):
        for pointer, has_warning in (("/nxt", True), ("/next", False)):
            ended = plait("run", self.url(PAGES + "w"), "--follow", "next=" + pointer)
            self.assertEqual((0, has_warning), (ended.code, f"no first page has a value at {pointer}" in ended.err), ended.err)

    def test_flags_of_pages_need_a_rule_for_urls(self):
        for flag in (["--max-pages", "2"], ["--each-page"]):
            ended = plait("run", self.url(PAGES + "f"), *flag)
            self.assertEqual((2, f"plait: {flag[0]} needs --follow RULE, such as --follow next=link\n"), (ended.code, ended.err))

    def test_a_list_never_ends_early_in_silence(self):
        for path, error in (("/pages/missing?n=3", "page 3: status 404"), ("/pages/loop?n=3", "the pages go in a circle")):
            ended = plait("run", self.url(path), "--follow", "next=link", "--summary-json", self.folder / "s.json")
            self.assertEqual(("rejected", 1), (ended.results[0]["outcome"], ended.code))
            self.assertIn(error, ended.results[0]["error"]["message"])
        some = self.result_of(self.url(PAGES + "b"), "--follow", "next=link", "--max-pages", "2")
        self.assertEqual(("ok", [1, 2], True), (some["outcome"], self.pages_of(some), some["more_pages"]))
        small = self.result_of(self.url(PAGES + "c"), "--follow", "next=link", "--max-body", "300")
        self.assertEqual(("rejected", "too_large", [1]), (small["outcome"], small["error"]["code"], self.pages_of(small)))

    def test_pages_may_be_hedged_and_traced(self):
        trace, lists = self.folder / "trace.json", [self.url(f"/pages?n=2&id=h{n}") for n in range(30)]
        ended = plait("run", *lists, "--follow", "next=link", "--hedge", "p50", "--trace", trace)
        self.assertEqual([[1, 2]] * 30, [self.pages_of(result) for result in ended.results], ended.err)
        self.assertIn("30 calls", plait("report", trace, "--text").out)

    def test_credentials_stay_with_their_origin(self):
        result = self.result_of(self.url("/pages/elsewhere?n=2"), "--follow", "next=link", "--header", "X-Key: k")
        self.assertEqual([1, 2], self.pages_of(result))
        self.assertTrue(result["pages"][1]["url"].startswith("http://localhost"))

    def test_large_pages_are_files_of_their_own(self):
        folder = self.folder / "bodies"
        result = self.result_of(self.url(PAGES + "d"), "--follow", "next=/next", "--save-bodies", folder, "--inline-max", "0")
        self.assertEqual(["line-1", "line-1#2", "line-1#3"], sorted(path.name for path in folder.iterdir()))
        self.assertEqual([1, 2, 3], [json.loads(Path(page["body_file"]).read_text())["page"] for page in result["pages"]])

    def test_a_table_has_the_bodies_as_a_list(self):
        results = self.folder / "r.jsonl"
        plait("run", self.url(PAGES + "e"), "--follow", "next=link", "-o", results)
        rows = plait("table", results, "-o", self.folder / "t.jsonl", "--select", "items=/2/items")
        self.assertEqual(0, rows.code, rows.err)
        row = json.loads((self.folder / "t.jsonl").read_text())
        self.assertEqual((3, "[7,8,9]"), (row["attempts"], row["items"]))


class EachPage(MockTest):
    FLAGS = ("--follow", "next=link", "--each-page")

    def test_each_page_is_a_result_and_a_cut_call_is_made_again(self):
        requests, results = self.requests(*[{"custom_id": f"c{n}", "url": self.url(PAGES + f"x{n}")} for n in range(3)]), self.folder / "r.jsonl"
        ended = plait("run", requests, "-o", results, *self.FLAGS)
        whole = results.read_bytes()
        self.assertEqual(0, ended.code, ended.err)
        ids = [result["custom_id"] for result in results_in(results)]
        self.assertEqual(sorted(f"c{n}{page}" for n in range(3) for page in ("", "#2", "#3")), sorted(ids))
        self.assertIn("each request has exactly one result", plait("verify", requests, results).out)
        lines = whole.splitlines(keepends=True)
        # What a run leaves that is killed while it writes: anything up to the last page.
        for kept in (b"".join(lines[:-1]), b"".join(lines[:-2]), b"".join(lines[:-1]) + lines[-1][:40], b"".join(lines[:4])):
            results.write_bytes(kept)
            ended = plait("run", requests, "-o", results, *self.FLAGS)
            again = [result["custom_id"] for result in results_in(results)]
            self.assertEqual((0, sorted(ids)), (ended.code, sorted(again)), ended.err)

    def test_what_could_be_mistaken_is_refused(self):
        ended = self.run_lines({"custom_id": "a#2", "url": self.url(PAGES + "y")}, arguments=self.FLAGS)
        self.assertIn("ends like that of a page", ended.results[0]["error"]["message"])
        results = self.folder / "r.jsonl"
        plait("run", self.url(PAGES + "z"), "-o", results, "--follow", "next=link")
        ended = plait("run", self.url(PAGES + "z"), "-o", results, *self.FLAGS)
        self.assertIn("--each-page was not given", ended.err)
        ended = plait("run", self.url(PAGES + "z"), "--follow", "poll=location", "--each-page")
        self.assertEqual(2, ended.code)
        self.assertIn("--each-page needs pages", ended.err)

    def test_check_knows_the_rule(self):
        self.assertEqual(0, plait("check", self.url(PAGES + "z"), "--follow", "next=link").code)
        self.assertEqual(2, plait("check", self.url(PAGES + "z"), "--follow", "next=").code)
        self.assertEqual(0, plait("check", self.url(PAGES + "z"), "--follow", "next=link", "--max-pages", "2", "--each-page").code)
        self.assertIn("--max-pages needs --follow RULE", plait("check", self.url(PAGES + "z"), "--max-pages", "2").err)


class Jobs(MockTest):
    FOLLOW = json.dumps({"poll": "location", "every_s": 0.02})

    def job(self, id, ms=200, **fields):
        return {"custom_id": id, "method": "POST", "url": self.url(f"/jobs/{ms}?id={id}"), "body": "work", **fields}

    def polls_until(self, count):
        wait_until(lambda: self.mock.stats()["requests"] >= count, "polls")

    def test_a_job_is_asked_for_until_its_state_says_that_it_has_ended(self):
        state = {"poll": "/status", "until": ["succeeded", "failed"], "at": "/url", "every_s": 0.02}
        place = {"poll": "/status", "until": ["succeeded"], "at": "/jobs/50/{/id}", "every_s": 0.02}
        ended = self.run_lines(self.job("a", 50, follow=state), self.job("b", 50, follow=place), self.job("c", 50),
                               arguments=["--follow", self.FOLLOW])
        self.assertEqual([("ok", "succeeded")] * 3, [(result["outcome"], result["response"]["body"]["status"]) for result in ended.results])
        for id in "abc":
            self.assertEqual(1, self.mock.of_id(id)["came"])

    def test_a_job_that_outlives_its_deadline_is_not_started_again_unawares(self):
        requests, results = self.requests(self.job("late", 60000)), self.folder / "r.jsonl"
        plait("run", requests, "-o", results, "--follow", self.FOLLOW, "--deadline", "300ms")
        self.assertEqual("unknown", results_in(results)[0]["outcome"])
        self.assertIn("; 1 of them asks for its job instead of starting another one\n", plait("retry", results, "--unknown").err)
        self.assertIn("has started a job, such as that of line 1 (ask at http", plait("retry", results, "--unknown", "--format", "openai-batch").err)

    def test_a_job_that_outlived_its_deadline_is_taken_up_by_the_next_run(self):
        place = json.dumps({"poll": "/status", "until": "succeeded", "at": "/url", "every_s": 0.02})
        environment, rows = {**os.environ, "TAG": "secret tag"}, self.folder / "rows.csv"
        rows.write_text("id\nlate-b\n")
        for name, inputs, flags in (
                ("lines", [self.requests(self.job("late-a", 1000, headers={"X-Tag": "{{env.TAG}}"}, metadata={"n": 1}))], ["--secret", "env.TAG"]),
                ("rows", [rows], ["--url", self.url("/jobs/1000?id={{row.id}}"), "-X", "POST", "--body", '{"q": 1}', "--id-from", "id"])):
            results, again = self.folder / f"{name}.jsonl", self.folder / f"{name}-again.jsonl"
            plait("run", *inputs, "-o", results, "--follow", place, "--deadline", "300ms", *flags, env=environment)
            self.assertEqual("unknown", results_in(results)[0]["outcome"])
            retried = plait("retry", results, "--unknown", "-o", again)
            self.assertEqual(0, retried.code, retried.err)
            line = json.loads(again.read_text())
            self.assertEqual(("GET", False, {"poll", "until", "every_s"}), (line["method"], "body" in line, set(line["follow"])), line)
            ended = plait("run", again, *flags[:2] if name == "lines" else [], env=environment)
            result = ended.results[0]
            self.assertEqual(("ok", "succeeded"), (result["outcome"], result["response"]["body"]["status"]), ended.err)
            self.assertEqual(results_in(results)[0]["custom_id"], result["custom_id"])
        for id in ("late-a", "late-b"):
            self.assertEqual(1, self.mock.of_id(id)["came"])

    def test_a_killed_run_goes_on_asking_and_never_starts_a_job_twice(self):
        for kill in (signal.SIGKILL, signal.SIGINT):
            name = kill.name.lower()
            requests, results = self.requests(*[self.job(f"{name}-{n}", 700) for n in range(3)]), self.folder / f"{name}.jsonl"
            arguments = ["run", requests, "-o", results, "--follow", self.FOLLOW]
            before = self.mock.stats()["requests"]
            process = self.start(*arguments)
            self.polls_until(before + 9)
            process.send_signal(kill)
            finish(process)
            self.assertEqual(b"", results.read_bytes())
            ended = plait(*arguments)
            self.assertEqual(0, ended.code, ended.err)
            found = results_in(results)
            self.assertEqual([("ok", "succeeded")] * 3, [(result["outcome"], result["response"]["body"]["status"]) for result in found])
            self.assertEqual([1] * 3, [self.mock.of_id(f"{name}-{n}")["came"] for n in range(3)])
            self.assertTrue(all(attempt["url"] for result in found for attempt in result["attempts"]))


if __name__ == "__main__":
    unittest.main()
