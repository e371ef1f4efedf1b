"""The example programs run, each way with the same outcome."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"


def test_the_study_reads_the_same_in_each_way(url: str) -> None:
    ended = subprocess.run(
        [sys.executable, EXAMPLES / "study.py", url, "6"], capture_output=True, text=True, timeout=60, check=True
    )
    lines = [line.split(": ") for line in ended.stdout.splitlines()]
    assert [way for way, _ in lines] == ["synchronous", "threading", "asynchronous", "multiprocessing", "many_at_once"]
    assert len({outcome for _, outcome in lines}) == 1
