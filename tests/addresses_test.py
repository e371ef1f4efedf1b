"""Where connections of `plait run` lead: given addresses, other hosts, a Unix socket, and every address of a name."""

import socket
import tempfile
import unittest
from pathlib import Path

from support.program import RunTest, run
from support.servers import Rogue, free_port, has_ipv6, keeping, make_certificate, server_tls


class Addresses(RunTest):
    def server(self, **options):
        return self.enter(Rogue(keeping(), **options))

    def expect_ok(self, result):
        self.assertEqual("ok", result["outcome"], result)

    def test_an_address_may_be_given_for_a_name(self):
        server = self.server()
        for method in ("async", "processes"):
            self.expect_ok(self.result_of(f"http://api.example:{server.port}/", "--method", method,
                                          "--resolve", f"api.example:{server.port}:127.0.0.1"))
        self.assertIn(f"\r\nhost: api.example:{server.port}\r\n".encode(), server.heads[0].lower())

    def test_all_addresses_of_a_name_are_tried(self):
        server = self.server()
        # Nobody listens at the first two.
        result = self.result_of(f"http://api.example:{server.port}/", "--resolve",
                                f"api.example:{server.port}:127.0.0.2,127.0.0.3,127.0.0.1")
        self.expect_ok(result)
        dead = free_port("127.0.0.1")
        result = self.result_of(f"http://api.example:{dead}/", "--resolve", f"api.example:{dead}:127.0.0.2,127.0.0.1")
        self.assertEqual("connect", result["error"]["code"])
        for address in ("127.0.0.1", "127.0.0.2"):
            self.assertIn(f"{address}:{dead} refused", result["error"]["message"])

    @unittest.skipUnless(has_ipv6(), "this machine has no IPv6")
    def test_both_families_are_tried(self):
        server = self.server(family=socket.AF_INET6)
        self.expect_ok(self.result_of(f"http://api.example:{server.port}/",
                                      "--resolve", f"api.example:{server.port}:127.0.0.1,[::1]"))

    def test_another_host_may_be_connected_to_and_the_certificate_is_still_that_of_the_url(self):
        certificate, key = make_certificate(self.folder, "api", "DNS:api.example")
        server = self.server(tls=server_tls(certificate, key))
        result = self.result_of("https://api.example/", "--cacert", certificate,
                                "--connect-to", f"api.example:443:127.0.0.1:{server.port}")
        self.expect_ok(result)
        self.assertIn(b"\r\nhost: api.example\r\n", server.heads[0].lower())
        result = self.result_of("https://other.example/", "--cacert", certificate, "--connect-to", f"::127.0.0.1:{server.port}")
        self.assertEqual("tls", result["error"]["code"])

    def test_a_unix_socket(self):
        # Its path has at most 107 bytes, which those of some temporary folders exceed.
        with tempfile.TemporaryDirectory(prefix="plait-", dir="/tmp") as folder:
            path = str(Path(folder) / "socket")
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(path)
            listener.listen()
            with Rogue(keeping(), listener=listener) as server:
                ended = self.run_lines(*[{"url": "http://api.example/x"}] * 3,
                                       arguments=["--unix-socket", path, "--proxy", "http://127.0.0.1:1", "--method", "sync"])
                self.assertEqual(["ok"] * 3, [result["outcome"] for result in ended.results], ended.out)
                self.assertEqual(1, server.connections)
                self.assertTrue(server.heads[0].startswith(b"GET /x HTTP/1.1\r\nHost: api.example\r\n"))
            result = self.result_of("http://api.example/", "--unix-socket", path + "-not")
            self.assertEqual(("connect", True), (result["error"]["code"], path + "-not" in result["error"]["message"]))

    def test_values_that_can_not_be_read_are_refused(self):
        whys = {"--resolve": {"a.example:127.0.0.1": "write, for example", "a.example:443:": "write, for example",
                              "a.example:99999:127.0.0.1": "the port '99999'", "a.example:443:b.example": "--connect-to leads"},
                "--connect-to": {"a.example:443": "write, for example", "a:x:b:80": "the port 'x'", "a:80:b:81:c": "the colons stay"},
                "--unix-socket": {"": "empty", str(self.folder): "is not a socket", "/tmp/" + 200 * "x": "at most 107"},
                "--cert": {str(self.folder): "is a folder"}, "--cacert": {"/etc/passwd": "takes a PEM file"}}
        for flag, values in whys.items():
            for value, why in values.items():
                with self.subTest(flag, value=value):
                    ended = run("http://a.example/", flag, value)
                    self.assertEqual((2, ""), (ended.code, ended.out))
                    self.assertIn(flag, ended.err)
                    self.assertIn(why, ended.err)

    def test_international_names_and_illegal_characters(self):
        server = self.server()
        result = self.result_of(f"http://bücher.example:{server.port}/a b?é=\"1\"", "--resolve",
                                f"bücher.example:{server.port}:127.0.0.1")
        self.expect_ok(result)
        self.assertTrue(server.heads[0].startswith(b"GET /a%20b?%C3%A9=%221%22 HTTP/1.1\r\n"
                                                   + f"Host: xn--bcher-kva.example:{server.port}\r\n".encode()), server.heads)


if __name__ == "__main__":
    unittest.main()
