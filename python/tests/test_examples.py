"""The example programs run, each way with the same outcome."""

from __future__ import annotations

import asyncio
import re
import runpy
import subprocess
import sys
from pathlib import Path

import plait
import pytest

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"


def test_the_study_reads_the_same_in_each_way(url: str) -> None:
    ended = subprocess.run(
        [sys.executable, EXAMPLES / "study.py", url, "6"], capture_output=True, text=True, timeout=60, check=True
    )
    lines = [line.split(": ") for line in ended.stdout.splitlines()]
    assert [way for way, _ in lines] == ["synchronous", "threading", "asynchronous", "multiprocessing", "many_at_once"]
    assert len({outcome for _, outcome in lines}) == 1


def test_threads_and_processes_compute_and_count(url: str) -> None:
    program = [sys.executable, str(EXAMPLES / "computing.py"), url, "10"]
    ended = subprocess.run(program, capture_output=True, text=True, timeout=60, check=True)
    assert re.fullmatch(r"threads:( 55){4}\nprocesses:( 55){4}\nwords:( [1-9]\d*){4}\n", ended.stdout)


def test_a_batch_is_carried_out(url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    requests, results = tmp_path / "requests.jsonl", tmp_path / "results.jsonl"
    requests.write_text(f'{{"url": "{url}"}}\n' * 3)
    program = [sys.executable, str(EXAMPLES / "batch.py"), str(requests), str(results)]
    ended = subprocess.run(program, capture_output=True, text=True, timeout=60, check=True)
    assert ended.stdout == "3 of 3 ok \n"

    example = runpy.run_path(str(EXAMPLES / "batch.py"))
    assert example["is_worth_sending"](str(requests))
    assert capsys.readouterr().out.startswith(f"{requests}: 3 calls")
    example["ask_about"](["one", "two"], url, tmp_path / "answers.jsonl")
    assert sorted(line.split()[0] for line in capsys.readouterr().out.splitlines()) == ["text-0", "text-1"]


def test_what_runs_every_day(plait_mock: plait.Mock, capsys: pytest.CaptureFixture[str]) -> None:
    example = runpy.run_path(str(EXAMPLES / "production.py"))
    example["test_a_busy_server_is_asked_again"](plait_mock)

    def answer(request: plait.Request) -> dict[str, object]:
        return {"items": [2]} if "after=x" in request.url else {"items": [1], "next_cursor": "x"}

    with plait.BlockingSession(hooks=[example["Timer"]()]) as session:
        plait_mock._rules.clear()
        plait_mock.answer(answer)
        assert example["all_items"](session) == [1, 2]
    assert capsys.readouterr().out.startswith("https://api.example/v1/items 1 200\n")

    async def main() -> None:
        async with example["careful_session"]("key") as session:
            response = await session.get("https://api.example/v1/items")
            assert response.ok
            assert plait_mock.requests[-1].headers["authorization"] == "Bearer key"

    asyncio.run(main())
