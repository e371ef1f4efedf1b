"""What code has that runs every day: retries and limits, lists in pages, hooks, and tests without the third party.

    python -m pytest production.py
"""

from __future__ import annotations

from typing import Any

import plait


def is_worth_it(came: plait.Response | plait.Error) -> bool | None:
    is_used_up = isinstance(came, plait.Response) and "daily quota" in came.text
    return False if is_used_up else None


def careful_session(key: str) -> plait.Session:
    return plait.Session(
        headers={"Authorization": f"Bearer {key}"},
        retries=plait.Retry(5, first_delay="200ms", when=is_worth_it),
        limits=plait.Limits("requests=500/m", "tokens=90k/m", concurrency="auto", per_origin=50),
        timeout="30s",
    )


def all_items(session: plait.BlockingSession) -> list[Any]:
    pages = session.paginate("https://api.example/v1/items", next="/next_cursor", cursor="after", most=100)
    return [item for page in pages for item in page.json(pointer="/items")]


class Timer(plait.Hook):
    def before(self, attempt: plait.Attempt) -> dict[str, str]:
        return {"X-Attempt": str(attempt.number)}

    def after(self, attempt: plait.Attempt) -> None:
        came = attempt.response.status if attempt.response is not None else attempt.error
        print(attempt.request.url, attempt.number, came)


def test_a_busy_server_is_asked_again(plait_mock: plait.Mock) -> None:
    plait_mock.intercept("api.example")
    plait_mock.on("GET", "/v1/items", status=503, times=2).on("GET", "/v1/items", json=["a"])
    with plait.BlockingSession(retries=3) as session:
        assert session.get("https://api.example/v1/items").json() == ["a"]
    assert len(plait_mock.requests) == 3
