"""The examples, run as their readers would run them."""

import os
import re
import subprocess
import unittest
from pathlib import Path

from support.program import PATIENCE_S, MockTest, plait

EXAMPLES = Path(os.environ["PLAIT_EXAMPLES"])
SOURCES = Path(__file__).resolve().parent.parent / "examples"

# Each example downloads each of its URLs this many times.
ROUNDS = 80


class Example(MockTest):
    def run_example(self, name, *arguments):
        """Returns the output of an example, which must be short enough to read at a glance, succeed, and print no errors."""
        ended = subprocess.run([EXAMPLES / name, *arguments], capture_output=True, text=True, timeout=PATIENCE_S)
        self.assertEqual((0, ""), (ended.returncode, ended.stderr))
        self.assertLess(len((SOURCES / f"{name}.cpp").read_text().splitlines()), 40)
        return ended.stdout

    def expect_downloads(self, name):
        before = self.mock.stats()["requests"]
        urls = [self.url("/one"), self.url("/two")]
        output = self.run_example(name, *urls)
        for url in urls:
            self.assertEqual(ROUNDS, len(re.findall(rf"Read \d+ from {re.escape(url)}$", output, re.MULTILINE)))
        self.assertRegex(output, rf"Downloaded {2 * ROUNDS} in [\d.e-]+ seconds\n$")
        self.assertEqual(2 * ROUNDS, self.mock.stats()["requests"] - before)

    def test_synchronous(self):
        self.expect_downloads("synchronous")

    def test_threading(self):
        self.expect_downloads("threading")

    def test_asynchronous(self):
        self.expect_downloads("asynchronous")

    def test_multiprocessing(self):
        self.expect_downloads("multiprocessing")

    def expect_numbers(self, name):
        output = self.run_example(name, "20", "1", "25", "10")
        self.assertRegex(output, r"^20 gives 6765\n1 gives 1\n25 gives 75025\n10 gives 55\nComputed 4 in [\d.e-]+ seconds\n$")

    def test_cpu_threads(self):
        self.expect_numbers("cpu_threads")

    def test_cpu_processes(self):
        self.expect_numbers("cpu_processes")

    def test_batch(self):
        before = self.mock.stats()["requests"]
        requests = self.requests(*[{"url": self.url(f"/{n}"), "method": method} for n in range(10) for method in ("GET", "POST")])
        results = self.folder / "results.jsonl"
        for _ in range(2):  # the second time there is nothing left to do
            output = self.run_example("batch", requests, results)
            self.assertEqual(20, self.mock.stats()["requests"] - before)
        self.assertEqual("0 made, 0 not ok\n", output)
        self.assertEqual(0, plait("verify", requests, results).code)

    def test_batch_values(self):
        urls = [self.url("/one"), self.url("/two")]
        output = self.run_example("batch_values", *urls)
        self.assertEqual(sorted(urls), sorted(re.findall(r"^ok (\S+): \d+ bytes$", output, re.MULTILINE)))

    def test_mixed(self):
        before = self.mock.stats()["requests"]
        urls = [self.url("/delay/20"), self.url("/two")]
        output = self.run_example("mixed", *urls)
        stored = re.findall(r"^(\d+): [1-9]\d* words from (\S+)$", output, re.MULTILINE)
        self.assertEqual([(str(turn), urls[turn % 2]) for turn in range(2 * ROUNDS)], stored)
        self.assertEqual(2 * ROUNDS, self.mock.stats()["requests"] - before)

    def test_each_reports_a_missing_server(self):
        for name in ("synchronous", "threading", "asynchronous", "multiprocessing", "mixed"):
            ended = subprocess.run([EXAMPLES / name, "http://no-such-host.invalid/"], capture_output=True, text=True, timeout=PATIENCE_S)
            self.assertEqual(1, ended.returncode, name)
            self.assertIn("no-such-host.invalid", ended.stderr)


if __name__ == "__main__":
    unittest.main()
