"""Runs in event loops, and of data frames; what is made of their results."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import pathlib
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import plait
import pytest
import trio
from conftest import MockServer, lines_of
from test_async import Runner, everywhere


@everywhere
def test_results_come_in_a_loop(run: Runner, url: str) -> None:
    async def main() -> None:
        seen = [result.index async for result in plait.run([f"{url}/{i}" for i in range(300)])]
        assert sorted(seen) == list(range(300))
        report = await plait.run([f"{url}/{i}" for i in range(300)]).afinish()
        assert report and report.done == 300

    run(main)


@everywhere
def test_an_asynchronous_iterable(run: Runner, url: str, tmp_path: pathlib.Path) -> None:
    async def requests(last: int) -> AsyncIterator[dict[str, str]]:
        for i in range(last):
            if i % 100 == 0:
                await pause()
            yield {"url": f"{url}/{i}", "custom_id": f"c{i}"}

    async def main() -> None:
        results = tmp_path / f"{id(run)}.jsonl"
        report = await plait.run(requests(150), results).afinish()
        assert report.done == 150
        again = [result.custom_id async for result in plait.run(requests(250), results, extend=True)]
        assert sorted(again) == sorted(f"c{i}" for i in range(150, 250))
        assert len(lines_of(results)) == 250

    run(main)


async def pause() -> None:
    if "trio" in sys.modules and trio.lowlevel.in_trio_run():
        await trio.sleep(0.001)
    else:
        await asyncio.sleep(0.001)


@everywhere
def test_an_error_of_the_iterable_is_raised(run: Runner, url: str) -> None:
    async def requests() -> AsyncIterator[str]:
        yield url
        await pause()
        raise ZeroDivisionError

    async def main() -> None:
        seen = []
        with pytest.raises(ZeroDivisionError):
            async for result in plait.run(requests()):
                seen.append(result)
        assert len(seen) <= 1
        with pytest.raises(ZeroDivisionError):
            await plait.run(requests()).afinish()

    run(main)


@everywhere
def test_leaving_early_gives_up(run: Runner, url: str, slow_url: str) -> None:
    async def endless() -> AsyncIterator[str]:
        while True:
            yield url

    async def main() -> None:
        async with plait.run([url, slow_url], concurrency=2) as results:
            async for result in results:
                assert result.ok
                break
        async with plait.run(endless()) as results:
            async for _ in results:
                break
        with pytest.raises(StopAsyncIteration):
            await results.__anext__()

    run(main)


def test_a_wait_may_be_cancelled(url: str, slow_url: str) -> None:
    async def main() -> None:
        async with plait.run([slow_url, url], concurrency=2) as results:
            assert (await results.__anext__()).ok
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(results.__anext__(), 0.05)
            first = asyncio.ensure_future(results.__anext__())
            await asyncio.sleep(0)
            with pytest.raises(RuntimeError, match="two tasks"):
                await results.__anext__()
            first.cancel()

    asyncio.run(main())


def test_misuse_is_an_exception(url: str, slow_url: str) -> None:
    async def requests() -> AsyncIterator[str]:
        yield url

    with pytest.raises(TypeError, match="async for"):
        next(plait.run(requests()))
    with pytest.raises(TypeError, match="iterable"):
        plait.run(5)
    with pytest.raises(RuntimeError, match="loop"):
        asyncio.run(begun_elsewhere(url, slow_url))


async def begun_elsewhere(url: str, slow_url: str) -> None:
    results = plait.run([url, slow_url], concurrency=2)
    await results.__anext__()
    with pytest.raises(RuntimeError, match="async for"):
        next(results)
    with pytest.raises(RuntimeError, match="async for"):
        results.finish()

    def in_another_loop() -> Any:
        async def go_on() -> Any:
            return await results.__anext__()

        return asyncio.run(go_on())

    try:
        await asyncio.to_thread(in_another_loop)
    finally:
        await results.aclose()


def test_a_run_begun_without_a_loop_stays_so(url: str) -> None:
    results = plait.run([url, url])
    next(results)

    async def main() -> None:
        with pytest.raises(RuntimeError, match="without"):
            await results.__anext__()

    asyncio.run(main())


def test_a_run_that_is_dropped_is_gone(slow_url: str, url: str) -> None:
    async def main() -> None:
        results = plait.run([url, slow_url], concurrency=2)
        await results.__anext__()
        del results
        await asyncio.sleep(0.01)
        assert (await plait.run([url]).afinish()).ok == 1

    asyncio.run(main())


def test_progress_is_shown(url: str, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> None:
    seen: list[plait.Report] = []
    plait.run([f"{url}/{i}" for i in range(20)], progress=seen.append).finish()
    assert seen[-1].done == 20
    for name in ("tqdm", "rich"):
        if importlib.util.find_spec(name) is None:
            continue
        plait.run([f"{url}/{i}" for i in range(20)], progress=name).finish()
        assert "20" in capsys.readouterr().err
        assert len(list(plait.map([url] * 5, progress=name))) == 5
        assert "5" in capsys.readouterr().err
    with caplog.at_level("INFO", "plait"):
        list(plait.run([url], progress=True))
    assert caplog.messages == ["1 of 1 calls done, 0 not ok"]

    def broken(report: plait.Report) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        plait.run([url] * 3, progress=broken).finish()
    with pytest.raises(plait.InputError, match="tqdm"):
        plait.run([url], progress="bar")  # type: ignore[arg-type]


def test_options_of_the_command(url: str, start_mock: Callable[..., MockServer], tmp_path: pathlib.Path) -> None:
    results = list(plait.run([f"{url}/status/404", {"url": url, "expect": {"status": 500}}], expect=404, ordered=True))
    assert [result.outcome for result in results] == ["ok", "rejected"]
    given = [plait.Request("GET", f"{url}/status/404", group="g", priority=1, costs={"usd": 1}, retries=0)]
    assert next(plait.run(given, expect={"status": ["4xx"]}, budget={"usd": 2})).ok

    post = next(plait.run([{"url": url, "method": "POST", "custom_id": "a"}], tmp_path / "keys.jsonl", idempotency_keys="auto"))
    assert post.json()["headers"]["idempotency-key"]
    own = next(plait.run([{"url": url, "method": "POST", "json": 1, "idempotency_key": "mine"}]))
    assert own.json()["headers"]["idempotency-key"] == "mine"

    trace = tmp_path / "trace.json"
    assert plait.run([url] * 3, tmp_path / "traced.jsonl", trace=trace).finish()
    assert trace.stat().st_size > 0
    assert list(plait.run([url], tmp_path / "traced2.jsonl", trace=tmp_path / "t2.json"))

    saved = next(plait.run([f"{url}/delay/0/5000"], save_bodies=tmp_path / "bodies", inline_max=100))
    assert saved.response is not None and saved.response.file is not None
    assert len(saved.response.content) == 5000 == len(saved.response) == pathlib.Path(saved.response.file).stat().st_size
    assert plait.run([url] * 60, hedge="p95").finish()
    for method in ("sync", "threads"):
        assert plait.run([url] * 5, method=method).finish()
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"method": "magic"}, "threads"),
        ({"hedge": "95"}, "p99"),
        ({"inline_max": 5}, "save_bodies"),
        ({"body": "xml"}, "base64"),
        ({"secrets": ["env.NO_SUCH_NAME"]}, "NO_SUCH_NAME"),
        ({"idempotency_keys": "mine"}, "auto"),
    ]
    for options, message in wrong:
        with pytest.raises(plait.InputError, match=message):
            plait.run([url], **options)


def test_secrets_are_put_in_and_kept_out_of_results(url: str, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLAIT_TEST_KEY", "hush-hush-hush")
    results = tmp_path / "out.jsonl"
    line = {"url": url, "headers": {"X-Key": "{{env.PLAIT_TEST_KEY}}"}}
    assert plait.run([line], results, secrets=["env.PLAIT_TEST_KEY"]).finish()
    assert "hush" not in results.read_text() and "env.PLAIT_TEST_KEY" in results.read_text()


def frames() -> Iterator[Any]:
    columns = {"path": ["a", "b", None], "custom_id": ["one", "two", "three"], "n": [1, 2, 3]}
    pandas = pytest.importorskip("pandas")
    polars = pytest.importorskip("polars")
    arrow = pytest.importorskip("pyarrow")
    yield pandas.DataFrame(columns), lambda frame, url: frame.assign(url=url)
    yield polars.DataFrame(columns), lambda frame, url: frame.with_columns(url=polars.lit(url))
    yield arrow.table(columns), lambda frame, url: frame.append_column("url", [[url] * 3])


def test_data_frames_are_requests(url: str) -> None:
    for frame, with_url in frames():
        asked = plait.requests_of(frame, f"{url}/{{custom_id}}", json={"n": "{n}", "text": "no. {n}"}, custom_id="custom_id")
        results = list(plait.run(asked, ordered=True))
        assert [result.custom_id for result in results] == ["one", "two", "three"]
        assert json.loads(results[1].json(pointer="/body")) == {"n": 2, "text": "no. 2"}
        with pytest.raises(plait.InputError, match="path"):
            list(plait.requests_of(frame, "{path}"))
        with pytest.raises(plait.InputError, match="requests_of"):
            plait.run(frame)
        for results_of in (plait.run, plait.map):
            asked = plait.requests_of(frame, f"{url}/{{path}}", custom_id="custom_id")
            some: list[Any] = list(results_of(asked, ordered=True))
            assert [result.ok for result in some] == [True, True, False]
            assert isinstance(some[2].error, plait.InputError)

        whole = with_url(frame, url)
        if hasattr(whole, "drop_columns"):
            whole = whole.drop_columns(["path", "n"])
        elif hasattr(whole, "iloc"):
            whole = whole.drop(columns=["path", "n"])
        else:
            whole = whole.drop(["path", "n"])
        run_of_rows = plait.run(whole)
        assert sorted(result.custom_id for result in run_of_rows) == ["one", "three", "two"]
        assert run_of_rows.report.total == 3


def test_results_become_data_frames(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    requests: list[Any] = [{"url": f"{url}/a", "custom_id": "x", "metadata": [1]}, f"{url}/status/404", "nonsense"]
    next(frames())
    for name in ("to_pandas", "to_polars", "to_arrow"):
        frame = getattr(plait.run(requests, ordered=True), name)()
        columns = frame.to_pydict() if name == "to_arrow" else {column: list(frame[column]) for column in frame.columns}
        assert columns["outcome"] == ["ok", "rejected", "failed"]
        assert columns["custom_id"][0] == "x" and columns["metadata"][0] == "[1]"
        assert json.loads(columns["body"][0])["target"] == "/a"
        assert list(columns["status"])[:2] == [200, 404]
    assert plait.run(requests[:1]).to_pandas(body="json")["body"][0]["target"] == "/a"
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(ImportError, match="pip install polars"):
        plait.run([url]).to_polars()
