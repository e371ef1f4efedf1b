"""`plait doctor`: the command as a process. What it says of a machine is tested with machines that are made up."""

import json
import os
import unittest
from email.utils import formatdate

from support.program import RunTest, plait
from support.servers import Deciding, Rogue

CHECKS = ["open files", "local ports", "firewall", "certificates", "disk", "processors", "memory", "timers", "proxies", "server", "clock"]


class Doctor(RunTest):
    def checks(self, *arguments):
        """Returns the checks by name, and the exit code, which must fit them."""
        ended = plait("doctor", "--json", "-o", self.folder / "results.jsonl", *arguments)
        checks = {check["name"]: check for check in json.loads(ended.out)["checks"]}
        self.assertEqual([name for name in CHECKS if name in checks], list(checks))
        self.assertEqual(int(any(check["verdict"] == "wrong" for check in checks.values())), ended.code)
        return checks

    def test_a_server_that_answers_has_a_clock(self):
        def answer(*_):
            return f"HTTP/1.1 404 Not Found\r\nDate: {formatdate(usegmt=True)}\r\nContent-Length: 0\r\n\r\n".encode()

        with Rogue(Deciding(answer)) as server:
            checks = self.checks(server.url)
            self.assertEqual("ok", checks["server"]["verdict"])
            self.assertEqual("ok", checks["clock"]["verdict"])
            self.assertIn("direct: there is no proxy for http", checks["proxies"]["message"])
            text = plait("doctor", server.url).out
        self.assertRegex(text, r"(?m)^ok     clock         agrees with that of http://127\.0\.0\.1:")
        self.assertEqual([], list(self.folder.iterdir()))

    def test_what_is_wrong_is_said_and_is_the_exit_code(self):
        checks = self.checks("http://127.0.0.1:9")
        self.assertEqual("wrong", checks["server"]["verdict"])
        self.assertIn("127.0.0.1:9", checks["server"]["message"])
        self.assertNotIn("clock", checks)
        gone = plait("doctor", "-o", self.folder / "none/results.jsonl")
        folder = plait("doctor", "-o", self.folder)
        self.assertEqual(1, gone.code)
        self.assertRegex(gone.out, r"(?m)^wrong  disk  +the folder .*/none does not exist: create it, or name another with -o$")
        self.assertEqual(1, folder.code)
        self.assertRegex(folder.out, r"(?m)^wrong  disk .*: no run can write results: .* is a folder: name another place with -o$")
        self.assertEqual(2, plait("doctor", "not a URL").code)
        (self.folder / "empty.pem").touch()
        untrusted = plait("doctor", env={**os.environ, "SSL_CERT_FILE": str(self.folder / "empty.pem")})
        self.assertRegex(untrusted.out, r"(?m)^w[a-z]+  +certificates  .*/empty\.pem")


if __name__ == "__main__":
    unittest.main()
