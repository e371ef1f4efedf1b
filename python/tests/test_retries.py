"""`Retry.when` and the retry budget."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Callable
from typing import Any, Union

import plait
import pytest
from plait._options import When

Came = Union[plait.Response, plait.Error]


def quick(attempts: int = 5, **options: Any) -> plait.Retry:
    return plait.Retry(attempts, first_delay="1ms", longest_delay="2ms", **options)


def is_pending(came: Came) -> bool | None:
    """What a program may well ask for: an answer that says "pending" is not the last one."""
    return came.json() == "pending" if isinstance(came, plait.Response) and came.ok else None


def mock_a_job(mock: plait.Mock) -> str:
    mock.on("GET", "/job", json="pending", times=2).on("GET", "/job", json="done")
    return f"{mock.url}/job"


def test_a_function_decides_what_is_worth_another_attempt(plait_mock: plait.Mock) -> None:
    url = mock_a_job(plait_mock)
    with plait.BlockingSession(retries=quick(when=is_pending)) as session:
        response = session.get(url)
        assert (response.json(), response.attempts) == ("done", 3)


def test_the_same_in_a_loop_and_in_a_map(plait_mock: plait.Mock) -> None:
    url = mock_a_job(plait_mock)

    async def main() -> Any:
        async with plait.Session(retries=quick(when=is_pending)) as session:
            return (await session.get(url)).json()

    assert asyncio.run(main()) == "done"
    plait_mock.on("GET", "/other", json="pending", times=1).on("GET", "/other", json="done")
    (result,) = plait.map([f"{plait_mock.url}/other"], retries=quick(when=is_pending))
    assert (result.json(), result.unwrap().attempts) == ("done", 2)


@pytest.mark.parametrize("method", ["async", "threads"])
def test_the_same_in_a_run(plait_mock: plait.Mock, method: Any) -> None:
    url = mock_a_job(plait_mock)
    (result,) = plait.run([url], retries=quick(when=is_pending), method=method)
    assert (result.json(), result.attempts, result.outcome) == ("done", 3, "ok")


def test_it_gets_what_the_call_would_end_with(plait_mock: plait.Mock, url: str) -> None:
    plait_mock.on("POST", "/a", status=500).on("GET", "/a", status=302, headers={"Location": "/b"})
    plait_mock.on("GET", "/b", status=404, json={"error": "none"})
    came: list[Came] = []

    def note(what: Came) -> None:
        came.append(what)

    with plait.BlockingSession(retries=quick(2, when=note, statuses=[404]), base_url=plait_mock.url) as session:
        assert session.get("/a").attempts == 2
        first, second = came
        assert isinstance(first, plait.Response) and isinstance(second, plait.Response)
        assert (first.status, first.json(), first.url) == (404, {"error": "none"}, f"{plait_mock.url}/b")
        assert (first.attempts, second.attempts) == (1, 2)
        assert first.elapsed < second.elapsed
        came.clear()
        session.post("/a", json=[1])
        assert isinstance(came[0], plait.Response)
        assert (came[0].request.method, came[0].request.content) == ("POST", b"[1]")
        came.clear()
        with pytest.raises(plait.ConnectError):
            session.get("http://127.0.0.1:1/")
        assert [type(what) for what in came] == [plait.ConnectError] * 2
        assert isinstance(came[1], plait.ConnectError)
        assert (came[1].attempts, came[1].maybe_sent) == (2, False)
        assert came[1].request is not None and came[1].request.url == "http://127.0.0.1:1/"
        came.clear()
        session.get("/b", retries=0)
        assert came == []  # it is sent once, whatever comes


def attempts(url: str, method: str = "GET", call: Any = None, **retry: Any) -> int:
    options: dict[str, Any] = call or {}
    with plait.BlockingSession(retries=quick(3, **retry)) as session:
        try:
            return session.request(method, url, **options).attempts
        except plait.SendError as error:
            return error.attempts


def test_it_has_the_last_word_but_on_what_does_harm(url: str, plait_mock: plait.Mock) -> None:
    always: When = lambda came: True  # noqa: E731
    never: When = lambda came: False  # noqa: E731
    missing, broken = f"{url}/status/404", f"{url}/status/500"
    assert attempts(missing, when=always) == 3
    assert attempts(missing, when=never) == 1
    assert attempts(broken, when=never) == 1
    assert attempts("http://127.0.0.1:1/", when=never) == 1
    assert attempts(f"{url}/refuse/0", when=never) == 1
    assert attempts(missing, "POST", when=always) == 1
    assert attempts(missing, "POST", {"safe_to_repeat": True}, when=always) == 3
    assert attempts(missing, "POST", {"idempotency_key": "auto"}, when=always) == 3
    assert attempts(missing, "POST", when=always, unsafe=True) == 3
    # The last attempt is what the call ends with, whatever the function thinks of it.
    (result,) = plait.run([url], retries=quick(2, when=always))
    assert (result.outcome, result.attempts) == ("ok", 2)


class Mine(Exception):
    pass


def raise_mine(came: Came) -> bool:
    raise Mine("no idea")


def test_what_it_raises_ends_the_call(url: str) -> None:
    with plait.BlockingSession(retries=quick(when=raise_mine)) as session:
        with pytest.raises(Mine):
            session.get(url)
        with pytest.raises(Mine) as caught:
            session.get("http://127.0.0.1:1/")
        assert isinstance(caught.value.__context__, plait.ConnectError)  # the traceback shows both
        (result,) = session.map([url])
        assert isinstance(result.error, Mine)

    async def main() -> None:
        async with plait.Session(retries=quick(when=raise_mine)) as session:
            await session.get(url)

    with pytest.raises(Mine):
        asyncio.run(main())


def test_what_it_raises_in_a_run_is_in_the_result(url: str) -> None:
    answered, refused = plait.run([url, "http://127.0.0.1:1/"], retries=quick(when=raise_mine), ordered=True)
    for result, outcome in ((answered, "rejected"), (refused, "failed")):
        assert (result.outcome, result.attempts) == (outcome, 1)
        assert isinstance(result.error, plait.InputError) and isinstance(result.error.__cause__, Mine)
        assert str(result.error) == "the function when has failed: Mine('no idea')"
    assert answered.response is not None and answered.response.status == 200

    def interrupt(came: Came) -> bool:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        plait.run([url] * 10, retries=quick(when=interrupt)).finish()


def test_it_returns_true_false_or_none(url: str) -> None:
    wrong: Any = lambda came: came.status == 404 and "yes"  # noqa: E731
    with plait.BlockingSession(retries=quick(when=wrong)) as session:
        assert session.get(url).ok
        with pytest.raises(plait.InputError, match="when returned 'yes', which is neither True, False nor None"):
            session.get(f"{url}/status/404")


def test_a_session_does_not_outlive_its_function(url: str) -> None:
    class Owner:
        def __init__(self) -> None:
            self.session = plait.BlockingSession(retries=quick(when=self.wish))

        def wish(self, came: Came) -> None:
            pass

    owner = Owner()
    assert owner.session.get(url).ok
    gone = weakref.ref(owner)
    del owner
    gc.collect()
    assert gone() is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"when": 404}, "when is a function of a response or an error that returns True, False or None, not 404"),
        ({"when": [404]}, "when is a function"),
        ({"budget": "10%"}, "budget is a share of the calls, such as 0.2, or None for no budget, not '10%'"),
        ({"budget": -0.1}, "budget is a share"),
        ({"budget": True}, "budget is a share"),
        ({"budget": float("nan")}, "budget is a share"),
        ({"unsafe": "no"}, "unsafe is True or False, not 'no'"),
    ],
)
def test_options_of_retry_are_checked(options: dict[str, Any], message: str) -> None:
    with pytest.raises(plait.InputError) as caught:
        plait.Retry(**options)
    assert message in str(caught.value)


def test_a_coroutine_function_is_refused() -> None:
    async def later(came: Came) -> bool:
        return True

    with pytest.raises(plait.InputError, match="when is a coroutine function"):
        plait.Retry(when=later)  # type: ignore[arg-type]


def sends_of(retry: plait.Retry, mock: plait.Mock, make: Callable[..., Any]) -> int:
    before = len(mock.requests)
    make([f"{mock.url}/{number}" for number in range(20)], retry)
    return len(mock.requests) - before


def all_by_run(urls: list[str], retry: plait.Retry) -> None:
    plait.run(urls, retries=retry).finish()


def all_by_map(urls: list[str], retry: plait.Retry) -> None:
    list(plait.map(urls, retries=retry))


@pytest.mark.parametrize("make", [all_by_run, all_by_map])
def test_without_a_budget_each_call_uses_up_its_attempts(plait_mock: plait.Mock, make: Callable[..., Any]) -> None:
    plait_mock.on("GET", "/*", status=500)
    assert sends_of(quick(3, budget=None), plait_mock, make) == 60
    assert sends_of(quick(3, budget=2), plait_mock, make) == 60
