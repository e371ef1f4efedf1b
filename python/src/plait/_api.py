"""Blocking calls, in a session of the process's own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from ._messages import Result
from ._options import CallOptions, ConnectionOptions
from ._sessions import BlockingSession, RequestTypes

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ._engine import Response

_session: BlockingSession | None = None


def _default_session() -> BlockingSession:
    global _session
    if _session is None:
        _session = BlockingSession(cookies=False)  # calls from different places of a program share nothing
    return _session


def request(method: str, url: str, **call: Unpack[CallOptions]) -> Response:
    """Makes a call, and waits for the answer. Its connection is kept for later calls of any thread."""
    return _default_session().request(method, url, **call)


def get(url: str, **call: Unpack[CallOptions]) -> Response:
    return _default_session().request("GET", url, **call)


def post(url: str, **call: Unpack[CallOptions]) -> Response:
    return _default_session().request("POST", url, **call)


def put(url: str, **call: Unpack[CallOptions]) -> Response:
    return _default_session().request("PUT", url, **call)


def patch(url: str, **call: Unpack[CallOptions]) -> Response:
    return _default_session().request("PATCH", url, **call)


def delete(url: str, **call: Unpack[CallOptions]) -> Response:
    return _default_session().request("DELETE", url, **call)


def head(url: str, **call: Unpack[CallOptions]) -> Response:
    return _default_session().request("HEAD", url, **call)


def map(
    requests: Iterable[RequestTypes],
    *,
    concurrency: int = 100,
    ordered: bool = False,
    **options: Unpack[ConnectionOptions],
) -> Iterator[Result]:
    """`BlockingSession.map`, in a session of its own with these options.

        for result in plait.map(urls, headers={"Authorization": f"Bearer {key}"}):
            print(result.response.status if result.ok else result.error)
    """
    return BlockingSession(**options).map(requests, concurrency=concurrency, ordered=ordered)
