"""Sessions: for event loops, and for threads that block."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator, Mapping, Sized

from . import _engine
from ._checks import check_target, takes_options
from ._errors import InputError
from ._frames import with_bad_ones
from ._messages import Request, Result
from ._options import CallOptions, ConnectionOptions, SessionOptions
from ._prepare import engine_options, prepare_call, prepare_request
from ._progress import counted

TYPE_CHECKING = False  # importing typing would take a fifth of the time of importing plait
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any, Literal, Union

    from typing_extensions import Self, TypeAlias, Unpack

    from ._engine import Call, Response
    from ._pages import Next

RequestTypes: TypeAlias = "Union[str, Request, Mapping[str, Any]]"


class Session(_engine.AsyncSession):
    """Calls from asyncio (and uvloop), trio and anyio: which it is, the session finds out at its first call.

        async with plait.Session(headers={"X-Api-Version": "2"}) as session:
            response = await session.get("https://api.example/v1/items")

    One event loop, one thread; the connections are kept, and shared by all calls. A session is bound to the loop in
    which it is first used, and raises `WrongLoop` in another.

    A call is a coroutine: nothing is sent before it is awaited, and `asyncio.create_task`, `gather`, `wait_for`,
    `TaskGroup` and `shield` take it as it is. To cancel its task gives the call up and closes its connection. Leaving
    the block gives up the calls still in flight: they raise `SessionClosed`.
    """

    def __init__(self, **options: Unpack[SessionOptions]) -> None:
        """Takes the options of `SessionOptions`. Raises `InputError` for those that can't be used."""
        engine, self._defaults = engine_options(options, SessionOptions)
        self._is_plain = self._defaults.are_none
        super().__init__({**engine, "is_plain": self._is_plain})

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        self._close()

    async def aclose(self) -> None:
        """Closes the connections. Calls in flight raise `SessionClosed`."""
        self._close()

    if not TYPE_CHECKING:

        def __enter__(self):
            raise TypeError("a Session is used with 'async with'; without an event loop, use plait.BlockingSession")

        def __exit__(self, *_):
            pass

    def __repr__(self) -> str:
        statistics = self.statistics
        state = "closed" if self.closed else f"{statistics['in_flight']} in flight"
        return f"<Session {state}, {statistics['made']} made>"

    def request(self, method: str, url: str, **call: Unpack[CallOptions]) -> Call[Response]:
        """A call, which is made when it is awaited. It takes the options of `CallOptions`."""
        if not call and self._is_plain:
            try:
                return self._call(method, url)
            except TypeError:
                check_target(method, url)
                raise
        return self._call(*prepare_call(self._defaults, method, url, call))

    if TYPE_CHECKING:  # it is the engine's own: the call that programs make most

        def get(self, url: str, **call: Unpack[CallOptions]) -> Call[Response]: ...

    def post(self, url: str, **call: Unpack[CallOptions]) -> Call[Response]:
        return self.request("POST", url, **call)

    def put(self, url: str, **call: Unpack[CallOptions]) -> Call[Response]:
        return self.request("PUT", url, **call)

    def patch(self, url: str, **call: Unpack[CallOptions]) -> Call[Response]:
        return self.request("PATCH", url, **call)

    def delete(self, url: str, **call: Unpack[CallOptions]) -> Call[Response]:
        return self.request("DELETE", url, **call)

    def head(self, url: str, **call: Unpack[CallOptions]) -> Call[Response]:
        return self.request("HEAD", url, **call)

    def send(self, request: Request) -> Call[Response]:
        """A call with this request."""
        return self._call(*prepare_request(self._defaults, request))

    @takes_options("map")
    def map(
        self,
        requests: Iterable[RequestTypes] | AsyncIterable[RequestTypes],
        *,
        concurrency: int = 100,
        ordered: bool = False,
    ) -> Map:
        """Makes all the calls, `concurrency` at a time, and hands out their results as they come.

            async for result in session.map(urls, concurrency=200):
                print(result.response.status if result.ok else result.error)

        The requests are read when there is room, so an endless generator is fine. A call that fails is a result, not
        an exception; an error of the iterable itself is raised. `ordered` hands the results out in the order of the
        requests.
        """
        return Map(self, with_bad_ones(requests), concurrency, ordered)

    def paginate(
        self,
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
    ) -> AsyncIterator[Response]:
        """Gets a list that comes in pages, one page after the other.

            async for page in session.paginate("https://api.example/v1/items"):
                print(page.json())

        `next` says where a page names the next one: "link", its Link header; a JSON pointer such as "/next" to a URL,
        or, with `cursor`, to the value that this parameter then has; "page", which counts the parameter `page` up; or
        a function from a response to a URL. The list ends where there is no next one, with an empty list at the
        pointer `items`, with the page for which `until` is true, and after `most` pages. A first page without a value at
        a pointer, not even null, is an `InputError`, because the pointer may be mistyped; with `optional`, it is the only
        one.

        A page whose status is not 2xx raises `StatusError`. Pages that go in a circle, or to another server, raise an
        error.
        """
        from ._pages import Pages, call_options, later_pages

        pages = Pages(url, next, cursor, page, items, until, most, optional)
        return later_pages(self, pages, call_options(call))


def check_map(requests: Any, concurrency: Any) -> None:
    """Raises an error for what is surely a mistake: the requests of a text would be its letters."""
    if isinstance(requests, (str, bytes, Mapping)):
        raise TypeError(f"map takes a list or another iterable of requests, not one {type(requests).__name__}")
    if not isinstance(concurrency, int) or not 1 <= concurrency < 2**31:
        raise InputError(f"concurrency is a whole number, at least 1, not {concurrency!r}")


class Map(AsyncIterator[Result]):
    """The results of `Session.map`. `async with` gives up what is in flight when the block is left early."""

    def __init__(
        self,
        session: Session,
        requests: Iterable[RequestTypes] | AsyncIterable[RequestTypes],
        concurrency: int,
        ordered: bool,
    ) -> None:
        check_map(requests, concurrency)
        self._later: AsyncIterator[RequestTypes] | None = None
        if isinstance(requests, AsyncIterable):
            self._later = requests.__aiter__()
            self._engine = _engine.AsyncMap(session, None, concurrency, ordered)
        else:
            self._engine = _engine.AsyncMap(session, requests, concurrency, ordered)
        self._reader: Any = None
        self._ready: deque[Result] = deque()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Result:
        if not self._ready and not await self._fetch():
            raise StopAsyncIteration
        return self._ready.popleft()

    async def batches(self) -> AsyncIterator[list[Result]]:
        """Hands out all results that are there, together: the cheapest way to take them."""
        while self._ready or await self._fetch():
            batch = list(self._ready)
            self._ready.clear()
            yield batch

    async def aclose(self) -> None:
        """Gives up what is in flight."""
        self._engine.close()
        self._ready.clear()
        self._engine.set_exhausted()
        close_later = getattr(self._later, "aclose", None)
        if close_later is not None:
            await close_later()

    async def _fetch(self) -> bool:
        """Waits for results. Returns False when there are no more."""
        engine = self._engine
        try:
            while True:
                if self._later is None:
                    engine.advance()
                else:
                    await self._read_some()
                self._ready.extend(engine.take_all())
                if self._ready:
                    if self._later is None:
                        engine.advance()  # what is in flight goes on while the caller works on these
                    return True
                if engine.is_done:
                    engine.close()
                    return False
                await engine.wait()
        except BaseException:
            engine.close()
            raise

    async def _read_some(self) -> None:
        """Reads requests from the asynchronous iterable while there is room."""
        assert self._later is not None
        while self._engine.has_room:
            try:
                item = await self._later.__anext__()
            except StopAsyncIteration:
                self._engine.set_exhausted()
                return
            self._engine.put(item)


class BlockingSession(_engine.BlockingSession):
    """Calls that block, from any number of threads: each waits in a small loop of its own, without the interpreter
    lock, and leaves its connections to the next. Ctrl-C ends a wait at once.

        with plait.BlockingSession(base_url="https://api.example/v1/") as session:
            items = session.get("items").json()

    A session can be pickled, and used in a forked process: connections are made anew there.
    """

    def __init__(self, **options: Unpack[ConnectionOptions]) -> None:
        """Takes the options of `ConnectionOptions`. Raises `InputError` for those that can't be used."""
        engine, self._defaults = engine_options(options, ConnectionOptions)
        self._is_plain = self._defaults.are_none
        self._options = options
        super().__init__(engine)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def __repr__(self) -> str:
        base_url = self._options.get("base_url")
        return f"<BlockingSession base_url={base_url!r}>" if base_url else "<BlockingSession>"

    def close(self) -> None:
        """Closes the connections. Calls of other threads that are in flight raise `SessionClosed`."""
        self._close()

    def request(self, method: str, url: str, **call: Unpack[CallOptions]) -> Response:
        """Makes a call, and waits for the answer. It takes the options of `CallOptions`."""
        if not call and self._is_plain:
            try:
                return self._call(method, url)
            except TypeError:
                check_target(method, url)
                raise
        return self._call(*prepare_call(self._defaults, method, url, call))

    def get(self, url: str, **call: Unpack[CallOptions]) -> Response:
        return self.request("GET", url, **call)

    def post(self, url: str, **call: Unpack[CallOptions]) -> Response:
        return self.request("POST", url, **call)

    def put(self, url: str, **call: Unpack[CallOptions]) -> Response:
        return self.request("PUT", url, **call)

    def patch(self, url: str, **call: Unpack[CallOptions]) -> Response:
        return self.request("PATCH", url, **call)

    def delete(self, url: str, **call: Unpack[CallOptions]) -> Response:
        return self.request("DELETE", url, **call)

    def head(self, url: str, **call: Unpack[CallOptions]) -> Response:
        return self.request("HEAD", url, **call)

    def send(self, request: Request) -> Response:
        """Makes a call with this request."""
        return self._call(*prepare_request(self._defaults, request))

    @takes_options("map")
    def map(
        self,
        requests: Iterable[RequestTypes],
        *,
        concurrency: int = 100,
        ordered: bool = False,
        progress: bool | Literal["rich", "tqdm", "log"] = False,
    ) -> Iterator[Result]:
        """Makes all the calls, `concurrency` at a time, and hands out their results as they come.

            for result in session.map(urls):
                print(result.response.status if result.ok else result.error)

        The requests are read when there is room, so an endless generator is fine. A call that fails is a result, not
        an exception; an error of the iterable itself is raised. `ordered` hands the results out in the order of the
        requests. To leave the loop early gives up what is in flight. `progress` shows a bar of rich or tqdm.
        """
        check_map(requests, concurrency)
        results = self._map(with_bad_ones(requests), concurrency, ordered)
        if progress is False:
            return results
        total = len(requests) if isinstance(requests, Sized) else None
        return counted(results, total, progress)

    def paginate(
        self,
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
        """Gets a list that comes in pages, one page after the other.

            for page in session.paginate("https://api.example/v1/items"):
                print(page.json())

        `next` says where a page names the next one: "link", its Link header; a JSON pointer such as "/next" to a URL,
        or, with `cursor`, to the value that this parameter then has; "page", which counts the parameter `page` up; or
        a function from a response to a URL. The list ends where there is no next one, with an empty list at the
        pointer `items`, with the page for which `until` is true, and after `most` pages. A first page without a value at
        a pointer, not even null, is an `InputError`, because the pointer may be mistyped; with `optional`, it is the only
        one.

        A page whose status is not 2xx raises `StatusError`. Pages that go in a circle, or to another server, raise an
        error.
        """
        from ._pages import Pages, call_options, pages_now

        pages = Pages(url, next, cursor, page, items, until, most, optional)
        return pages_now(self, pages, call_options(call))

    def __reduce__(self) -> tuple[Any, ...]:
        return (_session_from, (dict(self._options),))


def _session_from(options: ConnectionOptions) -> BlockingSession:
    return BlockingSession(**options)
