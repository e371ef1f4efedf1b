"""Makes the calls of a file of requests, within limits, and goes on where it was killed.

    python batch.py REQUESTS RESULTS
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import plait


def make_calls(requests: str, results: str) -> plait.Report:
    return plait.run(requests, results, limits=["requests=500/s"], budget={"usd": 5}).finish()


def is_worth_sending(requests: str) -> bool:
    report = plait.check(requests, limits=["requests=500/m"], budget={"usd": 5}, latency="300ms")
    print(report)  # as the command `plait check` prints it
    return bool(report) and (report.seconds or 0) < 3600


def questions(texts: list[str], url: str) -> Iterator[dict[str, Any]]:
    for number, text in enumerate(texts):
        yield {"url": url, "body": {"text": text}, "custom_id": f"text-{number}", "cost": {"usd": 0.01}}


def ask_about(texts: list[str], url: str, results: str) -> None:
    with plait.run(questions(texts, url), results, retries=3, stop_if="failed>20% of 200") as run:
        for result in run:
            print(result.custom_id, result.json() if result.ok else result.error)


if __name__ == "__main__":
    report = make_calls(sys.argv[1], sys.argv[2])
    print(f"{report.ok} of {report.done} ok", report.stop_reason or "")
