"""What is given wrongly: nothing is sent, and the error says what to give."""

from __future__ import annotations

import asyncio
import copy
import inspect
import io
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import plait
import pytest
from plait._errors import for_python


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ({"content": 5}, "content is bytes or a text, not int"),
        ({"content": [1, 2]}, "content is bytes or a text, not list"),
        ({"content": io.BytesIO(b"x")}, "read a file"),
        ({"data": b"x"}, "send bytes as content="),
        ({"data": {"a": {"b": 1}}}, "data: the value of 'a'"),
        ({"json": {"a": "\ud83d"}}, "json: .*surrogates"),
        ({"params": "a=b"}, "params must be a mapping or a list of pairs, not str"),
        ({"params": {"a": {"b": 1}}}, "params: the value of 'a'"),
        ({"headers": ["a: b"]}, "headers must be a mapping or a list of pairs, not list of str"),
        ({"headers": {"a": "\ud83d"}}, "header 'a' has a lone surrogate, which is no text, at character 0"),
        ({"auth": ("a", "b", "c")}, r"auth is \(USER, PASSWORD\), a token, or a function"),
        ({"auth": lambda request: None}, "auth returned None, not a request"),
        ({"timeout": (3, 5)}, "timeout is a number of seconds"),
        ({"timeout": plait.Timeouts(idle=3)}, "connect and idle are given to the session"),
        ({"timeout": plait.Timeouts(connect=3)}, "connect and idle are given to the session"),
        ({"priority": "high"}, "priority is a whole number, not 'high'"),
        ({"priority": 2**40}, "priority is a whole number below"),
        ({"group": 5}, "group must be a str, not int"),
        ({"costs": {"tokens": -1}}, "costs is a mapping such as"),
        ({"costs": 5}, "costs is a mapping such as"),
        ({"safe_to_repeat": "no"}, "safe_to_repeat is True or False, not 'no'"),
        ({"idempotency_key": 5}, "idempotency_key must be a str, not int"),
        ({"raise_for_status": 1}, "raise_for_status is True or False, not 1"),
    ],
)
def test_options_of_a_call(call: dict[str, Any], message: str, url: str) -> None:
    with pytest.raises(plait.InputError, match=message):
        plait.post(url, **call)


@pytest.mark.parametrize(
    ("session", "message"),
    [
        ({"base_url": 5}, "base_url is a text, not 5"),
        ({"cookies": {"a": "b"}}, "cookies is True or False, not dict$"),
        ({"redirects": -1}, "redirects is a whole number, at least 0"),
        ({"redirects": False}, "redirects is a whole number, not False"),
        ({"http_version": 2}, "http_version is a text"),
        ({"proxy": {"http": "x"}}, "proxy is a text"),
        ({"tls": True}, "tls is a plait.Tls"),
        ({"limits": 5}, "limits is a text or a list of texts, not 5"),
        ({"hooks": plait.Hook()}, "hooks is a list of hooks"),
        ({"hooks": [object()]}, "a hook needs the methods 'before' and 'after' .*lacks them"),
        ({"retries": plait.Retry(statuses=[404, 204])}, "statuses: an answer 204 is ok"),
        ({"hooks": [plait.Hook]}, r"a hook is an object: give Hook\(\)"),
        ({"timeout": "5 s"}, "timeout is a time such as"),
    ],
)
def test_options_of_a_session(session: dict[str, Any], message: str) -> None:
    for kind in (plait.BlockingSession, plait.Session):
        with pytest.raises(plait.InputError, match=message):
            kind(**session)
    with pytest.raises(plait.InputError, match="concurrency is a whole number"):
        plait.Session(concurrency="many")  # type: ignore[arg-type]
    with pytest.raises(plait.InputError, match="attempts is a number"):
        plait.Retry(2.5)  # type: ignore[arg-type]
    for statuses in ("404", 404, [99], [True], [404.0]):
        with pytest.raises(plait.InputError, match="statuses is a list of numbers from 100 to 599"):
            plait.Retry(statuses=statuses)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("run", "message"),
    [
        ({"concurrency": "many"}, "concurrency is a whole number, not 'many'"),
        ({"canary": -1}, "canary is a whole number, at least 0"),
        ({"durable": "x"}, "durable is True or False"),
        ({"budget": "5"}, "budget is a mapping"),
        ({"max_pages": 0, "follow": "next=link"}, "max_pages is a whole number, at least 1"),
        ({"max_pages": 2}, "max_pages needs follow"),
        ({"each_page": True}, "each_page needs follow"),
        ({"each_page": True, "follow": "next=link"}, "each_page is for the results file"),
        ({"result_format": "openai-batch"}, "result_format is for the results file"),
        ({"retries": plait.Retry(statuses=[200])}, "statuses: an answer 200 is ok"),
    ],
)
def test_options_of_a_run(run: dict[str, Any], message: str, url: str) -> None:
    with pytest.raises(plait.InputError, match=message):
        plait.run([url], **run)


@pytest.mark.parametrize("poll", ["poll=location", {"poll": "/status", "until": ["done"]}])
def test_a_job_has_no_pages(poll: Any, url: str, tmp_path: Path) -> None:
    results = tmp_path / "results.jsonl"
    with pytest.raises(plait.InputError, match="each_page needs pages, but follow is about a job: leave one of them out"):
        plait.run([url], results, follow=poll, each_page=True)
    assert not results.exists()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("header", "did you mean 'headers'"),
        ("verify", "plait.Tls"),
        ("allow_redirects", "redirects=0 of a session"),
        ("stream", "bodies are read whole"),
        ("redirects", "it is one of a session"),
    ],
)
def test_names_that_there_are_not(name: str, message: str, url: str) -> None:
    with pytest.raises(TypeError, match=f"a call has no option '{name}': .*{message}"):
        plait.get(url, **{name: 1})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("make", "given", "message"),
    [
        (plait.Retry, "attemps", "plait.Retry has no option 'attemps': did you mean 'attempts'?"),
        (plait.Retry, "total", "plait.Retry has no option 'total': attempts= is meant, which counts the first one, too"),
        (plait.Retry, "status_forcelst", "did you mean 'status_forcelist'? statuses= is meant"),
        (plait.Retry, "nonsense", "plait.Retry has no option 'nonsense'"),
        (plait.Limits, "per_orign", "plait.Limits has no option 'per_orign': did you mean 'per_origin'?"),
        (plait.Limits, "requests", "plait.Limits has no option 'requests': give rates without a name"),
        (plait.Timeouts, "deadlin", "plait.Timeouts has no option 'deadlin': did you mean 'deadline'?"),
        (plait.Timeouts, "total", "plait.Timeouts has no option 'total': deadline= is meant"),
        (plait.Tls, "client_certs", "plait.Tls has no option 'client_certs': did you mean 'client_cert'?"),
        (partial(plait.Rows, "/"), "keeps", "plait.Rows has no option 'keeps': did you mean 'keep'?"),
        (partial(plait.Request, "GET", "/"), "header", "plait.Request has no option 'header': did you mean 'headers'?"),
        (plait.Answer, "stats", "plait.Answer has no option 'stats': did you mean 'status'?"),
        (plait.mock, "intercepts", "plait.mock has no option 'intercepts': did you mean 'intercept'?"),
        (partial(plait.mock().on, "GET", "/"), "time", "mock.on has no option 'time': did you mean 'times'?"),
        (partial(plait.requests_of, [], "/"), "id_from", "plait.requests_of has no option 'id_from': custom_id= is meant"),
        (partial(plait.paginate, "/"), "curser", "paginate has no option 'curser': did you mean 'cursor'?"),
        (partial(plait.paginate, "/"), "redirects", "paginate has no option 'redirects': it is one of a session"),
        (partial(plait.BlockingSession().map, []), "orderd", "map has no option 'orderd': did you mean 'ordered'?"),
        (partial(plait.Session().map, []), "concurency", "map has no option 'concurency': did you mean 'concurrency'?"),
        (partial(plait.map, []), "progres", "did you mean 'progress'? each map() of a blocking session takes it"),
    ],
)
def test_misspelt_keywords_are_answered_with_the_one_that_is_meant(
    make: Callable[..., object], given: str, message: str
) -> None:
    with pytest.raises(TypeError) as error:
        make(**{given: 1})
    assert message in str(error.value)


def test_what_takes_options_looks_as_it_is_written() -> None:
    assert list(inspect.signature(plait.Limits).parameters) == ["rates", "concurrency", "per_origin"]
    assert plait.mock.__doc__ is not None and plait.mock.__name__ == "mock"
    assert copy.copy(plait.Retry(3)).attempts == 3
    with pytest.raises(TypeError, match="positional"):
        plait.Retry(1, 2)  # type: ignore[call-arg]


def test_a_misspelt_field_of_a_mapping_is_answered_with_the_one_that_is_meant() -> None:
    with pytest.raises(plait.InputError, match="a request has no 'metod': did you mean 'method'?"):
        plait.Request.from_dict({"url": "http://a.example/", "metod": "PUT"})


def test_a_run_does_not_offer_what_it_refuses(url: str) -> None:
    with pytest.raises(TypeError, match="a run has no option 'params'$"):
        plait.run([url], params={"a": 1})
    with pytest.raises(TypeError, match="a run has no option 'retrys': did you mean 'retries'"):
        plait.run([url], retrys=3)  # type: ignore[call-arg]


@pytest.mark.parametrize("bad", [5, None, b"http://127.0.0.1/", "http://127.0.0.1/\udc80"])
def test_what_is_no_url(bad: Any) -> None:
    async def get(**call: Any) -> None:
        async with plait.Session() as session:
            await session.get(bad, **call)

    for call in ({}, {"params": {"a": 1}}):
        with pytest.raises(plait.InputError, match="the URL"):
            plait.get(bad, **call)  # type: ignore[arg-type]
        with pytest.raises(plait.InputError, match="the URL"):
            asyncio.run(get(**call))
    with pytest.raises(plait.InputError, match="the URL"):
        plait.Request("GET", bad)
    with pytest.raises(plait.InputError, match="the method"):
        plait.request(5, "http://127.0.0.1/")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "bad",
    [
        {"url": 5},
        {"method": 5},
        {"headers": 5},
        {"priority": "x"},
        {"costs": 5},
        {"group": 5},
        {"content": 5},
        {"json": "\ud83d"},
    ],
)
def test_one_wrong_request_does_not_end_a_map(bad: dict[str, Any], url: str) -> None:
    results = list(plait.map([url, {"url": url, **bad}, url], ordered=True))
    assert [result.ok for result in results] == [True, False, True]
    assert isinstance(results[1].error, plait.InputError)


@pytest.mark.parametrize("bad", ["http://127.0.0.1/\ud800", "\udc80"])
def test_a_url_that_is_no_text_does_not_end_a_map(bad: str, url: str) -> None:
    async def mapped(**options: Any) -> list[plait.Result]:
        async with plait.Session(**options) as session:
            return [result async for result in session.map([url, bad, url], ordered=True)]

    each: list[dict[str, Any]] = [{}, {"params": {"a": "b"}}]
    for options in each:
        with plait.BlockingSession(**options) as session:
            blocking = list(session.map([url, bad, url], ordered=True))
        for results in (blocking, asyncio.run(mapped(**options))):
            assert [result.ok for result in results] == [True, False, True]
            with pytest.raises(plait.InputError, match="the URL has a lone surrogate"):
                results[1].unwrap()


def test_a_map_takes_many_requests(url: str) -> None:
    for bad in (url, {"url": url}, url.encode()):
        with pytest.raises(TypeError, match="map takes a list or another iterable of requests, not one"):
            plait.map(bad)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="map takes a list"):
            plait.Session().map(bad)  # type: ignore[arg-type]
    for number in (0, -1, 1.5, "5", 2**70):
        with pytest.raises(plait.InputError, match="concurrency is a whole number, at least 1"):
            plait.map([url], concurrency=number)  # type: ignore[arg-type]


def test_a_run_takes_many_requests(url: str) -> None:
    for bad in ({"url": url}, url.encode(), 5, plait.Request("GET", url)):
        with pytest.raises(TypeError, match="requests is a file, an iterable or a data frame, not "):
            plait.run(bad)
    with pytest.raises(TypeError, match="requests_of takes a data frame of pandas, polars or Arrow, not list"):
        plait.requests_of([{"id": 1}], url)


def test_a_body_that_is_an_object_is_json_as_in_a_run(url: str) -> None:
    request = {"url": url, "body": {"a": 1}}
    (mapped,) = plait.map([request])
    (ran,) = plait.run([request])
    assert mapped.unwrap().json(pointer="/body") == ran.unwrap().json(pointer="/body") == '{"a":1}'
    assert mapped.unwrap().json(pointer="/headers/content-type") == "application/json"


def test_values_of_params_and_forms(url: str) -> None:
    values: dict[str, Any] = {"a": b"b", "c": {1}, "d": (n for n in (1, 2)), "e": None, "f": True}
    assert plait.get(url, params=values).json(pointer="/target") == "/?a=b&c=1&d=1&d=2&f=true"
    assert plait.post(url, data={"a": [1, 2], "b": None, "c": True}).json(pointer="/body") == "a=1&a=2&c=true"


def test_texts_with_two_hyphens_stay_whole() -> None:
    for text in ("GET http://xn--bcher-kva.example/a--b: refused", "URL 'http://a.example/x--cert'", "read a--key: no"):
        assert for_python(text) == text
    with pytest.raises(plait.SendError, match=r"^GET http://127\.0\.0\.1:1/a--cert/b: "):
        plait.get("http://127.0.0.1:1/a--cert/b")


def test_sessions_show_themselves_and_say_how_they_are_used(url: str) -> None:
    assert repr(plait.BlockingSession(base_url=url)) == f"<BlockingSession base_url='{url}'>"
    assert repr(plait.Session()) == "<Session 0 in flight, 0 made>"
    assert repr(plait.run([url])) == "<Run running: 0 done, 0 ok>"
    assert repr(plait.Answer(503, fault="cut")) == "<Answer 503, 0 B, cut>"
    assert repr(plait.mock()) == "<Mock not begun, 0 requests>"
    session: Any = plait.Session()
    with pytest.raises(TypeError, match="async with"):
        with session:
            pass


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"next": "page"}, "needs an end"),
        ({"items": "items"}, "items is a JSON pointer"),
        ({"next": 5}, "next is 'link'"),
        ({"most": "x"}, "most is a number of pages"),
        ({"until": 5}, "until is a function"),
    ],
)
def test_pages_are_not_begun_with_wrong_options(options: dict[str, Any], message: str, plait_mock: plait.Mock) -> None:
    with pytest.raises(plait.InputError, match=message):
        next(plait.paginate(plait_mock.url, **options))
    assert plait_mock.requests == []


def test_a_mock_intercepts_a_host_given_as_a_text() -> None:
    with plait.mock(intercept="api.example") as mock:
        mock.on("GET", "/a", json=1)
        assert plait.get("https://api.example/a").json() == 1


def test_a_function_of_a_mock_that_raises_is_heard() -> None:
    with pytest.raises(KeyError, match="mine"):
        with plait.mock() as mock:
            mock.answer(lambda request: request.headers["mine"])
            assert plait.get(mock.url).status == 500


def test_a_mock_refuses_what_would_never_be_asked(plait_mock: plait.Mock) -> None:
    for path in ("items", "GET"):
        with pytest.raises(plait.InputError, match="path is one such as '/items'"):
            plait_mock.on("GET", path)
    for host in ("*.example", 5, "api.example:99999"):
        with pytest.raises(plait.InputError, match="intercept: "):
            plait_mock.intercept(host)  # type: ignore[arg-type]


def test_one_bad_item_does_not_end_a_run(url: str) -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    bad: list[Any] = [5, {"url": url, "json": deep}, {"url": url, "retries": "x"}, {"url": url, "costs": 5}, {"x": 1}]
    for options in ({}, {"expect": 200}):
        results = list(plait.run([url, *bad, plait.Request("GET", url)], ordered=True, **options))  # type: ignore[arg-type]
        assert [result.ok for result in results] == [True, *[False] * len(bad), True]
        assert {result.error.code for result in results if result.error} == {"bad_input"}


@pytest.mark.parametrize("expect", ["foo", 99, [], {"state": 200}, {"status": "2xy"}, {1, 2}])
def test_what_can_be_expected(expect: Any, url: str) -> None:
    with pytest.raises(plait.InputError, match="expect is a status such as 404 or '2xx'"):
        plait.run([url], expect=expect)


def test_a_url_prefix_was_called_base_url(url: str) -> None:
    with pytest.warns(DeprecationWarning, match="base_url of a run is now url_prefix") as caught:
        (result,) = plait.run(["/b"], base_url=f"{url}/a")
    assert caught[0].filename == __file__
    assert result.unwrap().json(pointer="/target") == "/a/b"
    with pytest.raises(plait.InputError, match="give one of the two"):
        plait.run(["/b"], base_url=url, url_prefix=url)
    with pytest.raises(plait.InputError, match="url_prefix is a text, not 5"):
        plait.run(["/b"], url_prefix=5)  # type: ignore[arg-type]


def test_a_pointer_to_pages_that_is_mistyped(plait_mock: plait.Mock) -> None:
    plait_mock.on("GET", "/", json={"next": None, "items": [1], "none": []})
    wrong: list[dict[str, Any]] = [{"next": "/nxt"}, {"next": "page", "items": "/itms"}, {"next": "/next", "items": "/i"}]
    for options in wrong:
        with pytest.raises(plait.InputError, match="the first page has no value at '/.*optional=True"):
            list(plait.paginate(plait_mock.url, **options))
    assert len(list(plait.paginate(plait_mock.url, next="/nxt", optional=True))) == 1
    assert len(list(plait.paginate(plait_mock.url, next="/next", items="/items"))) == 1
    assert list(plait.paginate(plait_mock.url, next="/next", items="/none")) == []


@pytest.mark.filterwarnings("ignore:.*uninitialized instance")
def test_an_object_that_no_constructor_made() -> None:
    session, call = plait.Session.__new__(plait.Session), plait.Call.__new__(plait.Call)
    for use in (
        lambda: session.get("http://a.example"),
        lambda: call.send(None),
        lambda: next(call.__await__()),
        lambda: call.throw(ValueError("no")),
        lambda: call.close(),
    ):
        with pytest.raises(TypeError):
            use()
    response = plait.Response.__new__(plait.Response)
    for name in ("status", "ok", "content", "headers"):
        with pytest.raises(TypeError):
            getattr(response, name)
    with pytest.raises(TypeError):
        memoryview(response)
