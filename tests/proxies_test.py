"""`plait run` through proxies that others wrote, by flag and by environment."""

import os
import tempfile
import unittest

from support.program import RunTest, plait, run
from support.proxies import LOGIN, PASSWORD, Dante, Microsocks, Privoxy, Proxy, Squid, Tinyproxy
from support.servers import Nginx, Rogue, answering, free_port, keeping, make_certificate, response, server_tls


class Through(RunTest):
    """The proxies and the servers behind them, which all tests of a class share."""

    PROXIES = ()

    @classmethod
    def setUpClass(cls):
        cls.certificate, cls.key = make_certificate(cls.new_folder(), "server", "DNS:localhost,IP:127.0.0.1")
        cls.proxies = [cls.shared(kind(cls.new_folder(), **options)) for kind, options in cls.PROXIES]
        cls.dead = free_port("127.0.0.1")

    @classmethod
    def new_folder(cls):
        folder = tempfile.TemporaryDirectory(prefix="plait-")
        cls.addClassCleanup(folder.cleanup)
        os.chmod(folder.name, 0o755)
        return folder.name

    @classmethod
    def shared(cls, context):
        cls.addClassCleanup(context.__exit__, None, None, None)
        return context.__enter__()

    def servers(self, script=None):
        """Starts a plain server and one with TLS."""
        return [self.enter(Rogue(script or keeping(), tls=tls)) for tls in (None, server_tls(self.certificate, self.key))]

    def call(self, url, proxy, *arguments, **options):
        return self.only_result(run(url, "--proxy", proxy, "--cacert", self.certificate, *arguments, **options))

    def expect_ok(self, result):
        self.assertEqual(("ok", 200), (result["outcome"], (result["response"] or {}).get("status_code")), result)

    def expect_refusal(self, result, *words, attempts=1):
        """The proxy has refused: nothing has reached the server, and the message says what the proxy said."""
        self.assertEqual(("failed", "proxy", False), (result["outcome"], result["error"]["code"], result["error"]["maybe_sent"]), result)
        self.assertEqual(attempts, len(result["attempts"]), result)
        for word in words:
            self.assertIn(word, result["error"]["message"])
        self.assertNotIn(PASSWORD, result["error"]["message"])


class HttpProxies(Through):
    PROXIES = [(Squid, {}), (Tinyproxy, {}), (Privoxy, {})]

    def test_http_is_relayed_and_https_goes_through_a_tunnel(self):
        for proxy in self.proxies:
            plain, secure = self.servers()
            result = self.call(plain.url + "/a?b=c", proxy.url)
            self.expect_ok(result)
            self.assertEqual(proxy.url, result["response"]["relay"])
            self.assertTrue(plain.heads[0].startswith(b"GET /a?b=c HTTP/1."), plain.heads)
            result = self.call(secure.url + "/a", proxy.url)
            self.expect_ok(result)
            self.assertNotIn("relay", result["response"])
            self.assertTrue(secure.heads[0].startswith(b"GET /a HTTP/1.1\r\n"), secure.heads)
            for head in plain.heads + secure.heads:
                self.assertNotIn(b"proxy-", head.lower())

    def test_every_method_takes_the_proxy_and_keeps_its_connections(self):
        for method in ("async", "sync", "threads", "processes"):
            for server in self.servers():
                ended = self.run_lines(*[{"url": server.url}] * 12, arguments=[
                    "--proxy", self.proxies[0].url, "--cacert", self.certificate, "--method", method, "--concurrency", "2"])
                self.assertEqual((0, 12), (ended.code, len(ended.results)), ended.out + ended.err)
                self.assertLessEqual(server.connections, 3)

    def test_a_post_that_the_proxy_could_not_deliver_is_not_unknown(self):
        for proxy in self.proxies:
            result = self.only_result(self.run_lines(
                {"url": f"https://127.0.0.1:{self.dead}/", "body": "pay"}, arguments=["--proxy", proxy.url]))
            self.expect_refusal(result, proxy.url, "refused with \"50")

    def test_a_host_that_the_proxy_blocks(self):
        for proxy in self.proxies:
            self.expect_refusal(self.call("https://blocked.example/", proxy.url, "--attempts", "5"), "403")

    def test_a_refused_answer_is_an_answer_where_the_proxy_relays(self):
        # Nothing in it says whose it is.
        result = self.call("http://blocked.example/", self.proxies[0].url)
        self.assertEqual(("rejected", 403, self.proxies[0].url),
                         (result["outcome"], result["response"]["status_code"], result["response"]["relay"]))

    def test_a_proxy_that_is_not_there(self):
        for scheme in ("http", "https"):
            result = self.call(f"{scheme}://127.0.0.1:{self.dead}/", f"http://127.0.0.1:{self.dead}")
            self.expect_refusal(result, f"proxy http://127.0.0.1:{self.dead}: connect", "refused")
        self.expect_refusal(self.call("https://a.example/", "http://no-such-proxy.invalid"), "no-such-proxy.invalid")

    def test_sessions_are_resumed_through_a_tunnel(self):
        nginx = self.enter(Nginx(self.new_folder(), f"""
            listen 127.0.0.1:{{http}}; listen 127.0.0.1:{{https}} ssl; keepalive_timeout 0; return 200 $ssl_session_reused;
            ssl_certificate {self.certificate}; ssl_certificate_key {self.key};"""))
        ended = self.run_lines(*[{"url": f"https://127.0.0.1:{nginx.https}/"}] * 3, arguments=[
            "--proxy", self.proxies[0].url, "--cacert", self.certificate, "--method", "sync"])
        self.assertEqual([".", "r", "r"], [result["response"]["body_text"] for result in ended.results], ended.out)


class ProxiesWithLogin(Through):
    PROXIES = [(Squid, {"login": True}), (Tinyproxy, {"login": True})]

    def test_the_right_password(self):
        for proxy in self.proxies:
            for server in self.servers():
                # Tinyproxy closes a connection a moment after an answer, which may be as the next request is sent.
                ended = self.run_lines(*[{"url": server.url, "body": "x"}] * 3, arguments=[
                    "--proxy", proxy.url_with_login, "--cacert", self.certificate, "--method", "sync", "--safe-to-repeat"])
                self.assertEqual(["ok"] * 3, [result["outcome"] for result in ended.results], ended.out)
                self.assertEqual(3, len(server.heads))
                for head in server.heads:
                    self.assertNotIn(b"authorization", head.lower())

    def test_the_password_may_be_a_secret(self):
        plain, secure = self.servers()
        for server in (plain, secure):
            self.expect_ok(self.call(server.url, f"http://anna:{{{{env.PROXY_PASSWORD}}}}@127.0.0.1:{self.proxies[0].port}",
                                     env={**os.environ, "PROXY_PASSWORD": PASSWORD}))

    def test_no_password(self):
        for proxy in self.proxies:
            for server in self.servers():
                self.expect_refusal(self.call(server.url, proxy.url, "--attempts", "5"), "login", "--proxy")
                self.assertEqual([], server.heads)

    def test_a_wrong_password(self):
        squid, tinyproxy = self.proxies
        wrong = f"http://anna:wrong@127.0.0.1:{squid.port}"
        for server in self.servers():
            self.expect_refusal(self.call(server.url, wrong, "--attempts", "5"), "does not accept")
        # This one answers 401, as if it were the server.
        self.expect_refusal(self.call("https://127.0.0.1/", f"http://anna:wrong@127.0.0.1:{tinyproxy.port}"), "401")


class SocksProxies(Through):
    PROXIES = [(Dante, {}), (Microsocks, {}), (Microsocks, {"login": True})]

    def urls(self, proxy, scheme):
        return (proxy.url_with_login if proxy.login else proxy.url).replace("socks5:", scheme + ":")

    def test_http_and_https_by_address_and_by_name(self):
        for proxy in self.proxies:
            for server in self.servers():
                for scheme in ("socks5", "socks5h"):
                    for host in ("127.0.0.1", "localhost"):
                        result = self.call(server.url.replace("127.0.0.1", host), self.urls(proxy, scheme))
                        self.expect_ok(result)
                        self.assertNotIn("relay", result["response"])

    def test_refusals(self):
        dante, microsocks, with_login = self.proxies
        for proxy in (dante, microsocks):
            self.expect_refusal(self.call(f"https://127.0.0.1:{self.dead}/", self.urls(proxy, "socks5")), "refused")
            self.expect_refusal(self.call("https://no-such-host.invalid/", self.urls(proxy, "socks5h")), "it refused")
        self.expect_refusal(self.call("https://127.0.0.1/", with_login.url, "--attempts", "3"), "wants a login")
        self.expect_refusal(self.call("https://127.0.0.1/", f"socks5://anna:wrong@127.0.0.1:{with_login.port}", "--attempts", "3"),
                            "does not accept this user and password")

    def test_a_name_that_is_looked_up_here_fails_here(self):
        result = self.call("https://no-such-host.invalid/", self.urls(self.proxies[0], "socks5"))
        self.assertEqual("dns", result["error"]["code"])


class RogueProxies(Through):
    """Proxies that follow a script."""

    def test_one_that_says_nothing_is_not_asked_again_in_silence(self):
        proxy = self.enter(Rogue(lambda peer: peer.request()))
        self.expect_refusal(self.call("https://a.example/", proxy.url), "closed the connection without an answer")
        self.assertEqual(1, proxy.connections)

    def test_one_that_does_not_end_its_refusal(self):
        def script(peer):
            peer.request()
            peer.send(b"HTTP/1.1 502 Bad Gateway\r\n\r\nno way\n")
            peer.wait_for_the_end()
        self.expect_refusal(self.call("https://a.example/", self.enter(Rogue(script)).url), "502 Bad Gateway", "no way")

    def test_one_that_never_answers(self):
        proxy = self.enter(Rogue(lambda peer: peer.wait_for_the_end()))
        result = self.call("https://a.example/", proxy.url, "--connect-timeout", "200ms")
        self.assertEqual(("failed", "timeout"), (result["outcome"], result["error"]["code"]))
        self.assertIn("asking the proxy for a connection", result["error"]["message"])

    def test_a_proxy_over_tls_gets_no_client_certificate_and_must_be_trusted(self):
        client, client_key = make_certificate(self.new_folder(), "client", "DNS:client.example")
        proxy = self.enter(Rogue(keeping(response(body=b"relayed")), tls=server_tls(self.certificate, self.key)))
        result = self.call("http://a.example/x", proxy.url, "--cert", client, "--key", client_key)
        self.assertEqual("relayed", result["response"]["body_text"])
        self.assertTrue(proxy.heads[0].startswith(b"GET http://a.example/x HTTP/1.1\r\n"), proxy.heads)
        self.expect_refusal(self.only_result(run("http://a.example/x", "--proxy", proxy.url, "--insecure")), "certificate")

    def test_a_login_is_sent_only_when_the_proxy_asks_for_it(self):
        wants = b"HTTP/1.1 407 X\r\nProxy-Authenticate: Basic realm=x\r\nContent-Length: 0\r\n\r\n"
        proxy = self.enter(Rogue(answering(response(), wants, response(), response())))
        ended = self.run_lines(*[{"url": "http://a.example/", "method": "POST"}] * 3, arguments=[
            "--proxy", proxy.url.replace("//", "//" + LOGIN), "--method", "sync"])
        self.assertEqual(["ok"] * 3, [result["outcome"] for result in ended.results], ended.out)
        self.assertEqual([False, False, True, True], [b"\r\nproxy-authorization: basic " in head.lower() for head in proxy.heads])
        self.assertEqual([1, 1, 1], [len(result["attempts"]) for result in ended.results])

    def test_each_server_has_connections_of_its_own_to_a_proxy_that_relays(self):
        # proxy.py sends all requests of a connection to the server of the first one.
        carried = {}

        def script(peer):
            while head := peer.request():
                carried.setdefault(peer.number, set()).add(head.split(b"/")[2])
                peer.send(response())

        proxy = self.enter(Rogue(script))
        ended = self.run_lines(*[{"url": f"http://{name}.example/{n}"} for n in range(3) for name in "ab"], arguments=[
            "--proxy", proxy.url, "--method", "sync"])
        self.assertEqual(0, ended.code, ended.out)
        self.assertEqual([{b"a.example"}, {b"b.example"}], sorted(carried.values(), key=min))

    def test_fields_for_the_proxy_are_refused_in_requests(self):
        for name in ("Proxy-Authorization", "Proxy-Connection"):
            result = self.only_result(self.run_lines({"url": "http://127.0.0.1:1/", "headers": {name: "x"}}))
            self.assertEqual("bad_input", result["error"]["code"], result)
        result = self.only_result(self.run_lines({"url": "http://a.example/", "headers": {"Upgrade": "h2c"}},
                                                 arguments=["--proxy", f"127.0.0.1:{self.dead}"]))
        self.assertEqual("bad_input", result["error"]["code"], result)


class Environment(Through):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.proxy = cls.shared(Rogue(keeping(response(body=b"relayed"))))

    def environment(self, **variables):
        """This environment without its own proxy variables."""
        own = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        return {**own, **variables}

    def call_direct_or_not(self, *arguments, **variables):
        """Returns the body of an answer, and what `--verbose` said."""
        server = self.enter(Rogue(keeping(response(body=b"direct"))))
        ended = run(server.url, "--verbose", "--quiet", *arguments, env=self.environment(**variables))
        return self.only_result(ended)["response"]["body_text"], ended.err.replace(server.url, "URL")

    def test_variables_are_read_and_the_decision_is_told(self):
        url = self.proxy.url
        relayed = f"plait: URL: through {url}"
        self.assertEqual(("direct", ""), self.call_direct_or_not())
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            self.assertEqual(("relayed", f"{relayed} ({name})\n"), self.call_direct_or_not(**{name: url}))
        self.assertEqual("direct", self.call_direct_or_not(https_proxy=url)[0])
        self.assertEqual("direct", self.call_direct_or_not(HTTP_PROXY=url, REQUEST_METHOD="GET")[0])
        self.assertEqual(("direct", "plait: URL: direct: NO_PROXY has 127.0.0.0/8\n"),
                         self.call_direct_or_not(http_proxy=url, NO_PROXY="a.example, 127.0.0.0/8"))
        self.assertEqual("relayed", self.call_direct_or_not(http_proxy=url, no_proxy="", NO_PROXY="*")[0])

    def test_flags_win(self):
        url, dead = self.proxy.url, f"127.0.0.1:{self.dead}"
        self.assertEqual("relayed", self.call_direct_or_not("--proxy", url, http_proxy=dead)[0])
        self.assertEqual("direct", self.call_direct_or_not("--noproxy", "*", http_proxy=dead)[0])
        self.assertEqual("direct", self.call_direct_or_not("--proxy", url, no_proxy="127.0.0.1")[0])
        self.assertEqual("relayed", self.call_direct_or_not("--proxy", url, "--noproxy", "", no_proxy="127.0.0.1")[0])

    def test_a_mistake_stops_the_command(self):
        for arguments, variables in ((["--proxy", "ftp://x:secret@y"], {}), ([], {"https_proxy": "ftp://x:secret@y"})):
            ended = run("http://127.0.0.1:1/", *arguments, env=self.environment(**variables))
            self.assertEqual((2, ""), (ended.code, ended.out))
            self.assertIn("ftp", ended.err)
            self.assertNotIn("secret", ended.err)

    def test_check_shows_how_calls_would_go(self):
        lines = ({"url": "https://a.example/x"}, {"url": "https://b.example/x"}, {"url": "http://a.example/"})
        ended = plait("check", self.requests(*lines), env=self.environment(https_proxy="u:secret@p.example:3128", no_proxy=".b.example"))
        self.assertIn("Proxies:\n"
                      "  https://a.example: through http://p.example:3128 (https_proxy)\n"
                      "  https://b.example: direct: no_proxy has .b.example\n"
                      "  http://a.example: direct: there is no proxy for http\n", ended.out)
        self.assertNotIn("secret", ended.out)
        self.assertNotIn("Proxies", plait("check", self.requests(*lines), env=self.environment()).out)
        ended = plait("check", self.requests(*lines[:1]), "--proxy", "socks5h://p.example", "--json", env=self.environment())
        self.assertIn('"routes":[{"origin":"https://a.example","route":"through socks5h://p.example:1080 (--proxy)"}]', ended.out)


if __name__ == "__main__":
    unittest.main()
