"""Lists that come in pages."""

from __future__ import annotations

import asyncio
from typing import Any

import plait
import pytest


def pages_by_link(request: plait.Request) -> Any:
    number = int(request.url.rpartition("page=")[2]) if "page=" in request.url else 1
    link = {"Link": f'</items?key=k&page={number + 1}>; rel="next"'} if number < 3 else None
    return plait.Answer(json=[number], headers=link)


def test_the_link_header_leads_on(plait_mock: plait.Mock) -> None:
    plait_mock.answer(pages_by_link)
    with plait.BlockingSession(base_url=plait_mock.url) as session:
        found = [page.json() for page in session.paginate("/items", params={"key": "k"}, headers={"X-A": "1"})]
        assert found == [[1], [2], [3]]
        assert [len(list(session.paginate("/items", most=n))) for n in (1, 2, 9)] == [1, 2, 3]
        found = [page.json() for page in session.paginate("/items", until=lambda page: page.json() == [2])]
        assert found == [[1], [2]]
    assert [request.url.partition("?")[2] for request in plait_mock.requests[:3]] == ["key=k", "key=k&page=2", "key=k&page=3"]
    assert all(request.headers["x-a"] == "1" for request in plait_mock.requests[:3])
    assert len(list(plait.paginate(f"{plait_mock.url}/items"))) == 3

    async def main() -> list[Any]:
        async with plait.Session(base_url=plait_mock.url) as session:
            return [page.json() async for page in session.paginate("/items")]

    assert asyncio.run(main()) == [[1], [2], [3]]


def test_a_pointer_leads_to_a_url_or_a_cursor(plait_mock: plait.Mock) -> None:
    def answer(request: plait.Request) -> Any:
        path, _, query = request.url.partition("?")
        if path.endswith("/urls"):
            return {"n": query, "next": None if query == "b" else "?b"}
        cursor = dict(pair.split("=") for pair in query.split("&") if pair).get("after", "")
        return {"cursor": cursor, "meta": {} if cursor == "2" else {"next": int(cursor or 0) + 1}}

    plait_mock.answer(answer)
    found = [page.json()["n"] for page in plait.paginate(f"{plait_mock.url}/urls?a", next="/next")]
    assert found == ["a", "b"]
    found = [page.json()["cursor"] for page in plait.paginate(f"{plait_mock.url}/c?x=1", next="/meta/next", cursor="after")]
    assert found == ["", "1", "2"]
    with pytest.raises(plait.InputError, match="cursor"):
        list(plait.paginate(f"{plait_mock.url}/c", next="/meta/next"))
    found = [page.url for page in plait.paginate(f"{plait_mock.url}/f", next=lambda page: None)]
    assert found == [f"{plait_mock.url}/f"]


def test_pages_are_counted(plait_mock: plait.Mock) -> None:
    def answer(request: plait.Request) -> Any:
        number = int(request.url.rpartition("p=")[2] or 1)
        return {"data": [number] if number < 4 else []}

    plait_mock.answer(answer)
    url = f"{plait_mock.url}/items?p=2"
    found = [page.json(pointer="/data/0") for page in plait.paginate(url, next="page", page="p", items="/data")]
    assert found == [2, 3]
    with pytest.raises(plait.InputError, match="end"):
        list(plait.paginate(url, next="page", page="p"))


def test_what_must_not_go_on(plait_mock: plait.Mock) -> None:
    plait_mock.on("GET", "/circle", json={"next": "/circle"})
    plait_mock.on("GET", "/away", json={"next": "https://other.example/"})
    plait_mock.on("GET", "/broken", content="<html>")
    plait_mock.on("GET", "/failed", status=500)
    wrong: list[tuple[str, type[Exception], str]] = [
        ("/circle", plait.Error, "circle"),
        ("/away", plait.InputError, "another server"),
        ("/broken", plait.InputError, "JSON"),
        ("/failed", plait.StatusError, "500"),
    ]
    for path, kind, message in wrong:
        with pytest.raises(kind, match=message):
            list(plait.paginate(plait_mock.url + path, next="/next"))
    bad: list[dict[str, Any]] = [{"next": "links"}, {"most": 0}, {"cursor": "c"}]
    for options in bad:
        with pytest.raises(plait.InputError):
            list(plait.paginate(plait_mock.url, **options))
