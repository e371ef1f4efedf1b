"""Users and passwords for servers: `--user` and netrc files."""

import base64
import os
import pty
import unittest

from support.program import RunTest, end, finish, run, start
from support.servers import Deciding, Rogue, keeping, response


def basic(user, password):
    return b"\r\nauthorization: basic " + base64.b64encode(f"{user}:{password}".encode()).lower() + b"\r\n"


class Logins(RunTest):
    def setUp(self):
        super().setUp()
        self.server = self.enter(Rogue(keeping()))
        self.other = self.enter(Rogue(keeping()))

    def netrc(self, text, mode=0o600):
        path = self.folder / "netrc"
        path.write_text(text)
        path.chmod(mode)
        return path

    def expect_login(self, server, *expected):
        self.assertEqual([True] * len(server.heads), [expected[0] in head.lower() for head in server.heads], server.heads)

    def expect_no_login(self, server):
        self.assertEqual([], [head for head in server.heads if b"authorization" in head.lower()])

    def expect_wrong_usage(self, ended, *words):
        self.assertEqual((2, ""), (ended.code, ended.out), ended.err)
        for word in words:
            self.assertIn(word, ended.err)
        self.assertNotIn("s3cret", ended.err)

    def test_a_user_is_for_the_origin_of_the_base_url_only(self):
        for method in ("async", "threads", "processes"):
            ended = self.run_lines({"url": "/a"}, {"url": self.other.url}, arguments=[
                "--base-url", self.server.url, "--user", "anna:{{env.SECRET}}", "--method", method],
                env={**os.environ, "SECRET": "s3cret:x"})
            self.assertEqual(["ok", "ok"], [result["outcome"] for result in ended.results], ended.out)
        self.assertEqual(3, len(self.server.heads))
        self.expect_login(self.server, basic("anna", "s3cret:x"))
        self.expect_no_login(self.other)

    def test_a_user_is_for_the_urls_of_the_command(self):
        run(self.server.url + "/a", self.server.url + "/b", "--user", "anna:{{env.SECRET}}", env={**os.environ, "SECRET": "s3cret"})
        self.assertEqual(2, len(self.server.heads))
        self.expect_login(self.server, basic("anna", "s3cret"))
        for inputs in ((self.server.url, self.other.url), (self.requests({"url": self.server.url}),)):
            self.expect_wrong_usage(run(*inputs, "--user", "anna:s3cret"), "--base-url")

    def test_a_header_in_the_line_wins(self):
        self.run_lines({"url": "/", "headers": {"Authorization": "Bearer x"}}, arguments=[
            "--base-url", self.server.url, "--user", "anna:s3cret"])
        self.expect_login(self.server, b"\r\nauthorization: bearer x\r\n")

    def test_a_password_in_the_command_causes_a_warning_and_is_hidden_in_results(self):
        encoded = base64.b64encode(b"anna:s3cret")
        with Rogue(keeping(response(body=b"you sent s3cret as " + encoded))) as server:
            ended = run(server.url, "--user", "anna:s3cret")
        self.assertIn("warning: --user", ended.err)
        self.assertEqual("you sent {{password}} as {{authorization}}", self.only_result(ended)["response"]["body_text"])

    def test_the_password_is_asked_for_on_the_terminal(self):
        controller, terminal = pty.openpty()
        for descriptor in (controller, terminal):
            self.addCleanup(os.close, descriptor)
        process = start("run", self.server.url, "--user", "anna", start_new_session=True,
                        preexec_fn=lambda: os.close(os.open(os.ttyname(terminal), os.O_RDWR)))
        self.addCleanup(end, process)
        asked = b""
        while not asked.endswith(b": "):
            asked += os.read(controller, 1)
        self.assertIn(b"password of anna at " + self.server.url.encode(), asked)
        os.write(controller, b"s3cret\n")
        self.assertEqual(0, finish(process).code)
        self.expect_login(self.server, basic("anna", "s3cret"))

    def test_without_a_terminal_it_says_what_to_write(self):
        self.expect_wrong_usage(run(self.server.url, "--user", "anna", start_new_session=True), "there is no terminal", "{{env.VARIABLE}}")

    def test_a_netrc_file(self):
        path = self.netrc("machine 127.0.0.1 login anna password s3cret\nmachine other.example login x password y\n")
        for method in ("async", "processes"):
            self.assertEqual("ok", self.result_of(self.server.url, "--netrc-file", path, "--method", method)["outcome"])
        self.expect_login(self.server, basic("anna", "s3cret"))
        self.result_of(f"http://localhost:{self.other.port}", "--netrc-file", path)
        self.expect_no_login(self.other)

    def test_each_hop_of_a_redirect_has_the_login_of_its_own_host(self):
        there = self.enter(Rogue(keeping()))
        here = self.enter(Rogue(Deciding(lambda path, times: response(302, [("Location", f"http://localhost:{there.port}/")], b""))))
        hosts = "machine 127.0.0.1 login anna password s3cret\n", "machine localhost login bert password s3cret2\n"
        self.assertEqual("ok", self.result_of(here.url, "--netrc-file", self.netrc("".join(hosts)))["outcome"])
        self.expect_login(here, basic("anna", "s3cret"))
        self.expect_login(there, basic("bert", "s3cret2"))
        there.heads.clear()
        for lines in (hosts[0], hosts[0] + "default login any password s3cret3\n"):
            self.assertEqual("ok", self.result_of(here.url, "--netrc-file", self.netrc(lines))["outcome"])
        run(here.url, "--user", "anna:{{env.SECRET}}", env={**os.environ, "SECRET": "s3cret"})
        self.assertEqual(3, len(there.heads))
        self.expect_no_login(there)

    def test_the_usual_netrc_file_is_read_only_on_demand(self):
        self.netrc("default login anna password s3cret").rename(self.folder / ".netrc")
        environment = {**os.environ, "HOME": str(self.folder)}
        run(self.other.url, env=environment)
        self.expect_no_login(self.other)
        run(self.server.url, "--netrc", env=environment)
        self.expect_login(self.server, basic("anna", "s3cret"))

    def test_a_netrc_file_that_can_not_be_used(self):
        good = "machine 127.0.0.1 login anna password s3cret\n"
        self.expect_wrong_usage(run(self.server.url, "--netrc-file", self.netrc(good, 0o640)), "chmod 600")
        self.expect_wrong_usage(run(self.server.url, "--netrc-file", self.netrc("machine a\nlogin x\nsecret s3cret")), "netrc, line 3")
        self.expect_wrong_usage(run(self.server.url, "--netrc-file", self.folder / "none"), "--netrc-file: ", "none: no such file")
        self.expect_wrong_usage(run(self.server.url, "--netrc", env={**os.environ, "HOME": str(self.folder / "none")}), "/.netrc: no such file; --netrc-file reads")
        self.expect_wrong_usage(run(self.server.url, "--netrc-file", self.netrc("machine a login b:c password s3cret")), "the user b:c can't be sent")
        self.assertEqual([], self.server.heads)
        for text in ("", "machine 127.0.0.1 login anna\n"):
            self.assertIn("warning: --netrc-file: ", run(self.server.url, "--netrc-file", self.netrc(text)).err)
        self.expect_no_login(self.server)

    def test_a_run_is_not_resumed_as_somebody_else(self):
        results = self.folder / "results.jsonl"
        for user, code in (("anna", 0), ("bert", 2), ("anna", 0)):
            ended = run(self.server.url, "-o", results, "--user", user + ":{{env.SECRET}}", env={**os.environ, "SECRET": "s3cret"})
            self.assertEqual(code, ended.code, ended.err)


if __name__ == "__main__":
    unittest.main()
