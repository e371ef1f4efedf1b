"""Lists that come in pages: which request follows a page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import TYPE_CHECKING, Any, Union
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

from ._checks import no_option
from ._errors import Error, InputError
from ._options import CallOptions, SessionOptions

if TYPE_CHECKING:
    from typing_extensions import TypeAlias

    from ._engine import Response
    from ._sessions import BlockingSession, Session

Next: TypeAlias = Union[str, Callable[["Response"], Union[str, None]]]
"""Where a page says what comes after it: "link" is its Link header, "/…" a JSON pointer into its body, "page" counts
up; or a function from a response to a URL."""

Origin: TypeAlias = tuple[str, Union[str, None], Union[int, None]]


class Pages:
    """Finds the way from page to page, for sessions of both kinds."""

    def __init__(
        self,
        url: str,
        next: Next,
        cursor: str | None,
        page: str,
        items: str | None,
        until: Callable[[Response], bool] | None,
        most: int | None,
        optional: bool,
    ) -> None:
        if not callable(next) and next not in ("link", "page") and not str(next).startswith("/"):
            raise InputError(f"next is 'link', 'page', a JSON pointer such as '/next', or a function, not {next!r}")
        if next == "page" and items is None and until is None and most is None:
            raise InputError("next='page' needs an end: items='/…' (it ends with an empty page), until=… or most=…")
        if items is not None and items != "" and not str(items).startswith("/"):
            raise InputError(f"items is a JSON pointer such as '/items', or '' for the whole body, not {items!r}")
        if until is not None and not callable(until):
            raise InputError(f"until is a function from a response to a bool, not {until!r}")
        if cursor is not None and (callable(next) or not next.startswith("/")):
            raise InputError("cursor needs next='/…': the JSON pointer at which a page has the next cursor")
        if most is not None and (not isinstance(most, int) or most < 1):
            raise InputError(f"most is a number of pages, at least 1, not {most!r}")
        self.url: str | None = url
        """Of the page that comes next; None: there is none."""
        self._next = next
        self._cursor = cursor
        self._page = page
        self._items = items
        self._until = until
        self._left = most
        self._seeks = set() if optional else {pointer for pointer in (next, items) if is_pointer(pointer)}
        """Pointers that no page had a value at so far: they may be mistyped."""
        self._origin: Origin | None = None
        self._seen: set[str] = set()

    def took(self, response: Response) -> bool:
        """Takes a page, and finds the next one. Returns False for a page that is empty, and not to be handed out."""
        response.raise_for_status()
        self.url = None
        if self._items is not None and not self._value_at(response, self._items):
            return False
        if self._left is not None:
            self._left -= 1
            if self._left == 0:
                return True
        if self._until is None or not self._until(response):
            self.url = self._checked(self._url_after(response), response)
        return True

    def _url_after(self, response: Response) -> str | None:
        here = response.url
        if callable(self._next):
            found = self._next(response)
        elif self._next == "link":
            found = response.links.get("next")
        elif self._next == "page":
            return _with_param(here, self._page, str(self._number_of(here) + 1))
        else:
            value = self._value_at(response, self._next)
            if value is None or value == "" or value is False:
                return None
            if self._cursor is not None:
                return _with_param(here, self._cursor, str(value))
            if not isinstance(value, str):
                raise InputError(f"the value at {self._next!r} is {value!r}, not a URL; is cursor='…' missing?")
            found = value
        if found is not None and not isinstance(found, str):
            raise InputError(f"next returned {found!r}, neither a URL nor None")
        return None if found is None else urljoin(here, found)

    def _value_at(self, response: Response, pointer: str) -> Any:
        """The value at the pointer; None where there is none, and one was seen."""
        try:
            value = response.json(pointer=pointer)
        except InputError:
            response.json()  # that it is no JSON must not end a list in silence
            if pointer in self._seeks:
                raise InputError(
                    f"the first page has no value at {pointer!r}, not even null: is it mistyped? Give optional=True if "
                    "a list of one page has none"
                ) from None
            return None
        self._seeks.discard(pointer)
        return value

    def _number_of(self, url: str) -> int:
        """The number of the page that this URL has."""
        text = dict(parse_qsl(urlsplit(url).query)).get(self._page, "1")
        if not text.isdecimal():
            raise InputError(f"the parameter {self._page!r} is {text!r}, not the number of a page")
        return int(text)

    def _checked(self, url: str | None, response: Response) -> str | None:
        """`url`, if it may follow. Credentials must not go elsewhere, and a circle must not go on."""
        if url is None:
            return None
        origin, here = _origin_of(url), _origin_of(response.url)
        if origin != here:
            raise InputError(
                f"the next page is at another server, {_text_of(origin)}: credentials stay at {_text_of(here)}"
            )
        self._seen.add(response.url)
        if url in self._seen:
            error = Error(f"the pages go in a circle: {url.partition('?')[0]} came before")
            error.request = response.request
            raise error
        return url


def is_pointer(value: Any) -> bool:
    """Whether this is a JSON pointer into a page."""
    return isinstance(value, str) and value.startswith("/")


def _origin_of(url: str) -> Origin:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def _text_of(origin: Origin) -> str:
    scheme, host, port = origin
    return f"{scheme}://{host}:{port}"


def _with_param(url: str, name: str, value: str) -> str:
    """`url` with this value of the parameter."""
    parts = urlsplit(url)
    pairs = [(key, old) for key, old in parse_qsl(parts.query, keep_blank_values=True) if key != name]
    return urlunsplit(parts._replace(query=urlencode([*pairs, (name, value)])))


_own_options = ("cursor", "items", "most", "next", "optional", "page", "until")


def call_options(given: CallOptions) -> dict[str, Any]:
    """What `paginate` is given for its calls. Raises `TypeError` for options that there are not."""
    unknown = set(given) - set(CallOptions.__annotations__)
    if unknown:
        known = (*_own_options, *CallOptions.__annotations__)
        raise no_option("paginate", unknown, known, SessionOptions.__annotations__)
    return dict(given)


def _without_params(call: dict[str, Any]) -> dict[str, Any]:
    """What holds for the pages after the first, whose URLs have the parameters already."""
    return {name: value for name, value in call.items() if name != "params"}


async def later_pages(session: Session, pages: Pages, call: dict[str, Any]) -> AsyncIterator[Response]:
    while pages.url is not None:
        response = await session.request("GET", pages.url, **call)
        call = _without_params(call)
        if pages.took(response):
            yield response


def pages_now(session: BlockingSession, pages: Pages, call: dict[str, Any]) -> Iterator[Response]:
    while pages.url is not None:
        response = session.request("GET", pages.url, **call)
        call = _without_params(call)
        if pages.took(response):
            yield response
