"""The options of sessions and calls, as users give them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence

from . import _hooks
from ._checks import checked, takes_options
from ._errors import Error, InputError
from ._messages import HeaderTypes, ParamTypes, Request

TYPE_CHECKING = False  # importing typing would take a fifth of the time of importing plait
if TYPE_CHECKING:
    from datetime import timedelta
    from typing import Any, Literal, TypedDict, Union

    from typing_extensions import TypeAlias

    from ._engine import Response
else:
    from ._checks import TypedDict

Seconds: TypeAlias = "Union[float, timedelta, str]"
"""1.5, timedelta(milliseconds=1500), or a text: "90ms", "2s", "1.5m", "1h"."""
StrPath: TypeAlias = "Union[str, os.PathLike[str]]"
Auth: TypeAlias = "Union[tuple[str, str], str, Callable[[Request], Request]]"
"""A user and a password, a bearer token, or a function from a request to the one to send."""
When: TypeAlias = "Callable[[Union[Response, Error]], Union[bool, None]]"
"""Whether an attempt that has ended so is worth another one."""


_units = {"us": 1e-6, "ms": 1e-3, "": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}


def seconds_of(value: Seconds | None, name: str) -> float | None:
    """`value` in seconds. Raises `InputError` for what is no time limit."""
    if value is None:
        return None
    seconds = getattr(value, "total_seconds", None)  # of a timedelta, whose module is not imported for this
    if seconds is not None:
        value = seconds()
    elif isinstance(value, str):
        number = value.rstrip("ushm")
        unit = value[len(number) :]
        if unit not in _units or not number.replace(".", "", 1).isdecimal():
            raise InputError(f"{name} is a time such as '90ms', '2s', '1.5m' or '1h', not {value!r}")
        value = float(number) * _units[unit]
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise InputError(f"{name} is a number of seconds, a timedelta or a text such as '2s', not {value!r}")
    if not value > 0:
        raise InputError(f"{name} must be above 0, not {value!r}")
    return float(value)


_usual_attempt = 120.0


class Timeouts:
    """Time limits. A number in place of this is `deadline`."""

    __slots__ = ("attempt", "connect", "deadline", "idle", "is_attempt_usual")

    @takes_options(
        "plait.Timeouts",
        {
            "pool": "deadline= counts the wait for a turn, too",
            "read": "idle= is meant",
            "sock_connect": "connect= is meant",
            "sock_read": "idle= is meant",
            "timeout": "deadline= is meant",
            "total": "deadline= is meant",
            "write": "idle= is meant",
        },
    )
    def __init__(
        self,
        *,
        deadline: Seconds | None = None,
        attempt: Seconds | None = _usual_attempt,
        connect: Seconds | None = 10.0,
        idle: Seconds | None = None,
    ) -> None:
        """`deadline` is of the whole call, with redirects and the wait for its turn; `attempt` of one request and its
        answer, by default 120 seconds, and as long as the deadline where that is longer; `connect` of looking up the
        host, connecting and TLS together; `idle` of the time without a byte."""
        self.deadline = seconds_of(deadline, "deadline")
        self.attempt = seconds_of(attempt, "attempt")
        self.is_attempt_usual = attempt is _usual_attempt
        """Whether `attempt` was left out: then it does not undercut a longer deadline."""
        if self.is_attempt_usual and self.deadline is not None:
            self.attempt = max(_usual_attempt, self.deadline)
        self.connect = seconds_of(connect, "connect")
        self.idle = seconds_of(idle, "idle")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Timeouts):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in _limits)

    def __hash__(self) -> int:
        return hash(tuple(getattr(self, name) for name in _limits))

    def __repr__(self) -> str:
        return f"Timeouts({', '.join(f'{name}={getattr(self, name)!r}' for name in _limits)})"


_limits = ("attempt", "connect", "deadline", "idle")


def limits_of_call(limits: Timeouts) -> tuple[float | None, float | None]:
    """The limits of an attempt and of the whole call. Those that only a session has are not passed over in silence."""
    if limits.idle is not None or limits.connect != 10.0:
        raise InputError("a call's timeout has deadline and attempt: connect and idle are given to the session or run")
    return limits.attempt, limits.deadline


class Tls:
    """Whom to trust, and who we are."""

    __slots__ = ("client_cert", "verify")

    @takes_options("plait.Tls", {"ca": "verify= is meant", "cert": "client_cert= is meant"})
    def __init__(
        self, *, verify: bool | StrPath = True, client_cert: tuple[StrPath, StrPath] | StrPath | None = None
    ) -> None:
        """`verify`: True trusts the system's certificates (`SSL_CERT_FILE` and `SSL_CERT_DIR` count), or those of the
        package certifi on a system without any; a path those in this PEM file; and False anybody. `client_cert`: PEM
        files with the certificate and its key, or one with both."""
        self.verify = verify
        self.client_cert = client_cert

    def __repr__(self) -> str:
        return f"Tls(verify={self.verify!r}, client_cert={self.client_cert!r})"


class Retry:
    """How failed attempts are repeated: only where that does no harm, and after waits that grow at random. What the
    server asks for (`Retry-After`) counts more. A number in place of this is `attempts - 1`."""

    __slots__ = ("attempts", "budget", "first_delay", "longest_delay", "longest_wait", "statuses", "unsafe", "when")

    @takes_options(
        "plait.Retry",
        {
            "allowed_methods": "unsafe=True repeats POST and PATCH, too",
            "backoff_factor": "first_delay= is meant",
            "backoff_max": "longest_delay= is meant",
            "max_attempts": "attempts= is meant",
            "max_retries": "attempts= is meant, which counts the first one, too",
            "retries": "attempts= is meant, which counts the first one, too",
            "retry": "when= is meant",
            "status_forcelist": "statuses= is meant",
            "stop": "attempts= is meant",
            "total": "attempts= is meant, which counts the first one, too",
            "wait": "first_delay= and longest_delay= are meant",
        },
    )
    def __init__(
        self,
        attempts: int | None = None,
        *,
        first_delay: Seconds = 0.5,
        longest_delay: Seconds = 60.0,
        longest_wait: Seconds = 600.0,
        statuses: Iterable[int] = (),
        unsafe: bool = False,
        budget: float | None = 0.2,
        when: When | None = None,
    ) -> None:
        """`attempts` of a call at most; by default 5, and up to 15 while most retries succeed. Refusals (429, 503 with
        Retry-After) do not count. `first_delay`: the longest wait after the first attempt; it doubles with each, up to
        `longest_delay`. A server that asks for more than `longest_wait`, or can't be reached for so long, is left
        alone: its calls raise `RateLimited`. `statuses` are repeated beside 408, 425, 429, 500, 502, 503, 504, 509 and
        those above 511: `statuses=[404]` for what appears a little later. `unsafe` repeats POST and PATCH without an
        Idempotency-Key, too: they may be executed twice.

        `budget` is the retry budget, which protects a server that is down: without good answers, at most this share of
        the calls of the last minute is retried, or as many times as one call may be and at least three, if that is
        more. Each good answer makes room for four retries. None: no budget. `when` has the last word on which attempts
        are worth another one: it gets the `Response` or the error that the attempt has ended with, whatever its status,
        and returns True, False, or None for what would happen without it. What may do harm is not repeated, whatever it
        returns, and there are no more than `attempts`. What it raises ends the call."""
        if attempts is not None and (not isinstance(attempts, int) or attempts < 1):
            raise InputError(f"attempts is a number, at least 1, not {attempts!r}")
        self.attempts = attempts
        self.first_delay = seconds_of(first_delay, "first_delay")
        self.longest_delay = seconds_of(longest_delay, "longest_delay")
        self.longest_wait = seconds_of(longest_wait, "longest_wait")
        self.statuses = _statuses(statuses)
        self.unsafe = checked(bool, unsafe, "unsafe")
        self.budget = _share_of(budget)
        self.when = _checked_when(when)

    def __repr__(self) -> str:
        return f"Retry({', '.join(f'{name}={getattr(self, name)!r}' for name in Retry.__slots__)})"


def _statuses(statuses: Iterable[int]) -> tuple[int, ...]:
    numbers = tuple(statuses) if isinstance(statuses, Iterable) and not isinstance(statuses, (str, bytes)) else (0,)
    if not all(type(number) is int and 100 <= number <= 599 for number in numbers):
        raise InputError(f"statuses is a list of numbers from 100 to 599, such as [404, 409], not {statuses!r}")
    return numbers


def _share_of(budget: float | None) -> float | None:
    if budget is None:
        return None
    if isinstance(budget, bool) or not isinstance(budget, (int, float)) or not 0 <= budget < 2**31:
        raise InputError(f"budget is a share of the calls, such as 0.2, or None for no budget, not {budget!r}")
    return float(budget)


def _checked_when(when: When | None) -> When | None:
    if when is None:
        return None
    if not callable(when):
        raise InputError(f"when is a function of a response or an error that returns True, False or None, not {when!r}")
    if _hooks.is_coroutine_function(when):
        raise InputError("when is a coroutine function: it must be a plain one")
    return when


def check_failing(statuses: Iterable[int]) -> None:
    """Raises `InputError` for statuses that are never retried where no answer is expected but any 2xx."""
    good = [number for number in statuses if 200 <= number <= 299]
    if good:
        raise InputError(f"statuses: an answer {good[0]} is ok, and is not retried; a run that expects others retries it")


class Limits:
    """How fast calls are made, and how many at a time: `plait.Limits("requests=500/m", "tokens=90k/m")`. A text or a
    list of texts in place of this are its rates.

    Rates are of each group of calls: by default, of each origin. What servers announce in their answers, or enforce by
    refusals, counts, too.
    """

    __slots__ = ("concurrency", "per_origin", "rates")

    @takes_options(
        "plait.Limits",
        {
            "limit": "concurrency= is meant",
            "limit_per_host": "per_origin= is meant",
            "max_connections": "concurrency= is meant",
            "rate": "give rates without a name, such as plait.Limits('requests=500/m')",
            "rates": "give rates without a name, such as plait.Limits('requests=500/m')",
            "requests": "give rates without a name, such as plait.Limits('requests=500/m')",
            "tokens": "give rates without a name, such as plait.Limits('tokens=90k/m')",
        },
    )
    def __init__(
        self, *rates: str, concurrency: int | Literal["auto"] | None = None, per_origin: int | None = None
    ) -> None:
        """`concurrency`: the most calls in flight. "auto" finds how many each server takes well. `per_origin`: the most
        to each origin (scheme, host and port), whatever the groups of the calls."""
        self.rates = tuple(_texts(rates, "limits"))
        if concurrency is not None and concurrency != "auto" and not _is_number_of_calls(concurrency):
            raise InputError(f"concurrency is a number above 0, or 'auto', not {concurrency!r}")
        if per_origin is not None and not _is_number_of_calls(per_origin):
            raise InputError(f"per_origin is a number of calls above 0, not {per_origin!r}")
        self.concurrency = concurrency
        self.per_origin = per_origin

    def __repr__(self) -> str:
        numbers = (f"{name}={getattr(self, name)!r}" for name in ("concurrency", "per_origin"))
        return f"Limits({', '.join([*map(repr, self.rates), *numbers])})"


def _is_number_of_calls(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value < 2**31


def limits_of(limits: Limits | str | Iterable[str]) -> Limits:
    """The option `limits` in its full form."""
    return limits if isinstance(limits, Limits) else Limits(*_texts(limits, "limits"))


def retry_of(retries: int | Retry) -> Retry:
    """The option `retries` in its full form."""
    if isinstance(retries, Retry):
        return retries
    if not isinstance(retries, int) or isinstance(retries, bool) or retries < 0:
        raise InputError(f"retries must be a number, at least 0, or a plait.Retry, not {retries!r}")
    return Retry(retries + 1)


def engine_retry(retry: Retry) -> dict[str, Any]:
    """The numbers of `retry`, as the engine takes them."""
    return {name: getattr(retry, name) for name in Retry.__slots__ if name != "when"}


def _texts(value: str | Iterable[str], name: str) -> list[str]:
    texts: list[Any] = [value] if isinstance(value, str) else list(value) if isinstance(value, Iterable) else [None]
    if not all(isinstance(text, str) for text in texts):
        raise InputError(f"{name} is a text or a list of texts, not {value!r}")
    return texts


class CallOptions(TypedDict, total=False):
    """What a single call takes."""

    params: ParamTypes
    headers: HeaderTypes
    json: Any
    content: bytes | str
    data: Mapping[str, Any]
    auth: Auth
    timeout: Seconds | Timeouts
    retries: int
    """The most retries, in place of those of the session. 0: it is sent once, whatever the answer says."""
    safe_to_repeat: bool
    """Whether sending it twice does no harm. By default, it depends on the method and the idempotency key."""
    idempotency_key: str
    """Sent as Idempotency-Key. "auto": a new one for this call, the same for all of its attempts."""
    group: str
    """Calls of one group share limits. By default, a group for each origin."""
    priority: int
    """Of the calls that wait for a limit, the highest is sent first (0)."""
    costs: Mapping[str, float]
    """What the call uses of each unit that has a limit: {"tokens": 812}."""
    raise_for_status: bool
    """Whether a status that is not 2xx raises `StatusError`. By default, as the session has it (False)."""


class ConnectionOptions(TypedDict, total=False):
    """What a blocking session takes."""

    base_url: str
    """Relative URLs are resolved against it (RFC 3986): end it with "/"."""
    headers: HeaderTypes
    params: ParamTypes
    auth: Auth
    timeout: Seconds | Timeouts
    tls: Tls
    raise_for_status: bool
    redirects: int
    """The most redirects of a call (10). 0: a redirect is an answer like any other."""
    cookies: bool
    """Whether cookies are kept and sent (True)."""
    proxy: str | None
    """For all calls, such as "http://user:password@proxy.example:3128" or "socks5h://…". None: no proxy. By default,
    what HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY say."""
    http_version: str
    """"1.1" or "2". By default, what the server chooses in TLS, and 1.1 without."""
    idle_connections: int
    """The most unused connections that are kept."""
    max_body: int
    """The most bytes that the body of an answer may have (100 MiB). A larger one is a `TooLargeError`."""
    retries: Union[int, Retry]
    """How failed attempts are repeated. By default, they are not."""
    limits: Union[Limits, str, Iterable[str]]
    """The rate of each group of calls, "requests=500/m", and what servers announce. By default, none."""
    hooks: Sequence[_hooks.Hook]
    """Called around each attempt."""
    trace: StrPath
    """Records what every call does and when into this file, which must not exist, for `plait report`."""


class SessionOptions(ConnectionOptions, total=False):
    """What an asynchronous session takes."""

    concurrency: int
    """The most calls in flight (100). Further ones wait for their turn; those of a `map` have a limit of their own,
    but where there are retries or limits: there, this one is for all."""
