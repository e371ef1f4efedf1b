"""`plait run` and redirects: which are followed, what comes along, and what is known of an unsafe request that takes one."""

import os
import unittest

from support.program import Mock, MockTest, RunTest, plait, results_in
from support.servers import Deciding, Gate, Rogue, make_certificate, response, server_tls

KEYS = {"Authorization": "Bearer a", "Cookie": "sid=1", "X-Api-Key": "k1", "X-Auth-Token": "t", "PRIVATE-TOKEN": "p", "Accept": "text/plain"}


def redirect(location, status=302):
    return response(status, [("Location", location)], b"")


def fields_of(head):
    """Returns the header fields of a request, with names in lower case."""
    return {line.split(b": ")[0].decode().lower(): line.split(b": ", 1)[1].decode() for line in head.split(b"\r\n")[1:] if line}


def first_lines(server):
    return [head.split(b" HTTP")[0].decode() for head in server.heads]


class Followed(MockTest):
    def test_the_result_says_where_the_answer_comes_from_and_each_hop_is_an_attempt(self):
        result = self.result_of(self.url("/redirect/2?id=a"), "--attempts", "1")
        self.assertEqual("ok", result["outcome"])
        self.assertEqual(self.url("/redirect/0/302?id=a"), result["response"]["url"])
        hops = [(attempt["n"], attempt["status_code"], attempt.get("url"), attempt.get("why")) for attempt in result["attempts"]]
        self.assertEqual([(1, 302, None, "redirect"), (2, 302, self.url("/redirect/1/302?id=a"), "redirect"),
                          (3, 200, self.url("/redirect/0/302?id=a"), None)], hops)

    def test_each_status_is_followed_by_each_method(self):
        for method in ("sync", "threads", "async", "processes"):
            lines = [{"url": self.url(f"/redirect/1/{status}?id={status}")} for status in (301, 302, 303, 307, 308)]
            ended = self.run_lines(*lines, arguments=["--method", method])
            self.assertEqual([200] * 5, [result["response"]["status_code"] for result in ended.results])

    def test_a_fragment_is_not_sent_and_stays_unless_the_location_has_one(self):
        for location, url in (("/there", "/there#part"), ("/there#other", "/there#other")):
            with Rogue(Deciding(lambda path, times: redirect(location) if path == "/here" else response())) as server:
                result = self.result_of(f"{server.url}/here#part")
                self.assertEqual(server.url + url, result["response"]["url"])
                self.assertEqual(server.url + "/there", result["attempts"][1]["url"])
                self.assertEqual(["GET /here", "GET /there"], first_lines(server))

    def test_an_answer_without_a_redirect_has_no_url(self):
        result = self.result_of(self.url("/x"))
        self.assertNotIn("url", result["response"])
        self.assertNotIn("url", result["attempts"][0])

    def test_an_unsafe_request_is_sent_again_after_307_and_308_with_its_body(self):
        for status in (307, 308):
            result = self.only_result(self.run_lines({"url": self.url(f"/redirect/1/{status}"), "method": "POST", "body": "pay"}))
            self.assertEqual(("POST", "pay"), (result["response"]["body"]["method"], result["response"]["body"]["body"]))

    def test_303_is_followed_by_get_without_body(self):
        result = self.only_result(self.run_lines({"url": self.url("/redirect/1/303"), "method": "POST", "body": {"a": 1}}))
        echo = result["response"]["body"]
        self.assertEqual(("GET", "", False), (echo["method"], echo["body"], "content-type" in echo["headers"]))

    def test_at_most_ten_are_followed_or_as_many_as_the_flag_says(self):
        self.assertEqual("ok", self.result_of(self.url("/redirect/10"))["outcome"])
        result = self.result_of(self.url("/redirect/11"))
        self.assertEqual(("rejected", "expect", 302, 11), (result["outcome"], result["error"]["code"], result["response"]["status_code"], len(result["attempts"])))
        self.assertIn("--max-redirects", result["error"]["message"])
        self.assertEqual("ok", self.result_of(self.url("/redirect/11"), "--max-redirects", "11")["outcome"])

    def test_with_zero_a_redirect_is_an_answer(self):
        result = self.result_of(self.url("/redirect/1"), "--max-redirects", "0")
        self.assertEqual(("rejected", None, 302), (result["outcome"], result["error"], result["response"]["status_code"]))
        self.assertEqual("ok", self.only_result(self.run_lines({"url": self.url("/redirect/1"), "expect": {"status": 302}},
                                                               arguments=["--max-redirects", "0"]))["outcome"])

    def test_what_is_expected_is_judged_by_the_last_answer(self):
        result = self.only_result(self.run_lines({"url": self.url("/redirect/1"), "expect": {"status": 302}}))
        self.assertEqual(("rejected", 200), (result["outcome"], result["response"]["status_code"]))

    def test_a_useless_redirect_is_the_answer_and_the_error_says_why(self):
        whys = {"loop": "in a circle", "no-location": "no Location", "bad-location": "can't be used", "other-scheme": "the scheme is 'ftp'"}
        for flaw, why in whys.items():
            with self.subTest(flaw):
                result = self.result_of(self.url(f"/redirect/3/302/{flaw}"))
                self.assertEqual(("rejected", "expect", 1), (result["outcome"], result["error"]["code"], len(result["attempts"])))
                self.assertIn(why, result["error"]["message"])
        result = self.result_of(self.url("/fault/redirect-loop"))
        self.assertIn("in a circle", result["error"]["message"])

    def test_301_and_302_are_no_answer_for_a_post(self):
        for status in (301, 302):
            result = self.only_result(self.run_lines({"url": self.url(f"/redirect/1/{status}"), "method": "POST", "body": "pay"}))
            self.assertEqual(("rejected", status, 1), (result["outcome"], result["response"]["status_code"], len(result["attempts"])))
            self.assertIn("does not say whether the POST was executed", result["error"]["message"])

    def test_the_summary_counts_them(self):
        ended = self.run_lines({"url": self.url("/redirect/3")})
        self.assertIn("redirects 3", ended.err)
        self.assertNotIn("retries", ended.err)


class Elsewhere(RunTest):
    def two(self, decide_there=lambda path, times: response()):
        there = self.enter(Rogue(Deciding(decide_there)))
        here = self.enter(Rogue(Deciding(lambda path, times: redirect(there.url + path) if path != "/home" else response())))
        return here, there

    def test_no_credentials_come_along(self):
        here, there = self.two()
        self.run_lines({"url": f"{here.url}/x", "headers": KEYS}, arguments=["--header", "X-Mine: secret"])
        self.assertEqual("Bearer a", fields_of(here.heads[0])["authorization"])
        self.assertEqual({"host", "accept", "user-agent", "accept-encoding"}, set(fields_of(there.heads[0])))

    def test_they_are_kept_within_the_origin(self):
        with Rogue(Deciding(lambda path, times: redirect("/there") if path == "/here" else response())) as server:
            self.run_lines({"url": f"{server.url}/here", "headers": KEYS})
            self.assertEqual(fields_of(server.heads[0]), fields_of(server.heads[1]))

    def test_they_do_not_come_back(self):
        home = []
        here, there = self.two(lambda path, times: redirect(home[0] + "/home"))
        home.append(here.url)
        self.run_lines({"url": f"{here.url}/x", "headers": KEYS})
        self.assertEqual(["GET /x", "GET /home"], first_lines(here))
        self.assertNotIn("authorization", fields_of(here.heads[1]))

    def test_new_credentials_are_neither_sent_nor_asked_for(self):
        here, there = self.two(lambda path, times: response(401))
        ended = self.run_lines({"url": f"{here.url}/x"}, arguments=["--auth-command", f"echo x >> {self.folder}/ran; echo Bearer new"])
        self.assertEqual(401, self.only_result(ended)["response"]["status_code"])
        self.assertNotIn("authorization", fields_of(there.heads[0]))
        self.assertFalse((self.folder / "ran").exists())

    def test_a_secret_in_a_harmless_field_does_not_come_along(self):
        here, there = self.two()
        plait("run", f"{here.url}/x", "--header", "User-Agent: me {{env.SECRET_OF_TEST}}",
              env={**os.environ, "SECRET_OF_TEST": "very-secret"})
        self.assertIn("very-secret", fields_of(here.heads[0])["user-agent"])
        self.assertNotIn("very-secret", there.heads[0].decode())

    def test_a_secret_in_a_location_is_not_in_the_results(self):
        with Rogue(Deciding(lambda path, times: redirect("/there?key=very-secret") if path == "/here" else response())) as server:
            ended = plait("run", f"{server.url}/here", "--header", "X-Key: {{env.SECRET_OF_TEST}}",
                          env={**os.environ, "SECRET_OF_TEST": "very-secret"})
        self.assertEqual(f"{server.url}/there?key={{{{env.SECRET_OF_TEST}}}}", self.only_result(ended)["response"]["url"])
        self.assertNotIn("very-secret", ended.out + ended.err)

    def test_a_body_does_not_come_along(self):
        there = self.enter(Rogue(Deciding(lambda path, times: response())))
        here = self.enter(Rogue(Deciding(lambda path, times: redirect(there.url, 307))))
        result = self.only_result(self.run_lines({"url": here.url, "method": "POST", "body": "pay"}))
        self.assertEqual(("rejected", 307), (result["outcome"], result["response"]["status_code"]))
        self.assertIn(there.url, result["error"]["message"])
        self.assertEqual([], there.heads)

    def test_https_does_not_become_http_unless_permitted(self):
        certificate, key = make_certificate(self.folder, "here", "IP:127.0.0.1")
        there = self.enter(Rogue(Deciding(lambda path, times: response())))
        here = self.enter(Rogue(Deciding(lambda path, times: redirect(there.url)), tls=server_tls(certificate, key)))
        result = self.result_of(here.url, "--cacert", certificate)
        self.assertEqual(("rejected", []), (result["outcome"], there.heads))
        self.assertIn("--redirect-to-http", result["error"]["message"])
        self.assertEqual("ok", self.result_of(here.url, "--cacert", certificate, "--redirect-to-http")["outcome"])

    def test_each_hop_obeys_the_limits_of_where_it_goes(self):
        with Mock("--allow", "fixed:3/s", "--limit-headers", "x-ratelimit") as there:
            here = self.enter(Rogue(Deciding(lambda path, times: redirect(there.url + path))))
            ended = self.run_lines(*[{"url": f"{here.url}/{n}"} for n in range(6)], arguments=["--limit", "requests=3/s", "--attempts", "5"])
            self.assertEqual({"ok"}, {result["outcome"] for result in ended.results}, ended.out)
            self.assertEqual(0, there.stats()["refused"])


class Unsafe(RunTest):
    def test_a_run_killed_after_a_303_does_not_send_the_request_again(self):
        gate = Gate()

        def script(peer):
            while head := peer.request():
                if head.startswith(b"POST"):
                    peer.send(redirect("/there", 303))
                else:
                    with gate.lock:
                        gate.held += 1
                    gate.opened.wait()
                    peer.send(response())

        with Rogue(script) as server:
            requests = self.requests({"url": f"{server.url}/here", "method": "POST", "body": "pay"})
            command = ("run", requests, "-o", self.folder / "results")
            process = self.start(*command)
            gate.wait_for(1, process)
            process.kill()
            process.wait()
            gate.open()
            self.assertEqual(1, plait(*command).code)
            self.assertEqual(1, sum(head.startswith(b"POST") for head in server.heads))
        self.assertEqual(["unknown"], [result["outcome"] for result in results_in(self.folder / "results")])

    def test_a_run_killed_in_a_second_post_does_not_send_it_again(self):
        gate = Gate()

        def script(peer):
            while head := peer.request():
                if head.startswith(b"POST /here"):
                    peer.send(redirect("/there", 307))
                    continue
                with gate.lock:
                    gate.held += 1
                gate.opened.wait()
                peer.send(response())

        with Rogue(script) as server:
            requests = self.requests({"url": f"{server.url}/here", "method": "POST", "body": "pay"})
            command = ("run", requests, "-o", self.folder / "results")
            process = self.start(*command)
            gate.wait_for(1, process)
            process.kill()
            process.wait()
            gate.open()
            plait(*command)
            self.assertEqual(["POST /here", "POST /there"], first_lines(server))
        self.assertEqual(["unknown"], [result["outcome"] for result in results_in(self.folder / "results")])

    def test_a_lost_answer_after_a_303_is_unknown(self):
        def script(peer):
            head = peer.request()
            if head.startswith(b"POST"):
                peer.send(redirect("/there", 303))

        with Rogue(script) as server:
            result = self.only_result(self.run_lines({"url": server.url, "method": "POST", "body": "pay"}))
        self.assertEqual(("unknown", "reset", True), (result["outcome"], result["error"]["code"], result["error"]["maybe_sent"]))


if __name__ == "__main__":
    unittest.main()
