"""Runs: many calls with limits, retries and budgets, whose results are in a file and which can be resumed."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal, Union

from . import _engine
from ._errors import InputError, for_python
from ._messages import Request, Result
from ._options import ConnectionOptions, Seconds, StrPath, engine_options, seconds_of

if TYPE_CHECKING:
    from typing_extensions import Self, TypeAlias, Unpack

    from ._engine import Response
    from ._errors import Error
    from ._sessions import RequestTypes

Outcome: TypeAlias = Literal["ok", "rejected", "failed", "unknown", "skipped"]
"""An expected answer; another answer; no answer and certainly no effect; no answer, but perhaps an effect; not sent."""


class Retry:
    """How failed attempts are repeated: only where that does no harm, and after waits that grow at random. What the
    server asks for (`Retry-After`) counts more. A number in place of this is `attempts - 1`."""

    __slots__ = ("attempts", "first_delay", "longest_delay", "longest_wait", "unsafe")

    def __init__(
        self,
        attempts: int | None = None,
        *,
        first_delay: Seconds = 0.5,
        longest_delay: Seconds = 60.0,
        longest_wait: Seconds = 600.0,
        unsafe: bool = False,
    ) -> None:
        """`attempts` of a call at most; by default 5, and up to 15 while most retries succeed. Refusals (429, 503 with
        Retry-After) do not count. `first_delay`: the longest wait after the first attempt; it doubles with each, up to
        `longest_delay`. A server that asks for more than `longest_wait` is left alone for this run. `unsafe` repeats
        POST and PATCH without an Idempotency-Key, too: they may be executed twice."""
        if attempts is not None and attempts < 1:
            raise InputError(f"attempts must be at least 1, not {attempts!r}")
        self.attempts = attempts
        self.first_delay = seconds_of(first_delay, "first_delay")
        self.longest_delay = seconds_of(longest_delay, "longest_delay")
        self.longest_wait = seconds_of(longest_wait, "longest_wait")
        self.unsafe = unsafe

    def __repr__(self) -> str:
        return f"Retry({', '.join(f'{name}={getattr(self, name)!r}' for name in Retry.__slots__)})"


class RunOptions(ConnectionOptions, total=False):
    """What a run takes. Of `ConnectionOptions`, all but `params`, `raise_for_status` and a function as `auth`."""

    concurrency: Union[int, Literal["auto"]]
    """The most calls in flight. "auto" (the default) finds how many each server takes well."""
    limits: Iterable[str]
    """The rate of each origin: "requests=500/m", "tokens=90k/m". Calls of earlier runs count, too."""
    retries: Union[int, Retry]
    budget: Mapping[str, float]
    """What all runs with the same results may spend: {"usd": 5, "tokens": 2_000_000}."""
    cost_from: str
    """Where answers say what a call cost: "tokens=/usage/total_tokens"."""
    stop_if: Union[str, Iterable[str]]
    """Stops a run with too many bad results: "failed>20% of 200", "rejected>50"."""
    canary: int
    """This many calls go first; if one of them gets 401, 403 or no connection, the others are not sent."""
    ordered: bool
    """Whether results leave in the order of the requests (False)."""
    resume: bool
    """Whether results that exist are kept and only the rest is made (True). False starts over."""
    extend: bool
    """Whether requests may have been appended since an earlier run (False)."""
    repeat_unknown: bool
    """Resends unsafe requests whose outcome an earlier run never learned (False). They may execute twice."""
    durable: bool
    """Waits for the disk, so that even a power failure loses nothing (False)."""
    grace: Seconds
    """The time that calls in flight have after an interruption (10)."""


class RunResult(Result):
    """The result of one request of a run. There is exactly one for each, whatever happened."""

    __slots__ = ("_metadata", "attempts", "elapsed", "outcome")

    outcome: Outcome
    attempts: int
    """Requests that were sent for it, redirects included."""
    elapsed: float
    """From the first send to the end, with the waits in between, in seconds."""

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
    ) -> None:
        super().__init__(line - 1, (custom_id, request), response, error)
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
        "latency",
        "ok",
        "rejected",
        "retries",
        "skipped",
        "stop_reason",
        "total",
        "unknown",
        "unknown_ids",
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

    def __bool__(self) -> bool:
        """Whether the run has finished, and every request has an ok result."""
        return self.end == "finished" and self.done == self.ok

    def __repr__(self) -> str:
        return f"<Report {self.end or 'running'}: {self.done} done, {self.ok} ok, in {self.elapsed:.3f} s>"


class Run(_engine.BatchRun):
    """Iterate over its results, or `finish()` it. It goes on only meanwhile, in the thread that waits.

    With a results file, it can end in any way, even by `kill -9`: give the same call again and it goes on. Ctrl-C, and
    an exception of the iterable, start no more calls, wait up to `grace` seconds for those in flight, and are raised
    then; a second Ctrl-C gives them up. To leave the `with` block early gives up what is in flight.
    """

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def finish(self) -> Report:
        """Makes all the calls, without a Python object for each, and returns the report. Results that were not taken
        are in the file only."""
        return Report(**self._finish())

    def interrupt(self) -> None:
        """Starts no more calls; those in flight have the grace period. A second time: gives them up. It takes effect
        in the thread that waits for the run, and may be called in any."""
        self._interrupt()

    def close(self) -> None:
        """Gives up the calls in flight, and closes the files. A run that has ended stays as it is."""
        self._close()

    @property
    def report(self) -> Report:
        """How the run stands."""
        return Report(**self._report())


def run(
    requests: StrPath | Iterable[RequestTypes], results: StrPath | None = None, **options: Unpack[RunOptions]
) -> Run:
    """`plait run` for Python: a file or an iterable of requests in, results out.

        report = plait.run("requests.jsonl", "results.jsonl", limits=["requests=500/m"]).finish()

        with plait.run(({"url": url, "custom_id": url} for url in urls), "results.jsonl") as run:
            for result in run:
                print(result.custom_id, result.outcome)

    `requests` is a file of request lines (docs/formats.md) or of URLs, or an iterable of URLs, `plait.Request`s and
    mappings with the fields of a request line. It is read when there is room. `results` is a file that the command
    `plait` can read and resume, too; without one, the results are only handed out, and the run can't be resumed.

    Never raises because of a call. Raises `InputError` for what can't be used, such as an input that has changed since
    an earlier run, and `Error` with the code `storage` when a file can't be read or written.
    """
    source = _path_of(requests, "requests") if isinstance(requests, (str, os.PathLike)) else requests
    return Run(source, None if results is None else _path_of(results, "results"), _options_of(options))


def _path_of(path: StrPath, name: str) -> str:
    text = os.fspath(path)
    if not isinstance(text, str) or text in ("", "-"):
        raise InputError(f"{name} must name a file, not {text!r}")
    return text


def _options_of(options: RunOptions) -> dict[str, Any]:
    """The options as the engine takes them."""
    unknown = set(options) - set(RunOptions.__annotations__) | set(options) & {"params", "raise_for_status"}
    if unknown:
        raise TypeError(f"a run has no option {', '.join(map(repr, sorted(unknown)))}")
    if callable(options.get("auth")):
        raise InputError("auth: a run takes a user and a password, or a token; let the iterable make other headers")
    connection = {name: value for name, value in options.items() if name in ConnectionOptions.__annotations__}
    base_url = connection.pop("base_url", None)
    engine, _ = engine_options(connection, ConnectionOptions)  # type: ignore[arg-type]
    engine["base_path"] = base_url
    own = ("canary", "cost_from", "durable", "extend", "ordered", "repeat_unknown", "resume")
    engine.update((name, value) for name, value in options.items() if name in own)
    concurrency = options.get("concurrency", "auto")
    if concurrency != "auto":
        engine["concurrency"] = concurrency
    engine["limits"] = _texts(options.get("limits", ()), "limits")
    engine["stop_if"] = _texts(options.get("stop_if", ()), "stop_if")
    engine["budget"] = [(unit, float(amount)) for unit, amount in options.get("budget", {}).items()]
    engine["grace"] = seconds_of(options.get("grace"), "grace")
    retries = options.get("retries", Retry())
    if not isinstance(retries, Retry):
        if retries < 0:
            raise InputError(f"retries must be at least 0, not {retries!r}")
        retries = Retry(retries + 1)
    engine.update((name, getattr(retries, name)) for name in Retry.__slots__)
    return engine


def _texts(value: str | Iterable[str], name: str) -> list[str]:
    texts = [value] if isinstance(value, str) else list(value)
    if not all(isinstance(text, str) for text in texts):
        raise InputError(f"{name} is a text or a list of texts")
    return texts


def log_warning(sentence: str) -> None:
    """A warning of the engine, which calls this."""
    import logging  # here: few runs warn, and to import it takes longer than all of plait

    logging.getLogger("plait").warning("%s", for_python(sentence))
