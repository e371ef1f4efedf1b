"""Computing in Python: threads take turns, processes compute at the same time. A program that also makes calls needs both.

    python computing.py [URL] [NUMBER]
"""

from __future__ import annotations

import asyncio
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import plait


def cpu_bound(number: int) -> int:
    return number if number < 2 else cpu_bound(number - 1) + cpu_bound(number - 2)


def with_threads(numbers: list[int]) -> list[int]:
    with ThreadPoolExecutor() as pool:
        return list(pool.map(cpu_bound, numbers))


def with_processes(numbers: list[int]) -> list[int]:
    with ProcessPoolExecutor() as pool:
        return list(pool.map(cpu_bound, numbers))


def words_in(text: str) -> int:
    return len(text.split())


async def count_words_of(session: plait.Session, pool: ProcessPoolExecutor, url: str) -> int:
    response = await session.get(url)
    return await asyncio.get_running_loop().run_in_executor(pool, words_in, response.text)


async def count_words(sites: list[str]) -> list[int]:
    with ProcessPoolExecutor() as pool:
        async with plait.Session() as session:
            return await plait.gather(*(count_words_of(session, pool, url) for url in sites))


if __name__ == "__main__":
    url = sys.argv[1] if len(sys.argv) > 1 else "https://www.example.com/"
    numbers = [int(sys.argv[2]) if len(sys.argv) > 2 else 30] * 4
    print("threads:", *with_threads(numbers))
    print("processes:", *with_processes(numbers))
    print("words:", *asyncio.run(count_words([url] * 4)))
