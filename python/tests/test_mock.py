"""The mock in the own process."""

from __future__ import annotations

import asyncio
import pathlib
import time
from typing import Any

import plait
import pytest
from plait._mock.limits import Limit, wait_for


def test_it_answers_what_it_was_told(plait_mock: plait.Mock) -> None:
    plait_mock.on("GET", "/items", status=500, times=2).on("GET", "/items", json={"a": [1]}, headers={"X-A": "1"})
    plait_mock.on("*", "/files/*", content=b"bytes")
    quick = plait.Retry(5, first_delay="1ms")
    with plait.BlockingSession(base_url=plait_mock.url, retries=quick) as session:
        response = session.get("/items", params={"q": 1})
        assert (response.json(), response.headers["x-a"], response.attempts) == ({"a": [1]}, "1", 3)
        assert session.put("/files/x", json=[1]).content == b"bytes"
    assert [request.method for request in plait_mock.requests] == ["GET"] * 3 + ["PUT"]
    assert plait_mock.requests[-1].content == b"[1]"
    assert plait_mock.requests[0].url == f"{plait_mock.url}/items?q=1"
    plait_mock.assert_all_called()


def test_it_says_what_is_missing() -> None:
    with pytest.raises(AssertionError, match="no answer to GET /b; it has GET /a"):
        with plait.mock() as mock:
            mock.on("GET", "/a")
            assert plait.get(f"{mock.url}/b").status == 404
    with plait.mock(strict=False) as mock:
        assert plait.get(f"{mock.url}/b").status == 404
        mock.on("GET", "/c", times=2)
        plait.get(f"{mock.url}/c")
        with pytest.raises(AssertionError, match="1 too few"):
            mock.assert_all_called()
        mock.on("GET", "/d")
        mock._rules.pop(0)
        with pytest.raises(AssertionError, match="never asked for GET /d; what came: GET"):
            mock.assert_all_called()
    with pytest.raises(RuntimeError, match="with"):
        plait.mock().url  # noqa: B018
    bad: list[dict[str, Any]] = [{"status": 99}, {"fault": "fire"}, {"times": 0}]
    for wrong in bad:
        with plait.mock() as mock, pytest.raises(plait.InputError):
            mock.on("GET", "/", **wrong)


def test_faults(plait_mock: plait.Mock) -> None:
    plait_mock.on("GET", "/reset", fault="reset").on("GET", "/cut", content="half", fault="cut")
    plait_mock.on("GET", "/hang", fault="hang").on("GET", "/slow", latency="100ms")
    with pytest.raises(plait.ResetError):
        plait.get(f"{plait_mock.url}/reset")
    with pytest.raises(plait.SendError):
        plait.get(f"{plait_mock.url}/cut")
    with pytest.raises(plait.Timeout):
        plait.get(f"{plait_mock.url}/hang", timeout="100ms")
    began = time.monotonic()
    assert plait.get(f"{plait_mock.url}/slow").ok
    assert time.monotonic() - began >= 0.1


def test_calls_to_hosts_are_intercepted(url: str) -> None:
    session = plait.BlockingSession()
    assert session.get(url).ok
    with plait.mock(intercept=["api.example", "https://other.example:8443"]) as mock:
        mock.answer(lambda request: {"url": request.url})
        for there in ("http://api.example/a", "https://api.example/b", "https://other.example:8443/c"):
            assert session.get(there).json() == {"url": there}
        assert plait.get("https://api.example/").ok
        assert [result.ok for result in plait.map(["https://api.example/"] * 3)] == [True] * 3
        assert plait.run(["https://api.example/"] * 3).finish()
        assert session.get(url).json()["method"] == "GET"  # other hosts are called as ever

        async def main() -> int:
            async with plait.Session(retries=1) as own:
                return (await own.get("https://api.example/")).status

        assert asyncio.run(main()) == 200
        with plait.mock() as second, pytest.raises(RuntimeError, match="another"):
            second.intercept("x.example")
    with pytest.raises(plait.DnsError):
        session.get("http://api.invalid/")
    session.close()


def test_a_fixture_intercepts_later(plait_mock: plait.Mock) -> None:
    plait_mock.intercept("one.example").intercept("two.example")
    plait_mock.on("GET", "/", json=1)
    for host in ("one", "two"):
        assert plait.get(f"https://{host}.example/").json() == 1
    for wrong in ("", "http://", "ftp://x", "x:8443", "https://x/path"):
        with pytest.raises(plait.InputError, match="intercept"):
            plait_mock.intercept(wrong)


def test_the_plugin_needs_no_import(tmp_path: pathlib.Path) -> None:
    import importlib.metadata

    names = {entry.name for entry in importlib.metadata.entry_points(group="pytest11")}
    if "plait_mock" not in names:
        pytest.skip("the package is not installed: its entry points are not known")


@pytest.mark.parametrize(
    ("allow", "waits"),
    [
        # Requests at 10.5, 10.6, 10.7, 11.2, 11.55 and 11.7 s.
        ("2/s", [0, 0, 0.8, 0.3, 0, 0]),
        ("fixed:2/1s", [0, 0, 0.8, 0.3, 0, 0]),
        ("clock:2/1000ms", [0, 0, 0.3, 0, 0, 0.3]),
    ],
)
def test_limits_count_as_servers_do(allow: str, waits: list[float]) -> None:
    now = 0.0
    limit = Limit(allow, lambda: now)
    got = []
    for now in (10.5, 10.6, 10.7, 11.2, 11.55, 11.7):
        got.append(wait_for([limit]))
    assert got == pytest.approx(waits)


def test_a_window_ends_for_all_of_its_requests_at_once() -> None:
    now = 10.0
    fixed, sliding = Limit("fixed:2/s", lambda: now), Limit("sliding:2/s", lambda: now)
    for now in (10.0, 10.9):
        assert wait_for([fixed, sliding]) == 0
    now = 11.0
    assert (wait_for([fixed]), wait_for([sliding])) == (0, 0)
    assert wait_for([fixed]) == 0
    assert wait_for([sliding]) == pytest.approx(0.9)


def test_a_limited_mock_refuses_and_is_asked_again() -> None:
    with plait.mock(allow=["1000/s", "fixed:2/1h"]) as mock:
        mock.on("GET", "/")
        assert [plait.get(mock.url).status for _ in range(3)] == [200, 200, 429]
        assert 3500 < int(plait.get(mock.url).headers["retry-after"]) <= 3600
        assert len(mock.requests) == 4
    with plait.mock(allow="1/50ms") as mock, plait.BlockingSession(retries=1) as session:
        mock.on("GET", "/")
        assert [session.get(mock.url).status for _ in range(3)] == [200] * 3
    for bad in ("50", "0/s", "often:5/s", "5/x"):
        with pytest.raises(plait.InputError, match=f"allow is a rate such as .*, not {bad!r}"):
            plait.mock(allow=bad)


def test_limits_count_by_a_clock_of_ones_own() -> None:
    now = 100.0
    with plait.mock(allow="fixed:1/1m", clock=lambda: now) as mock:
        mock.on("GET", "/", json=1)
        assert [plait.get(mock.url).status for _ in range(2)] == [200, 429]
        now += 59.5
        refused = plait.get(mock.url)
        assert (refused.status, refused.headers["retry-after"], refused.headers["retry-after-ms"]) == (429, "1", "500")
        now += 0.5
        assert plait.get(mock.url).status == 200
    with pytest.raises(plait.InputError, match="clock is a function"):
        plait.mock(clock=5)  # type: ignore[arg-type]


def test_it_speaks_http_2() -> None:
    large = b"x" * 1_000_000
    with plait.mock(intercept="api.example", http2=True) as mock:
        mock.on("GET", "/items", status=503, times=2).on("GET", "/items", json=[1], headers={"X-A": "1"})
        mock.on("POST", "/large", content=large).on("HEAD", "/*").on("DELETE", "/none", status=204)
        with plait.BlockingSession(base_url="https://api.example", retries=plait.Retry(3, first_delay="1ms")) as session:
            response = session.get("/items", params={"q": "é"})
            assert (response.http_version, response.json(), response.attempts) == ("2", [1], 3)
            assert response.headers["x-a"] == "1"
            posted = session.post("/large", content=large, headers={"X-B": "2"})
            assert (posted.http_version, posted.content) == ("2", large)
            assert session.head("/items").content == b""
            assert session.delete("/none").status == 204
        last = mock.requests[3]
        assert (last.method, last.url, last.content) == ("POST", "https://api.example/large", large)
        assert last.headers["x-b"] == "2"
        assert mock.requests[0].url == "https://api.example/items?q=%C3%A9"
        for scheme in ("http", "https"):
            with plait.BlockingSession(http_version="2") as session:
                assert session.head(f"{scheme}://api.example/").http_version == "2"
            with plait.BlockingSession(http_version="1.1") as session:
                assert session.head(f"{scheme}://api.example/").http_version == "1.1"
        assert plait.head(mock.url).http_version == "1.1"  # without TLS, only who asks for it gets it
    with plait.mock(intercept="api.example") as mock:
        mock.on("GET", "/")
        assert plait.get("https://api.example/").http_version == "1.1"


def test_many_calls_share_a_connection() -> None:
    async def main() -> None:
        async with plait.Session(concurrency=50) as session:
            first = await session.get("https://api.example/0")
            responses = await plait.gather(*(session.get(f"https://api.example/{i}") for i in range(1, 50)))
            assert not first.reused and all(response.reused for response in responses)
            assert [response.json() for response in responses] == [f"/{i}" for i in range(1, 50)]

    began = time.monotonic()
    with plait.mock(intercept="api.example", http2=True, latency="300ms") as mock:
        mock.answer(lambda request: request.url.removeprefix("https://api.example"))
        asyncio.run(main())
        assert time.monotonic() - began >= 0.6


def test_faults_over_http_2() -> None:
    with plait.mock(intercept="api.example", http2=True, allow="1000/s") as mock:
        mock.on("GET", "/reset", fault="reset").on("GET", "/cut", content="half", fault="cut")
        mock.on("GET", "/hang", fault="hang").on("GET", "/good", json=1)
        with plait.BlockingSession(base_url="https://api.example") as session:
            with pytest.raises(plait.SendError):
                session.get("/reset")
            with pytest.raises(plait.SendError):
                session.get("/cut")
            with pytest.raises(plait.Timeout):
                session.get("/hang", timeout="100ms")
            assert session.get("/good").http_version == "2"
    with pytest.raises(plait.InputError, match="http2 is True or False, not 'yes'"):
        plait.mock(http2="yes")  # type: ignore[arg-type]


def test_the_end_of_the_block_ends_connections_of_http_2() -> None:
    with plait.BlockingSession() as session:
        with plait.mock(intercept="api.example", http2=True, strict=False) as mock:
            mock.on("GET", "/slow", latency="1h")
            with pytest.raises(plait.Timeout):
                session.get("https://api.example/slow", timeout="50ms")
            server = mock._server
            assert server is not None
        for _ in range(6000):
            if not server._sockets:
                break
            time.sleep(0.01)
        assert not server._sockets
