"""The program as a process: run it, rehearse against its mock, read what it wrote."""

import json
import os
import re
import subprocess
import tempfile
import time
import unittest
import urllib.request
from pathlib import Path

PROGRAM = os.environ.get("PLAIT_PROGRAM", str(Path(__file__).resolve().parents[2] / "build/dev/plait"))

# What makes a machine look like another (other_machine.cpp); empty where it can't be preloaded.
OTHER_MACHINE = os.environ.get("PLAIT_OTHER_MACHINE", "")

# Whoever starts the tests may go to the network by a proxy and like his programs to be chatty; what is tested here does neither,
# unless a test asks for it.
os.environ["no_proxy"] = "*"
for name in ("PLAIT_DEBUG", "NO_COLOR"):
    os.environ.pop(name, None)

# How long anything may take before a test calls it hung. Nothing waits this long unless it is broken.
PATIENCE_S = 60


def other_machine(**differences):
    """Returns the environment of a program that is to believe in another machine, which differs in this."""
    return {**os.environ, "LD_PRELOAD": OTHER_MACHINE, **differences}


def wait_until(condition, what):
    """Returns the condition's value once it is true; asks again and again, and gives up with `what` after PATIENCE_S."""
    give_up = time.monotonic() + PATIENCE_S
    while time.monotonic() < give_up:
        value = condition()
        if value:
            return value
        time.sleep(0.002)
    raise AssertionError(f"waited {PATIENCE_S} s in vain: {what}")


def start(*arguments, **options):
    """Starts the program with pipes for what it says; the caller ends it."""
    settings = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    return subprocess.Popen([PROGRAM, *map(str, arguments)], **settings)


def end(process):
    """Ends a started program, if it runs still, and closes its pipes."""
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe:
            pipe.close()


class Ended:
    """A program that has ended: its exit code, what it said, and its result lines."""

    def __init__(self, code, out, err):
        self.code = code
        self.out = out.decode()
        self.err = err.decode()

    @property
    def results(self):
        return [json.loads(line) for line in self.out.splitlines()]


def finish(process):
    """Waits for a started program to end."""
    try:
        out, err = process.communicate(timeout=PATIENCE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        raise AssertionError(f"still running after {PATIENCE_S} s\n{err.decode()}") from None
    return Ended(process.returncode, out or b"", err or b"")


def plait(*arguments, stdin=b"", **options):
    """Runs the program to its end."""
    settings = {"stdin": subprocess.PIPE, **options}
    process = start(*arguments, **settings)
    if settings["stdin"] == subprocess.PIPE:
        try:
            process.stdin.write(stdin)
            process.stdin.close()
        except BrokenPipeError:
            pass  # It had seen enough.
        process.stdin = None
    return finish(process)


def run(*arguments, **options):
    """Runs `plait run`, in which a call has one attempt unless the arguments say otherwise: nothing is waited for."""
    attempts = [] if "--attempts" in arguments else ["--attempts", "1"]
    return plait("run", *arguments, *attempts, **options)


class Mock:
    """`plait mock` on a free port, for the length of a `with` block."""

    def __init__(self, *arguments):
        self.arguments = arguments

    def __enter__(self):
        self.process = start("mock", "--port", "0", *self.arguments)
        said = self.process.stdout.readline().decode()
        found = re.search(r"https?://\S+", said)
        if not found:
            error = self.process.stderr.read().decode()
            end(self.process)
            raise AssertionError(f"the mock did not say where it is: {said!r} {error}")
        self.url = found[0].rstrip("/")
        return self

    def __exit__(self, *_):
        self.process.terminate()
        finish(self.process)

    def stats(self):
        """Returns the mock's own counters."""
        with urllib.request.urlopen(self.url + "/stats") as answer:
            return json.load(answer)

    def of_id(self, id):
        """Returns its counters of one id."""
        with urllib.request.urlopen(f"{self.url}/stats/ids/{id}") as answer:
            return json.load(answer)


class RunTest(unittest.TestCase):
    """A test with a folder of its own for request and result files."""

    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="plait-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def start(self, *arguments, **options):
        """Starts the program; it does not outlive the test."""
        process = start(*arguments, **options)
        self.addCleanup(end, process)
        return process

    def enter(self, context):
        """Enters a context for the rest of the test."""
        self.addCleanup(context.__exit__, None, None, None)
        return context.__enter__()

    def requests(self, *lines):
        """Writes a request file; a line is text, or an object to write as JSON."""
        path = self.folder / "requests.jsonl"
        path.write_text("".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines))
        return path

    def run_lines(self, *lines, arguments=(), **options):
        """Runs a file of these request lines to standard output, as `run` does."""
        return run(self.requests(*lines), *arguments, **options)

    def only_result(self, ended):
        """Returns the one result line of a run that had one request."""
        self.assertEqual(1, len(ended.results), ended.out + ended.err)
        return ended.results[0]

    def result_of(self, *arguments, **options):
        """Returns the result line of `run` with these arguments and one request among them."""
        return self.only_result(run(*arguments, **options))


class MockTest(RunTest):
    """A test with a mock third party that all tests of its class share."""

    MOCK_ARGUMENTS = ()

    @classmethod
    def setUpClass(cls):
        cls.mock = Mock(*cls.MOCK_ARGUMENTS)
        cls.mock.__enter__()
        cls.addClassCleanup(cls.mock.__exit__)

    def url(self, path=""):
        return self.mock.url + path


def results_in(path):
    """Returns the result lines of a file."""
    return [json.loads(line) for line in Path(path).read_text().splitlines()]
