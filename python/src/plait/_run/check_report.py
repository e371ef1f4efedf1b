"""The requests of a run, looked at before any is sent."""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable

from .. import _engine
from .._errors import InputError, for_python
from .._options import Seconds, StrPath, seconds_of
from .options import RunOptions, options_of
from .run import source_of

TYPE_CHECKING = False  # importing typing would take a fifth of the time of importing plait
if TYPE_CHECKING:
    from typing import Any

    from typing_extensions import Unpack

    from .._sessions import RequestTypes


class CheckReport:
    """What `plait.check` found. It is true if all requests can be sent and there is nothing to look at first: no secret
    in plain text, no path that looks doubled, no budget that is too small. As a text, it is what `plait check` prints.
    """

    __slots__ = ("_text", "facts", "has_warnings", "is_refused")

    facts: dict[str, Any]
    """All findings, by the names of docs/formats.md ("The check"). Lists have at most 20 entries."""
    is_refused: bool
    """Whether there are requests that can't be sent, or ids that occur twice."""
    has_warnings: bool
    """Whether there is a secret in plain text, a path that looks doubled, or a budget that is too small."""

    def __init__(self, facts: dict[str, Any], text: str, is_refused: bool, has_warnings: bool) -> None:
        self.facts = facts
        self.is_refused = is_refused
        self.has_warnings = has_warnings
        self._text = text

    @property
    def calls(self) -> int:
        """The requests that can be sent."""
        calls: int = self.facts["calls"]
        return calls

    @property
    def bad(self) -> list[tuple[int, str]]:
        """The first requests that can't be sent: their lines, from 1, and why."""
        return [(line["line"], line["message"]) for line in self.facts["bad"]]

    @property
    def secrets(self) -> list[tuple[int, str]]:
        """Where there are secrets in plain text: the first line, and the place in its request."""
        return [(place["first_line"], place["where"]) for place in self.facts["secrets"]]

    @property
    def seconds(self) -> float | None:
        """The time that the run takes at least, by its limits and `latency`; None: they give no bound."""
        bounds: list[dict[str, float]] = self.facts["forecast"]["takes_at_least"]
        return float(bounds[0]["seconds"]) if bounds else None

    @property
    def costs(self) -> dict[str, float]:
        """What the requests say that they cost, in each unit."""
        return {cost["unit"]: float(cost["sum"]) for cost in self.facts["forecast"]["costs"]}

    def __bool__(self) -> bool:
        return not self.is_refused and not self.has_warnings

    def __str__(self) -> str:
        return self._text

    def __repr__(self) -> str:
        bad = self.facts["bad_count"] + self.facts["repeated_count"]
        return f"<CheckReport: {self.calls} calls, {bad} bad{', warnings' if self.has_warnings else ''}>"


def check(
    requests: StrPath | Iterable[RequestTypes] | Any,
    *,
    latency: Seconds | None = None,
    **options: Unpack[RunOptions],
) -> CheckReport:
    """Looks at the requests of a run, and sends none: `plait check` for Python.

        print(plait.check("requests.jsonl", limits=["requests=500/m"], budget={"usd": 5}))

    `requests` and the options are those of `plait.run`. `latency`, the time that a call takes, lets the number of calls
    in flight bound the time of the run, too. An iterable is read to its end; a generator is used up then.
    """
    settings = options_of(options)
    source = source_of(requests, options, settings)
    if isinstance(source, AsyncIterable):
        raise InputError("check reads an iterable, and not an asynchronous one")
    settings["latency"] = seconds_of(latency, "latency")
    name = source if isinstance(source, str) else "the requests"
    facts, text, is_refused, has_warnings = _engine.check(source, settings, name)
    import json

    return CheckReport(json.loads(facts), for_python(text), is_refused, has_warnings)
