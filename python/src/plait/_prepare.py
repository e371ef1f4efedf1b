"""Puts the options of sessions and calls in order for the engine."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

from . import _hooks
from ._checks import amounts_of, check_target, check_text, checked, checked_options, no_option
from ._engine import system_has_trusted_certificates
from ._errors import InputError
from ._messages import MISSING, BadRequest, Fields, ParamTypes, Request, encoded_body, fields_of, with_params
from ._options import (
    Auth,
    CallOptions,
    ConnectionOptions,
    Seconds,
    SessionOptions,
    StrPath,
    Timeouts,
    Tls,
    check_failing,
    engine_retry,
    limits_of,
    limits_of_call,
    retry_of,
    seconds_of,
)

TYPE_CHECKING = False  # importing typing would take a fifth of the time of importing plait
if TYPE_CHECKING:
    from typing import Any, Union

    from typing_extensions import TypeAlias

Prepared: TypeAlias = """tuple[
    str,
    str,
    Union[Fields, None],
    Union[bytes, None],
    Union[float, None],
    Union[float, None],
    Union[Request, None],
    Union[dict[str, Any], None],
]"""
"""The arguments of the engine's `_call`: method, URL, headers, body, attempt, deadline, request, policy."""


class Defaults:
    """What a session adds to each of its calls."""

    __slots__ = ("auth", "has_hooks", "params", "usual_attempt")

    def __init__(
        self, params: ParamTypes | None, auth: Auth | None, has_hooks: bool, usual_attempt: float | None
    ) -> None:
        self.params = params
        self.auth = auth
        self.has_hooks = has_hooks
        self.usual_attempt = usual_attempt
        """The limit of an attempt, which a longer one of a call raises; None: the user has chosen it."""

    @property
    def are_none(self) -> bool:
        return self.params is None and self.auth is None and not self.has_hooks


def policy_of(
    defaults: Defaults,
    retries: int | None,
    safe_to_repeat: bool | None,
    group: str | None,
    priority: int,
    costs: Mapping[str, float] | None,
    raise_for_status: bool | None = None,
) -> dict[str, Any] | None:
    """What a call says about itself, as the engine takes it. None: nothing."""
    policy: dict[str, Any] = {}
    if retries is not None:
        if not isinstance(retries, int) or isinstance(retries, bool) or retries < 0:
            raise InputError(f"`retries` of a call must be a number, at least 0, not {retries!r}; give a `Retry` to the session")
        policy["attempts"] = retries + 1
    if safe_to_repeat is not None:
        policy["safe_to_repeat"] = checked(bool, safe_to_repeat, "safe_to_repeat")
    if group:
        check_text(group, "group")
        policy["group"] = group
    if priority:
        policy["priority"] = checked(int, priority, "priority")
    if costs:
        policy["costs"] = amounts_of(costs, "costs")
    if raise_for_status is not None:
        policy["raise_for_status"] = checked(bool, raise_for_status, "raise_for_status")
    if defaults.has_hooks:
        import contextvars

        policy["context"] = contextvars.copy_context()
    return policy or None


def authorization(auth: tuple[str, str] | str) -> str:
    """The value of the Authorization header."""
    if isinstance(auth, str):
        return f"Bearer {auth}"
    if not isinstance(auth, (tuple, list)) or len(auth) != 2 or not all(isinstance(part, str) for part in auth):
        raise InputError("auth is (USER, PASSWORD), a token, or a function from a request to the one to send")
    user, password = auth
    if ":" in user:
        raise InputError("auth: a user name must not contain ':'")
    from binascii import b2a_base64

    return "Basic " + b2a_base64(f"{user}:{password}".encode(), newline=False).decode("ascii")


def _timeouts(timeout: Seconds | Timeouts | None) -> Timeouts:
    return timeout if isinstance(timeout, Timeouts) else Timeouts(deadline=seconds_of(timeout, "timeout"))


def _certifi_file() -> str:
    """The certificates of the package certifi, if it is installed and the system has none; else nothing."""
    if "SSL_CERT_FILE" in os.environ or "SSL_CERT_DIR" in os.environ or system_has_trusted_certificates():
        return ""
    from importlib import import_module

    try:
        certifi: Any = import_module("certifi")
    except ImportError:
        return ""  # the error of the first call with TLS says what is missing
    return str(certifi.where())


_passed_on: dict[str, type] = {
    "base_url": str,
    "concurrency": int,
    "cookies": bool,
    "http_version": str,
    "idle_connections": int,
    "raise_for_status": bool,
    "redirects": int,
}


def engine_options(options: ConnectionOptions, known: type) -> tuple[dict[str, Any], Defaults]:
    """Splits the options of a session into those of the engine and those that Python code applies to each call.

    `known` is the TypedDict of the options that there are.
    """
    unknown = set(options) - set(known.__annotations__)
    if unknown:
        raise no_option("a session", unknown, known.__annotations__)
    headers = fields_of(options.get("headers"))
    auth = options.get("auth")
    if auth is not None and not callable(auth):
        headers.append(("Authorization", authorization(auth)))
        auth = None
    times = _timeouts(options.get("timeout"))
    tls = options.get("tls") or Tls()
    if not isinstance(tls, Tls):
        raise InputError(f"tls is a plait.Tls, such as plait.Tls(verify='ca.pem'), not {tls!r}")
    certificate, key = "", ""
    if isinstance(tls.client_cert, tuple):
        certificate, key = os.fspath(tls.client_cert[0]), os.fspath(tls.client_cert[1])
    elif tls.client_cert is not None:
        certificate = os.fspath(tls.client_cert)
    engine: dict[str, Any] = {
        "headers": headers,
        "deadline": times.deadline,
        "attempt": times.attempt,
        "connect": times.connect,
        "idle": times.idle,
        "verify": tls.verify is not False,
        "ca_file": _certifi_file() if tls.verify is True else os.fspath(tls.verify or ""),
        "certificate_file": certificate,
        "key_file": key,
    }
    engine.update(checked_options(options, _passed_on))
    if "max_body" in options:
        engine["max_body"] = _size_of(options["max_body"])
    if "proxy" in options:
        engine["proxy"] = checked(str, options["proxy"] or "", "proxy")
    if known is not ConnectionOptions:
        engine["most_in_flight"] = options.get("concurrency", 100)
    if "retries" in options and options["retries"] != 0:
        retry = retry_of(options["retries"])
        check_failing(retry.statuses)
        engine["session_retries"] = engine_retry(retry)
        engine["retry_when"] = retry.when
    if "limits" in options:
        limits = limits_of(options["limits"])
        is_adaptive = limits.concurrency == "auto"
        engine["session_limits"] = {
            "rates": list(limits.rates),
            "concurrency": None if is_adaptive else limits.concurrency,
            "is_adaptive": is_adaptive,
            "per_origin": limits.per_origin,
        }
    if "trace" in options:
        engine["session_trace"] = _new_file(options["trace"], "trace")
    hooks = _hooks.hooks_for(options.get("hooks", ()))
    if hooks:
        engine["hooks"] = hooks
    usual_attempt = times.attempt if times.is_attempt_usual else None
    return engine, Defaults(options.get("params"), auth, bool(hooks), usual_attempt)


def _new_file(path: StrPath, name: str) -> str:
    text = os.fspath(path)
    if not isinstance(text, str) or not text:
        raise InputError(f"{name} must name a file, not {text!r}")
    if os.path.isfile(text):
        raise InputError(f"{name}: {text} exists; remove it first")
    return text


def _size_of(size: int) -> int:
    if type(size) is not int or not 0 <= size < 2**63:
        raise InputError(f"max_body is a number of bytes, such as 2**30, not {size!r}")
    return size


def prepare_call(defaults: Defaults, method: str, url: str, call: CallOptions) -> Prepared:
    """Puts the options of a call in order for the engine."""
    unknown = set(call) - set(CallOptions.__annotations__)
    if unknown:
        raise no_option("a call", unknown, CallOptions.__annotations__, SessionOptions.__annotations__)
    check_target(method, url)
    auth = call.get("auth", defaults.auth)
    limits = call.get("timeout")
    fields = fields_of(call.get("headers"))
    body, kind = encoded_body(call.get("json", MISSING), call.get("content"), call.get("data"))
    if kind and not any(name.lower() == "content-type" for name, _ in fields):
        fields.append(("Content-Type", kind))
    url = with_params(with_params(url, defaults.params), call.get("params"))
    if "idempotency_key" in call:
        fields.append(("Idempotency-Key", idempotency_key(call["idempotency_key"])))
    given: Request | None = None
    if callable(auth):
        given = _authorized(auth, Request(method, url, headers=fields, content=body))
        method, url, fields, body = given.method, given.url, given.headers.multi_items(), given.content
    elif auth is not None:
        fields.append(("Authorization", authorization(auth)))
    policy = policy_of(
        defaults,
        call.get("retries"),
        call.get("safe_to_repeat"),
        call.get("group"),
        call.get("priority", 0),
        call.get("costs"),
        call.get("raise_for_status"),
    )
    return (method, url, fields or None, body or None, *_limits_of(limits, defaults), given, policy)


def _authorized(auth: Callable[[Request], Request], request: Request) -> Request:
    made = auth(request)
    if not isinstance(made, Request):
        raise InputError(f"auth returned {made!r}, not a request: return request.replace(headers=...)")
    return made


def idempotency_key(key: str) -> str:
    """The key to send; "auto" makes one."""
    check_text(key, "idempotency_key")
    return os.urandom(16).hex() if key == "auto" else key


def prepare_request(defaults: Defaults, request: Request) -> Prepared:
    """Puts a request in order for the engine."""
    sent = request
    if defaults.params:
        sent = sent.replace(url=with_params(sent.url, defaults.params))
    if callable(defaults.auth):
        sent = _authorized(defaults.auth, sent)
    fields = sent.headers.multi_items()
    if request.idempotency_key is not None:
        fields.append(("Idempotency-Key", idempotency_key(request.idempotency_key)))
    policy = policy_of(
        defaults, request.retries, request.safe_to_repeat, request.group, request.priority, request.costs
    )
    times = _limits_of(request.timeout, defaults)
    return (sent.method, sent.url, fields or None, sent.content or None, *times, request, policy)


def _limits_of(limits: Seconds | Timeouts | None, defaults: Defaults) -> tuple[float | None, float | None]:
    """The limits of an attempt and of the whole call; None: those of the session."""
    if isinstance(limits, Timeouts):
        return limits_of_call(limits)
    deadline = seconds_of(limits, "timeout")
    is_longer = deadline is not None and defaults.usual_attempt is not None and deadline > defaults.usual_attempt
    return deadline if is_longer else None, deadline


def prepare(session: Any, item: Any) -> Prepared:
    """Puts an item of a `map` in order for the engine, which calls this for all but plain URLs."""
    defaults: Defaults = session._defaults
    if isinstance(item, str):
        return prepare_call(defaults, "GET", item, {})
    if isinstance(item, Mapping):
        item = Request.from_dict(item)
    if isinstance(item, BadRequest):
        raise item.error
    if not isinstance(item, Request):
        raise InputError(f"a request is a URL, a plait.Request or a mapping, not {type(item).__name__}")
    return prepare_request(defaults, item)
