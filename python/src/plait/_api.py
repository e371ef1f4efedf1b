"""Blocking calls, in a session of the process's own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from . import _hooks
from ._messages import Result
from ._options import CallOptions, ConnectionOptions
from ._sessions import BlockingSession, RequestTypes

TYPE_CHECKING = False  # importing typing would take a fifth of the time of importing plait
if TYPE_CHECKING:
    from typing import Any, Literal

    from typing_extensions import Unpack

    from ._engine import Response
    from ._pages import Next

_session: BlockingSession | None = None


def _default_session() -> BlockingSession:
    global _session
    if _session is None:
        _session = BlockingSession(cookies=False)  # calls from different places of a program share nothing
    return _session


def _renew_session() -> None:
    """Makes a new session for later calls: what sessions are made with has changed. Calls on their way keep the old."""
    global _session
    _session = None


def instrument(*, tracer_provider: Any = None, meter_provider: Any = None, capture_headers: Sequence[str] = ()) -> None:
    """Reports each attempt of a call to OpenTelemetry: a CLIENT span in the context of the call, and the metric
    `http.client.request.duration`. The header `traceparent` is sent along.

        plait.instrument()

    It holds for sessions and runs that are made afterwards, and for `plait.get` and its siblings. By default, the global
    providers are used. `capture_headers` names headers of requests and answers that become
    attributes. To call it again replaces the settings. Needs `opentelemetry-api`.
    """
    from ._telemetry import hook_for

    hook = hook_for(tracer_provider, meter_provider, capture_headers)
    uninstrument()
    _hooks.installed.append(hook)


def uninstrument() -> None:
    """Reports nothing more in sessions that are made afterwards."""
    _hooks.installed.clear()
    _renew_session()


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


def paginate(
    url: str,
    *,
    next: Next = "link",
    cursor: str | None = None,
    page: str = "page",
    items: str | None = None,
    until: Callable[[Response], bool] | None = None,
    most: int | None = None,
    optional: bool = False,
    **call: Unpack[CallOptions],
) -> Iterator[Response]:
    """`BlockingSession.paginate`, in the session of the process."""
    session = _default_session()
    return session.paginate(
        url, next=next, cursor=cursor, page=page, items=items, until=until, most=most, optional=optional, **call
    )


def map(
    requests: Iterable[RequestTypes],
    *,
    concurrency: int = 100,
    ordered: bool = False,
    progress: bool | Literal["rich", "tqdm", "log"] = False,
    **options: Unpack[ConnectionOptions],
) -> Iterator[Result]:
    """`BlockingSession.map`, in a session of its own with these options.

        for result in plait.map(urls, headers={"Authorization": f"Bearer {key}"}):
            print(result.response.status if result.ok else result.error)
    """
    return BlockingSession(**options).map(
        requests, concurrency=concurrency, ordered=ordered, progress=progress
    )
