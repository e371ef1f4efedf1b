"""Runs: many calls with limits, retries and budgets, whose results are in a file and which can be resumed."""

from __future__ import annotations

import os
from _weakref import ref  # without the rest of `weakref`, which takes as long as a third of plait
from collections import deque
from collections.abc import AsyncIterable, Iterable, Mapping

from .. import _engine
from .._errors import InputError, WrongLoop, for_python
from .._frames import Body, FrameRows, columns_of, imported, is_frame, with_bad_ones
from .._hosts import Host, current
from .._options import StrPath
from .._progress import ProgressLike, RunProgress
from .feed import AsMappings, Feed
from .options import RunOptions, are_bare, check_for_bare, check_without_results, options_of, path_of
from .result import Report, RunResult

TYPE_CHECKING = False  # importing typing would take a fifth of the time of importing plait
if TYPE_CHECKING:
    from typing import Any, Literal

    from typing_extensions import Self, Unpack

    from .._sessions import RequestTypes


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


def source_of(requests: Any, options: RunOptions, settings: dict[str, Any]) -> Any:
    """The requests of a run as the engine reads them. Raises `InputError` for options that don't fit them."""
    expect = options.get("expect")
    if isinstance(requests, (str, os.PathLike)):
        if expect is not None:
            raise InputError("expect: the lines of a file say what they expect")
        if settings["retry"]["statuses"]:
            raise InputError('retries: the lines of a file say which statuses are retried: {"retry": {"statuses": …}}')
        return path_of(requests, "requests")
    source = FrameRows(requests) if is_frame(requests) else with_bad_ones(requests)
    is_one = isinstance(source, (bytes, Mapping))  # its letters or keys are no requests
    if any(name in options for name in ("format", "model", "endpoint")):
        raise InputError("format, model and endpoint are for a file of requests")
    if "rows" in options:
        raise InputError("rows is for a file of rows; plait.requests_of makes requests of a data frame")
    if is_one or (not isinstance(source, AsyncIterable) and not hasattr(source, "__iter__")):
        raise TypeError(f"requests is a file, an iterable or a data frame, not {type(requests).__name__}")
    if are_bare(requests):
        check_for_bare(options, settings)
    return source if expect is None else AsMappings(source)


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
    settings = options_of(options)
    source = source_of(requests, options, settings)
    if results is None:
        check_without_results(options)
    return Run(source, None if results is None else path_of(results, "results"), settings, options.get("progress", False))


def log_warning(sentence: str) -> None:
    """A warning of the engine, which calls this."""
    import logging  # here: few runs warn, and to import it takes longer than all of plait

    logging.getLogger("plait").warning("%s", for_python(sentence))
