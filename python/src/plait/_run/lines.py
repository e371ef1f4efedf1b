"""Request lines for the items of an iterable. The engine imports it for runs that have one."""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import Mapping
from typing import Any

from .._errors import InputError
from .._json import encoded
from .._messages import BadRequest, Request
from .._options import Seconds, Timeouts, limits_of_call, seconds_of

_not_in_lines = {"content", "costs", "data", "json", "params", "retries", "timeout"}
"""Fields of mappings that request lines have not."""


class Lines:
    """Makes request lines. `usual_attempt`: the limit of an attempt, which a longer one of a request raises; None: the
    user has chosen it. `expect`: what requests expect that do not say so; None: a 2xx."""

    __slots__ = ("_expect", "_usual_attempt")

    def __init__(self, usual_attempt: float | None, expect: dict[str, Any] | None) -> None:
        self._usual_attempt = usual_attempt
        self._expect = expect

    @property
    def adds_to_lines(self) -> bool:
        """Whether lines hold more than their items. If not, the engine makes those of simple items itself."""
        return self._expect is not None

    def __call__(self, item: Any) -> str | tuple[str, str]:
        """The request line for an item of an iterable that is no URL; or, for what can't be one, its id (or nothing)
        and why. Called by the engine."""
        custom_id = ""
        try:
            if type(item) is dict and item.keys().isdisjoint(_not_in_lines):
                return encoded(self._expecting(item))
        except (TypeError, ValueError):
            pass  # once more, for the message
        try:
            if isinstance(item, Mapping):
                custom_id = str(item.get("custom_id") or "")
            elif isinstance(item, (Request, BadRequest)):
                custom_id = item.custom_id or ""
            return encoded(self._expecting(line_fields(item, self._usual_attempt)))
        except InputError as error:
            return custom_id, str(error)
        except (TypeError, ValueError) as error:
            return custom_id, f"it can't be written as JSON: {error}"
        except Exception as error:  # such as a value that is nested too deep; one bad item must not end a run
            return custom_id, f"it can't be read: {type(error).__name__}: {error}"

    def _expecting(self, fields: dict[str, Any]) -> dict[str, Any]:
        return fields if self._expect is None or "expect" in fields else {**fields, "expect": self._expect}


def line_fields(item: Any, usual_attempt: float | None) -> dict[str, Any]:
    """The fields of the request line for a `plait.Request` or a mapping."""
    if isinstance(item, Request):
        return _fields_of(item, usual_attempt)
    if isinstance(item, BadRequest):
        raise item.error
    if not isinstance(item, Mapping):
        raise InputError(f"a request is a URL, a plait.Request or a mapping, not {type(item).__name__}")
    if item.keys().isdisjoint(_not_in_lines):
        return dict(item)
    own = {name: value for name, value in item.items() if name in ("expect", "follow", "order_key", "refusal")}
    request = Request.from_dict({k: v for k, v in item.items() if k not in own})
    return {**_fields_of(request, usual_attempt), **own}


def _fields_of(request: Request, usual_attempt: float | None) -> dict[str, Any]:
    """The fields of its request line."""
    line: dict[str, Any] = {"method": request.method, "url": request.url}
    headers: dict[str, list[str]] = {}
    for name, value in request.headers.multi_items():
        headers.setdefault(name, []).append(value)
    if headers:
        line["headers"] = headers
    if request.content:
        line["body_base64"] = b2a_base64(request.content, newline=False).decode("ascii")
    line.update(_limits_of(request.timeout, usual_attempt))
    if request.custom_id is not None:
        line["custom_id"] = request.custom_id
    if request.metadata is not None:
        line["metadata"] = request.metadata
    rest: dict[str, Any] = {
        "group": request.group,
        "priority": request.priority or None,
        "cost": dict(request.costs) if request.costs else None,
        "retry": None if request.retries is None else {"max_attempts": request.retries + 1},
        "safe_to_repeat": request.safe_to_repeat,
        "idempotency_key": request.idempotency_key,
    }
    line.update((name, value) for name, value in rest.items() if value is not None)
    return line


def _limits_of(limits: Seconds | Timeouts | None, usual_attempt: float | None) -> dict[str, float]:
    """The fields for the `timeout` of a request: it means what that of a call does."""
    if isinstance(limits, Timeouts):
        attempt, deadline = limits_of_call(limits)
    else:
        deadline = seconds_of(limits, "timeout")
        is_longer = deadline is not None and usual_attempt is not None and deadline > usual_attempt
        attempt = deadline if is_longer else None
    fields = {"timeout_s": attempt, "deadline_s": deadline}
    return {name: value for name, value in fields.items() if value is not None}
