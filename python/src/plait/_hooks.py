"""Hooks around the attempts of a session's calls."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Mapping, Sequence

from ._errors import InputError

TYPE_CHECKING = False  # importing typing would take a fifth of the time of importing plait
if TYPE_CHECKING:
    from typing import Any

    from contextvars import Context

    from ._engine import Response, Timings
    from ._errors import Error
    from ._messages import Fields, Request


class Attempt:
    """One attempt of a call, as hooks see it: a request that is sent once. A redirect is an attempt of its own."""

    __slots__ = ("error", "number", "request", "response", "started_ns")

    request: Request
    number: int
    """Counted from 1, within the call."""
    started_ns: int
    """Nanoseconds since 1970."""
    response: Response | None
    """After the attempt: the answer, or else there is an error."""
    error: Error | None

    def __init__(self, request: Request, number: int) -> None:
        self.request = request
        self.number = number
        self.started_ns = time.time_ns()
        self.response = None
        self.error = None

    @property
    def timings(self) -> Timings | None:
        """Of the answer, if there is one."""
        return self.response.timings if self.response is not None else None

    def __repr__(self) -> str:
        came = self.response if self.response is not None else self.error
        return f"<Attempt {self.number} of {self.request!r}: {came!r}>"


class Hook:
    """Called around each attempt of a call, in the thread of the loop, or of a thread that waits for the session or run.
    What it raises ends the call; in a run, it is the `__cause__` of the result's error. A session without hooks does
    not pay for them. Derive from it, or write a class of your own with both methods, which are plain functions."""

    def before(self, attempt: Attempt) -> Mapping[str, str] | None:
        """Before the request is sent. Returns header fields to send with it, such as `traceparent`, or None."""
        return None

    def after(self, attempt: Attempt) -> None:
        """After the attempt, whose `response` or `error` is there now. A call that is given up has an error, too."""


def is_coroutine_function(function: Any) -> bool:
    """As `inspect.iscoroutinefunction`, whose module takes long to import."""
    code = getattr(getattr(function, "__func__", function), "__code__", None)
    return code is not None and bool(code.co_flags & 0x80)  # CO_COROUTINE


installed: list[Hook] = []
"""For all sessions that are made from now on."""


def hooks_for(given: Sequence[Hook], *, of_run: bool = False) -> tuple[Hook, ...]:
    """The hooks of a session with these: also the installed ones, and the log's. A run has that of the log only where
    every attempt is logged: it would make a Python object for each call."""
    if not isinstance(given, Iterable):
        raise InputError(f"hooks is a list of hooks, not {given!r}")
    hooks = tuple(given)
    for hook in hooks:
        if isinstance(hook, type):
            raise InputError(f"a hook is an object: give {hook.__name__}(), not the class")
        if not callable(getattr(hook, "before", None)) or not callable(getattr(hook, "after", None)):
            raise InputError(f"a hook needs the methods 'before' and 'after' (see plait.Hook); {hook!r} lacks them")
        for name in ("before", "after"):
            if is_coroutine_function(getattr(hook, name)):
                raise InputError(f"{type(hook).__name__}.{name} is a coroutine function: hooks are plain functions")
    logging = sys.modules.get("logging")  # who has not imported it has not asked for a log
    if logging is not None and logging.getLogger("plait").isEnabledFor(logging.DEBUG if of_run else logging.INFO):
        hooks += (_LogHook(logging.getLogger("plait")),)
    return (*hooks, *installed)


def before(
    hooks: tuple[Hook, ...], request: Request, number: int, context: Context | None
) -> tuple[Attempt, Fields]:
    """Calls the hooks, in the context in which the call was made. Called by the engine."""
    attempt = Attempt(request, number)
    if context is not None:
        return context.run(_before, hooks, attempt)
    return _before(hooks, attempt)


def _before(hooks: tuple[Hook, ...], attempt: Attempt) -> tuple[Attempt, Fields]:
    from ._messages import fields_of

    fields: Fields = []
    done: list[Hook] = []
    try:
        for hook in hooks:
            fields.extend(fields_of(hook.before(attempt), f"what {type(hook).__name__}.before returns"))
            done.append(hook)
    except BaseException as error:
        attempt.error = error if isinstance(error, InputError) else InputError(f"a hook has failed: {error!r}")
        _after(tuple(done), attempt, quietly=True)
        raise
    return attempt, fields


def after(
    hooks: tuple[Hook, ...], attempt: Attempt, response: Response | None, error: Error | None, context: Context | None
) -> None:
    """Calls the hooks, the last one first. Called by the engine."""
    attempt.response = response
    attempt.error = error
    if context is not None:
        context.run(_after, hooks, attempt, quietly=False)
    else:
        _after(hooks, attempt, quietly=False)


def _after(hooks: Iterable[Hook], attempt: Attempt, quietly: bool) -> None:
    failure: BaseException | None = None
    for hook in reversed(tuple(hooks)):
        try:
            hook.after(attempt)
        except BaseException as error:
            failure = failure or error
    if failure is not None and not quietly:
        raise failure


class _LogHook(Hook):
    """Writes to the logger "plait": retries (INFO), and every attempt (DEBUG). No query, header or body."""

    def __init__(self, logger: Any) -> None:
        self._logger = logger

    def before(self, attempt: Attempt) -> None:
        if attempt.number > 1:
            self._logger.info("%s: attempt %d", self._what(attempt), attempt.number)

    def after(self, attempt: Attempt) -> None:
        came = attempt.response.status if attempt.response is not None else getattr(attempt.error, "code", "error")
        seconds = (time.time_ns() - attempt.started_ns) / 1e9
        self._logger.debug("%s: %s in %.3f s", self._what(attempt), came, seconds)

    @staticmethod
    def _what(attempt: Attempt) -> str:
        return f"{attempt.request.method} {attempt.request.url.partition('?')[0]}"
