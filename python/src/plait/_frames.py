"""Data frames of pandas, polars and Arrow: as requests, and made of results. Imports none of them unasked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from ._checks import takes_options
from ._errors import InputError
from ._messages import MISSING, BadRequest, Request

TYPE_CHECKING = False  # importing typing would take a fifth of the time of importing plait
if TYPE_CHECKING:
    from typing import Any, Literal, Union

    from typing_extensions import TypeAlias

    from ._run import RunResult

Body: TypeAlias = 'Literal["text", "json", "bytes"]'
Template: TypeAlias = "Union[str, Callable[[Mapping[str, Any]], Any]]"

_chunk = 1000
"""Rows that are turned into Python's objects at a time."""


def is_frame(value: Any) -> bool:
    """Whether this is a data frame: it has columns and can be cut into rows."""
    kind = type(value)
    return hasattr(kind, "iter_rows") or hasattr(kind, "to_pylist") or (hasattr(kind, "iloc") and hasattr(kind, "to_dict"))


def rows_of(frame: Any) -> Iterator[dict[str, Any]]:
    """The rows, without missing values: a field that is missing is as one that is not there."""
    for row in _raw_rows(frame):
        yield {str(name): value for name, value in row.items() if not _is_missing(value)}


def _raw_rows(frame: Any) -> Iterator[dict[str, Any]]:
    kind = type(frame)
    if hasattr(kind, "iter_rows"):  # polars
        yield from frame.iter_rows(named=True)
    elif hasattr(kind, "iloc"):  # pandas
        for begin in range(0, len(frame), _chunk):
            yield from frame.iloc[begin : begin + _chunk].to_dict("records")
    else:  # Arrow
        for begin in range(0, len(frame), _chunk):
            yield from frame.slice(begin, _chunk).to_pylist()


def _is_missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and value != value) or type(value).__name__ in ("NAType", "NaTType")


class FrameRows:
    """A data frame as a sequence of request lines, which is read row by row."""

    def __init__(self, frame: Any) -> None:
        columns = [str(name) for name in getattr(frame, "column_names", getattr(frame, "columns", ()))]
        if "url" not in columns:
            raise InputError(
                f"a data frame of requests needs a column 'url'; it has {', '.join(columns) or 'none'}. "
                "plait.requests_of makes requests of other columns."
            )
        self._frame = frame

    def __len__(self) -> int:
        return len(self._frame)

    def __getitem__(self, index: int) -> dict[str, Any]:
        raise TypeError("the rows are read in order")

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return rows_of(self._frame)


@takes_options("plait.requests_of", {"body": "json= is meant", "id_from": "custom_id= is meant"})
def requests_of(
    frame: Any,
    url: Template,
    *,
    method: str | None = None,
    json: Mapping[str, Any] | Template | None = None,
    custom_id: str | None = None,
) -> RequestsOfRows:
    """A request for each row of a data frame of pandas, polars or Arrow.

        plait.requests_of(frame, "https://api.example/users/{user_id}", custom_id="user_id")
        plait.requests_of(frame, "https://api.example/ask", json={"question": "{text}", "lang": "en"})

    `url` and the values of `json` are templates with the names of columns in braces, or functions of a row. In a URL,
    values are percent-encoded; in `json`, a value that is one name alone keeps its type. `custom_id` is a column.

    A row that lacks a value has a result with an `InputError` in `run` and `map`, like other requests that can't be
    sent. Iterated over otherwise, it raises the error, and goes on with the next row.
    """
    if not is_frame(frame):
        raise TypeError(f"requests_of takes a data frame of pandas, polars or Arrow, not {type(frame).__name__}")
    return RequestsOfRows(rows_of(frame), lambda row: _request_of(row, url, method, json, custom_id), custom_id)


class RequestsOfRows(Iterator[Request]):
    """The requests of rows. One that can't be made does not end them."""

    def __init__(
        self, rows: Iterator[dict[str, Any]], request_of: Callable[[dict[str, Any]], Request], custom_id: str | None
    ) -> None:
        self._rows = rows
        self._request_of = request_of
        self._custom_id = custom_id

    def __next__(self) -> Request:
        return self._request_of(next(self._rows))

    def with_bad_ones(self) -> Iterator[Request | BadRequest]:
        """For `run` and `map`: with what is wrong with a row in the place of its request."""
        for row in self._rows:
            try:
                request: Request | BadRequest = self._request_of(row)
            except InputError as error:
                request = BadRequest(str(row.get(self._custom_id) or "") if self._custom_id else "", error)
            yield request


def with_bad_ones(requests: Any) -> Any:
    """An iterable of requests, as `run` and `map` read it."""
    return requests.with_bad_ones() if isinstance(requests, RequestsOfRows) else requests


def _request_of(
    row: Mapping[str, Any],
    url: Template,
    method: str | None,
    json: Mapping[str, Any] | Template | None,
    custom_id: str | None,
) -> Request:
    return Request(
        method or ("GET" if json is None else "POST"),
        _url_of(url, row),
        json=MISSING if json is None else _filled(json, row),
        custom_id=None if custom_id is None else str(_column(row, custom_id)),
    )


def _column(row: Mapping[str, Any], name: str) -> Any:
    try:
        return row[name]
    except KeyError:
        raise InputError(f"a row has no value in the column {name!r}; it has {', '.join(row)}") from None


def _url_of(template: Template, row: Mapping[str, Any]) -> str:
    from urllib.parse import quote

    if callable(template):
        return str(template(row))
    return _with_values(template, lambda name: quote(str(_column(row, name)), safe=""))


def _filled(template: Any, row: Mapping[str, Any]) -> Any:
    if callable(template):
        return template(row)
    if isinstance(template, Mapping):
        return {name: _filled(value, row) for name, value in template.items()}
    if isinstance(template, list):
        return [_filled(value, row) for value in template]
    if not isinstance(template, str):
        return template
    if template.startswith("{") and template.find("}") == len(template) - 1:
        return _column(row, template[1:-1])
    return _with_values(template, lambda name: str(_column(row, name)))


def _with_values(template: str, value_of: Callable[[str], str]) -> str:
    from string import Formatter

    return "".join(
        text + ("" if name is None else value_of(name)) for text, name, _, _ in Formatter().parse(template)
    )


def columns_of(results: Iterable[RunResult], body: Body) -> dict[str, list[Any]]:
    """The results as columns of the same length."""
    from ._json import encoded

    columns: dict[str, list[Any]] = {
        name: []
        for name in ("index", "custom_id", "outcome", "status", "error", "message", "attempts", "elapsed", "body", "metadata")
    }
    for result in results:
        response = result.response
        values = (
            result.index,
            result.custom_id,
            result.outcome,
            None if response is None else response.status,
            None if result.error is None else result.error.code,
            None if result.error is None else str(result.error),
            result.attempts,
            result.elapsed,
            None if response is None else _body_of(response, body),
            None if result.metadata is None else encoded(result.metadata),
        )
        for column, value in zip(columns.values(), values):
            column.append(value)
    return columns


def _body_of(response: Any, body: Body) -> Any:
    if body == "bytes":
        return response.content
    if body == "text":
        return response.text
    try:
        return response.json()
    except InputError:
        return response.text


def imported(name: str, package: str, function: str) -> Any:
    """A module that the user wants. Raises `ImportError`, which says how to get it."""
    import importlib

    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ImportError(f"{function} needs {package}: pip install {package}", name=name) from error
