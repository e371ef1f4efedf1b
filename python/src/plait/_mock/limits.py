"""Limits of `plait.mock`: how many requests it accepts in a time, counted as servers count."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable

from .._errors import InputError
from .._options import _texts, seconds_of

Clock = Callable[[], float]


class Limit:
    """`sliding` (the default): so many in any time of this length. `fixed`: so many in a window that begins with the
    first request after the end of the previous one. `clock`: windows begin at multiples of their length since 1970."""

    def __init__(self, text: str, clock: Clock = time.time) -> None:
        kind, _, rate = text.rpartition(":")
        number, _, per = rate.partition("/")
        refused = InputError(
            f"allow is a rate such as '50/s', 'fixed:100/1m' or 'clock:10/200ms', not {text!r}; "
            "the command `plait mock` has more kinds"
        )
        if kind not in ("", "sliding", "fixed", "clock") or not number.isdecimal() or int(number) < 1 or not per:
            raise refused
        self._kind = kind or "sliding"
        self._most = int(number)
        try:
            length = seconds_of(f"1{per}" if per.isalpha() else per, "allow")
        except InputError:
            raise refused from None
        assert length is not None
        self._length = length
        self._clock = clock
        self._accepted: deque[float] = deque()
        """The times of the requests that count now, or, with windows, the beginnings of theirs."""

    def wait(self) -> float:
        """How long the next request would have to wait to be accepted."""
        now = self._clock()
        while self._accepted and self._accepted[0] + self._length <= now:
            self._accepted.popleft()
        return self._accepted[0] + self._length - now if len(self._accepted) >= self._most else 0.0

    def accept(self) -> None:
        """Counts a request that need not wait."""
        now = self._clock()
        if self._kind == "clock":
            now -= now % self._length
        elif self._kind == "fixed" and self._accepted:
            now = self._accepted[0]
        self._accepted.append(now)


def limits_from(allow: str | Iterable[str], clock: Clock | None) -> list[Limit]:
    return [Limit(text, clock or time.time) for text in _texts(allow, "allow")]


def wait_for(limits: list[Limit]) -> float:
    """Counts a request if all limits accept it; else returns how long they want it to wait."""
    longest = max((limit.wait() for limit in limits), default=0.0)
    if longest == 0.0:
        for limit in limits:
            limit.accept()
    return longest
