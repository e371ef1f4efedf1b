"""Calls from event loops."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import os
import subprocess
import sys
import threading
import time
import warnings
import weakref
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import anyio
import plait
import pytest
import trio
import uvloop
from conftest import MockServer, RawServer

Main = Callable[[], Coroutine[Any, Any, None]]
Runner = Callable[[Main], None]


def with_asyncio(main: Main) -> None:
    asyncio.run(main())


def with_debug_mode(main: Main) -> None:
    asyncio.run(main(), debug=True)


def with_uvloop(main: Main) -> None:
    uvloop.run(main())


def with_trio(main: Main) -> None:
    trio.run(main)


def with_anyio(main: Main) -> None:
    anyio.run(main)


asyncios = pytest.mark.parametrize("run", [with_asyncio, with_debug_mode, with_uvloop])
everywhere = pytest.mark.parametrize("run", [with_asyncio, with_debug_mode, with_uvloop, with_trio, with_anyio])


@everywhere
def test_a_forgotten_await_is_a_warning(run: Runner, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    unraisable: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda raised: unraisable.append(raised.exc_value))

    async def main() -> None:
        async with plait.Session() as session:
            with pytest.warns(RuntimeWarning, match=r"^call 'POST http://.*/a' was never awaited$") as caught:
                session.post(f"{url}/a?key=1")
            assert caught[0].filename == __file__
            with pytest.warns(RuntimeWarning, match="never awaited"), pytest.raises(TypeError, match="subscriptable"):
                session.post(url)[0]  # type: ignore[index]
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                session.post(url)
            assert [type(error) for error in unraisable] == [RuntimeWarning]

    run(main)


@everywhere
def test_what_is_no_forgotten_await(run: Runner, url: str) -> None:
    async def main() -> None:
        async with plait.Session() as session:
            await session.get(url)
            session.get(url).close()
            for limit in (1, None):
                with pytest.raises(plait.ConnectError):
                    await plait.gather(session.get("http://127.0.0.1:1/"), session.get(url), limit=limit)
                await plait.settle(session.get("http://127.0.0.1:1/"), session.get(url), limit=limit)
            kept = session.get(url)
        late = session.get(url)
        with pytest.raises(plait.SessionClosed):
            await late
        del kept, late

    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        run(main)
        gc.collect()
    assert [str(warning.message) for warning in seen if "never awaited" in str(warning.message)] == []


@everywhere
def test_a_call_is_awaited(run: Runner, url: str) -> None:
    async def main() -> None:
        async with plait.Session(base_url=url, headers={"X-A": "1"}) as session:
            response = await session.get("/items", params={"page": 1})
            assert response.json()["target"] == "/items?page=1"
            assert (await session.post("/items", json=[1])).json()["body"] == "[1]"
            assert (await session.send(plait.Request("PUT", "/x"))).json()["method"] == "PUT"

    run(main)


@everywhere
def test_a_failure_is_raised_at_the_await(run: Runner, slow_url: str) -> None:
    async def main() -> None:
        async with plait.Session() as session:
            with pytest.raises(plait.ConnectError) as refused:
                await session.get("http://127.0.0.1:1/")
            assert refused.value.request is not None
            with pytest.raises(plait.Timeout):
                await session.get(slow_url, timeout=0.02)
            with pytest.raises(plait.InputError):
                await session.get("nonsense")

    run(main)


@everywhere
def test_calls_run_at_the_same_time(run: Runner, start_mock: Callable[..., MockServer]) -> None:
    server = start_mock("--latency", "100ms")

    async def main() -> None:
        done = 0

        async def call(session: plait.Session) -> None:
            nonlocal done
            await session.get(server.url)
            done += 1

        async with plait.Session() as session, anyio.create_task_group() as group:
            for _ in range(50):
                group.start_soon(call, session)
        assert done == 50

    began = time.monotonic()
    run(main)
    assert time.monotonic() - began < 2.5  # one by one: 5 s


@everywhere
def test_a_call_that_is_given_up_leaves_nothing_behind(run: Runner, slow_url: str, url: str) -> None:
    async def main() -> None:
        async with plait.Session() as session:
            for _ in range(10):
                with anyio.move_on_after(0.01) as scope:
                    await session.get(slow_url)
                assert scope.cancelled_caught
            assert session.statistics["in_flight"] == 0
            assert (await session.get(url)).ok

    run(main)


@everywhere
def test_more_calls_than_concurrency_wait_for_their_turn(run: Runner, url: str) -> None:
    async def main() -> None:
        async with plait.Session(concurrency=3) as session:
            async with anyio.create_task_group() as group:
                for _ in range(50):
                    group.start_soon(session.get, url)
            assert session.statistics["made"] == 50

    run(main)


@everywhere
def test_leaving_the_block_ends_calls_in_flight(run: Runner, slow_url: str) -> None:
    async def main() -> None:
        ends: list[Exception] = []
        session = plait.Session()

        async def call(session: plait.Session) -> None:
            try:
                await session.get(slow_url)
            except Exception as error:
                ends.append(error)

        async with anyio.create_task_group() as group:
            async with session:
                for _ in range(7):
                    group.start_soon(call, session)
                await anyio.sleep(0.05)
        assert [type(end) for end in ends] == [plait.SessionClosed] * 7
        with pytest.raises(plait.SessionClosed):
            await session.get(slow_url)
        await session.aclose()

    run(main)


@asyncios
def test_what_asyncio_does_with_coroutines(run: Runner, url: str, slow_url: str) -> None:
    async def main() -> None:
        async with plait.Session() as session:
            tasks = [asyncio.create_task(session.get(url)) for _ in range(20)]
            assert all(r.ok for r in await asyncio.gather(*tasks))
            assert (await asyncio.wait_for(session.get(url), 10)).ok
            assert (await asyncio.shield(session.get(url))).ok
            assert [(await r).ok for r in asyncio.as_completed([session.get(url) for _ in range(5)])] == [True] * 5
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(session.get(slow_url), 0.01)
            waiting = asyncio.create_task(session.get(slow_url))
            never_begun = asyncio.create_task(session.get(slow_url))
            never_begun.cancel()
            await asyncio.sleep(0.01)
            waiting.cancel()
            ends = await asyncio.gather(waiting, never_begun, return_exceptions=True)
            assert [type(end) for end in ends] == [asyncio.CancelledError] * 2
            assert session.statistics["in_flight"] == 0

    run(main)


@asyncios
def test_cancellations_race_with_answers(run: Runner, url: str) -> None:
    async def main() -> None:
        async with plait.Session() as session:
            for round in range(20):
                tasks = [asyncio.create_task(session.get(url)) for _ in range(20)]
                for _ in range(round % 7):
                    await asyncio.sleep(0)
                for task in tasks[::2]:
                    task.cancel()
                ends = await asyncio.gather(*tasks, return_exceptions=True)
                for end in ends:
                    assert isinstance(end, (plait.Response, asyncio.CancelledError))
                assert all(isinstance(end, plait.Response) for end in ends[1::2])
            assert session.statistics["in_flight"] == 0

    run(main)


@everywhere
def test_a_task_may_close_the_session_when_its_answer_comes(run: Runner, url: str) -> None:
    ends: list[str] = []

    async def main() -> None:
        session = plait.Session()

        async def one() -> None:
            try:
                ends.append("ok" if (await session.get(url)).ok else "not ok")
            except plait.SessionClosed:
                ends.append("closed")
            await session.aclose()

        async with anyio.create_task_group() as tasks:
            for _ in range(20):
                tasks.start_soon(one)

    run(main)
    assert len(ends) == 20
    assert set(ends) <= {"ok", "closed"}
    assert "ok" in ends


@asyncios
def test_an_exit_in_a_task_leaves_the_loop(run: Runner, url: str) -> None:
    async def main() -> None:
        async with plait.Session() as session:

            async def one() -> None:
                await session.get(url)
                raise SystemExit(7)

            await asyncio.gather(*(one() for _ in range(20)), return_exceptions=True)

    with pytest.raises(SystemExit, match="7"):
        run(main)


@asyncios
def test_a_task_keeps_its_context(run: Runner, url: str) -> None:
    number: contextvars.ContextVar[int] = contextvars.ContextVar("number")

    async def main() -> None:
        async with plait.Session() as session:

            async def one(n: int) -> None:
                number.set(n)
                for _ in range(3):
                    await session.get(url)
                    assert number.get() == n

            await asyncio.gather(*(one(n) for n in range(20)))

    run(main)


def test_a_call_is_a_coroutine_of_its_own_kind(url: str) -> None:
    async def main() -> None:
        async with plait.Session() as session:
            call = session.get(f"{url}/x?secret=1")
            assert isinstance(call, Coroutine)
            assert call.__name__ == f"GET {url}/x"
            assert (await call).ok
            with pytest.raises(RuntimeError, match="awaited once"):
                await call
            unused = session.get(url)
            unused.close()
            with pytest.raises(RuntimeError, match="awaited once"):
                await unused
            thrown = session.get(url)
            with pytest.raises(KeyError):
                thrown.throw(KeyError("x"))
            with pytest.raises(TypeError):
                session.get(url).send(1)
            assert session.statistics["made"] == 1

    asyncio.run(main())


def test_a_session_belongs_to_one_loop(url: str) -> None:
    session = plait.Session()

    async def call() -> None:
        assert (await session.get(url)).ok

    asyncio.run(call())
    with pytest.raises(plait.WrongLoop, match="plait.BlockingSession"):
        asyncio.run(call())
    with pytest.raises(plait.WrongLoop):
        trio.run(call)


def test_a_session_needs_a_loop(url: str) -> None:
    with pytest.raises(RuntimeError, match="use plait.BlockingSession"):
        plait.Session().get(url).send(None)


def test_two_threads_have_sessions_of_their_own(url: str) -> None:
    async def main() -> None:
        async with plait.Session() as session:
            for _ in range(50):
                assert (await session.get(url)).ok

    threads = [threading.Thread(target=asyncio.run, args=(main(),)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_a_dropped_session_goes_away(url: str, slow_url: str) -> None:
    async def main() -> None:
        session = plait.Session()
        await session.get(url)
        task = asyncio.create_task(session.get(slow_url))
        await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        gone = weakref.ref(session)
        del session, task
        await asyncio.sleep(0)  # until then, the loop holds the task
        gc.collect()
        assert gone() is None

    asyncio.run(main())


def test_a_task_that_nobody_holds_ends(url: str, start_mock: Callable[..., MockServer]) -> None:
    server = start_mock("--latency", "50ms")

    async def main() -> None:
        done = asyncio.Event()

        async def call(session: plait.Session) -> None:
            await session.get(server.url)
            done.set()

        async with plait.Session() as session:
            asyncio.ensure_future(call(session))
            await asyncio.sleep(0)
            gc.collect()
            await asyncio.wait_for(done.wait(), 5)

    asyncio.run(main())


def test_a_loop_that_was_closed_with_calls_in_flight_is_no_crash(slow_url: str) -> None:
    loop = asyncio.new_event_loop()
    session = plait.Session()
    task = loop.create_task(session.get(slow_url))
    loop.run_until_complete(asyncio.sleep(0.01))
    task.cancel()
    loop.run_until_complete(asyncio.gather(task, return_exceptions=True))
    loop.close()
    del session, task
    gc.collect()


def test_the_interpreter_ends_with_calls_in_flight(slow_url: str) -> None:
    program = f"""
import asyncio, plait
async def main():
    global session, tasks
    session = plait.Session()
    tasks = [asyncio.ensure_future(session.get({slow_url!r})) for _ in range(5)]
    await asyncio.sleep(0.05)
loop = asyncio.new_event_loop()
loop.run_until_complete(main())
print("end")
"""
    for last in ("", "session.loop = loop; del session, loop"):  # or it is left to the garbage collector, with its loop
        ended = subprocess.run([sys.executable, "-c", program + last], capture_output=True, text=True)
        assert (ended.returncode, ended.stdout) == (0, "end\n"), ended.stderr
        assert "could not leave" not in ended.stderr and "AttributeError" not in ended.stderr


def test_a_forked_child_leaves_the_parents_calls_alone(start_mock: Callable[..., MockServer]) -> None:
    server = start_mock("--latency", "200ms")

    async def main() -> None:
        async with plait.Session() as session:
            calls = [asyncio.create_task(session.get(server.url)) for _ in range(5)]
            await asyncio.sleep(0.05)
            child = os.fork()
            if child == 0:
                code = 1
                try:
                    try:
                        session.get(server.url).send(None)
                    except plait.WrongLoop:
                        code = 0
                    session._close()
                    del session, calls
                    gc.collect()
                finally:
                    os._exit(code)
            assert os.waitpid(child, 0)[1] == 0
            assert all(response.ok for response in await asyncio.gather(*calls))

    asyncio.run(main())


@everywhere
def test_gather_cancels_the_rest_at_the_first_failure(run: Runner, url: str, slow_url: str) -> None:
    async def main() -> None:
        async with plait.Session() as session:
            responses = await plait.gather(*[session.get(f"{url}/{i}") for i in range(20)], limit=3)
            assert [r.json()["target"] for r in responses] == [f"/{i}" for i in range(20)]
            with pytest.raises(plait.ConnectError):
                await plait.gather(session.get(slow_url), session.get("http://127.0.0.1:1/"))
            assert session.statistics["in_flight"] == 0
            assert await plait.gather() == []
            with pytest.raises(ValueError, match="limit"):
                await plait.gather(session.get(url), limit=0)

    run(main)


@everywhere
def test_what_is_cancelled_takes_its_calls_along(run: Runner, url: str, slow_url: str) -> None:
    async def main() -> None:
        async with plait.Session() as session:
            for together in (plait.gather, plait.settle, plait.race):
                with anyio.move_on_after(0.05) as scope:
                    await together(session.get(slow_url), session.get(slow_url))
                assert scope.cancelled_caught
                assert session.statistics["in_flight"] == 0
            first = plait.as_completed([session.get(slow_url), session.get(url)])
            assert (await first.__anext__()).ok
            await first.aclose()  # type: ignore[attr-defined]
            assert session.statistics["in_flight"] == 0

    run(main)


@pytest.mark.skipif(sys.version_info < (3, 11), reason="TaskGroup came with Python 3.11")
@asyncios
def test_task_groups(run: Runner, url: str, slow_url: str) -> None:
    async def main() -> None:
        new: Any = asyncio  # Python 3.10 has not all of it
        async with plait.Session() as session:
            async with new.TaskGroup() as group:
                tasks = [group.create_task(session.get(url)) for _ in range(10)]
            assert all(task.result().ok for task in tasks)
            with pytest.raises(BaseException) as caught:
                async with new.TaskGroup() as group:
                    group.create_task(session.get(slow_url))
                    group.create_task(session.get("http://127.0.0.1:1/"))
            (error,) = caught.value.exceptions  # type: ignore[attr-defined]
            assert isinstance(error, plait.ConnectError)
            assert session.statistics["in_flight"] == 0

    run(main)


# Not behind a group that failed: with Python 3.11.2, a timeout in its task ends as CancelledError, whatever it awaits.
@pytest.mark.skipif(sys.version_info < (3, 11), reason="asyncio.timeout came with Python 3.11")
@asyncios
def test_timeouts(run: Runner, slow_url: str) -> None:
    async def main() -> None:
        new: Any = asyncio
        async with plait.Session() as session:
            with pytest.raises(TimeoutError):
                async with new.timeout(0.02):
                    await session.get(slow_url)
            assert session.statistics["in_flight"] == 0

    run(main)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="eager tasks came with Python 3.12")
def test_eager_tasks(url: str, slow_url: str) -> None:
    async def main() -> None:
        asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)  # type: ignore[attr-defined]
        async with plait.Session() as session:
            tasks = [asyncio.create_task(session.get(url)) for _ in range(20)]
            assert session.statistics["in_flight"] > 0
            assert all(response.ok for response in await asyncio.gather(*tasks))
            late = asyncio.create_task(session.get(slow_url))
            late.cancel()
            with pytest.raises(asyncio.CancelledError):
                await late

    asyncio.run(main())


@asyncios
def test_a_shielded_call_goes_on(run: Runner, start_mock: Callable[..., MockServer]) -> None:
    server = start_mock("--latency", "100ms")

    async def main() -> None:
        async with plait.Session() as session:
            call = asyncio.ensure_future(session.get(server.url))
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(asyncio.shield(call), 0.01)
            assert (await call).ok

    run(main)


def test_a_call_from_another_thread(url: str) -> None:
    async def main() -> None:
        async with plait.Session() as session:
            loop = asyncio.get_running_loop()

            async def call() -> plait.Response:
                return await session.get(url)

            def from_thread() -> bool:
                return asyncio.run_coroutine_threadsafe(call(), loop).result(30).ok

            assert await asyncio.to_thread(from_thread)

    asyncio.run(main())


@everywhere
def test_settle_returns_failures_as_values(run: Runner, url: str) -> None:
    async def bug() -> plait.Response:
        raise ZeroDivisionError

    async def main() -> None:
        async with plait.Session() as session:
            good, bad = await plait.settle(session.get(url), session.get("http://127.0.0.1:1/"))
            assert isinstance(good, plait.Response) and isinstance(bad, plait.ConnectError)
            with pytest.raises(ZeroDivisionError):
                await plait.settle(session.get(url), bug())

    run(main)


@everywhere
def test_as_completed_hands_out_what_comes_first(run: Runner, url: str, start_mock: Callable[..., MockServer]) -> None:
    later = start_mock("--latency", "300ms")

    async def main() -> None:
        async with plait.Session() as session:
            calls = [session.get(f"{later.url}/late"), session.get(f"{url}/soon")]
            assert [r.json()["target"] async for r in plait.as_completed(calls)] == ["/soon", "/late"]

    run(main)


@everywhere
def test_race_returns_the_first_success(run: Runner, url: str, slow_url: str) -> None:
    async def main() -> None:
        async with plait.Session() as session:
            calls = [session.get("http://127.0.0.1:1/"), session.get(slow_url), session.get(url)]
            assert (await plait.race(*calls)).json()["target"] == "/"
            assert session.statistics["in_flight"] == 0
            with pytest.raises(plait.ConnectError):
                await plait.race(session.get("http://127.0.0.1:1/"))

    run(main)


def test_raise_for_status_can_be_the_rule(answering: Callable[[bytes], RawServer]) -> None:
    server = answering(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n")

    async def main() -> None:
        async with plait.Session(raise_for_status=True) as session:
            with pytest.raises(plait.StatusError, match="503 Busy"):
                await session.get(server.url)

    asyncio.run(main())


def test_get_takes_its_arguments_as_request_does(url: str) -> None:
    async def main() -> None:
        async with plait.Session() as session, plait.Session(params={"a": 1}) as with_params:
            assert (await session.get(f"{url}/x")).json(pointer="/method") == "GET"
            assert (await session.get(url=f"{url}/x")).status == 200
            assert (await session.get(f"{url}/x", params={"b": "2"})).json(pointer="/target") == "/x?b=2"
            assert (await with_params.get(f"{url}/x")).json(pointer="/target") == "/x?a=1"
            for wrong in (5, "\ud800", "no url"):
                with pytest.raises(plait.InputError):
                    session.get(wrong)  # type: ignore[arg-type]
            call: Any = session.get
            with pytest.raises(TypeError):
                call()
            with pytest.raises(TypeError):
                call(url, url, url)

    asyncio.run(main())


def test_results_of_a_map_that_are_not_taken_hold_up_only_so_many_calls(url: str) -> None:
    read = 0

    def urls() -> Iterator[str]:
        nonlocal read
        for number in range(1000):
            read += 1
            yield f"{url}/{number}"

    with plait.BlockingSession() as session:
        results = session.map(urls(), concurrency=10)
        seen = {next(results).index for _ in range(100)}
        assert read <= 100 + 10 + 40
        seen |= {result.index for result in results}
    assert seen == set(range(1000))
