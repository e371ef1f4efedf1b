"""Hooks around attempts."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import time
import weakref
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import plait
import pytest
from conftest import MockServer


class Notes(plait.Hook):
    def __init__(self) -> None:
        self.seen: list[str] = []

    def before(self, attempt: plait.Attempt) -> Mapping[str, str]:
        self.seen.append(f"before {attempt.number}")
        return {"X-Attempt": str(attempt.number)}

    def after(self, attempt: plait.Attempt) -> None:
        came = attempt.response.status if attempt.response is not None else attempt.error
        self.seen.append(f"after {attempt.number}: {came if isinstance(came, int) else type(came).__name__}")


def test_hooks_see_each_attempt(start_mock: Callable[..., MockServer]) -> None:
    server = start_mock("--latency", "0ms")
    notes = Notes()
    with plait.BlockingSession(hooks=[notes], retries=plait.Retry(2, first_delay="1ms")) as session:
        got = session.get(server.url).json()
        assert got["headers"]["x-attempt"] == "1"
        session.get(f"{server.url}/status/500")
        with pytest.raises(plait.ConnectError):
            session.get("http://127.0.0.1:1/", retries=0)
        assert [result.ok for result in session.map([server.url])] == [True]
    assert notes.seen == [
        "before 1", "after 1: 200", "before 1", "after 1: 500", "before 2", "after 2: 500",
        "before 1", "after 1: ConnectError", "before 1", "after 1: 200",
    ]  # fmt: skip


@pytest.mark.parametrize("method", ["async", "threads"])
def test_a_run_has_hooks(url: str, method: Any) -> None:
    notes = Notes()
    retries = plait.Retry(2, first_delay="1ms")
    run = plait.run([url, f"{url}/status/500"], hooks=[notes], retries=retries, concurrency=1, ordered=True, method=method)
    results = list(run)
    assert results[0].unwrap().json(pointer="/headers/x-attempt") == "1"
    assert notes.seen == ["before 1", "after 1: 200", "before 1", "after 1: 500", "before 2", "after 2: 500"]
    notes.seen.clear()
    assert plait.run([url], hooks=[notes]).finish()

    async def in_a_loop() -> plait.Report:
        return await plait.run([url], hooks=[notes]).afinish()

    assert asyncio.run(in_a_loop())
    assert notes.seen == ["before 1", "after 1: 200"] * 2


def test_what_a_hook_raises_in_a_run_is_in_the_result(url: str) -> None:
    class Broken(plait.Hook):
        def before(self, attempt: plait.Attempt) -> None:
            if attempt.request.url.endswith("/bad"):
                raise ValueError("mine")
            if attempt.request.url.endswith("/stop"):
                raise KeyboardInterrupt

    good, bad = plait.run([url, f"{url}/bad"], hooks=[Broken()], ordered=True)
    assert good.ok and not bad.ok and bad.attempts == 1
    with pytest.raises(plait.InputError, match=r"a hook has failed: ValueError\('mine'\)") as caught:
        bad.unwrap()
    assert isinstance(caught.value.__cause__, ValueError) and bad.outcome == "failed"
    with pytest.raises(KeyboardInterrupt):
        plait.run([url, f"{url}/stop"], hooks=[Broken()]).finish()


def test_an_answer_outlives_a_hook_that_fails_with_it(url: str, tmp_path: Path) -> None:
    class Broken(plait.Hook):
        def after(self, attempt: plait.Attempt) -> None:
            raise ValueError("mine")

    posts = [{"url": f"{url}/{name}", "method": "POST", "body": {}} for name in "ab"]
    for result in plait.run(posts, tmp_path / "results", hooks=[Broken()], ordered=True):
        assert result.outcome == "rejected" and result.attempts == 1
        assert result.response is not None and result.response.status == 200
        assert result.error is not None and not getattr(result.error, "maybe_sent", False)
        assert isinstance(result.error, plait.InputError) and repr(result.error.__cause__) == "ValueError('mine')"
    lines = [json.loads(line) for line in (tmp_path / "results").read_text().splitlines()]
    assert [line["response"]["status_code"] for line in lines if "custom_id" in line] == [200, 200]


def test_the_page_is_kept_whose_hook_fails(url: str) -> None:
    class Broken(plait.Hook):
        def after(self, attempt: plait.Attempt) -> None:
            if "page=2" in attempt.request.url:
                raise ValueError("mine")

    (result,) = plait.run([f"{url}/pages?n=3&id=hook"], hooks=[Broken()], follow="next=link")
    assert [page.json(pointer="/page") for page in result.pages] == [1]
    assert result.response is not None and "page=2" in result.response.url
    assert result.outcome == "rejected" and "page 2: a hook has failed" in str(result.error)


def test_hooks_of_a_run_do_not_keep_it(url: str) -> None:
    class Own(plait.Hook):
        run: plait.Run

    hook = Own()
    hook.run = plait.run([url], hooks=[hook])
    assert hook.run.finish()
    gone = weakref.ref(hook)
    del hook
    gc.collect()
    assert gone() is None


def test_hooks_alone_change_nothing_else(start_mock: Callable[..., MockServer]) -> None:
    server = start_mock("--latency", "0ms")
    notes = Notes()
    with plait.BlockingSession(hooks=[notes]) as session:
        assert session.get(f"{server.url}/refuse/60").attempts == 1
        assert session.get(f"{server.url}/status/503").attempts == 1
        assert session.get(server.url).ok


@pytest.mark.parametrize("where", ["before", "after"])
def test_what_a_hook_raises_ends_the_call(url: str, where: str) -> None:
    class Broken(plait.Hook):
        def before(self, attempt: plait.Attempt) -> None:
            if where == "before":
                raise ZeroDivisionError

        def after(self, attempt: plait.Attempt) -> None:
            if where == "after":
                raise ZeroDivisionError

    notes = Notes()
    with plait.BlockingSession(hooks=[notes, Broken()], retries=3) as session:
        with pytest.raises(ZeroDivisionError):
            session.get(url)
        result = next(iter(session.map([url])))
        assert isinstance(result.error, ZeroDivisionError)
    assert len(notes.seen) == 4

    async def main() -> None:
        async with plait.Session(hooks=[Broken()]) as session:
            with pytest.raises(ZeroDivisionError):
                await session.get(url)

    asyncio.run(main())


def test_a_call_that_is_given_up_ends_its_attempt(slow_url: str) -> None:
    notes = Notes()

    async def main() -> None:
        session = plait.Session(hooks=[notes])
        call = asyncio.ensure_future(session.get(slow_url))
        await asyncio.sleep(0.05)
        call.cancel()
        await asyncio.sleep(0.01)
        assert notes.seen == ["before 1", "after 1: SessionClosed"]
        call = asyncio.ensure_future(session.get(slow_url))
        await asyncio.sleep(0.05)
        await session.aclose()
        with pytest.raises(plait.SessionClosed):
            await call
        assert notes.seen[2:] == ["before 1", "after 1: SessionClosed"]

    asyncio.run(main())


def test_a_hook_may_make_calls_but_not_close_its_session(url: str) -> None:
    class Busy(plait.Hook):
        session: plait.Session

        def before(self, attempt: plait.Attempt) -> Mapping[str, str]:
            with pytest.raises(RuntimeError, match="hook"):
                self.session._close()
            return {"X-Token": str(plait.get(f"{url}/token").json(pointer="/target"))}

    async def main() -> None:
        busy = Busy()
        async with plait.Session(hooks=[busy]) as session:
            busy.session = session
            assert (await session.get(url)).json()["headers"]["x-token"] == "/token"

    asyncio.run(main())


def test_what_is_no_hook_is_refused() -> None:
    with pytest.raises(plait.InputError, match="before"):
        plait.Session(hooks=[object()])  # type: ignore[list-item]


def test_a_coroutine_function_is_no_hook(recwarn: pytest.WarningsRecorder) -> None:
    class Waits(plait.Hook):
        async def before(self, attempt: plait.Attempt) -> None:  # type: ignore[override]
            await asyncio.sleep(0)

    with pytest.raises(plait.InputError, match="Waits.before is a coroutine function: hooks are plain functions"):
        plait.BlockingSession(hooks=[Waits()])
    assert not recwarn.list


def test_the_log_has_retries_and_attempts(
    start_mock: Callable[..., MockServer], caplog: pytest.LogCaptureFixture
) -> None:
    server = start_mock("--latency", "0ms")
    with caplog.at_level(logging.DEBUG, "plait"):
        with plait.BlockingSession(retries=plait.Retry(2, first_delay="1ms")) as session:
            session.get(f"{server.url}/status/500?secret=1", headers={"X-Secret": "1"})
    lines = [(record.levelname, record.getMessage().split(" in ")[0]) for record in caplog.records]
    what = f"GET {server.url}/status/500"
    assert lines == [("DEBUG", f"{what}: 500"), ("INFO", f"{what}: attempt 2"), ("DEBUG", f"{what}: 500")]


def test_threads_may_run_while_a_hook_does(url: str) -> None:
    class Slow(plait.Hook):
        def before(self, attempt: plait.Attempt) -> None:
            time.sleep(0.001)  # another thread gets the lock of the interpreter

    with plait.BlockingSession(hooks=[Slow()]) as session:

        def work(_: int) -> bool:
            return session.get(url).ok and all(result.ok for result in session.map([url] * 5))

        with ThreadPoolExecutor(8) as pool:
            assert all(pool.map(work, range(40)))


def test_a_hook_of_a_blocking_session_uses_another_one(url: str) -> None:
    class Recursive(plait.Hook):
        def before(self, attempt: plait.Attempt) -> None:
            if attempt.request.url.endswith("/own"):
                session.get(url)
            assert plait.get(url).ok

    with plait.BlockingSession(hooks=[Recursive()]) as session:
        assert session.get(url).ok
        with pytest.raises(RuntimeError, match="own session"):
            session.get(f"{url}/own")
        assert session.get(url).ok


def test_a_hook_of_a_blocking_session_can_not_close_it(url: str) -> None:
    class Closing(plait.Hook):
        def before(self, attempt: plait.Attempt) -> None:
            session.close()

    with plait.BlockingSession(hooks=[Closing()]) as session:
        with pytest.raises(RuntimeError, match="can't be closed by one of its hooks"):
            session.get(url)


def test_a_session_and_its_hook_go_away_together(url: str) -> None:
    class Knows(plait.Hook):
        session: object

    for kind in (plait.BlockingSession, plait.Session):
        hook = Knows()
        hook.session = kind(hooks=[hook])
        here = weakref.ref(hook)
        del hook
        gc.collect()
        assert here() is None
