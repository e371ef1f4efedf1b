"""Runs: many calls with limits, retries and budgets, whose results are in a file and which can be resumed."""

from __future__ import annotations

import os
from _warnings import warn  # without the rest of `warnings`
from _weakref import ref  # without the rest of `weakref`, which takes as long as a third of plait
from collections import deque
from collections.abc import AsyncIterable, Iterable, Mapping

from . import _engine, _hooks
from ._checks import amounts_of, checked, checked_options, no_option
from ._errors import InputError, WrongLoop, for_python
from ._feed import AsMappings, Feed
from ._frames import Body, FrameRows, columns_of, imported, is_frame, with_bad_ones
from ._hosts import Host, current
from ._messages import Request, Result
from ._options import (
    ConnectionOptions,
    Retry,
    Seconds,
    StrPath,
    _texts,
    check_failing,
    engine_options,
    engine_retry,
    limits_of,
    retry_of,
    seconds_of,
)
from ._progress import ProgressLike, RunProgress
from ._rows import Rows, engine_rows

TYPE_CHECKING = False  # importing typing would take a fifth of the time of importing plait
if TYPE_CHECKING:
    from typing import Any, Literal, Union

    from typing_extensions import Self, TypeAlias, Unpack

    from ._engine import Response
    from ._errors import Error
    from ._sessions import RequestTypes

Outcome: TypeAlias = 'Literal["ok", "rejected", "failed", "unknown", "skipped"]'
BatchFormat: TypeAlias = 'Literal["anthropic-batch", "gemini-batch", "mistral-batch", "openai-batch"]'
"""An expected answer; another answer; no answer and certainly no effect; no answer, but perhaps an effect; not sent."""


class RunOptions(ConnectionOptions, total=False):
    """What a run takes. Calls of earlier runs count for its `limits`, and `retries` are as in `plait.Retry()` by default.
    Of `ConnectionOptions`, all but `params`, `raise_for_status` and a function as `auth`."""

    url_prefix: str
    """Put before every URL that has no host: "https://api.example/v1" and "/items" make "https://api.example/v1/items".
    In its place, a run still takes `base_url`, with a `DeprecationWarning`."""
    concurrency: Union[int, Literal["auto"]]
    """The most calls in flight. "auto" (the default) finds how many each server takes well."""
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
    expect: Union[int, str, Mapping[str, Any]]
    """The answers that are ok, if not any 2xx: 200, "2xx", or an object as in request lines. Not for a file, whose
    lines say so themselves; a mapping with an `expect` of its own keeps it."""
    refusal: Union[str, Iterable[str]]
    """Answers that ask to come later, beside the well-known ones: "status=403"."""
    follow: Union[str, Mapping[str, Any]]
    """Makes further requests part of each call: its pages ("next=link", "next=/meta/next,cursor=after"), or the polls of
    its job ("poll=location", "poll=/status:succeeded,failed"); or an object as in request lines."""
    max_pages: int
    """Gets at most so many pages of a call."""
    each_page: bool
    """Writes a result line for each page (False). A `RunResult` has all pages of its call in any case."""
    idempotency_keys: Literal["auto"]
    """Sends every request whose method is not safe to repeat with an Idempotency-Key of its own, and repeats it. Use
    this only if the server honours such keys."""
    secrets: Iterable[str]
    """What {{env.NAME}} and {{file.PATH}} in request lines may stand for: ["env.API_KEY"]."""
    auth_command: str
    """A shell command that prints new credentials. On a 401, it is run once for all calls."""
    cookie_jar: StrPath
    """Cookies are read from this file, and written to it."""
    hedge: str
    """Sends a second copy of calls that are safe to repeat and slower than most: "p95"."""
    rows: Rows
    """Makes a request of each row of a file: `plait.Rows("https://api.example/{{row.id}}", id_from="id")`."""
    method: Literal["async", "sync", "threads", "processes"]
    """How calls are made. "processes" needs a program that has no other threads yet; with "sync", Ctrl-C takes effect
    when the call in flight has ended."""
    trace: StrPath
    """Records what every call does and when, for `plait report`."""
    body: Literal["auto", "text", "base64"]
    """The form of bodies in the results file."""
    format: BatchFormat
    """Reads the batch file of a vendor as it is (docs/formats.md). For a file of requests."""
    model: str
    """With `format`: the model of requests that name none."""
    endpoint: str
    """With `format="mistral-batch"`: the path that requests are sent to ("/v1/chat/completions")."""
    result_format: BatchFormat
    """Writes the results file in the form of a vendor's results, which its own classes take."""
    save_bodies: StrPath
    """Large bodies become files in this folder: `response.file`."""
    inline_max: int
    """With `save_bodies`: keeps bodies of up to this many bytes in the results."""
    progress: ProgressLike
    """Shows how far the run has come: True, "rich", "tqdm", "log", or a function that gets a `Report`, at most ten
    times a second (False)."""


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
    """Iterate over its results with `for` or `async for`, or make it `finish()`.

    Without an event loop, it goes on only meanwhile, in the thread that waits. In one (asyncio, uvloop, trio, anyio),
    it goes on as long as the loop does, until a hundred results are not taken.

    With a results file, it can end in any way, even by `kill -9`: give the same call again and it goes on. Ctrl-C, and
    an exception of the iterable, start no more calls, wait up to `grace` seconds for those in flight, and are raised
    then; a second Ctrl-C gives them up. Leaving the `with` block early abandons the calls in flight.
    """

    def __init__(self, requests: Any, results: str | None, options: dict[str, Any], progress: ProgressLike) -> None:
        self._feed = Feed(requests) if isinstance(requests, AsyncIterable) else None
        source: Any = requests if self._feed is None else self._feed
        super().__init__(source, results, options)
        self._host: Host | None = None
        self._descriptor = -1
        self._waiter: Any = None
        self._ready: deque[RunResult] = deque()
        self._has_ended = False
        self._has_more = False
        self._progress: RunProgress | None = None
        if progress is not False and progress is not None:
            self._progress = RunProgress(progress, _report_from)
            self._set_tick(self._progress)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __next__(self) -> RunResult:
        try:
            return super().__next__()
        except BaseException:
            self._end_progress()
            raise

    def finish(self) -> Report:
        """Makes all the calls, without a Python object for each, and returns the report. Results that were not taken
        are in the file only."""
        try:
            return Report(**self._finish())
        finally:
            self._end_progress()

    def interrupt(self) -> None:
        """Starts no more calls; those in flight have the grace period. A second time: gives them up. It takes effect
        in the thread that waits for the run, and may be called in any."""
        self._interrupt()

    def close(self) -> None:
        """Gives up the calls in flight, and closes the files. A run that has ended stays as it is."""
        if self._host is not None and not self._is_over:
            raise RuntimeError("this run is in an event loop: use 'async with', or await aclose()")
        self._close()
        self._end_progress()

    @property
    def report(self) -> Report:
        """How the run stands."""
        return Report(**self._report())

    def __repr__(self) -> str:
        report = self.report
        return f"<Run {report.end or 'running'}: {report.done} done, {report.ok} ok>"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> RunResult:
        if self._ready:
            return self._ready.popleft()
        self._enter(True)
        while True:
            self._ready.extend(self._take_all())
            if self._ready:
                return self._ready.popleft()
            if self._is_over:
                self._conclude_once()
                raise StopAsyncIteration
            await self._wait()

    async def afinish(self) -> Report:
        """`finish` in an event loop."""
        self._enter(False)
        self._drop_values()
        self._ready.clear()
        while not self._is_over:
            await self._wait()
        self._conclude_once()
        return self.report

    async def aclose(self) -> None:
        """`close` in an event loop: waits until the calls in flight are given up."""
        if self._host is None:
            self.close()
            return
        self._ready.clear()
        if not self._is_over:
            self._give_up()
            self._turn()
        while not self._is_over:
            await self._wait()
        self._conclude_once()

    def to_pandas(self, *, body: Body = "text") -> Any:
        """The results that have not been taken, as a `pandas.DataFrame`, a row for each. Bodies are texts, bytes, or
        parsed JSON."""
        pandas = imported("pandas", "pandas", "to_pandas()")
        return pandas.DataFrame(columns_of(self, body))

    def to_polars(self, *, body: Body = "text") -> Any:
        """The same as a `polars.DataFrame`."""
        polars = imported("polars", "polars", "to_polars()")
        return polars.DataFrame(columns_of(self, body), strict=False)

    def to_arrow(self, *, body: Literal["text", "bytes"] = "text") -> Any:
        """The same as a `pyarrow.Table`, which DuckDB, Polars and pandas take."""
        arrow = imported("pyarrow", "pyarrow", "to_arrow()")
        return arrow.table(columns_of(self, body))

    def _enter(self, keeps_values: bool) -> None:
        """Begins the run in the running loop, unless it was."""
        host = current()
        if self._host is not None:
            if not host.is_in(self._host.identity):
                raise WrongLoop("this run was begun in another event loop: go on there")
            return
        self._descriptor = self._begin(keeps_values)
        self._host = host
        here = ref(self)

        def turn() -> None:
            run = here()
            if run is not None:
                run._turn_in_host()

        host.watch(self._descriptor, turn)
        if self._feed is not None:
            self._feed.start(host, self._more)
        self._turn_in_host()

    def _turn_in_host(self) -> None:
        try:
            self._turn()
        finally:
            if self._is_over:
                self._leave()
            waiter, self._waiter = self._waiter, None
            if waiter is not None and not waiter.done():
                waiter.set_result(None)

    def _more(self) -> None:
        """The asynchronous iterable has another item, or has ended."""
        if self._is_over or self._host is None:
            return
        self._more_came()
        if not self._has_more:
            self._has_more = True
            self._host.call_soon(self._turn_for_more)

    def _turn_for_more(self) -> None:
        self._has_more = False
        if not self._is_over:
            self._turn_in_host()

    async def _wait(self) -> None:
        """Until the loop has turned."""
        if self._waiter is not None:
            raise RuntimeError("two tasks wait for one run at the same time")
        assert self._host is not None
        self._waiter = self._host.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _leave(self) -> None:
        if self._host is not None and self._descriptor >= 0:
            self._host.leave(self._descriptor)
            self._descriptor = -1
            if self._feed is not None:
                self._feed.stop()

    def _conclude_once(self) -> None:
        """At the end: raises what ended the run."""
        self._leave()
        if not self._has_ended:
            self._has_ended = True
            self._end_progress()
            self._conclude()

    def _end_progress(self) -> None:
        progress, self._progress = self._progress, None
        if progress is not None:
            progress.close(self._report())

    def __del__(self) -> None:
        if getattr(self, "_descriptor", -1) >= 0:
            self._leave()


def _report_from(fields: dict[str, Any]) -> Report:
    return Report(**fields)


def run(
    requests: StrPath | Iterable[RequestTypes] | AsyncIterable[RequestTypes] | Any,
    results: StrPath | None = None,
    **options: Unpack[RunOptions],
) -> Run:
    """`plait run` for Python: a file, an iterable or a data frame of requests in, results out.

        report = plait.run("requests.jsonl", "results.jsonl", limits=["requests=500/m"]).finish()

        with plait.run(({"url": url, "custom_id": url} for url in urls), "results.jsonl") as run:
            for result in run:
                print(result.custom_id, result.outcome)

        async for result in plait.run(requests):
            ...

    `requests` is a file of request lines (docs/formats.md) or of URLs; or an iterable of URLs, `plait.Request`s and
    mappings with the fields of a request line, which may be an asynchronous one; or a data frame (pandas, polars, Arrow)
    with such fields as columns. It is read when there is room. `results` is a file that the command `plait` can read
    and resume, too; without one, the results are only handed out, and the run can't be resumed.

    Never raises because of a call. Raises `InputError` for what can't be used, such as an input that has changed since
    an earlier run, and `Error` with the code `storage` when a file can't be read or written.
    """
    settings = _options_of(options)
    expect = options.get("expect")
    if isinstance(requests, (str, os.PathLike)):
        if expect is not None:
            raise InputError("expect: the lines of a file say what they expect")
        if settings["retry"]["statuses"]:
            raise InputError('retries: the lines of a file say which statuses are retried: {"retry": {"statuses": …}}')
        source: Any = _path_of(requests, "requests")
    else:
        source = FrameRows(requests) if is_frame(requests) else with_bad_ones(requests)
        is_one = isinstance(source, (bytes, Mapping))  # its letters or keys are no requests
        if any(name in options for name in ("format", "model", "endpoint")):
            raise InputError("format, model and endpoint are for a file of requests")
        if "rows" in options:
            raise InputError("rows is for a file of rows; plait.requests_of makes requests of a data frame")
        if is_one or (not isinstance(source, AsyncIterable) and not hasattr(source, "__iter__")):
            raise TypeError(f"requests is a file, an iterable or a data frame, not {type(requests).__name__}")
        if _are_bare(requests):
            _check_for_bare(options, settings)
        if expect is not None:
            source = AsMappings(source)
    if results is None:
        _check_without_results(options)
    return Run(source, None if results is None else _path_of(results, "results"), settings, options.get("progress", False))


def _are_bare(requests: Any) -> bool:
    """Whether these are only URLs and `plait.Request`s, which have no rules of their own."""
    return isinstance(requests, (list, tuple)) and all(isinstance(item, (str, Request)) for item in requests)


def _check_for_bare(options: RunOptions, settings: dict[str, Any]) -> None:
    if "follow" not in options:
        for name in ("max_pages", "each_page"):
            if options.get(name):
                raise InputError(f"{name} needs follow, such as follow='next=link'")
    if "expect" not in options:
        check_failing(settings["retry"]["statuses"])


def _check_without_results(options: RunOptions) -> None:
    for name in ("each_page", "result_format"):
        if options.get(name):
            raise InputError(f"{name} is for the results file: name one, as in plait.run(requests, 'results.jsonl')")


def _path_of(path: StrPath, name: str) -> str:
    text = os.fspath(path)
    if not isinstance(text, str) or text in ("", "-"):
        raise InputError(f"{name} must name a file, not {text!r}")
    return text


_passed_on: dict[str, type] = {
    "auth_command": str,
    "body": str,
    "canary": int,
    "cost_from": str,
    "durable": bool,
    "each_page": bool,
    "endpoint": str,
    "extend": bool,
    "format": str,
    "inline_max": int,
    "max_pages": int,
    "method": str,
    "model": str,
    "ordered": bool,
    "repeat_unknown": bool,
    "result_format": str,
    "resume": bool,
}


def _options_of(options: RunOptions) -> dict[str, Any]:
    """The options as the engine takes them."""
    from ._lines import Lines  # which imports json

    unknown = set(options) - set(RunOptions.__annotations__) | set(options) & {"params", "raise_for_status"}
    if unknown:
        raise no_option("a run", unknown, RunOptions.__annotations__)
    if callable(options.get("auth")):
        raise InputError("auth: a run takes a user and a password, or a token; let the iterable make other headers")
    connection = {name: value for name, value in options.items() if name in ConnectionOptions.__annotations__}
    for name in ("hooks", "limits", "retries"):
        connection.pop(name, None)
    connection.pop("base_url", None)
    engine, defaults = engine_options(connection, ConnectionOptions)  # type: ignore[arg-type]
    engine["base_path"] = _url_prefix_of(options)
    engine["line_of"] = Lines(defaults.usual_attempt, _expectation(options.get("expect")))
    engine.pop("hooks", None)
    hooks = _hooks.hooks_for(options.get("hooks", ()), of_run=True)
    if hooks:
        import contextvars

        engine["hooks"] = hooks
        engine["context"] = contextvars.copy_context()
    engine.update(checked_options(options, _passed_on))
    if engine.get("max_pages") == 0:
        raise InputError("max_pages is a whole number, at least 1, not 0")
    concurrency = options.get("concurrency", "auto")
    if concurrency != "auto":
        engine.update(checked_options({"concurrency": concurrency}, {"concurrency": int}))
    limits = limits_of(options.get("limits", ()))
    engine["limits"] = list(limits.rates)
    if limits.concurrency not in (None, "auto"):
        engine["concurrency"] = limits.concurrency
    engine["per_origin"] = limits.per_origin
    for name in ("cookie_jar", "save_bodies", "trace"):
        if name in options:
            engine[name] = _path_of(options[name], name)  # type: ignore[literal-required]
    if "inline_max" in options and "save_bodies" not in options:
        raise InputError("inline_max needs save_bodies")
    if options.get("idempotency_keys", "auto") != "auto":
        raise InputError("idempotency_keys is 'auto'; a request has the key of its own as idempotency_key")
    engine["automatic_keys"] = "idempotency_keys" in options
    engine["secrets"] = _texts(options.get("secrets", ()), "secrets")
    engine["refusal"] = _texts(options.get("refusal", ()), "refusal")
    if "hedge" in options:
        engine["hedge"] = _percentile(options["hedge"])
    if "follow" in options:
        rule = options["follow"]
        engine["follow"] = _follow_text(rule)
    if "rows" in options:
        engine["rows"] = engine_rows(options["rows"])
    engine["stop_if"] = _texts(options.get("stop_if", ()), "stop_if")
    engine["budget"] = amounts_of(options.get("budget", {}), "budget")
    engine["grace"] = seconds_of(options.get("grace"), "grace")
    retries = retry_of(options.get("retries", Retry()))
    engine["retry"] = engine_retry(retries)
    engine["retry_when"] = retries.when
    return engine


def _url_prefix_of(options: RunOptions) -> str | None:
    if "base_url" not in options:
        return str(checked(str, options["url_prefix"], "url_prefix")) if "url_prefix" in options else None
    if "url_prefix" in options:
        raise InputError("base_url is the old name of url_prefix: give one of the two")
    warn(
        "base_url of a run is now url_prefix: it is put before URLs, which a session resolves against its base_url",
        DeprecationWarning,
        stacklevel=4,
    )
    return str(checked(str, options["base_url"], "base_url"))


def _expectation(expect: int | str | Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The `expect` of a request line. Raises `InputError` for what is none."""
    if expect is None:
        return None
    from ._json import encoded

    rule = dict(expect) if isinstance(expect, Mapping) else {"status": expect}
    try:
        _engine.check_expectation(encoded(rule))
    except (InputError, TypeError, ValueError) as error:
        raise InputError(f"expect is a status such as 404 or '2xx', or an object of those, not {expect!r}: {error}") from None
    return rule


def _follow_text(rule: Any) -> str:
    if isinstance(rule, Mapping):
        import json

        return json.dumps(dict(rule))
    if not isinstance(rule, str):
        raise InputError(f"follow is a text such as 'next=link', or a mapping, not {rule!r}")
    return rule


def _percentile(text: str) -> float:
    number = text[1:] if isinstance(text, str) and text.startswith("p") else ""
    if not number.isdecimal() or not 50 <= int(number) <= 99:
        raise InputError(f"hedge is a percentile from 'p50' to 'p99', not {text!r}")
    return int(number) / 100


def log_warning(sentence: str) -> None:
    """A warning of the engine, which calls this."""
    import logging  # here: few runs warn, and to import it takes longer than all of plait

    logging.getLogger("plait").warning("%s", for_python(sentence))
