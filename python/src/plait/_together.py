"""Several awaitables at once, in asyncio and in trio.

They are like asyncio's functions, with the defaults that calls of APIs want: the first failure cancels the rest, nothing is
left running, and `limit` bounds what is under way.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Iterable, Sequence

from ._engine import Call
from ._errors import Error
from ._hosts import in_trio

TYPE_CHECKING = False  # importing typing would take a fifth of the time of importing plait
if TYPE_CHECKING:
    import asyncio
    from typing import TypeVar

    from ._together_trio import TrioTasks

    T = TypeVar("T")


async def _cancel(tasks: Iterable[asyncio.Task[T]]) -> None:
    """Cancels the tasks and waits until they have ended."""
    import asyncio

    remaining = [task for task in tasks if not task.done()]
    for task in remaining:
        task.cancel()
    if remaining:
        await asyncio.wait(remaining)
    for task in tasks:
        if not task.cancelled():
            task.exception()  # seen: a failure after the first one is no news


def _expected(awaitables: Iterable[Awaitable[T]]) -> list[Awaitable[T]]:
    """All of them. A call that is not awaited, since another one failed first, is then not a forgotten one."""
    each = list(awaitables)
    for awaitable in each:
        if isinstance(awaitable, Call):
            awaitable._expect()
    return each


async def _in_turn(awaitable: Awaitable[T], turns: asyncio.Semaphore | None) -> T:
    if turns is None:
        return await awaitable
    async with turns:
        return await awaitable


def _started(awaitables: Iterable[Awaitable[T]], limit: int | None) -> list[asyncio.Task[T]]:
    import asyncio  # here: to import it takes longer than all of plait

    each = _expected(awaitables)
    _check(limit)
    turns = asyncio.Semaphore(limit) if limit is not None else None
    return [asyncio.ensure_future(_in_turn(awaitable, turns)) for awaitable in each]


async def gather(*awaitables: Awaitable[T], limit: int | None = None) -> list[T]:
    """Awaits all of them, at most `limit` at a time, and returns their values in order.

    The first failure cancels the others, and is raised when they have ended.
    """
    return await _all(awaitables, limit)


async def _all(awaitables: Sequence[Awaitable[T]], limit: int | None) -> list[T]:
    if in_trio():
        return await _all_in_trio(awaitables, limit)
    import asyncio

    tasks = _started(awaitables, limit)
    try:
        for task in asyncio.as_completed(tasks):
            await task
    except BaseException:
        await _cancel(tasks)
        raise
    return [task.result() for task in tasks]


async def _all_in_trio(awaitables: Sequence[Awaitable[T]], limit: int | None) -> list[T]:
    tasks = _trio_tasks(awaitables, limit)
    values: dict[int, T] = {}
    try:
        while len(values) < tasks.count:
            index, value = await tasks.next_end()
            values[index] = value
    finally:
        await tasks.close()
    return [values[index] for index in range(tasks.count)]


def _trio_tasks(awaitables: Iterable[Awaitable[T]], limit: int | None) -> TrioTasks[T]:
    from ._together_trio import TrioTasks

    each = _expected(awaitables)
    _check(limit)
    return TrioTasks(each, limit)


def _check(limit: int | None) -> None:
    if limit is not None and limit < 1:
        raise ValueError("limit must be at least 1: nothing would ever be awaited")


async def settle(*awaitables: Awaitable[T], limit: int | None = None) -> list[T | Error]:
    """Awaits each of them to its end, at most `limit` at a time, and returns values and errors in order.

    Only plait's own errors are values; any other one, such as a bug, cancels the rest and is raised.
    """
    return await _all([_settled(awaitable) for awaitable in _expected(awaitables)], limit)


async def _settled(awaitable: Awaitable[T]) -> T | Error:
    try:
        return await awaitable
    except Error as error:
        return error


async def as_completed(awaitables: Iterable[Awaitable[T]], *, limit: int | None = None) -> AsyncIterator[T]:
    """Hands out the values as they come. A failure is raised, and cancels the rest; so does leaving the loop early,
    when the iterator is closed."""
    if in_trio():
        running = _trio_tasks(awaitables, limit)
        try:
            for _ in range(running.count):
                yield (await running.next_end())[1]
        finally:
            await running.close()
        return
    import asyncio

    tasks = _started(awaitables, limit)
    try:
        for task in asyncio.as_completed(tasks):
            yield await task
    finally:
        await _cancel(tasks)


async def race(*awaitables: Awaitable[T]) -> T:
    """Returns the first value, and cancels the rest. When all have failed, raises the last error."""
    if not awaitables:
        raise ValueError("race needs something to await")
    if in_trio():
        return await _race_in_trio(awaitables)
    import asyncio

    tasks = _started(awaitables, None)
    try:
        failure: Exception | None = None
        for task in asyncio.as_completed(tasks):
            try:
                return await task
            except Exception as error:
                failure = error
        assert failure is not None
        raise failure
    finally:
        await _cancel(tasks)


async def _race_in_trio(awaitables: Sequence[Awaitable[T]]) -> T:
    tasks = _trio_tasks(awaitables, None)
    try:
        failure: Exception | None = None
        for _ in range(tasks.count):
            try:
                return (await tasks.next_end())[1]
            except Exception as error:
                failure = error
        assert failure is not None
        raise failure
    finally:
        await tasks.close()
