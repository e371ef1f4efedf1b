"""`plait run` over TLS to nginx: sessions that are resumed, and client certificates."""

import subprocess
import tempfile
import unittest

from support.program import RunTest, run
from support.servers import Nginx, make_certificate


class WithCertificates(RunTest):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="plait-")
        cls.addClassCleanup(folder.cleanup)
        cls.certificate, cls.key = make_certificate(folder.name, "server", "DNS:localhost,IP:127.0.0.1")
        cls.client, cls.client_key = make_certificate(folder.name, "client", "DNS:client.example")

    def nginx(self, settings):
        folder = tempfile.TemporaryDirectory(prefix="plait-")
        self.addCleanup(folder.cleanup)
        return self.enter(Nginx(folder.name, f"""
            listen 127.0.0.1:{{http}}; listen 127.0.0.1:{{https}} ssl;
            ssl_certificate {self.certificate}; ssl_certificate_key {self.key}; {settings}"""))

    def url(self, nginx):
        return f"https://127.0.0.1:{nginx.https}/"


class Resumption(WithCertificates):
    def bodies(self, version, method):
        nginx = self.nginx(f'ssl_protocols {version}; keepalive_timeout 0; return 200 "$ssl_protocol $ssl_session_reused";')
        ended = self.run_lines(*[{"url": self.url(nginx)}] * 4, arguments=[
            "--cacert", self.certificate, "--method", method, "--concurrency", "1", "--ordered"])
        return [result["response"]["body_text"] for result in ended.results]

    def test_a_later_connection_resumes_the_session_of_an_earlier_one(self):
        for version in ("TLSv1.2", "TLSv1.3"):
            for method in ("async", "sync", "threads", "processes"):
                self.assertEqual([f"{version} ."] + [f"{version} r"] * 3, self.bodies(version, method), method)


class ClientCertificates(WithCertificates):
    def setUp(self):
        super().setUp()
        self.server = self.nginx(f"ssl_client_certificate {self.client}; ssl_verify_client on; return 200 $ssl_client_s_dn;")

    def call(self, *arguments):
        return run(self.url(self.server), "--cacert", self.certificate, *arguments)

    def expect_wrong_usage(self, ended, *words):
        self.assertEqual((2, ""), (ended.code, ended.out), ended.err)
        for word in words:
            self.assertIn(word, ended.err)

    def test_a_server_that_asks_for_a_certificate_gets_it(self):
        for method in ("async", "threads", "processes"):
            ended = self.call("--cert", self.client, "--key", self.client_key, "--method", method)
            self.assertEqual("CN=client", self.only_result(ended)["response"]["body_text"])

    def test_certificate_and_key_may_be_one_file(self):
        both = self.folder / "both.pem"
        both.write_text(self.client.read_text() + self.client_key.read_text())
        self.assertEqual("CN=client", self.only_result(self.call("--cert", both))["response"]["body_text"])

    def test_without_one_the_server_refuses(self):
        self.assertEqual(400, self.only_result(self.call())["response"]["status_code"])

    def test_nothing_is_sent_with_a_certificate_that_can_not_be_used(self):
        encrypted = self.folder / "encrypted.key"
        subprocess.run(["openssl", "pkey", "-in", self.client_key, "-aes256", "-passout", "pass:secret", "-out", encrypted],
                       check=True, capture_output=True)
        self.expect_wrong_usage(self.call("--cert", self.client, "--key", self.key), str(self.key), "does not belong")
        self.expect_wrong_usage(self.call("--cert", self.client, "--key", encrypted), str(encrypted), "encrypted", "openssl pkey")
        self.expect_wrong_usage(self.call("--cert", self.client), str(self.client), "--key")
        self.expect_wrong_usage(self.call("--cert", self.folder / "none"), str(self.folder / "none"), "No such file")
        self.expect_wrong_usage(self.call("--key", self.client_key), "--cert")
        self.assertEqual(0, self.server.requests_seen())


if __name__ == "__main__":
    unittest.main()
