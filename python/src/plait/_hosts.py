"""The event loops in which a session can be a guest: asyncio's (and uvloop's), and trio's. anyio runs on both.

A host has what the engine needs: it watches a descriptor, and makes futures.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Coroutine, Generator

TYPE_CHECKING = False  # importing typing would take a fifth of the time of importing plait
if TYPE_CHECKING:
    import asyncio
    from typing import Any, Protocol
else:
    Protocol = object


class Host(Protocol):
    """An event loop, as the engine sees it."""

    @property
    def has_asyncio_tasks(self) -> bool:
        """Whether tasks wait for what has the methods of asyncio's futures."""
        ...

    @property
    def identity(self) -> object:
        """The loop: a session belongs to one."""
        ...

    @property
    def create_future(self) -> Callable[[], Any]:
        """Makes something to await, with `done` and `set_result`."""
        ...

    @property
    def call_soon(self) -> Callable[[Callable[[], None]], Any]:
        """Calls a function at the end of the loop's iteration."""
        ...

    def is_in(self, identity: object) -> bool:
        """Whether this is the loop."""
        ...

    def watch(self, descriptor: int, on_readable: Callable[[], None]) -> None:
        """Calls `on_readable` in the loop whenever `descriptor` is readable."""
        ...

    def leave(self, descriptor: int) -> None:
        """Watches the descriptor no longer."""
        ...

    def start(self, function: Callable[..., Coroutine[Any, Any, None]], *arguments: Any) -> Callable[[], None]:
        """Runs a coroutine beside the caller. Returns what cancels it."""
        ...


class AsyncioHost:
    """asyncio, uvloop, and other loops with `add_reader`."""

    has_asyncio_tasks = True

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.identity = loop
        self.create_future = loop.create_future
        self.call_soon = loop.call_soon

    def is_in(self, identity: object) -> bool:
        return self.identity is identity

    def watch(self, descriptor: int, on_readable: Callable[[], None]) -> None:
        self.identity.add_reader(descriptor, on_readable)

    def leave(self, descriptor: int) -> None:
        if not self.identity.is_closed():
            self.identity.remove_reader(descriptor)

    def start(self, function: Callable[..., Coroutine[Any, Any, None]], *arguments: Any) -> Callable[[], None]:
        task = self.identity.create_task(function(*arguments))

        def stop() -> None:
            if not self.identity.is_closed():
                task.cancel()

        return stop


class _TrioFuture:
    """Something that one trio task waits for."""

    __slots__ = ("_is_done", "_task")

    def __init__(self) -> None:
        self._task: Any = None
        self._is_done = False

    def done(self) -> bool:
        return self._is_done

    def set_result(self, value: None) -> None:
        import trio

        self._is_done = True
        if self._task is not None:
            task, self._task = self._task, None
            trio.lowlevel.reschedule(task)

    def __await__(self) -> Generator[Any, Any, None]:
        return self._wait().__await__()

    async def _wait(self) -> None:
        import trio

        def abort(_: Any) -> Any:
            self._task = None
            self._is_done = True
            return trio.lowlevel.Abort.SUCCEEDED

        if self._is_done:
            await trio.lowlevel.checkpoint()
            return
        self._task = trio.lowlevel.current_task()
        await trio.lowlevel.wait_task_rescheduled(abort)


class TrioHost:
    """trio: a system task watches the descriptor."""

    has_asyncio_tasks = False

    def __init__(self) -> None:
        import trio

        self.identity = trio.lowlevel.current_trio_token()
        self.create_future = _TrioFuture
        self._watched: set[int] = set()

    def is_in(self, identity: object) -> bool:
        return self.identity is identity

    def call_soon(self, function: Callable[[], None]) -> None:
        self.identity.run_sync_soon(function, idempotent=True)

    def watch(self, descriptor: int, on_readable: Callable[[], None]) -> None:
        import trio

        async def watch_descriptor() -> None:
            try:
                while descriptor in self._watched:
                    await trio.lowlevel.wait_readable(descriptor)
                    on_readable()
            except trio.ClosedResourceError:
                pass  # see `leave`

        self._watched.add(descriptor)
        trio.lowlevel.spawn_system_task(watch_descriptor, name="plait")

    def leave(self, descriptor: int) -> None:
        import trio

        self._watched.discard(descriptor)  # it may be the watching task that leaves

        try:
            is_here = trio.lowlevel.current_trio_token() is self.identity
        except RuntimeError:
            is_here = False  # its loop has ended, and the task with it
        if is_here:
            trio.lowlevel.notify_closing(descriptor)

    def start(self, function: Callable[..., Coroutine[Any, Any, None]], *arguments: Any) -> Callable[[], None]:
        import trio

        scope = trio.CancelScope()

        async def run() -> None:
            with scope:
                await function(*arguments)

        trio.lowlevel.spawn_system_task(run, name="plait")
        return scope.cancel


def in_trio() -> bool:
    """Whether trio runs the caller."""
    trio = sys.modules.get("trio")
    return trio is not None and trio.lowlevel.in_trio_run()


def current() -> Host:
    """The event loop that runs the caller. Raises RuntimeError where there is none. Called by the engine."""
    if in_trio():
        return TrioHost()
    import asyncio

    try:
        return AsyncioHost(asyncio.get_running_loop())
    except RuntimeError:
        raise RuntimeError(
            "a plait.Session is used in a running event loop (asyncio or trio); without one, use plait.BlockingSession"
        ) from None
