"""Runs the tests of a file several at a time, for tests that mostly wait for servers and timers."""

import concurrent.futures
import sys
import time
import unittest


def main(at_a_time=6):
    """As `unittest.main`. Tests of a class that makes something for all of them run one after another."""
    unittest.main(testRunner=Runner(at_a_time))


class Runner:
    def __init__(self, at_a_time):
        self.at_a_time = at_a_time

    def run(self, suite):
        began = time.monotonic()
        whole = unittest.TestResult()
        with concurrent.futures.ThreadPoolExecutor(self.at_a_time) as pool:
            for result in pool.map(run_alone, parts_of(suite)):
                add(whole, result)
        for kind, faults in (("ERROR", whole.errors), ("FAIL", whole.failures), ("UNEXPECTED SUCCESS", [(one, "") for one in whole.unexpectedSuccesses])):
            for test, trace in faults:
                print(f"{kind}: {test}\n{trace}", file=sys.stderr)
        print(f"ran {whole.testsRun} tests in {time.monotonic() - began:.1f} s, {self.at_a_time} at a time: "
              f"{'OK' if whole.wasSuccessful() else 'FAILED'}", file=sys.stderr)
        return whole


def each_of(suite):
    for part in suite:
        if isinstance(part, unittest.TestCase):
            yield part
        else:
            yield from each_of(part)


def parts_of(suite):
    """The parts that may run at the same time: each test, or all tests of a class that share something."""
    shared, alone = {}, []
    for test in each_of(suite):
        if type(test).setUpClass.__func__ is unittest.TestCase.setUpClass.__func__:
            alone.append(unittest.TestSuite([test]))
        else:
            shared.setdefault(type(test), unittest.TestSuite()).addTest(test)
    return [*shared.values(), *alone]


def run_alone(suite):
    result = unittest.TestResult()
    suite.run(result)
    return result


def add(whole, result):
    whole.testsRun += result.testsRun
    for kind in ("errors", "failures", "skipped", "expectedFailures", "unexpectedSuccesses"):
        getattr(whole, kind).extend(getattr(result, kind))
