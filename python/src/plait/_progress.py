"""How far a run or a map has come, on a screen or in a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator

from ._errors import InputError

TYPE_CHECKING = False  # importing typing would take a fifth of the time of importing plait
if TYPE_CHECKING:
    from typing import Any, Literal, Union

    from typing_extensions import TypeAlias

    from ._messages import Result
    from ._run import Report

ProgressLike: TypeAlias = 'Union[bool, Literal["rich", "tqdm", "log"], Callable[[Report], object]]'
"""True: a bar of rich or tqdm, if one of them is installed and there is a terminal or a notebook; else lines in the
log. Or a function, which gets a `Report`."""

_pause = 10.0
"""Seconds between two lines in the log."""


class Bar:
    """Shows how many calls are done."""

    def show(self, done: int, total: int | None, failed: int) -> None:
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError


class _TqdmBar(Bar):
    def __init__(self) -> None:
        from tqdm.auto import tqdm  # type: ignore[import-untyped,unused-ignore]

        self._bar = tqdm(unit=" calls")

    def show(self, done: int, total: int | None, failed: int) -> None:
        if total is not None:
            self._bar.total = total
        if failed:
            self._bar.set_postfix({"not ok": failed}, refresh=False)
        self._bar.update(done - self._bar.n)

    def close(self) -> None:
        self._bar.close()


class _RichBar(Bar):
    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[failed]}"), TimeRemainingColumn())
        self._progress = Progress(*columns, console=Console(stderr=True))
        self._task = self._progress.add_task("", total=None, failed="")
        self._progress.start()

    def show(self, done: int, total: int | None, failed: int) -> None:
        text = f"{failed} not ok" if failed else ""
        self._progress.update(self._task, completed=done, total=total, failed=text)

    def close(self) -> None:
        self._progress.stop()


class _LogBar(Bar):
    def __init__(self) -> None:
        import logging

        self._log = logging.getLogger("plait")
        self._next = time.monotonic() + _pause
        self._last = (0, None, 0)

    def show(self, done: int, total: int | None, failed: int) -> None:
        self._last = (done, total, failed)  # type: ignore[assignment]
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + _pause
            self._say()

    def close(self) -> None:
        self._say()

    def _say(self) -> None:
        done, total, failed = self._last
        of = "" if total is None else f" of {total}"
        self._log.info("%d%s calls done, %d not ok", done, of, failed)


def bar_for(progress: ProgressLike) -> Bar:
    """The bar for this option, which is neither False nor a function."""
    if progress is True:
        from importlib.util import find_spec

        is_seen = sys.stderr.isatty() or "ipykernel" in sys.modules
        known = [name for name in ("rich", "tqdm") if is_seen and find_spec(name) is not None]
        progress = known[0] if known else "log"  # type: ignore[assignment]
    kinds: dict[Any, type[Bar]] = {"rich": _RichBar, "tqdm": _TqdmBar, "log": _LogBar}
    if progress not in kinds:
        raise InputError(f"progress is True, 'rich', 'tqdm', 'log' or a function, not {progress!r}")
    try:
        return kinds[progress]()
    except ImportError as error:
        raise ImportError(f"progress={progress!r} needs {progress}: pip install {progress}") from error


def counted(results: Iterator[Result], total: int | None, progress: ProgressLike) -> Iterator[Result]:
    """The results of a map, with a bar."""
    if callable(progress):
        raise InputError("progress of a map is True, 'rich', 'tqdm' or 'log': count its results yourself")
    bar = bar_for(progress)
    done = failed = 0
    shown = 0.0
    try:
        for result in results:
            done += 1
            failed += not result.ok
            if time.monotonic() - shown >= 0.1:
                shown = time.monotonic()
                bar.show(done, total, failed)
            yield result
        bar.show(done, total, failed)
    finally:
        bar.close()


class RunProgress:
    """What a run calls now and then with how it stands."""

    def __init__(self, progress: ProgressLike, report_of: Callable[[dict[str, Any]], Report]) -> None:
        self._function = progress if callable(progress) else None
        self._bar = None if self._function is not None else bar_for(progress)
        self._report_of = report_of

    def __call__(self, fields: dict[str, Any]) -> None:
        if self._function is not None:
            self._function(self._report_of(fields))
        elif self._bar is not None:
            self._bar.show(fields["done"], fields["total"], fields["done"] - fields["ok"])

    def close(self, fields: dict[str, Any]) -> None:
        """The last one."""
        self(fields)
        if self._bar is not None:
            self._bar.close()
            self._bar = None
        self._function = None
