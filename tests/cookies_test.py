"""`plait run` with cookies: off by default, for a run, and in a file that other programs read and write, too."""

import http.cookiejar
import os
import stat
import unittest

from support.program import MockTest, RunTest, plait, wait_until
from support.servers import Deciding, Rogue, make_certificate, response, server_tls


def cookies_of(result):
    """Returns the Cookie field that the mock echoes; None if there was none."""
    return result["response"]["body"]["headers"].get("cookie")


class Cookies(MockTest):
    def run_in_turn(self, *paths, arguments=("--cookies",)):
        ended = self.run_lines(*[{"url": self.url(path)} for path in paths], arguments=["--ordered", "--concurrency", "1", *arguments])
        self.assertEqual({"ok"}, {result["outcome"] for result in ended.results}, ended.out + ended.err)
        return ended.results

    def test_they_are_off_by_default(self):
        self.assertEqual([None, None], [cookies_of(result) for result in self.run_in_turn("/cookie/sid/1?Path=/", "/x", arguments=())])

    def test_later_requests_of_a_run_send_them(self):
        results = self.run_in_turn("/cookie/sid/1?Path=/", "/cookie/lang/en?Path=/de", "/x", "/de/x", "/cookie/sid/?Path=/&Max-Age=0", "/x")
        self.assertEqual([None, "sid=1", "sid=1", "lang=en; sid=1", "sid=1", None], [cookies_of(result) for result in results])

    def test_every_method_keeps_them(self):
        for method in ("sync", "threads", "async", "processes"):
            results = self.run_in_turn("/cookie/sid/1?Path=/", "/x", arguments=("--cookies", "--method", method))
            self.assertEqual("sid=1", cookies_of(results[1]), method)

    def test_they_go_along_with_redirects(self):
        with Rogue(Deciding(lambda path, times: response(302, [("Set-Cookie", "sid=1"), ("Location", "/there")], b"") if path == "/here" else response())) as server:
            self.run_lines({"url": f"{server.url}/here"}, arguments=["--cookies"])
            self.assertIn(b"\r\nCookie: sid=1\r\n", server.heads[1])

    def test_a_redirect_to_the_same_url_is_followed_if_it_sets_a_cookie(self):
        with Rogue(Deciding(lambda path, times: response(302, [("Set-Cookie", "seen=1"), ("Location", path)], b"") if times == 1 else response())) as server:
            self.assertEqual("ok", self.result_of(server.url, "--cookies")["outcome"])

    def test_a_request_with_its_own_gets_no_others(self):
        ended = self.run_lines({"url": self.url("/cookie/sid/1?Path=/")}, {"url": self.url("/x"), "headers": {"Cookie": "mine=1"}},
                               arguments=["--cookies", "--ordered", "--concurrency", "1"])
        self.assertEqual("mine=1", cookies_of(ended.results[1]))

    def test_those_for_strangers_are_ignored(self):
        results = self.run_in_turn("/cookie/a/1?Domain=example.com", "/cookie/b/1?Secure", "/cookie/__Host-c/1?Path=/", "/x")
        self.assertIsNone(cookies_of(results[3]))


class Jar(MockTest):
    def setUp(self):
        super().setUp()
        self.jar = self.folder / "cookies.txt"

    def test_one_run_leaves_them_to_the_next_and_only_the_owner_can_read_them(self):
        self.assertEqual("ok", self.result_of(self.url("/cookie/sid/1?Path=/&Max-Age=1000&HttpOnly"), "--cookie-jar", self.jar)["outcome"])
        self.assertEqual(0o600, stat.S_IMODE(os.stat(self.jar).st_mode))
        self.assertEqual("sid=1", cookies_of(self.result_of(self.url("/x"), "--cookie-jar", self.jar)))
        self.assertEqual(["cookies.txt"], os.listdir(self.folder))
        jar = http.cookiejar.MozillaCookieJar(self.jar)
        jar.load()
        self.assertEqual([("sid", "1", "127.0.0.1", "/")], [(cookie.name, cookie.value, cookie.domain, cookie.path) for cookie in jar])

    def test_the_file_of_another_program_is_read(self):
        self.jar.write_text("# Netscape HTTP Cookie File\n#HttpOnly_127.0.0.1\tFALSE\t/\tFALSE\t0\tsid\t7\n127.0.0.1\tFALSE\t/\tFALSE\t1\told\t1\n")
        os.chmod(self.jar, 0o644)
        self.assertEqual("sid=7", cookies_of(self.result_of(self.url("/x"), "--cookie-jar", self.jar)))
        self.assertEqual(0o600, stat.S_IMODE(os.stat(self.jar).st_mode))
        self.assertNotIn("old", self.jar.read_text())

    def test_a_file_that_holds_something_else_is_left_alone(self):
        self.jar.write_text("precious\n")
        ended = plait("run", self.url("/x"), "--cookie-jar", self.jar)
        self.assertEqual((2, "precious\n"), (ended.code, self.jar.read_text()))
        self.assertIn(f"{self.jar}: line 1 is no cookie", ended.err)

    def test_a_file_that_cannot_be_written_stops_the_run_before_it_begins(self):
        ended = plait("run", self.url("/x?id=never"), "--cookie-jar", self.folder / "missing" / "jar")
        self.assertNotEqual(0, ended.code)
        self.assertIn("missing/jar", ended.err)
        self.assertEqual("", ended.out)

    def test_it_is_no_other_file_of_the_run(self):
        requests = self.requests({"url": self.url("/x")})
        for arguments in (["--cookie-jar", requests], ["--cookie-jar", self.jar, "-o", self.jar]):
            ended = plait("run", requests, *arguments)
            self.assertEqual(2, ended.code)
            self.assertIn("cookie jar", ended.err)

    def test_an_interrupted_run_leaves_its_cookies(self):
        ended = plait("run", self.url("/cookie/sid/1?Max-Age=99"), self.url("/status/500"), "--cookie-jar", self.jar, "--attempts", "1",
                      "--stop-if", "rejected>0", "--concurrency", "1")
        self.assertIn(ended.code, (1, 3), ended.err)
        self.assertIn("sid\t1", self.jar.read_text())


    def test_a_killed_run_loses_no_more_than_the_last_second_and_the_next_one_goes_on(self):
        requests = self.requests({"url": self.url("/cookie/sid/1?Path=/&Max-Age=1000")}, {"url": self.url("/delay/60000")})
        process = self.start("run", requests, "-o", self.folder / "results", "--cookie-jar", self.jar, "--concurrency", "1")
        wait_until(lambda: self.jar.exists() and "sid\t1" in self.jar.read_text(), "the cookie in the file")
        process.kill()
        process.wait()
        self.assertEqual(["cookies.txt"], [name for name in os.listdir(self.folder) if name.startswith("cookies")])
        self.assertEqual("sid=1", cookies_of(self.result_of(self.url("/x"), "--cookie-jar", self.jar)))


class Secure(RunTest):
    def test_a_secure_cookie_is_sent_over_https_only(self):
        certificate, key = make_certificate(self.folder, "here", "IP:127.0.0.1")
        decide = Deciding(lambda path, times: response(200, [("Set-Cookie", "sid=1; Secure"), ("Set-Cookie", "__Host-h=2; Secure; Path=/")]))
        plain = self.enter(Rogue(Deciding(lambda path, times: response())))
        with Rogue(decide, tls=server_tls(certificate, key)) as server:
            lines = [{"url": server.url}, {"url": server.url}, {"url": plain.url}]
            self.run_lines(*lines, arguments=["--cookies", "--concurrency", "1", "--cacert", certificate])
            self.assertIn(b"\r\nCookie: sid=1; __Host-h=2\r\n", server.heads[1])
        self.assertNotIn(b"Cookie", plain.heads[0])


if __name__ == "__main__":
    unittest.main()
