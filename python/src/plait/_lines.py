"""Request lines for the items of an iterable. The engine imports it for runs that have one."""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import Mapping
from typing import Any

from ._errors import InputError
from ._json import encoded
from ._messages import Request
from ._options import Timeouts, limits_of_call, seconds_of

_not_in_lines = {"content", "costs", "data", "json", "params", "retries", "timeout"}
"""Fields of mappings that request lines have not."""


def line_of(item: Any) -> str | tuple[str, str]:
    """The request line for an item of an iterable that is no URL; or, for what can't be one, its id (or nothing) and
    why. Called by the engine."""
    custom_id = ""
    try:
        if type(item) is dict and item.keys().isdisjoint(_not_in_lines):
            return encoded(item)
    except (TypeError, ValueError):
        pass  # once more, for the message
    try:
        if isinstance(item, Mapping):
            custom_id = str(item.get("custom_id") or "")
        elif isinstance(item, Request):
            custom_id = item.custom_id or ""
        return encoded(line_fields(item))
    except InputError as error:
        return custom_id, str(error)
    except (TypeError, ValueError) as error:
        return custom_id, f"it can't be written as JSON: {error}"


def line_fields(item: Any) -> dict[str, Any]:
    """The fields of the request line for a `plait.Request` or a mapping."""
    if isinstance(item, Request):
        return _fields_of(item)
    if not isinstance(item, Mapping):
        raise InputError(f"a request is a URL, a plait.Request or a mapping, not {type(item).__name__}")
    if item.keys().isdisjoint(_not_in_lines):
        return dict(item)
    own = {name: value for name, value in item.items() if name in ("expect", "order_key", "refusal")}
    return {**_fields_of(Request.from_dict({k: v for k, v in item.items() if k not in own})), **own}


def _fields_of(request: Request) -> dict[str, Any]:
    """The fields of its request line."""
    line: dict[str, Any] = {"method": request.method, "url": request.url}
    headers: dict[str, list[str]] = {}
    for name, value in request.headers.multi_items():
        headers.setdefault(name, []).append(value)
    if headers:
        line["headers"] = headers
    if request.content:
        line["body_base64"] = b2a_base64(request.content, newline=False).decode("ascii")
    limits = request.timeout
    if isinstance(limits, Timeouts):
        line["timeout_s"], line["deadline_s"] = limits_of_call(limits)
    elif limits is not None:
        line["deadline_s"] = seconds_of(limits, "timeout")
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
