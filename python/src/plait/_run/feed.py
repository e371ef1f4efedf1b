"""Iterables of requests that the engine can't read as they are."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterator

TYPE_CHECKING = False  # importing typing would take a fifth of the time of importing plait
if TYPE_CHECKING:
    from typing import Any

    from .._hosts import Host

_NOTHING_YET = object()


class Feed:
    """The items of an asynchronous iterable, as an iterator that never waits: a task of the event loop reads ahead."""

    nothing_yet = _NOTHING_YET
    """What it returns when the next item has not come yet. The engine then waits to be told."""

    _most = 100
    """Items that are read ahead."""

    def __init__(self, source: AsyncIterable[Any]) -> None:
        self._source: AsyncIterator[Any] = source.__aiter__()
        self._items: deque[Any] = deque()
        self._room: Any = None
        self._host: Host | None = None
        self._error: BaseException | None = None
        self._is_done = False
        self._is_stopped = False
        self._stop_reading: Callable[[], None] | None = None

    def start(self, host: Host, more_came: Callable[[], None]) -> None:
        """Begins to read, in this loop."""
        self._host = host
        self._stop_reading = host.start(self._read, more_came)

    def stop(self) -> None:
        """Reads no more."""
        self._is_stopped = True
        stop, self._stop_reading = self._stop_reading, None
        if stop is not None and not self._is_done:
            stop()

    async def _read(self, more_came: Callable[[], None]) -> None:
        assert self._host is not None
        try:
            async for item in self._source:
                self._items.append(item)
                more_came()
                while len(self._items) >= self._most:
                    self._room = self._host.create_future()
                    await self._room
        except Exception as error:
            self._error = error
        finally:
            self._is_done = True
            if not self._is_stopped:
                more_came()
            close = getattr(self._source, "aclose", None)
            if close is not None and self._is_stopped:
                await close()

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        if self._items:
            item = self._items.popleft()
            room, self._room = (self._room, None) if len(self._items) < self._most / 2 else (None, self._room)
            if room is not None and not room.done():
                room.set_result(None)
            return item
        if self._error is not None:
            raise self._error
        if self._is_done:
            raise StopIteration
        return _NOTHING_YET


class AsMappings:
    """Requests whose URLs become mappings, for which request lines with further fields can be made."""

    def __new__(cls, source: Any) -> Any:
        return _mappings_later(source) if isinstance(source, AsyncIterable) else _MappingsNow(source)


class _MappingsNow:
    def __init__(self, source: Any) -> None:
        self._source = source

    def __iter__(self) -> Iterator[Any]:
        return map(_as_mapping, self._source)

    def __len__(self) -> int:
        return len(self._source)

    def __getitem__(self, index: int) -> Any:
        raise TypeError("the requests are read in order")


async def _mappings_later(source: AsyncIterable[Any]) -> AsyncIterator[Any]:
    async for item in source:
        yield _as_mapping(item)


def _as_mapping(item: Any) -> Any:
    return {"url": item} if isinstance(item, str) else item
