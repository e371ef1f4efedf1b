"""Runs the program as a process, starts its mock server, and reads its output."""

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

# The library that makes the machine look like another one (other_machine.cpp); empty where it can't be preloaded.
OTHER_MACHINE = os.environ.get("PLAIT_OTHER_MACHINE", "")

# The user's environment may set a proxy, debug mode or colours. The program under test, and Python here, must see none of these
# unless a test sets them.
for name in list(os.environ):
    if name in ("PLAIT_DEBUG", "NO_COLOR", "REQUEST_METHOD") or name.lower().endswith("_proxy"):
        os.environ.pop(name)

# After this time a test considers the program hung. Nothing takes this long unless it is broken.
PATIENCE_S = 60


def other_machine(**differences):
    """Returns the environment for a program that should see another machine, with these differences."""
    # In LD_PRELOAD, a blank ends a path; in LD_LIBRARY_PATH it does not.
    folder, library = os.path.split(OTHER_MACHINE)
    return {**os.environ, "LD_LIBRARY_PATH": folder, "LD_PRELOAD": library, **differences}


def wait_until(condition, what):
    """Polls the condition and returns its value once it is true. Fails, naming `what`, after PATIENCE_S."""
    give_up = time.monotonic() + PATIENCE_S
    pause_s = 0.001
    while time.monotonic() < give_up:
        value = condition()
        if value:
            return value
        time.sleep(pause_s)
        pause_s = min(0.02, pause_s * 1.2)  # asking often takes the processor from what is waited for
    raise AssertionError(f"waited {PATIENCE_S} s in vain: {what}")


def start(*arguments, prefix=(), **options):
    """Starts the program with pipes for its output, perhaps by another one (`prefix`). The caller must end it."""
    settings = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    return subprocess.Popen([*prefix, PROGRAM, *map(str, arguments)], **settings)


def end(process):
    """Kills a started program if it is still running, and closes its pipes."""
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe:
            pipe.close()


class Ended:
    """A program that has ended: its exit code, its output and its result lines."""

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
            pass  # The program does not read all of its input.
        process.stdin = None
    return finish(process)


def run(*arguments, **options):
    """Runs `plait run` with one attempt per call, unless the arguments say otherwise, so that no test waits for a retry."""
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
            raise AssertionError(f"the mock printed no URL: {said!r} {error}")
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
        """Returns the mock's counters of one id."""
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
        """Starts the program, and ends it after the test."""
        process = start(*arguments, **options)
        self.addCleanup(end, process)
        return process

    def enter(self, context):
        """Enters a context for the rest of the test."""
        self.addCleanup(context.__exit__, None, None, None)
        return context.__enter__()

    def requests(self, *lines, name="requests.jsonl"):
        """Writes a request file; a line is text, or an object to write as JSON."""
        path = self.folder / name
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
    """A test with a mock server that all tests of its class share."""

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
