"""Checks of what users give: an error that says what to give comes before anything is sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ._errors import InputError

TYPE_CHECKING = False  # importing typing would take a fifth of the time of importing plait
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    F = TypeVar("F", bound=Callable[..., Any])


class TypedDict:
    """Stands for `typing.TypedDict` when the program runs: its classes know the names of their fields, and no more."""

    def __init_subclass__(cls, total: bool = True) -> None:
        inherited = [getattr(base, "__annotations__", {}) for base in reversed(cls.__mro__[1:])]
        cls.__annotations__ = {name: kind for fields in (*inherited, cls.__annotations__) for name, kind in fields.items()}


def pairs_of(given: Any, what: str) -> Iterable[tuple[Any, Any]]:
    """The pairs of a mapping or of an iterable. Raises `InputError`, which begins with `what`, for anything else."""
    if isinstance(given, Mapping):
        return given.items()
    pairs: list[Any] = list(given) if isinstance(given, Iterable) and not isinstance(given, (str, bytes)) else [None]
    if not all(isinstance(pair, (tuple, list)) and len(pair) == 2 for pair in pairs):
        raise InputError(f"{what} must be a mapping or a list of pairs, not {_kind_of(given, pairs)}")
    return pairs


def _kind_of(given: Any, pairs: list[Any]) -> str:
    kind = type(given).__name__
    return kind if pairs == [None] or not pairs else f"{kind} of {type(pairs[0]).__name__}"


def check_text(text: Any, what: str) -> None:
    """Raises `InputError` for what is no str, or can't be written as UTF-8."""
    if not isinstance(text, str):
        raise InputError(f"{what} must be a str, not {type(text).__name__}")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as error:  # without the text: it may be a secret
            raise InputError(f"{what} has a lone surrogate, which is no text, at character {error.start}") from None


def check_target(method: Any, url: Any) -> None:
    """Raises `InputError` for what can't be a method or a URL by its type."""
    check_text(method, "the method")
    check_text(url, "the URL")


_kinds: dict[type, str] = {bool: "True or False", int: "a whole number", str: "a text"}


def checked(kind: type, value: Any, name: str) -> Any:
    """`value`, if it is of this type. Raises `InputError` for any other, and for numbers the engine can't hold."""
    is_right = isinstance(value, kind) and (kind is bool or not isinstance(value, bool))
    if not is_right:
        shown = repr(value) if isinstance(value, (int, float, str)) else type(value).__name__  # no secrets
        raise InputError(f"{name} is {_kinds[kind]}, not {shown}")
    if kind is int and not -(2**31) <= value < 2**31:
        raise InputError(f"{name} is a whole number below 2^31, not {value!r}")
    return value


def checked_options(options: Mapping[str, Any], kinds: Mapping[str, type]) -> dict[str, Any]:
    """Those of the options that `kinds` names. Their numbers are not negative."""
    found = {name: checked(kinds[name], value, name) for name, value in options.items() if name in kinds}
    for name, value in found.items():
        if kinds[name] is int and value < 0:
            raise InputError(f"{name} is a whole number, at least 0, not {value!r}")
    return found


def amounts_of(amounts: Mapping[str, float], name: str) -> list[tuple[str, float]]:
    """Units and how much of each."""
    try:
        pairs = [(unit, float(amount)) for unit, amount in amounts.items()]
    except (AttributeError, TypeError, ValueError):
        pairs = [("", -1.0)]
    if not all(isinstance(unit, str) and amount >= 0 for unit, amount in pairs):
        raise InputError(f"{name} is a mapping such as {{'tokens': 812}}, of numbers from 0, not {amounts!r}")
    return pairs


_elsewhere = {
    "allow_redirects": "redirects=0 of a session takes no redirects",
    "concurrency": "each map() takes it, and so does a plait.Session",
    "body": "json=, content= and data= are bodies",
    "cert": "tls=plait.Tls(client_cert=...) of a session is meant",
    "cookies": "send them with headers={'Cookie': ...}; a session keeps those that it gets",
    "files": "a multipart body has to be made, and given as content=",
    "follow_redirects": "redirects=10 of a session is the default, and redirects=0 takes none",
    "http2": "http_version='2' of a session is meant",
    "max_redirects": "redirects= of a session is meant",
    "max_retries": "retries= is meant",
    "ordered": "each map() takes it",
    "progress": "each map() of a blocking session takes it, and so does plait.run",
    "proxies": "proxy='http://...' of a session is meant",
    "stream": "bodies are read whole",
    "trust_env": "proxy=None of a session ignores HTTP_PROXY and its siblings",
    "verify": "tls=plait.Tls(verify=...) of a session is meant",
}
"""What requests, httpx and aiohttp call otherwise."""


def no_option(
    what: str,
    unknown: Iterable[str],
    known: Iterable[str],
    of_sessions: Iterable[str] = (),
    elsewhere: Mapping[str, str] = _elsewhere,
) -> TypeError:
    """The error for options that there are not: it says which may be meant. `of_sessions`: those a session has.
    `elsewhere`: what other libraries call otherwise."""
    names = sorted(unknown)
    sentence = f"{what} has no option {', '.join(map(repr, names))}"
    if names[0] in elsewhere:
        return TypeError(f"{sentence}: {elsewhere[names[0]]}")
    if names[0] in of_sessions:
        return TypeError(f"{sentence}: it is one of a session")
    close = _most_like(names[0], [name for name in (*known, *elsewhere) if name not in names])
    if close in elsewhere:
        return TypeError(f"{sentence}: did you mean {close!r}? {elsewhere[close]}")
    return TypeError(sentence + _question(close))


def maybe_meant(name: str, known: Iterable[str]) -> str:
    """How an error about an unknown name ends: with the known one that is most like it, if there is any."""
    return _question(_most_like(name, known))


def _question(close: str) -> str:
    return f": did you mean {close!r}?" if close else ""


def _most_like(name: str, known: Iterable[str]) -> str:
    from difflib import get_close_matches

    return (get_close_matches(name, list(known), 1, 0.7) or [""])[0]


def takes_options(what: str, elsewhere: Mapping[str, str] | None = None) -> Callable[[F], F]:
    """Lets a function or a constructor, which errors call `what`, refuse unknown keywords as `no_option` says it."""
    return lambda function: _refusing_others(function, what, elsewhere or {})


def _refusing_others(function: Any, what: str, elsewhere: Mapping[str, str]) -> Any:
    code = function.__code__
    known = frozenset(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount])

    def refusing(*given: Any, **options: Any) -> Any:
        if not known.issuperset(options):
            raise no_option(what, options.keys() - known, sorted(known - {"self"}), (), elsewhere)
        return function(*given, **options)

    for name in ("__module__", "__name__", "__qualname__", "__doc__", "__annotations__"):
        setattr(refusing, name, getattr(function, name))
    refusing.__wrapped__ = function  # type: ignore[attr-defined]
    return refusing
