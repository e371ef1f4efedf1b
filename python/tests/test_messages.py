"""Responses, headers and requests as values."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import plait
import pytest
from conftest import RawServer, answer

VALUES: list[Any] = [
    None, True, 0, -5, 2**63 - 1, 2**64 - 1, 2**70, 1.5, -1e300, "", "é\u0000\U0001f600", [], {}, [1, [2, {"a": [None]}]],
    {"a": {"b": [1, 2]}, "": 1},
]  # fmt: skip


def response_with(answering: Callable[[bytes], RawServer], body: bytes, *fields: str) -> plait.Response:
    return plait.get(answering(answer(body, *fields)).url)


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_json_is_what_pythons_parser_makes_of_it(value: Any, answering: Callable[[bytes], RawServer]) -> None:
    assert response_with(answering, json.dumps(value).encode()).json() == value


def test_json_that_is_nested_too_deeply_is_an_error(answering: Callable[[bytes], RawServer]) -> None:
    depth = 200_000
    with pytest.raises(plait.InputError, match="too deeply"):
        response_with(answering, b"[" * depth + b"]" * depth).json()


def test_a_pointer_builds_one_value(answering: Callable[[bytes], RawServer]) -> None:
    body = json.dumps({"usage": {"total": [7, 2**70]}, "a/b": 1}).encode()
    response = response_with(answering, body)
    assert response.json(pointer="/usage/total/0") == 7
    assert response.json(pointer="/usage/total/1") == 2**70
    assert response.json(pointer="/a~1b") == 1
    with pytest.raises(plait.InputError, match="no value at '/usage/x'"):
        response.json(pointer="/usage/x")
    with pytest.raises(plait.InputError, match="must be empty or begin with"):
        response.json(pointer="usage")


def test_a_body_that_is_not_json_is_shown(answering: Callable[[bytes], RawServer]) -> None:
    response = response_with(answering, b"<html>sorry</html>", "Content-Type: text/html")
    with pytest.raises(plait.InputError, match="text/html is not JSON.*<html>sorry") as caught:
        response.json()
    assert isinstance(caught.value, ValueError)


def test_another_parser_can_be_given(answering: Callable[[bytes], RawServer]) -> None:
    assert response_with(answering, b"[1]").json(loads=lambda content: content.decode()) == "[1]"


def test_text_is_by_charset(answering: Callable[[bytes], RawServer]) -> None:
    assert response_with(answering, "é".encode("latin-1"), "Content-Type: text/plain; charset=ISO-8859-1").text == "é"
    assert response_with(answering, "é".encode(), "Content-Type: text/plain").text == "é"
    assert response_with(answering, b"\xff", "Content-Type: text/plain; charset=nonsense").text == "\ufffd"


def test_a_body_is_seen_without_a_copy(answering: Callable[[bytes], RawServer]) -> None:
    response = response_with(answering, b"body")
    view = memoryview(response)
    assert (bytes(view), len(response), view.readonly) == (b"body", 4, True)
    assert response.content is response.content


def test_headers_are_found_in_any_case(answering: Callable[[bytes], RawServer]) -> None:
    headers = response_with(answering, b"", "Set-Cookie: a=1", "set-cookie: b=2", "X-Latin: caf\u00e9").headers
    assert headers["SET-COOKIE"] == "a=1"
    assert headers.get_all("set-cookie") == ["a=1", "b=2"]
    assert "x-latin" in headers and "nothing" not in headers and headers.get("nothing") is None
    assert list(headers) == ["Content-Length", "Set-Cookie", "X-Latin"]
    assert pickle.loads(pickle.dumps(headers)) == headers


def test_links_are_resolved(answering: Callable[[bytes], RawServer]) -> None:
    server = answering(answer(b"", 'Link: </items?page=2>; rel="next", <http://a.example/>; rel=last'))
    assert plait.get(server.url).links == {"next": f"{server.url}/items?page=2", "last": "http://a.example/"}


def test_a_response_can_be_pickled_and_copied(url: str) -> None:
    response = plait.post(f"{url}/x", json={"a": 1})
    for other in (pickle.loads(pickle.dumps(response)), copy.copy(response), copy.deepcopy(response)):
        assert (other.status, other.content, other.url) == (response.status, response.content, response.url)
        assert other.headers == response.headers
        assert (other.request.method, other.request.content) == ("POST", b'{"a":1}')
        assert other.timings == response.timings
    assert isinstance(response.elapsed, timedelta)


def test_a_request_does_not_change() -> None:
    request = plait.Request("post", "http://a.example/", json=[1], params={"q": "x"}, custom_id="7")
    assert (request.method, request.url, request.content) == ("POST", "http://a.example/?q=x", b"[1]")
    with pytest.raises(AttributeError, match="replace"):
        request.url = "x"
    other = request.replace(content="text", custom_id="8")
    assert (other.headers["content-type"], other.custom_id) == ("text/plain; charset=utf-8", "8")
    assert request.headers["content-type"] == "application/json"
    again = pickle.loads(pickle.dumps(request))
    assert (again.url, again.content, again.custom_id) == (request.url, request.content, "7")


def test_a_request_is_made_of_a_mapping() -> None:
    request = plait.Request.from_dict({"url": "http://a.example/", "json": {"a": 1}, "custom_id": "1"})
    assert (request.method, request.content, request.custom_id) == ("POST", b'{"a":1}', "1")
    with pytest.raises(plait.InputError, match="no 'urll'"):
        plait.Request.from_dict({"url": "http://a.example/", "urll": 1})
    with pytest.raises(plait.InputError, match="needs a 'url'"):
        plait.Request.from_dict({})


def test_errors_can_be_pickled_and_copied(answering: Callable[[bytes], RawServer]) -> None:
    with pytest.raises(plait.StatusError) as status:
        plait.get(answering(answer(b"x", status="500 No")).url).raise_for_status()
    with pytest.raises(plait.ConnectError) as connect:
        plait.get("http://127.0.0.1:1/")
    for error in (status.value, connect.value):
        for other in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
            assert (type(other), str(other), other.code) == (type(error), str(error), error.code)
            assert other.request is not None
    assert pickle.loads(pickle.dumps(status.value)).response.content == b"x"
    assert pickle.loads(pickle.dumps(connect.value)).maybe_sent is False


def test_options_show_what_they_are() -> None:
    assert repr(plait.Timeouts(deadline=timedelta(milliseconds=90))).startswith("Timeouts(attempt=120.0")
    assert plait.Timeouts(idle=1) == plait.Timeouts(idle=1) != plait.Timeouts()
    assert repr(plait.Tls()) == "Tls(verify=True, client_cert=None)"
