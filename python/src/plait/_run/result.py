"""What came of a run: its results, and its report."""

from __future__ import annotations

from .._errors import for_python
from .._messages import Request, Result

TYPE_CHECKING = False  # importing typing would take a fifth of the time of importing plait
if TYPE_CHECKING:
    from typing import Any, Literal

    from typing_extensions import TypeAlias

    from .._engine import Response
    from .._errors import Error

Outcome: TypeAlias = 'Literal["ok", "rejected", "failed", "unknown", "skipped"]'
"""An expected answer; another answer; no answer and certainly no effect; no answer, but perhaps an effect; not sent."""


class RunResult(Result):
    """The result of one request of a run. There is exactly one for each, whatever happened."""

    __slots__ = ("_metadata", "attempts", "elapsed", "more_pages", "outcome", "pages")

    outcome: Outcome
    attempts: int
    """Requests that were sent for it: redirects, pages and polls included."""
    elapsed: float
    """From the first send to the end, with the waits in between, in seconds."""
    pages: list[Response]
    """The pages that came, of a call with `follow` that has pages; `response` is the last answer."""
    more_pages: bool
    """Whether the last page named another one, which was not got: `max_pages`, or an error."""

    def __init__(
        self,
        line: int,
        custom_id: str,
        outcome: Outcome,
        request: Request | None,
        response: Response | None,
        error: Error | None,
        attempts: int,
        elapsed: float,
        metadata: str,
        pages: list[Response],
        more_pages: bool,
    ) -> None:
        super().__init__(line - 1, (custom_id, request), response, error)
        self.pages = pages
        self.more_pages = more_pages
        self.outcome = outcome
        self.attempts = attempts
        self.elapsed = elapsed
        self._metadata = metadata

    @property
    def ok(self) -> bool:
        """Whether the outcome is ok: a 2xx, or what the request expects."""
        return self.outcome == "ok"

    @property
    def request(self) -> Request:
        """The request as it was sent. Raises the error for what is not a request."""
        request: Request | None = self._given[1]
        if request is not None:
            return request
        if self.response is None:
            assert self.error is not None
            raise self.error
        return self.response.request

    @property
    def custom_id(self) -> str:
        """The id of the request; `line-<n>` if it has none."""
        custom_id: str = self._given[0]
        return custom_id

    @property
    def metadata(self) -> Any:
        if not self._metadata:
            return None
        import json

        return json.loads(self._metadata)

    def unwrap(self) -> Response:
        """The response, if the outcome is ok; else raises the error, or `StatusError`."""
        if self.response is not None and (self.ok or self.error is None):
            return self.response if self.ok else self.response.raise_for_status()
        assert self.error is not None
        raise self.error

    def __repr__(self) -> str:
        what = self.response if self.response is not None else self.error
        return f"<RunResult {self.custom_id}: {self.outcome}, {what!r}>"


class Report:
    """How a run stands, or stood at its end. The numbers count the results of earlier runs, too, where the results
    file has them; `retries`, `elapsed`, `errors` and `latency` are of this run."""

    __slots__ = (
        "costs",
        "done",
        "elapsed",
        "end",
        "errors",
        "failed",
        "in_flight",
        "latency",
        "ok",
        "rate",
        "rejected",
        "remaining",
        "retries",
        "skipped",
        "stop_reason",
        "total",
        "unknown",
        "unknown_ids",
        "waits_for",
    )

    ok: int
    rejected: int
    failed: int
    unknown: int
    skipped: int
    done: int
    """All results."""
    total: int | None
    """The requests, if their number is known."""
    in_flight: int
    """Calls that were sent and have not ended."""
    rate: float
    """Results a second, of the last ten seconds."""
    remaining: float | None
    """The seconds until the end, by the rate and the limits; None: unknown, or it has ended."""
    waits_for: str
    """Why few or no calls are sent, such as "waits for requests=500/m until 14:03:07"; empty if nothing waits."""
    retries: int
    elapsed: float
    end: Literal["finished", "interrupted", "stopped", "failed"] | None
    """`failed`: with an exception. None: it has not ended."""
    stop_reason: str | None
    """Why it was stopped or left unfinished: a sentence."""
    costs: dict[str, float]
    """What was spent, of the units that have a budget."""
    errors: dict[str, int]
    """How many calls ended with which error: {"timeout": 3}."""
    latency: dict[str, float]
    """Of the calls with an answer: "p50", "p90", "p99" and "max", in seconds."""
    unknown_ids: list[str]
    """The first requests of this run whose outcome is not known."""

    def __init__(self, **fields: Any) -> None:
        for name, value in fields.items():
            setattr(self, name, value)
        if self.stop_reason is not None:
            self.stop_reason = for_python(self.stop_reason)
        self.waits_for = for_python(self.waits_for)

    def __bool__(self) -> bool:
        """Whether the run has finished, and every request has an ok result."""
        return self.end == "finished" and self.done == self.ok

    def __repr__(self) -> str:
        return f"<Report {self.end or 'running'}: {self.done} done, {self.ok} ok, in {self.elapsed:.3f} s>"
