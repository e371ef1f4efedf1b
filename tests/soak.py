#!/usr/bin/env python3
"""Kills runs of `plait run` at random moments, resumes them, and checks with the server that no call is lost or made twice.

PLAIT_PROGRAM names the program; `make soak` builds one with optimisation and sets it.
"""

import argparse
import concurrent.futures
import sys
import time

from support.killed_run import METHODS, Plan, play


class Figures:
    """The totals of all runs of a method."""

    def __init__(self, method):
        self.method = method
        self.runs = self.failed = 0
        self.sums = dict.fromkeys(("starts", "kills", "ids", "doubles", "lost", "unknown", "unknown_and_never_came"), 0)

    def add(self, verdict):
        self.runs += 1
        self.failed += not verdict.is_good()
        for name in self.sums:
            self.sums[name] += getattr(verdict, name)

    def __str__(self):
        said = ", ".join(f"{number:,} {name.replace('_', ' ')}" for name, number in self.sums.items())
        return f"{self.method}: {self.runs:,} runs, {said}; {self.failed} went wrong"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--method", choices=METHODS, help="only this one (default: all four in turn)")
    parser.add_argument("--runs", type=int, default=1000, help="number of runs per method (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="seed of the first run; each later run adds one (%(default)s)")
    parser.add_argument("--jobs", type=int, default=8, help="runs at a time; they mostly wait (%(default)s)")
    parser.add_argument("--minutes", type=float, help="start no run after this time")
    options = parser.parse_args()

    figures = {method: Figures(method) for method in METHODS if options.method in (None, method)}
    plans = [(method, seed) for seed in range(options.seed, options.seed + options.runs) for method in figures]
    last_start = time.monotonic() + 60 * options.minutes if options.minutes else float("inf")
    began = time.monotonic()

    def play_planned(plan):
        return play(Plan(*plan)) if time.monotonic() < last_start else None

    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for (method, seed), verdict in zip(plans, pool.map(play_planned, plans)):
            if verdict is None:
                continue
            figures[method].add(verdict)
            if not verdict.is_good():
                print(f"{method}, seed {seed} went wrong; to repeat it: tests/soak.py --method {method} --seed {seed} --runs 1")
                print("".join(f"  {sentence}\n" for sentence in verdict.wrong), end="", flush=True)
            elif sum(one.runs for one in figures.values()) % 200 == 0:
                print(f"{time.monotonic() - began:.0f} s: " + ", ".join(f"{one.runs} {one.method}" for one in figures.values()), flush=True)
    for one in figures.values():
        print(one)
    return 1 if any(one.failed for one in figures.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
