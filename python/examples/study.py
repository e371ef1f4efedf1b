"""The four ways to make the same calls: one by one, with threads, with asyncio, and with processes. The fifth is plait's.

    python study.py [URL] [CALLS]
"""

from __future__ import annotations

import asyncio
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import plait


def download_site(session: plait.BlockingSession, url: str) -> int:
    return len(session.get(url).raise_for_status().content)


def synchronous(sites: list[str]) -> int:
    with plait.BlockingSession() as session:
        return sum(download_site(session, url) for url in sites)


def threading(sites: list[str]) -> int:
    with plait.BlockingSession() as session, ThreadPoolExecutor(5) as pool:
        return sum(pool.map(lambda url: download_site(session, url), sites))


async def download_all_sites(sites: list[str]) -> int:
    async with plait.Session() as session:
        responses = await plait.gather(*(session.get(url) for url in sites))
        return sum(len(response.content) for response in responses)


def asynchronous(sites: list[str]) -> int:
    return asyncio.run(download_all_sites(sites))


def download_some(sites: list[str]) -> int:
    return synchronous(sites)


def multiprocessing(sites: list[str]) -> int:
    with ProcessPoolExecutor(2) as pool:
        return sum(pool.map(download_some, [sites[0::2], sites[1::2]]))


def many_at_once(sites: list[str]) -> int:
    return sum(len(result.unwrap().content) for result in plait.map(sites, concurrency=100))


if __name__ == "__main__":
    url = sys.argv[1] if len(sys.argv) > 1 else "https://www.example.com/"
    calls = int(sys.argv[2]) if len(sys.argv) > 2 else 20
    for way in (synchronous, threading, asynchronous, multiprocessing, many_at_once):
        print(f"{way.__name__}: read {way([url] * calls)} bytes from {calls} sites")
