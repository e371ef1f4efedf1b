"""Many calls, read lazily."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import anyio
import plait
import pytest
from conftest import MockServer
from test_async import Runner, everywhere


def test_each_request_has_one_result(url: str) -> None:
    results = list(plait.map([f"{url}/{i}" for i in range(500)], concurrency=20))
    assert sorted(result.index for result in results) == list(range(500))
    assert all(result.ok and result.json(pointer="/target") == f"/{result.index}" for result in results)


def test_results_come_in_order_if_asked(url: str) -> None:
    assert [r.index for r in plait.map([url] * 300, concurrency=30, ordered=True)] == list(range(300))


def test_requests_and_mappings_are_taken(url: str) -> None:
    with plait.BlockingSession(base_url=url, params={"key": "k"}) as session:
        requests: list[Any] = [plait.Request("PUT", "/a", custom_id="one", metadata=[1]), {"url": "/b", "json": 1}, "/c"]
        put, post, get = session.map(requests, ordered=True)
        assert (put.custom_id, put.metadata, put.request) == ("one", [1], requests[0])
        assert [r.json()["method"] + r.json()["target"] for r in (put, post, get)] == [
            "PUT/a?key=k",
            "POST/b?key=k",
            "GET/c?key=k",
        ]


def test_a_call_that_fails_is_a_result(url: str) -> None:
    good, refused, bad, worse = plait.map([url, "http://127.0.0.1:1/", "nonsense", {"no": 1}], ordered=True)
    assert good.ok and good.unwrap().status == 200
    assert isinstance(refused.error, plait.ConnectError) and not refused.ok
    with pytest.raises(plait.ConnectError):
        refused.json()
    assert isinstance(bad.error, plait.InputError) and isinstance(worse.error, plait.InputError)


def test_requests_are_read_when_there_is_room(url: str) -> None:
    read = 0

    def endless() -> Iterator[str]:
        nonlocal read
        for i in itertools.count():
            read = i + 1
            yield f"{url}/{i}"

    with plait.BlockingSession() as session:
        results = session.map(endless(), concurrency=5)
        for taken, _ in zip(range(1, 101), results):
            assert read <= taken + 5 * 5
        del results


def test_an_error_of_the_iterable_is_raised(url: str) -> None:
    def broken() -> Iterator[str]:
        yield url
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(plait.map(broken()))
    with pytest.raises(TypeError):
        plait.map(5)  # type: ignore[arg-type]
    with pytest.raises(plait.InputError, match="concurrency"):
        plait.map([url], concurrency=0)


def test_the_end_of_a_map_is_its_end(url: str) -> None:
    results = plait.map([url])
    assert next(results).ok
    for _ in range(2):
        with pytest.raises(StopIteration):
            next(results)
    assert list(plait.map([])) == []


def test_a_map_of_a_closed_session(slow_url: str) -> None:
    session = plait.BlockingSession()
    session.close()
    with pytest.raises(plait.SessionClosed):
        session.map([slow_url])


@everywhere
def test_an_asynchronous_map(run: Runner, url: str) -> None:
    async def later() -> AsyncIterator[str]:
        for i in range(40):
            await anyio.sleep(0)
            yield f"{url}/{i}"

    async def main() -> None:
        async with plait.Session() as session:
            urls = [f"{url}/{i}" for i in range(300)]
            assert sorted([r.index async for r in session.map(urls, concurrency=20)]) == list(range(300))
            assert [r.index async for r in session.map(urls, ordered=True)] == list(range(300))
            batches = [len(batch) async for batch in session.map(urls).batches()]
            assert sum(batches) == 300
            assert len([r async for r in session.map(later(), concurrency=7)]) == 40
            assert session.statistics["in_flight"] == 0

    run(main)


@everywhere
def test_leaving_an_asynchronous_map_early(run: Runner, url: str, slow_url: str) -> None:
    async def main() -> None:
        async with plait.Session() as session:
            async with session.map([url, *[slow_url] * 50]) as results:
                assert (await results.__anext__()).ok
            assert session.statistics["in_flight"] == 0
            with anyio.move_on_after(0.02):
                async for _ in session.map([slow_url] * 5):
                    pass
            assert session.statistics["in_flight"] == 0

    run(main)


def test_errors_end_an_asynchronous_map(url: str, slow_url: str) -> None:
    def broken() -> Iterator[str]:
        yield url
        raise ZeroDivisionError

    async def broken_later() -> AsyncIterator[str]:
        yield url
        raise ZeroDivisionError

    async def read(results: plait.Map) -> None:
        async for _ in results:
            pass

    async def main() -> None:
        async with plait.Session() as session:
            with pytest.raises(ZeroDivisionError):
                await read(session.map(broken()))
            with pytest.raises(ZeroDivisionError):
                await read(session.map(broken_later()))
            waiting = asyncio.create_task(read(session.map([slow_url])))
            await asyncio.sleep(0.01)
        with pytest.raises(plait.SessionClosed):
            await waiting

    asyncio.run(main())


def test_a_slow_reader_does_not_stop_the_calls(start_mock: Callable[..., MockServer]) -> None:
    server = start_mock("--latency", "20ms")

    async def main() -> None:
        async with plait.Session() as session:
            count = 0
            async for result in session.map([server.url] * 40, concurrency=10):
                await asyncio.sleep(0.005)
                count += result.ok
            assert count == 40

    asyncio.run(main())
