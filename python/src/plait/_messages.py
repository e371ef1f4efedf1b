"""Requests, headers and results."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ._checks import check_target, check_text, maybe_meant, pairs_of, takes_options
from ._errors import Error, InputError

TYPE_CHECKING = False  # importing typing would take a fifth of the time of importing plait
if TYPE_CHECKING:
    from typing import Any, Union

    from typing_extensions import TypeAlias

    from ._engine import Response

HeaderTypes: TypeAlias = "Union[Mapping[str, str], Iterable[tuple[str, str]]]"
ParamValue: TypeAlias = "Union[str, bytes, int, float, bool, None]"
ParamTypes: TypeAlias = "Union[Mapping[str, Union[ParamValue, Iterable[ParamValue]]], Iterable[tuple[str, ParamValue]]]"
Fields: TypeAlias = list[tuple[str, str]]


def fields_of(headers: HeaderTypes | None, what: str = "headers") -> Fields:
    """Header fields in their order, as the engine takes them."""
    if headers is None:
        return []
    if isinstance(headers, Headers):
        return headers.multi_items()
    fields = []
    for name, value in pairs_of(headers, what):
        if not isinstance(name, str) or not isinstance(value, str):
            raise InputError(f"header {name!r}: names and values must be str, not {type(value).__name__}")
        if not value.isascii():
            check_text(value, f"header {name!r}")
        fields.append((name, value))
    return fields


class Headers(Mapping[str, str]):
    """Header fields in their order, found without regard to case.

    A name may occur more than once: `h["set-cookie"]` is the first, and `h.get_all("set-cookie")` are all.
    """

    __slots__ = ("_fields", "_first")

    def __init__(self, fields: HeaderTypes = ()) -> None:
        self._fields = tuple(fields_of(fields))
        self._first: dict[str, str] = {}
        for name, value in self._fields:
            self._first.setdefault(name.lower(), value)

    def __getitem__(self, name: str) -> str:
        return self._first[name.lower()]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._first

    def __iter__(self) -> Iterator[str]:
        seen: set[str] = set()
        for name, _ in self._fields:
            if name.lower() not in seen:
                seen.add(name.lower())
                yield name

    def __len__(self) -> int:
        return len(self._first)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Headers):
            return self._lower_fields() == other._lower_fields()
        return NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(self._lower_fields()))

    def get_all(self, name: str) -> list[str]:
        """The values of all fields of this name, in order."""
        wanted = name.lower()
        return [value for field, value in self._fields if field.lower() == wanted]

    def multi_items(self) -> list[tuple[str, str]]:
        """All fields, in order."""
        return list(self._fields)

    def __reduce__(self) -> tuple[Any, ...]:
        return (Headers, (self._fields,))

    def __repr__(self) -> str:
        return f"Headers({list(self._fields)!r})"

    def _lower_fields(self) -> list[tuple[str, str]]:
        return [(name.lower(), value) for name, value in self._fields]


class _Missing:
    """No value was given; None is one."""


MISSING: Any = _Missing()


def encoded_params(params: ParamTypes | None, what: str = "params") -> str:
    """The query for `params`, or a form. A value that is a list is repeated, and one that is None is left out, as in
    requests."""
    if not params:
        return ""
    flat: list[tuple[str, str | bytes]] = []
    for name, value in pairs_of(params, what):
        if isinstance(value, Mapping):
            raise InputError(f"{what}: the value of {name!r} must be a text, a number or a list of them, not a mapping")
        values = value if isinstance(value, Iterable) and not isinstance(value, (str, bytes)) else [value]
        for one in values:
            if isinstance(one, bool):
                flat.append((name, str(one).lower()))
            elif one is not None:
                flat.append((name, one if isinstance(one, bytes) else str(one)))
    from urllib.parse import urlencode  # here, as `re` and `json` elsewhere: to import it takes as long as half of plait

    return urlencode(flat)


def with_params(url: str, params: ParamTypes | None) -> str:
    """`url` with `params` appended to its query."""
    query = encoded_params(params)
    if not query:
        return url
    base, mark, fragment = url.partition("#")
    return f"{base}{'&' if '?' in base else '?'}{query}{mark}{fragment}"


def encoded_body(
    json: Any, content: bytes | str | None, data: Mapping[str, Any] | None
) -> tuple[bytes | None, str | None]:
    """The bytes of a body and their Content-Type."""
    if (json is not MISSING) + (content is not None) + (data is not None) > 1:
        raise InputError("a request has one body: give one of json, content and data")
    if json is not MISSING:
        from ._json import encoded

        try:
            return encoded(json).encode(), "application/json"
        except (TypeError, ValueError) as error:  # also for a lone surrogate
            raise InputError(f"json: {error}") from None
    if data is not None:
        if isinstance(data, (str, bytes)):
            raise InputError(f"data is a form, of names and values: send {type(data).__name__} as content=...")
        return encoded_params(data, "data").encode(), "application/x-www-form-urlencoded"
    if isinstance(content, str):
        check_text(content, "content")
        return content.encode(), "text/plain; charset=utf-8"
    return (None if content is None else _bytes_of(content)), None


def _bytes_of(content: Any) -> bytes:
    """The bytes of anything that has a buffer."""
    try:
        return bytes(memoryview(content))
    except TypeError:
        kind = type(content).__name__
        raise InputError(f"content is bytes or a text, not {kind}; use json=... for a value, and read a file") from None


class Request:
    """What to send. Immutable; can be pickled.

        plait.Request("POST", "https://api.example/v1/items", json={"name": "x"})
    """

    __slots__ = (
        "content",
        "costs",
        "custom_id",
        "group",
        "headers",
        "idempotency_key",
        "metadata",
        "method",
        "priority",
        "retries",
        "safe_to_repeat",
        "timeout",
        "url",
    )

    method: str
    url: str
    headers: Headers
    content: bytes
    timeout: Any
    custom_id: str | None
    metadata: Any
    group: str | None
    priority: int
    costs: Mapping[str, float] | None
    retries: int | None
    safe_to_repeat: bool | None
    idempotency_key: str | None

    @takes_options("plait.Request", {"body": "json=, content= and data= are bodies", "cost": "costs= is meant"})
    def __init__(
        self,
        method: str,
        url: str,
        *,
        params: ParamTypes | None = None,
        headers: HeaderTypes | None = None,
        json: Any = MISSING,
        content: bytes | str | None = None,
        data: Mapping[str, Any] | None = None,
        timeout: Any = None,
        custom_id: str | None = None,
        metadata: Any = None,
        group: str | None = None,
        priority: int = 0,
        costs: Mapping[str, float] | None = None,
        retries: int | None = None,
        safe_to_repeat: bool | None = None,
        idempotency_key: str | None = None,
    ) -> None:
        """`json` is encoded at once, compact, as UTF-8; `data` is a form. The last six are as in `CallOptions`. Raises
        `InputError` for what can't be sent."""
        check_target(method, url)
        fields = fields_of(headers)
        body, kind = encoded_body(json, content, data)
        if kind and not any(name.lower() == "content-type" for name, _ in fields):
            fields.append(("Content-Type", kind))
        assign = object.__setattr__
        assign(self, "method", method.upper())
        assign(self, "url", with_params(url, params))
        assign(self, "headers", Headers(fields))
        assign(self, "content", body or b"")
        assign(self, "timeout", timeout)
        assign(self, "custom_id", custom_id)
        assign(self, "metadata", metadata)
        assign(self, "group", group)
        assign(self, "priority", priority)
        assign(self, "costs", costs)
        assign(self, "retries", retries)
        assign(self, "safe_to_repeat", safe_to_repeat)
        assign(self, "idempotency_key", idempotency_key)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a Request does not change: use request.replace({name}=...)")

    def __delattr__(self, name: str) -> None:
        raise AttributeError("a Request does not change")

    @classmethod
    def from_dict(cls, line: Mapping[str, Any]) -> Request:
        """From a mapping with the keys of a line of `plait run`'s input (`url`, `method`, `headers`, `json`, `body`,
        `custom_id`, `metadata`, `group`, `priority`, `cost`, `safe_to_repeat`, `idempotency_key`), or of the
        parameters of the constructor. A `body` that is no text is sent as JSON, as in those lines."""
        if "url" not in line:
            raise InputError("a request needs a 'url'")
        unknown = set(line) - _names_in_mappings
        if unknown:
            names = sorted(unknown)
            meant = maybe_meant(names[0], sorted(_names_in_mappings))
            raise InputError(f"a request has no {', '.join(map(repr, names))}{meant}")
        given = dict(line)
        url = given.pop("url")
        has_body = "json" in given or "body" in given or "data" in given or "content" in given
        method = given.pop("method", None) or ("POST" if has_body else "GET")
        if "body" in given:
            body = given.pop("body")
            given["content" if isinstance(body, (str, bytes)) else "json"] = body
        if "cost" in given:
            given["costs"] = given.pop("cost")
        return cls(method, url, **given)

    def replace(self, **changes: Any) -> Request:
        """The same with other values, by the names of the constructor's parameters."""
        kept: dict[str, Any] = {
            "method": self.method,
            "url": self.url,
            "headers": self.headers,
            "timeout": self.timeout,
            "custom_id": self.custom_id,
            "metadata": self.metadata,
            "group": self.group,
            "priority": self.priority,
            "costs": self.costs,
            "retries": self.retries,
            "safe_to_repeat": self.safe_to_repeat,
            "idempotency_key": self.idempotency_key,
        }
        if not changes.keys() & {"json", "content", "data"}:
            kept["content"] = self.content or None
        elif "headers" not in changes:
            kept["headers"] = [(n, v) for n, v in self.headers.multi_items() if n.lower() != "content-type"]
        kept.update(changes)
        return Request(kept.pop("method"), kept.pop("url"), **kept)

    def __reduce__(self) -> tuple[Any, ...]:
        return (_restored, tuple(getattr(self, name) for name in Request.__slots__))

    def __repr__(self) -> str:
        return f"<Request {self.method} {self.url.partition('?')[0]}>"


class BadRequest:
    """Stands for a request that could not be made, and says why."""

    __slots__ = ("custom_id", "error")

    def __init__(self, custom_id: str, error: InputError) -> None:
        self.custom_id = custom_id
        self.error = error


_names_in_mappings = {*Request.__slots__, "params", "json", "body", "data", "cost"}


def _restored(*values: Any) -> Request:
    request = Request.__new__(Request)
    for name, value in zip(Request.__slots__, values):
        object.__setattr__(request, name, value)
    return request


def sent_request(method: str, url: str, fields: Fields, content: bytes) -> Request:
    """The request of a response whose caller gave none. Called by the engine."""
    return Request(method, url, headers=fields, content=content or None)


def response_from_state(state: tuple[Any, ...]) -> Response:
    """A response that was pickled."""
    from . import _engine

    return _engine.response_from_state(state)


_link = r'<([^>]*)>((?:\s*;\s*[^=;,\s]+\s*=\s*(?:"[^"]*"|[^";,\s]+))*)'
_rel = r'(?i);\s*rel\s*=\s*(?:"([^"]*)"|([^";,\s]+))'


def links_of(headers: Headers, url: str) -> dict[str, str]:
    """The `Link` header (RFC 8288) by relation: `{"next": url}`. Called by the engine."""
    import re
    from urllib.parse import urljoin

    links: dict[str, str] = {}
    for target, parameters in re.findall(_link, ", ".join(headers.get_all("link"))):
        for quoted, plain in re.findall(_rel, parameters):
            for relation in (quoted or plain).split():
                links.setdefault(relation, urljoin(url, target))
    return links


class Result:
    """What came of one request of a `map`: a response or an error. There is exactly one for each, whatever happened."""

    __slots__ = ("_given", "error", "index", "response")

    index: int
    """The number of the request in the input, from 0."""
    response: Response | None
    error: Error | None

    def __init__(self, index: int, given: Any, response: Response | None, error: Error | None) -> None:
        self.index = index
        self._given = given
        self.response = response
        self.error = error

    @property
    def ok(self) -> bool:
        """Whether a response came whose status is 2xx."""
        return self.response is not None and self.response.ok

    @property
    def request(self) -> Request:
        """The request. For a URL or a mapping, it is made here."""
        if isinstance(self._given, Request):
            return self._given
        if self.response is not None:
            return self.response.request
        return Request("GET", self._given) if isinstance(self._given, str) else Request.from_dict(self._given)

    @property
    def custom_id(self) -> str | None:
        return self._given.custom_id if isinstance(self._given, Request) else None

    @property
    def metadata(self) -> Any:
        return self._given.metadata if isinstance(self._given, Request) else None

    def json(self, *, pointer: str | None = None) -> Any:
        """The body of the response, parsed. Raises the error where there is no response."""
        if self.response is None:
            return self.unwrap()
        return self.response.json(pointer=pointer)

    def unwrap(self) -> Response:
        """The response, if its status is 2xx; else raises the error, or `StatusError`."""
        if self.response is None:
            assert self.error is not None
            raise self.error
        return self.response.raise_for_status()

    def __repr__(self) -> str:
        return f"<Result {self.index}: {self.response if self.response is not None else self.error!r}>"
