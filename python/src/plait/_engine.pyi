"""The part in C++. Only the package's Python code uses it; `Call` and `Response` are for everyone."""

from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterable, Iterator
from datetime import timedelta
from typing import Any, Generic, TypeVar, final

from typing_extensions import Buffer, Self, TypedDict

from ._messages import Fields, Headers, Request, Result
from ._run import RunResult

version: str

def system_has_trusted_certificates() -> bool:
    """Whether TLS finds certificates to trust where it looks by default."""

T = TypeVar("T")

class Timings(TypedDict):
    """How long each phase took, in seconds. They follow each other; a phase that was not needed took 0."""

    dns: float
    connect: float
    tls: float
    send: float
    wait: float
    receive: float

class Statistics(TypedDict):
    in_flight: int
    """Calls that were begun and have not ended, those that wait for their turn included."""
    made: int
    failed: int

@final
class Response(Buffer):
    """A complete answer: a truncated one is a `ProtocolError`. Can be pickled, and outlives its session.

    `memoryview(response)` is the body without a copy.
    """

    @property
    def status(self) -> int: ...
    @property
    def status_code(self) -> int:
        """The same, for code that comes from requests or httpx."""
    @property
    def reason(self) -> str: ...
    @property
    def ok(self) -> bool:
        """Whether the status is 2xx. (In requests, 3xx is ok, too.)"""
    @property
    def headers(self) -> Headers: ...
    @property
    def content(self) -> bytes:
        """The body: copied at the first look, and kept."""
    @property
    def file(self) -> str | None:
        """The file with the body, if a run has saved it in one (`save_bodies`)."""
    @property
    def text(self) -> str:
        """The body by the charset of Content-Type, else as UTF-8; what is not valid is replaced."""
    def json(self, *, pointer: str | None = None, loads: Callable[[bytes], Any] | None = None) -> Any:
        """The body, parsed in C++; with `pointer` (RFC 6901), such as "/usage/total_tokens", only that value is built.
        `loads` is another parser. Raises `InputError`, a `ValueError`, which says what the server sent instead."""
    @property
    def links(self) -> dict[str, str]:
        """The `Link` header by relation: `{"next": url}`."""
    @property
    def url(self) -> str:
        """Where the answer comes from, after redirects."""
    @property
    def request(self) -> Request: ...
    @property
    def timings(self) -> Timings: ...
    @property
    def elapsed(self) -> timedelta:
        """From the start of the call, its wait for a turn included, to the last byte."""
    @property
    def attempts(self) -> int:
        """How often the request was sent, redirects not counted."""
    @property
    def reused(self) -> bool:
        """Whether the connection had carried another request before."""
    @property
    def http_version(self) -> str:
        """"1.1" or "2"."""
    def raise_for_status(self) -> Self:
        """The response itself if its status is 2xx; else raises `StatusError`, which holds it."""
    def __len__(self) -> int: ...
    def __bool__(self) -> bool: ...
    def __buffer__(self, flags: int, /) -> memoryview: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

def response_from_state(state: tuple[Any, ...]) -> Response: ...
@final
class Call(Coroutine[Any, Any, T], Generic[T]):
    """A request that is sent when it is awaited, once. It is a coroutine, so that `asyncio.create_task`, `gather`,
    `wait_for`, `TaskGroup.create_task`, `shield` and anyio's task groups take it as it is."""

    @property
    def __name__(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The request line without its query: asyncio shows it in the names of tasks."""
    def send(self, value: Any, /) -> Any: ...
    def throw(self, typ: Any, val: Any = ..., tb: Any = ..., /) -> Any: ...
    def close(self) -> None: ...
    def _expect(self) -> None: ...
    def __await__(self) -> Generator[Any, None, T]: ...

class AsyncSession:
    def __init__(self, options: dict[str, Any], /) -> None: ...
    def _call(
        self,
        method: str,
        url: str,
        headers: Fields | None = ...,
        body: bytes | None = ...,
        attempt: float | None = ...,
        deadline: float | None = ...,
        request: Request | None = ...,
        policy: dict[str, Any] | None = ...,
    ) -> Call[Response]: ...
    def _close(self) -> None: ...
    @property
    def closed(self) -> bool: ...
    @property
    def statistics(self) -> Statistics: ...

class AsyncMap:
    def __init__(
        self, session: AsyncSession, requests: Iterable[Any] | None, concurrency: int, ordered: bool
    ) -> None: ...
    def advance(self) -> None: ...
    def put(self, item: Any) -> None: ...
    def take_all(self) -> list[Result]: ...
    def wait(self) -> Awaitable[None]: ...
    def close(self) -> None: ...
    def set_exhausted(self) -> None: ...
    @property
    def has_room(self) -> bool: ...
    @property
    def is_done(self) -> bool: ...

class BlockingSession:
    def __init__(self, options: dict[str, Any], /) -> None: ...
    def _call(
        self,
        method: str,
        url: str,
        headers: Fields | None = ...,
        body: bytes | None = ...,
        attempt: float | None = ...,
        deadline: float | None = ...,
        request: Request | None = ...,
        policy: dict[str, Any] | None = ...,
    ) -> Response: ...
    def _map(self, requests: Iterable[Any], concurrency: int, ordered: bool) -> BlockingMap: ...
    def _close(self) -> None: ...

class BlockingMap(Iterator[Result]):
    def __next__(self) -> Result: ...
    def close(self) -> None: ...

def check_expectation(json: str, /) -> None: ...
def check(requests: str | Iterable[Any], options: dict[str, Any], name: str, /) -> tuple[str, str, bool, bool]: ...
def set_intercepts(connect_to: list[str], ca_file: str, /) -> None: ...
def make_certificate(names: list[str], /) -> tuple[str, str]: ...

class Http2Server:
    """One connection of a server that speaks HTTP/2, without its socket."""

    def __init__(self) -> None: ...
    def receive(self, received: bytes, /) -> bool:
        """Takes bytes in pieces of any size. False: the client broke the rules."""
    def take_requests(self) -> list[tuple[int, str, str, Fields, bytes]]:
        """Those that are complete: stream, method, target, header fields, body."""
    def answer(self, stream: int, status: int, fields: Fields, body: bytes, /) -> None: ...
    def reset(self, stream: int, /) -> None: ...
    def take_output(self) -> bytes: ...
    @property
    def is_done(self) -> bool: ...

class BatchRun(Iterator[RunResult]):
    def __init__(self, requests: str | Iterable[Any], results: str | None, options: dict[str, Any], /) -> None: ...
    def __next__(self) -> RunResult: ...
    def _finish(self) -> dict[str, Any]: ...
    def _close(self) -> None: ...
    def _begin(self, keeps_values: bool, /) -> int: ...
    def _turn(self) -> None: ...
    def _take_all(self) -> list[RunResult]: ...
    def _drop_values(self) -> None: ...
    def _give_up(self) -> None: ...
    def _conclude(self) -> dict[str, Any]: ...
    def _more_came(self) -> None: ...
    def _set_tick(self, tick: Callable[[dict[str, Any]], None], /) -> None: ...
    @property
    def _is_over(self) -> bool: ...
    def _interrupt(self) -> None: ...
    def _report(self) -> dict[str, Any]: ...
