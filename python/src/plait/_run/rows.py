"""Rows: how the rows of a table become the requests of a run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .._checks import check_text, checked, pairs_of, takes_options
from .._errors import InputError

TYPE_CHECKING = False  # importing typing would take a fifth of the time of importing plait
if TYPE_CHECKING:
    from typing import Any, Literal

_formats = ("csv", "tsv", "jsonl", "sqlite")


class Rows:
    """Makes a request of each row of a file of CSV, TSV, JSON Lines or SQLite, as the command does with `--url`.

        rows = plait.Rows("https://api.example/v1/items/{{row.id}}", body='{"name": {{row.name}}}', id_from="id")
        plait.run("items.csv", "results.jsonl", rows=rows).finish()

    In the templates, `{{row.COLUMN}}` stands for a value, encoded as its place demands (docs/formats.md).
    """

    __slots__ = ("body", "empty_is_text", "form", "format", "headers", "id_from", "keep", "method", "table", "url")

    @takes_options("plait.Rows", {"json": "body= is meant, the text of a template", "rows": "format= is meant"})
    def __init__(
        self,
        url: str,
        *,
        method: str | None = None,
        body: str | None = None,
        form: Mapping[str, str] | Iterable[tuple[str, str]] | None = None,
        headers: Mapping[str, str] | Iterable[tuple[str, str]] | None = None,
        id_from: str | None = None,
        keep: Iterable[str] | None = None,
        format: Literal["csv", "tsv", "jsonl", "sqlite"] | None = None,
        table: str | None = None,
        empty_is_text: bool = False,
    ) -> None:
        """`url`, `body` (JSON) and the values of `form` and `headers` are templates. `method` is POST with a body, else
        GET. `id_from` is the column of the `custom_id`; `keep` are the columns that results have as metadata, by default
        that one. `format` is recognised by the content, if it is left out. `table` is one of SQLite. `empty_is_text`:
        an empty cell of CSV is an empty text, and not a missing value."""
        for name, text in (("url", url), ("method", method), ("id_from", id_from), ("table", table)):
            if text is not None:
                check_text(text, name)
                if not text:
                    raise InputError(f"{name} is empty")
        if body is not None:
            check_text(body, "body")
            if form is not None:
                raise InputError("body and form exclude each other")
        if format not in (None, *_formats):
            raise InputError(f"format is one of {', '.join(map(repr, _formats))}, not {format!r}")
        self.url = url
        self.method = method
        self.body = body
        self.form = _texts_of(form, "form")
        self.headers = _texts_of(headers, "headers")
        self.id_from = id_from
        self.keep = None if keep is None else _columns_of(keep)
        self.format = format
        self.table = table
        self.empty_is_text = bool(checked(bool, empty_is_text, "empty_is_text"))

    def __repr__(self) -> str:
        given = ((name, getattr(self, name)) for name in Rows.__slots__ if name not in ("headers", "url"))  # no secrets
        return f"Rows({', '.join([repr(self.url), *(f'{name}={value!r}' for name, value in given if value)])})"


def engine_rows(rows: Any) -> dict[str, Any]:
    """The option `rows` as the engine takes it."""
    if not isinstance(rows, Rows):
        raise InputError(f"rows is a plait.Rows, such as plait.Rows('https://api.example/{{{{row.id}}}}'), not {rows!r}")
    return {name: getattr(rows, name) for name in Rows.__slots__}


def _texts_of(given: Any, what: str) -> list[tuple[str, str]]:
    pairs = [] if given is None else list(pairs_of(given, what))
    for name, value in pairs:
        check_text(name, f"a name of {what}")
        check_text(value, f"{what}: the value of {name!r}")
    return pairs


def _columns_of(keep: Iterable[str]) -> list[str]:
    columns: list[Any] = [None] if isinstance(keep, (str, bytes)) or not isinstance(keep, Iterable) else list(keep)
    if not all(isinstance(column, str) for column in columns):
        raise InputError(f"keep is a list of columns, such as ['id', 'name'], not {keep!r}")
    return columns
