"""JSON that Python writes, and JSON that the engine's parser does not take. Imported when it is needed."""

from __future__ import annotations

import json
from typing import Any

from ._errors import InputError

encoded = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


def parse(content: bytes, pointer: str | None, content_type: str) -> Any:
    """Parses with Python's parser. Raises `InputError`, which says what the server sent instead. Called by the engine."""
    try:
        value = json.loads(content)
    except ValueError as error:
        shown = content[:100].decode("utf-8", "replace")
        kind = f" of type {content_type}" if content_type else ""
        raise InputError(f"the body{kind} is not JSON ({error}): {shown!r}") from None
    except RecursionError:
        raise InputError("the body is JSON that is nested too deeply") from None
    return value if pointer is None else value_at(value, pointer)


def value_at(value: Any, pointer: str) -> Any:
    """The value at a JSON pointer (RFC 6901)."""
    if pointer and not pointer.startswith("/"):
        raise InputError(f"the JSON pointer {pointer!r} must be empty or begin with '/'")
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        try:
            value = value[int(name)] if isinstance(value, list) else value[name]
        except (KeyError, IndexError, ValueError, TypeError):
            raise InputError(f"the body has no value at {pointer!r}") from None
    return value
