"""The options of sessions and calls, as users give them and as the engine takes them."""

from __future__ import annotations

import os
from binascii import b2a_base64
from collections.abc import Callable, Mapping
from datetime import timedelta
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypedDict, Union

from ._engine import system_has_trusted_certificates
from ._errors import InputError
from ._messages import MISSING, Fields, HeaderTypes, ParamTypes, Request, encoded_body, fields_of, with_params

if TYPE_CHECKING:
    from typing_extensions import TypeAlias

Seconds: TypeAlias = Union[float, timedelta]
StrPath: TypeAlias = Union[str, "os.PathLike[str]"]
Auth: TypeAlias = Union[tuple[str, str], str, Callable[[Request], Request]]
"""A user and a password, a bearer token, or a function from a request to the one to send."""


def seconds_of(value: Seconds | None, name: str) -> float | None:
    """`value` in seconds. Raises `InputError` for what is no time limit."""
    if value is None:
        return None
    if isinstance(value, timedelta):
        value = value.total_seconds()
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise InputError(f"{name} is a number of seconds or a timedelta, not {value!r}")
    if not value > 0:
        raise InputError(f"{name} must be above 0, not {value!r}")
    return float(value)


class Timeouts:
    """Time limits. A number in place of this is `deadline`."""

    __slots__ = ("attempt", "connect", "deadline", "idle")

    def __init__(
        self,
        *,
        deadline: Seconds | None = None,
        attempt: Seconds | None = 120.0,
        connect: Seconds | None = 10.0,
        idle: Seconds | None = None,
    ) -> None:
        """`deadline` is of the whole call, with redirects and the wait for its turn; `attempt` of one request and its
        answer; `connect` of looking up the host, connecting and TLS together; `idle` of the time without a byte."""
        self.deadline = seconds_of(deadline, "deadline")
        self.attempt = seconds_of(attempt, "attempt")
        self.connect = seconds_of(connect, "connect")
        self.idle = seconds_of(idle, "idle")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Timeouts):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in Timeouts.__slots__)

    def __hash__(self) -> int:
        return hash(tuple(getattr(self, name) for name in Timeouts.__slots__))

    def __repr__(self) -> str:
        return f"Timeouts({', '.join(f'{name}={getattr(self, name)!r}' for name in Timeouts.__slots__)})"


class Tls:
    """Whom to trust, and who we are."""

    __slots__ = ("client_cert", "verify")

    def __init__(
        self, *, verify: bool | StrPath = True, client_cert: tuple[StrPath, StrPath] | StrPath | None = None
    ) -> None:
        """`verify`: True trusts the system's certificates (`SSL_CERT_FILE` and `SSL_CERT_DIR` count), or those of the
        package certifi on a system without any; a path those in this PEM file; and False anybody. `client_cert`: PEM files with the certificate and its key, or one with both."""
        self.verify = verify
        self.client_cert = client_cert

    def __repr__(self) -> str:
        return f"Tls(verify={self.verify!r}, client_cert={self.client_cert!r})"


class CallOptions(TypedDict, total=False):
    """What a single call takes."""

    params: ParamTypes
    headers: HeaderTypes
    json: Any
    content: bytes | str
    data: Mapping[str, Any]
    auth: Auth
    timeout: Seconds | Timeouts


class ConnectionOptions(TypedDict, total=False):
    """What a blocking session takes."""

    base_url: str
    """Relative URLs are resolved against it (RFC 3986): end it with "/"."""
    headers: HeaderTypes
    params: ParamTypes
    auth: Auth
    timeout: Seconds | Timeouts
    tls: Tls
    raise_for_status: bool
    redirects: int
    """The most redirects of a call (10). 0: a redirect is an answer like any other."""
    cookies: bool
    """Whether cookies are kept and sent (True)."""
    proxy: str | None
    """For all calls, such as "http://user:password@proxy.example:3128" or "socks5h://…". None: no proxy. By default,
    what HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY say."""
    http_version: str
    """"1.1" or "2". By default, what the server chooses in TLS, and 1.1 without."""
    idle_connections: int
    """The most unused connections that are kept."""


class SessionOptions(ConnectionOptions, total=False):
    """What an asynchronous session takes."""

    concurrency: int
    """The most calls in flight (100). Further ones wait for their turn; those of a `map` have a limit of their own."""


Prepared: TypeAlias = tuple[
    str, str, Union[Fields, None], Union[bytes, None], Union[float, None], Union[float, None], Union[Request, None]
]
"""The arguments of the engine's `_call`: method, URL, headers, body, attempt, deadline, request."""


class Defaults:
    """What a session adds to each of its calls."""

    __slots__ = ("auth", "params")

    def __init__(self, params: ParamTypes | None, auth: Auth | None) -> None:
        self.params = params
        self.auth = auth

    @property
    def are_none(self) -> bool:
        return self.params is None and self.auth is None


def authorization(auth: tuple[str, str] | str) -> str:
    """The value of the Authorization header."""
    if isinstance(auth, str):
        return f"Bearer {auth}"
    user, password = auth
    if ":" in user:
        raise InputError("auth: a user name must not contain ':'")
    return "Basic " + b2a_base64(f"{user}:{password}".encode(), newline=False).decode("ascii")


def _timeouts(timeout: Seconds | Timeouts | None) -> Timeouts:
    return timeout if isinstance(timeout, Timeouts) else Timeouts(deadline=timeout)


def _certifi_file() -> str:
    """The certificates of the package certifi, if it is installed and the system has none; else nothing."""
    if "SSL_CERT_FILE" in os.environ or "SSL_CERT_DIR" in os.environ or system_has_trusted_certificates():
        return ""
    try:
        certifi: Any = import_module("certifi")
    except ImportError:
        return ""  # the error of the first call with TLS says what is missing
    return str(certifi.where())


def engine_options(options: ConnectionOptions, known: type) -> tuple[dict[str, Any], Defaults]:
    """Splits the options of a session into those of the engine and those that Python code applies to each call.

    `known` is the TypedDict of the options that there are.
    """
    unknown = set(options) - set(known.__annotations__)
    if unknown:
        raise TypeError(f"a session has no option {', '.join(map(repr, sorted(unknown)))}")
    headers = fields_of(options.get("headers"))
    auth = options.get("auth")
    if auth is not None and not callable(auth):
        headers.append(("Authorization", authorization(auth)))
        auth = None
    limits = _timeouts(options.get("timeout"))
    tls = options.get("tls") or Tls()
    certificate, key = "", ""
    if isinstance(tls.client_cert, tuple):
        certificate, key = os.fspath(tls.client_cert[0]), os.fspath(tls.client_cert[1])
    elif tls.client_cert is not None:
        certificate = os.fspath(tls.client_cert)
    engine: dict[str, Any] = {
        "headers": headers,
        "deadline": limits.deadline,
        "attempt": limits.attempt,
        "connect": limits.connect,
        "idle": limits.idle,
        "verify": tls.verify is not False,
        "ca_file": _certifi_file() if tls.verify is True else os.fspath(tls.verify or ""),
        "certificate_file": certificate,
        "key_file": key,
    }
    passed_on = ("base_url", "concurrency", "cookies", "http_version", "idle_connections", "raise_for_status", "redirects")
    engine.update((name, value) for name, value in options.items() if name in passed_on)
    if "proxy" in options:
        engine["proxy"] = options["proxy"] or ""
    return engine, Defaults(options.get("params"), auth)


def prepare_call(defaults: Defaults, method: str, url: str, call: CallOptions) -> Prepared:
    """Puts the options of a call in order for the engine."""
    unknown = set(call) - set(CallOptions.__annotations__)
    if unknown:
        raise TypeError(f"a call has no option {', '.join(map(repr, sorted(unknown)))}")
    auth = call.get("auth", defaults.auth)
    limits = call.get("timeout")
    fields = fields_of(call.get("headers"))
    body, kind = encoded_body(call.get("json", MISSING), call.get("content"), call.get("data"))
    if kind and not any(name.lower() == "content-type" for name, _ in fields):
        fields.append(("Content-Type", kind))
    url = with_params(with_params(url, defaults.params), call.get("params"))
    given: Request | None = None
    if callable(auth):
        given = auth(Request(method, url, headers=fields, content=body))
        method, url, fields, body = given.method, given.url, given.headers.multi_items(), given.content
    elif auth is not None:
        fields.append(("Authorization", authorization(auth)))
    return (method, url, fields or None, body or None, *_limits_of(limits), given)


def prepare_request(defaults: Defaults, request: Request) -> Prepared:
    """Puts a request in order for the engine."""
    sent = request
    if defaults.params:
        sent = sent.replace(url=with_params(sent.url, defaults.params))
    if callable(defaults.auth):
        sent = defaults.auth(sent)
    fields = sent.headers.multi_items()
    return (sent.method, sent.url, fields or None, sent.content or None, *_limits_of(request.timeout), request)


def _limits_of(limits: Seconds | Timeouts | None) -> tuple[float | None, float | None]:
    """The limits of an attempt and of the whole call."""
    if isinstance(limits, Timeouts):
        return limits.attempt, limits.deadline
    return None, seconds_of(limits, "timeout")


def prepare(session: Any, item: Any) -> Prepared:
    """Puts an item of a `map` in order for the engine, which calls this for all but plain URLs."""
    defaults: Defaults = session._defaults
    if isinstance(item, str):
        return prepare_call(defaults, "GET", item, {})
    if isinstance(item, Mapping):
        item = Request.from_dict(item)
    if not isinstance(item, Request):
        raise InputError(f"a request is a URL, a plait.Request or a mapping, not {type(item).__name__}")
    return prepare_request(defaults, item)
