"""Retries and limits of sessions: what is repeated, what waits, and what says no."""

from __future__ import annotations

import asyncio
import json
import os
import pathlib
import pickle
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import plait
import pytest
from conftest import MockServer
from plait._options import ConnectionOptions
from plait._prepare import engine_options, prepare_call, prepare_request
from plait._run.lines import Lines


QUICK = plait.Retry(3, first_delay="1ms", longest_delay="2ms")


def attempts(method: str, url: str, options: dict[str, Any], **call: Any) -> int:
    """In a session of its own: one where much fails rations its retries."""
    with plait.BlockingSession(**options) as session:
        return session.request(method, url, **call).attempts


def test_failures_are_repeated_as_often_as_asked(url: str) -> None:
    bad = f"{url}/status/500"
    assert attempts("GET", bad, {"retries": QUICK}) == 3
    assert attempts("GET", f"{url}/status/404", {"retries": QUICK}) == 1
    assert attempts("GET", bad, {"retries": QUICK}, retries=0) == 1
    assert attempts("GET", bad, {"retries": QUICK}, retries=1) == 2
    assert attempts("GET", bad, {}, retries=1) == 2
    assert attempts("POST", bad, {"retries": QUICK}) == 1  # it may have had an effect
    assert attempts("POST", bad, {"retries": QUICK}, idempotency_key="auto") == 3
    assert attempts("POST", bad, {"retries": QUICK}, safe_to_repeat=True) == 3
    assert attempts("POST", bad, {"retries": plait.Retry(2, first_delay="1ms", unsafe=True)}) == 2
    with plait.BlockingSession(retries=QUICK) as session:
        assert session.send(plait.Request("GET", bad, retries=1)).attempts == 2


def test_more_statuses_are_repeated(url: str, tmp_path: pathlib.Path) -> None:
    retry = plait.Retry(2, first_delay="1ms", statuses=[404])
    assert attempts("GET", f"{url}/status/404", {"retries": retry}) == 2
    assert attempts("GET", f"{url}/status/500", {"retries": retry}) == 2
    assert attempts("GET", f"{url}/status/409", {"retries": retry}) == 1
    assert attempts("POST", f"{url}/status/404", {"retries": retry}) == 1
    items = [f"{url}/status/404", {"url": f"{url}/status/409", "retry": {"statuses": [409]}}]
    assert [result.attempts for result in plait.run(items, retries=retry, ordered=True)] == [2, 2]
    lines = tmp_path / "requests.jsonl"
    lines.write_text('{"url": "http://127.0.0.1:1/"}\n')
    with pytest.raises(plait.InputError, match="the lines of a file say which statuses"):
        plait.run(lines, retries=retry)


def test_a_call_may_raise_for_its_status(url: str) -> None:
    bad = f"{url}/status/404"

    async def get(**call: Any) -> plait.Response:
        async with plait.Session(raise_for_status=call.pop("of_session", False)) as session:
            return await session.get(bad, **call)

    with pytest.raises(plait.StatusError) as caught:
        plait.get(bad, raise_for_status=True)
    assert caught.value.response.status == 404
    with pytest.raises(plait.StatusError):
        asyncio.run(get(raise_for_status=True))
    assert asyncio.run(get(of_session=True, raise_for_status=False)).status == 404
    with plait.BlockingSession(raise_for_status=True) as session:
        assert session.get(bad, raise_for_status=False).status == 404
        with pytest.raises(plait.StatusError):
            session.get(bad, retries=0)


def test_without_retries_nothing_is_sent_twice(start_mock: Callable[..., MockServer]) -> None:
    server = start_mock("--latency", "0ms")
    with plait.BlockingSession(limits="requests=1000/s") as session:
        response = session.get(f"{server.url}/refuse/1")
        assert (response.status, response.attempts) == (429, 1)
    with plait.BlockingSession(retries=0) as session:
        assert session.get(f"{server.url}/status/503").attempts == 1


def test_a_refusal_is_waited_for(start_mock: Callable[..., MockServer]) -> None:
    server = start_mock("--latency", "0ms", "--allow", "1/1s")
    began = time.monotonic()
    with plait.BlockingSession(retries=1) as session:
        assert [session.get(f"{server.url}/{i}").status for i in range(2)] == [200, 200]
    assert time.monotonic() - began >= 0.9


def test_an_error_says_how_often_it_was_tried(url: str) -> None:
    with plait.BlockingSession(retries=plait.Retry(3, first_delay="1ms")) as session:
        with pytest.raises(plait.ConnectError) as caught:
            session.get("http://127.0.0.1:1/")
        assert (caught.value.attempts, caught.value.maybe_sent) == (3, False)
    with pytest.raises(plait.ConnectError) as caught:
        plait.get("http://127.0.0.1:1/")
    assert caught.value.attempts == 1


def test_a_server_that_asks_for_too_long_is_left_alone(start_mock: Callable[..., MockServer]) -> None:
    server = start_mock("--latency", "0ms")
    with plait.BlockingSession(retries=plait.Retry(2, longest_wait="1s")) as session:
        assert session.get(f"{server.url}/refuse/60").status == 429
        with pytest.raises(plait.RateLimited, match="not sent") as caught:
            session.get(f"{server.url}/")
        assert caught.value.retry_after is not None and 0 < caught.value.retry_after <= 60
        copied = pickle.loads(pickle.dumps(caught.value))
        assert copied.retry_after == caught.value.retry_after
        other = session.get(f"{server.url}/", group="other")
        assert other.status == 200


def test_a_deadline_is_of_all_attempts(start_mock: Callable[..., MockServer], slow_url: str) -> None:
    server = start_mock("--latency", "0ms")
    with plait.BlockingSession(retries=5, timeout="500ms") as session:
        assert session.get(f"{server.url}/refuse/60").status == 429  # no time to come again
        began = time.monotonic()
        with pytest.raises(plait.Timeout) as caught:
            session.get(slow_url)
        assert (caught.value.phase, caught.value.maybe_sent) == ("deadline", True)
        assert time.monotonic() - began < 2


def test_a_pace_is_of_all_threads_together(url: str) -> None:
    with plait.BlockingSession(limits=["requests=20/s"]) as session:
        began = time.monotonic()
        threads = [threading.Thread(target=session.get, args=(url,)) for _ in range(30)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        # 20 a second, of which those of one second may come at once.
        assert time.monotonic() - began >= 0.45


def test_many_threads_and_maps_share_an_engine(url: str) -> None:
    with plait.BlockingSession(retries=1) as session:
        failures: list[BaseException] = []

        def work(number: int) -> None:
            try:
                for i in range(20):
                    assert session.get(f"{url}/{number}/{i}").json()["target"] == f"/{number}/{i}"
                assert sum(result.ok for result in session.map([f"{url}/{i}" for i in range(50)], concurrency=5)) == 50
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert failures == []


def test_closing_ends_the_calls_of_all_threads(slow_url: str) -> None:
    session = plait.BlockingSession(retries=1)
    ended: list[type[BaseException]] = []

    def work() -> None:
        try:
            session.get(slow_url)
        except BaseException as error:
            ended.append(type(error))

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    time.sleep(0.1)
    session.close()
    for thread in threads:
        thread.join(30)
    assert ended == [plait.SessionClosed] * 3


def test_a_map_repeats_and_keeps_to_limits(start_mock: Callable[..., MockServer]) -> None:
    server = start_mock("--latency", "0ms", "--fail", "500:30%", "--seed", "1")
    results = list(plait.map([f"{server.url}/{i}" for i in range(200)], retries=plait.Retry(12, first_delay="1ms")))
    assert all(result.ok for result in results)
    assert max(result.response.attempts for result in results if result.response) > 1
    given = [plait.Request("GET", f"{server.url}/{i}", costs={"tokens": 5}) for i in range(4)]
    began = time.monotonic()
    results = list(plait.map(given, retries=plait.Retry(12, first_delay="1ms"), limits=plait.Limits("tokens=10/s")))
    assert all(result.ok for result in results) and time.monotonic() - began >= 0.4


def test_the_same_in_a_loop(start_mock: Callable[..., MockServer]) -> None:
    server = start_mock("--latency", "0ms")

    async def main() -> None:
        quick = plait.Retry(3, first_delay="1ms")
        bad = f"{server.url}/status/500"
        async with plait.Session(retries=quick, limits=plait.Limits("requests=1000/s", concurrency="auto")) as session:
            assert (await session.get(bad)).attempts == 3
            assert (await session.get(bad, retries=0)).attempts == 1
            async for result in session.map([f"{server.url}/{i}" for i in range(20)]):
                assert result.ok
        async with plait.Session() as session:
            assert (await session.get(bad, retries=1)).attempts == 2

    asyncio.run(main())


def test_priority_decides_who_waits(url: str) -> None:
    async def main() -> list[str]:
        order: list[str] = []

        async def call(name: str, priority: int) -> None:
            await session.get(f"{url}/{name}", priority=priority)
            order.append(name)

        async with plait.Session(limits="requests=5/s") as session:
            await asyncio.gather(*(session.get(url) for _ in range(5)))
            await asyncio.gather(call("low", 0), call("lower", -1), call("high", 5))
        return order

    assert asyncio.run(main()) == ["high", "low", "lower"]


def test_each_origin_has_a_limit_of_its_own(start_mock: Callable[..., MockServer], url: str) -> None:
    """Of two origins, also where calls have groups, and beside another session's calls."""
    limits = plait.Limits(per_origin=3)
    servers = [start_mock("--latency", "20ms") for _ in range(2)]
    requests = [
        plait.Request("GET", f"{server.url}/{number}", group="all" if number % 2 else None)
        for number in range(12)
        for server in servers
    ]

    async def in_a_loop() -> None:
        async with plait.Session(limits=limits, concurrency=50) as session:
            await asyncio.gather(*map(session.send, requests))

    def in_threads() -> None:
        with plait.BlockingSession(limits=limits) as session:
            threads = [threading.Thread(target=session.send, args=(request,)) for request in requests]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

    assert all(result.ok for result in plait.map(requests, limits=limits))
    assert plait.run(requests, limits=limits).finish()
    assert plait.run(requests, limits=plait.Limits(per_origin=3, concurrency=50)).finish()
    asyncio.run(in_a_loop())
    in_threads()
    for server in servers:
        assert plait.get(f"{server.url}/stats").json(pointer="/most_in_flight") <= 3


def test_priority_decides_who_waits_for_an_origin(plait_mock: plait.Mock) -> None:
    plait_mock.on("GET", "/*")

    async def main() -> None:
        async with plait.Session(limits=plait.Limits(per_origin=1), base_url=plait_mock.url) as session:
            first = asyncio.ensure_future(session.get("/first"))
            await asyncio.sleep(0)
            await asyncio.gather(first, session.get("/low"), session.get("/high", priority=5))

    asyncio.run(main())
    assert [request.url.rpartition("/")[2] for request in plait_mock.requests] == ["first", "high", "low"]


def test_a_cost_above_a_whole_limit_is_refused(url: str) -> None:
    with plait.BlockingSession(limits="tokens=10/s") as session, pytest.raises(plait.InputError, match="tokens"):
        session.get(url, costs={"tokens": 11})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"limits": "requests"}, "requests=500/m"),
        ({"limits": [1]}, "limits"),
        ({"retries": -1}, "retries"),
        ({"retries": "3"}, "retries"),
        ({"timeout": "soon"}, "90ms"),
    ],
)
def test_options_are_checked(options: dict[str, Any], message: str) -> None:
    with pytest.raises(plait.InputError, match=message):
        plait.BlockingSession(**options)
    with pytest.raises(plait.InputError, match="concurrency"):
        plait.Limits(concurrency=0)
    with pytest.raises(plait.InputError, match="attempts"):
        plait.Retry(0)
    for wrong in (0, -1, 1.5, "5", True):
        with pytest.raises(plait.InputError, match="per_origin is a number of calls above 0, not "):
            plait.Limits(per_origin=wrong)  # type: ignore[arg-type]
    assert repr(plait.Limits("requests=5/s", per_origin=3)) == "Limits('requests=5/s', concurrency=None, per_origin=3)"


def test_times_are_written_as_texts() -> None:
    times = plait.Timeouts(deadline="2s", attempt="90ms", connect="1.5m", idle="1h")
    assert (times.deadline, times.attempt, times.connect, times.idle) == (2, 0.09, 90, 3600)


@pytest.mark.parametrize(
    ("session", "call", "attempt", "deadline"),
    [
        (None, 180, 180, 180),
        (None, "3m", 180, 180),
        (None, 60, None, 60),
        (None, None, None, None),
        (300, 180, None, 180),
        (300, 400, 400, 400),
        (plait.Timeouts(connect=5), 180, 180, 180),
        (plait.Timeouts(attempt=60), 180, None, 180),
        (plait.Timeouts(attempt=120), 180, None, 180),
        (plait.Timeouts(attempt=None), 180, None, 180),
        (None, plait.Timeouts(deadline=180), 180, 180),
        (None, plait.Timeouts(deadline=180, attempt=120), 120, 180),
    ],
)
def test_the_usual_limit_of_an_attempt_does_not_undercut_a_longer_timeout(
    session: Any, call: Any, attempt: float | None, deadline: float | None
) -> None:
    engine, defaults = engine_options({"timeout": session}, ConnectionOptions)
    if not isinstance(session, plait.Timeouts):
        assert engine["attempt"] == (session or 120)
    url = "http://127.0.0.1/"
    options: Any = {} if call is None else {"timeout": call}
    assert prepare_call(defaults, "GET", url, options)[4:6] == (attempt, deadline)
    assert prepare_request(defaults, plait.Request("GET", url, timeout=call))[4:6] == (attempt, deadline)


def test_a_forked_child_has_an_engine_of_its_own(url: str) -> None:
    session = plait.BlockingSession(retries=1)
    assert session.get(url).ok
    child = os.fork()
    if child == 0:
        os._exit(0 if session.get(url).ok else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert session.get(url).ok


def test_whether_a_late_call_was_sent(slow_url: str, url: str) -> None:
    for options in ({}, {"retries": 1}):
        for timeout in ("100ms", "1s", "10s", "100s"):  # the first will do, unless the machine is busy
            with plait.mock() as mock, plait.BlockingSession(timeout=timeout, **options) as session:  # type: ignore[arg-type]
                mock.on("GET", "/", fault="hang")
                with pytest.raises(plait.Timeout, match="time limit of the call, 1") as caught:
                    session.get(mock.url)
                if mock.requests:
                    assert caught.value.maybe_sent
                    break
        else:
            pytest.fail("no request has arrived")
        with plait.BlockingSession(timeout="100ms", **options) as session:  # type: ignore[arg-type]
            with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(plait.Timeout) as caught:
                session.get(f"https://127.0.0.1:{silent.getsockname()[1]}")  # it says nothing in the handshake
            assert (caught.value.phase, caught.value.maybe_sent) == ("deadline", False)

    async def waits_for_its_turn() -> None:
        async with plait.Session(concurrency=1) as session:
            first = asyncio.ensure_future(session.get(slow_url))
            await asyncio.sleep(0)
            with pytest.raises(plait.Timeout) as caught:
                await session.get(url, timeout="50ms")
            assert not caught.value.maybe_sent
            first.cancel()

    asyncio.run(waits_for_its_turn())


def test_a_timeout_of_a_request_is_that_of_a_call() -> None:
    usual, chosen = Lines(120.0, None), Lines(None, None)
    given = {"url": "http://a/"}
    assert usual({**given, "timeout": 600}) == '{"method":"GET","url":"http://a/","timeout_s":600.0,"deadline_s":600.0}'
    assert usual({**given, "timeout": "60s"}) == '{"method":"GET","url":"http://a/","deadline_s":60.0}'
    assert chosen({**given, "timeout": 600}) == '{"method":"GET","url":"http://a/","deadline_s":600.0}'
    both = usual({**given, "timeout": plait.Timeouts(deadline=600, attempt=5)})
    assert both == '{"method":"GET","url":"http://a/","timeout_s":5.0,"deadline_s":600.0}'


def test_a_session_records_a_trace(url: str, tmp_path: pathlib.Path) -> None:
    path = tmp_path / "trace.json"

    async def main() -> None:
        async with plait.Session(trace=path) as session:
            await plait.gather(*(session.get(url) for _ in range(5)))
            assert (await session.get(f"{url}/status/404")).status == 404

    asyncio.run(main())
    records = json.loads(path.read_text())
    (summary,) = [record["args"] for record in records if record["name"] == "plait_end"]
    assert summary["calls"] == 6 and summary["outcomes"] == {"ok": 5, "rejected": 1}
    with pytest.raises(plait.InputError, match="trace: .* exists"):
        plait.BlockingSession(trace=path)
    assert len(list(plait.map([url] * 3, trace=tmp_path / "map.json", retries=1))) == 3
    assert (tmp_path / "map.json").stat().st_size > 0
