#!/usr/bin/env python3
"""Kills and stops workers, coordinator and broker of clusters at random moments, and checks with the server that no call is lost or made twice.

As root, where `ip` and `iptables` are, coordinator and workers are in network namespaces, and their ways to the broker are cut, too.
PLAIT_PROGRAM names the program, PLAIT_NATS_SERVER perhaps another server; `make soak-cluster` builds one with optimisation and sets it.
"""

import argparse
import concurrent.futures
import sys
from collections import Counter

from support import namespaces
from support.cluster_round import Round


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=200, help="number of runs (%(default)s)")
    parser.add_argument("--lines", type=int, default=6000, help="requests of each, half of them POSTs (%(default)s)")
    parser.add_argument("--faults", type=int, default=5, help="faults in each (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="seed of the first run; each later run adds one (%(default)s)")
    parser.add_argument("--jobs", type=int, default=2, help="runs at a time (%(default)s)")
    parser.add_argument("--no-namespaces", action="store_true", help="leave the network alone")
    options = parser.parse_args()
    in_namespaces = namespaces.are_had() and not options.no_namespaces

    def play(seed):
        return Round(seed, options.lines, options.faults, in_namespaces).play()

    seeds = range(options.seed, options.seed + options.rounds)
    outcomes, happened, failed = Counter(), Counter(), 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for seed, played in zip(seeds, pool.map(play, seeds)):
            outcomes += played.outcomes
            happened.update(played.happened)
            if played.wrong:
                failed += 1
                print(f"seed {seed} went wrong ({', '.join(played.happened)}):")
                print("".join(f"  {sentence}\n" for sentence in played.wrong[:20]), end="", flush=True)
    print(f"{options.rounds} runs{' in network namespaces' if in_namespaces else ''} of {options.lines} lines: {dict(outcomes)}; {dict(happened)}; {failed} went wrong")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
