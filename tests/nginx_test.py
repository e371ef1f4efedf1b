"""`plait run` against nginx, a server that others wrote."""

import base64
import tempfile
import unittest

from support.program import RunTest, plait
from support.servers import Nginx, has_ipv6, make_certificate


class AgainstNginx(RunTest):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="plait-")
        cls.addClassCleanup(folder.cleanup)
        cls.certificate, key = make_certificate(folder.name, "localhost", "DNS:localhost,IP:127.0.0.1,IP:::1")
        cls.other, other_key = make_certificate(folder.name, "other", "DNS:other.example")
        cls.data = bytes(range(256)) * 4096
        for name, data in (("data.bin", cls.data), ("text.txt", b"some text\n"), ("empty", b"")):
            with open(f"{folder.name}/{name}", "wb") as file:
                file.write(data)
        cls.nginx = Nginx(folder.name, f"""
            listen 127.0.0.1:{{http}}; {"listen [::1]:{http6};" if has_ipv6() else ""}
            listen 127.0.0.1:{{https}} ssl;
            ssl_certificate {cls.certificate}; ssl_certificate_key {key}; ssl_protocols TLSv1.2 TLSv1.3;
            root {folder.name};
            location = /json {{ default_type application/json; return 200 '{{"method":"$request_method","query":"$query_string"}}'; }}
            location = /204 {{ return 204; }}
            location = /304 {{ return 304; }}
            location = /418 {{ return 418 "teapot"; }}
            location = /count {{ return 200 "$connection $connection_requests"; }}
            location = /close {{ keepalive_timeout 0; return 200 "bye"; }}
            location = /protocol {{ return 200 "$ssl_protocol $server_protocol"; }}
            location /chunked/ {{ ssi on; ssi_types *; alias {folder.name}/; }}
            location = /posted {{ client_max_body_size 1k; proxy_pass http://127.0.0.1:{{http}}/json; }}
        """)
        cls.nginx.__enter__()
        cls.addClassCleanup(cls.nginx.__exit__)
        cls.other_nginx = Nginx(make_folder(cls), f"""
            listen 127.0.0.1:{{http}}; listen 127.0.0.1:{{https}} ssl; return 200 "other";
            ssl_certificate {cls.other}; ssl_certificate_key {other_key};
        """)
        cls.other_nginx.__enter__()
        cls.addClassCleanup(cls.other_nginx.__exit__)

    def http(self, path):
        return f"http://127.0.0.1:{self.nginx.http}{path}"

    def https(self, path):
        return f"https://localhost:{self.nginx.https}{path}"

    def bodies(self, ended):
        self.assertEqual({"ok"}, {result["outcome"] for result in ended.results}, ended.out + ended.err)
        return [result["response"].get("body_text") for result in ended.results]

    def test_json_over_ipv4_and_over_ipv6_if_available(self):
        hosts = [f"127.0.0.1:{self.nginx.http}"] + ([f"[::1]:{self.nginx.http6}"] if has_ipv6() else [])
        for url in (f"http://{host}/json?a=1" for host in hosts):
            self.assertEqual({"method": "GET", "query": "a=1"}, self.result_of(url)["response"]["body"])

    def test_a_megabyte_of_all_byte_values_arrives_unchanged(self):
        for url in (self.http("/data.bin"), self.http("/chunked/data.bin"), self.https("/data.bin")):
            result = self.result_of(url, "--body", "base64", "--cacert", self.certificate)
            self.assertEqual(self.data, base64.b64decode(result["response"]["body_base64"]), url)

    def test_chunked_answers(self):
        result = self.result_of(self.http("/chunked/text.txt"))
        self.assertEqual("chunked", result["response"]["headers"]["transfer-encoding"])
        self.assertEqual("some text\n", result["response"]["body_text"])

    def test_connections_are_reused(self):
        ended = self.run_lines(*[{"url": self.http("/count")}] * 5, arguments=["--method", "sync", "--ordered"])
        bodies = self.bodies(ended)
        self.assertEqual(["1", "2", "3", "4", "5"], [body.split()[1] for body in bodies])
        self.assertEqual(1, len({body.split()[0] for body in bodies}))

    def test_connections_that_the_server_closes_are_replaced(self):
        ended = self.run_lines(*[{"url": self.http("/close")}] * 5, arguments=["--method", "sync"])
        self.assertEqual(["bye"] * 5, self.bodies(ended))

    def test_a_connection_is_reused_after_an_answer_without_a_body(self):
        lines = [{"url": self.http("/data.bin"), "method": "HEAD"}, {"url": self.http("/204")}, {"url": self.http("/304")},
                 {"url": self.http("/empty")}, {"url": self.http("/418")}, {"url": self.http("/count")}]
        ended = self.run_lines(*lines, arguments=["--method", "sync", "--ordered"])
        self.assertEqual([200, 204, 304, 200, 418, 200], [result["response"]["status_code"] for result in ended.results])
        self.assertEqual(["ok", "ok", "rejected", "ok", "rejected", "ok"], [result["outcome"] for result in ended.results])
        self.assertEqual("6", ended.results[-1]["response"]["body_text"].split()[1])

    def test_the_answer_to_a_body_that_is_too_large_is_read(self):
        ended = self.run_lines({"url": self.http("/posted"), "body": "x" * 100}, {"url": self.http("/posted"), "body": "x" * 1_000_000},
                               arguments=["--ordered"])
        self.assertEqual([200, 413], [result["response"] and result["response"]["status_code"] for result in ended.results], ended.out)

    def test_every_method(self):
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
            result = self.only_result(self.run_lines({"url": self.http("/json"), "method": method}))
            self.assertEqual(method, result["response"]["body"]["method"], result)

    def test_https_verified(self):
        result = self.result_of(self.https("/protocol"), "--cacert", self.certificate)
        self.assertEqual("TLSv1.3 HTTP/1.1", result["response"]["body_text"])

    def test_https_with_many_calls_by_each_method(self):
        for method in ("sync", "threads", "async", "processes"):
            ended = self.run_lines(*[{"url": self.https("/json")}] * 40,
                                   arguments=["--cacert", self.certificate, "--method", method, "--concurrency", "4"])
            self.assertEqual((0, 40), (ended.code, len(ended.results)), ended.out[:1000] + ended.err)

    def test_a_certificate_for_another_host_is_refused(self):
        result = self.result_of(f"https://localhost:{self.other_nginx.https}/", "--cacert", self.other)
        self.assertEqual(("failed", "tls"), (result["outcome"], result["error"]["code"]))
        self.assertIn("localhost", result["error"]["message"])

    def test_https_to_a_plain_port_fails(self):
        result = self.result_of(f"https://127.0.0.1:{self.nginx.http}/")
        self.assertEqual(("failed", "tls"), (result["outcome"], result["error"]["code"]))


def make_folder(test):
    folder = tempfile.TemporaryDirectory(prefix="plait-")
    test.addClassCleanup(folder.cleanup)
    return folder.name


if __name__ == "__main__":
    unittest.main()
