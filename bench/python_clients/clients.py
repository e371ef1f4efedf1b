"""A client of bench/python_clients.py, measured in a process of its own:  clients.py NAME MODE URL CALLS IN_FLIGHT

Each client is a function that makes `calls` calls of `url`, `in_flight` at a time, twice: the first time to warm up. It
prints the CPU and wall time of the second time, in microseconds a call. In the mode `job` it makes the calls once, and
prints nothing. In the mode `memory` the server does not answer; the memory that each waiting call takes is printed, in
KiB.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import resource
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any


def memory() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


class Measure:
    """What each client is given: how much to do, and whom to tell."""

    def __init__(self, mode: str, url: str, calls: int, in_flight: int) -> None:
        self.mode, self.url, self.calls, self.in_flight = mode, url, calls, in_flight

    def urls(self, calls: int) -> Iterator[str]:
        return (f"{self.url}/x/{number}" for number in range(calls))

    def repeated(self, make_calls: Callable[[Iterator[str]], object]) -> None:
        """For clients that block."""
        if self.mode == "cost":
            make_calls(self.urls(min(self.calls, 10 * self.in_flight)))
        with self.timed():
            make_calls(self.urls(self.calls))

    async def repeated_in_loop(self, get: Callable[[str], Awaitable[object]]) -> None:
        """For clients that are awaited: each of `in_flight` tasks makes one call after another."""
        if self.mode == "memory":
            return await self.wait_for_nothing(get)

        async def work(urls: Iterator[str]) -> None:
            for url in urls:
                await get(url)

        async def make_calls(count: int) -> None:
            urls = self.urls(count)
            await asyncio.gather(*(work(urls) for _ in range(min(self.in_flight, count))))

        if self.mode == "cost":
            await make_calls(min(self.calls, 10 * self.in_flight))
        with self.timed():
            await make_calls(self.calls)

    async def wait_for_nothing(self, get: Callable[[str], Awaitable[object]]) -> None:
        async def one(url: str) -> None:
            await get(url)

        async def wait_in_flight(count: int) -> None:
            opened = descriptors()
            tasks.extend(asyncio.ensure_future(one(url)) for url in self.urls(count))
            while descriptors() < opened + count:
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.2)

        tasks: list[asyncio.Future[None]] = []
        await wait_in_flight(10)
        before = memory()
        await wait_in_flight(self.calls)
        print(json.dumps({"kib": (memory() - before) / 1024 / self.calls}), flush=True)
        os._exit(0)  # how long it takes to cancel them is not the question

    @contextlib.contextmanager
    def timed(self) -> Iterator[None]:
        cpu, wall = self.cpu(), time.perf_counter()
        yield
        cpu, wall = self.cpu() - cpu, time.perf_counter() - wall
        if self.mode == "cost":
            print(json.dumps({"cpu": cpu / self.calls * 1e6, "wall": wall / self.calls * 1e6}), flush=True)
            os._exit(0)  # some clients crash now and then when the interpreter ends

    @staticmethod
    def cpu() -> float:
        usage = resource.getrusage(resource.RUSAGE_SELF)
        return usage.ru_utime + usage.ru_stime


def in_threads(measure: Measure, make_get: Callable[[], Callable[[str], object]]) -> None:
    """Each of `in_flight` threads makes one call after another."""

    def make_calls(urls: Iterator[str]) -> None:
        lock = threading.Lock()

        def work() -> None:
            get = make_get()
            while True:
                with lock:
                    url = next(urls, None)
                if url is None:
                    return
                get(url)

        threads = [threading.Thread(target=work) for _ in range(measure.in_flight)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    measure.repeated(make_calls)


async def plait_await(measure: Measure) -> None:
    import plait

    async with plait.Session(concurrency=1_000_000) as session:

        async def get(url: str) -> None:
            assert (await session.get(url)).status == 200

        await measure.repeated_in_loop(get)


def plait_map(measure: Measure) -> None:
    import plait

    with plait.BlockingSession() as session:

        def make_calls(urls: Iterator[str]) -> None:
            for result in session.map(urls, concurrency=measure.in_flight):
                assert result.response.status == 200

        measure.repeated(make_calls)


async def plait_async_map(measure: Measure) -> None:
    import plait

    async with plait.Session() as session:

        async def make_calls(count: int) -> None:
            async for result in session.map(measure.urls(count), concurrency=measure.in_flight):
                assert result.response.status == 200

        await make_calls(10 * measure.in_flight)
        with measure.timed():
            await make_calls(measure.calls)


def plait_threads(measure: Measure) -> None:
    import plait

    session = plait.BlockingSession()
    in_threads(measure, lambda: lambda url: session.get(url).content)


def plait_run(measure: Measure) -> None:
    import plait

    def make_calls(urls: Iterator[str]) -> None:
        items = ({"custom_id": f"row-{number}", "url": url} for number, url in enumerate(urls))
        assert plait.run(items, os.environ["RESULTS"], concurrency=measure.in_flight, resume=False).finish()

    measure.repeated(make_calls)


def plait_run_urls(measure: Measure) -> None:
    import plait

    def make_calls(urls: Iterator[str]) -> None:
        assert plait.run(urls, os.environ["RESULTS"], concurrency=measure.in_flight, resume=False).finish()

    measure.repeated(make_calls)


async def aiohttp_(measure: Measure) -> None:
    import aiohttp

    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(None)) as session:

        async def get(url: str) -> None:
            async with session.get(url) as response:
                await response.read()

        await measure.repeated_in_loop(get)


async def httpx_(measure: Measure) -> None:
    import httpx

    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(limits=limits, timeout=None) as client:

        async def get(url: str) -> None:
            assert (await client.get(url)).content

        await measure.repeated_in_loop(get)


async def niquests_(measure: Measure) -> None:
    import niquests

    async with niquests.AsyncSession(pool_maxsize=max(100, measure.in_flight), timeout=3600) as session:

        async def get(url: str) -> None:
            assert (await session.get(url)).content

        await measure.repeated_in_loop(get)


async def pyreqwest_(measure: Measure) -> None:
    from pyreqwest.client import ClientBuilder

    async with ClientBuilder().max_connections(None).build() as client:

        async def get(url: str) -> None:
            response = await client.get(url).build().send()
            await response.bytes()

        await measure.repeated_in_loop(get)


async def wreq_(measure: Measure) -> None:
    import wreq

    client = wreq.Client()

    async def get(url: str) -> None:
        await (await client.get(url)).bytes()

    await measure.repeated_in_loop(get)


def requests_(measure: Measure) -> None:
    import requests

    def make_get() -> Callable[[str], object]:
        session = requests.Session()
        return lambda url: session.get(url).content

    in_threads(measure, make_get)


def urllib3_(measure: Measure) -> None:
    import urllib3

    pool = urllib3.PoolManager(maxsize=measure.in_flight)
    in_threads(measure, lambda: lambda url: pool.request("GET", url).data)


CLIENTS: dict[str, Callable[[Measure], Any]] = {
    "plait-await": plait_await,
    "plait-map": plait_map,
    "plait-async-map": plait_async_map,
    "plait-threads": plait_threads,
    "plait-run": plait_run,
    "plait-run-urls": plait_run_urls,
    "aiohttp": aiohttp_,
    "httpx": httpx_,
    "niquests": niquests_,
    "pyreqwest": pyreqwest_,
    "wreq": wreq_,
    "requests-threads": requests_,
    "urllib3-threads": urllib3_,
}


def main(name: str, mode: str, url: str, calls: str, in_flight: str) -> None:
    name, _, loop = name.partition("+")
    client = CLIENTS[name]
    measure = Measure(mode, url, int(calls), int(in_flight))
    if not asyncio.iscoroutinefunction(client):
        client(measure)
    elif loop == "uvloop":
        import uvloop

        uvloop.run(client(measure))
    else:
        asyncio.run(client(measure))


if __name__ == "__main__":
    main(*sys.argv[1:])
