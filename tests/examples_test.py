"""The examples, as their readers would run them."""

import os
import re
import subprocess
import unittest
from pathlib import Path

from support.program import PATIENCE_S, MockTest

EXAMPLES = Path(os.environ["PLAIT_EXAMPLES"])
SOURCES = Path(__file__).resolve().parent.parent / "examples"

# Each example downloads each of its URLs so many times.
ROUNDS = 80


class Example(MockTest):
    def expect_downloads(self, name):
        before = self.mock.stats()["requests"]
        urls = [self.url("/one"), self.url("/two")]
        ended = subprocess.run([EXAMPLES / name, *urls], capture_output=True, text=True, timeout=PATIENCE_S)
        self.assertEqual((0, ""), (ended.returncode, ended.stderr))
        for url in urls:
            self.assertEqual(ROUNDS, len(re.findall(rf"Read \d+ from {re.escape(url)}$", ended.stdout, re.MULTILINE)))
        self.assertRegex(ended.stdout, rf"Downloaded {2 * ROUNDS} in [\d.e-]+ seconds\n$")
        self.assertEqual(2 * ROUNDS, self.mock.stats()["requests"] - before)
        self.assertLess(len((SOURCES / f"{name}.cpp").read_text().splitlines()), 40)

    def test_synchronous(self):
        self.expect_downloads("synchronous")

    def test_threading(self):
        self.expect_downloads("threading")

    def test_asynchronous(self):
        self.expect_downloads("asynchronous")

    def test_multiprocessing(self):
        self.expect_downloads("multiprocessing")

    def test_a_server_that_is_not_there_ends_each_with_a_message(self):
        for name in ("synchronous", "threading", "asynchronous", "multiprocessing"):
            ended = subprocess.run([EXAMPLES / name, "http://no-such-host.invalid/"], capture_output=True, text=True, timeout=PATIENCE_S)
            self.assertEqual(1, ended.returncode, name)
            self.assertIn("no-such-host.invalid", ended.stderr)


if __name__ == "__main__":
    unittest.main()
