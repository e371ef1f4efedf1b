"""A sample of `make soak`: runs that are killed at random moments and resumed lose nothing and do nothing twice."""

import concurrent.futures
import json
import unittest

from support.killed_run import METHODS, Plan, Verdict, judge, play

RUNS_OF_EACH = 5


class Killed(unittest.TestCase):
    def test_every_id_has_one_result_and_no_unsafe_request_arrives_twice(self):
        plans = [Plan(method, seed) for seed in range(1, RUNS_OF_EACH + 1) for method in METHODS]
        # Runs mostly wait, so many fit on one processor.
        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            for plan, verdict in zip(plans, pool.map(play, plans)):
                with self.subTest(method=plan.method, seed=plan.seed):
                    self.assertEqual([], verdict.wrong)
                    self.assertEqual((len(plan.ids), 0, 0), (verdict.ids, verdict.doubles, verdict.lost))


KEY = "00000000-0000-8000-8000-00000000000"


def result(custom_id, outcome="ok", key=None, error=None):
    body = {"headers": {"idempotency-key": key} if key else {}}
    return {"custom_id": custom_id, "line": int(custom_id[-1]), "outcome": outcome, "error": error and {"code": error},
            "response": {"status_code": 200, "body": body} if outcome == "ok" else None}


class Judged(unittest.TestCase):
    """Each fault is found when results contain it; a check that finds nothing proves nothing."""

    GOOD = [result("get-1"), result("post-2"), result("keyed-3", key=KEY + "3"), result("post-4", "unknown", error="reset"),
            result("line-5", "failed", error="bad_input"), result("put-6", "failed", error="connect")]
    CAME = {"get-1": 2, "post-2": 1, KEY + "3": 3, "post-4": 1}

    def sentences(self, results=GOOD, end="\n", **came):
        plan = Plan("async", 1)
        plan.ids = [one["custom_id"] for one in self.GOOD]
        verdict = Verdict()
        judge(plan, ("\n".join(map(json.dumps, results)) + end).encode(), {**self.CAME, **came}, verdict)
        return " ".join(verdict.wrong)

    def test_a_good_run_passes(self):
        self.assertEqual("", self.sentences())

    def test_a_double_is_found(self):
        self.assertIn("post-2 must not be sent twice, but arrived 2 times", self.sentences(**{"post-2": 2}))
        self.assertIn("post-4 must not be sent twice, but arrived 2 times", self.sentences(**{"post-4": 2}))
        self.assertIn("1 ids arrived with 2 keys", self.sentences(**{KEY + "4": 1}))

    def test_an_answer_without_its_call_is_found(self):
        self.assertIn("get-1 is ok, but never arrived", self.sentences(**{"get-1": 0}))
        self.assertIn("keyed-3 is ok, but never arrived", self.sentences(**{KEY + "3": 0}))

    def test_a_failure_after_an_answer_needs_its_call(self):
        self.assertIn("put-6 is failed, but never arrived", self.sentences([*self.GOOD[:-1], result("put-6", "failed", error="protocol")]))

    def test_missing_and_duplicate_results_are_found(self):
        self.assertIn("['put-6']", self.sentences(self.GOOD[:-1]))
        self.assertIn("get-1 has two results", self.sentences([*self.GOOD, self.GOOD[0]]))
        self.assertIn("incomplete", self.sentences(end=""))

    def test_a_safe_request_is_never_unknown(self):
        self.assertIn("safe to repeat, but unknown", self.sentences([*self.GOOD[:-1], result("put-6", "unknown", error="reset")]))

    def test_good_and_bad_lines_are_distinguished(self):
        refused = result("put-6", "failed", error="bad_input")
        self.assertIn("put-6 is a valid line, but was rejected", self.sentences([*self.GOOD[:-1], refused]))
        self.assertIn("line-5 is an invalid line, but arrived 1 times", self.sentences(**{"line-5": 1}))


if __name__ == "__main__":
    unittest.main()
