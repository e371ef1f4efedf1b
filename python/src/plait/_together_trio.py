"""Several awaitables at once, in trio: what `_together` needs there."""

from __future__ import annotations

import contextvars
from collections import deque
from collections.abc import Awaitable, Iterable
from typing import Any, Generic, TypeVar

import trio

T = TypeVar("T")


class TrioTasks(Generic[T]):
    """Awaits each of some awaitables in a task of its own, at most `limit` at a time. Take the ends with `next_end`,
    and close it, which cancels the rest and waits for its end."""

    def __init__(self, awaitables: Iterable[Awaitable[T]], limit: int | None) -> None:
        self._ended: deque[tuple[int, T | None, BaseException | None]] = deque()
        self._changed = trio.Event()
        self._turns = None if limit is None else trio.CapacityLimiter(limit)
        self._scopes: list[trio.CancelScope] = []
        self._running = 0
        self._is_closing = False
        for index, awaitable in enumerate(awaitables):
            scope = trio.CancelScope()
            self._scopes.append(scope)
            self._running += 1
            trio.lowlevel.spawn_system_task(
                self._run, index, awaitable, scope, name="plait", context=contextvars.copy_context()
            )
        self.count = len(self._scopes)

    async def _run(self, index: int, awaitable: Awaitable[T], scope: trio.CancelScope) -> None:
        # A system task must not fail: it would end the program. What is raised goes to the caller.
        with scope:
            try:
                if self._turns is None:
                    self._ended.append((index, await awaitable, None))
                else:
                    async with self._turns:
                        self._ended.append((index, await awaitable, None))
            except trio.Cancelled:
                close: Any = getattr(awaitable, "close", None)
                if close is not None:
                    close()  # it may never have been awaited
                raise
            except BaseException as error:
                self._ended.append((index, None, error))
        self._running -= 1
        self._changed.set()

    async def next_end(self) -> tuple[int, T]:
        """The index and the value of the awaitable that ends next. Raises its error."""
        while not self._ended:
            self._changed = trio.Event()
            await self._changed.wait()
        index, value, error = self._ended.popleft()
        if error is not None:
            raise error
        return index, value  # type: ignore[return-value]

    async def close(self) -> None:
        for scope in self._scopes:
            scope.cancel()
        with trio.CancelScope(shield=True):
            while self._running > 0:
                self._changed = trio.Event()
                await self._changed.wait()
