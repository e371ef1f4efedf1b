"""Memory and descriptors stay as they are, however many calls were made."""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import Callable

import plait
import pytest

MIB = 1024 * 1024


def memory() -> int:
    gc.collect()
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def grows(work: Callable[[], None]) -> tuple[int, int]:
    """How much memory and how many descriptors a repetition of `work` takes for good."""
    work()
    before = memory(), descriptors()
    work()
    return memory() - before[0], descriptors() - before[1]


def test_calls_and_cancelled_calls_leave_nothing(url: str, slow_url: str) -> None:
    async def calls() -> None:
        async with plait.Session() as session:
            for _ in range(40):
                await asyncio.gather(*[session.get(url) for _ in range(64)])
            async for result in session.map([url] * 2_000):
                assert result.ok
            for _ in range(10):
                tasks = [asyncio.ensure_future(session.get(slow_url)) for _ in range(50)]
                await asyncio.sleep(0)
                for task in tasks:
                    task.cancel()
                await asyncio.wait(tasks)

    def work() -> None:
        asyncio.run(calls())
        for result in plait.map([url] * 2_000):
            assert result.ok

    bytes_more, descriptors_more = grows(work)
    assert bytes_more < MIB
    assert descriptors_more == 0


@pytest.mark.soak
def test_a_hundred_thousand_calls_leave_nothing(url: str, slow_url: str) -> None:
    async def calls(session: plait.Session, number: int) -> None:
        for _ in range(number):
            await session.get(url)

    async def cancelled(session: plait.Session, number: int) -> None:
        tasks = [asyncio.ensure_future(session.get(slow_url)) for _ in range(number)]
        await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)

    async def share() -> None:
        """A hundredth of it all, in 10 sessions."""
        for _ in range(10):
            async with plait.Session() as session:
                await asyncio.gather(*(calls(session, 5) for _ in range(20)))
                await cancelled(session, 10)

    def shares(number: int) -> None:
        for _ in range(number):
            asyncio.run(share())

    shares(10)
    before = memory(), descriptors()
    shares(90)
    assert memory() - before[0] < MIB
    assert descriptors() == before[1]


def test_sessions_leave_nothing(url: str) -> None:
    async def in_a_loop() -> None:
        session = plait.Session()
        assert (await session.get(url)).ok

    def work() -> None:
        for _ in range(100):
            asyncio.run(in_a_loop())
            plait.BlockingSession().get(url)

    bytes_more, descriptors_more = grows(work)
    assert bytes_more < MIB
    assert descriptors_more == 0


def test_runs_leave_nothing(url: str) -> None:
    def work() -> None:
        for _ in range(2):
            assert plait.run([url] * 200).finish()
            with plait.run(url for _ in range(1_000)) as run:
                for _ in zip(range(100), run):
                    pass

    # How many calls are in flight differs from time to time, and so does the most memory that they take.
    growths = [grows(work) for _ in range(5)]
    assert min(grown for grown, _ in growths) < MIB // 16
    assert all(opened <= 0 for _, opened in growths)


def test_a_call_that_waits_takes_little_memory(slow_url: str) -> None:
    calls = 300

    async def kib_a_call() -> float:
        async with plait.Session(concurrency=calls + 1) as session:

            async def wait_in_flight(count: int) -> None:
                opened = descriptors()
                for _ in range(count):
                    tasks.append(asyncio.ensure_future(session.get(slow_url)))
                while descriptors() < opened + count:
                    await asyncio.sleep(0.01)

            tasks: list[asyncio.Future[plait.Response]] = []
            await wait_in_flight(1)
            before = memory()
            await wait_in_flight(calls)
            used = memory() - before
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            return used / 1024 / calls

    assert asyncio.run(kib_a_call()) < 11  # about 9 with 1,000 of them
