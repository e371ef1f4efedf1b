"""The options of a run, as users give them and as the engine takes them."""

from __future__ import annotations

import os
from _warnings import warn  # without the rest of `warnings`
from collections.abc import Iterable, Mapping

from .. import _engine, _hooks
from .._checks import amounts_of, checked, checked_options, no_option
from .._errors import InputError
from .._messages import Request
from .._options import (
    ConnectionOptions,
    Retry,
    Seconds,
    StrPath,
    _texts,
    check_failing,
    engine_retry,
    limits_of,
    retry_of,
    seconds_of,
)
from .._prepare import engine_options
from .._progress import ProgressLike
from .rows import Rows, engine_rows

TYPE_CHECKING = False  # importing typing would take a fifth of the time of importing plait
if TYPE_CHECKING:
    from typing import Any, Literal, Union

    from typing_extensions import TypeAlias

BatchFormat: TypeAlias = 'Literal["anthropic-batch", "gemini-batch", "mistral-batch", "openai-batch"]'


class RunOptions(ConnectionOptions, total=False):
    """What a run takes. Calls of earlier runs count for its `limits`, and `retries` are as in `plait.Retry()` by default.
    Of `ConnectionOptions`, all but `params`, `raise_for_status` and a function as `auth`."""

    url_prefix: str
    """Put before every URL that has no host: "https://api.example/v1" and "/items" make "https://api.example/v1/items".
    In its place, a run still takes `base_url`, with a `DeprecationWarning`."""
    concurrency: Union[int, Literal["auto"]]
    """The most calls in flight. "auto" (the default) finds how many each server takes well."""
    budget: Mapping[str, float]
    """What all runs with the same results may spend: {"usd": 5, "tokens": 2_000_000}."""
    cost_from: str
    """Where answers say what a call cost: "tokens=/usage/total_tokens"."""
    stop_if: Union[str, Iterable[str]]
    """Stops a run with too many bad results: "failed>20% of 200", "rejected>50"."""
    canary: int
    """This many calls go first; if one of them gets 401, 403 or no connection, the others are not sent."""
    ordered: bool
    """Whether results leave in the order of the requests (False)."""
    resume: bool
    """Whether results that exist are kept and only the rest is made (True). False starts over."""
    extend: bool
    """Whether requests may have been appended since an earlier run (False)."""
    repeat_unknown: bool
    """Resends unsafe requests whose outcome an earlier run never learned (False). They may execute twice."""
    durable: bool
    """Waits for the disk, so that even a power failure loses nothing (False)."""
    grace: Seconds
    """The time that calls in flight have after an interruption (10)."""
    expect: Union[int, str, Mapping[str, Any]]
    """The answers that are ok, if not any 2xx: 200, "2xx", or an object as in request lines. Not for a file, whose
    lines say so themselves; a mapping with an `expect` of its own keeps it."""
    refusal: Union[str, Iterable[str]]
    """Answers that ask to come later, beside the well-known ones: "status=403"."""
    follow: Union[str, Mapping[str, Any]]
    """Makes further requests part of each call: its pages ("next=link", "next=/meta/next,cursor=after"), or the polls of
    its job ("poll=location", "poll=/status:succeeded,failed"); or an object as in request lines."""
    max_pages: int
    """Gets at most so many pages of a call."""
    each_page: bool
    """Writes a result line for each page (False). A `RunResult` has all pages of its call in any case."""
    idempotency_keys: Literal["auto"]
    """Sends every request whose method is not safe to repeat with an Idempotency-Key of its own, and repeats it. Use
    this only if the server honours such keys."""
    secrets: Iterable[str]
    """What {{env.NAME}} and {{file.PATH}} in request lines may stand for: ["env.API_KEY"]."""
    auth_command: str
    """A shell command that prints new credentials. On a 401, it is run once for all calls."""
    cookie_jar: StrPath
    """Cookies are read from this file, and written to it."""
    hedge: str
    """Sends a second copy of calls that are safe to repeat and slower than most: "p95"."""
    rows: Rows
    """Makes a request of each row of a file: `plait.Rows("https://api.example/{{row.id}}", id_from="id")`."""
    method: Literal["async", "sync", "threads", "processes"]
    """How calls are made. "processes" needs a program that has no other threads yet; with "sync", Ctrl-C takes effect
    when the call in flight has ended."""
    body: Literal["auto", "text", "base64"]
    """The form of bodies in the results file."""
    format: BatchFormat
    """Reads the batch file of a vendor as it is (docs/formats.md). For a file of requests."""
    model: str
    """With `format`: the model of requests that name none."""
    endpoint: str
    """With `format="mistral-batch"`: the path that requests are sent to ("/v1/chat/completions")."""
    result_format: BatchFormat
    """Writes the results file in the form of a vendor's results, which its own classes take."""
    save_bodies: StrPath
    """Large bodies become files in this folder: `response.file`."""
    inline_max: int
    """With `save_bodies`: keeps bodies of up to this many bytes in the results."""
    progress: ProgressLike
    """Shows how far the run has come: True, "rich", "tqdm", "log", or a function that gets a `Report`, at most ten
    times a second (False)."""


def are_bare(requests: Any) -> bool:
    """Whether these are only URLs and `plait.Request`s, which have no rules of their own."""
    return isinstance(requests, (list, tuple)) and all(isinstance(item, (str, Request)) for item in requests)


def check_for_bare(options: RunOptions, settings: dict[str, Any]) -> None:
    if "follow" not in options:
        for name in ("max_pages", "each_page"):
            if options.get(name):
                raise InputError(f"{name} needs follow, such as follow='next=link'")
    if "expect" not in options:
        check_failing(settings["retry"]["statuses"])


def check_without_results(options: RunOptions) -> None:
    for name in ("each_page", "result_format"):
        if options.get(name):
            raise InputError(f"{name} is for the results file: name one, as in plait.run(requests, 'results.jsonl')")


def path_of(path: StrPath, name: str) -> str:
    text = os.fspath(path)
    if not isinstance(text, str) or text in ("", "-"):
        raise InputError(f"{name} must name a file, not {text!r}")
    return text


_passed_on: dict[str, type] = {
    "auth_command": str,
    "body": str,
    "canary": int,
    "cost_from": str,
    "durable": bool,
    "each_page": bool,
    "endpoint": str,
    "extend": bool,
    "format": str,
    "inline_max": int,
    "max_pages": int,
    "method": str,
    "model": str,
    "ordered": bool,
    "repeat_unknown": bool,
    "result_format": str,
    "resume": bool,
}


def options_of(options: RunOptions) -> dict[str, Any]:
    """The options as the engine takes them."""
    from .lines import Lines  # which imports json

    unknown = set(options) - set(RunOptions.__annotations__) | set(options) & {"params", "raise_for_status"}
    if unknown:
        raise no_option("a run", unknown, RunOptions.__annotations__)
    if callable(options.get("auth")):
        raise InputError("auth: a run takes a user and a password, or a token; let the iterable make other headers")
    connection = {name: value for name, value in options.items() if name in ConnectionOptions.__annotations__}
    for name in ("hooks", "limits", "retries", "trace"):
        connection.pop(name, None)
    connection.pop("base_url", None)
    engine, defaults = engine_options(connection, ConnectionOptions)  # type: ignore[arg-type]
    engine["base_path"] = _url_prefix_of(options)
    engine["line_of"] = Lines(defaults.usual_attempt, _expectation(options.get("expect")))
    engine.pop("hooks", None)
    hooks = _hooks.hooks_for(options.get("hooks", ()), of_run=True)
    if hooks:
        import contextvars

        engine["hooks"] = hooks
        engine["context"] = contextvars.copy_context()
    engine.update(checked_options(options, _passed_on))
    if engine.get("max_pages") == 0:
        raise InputError("max_pages is a whole number, at least 1, not 0")
    concurrency = options.get("concurrency", "auto")
    if concurrency != "auto":
        engine.update(checked_options({"concurrency": concurrency}, {"concurrency": int}))
    limits = limits_of(options.get("limits", ()))
    engine["limits"] = list(limits.rates)
    if limits.concurrency not in (None, "auto"):
        engine["concurrency"] = limits.concurrency
    engine["per_origin"] = limits.per_origin
    for name in ("cookie_jar", "save_bodies", "trace"):
        if name in options:
            engine[name] = path_of(options[name], name)  # type: ignore[literal-required]
    if "inline_max" in options and "save_bodies" not in options:
        raise InputError("inline_max needs save_bodies")
    if options.get("idempotency_keys", "auto") != "auto":
        raise InputError("idempotency_keys is 'auto'; a request has the key of its own as idempotency_key")
    engine["automatic_keys"] = "idempotency_keys" in options
    engine["secrets"] = _texts(options.get("secrets", ()), "secrets")
    engine["refusal"] = _texts(options.get("refusal", ()), "refusal")
    if "hedge" in options:
        engine["hedge"] = _percentile(options["hedge"])
    if "follow" in options:
        rule = options["follow"]
        engine["follow"] = _follow_text(rule)
    if "rows" in options:
        engine["rows"] = engine_rows(options["rows"])
    engine["stop_if"] = _texts(options.get("stop_if", ()), "stop_if")
    engine["budget"] = amounts_of(options.get("budget", {}), "budget")
    engine["grace"] = seconds_of(options.get("grace"), "grace")
    retries = retry_of(options.get("retries", Retry()))
    engine["retry"] = engine_retry(retries)
    engine["retry_when"] = retries.when
    return engine


def _url_prefix_of(options: RunOptions) -> str | None:
    if "base_url" not in options:
        return str(checked(str, options["url_prefix"], "url_prefix")) if "url_prefix" in options else None
    if "url_prefix" in options:
        raise InputError("base_url is the old name of url_prefix: give one of the two")
    warn(
        "base_url of a run is now url_prefix: it is put before URLs, which a session resolves against its base_url",
        DeprecationWarning,
        stacklevel=4,
    )
    return str(checked(str, options["base_url"], "base_url"))


def _expectation(expect: int | str | Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The `expect` of a request line. Raises `InputError` for what is none."""
    if expect is None:
        return None
    from .._json import encoded

    rule = dict(expect) if isinstance(expect, Mapping) else {"status": expect}
    try:
        _engine.check_expectation(encoded(rule))
    except (InputError, TypeError, ValueError) as error:
        raise InputError(f"expect is a status such as 404 or '2xx', or an object of those, not {expect!r}: {error}") from None
    return rule


def _follow_text(rule: Any) -> str:
    if isinstance(rule, Mapping):
        import json

        return json.dumps(dict(rule))
    if not isinstance(rule, str):
        raise InputError(f"follow is a text such as 'next=link', or a mapping, not {rule!r}")
    return rule


def _percentile(text: str) -> float:
    number = text[1:] if isinstance(text, str) and text.startswith("p") else ""
    if not number.isdecimal() or not 50 <= int(number) <= 99:
        raise InputError(f"hedge is a percentile from 'p50' to 'p99', not {text!r}")
    return int(number) / 100
