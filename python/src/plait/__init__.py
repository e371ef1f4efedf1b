"""plait for Python: many calls to third-party APIs, made in C++, in the time of the slowest few.

    import plait

    r = plait.get("https://api.example/v1/items", params={"page": 1})       # blocking, as in requests
    r.status, r.headers["content-type"], r.json()

    for result in plait.map(urls):                                          # blocking, a hundred in flight
        print(result.response.status if result.ok else result.error)

    report = plait.run("requests.jsonl", "results.jsonl").finish()          # goes on where it was killed

    async with plait.Session(base_url="https://api.example") as s:          # asyncio, uvloop, trio, anyio
        r = await s.get("/v1/items")
        a, b = await plait.gather(s.get("/a"), s.get("/b"))                 # the first failure cancels the rest

Three rules hold everywhere:

* **No hidden second send.** Nothing is sent twice, except by a run or with `retries`, where that does no harm. A
  `SendError` tells whether the request may have arrived (`maybe_sent`).
* **An answer is an answer.** A 404 is a `Response`, not an exception; `raise_for_status()` makes it one, and the
  exception holds the whole response, with its body.
* **`timeout` is of the whole call**, waiting for its turn and redirects included: not of each read.
"""

from ._api import delete, get, head, instrument, map, paginate, patch, post, put, request, uninstrument
from ._engine import Call, Response
from ._engine import version as __version__
from ._errors import (
    ConnectError,
    DnsError,
    Error,
    InputError,
    ProtocolError,
    ProxyError,
    RateLimited,
    ResetError,
    SendError,
    SessionClosed,
    StatusError,
    Timeout,
    TlsError,
    TooLargeError,
    WrongLoop,
)
from ._frames import requests_of
from ._hooks import Attempt, Hook
from ._messages import Headers, Request, Result
from ._mock import Answer, Mock, mock
from ._options import Limits, Retry, Timeouts, Tls
from ._run import CheckReport, Report, Rows, Run, RunResult, check, run
from ._sessions import BlockingSession, Map, Session
from ._together import as_completed, gather, race, settle

__all__ = [
    "Answer",
    "Attempt",
    "BlockingSession",
    "Call",
    "CheckReport",
    "ConnectError",
    "DnsError",
    "Error",
    "Headers",
    "Hook",
    "InputError",
    "Limits",
    "Map",
    "Mock",
    "ProtocolError",
    "ProxyError",
    "RateLimited",
    "Report",
    "Request",
    "ResetError",
    "Response",
    "Result",
    "Retry",
    "Rows",
    "Run",
    "RunResult",
    "SendError",
    "Session",
    "SessionClosed",
    "StatusError",
    "Timeout",
    "Timeouts",
    "Tls",
    "TlsError",
    "TooLargeError",
    "WrongLoop",
    "__version__",
    "as_completed",
    "check",
    "delete",
    "gather",
    "get",
    "head",
    "instrument",
    "map",
    "mock",
    "paginate",
    "patch",
    "post",
    "put",
    "race",
    "request",
    "requests_of",
    "run",
    "settle",
    "uninstrument",
]

# The names under which users meet them, in tracebacks and in pickles.
_name = ""
for _name in __all__:
    if getattr(globals()[_name], "__module__", "").startswith("plait._"):
        globals()[_name].__module__ = "plait"
del _name
