"""Request lines for the items of an iterable. The engine imports it for runs that have one."""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import Mapping
from typing import Any

from ._errors import InputError
from ._json import encoded
from ._messages import Request
from ._options import Timeouts, seconds_of


def line_of(item: Any) -> str | tuple[str, str]:
    """The request line for an item of an iterable that is no URL; or, for what can't be one, its id (or nothing) and
    why. Called by the engine."""
    custom_id = ""
    try:
        if type(item) is dict and "json" not in item and "data" not in item and "timeout" not in item:
            return encoded(item)
    except (TypeError, ValueError):
        pass  # once more, for the message
    try:
        if isinstance(item, Mapping):
            custom_id = str(item.get("custom_id") or "")
            if "json" not in item and "data" not in item and "timeout" not in item:
                return encoded(dict(item))
            item = Request.from_dict(item)
        if not isinstance(item, Request):
            raise InputError(f"a request is a URL, a plait.Request or a mapping, not {type(item).__name__}")
        custom_id = item.custom_id or ""
        return encoded(_fields_of(item))
    except InputError as error:
        return custom_id, str(error)
    except (TypeError, ValueError) as error:
        return custom_id, f"it can't be written as JSON: {error}"


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
        line["timeout_s"], line["deadline_s"] = limits.attempt, limits.deadline
    elif limits is not None:
        line["deadline_s"] = seconds_of(limits, "timeout")
    if request.custom_id is not None:
        line["custom_id"] = request.custom_id
    if request.metadata is not None:
        line["metadata"] = request.metadata
    return line
