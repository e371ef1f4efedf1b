"""A third party of one's own, for tests: over real sockets, so that retries and time limits really happen."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from .._checks import checked, takes_options
from .._errors import InputError
from .._messages import MISSING, HeaderTypes, Headers, Request, encoded_body, fields_of
from .._options import Seconds, seconds_of

TYPE_CHECKING = False  # importing typing would take a fifth of the time of importing plait
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any, Literal, Union

    from typing_extensions import Self, TypeAlias

    from .limits import Clock, Limit
    from .server import MockServer

Fault: TypeAlias = 'Literal["reset", "cut", "hang"]'
"""Breaks the connection before the answer; in the middle of its body; or never answers."""


class Answer:
    """What the mock says to a request."""

    __slots__ = ("content", "fault", "headers", "latency", "status")

    @takes_options("plait.Answer", {"body": "json= and content= are bodies"})
    def __init__(
        self,
        status: int = 200,
        *,
        json: Any = MISSING,
        content: bytes | str | None = None,
        headers: HeaderTypes | None = None,
        latency: Seconds | None = None,
        fault: Fault | None = None,
    ) -> None:
        if not isinstance(status, int) or not 200 <= status <= 599:
            raise InputError(f"status is a number from 200 to 599, not {status!r}")
        if fault not in (None, "reset", "cut", "hang"):
            raise InputError(f"fault is 'reset', 'cut' or 'hang', not {fault!r}")
        body, kind = encoded_body(json, content, None)
        fields = fields_of(headers)
        if kind is not None and not any(name.lower() == "content-type" for name, _ in fields):
            fields.append(("Content-Type", kind))
        self.status = status
        self.content = body or b""
        self.headers = Headers(fields)
        self.latency = seconds_of(latency, "latency") if latency else None
        self.fault = fault

    def __repr__(self) -> str:
        return f"<Answer {self.status}, {len(self.content)} B{f', {self.fault}' if self.fault else ''}>"


Answering: TypeAlias = "Callable[[Request], Union[Answer, dict[str, Any], list[Any], str, None]]"


class _Rule:
    def __init__(self, method: str, path: str, answer: Answer, times: int | None) -> None:
        self.method = method.upper()
        self.path = path
        self.answer = answer
        self.left = times
        self.calls = 0

    def fits(self, method: str, path: str) -> bool:
        from fnmatch import fnmatchcase

        return self.left != 0 and self.method in (method, "*") and fnmatchcase(path, self.path)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


class Mock:
    """Answers calls in this process. Made by `plait.mock`, or by the pytest fixture `plait_mock`."""

    def __init__(
        self, strict: bool, latency: Seconds | None, allow: str | Iterable[str], clock: Clock | None, http2: bool
    ) -> None:
        if clock is not None and not callable(clock):
            raise InputError(f"clock is a function that returns a time in seconds, such as time.time, not {clock!r}")
        self._limits = _limits_from(allow, clock)
        self._http2 = checked(bool, http2, "http2")
        self._rules: list[_Rule] = []
        self._answering: Answering | None = None
        self._strict = strict
        self._latency = seconds_of(latency, "latency") if latency else None
        self._requests: list[Request] = []
        self._surprises: list[str] = []
        self._failure: Exception | None = None
        self._hosts: list[str] = []
        self._server: MockServer | None = None

    def __repr__(self) -> str:
        where = self._server.url if self._server is not None else "not begun"
        return f"<Mock {where}, {len(self._requests)} requests>"

    @property
    def url(self) -> str:
        """Where it listens: "http://127.0.0.1:12345"."""
        return self._running.url

    @property
    def requests(self) -> list[Request]:
        """What came, in order. Their URLs are those that were called."""
        return list(self._requests)

    @takes_options("mock.on", {"body": "json= and content= are bodies"})
    def on(
        self,
        method: str,
        path: str,
        *,
        status: int = 200,
        json: Any = MISSING,
        content: bytes | str | None = None,
        headers: HeaderTypes | None = None,
        latency: Seconds | None = None,
        times: int | None = None,
        fault: Fault | None = None,
    ) -> Self:
        """Answers requests with this method ("*": any) and path ("/items/*": with wildcards), whatever their query.

        Of several answers that fit, the first counts; with `times`, only so often. So a 503 twice and then a 200 is

            mock.on("GET", "/items", status=503, times=2).on("GET", "/items", json=[])
        """
        if not path.startswith(("/", "*")):
            raise InputError(f"path is one such as '/items' or '/items/*', after the method, not {path!r}")
        answer = Answer(status, json=json, content=content, headers=headers, latency=latency, fault=fault)
        if times is not None and times < 1:
            raise InputError(f"times must be at least 1, not {times!r}")
        self._rules.append(_Rule(method, path, answer, times))
        return self

    def answer(self, function: Answering) -> Self:
        """Answers requests that nothing else fits with what this function makes of them: a `plait.Answer`, or a value
        for its JSON; None is a 404. What it raises is a 500, and raised again at the end of the block."""
        self._answering = function
        return self

    def intercept(self, *hosts: str) -> Self:
        """From now on, calls of this process to these hosts meet the mock: "api.example" (with the usual ports of http
        and https), or an origin such as "https://api.example:8443"."""
        wanted = [*self._hosts, *hosts]
        self._running.intercept(wanted)
        self._hosts = wanted
        return self

    def assert_all_called(self) -> None:
        """Raises AssertionError unless each answer was given, and as often as its `times` say."""
        for rule in self._rules:
            if rule.calls == 0:
                raise AssertionError(f"the mock was never asked for {rule}; {self._came()}")
            if rule.left:
                raise AssertionError(f"the mock was asked {rule.calls} times for {rule}, {rule.left} too few")

    def __enter__(self) -> Self:
        from .server import MockServer

        self._server = MockServer(self._answer, self._http2)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        self._running.stop()
        if self._failure is not None and (error is None or isinstance(error, AssertionError)):
            raise self._failure
        if self._strict and self._surprises and error is None:
            raise AssertionError(f"the mock had no answer to {self._surprises[0]}; it has {self._known()}")

    @property
    def _running(self) -> MockServer:
        if self._server is None:
            raise RuntimeError("the mock has not begun: use 'with plait.mock() as mock'")
        return self._server

    def _known(self) -> str:
        return ", ".join(map(str, self._rules)) or "no answers at all"

    def _came(self) -> str:
        came = ", ".join(f"{request.method} {request.url.partition('?')[0]}" for request in self._requests[:20])
        return f"what came: {came}" if came else "nothing came"

    def _answer(self, request: Request, path: str) -> tuple[Answer, float | None]:
        """The answer, and how long it takes. Called by the server, in one thread after the other."""
        self._requests.append(request)
        if self._limits:
            refusal = _refusal_by(self._limits)
            if refusal is not None:
                return refusal, None
        for rule in self._rules:
            if rule.fits(request.method, path):
                rule.calls += 1
                if rule.left is not None:
                    rule.left -= 1
                return rule.answer, rule.answer.latency or self._latency
        try:
            made: Any = self._answering(request) if self._answering is not None else None
            made = Answer(json=made) if not isinstance(made, Answer) and made is not None else made
        except Exception as error:
            self._failure = self._failure or error
            return Answer(500, json={"error": f"the function of the mock has raised {error!r}"}), None
        if made is None:
            if self._answering is None:
                self._surprises.append(f"{request.method} {path}")
            return Answer(404, json={"error": f"the mock has no answer to {request.method} {path}"}), None
        answer: Answer = made
        return answer, answer.latency or self._latency


def _limits_from(allow: str | Iterable[str], clock: Clock | None) -> list[Limit]:
    if not allow:
        return []
    from .limits import limits_from

    return limits_from(allow, clock)


def _refusal_by(given: list[Limit]) -> Answer | None:
    """The answer to a request that is one too many."""
    from .limits import wait_for

    wait = wait_for(given)
    if wait == 0.0:
        return None
    import math

    fields = {"Retry-After": str(math.ceil(wait)), "Retry-After-Ms": str(math.ceil(wait * 1000))}
    return Answer(429, json={"error": "too many requests"}, headers=fields)


@takes_options("plait.mock", {"limits": "allow= is meant"})
def mock(
    *,
    intercept: str | Iterable[str] = (),
    strict: bool = True,
    latency: Seconds | None = None,
    allow: str | Iterable[str] = (),
    clock: Callable[[], float] | None = None,
    http2: bool = False,
) -> Mock:
    """A third party of one's own, in this process, over real sockets.

        with plait.mock(intercept=["api.example"]) as mock:
            mock.on("GET", "/v1/items", status=503, times=2).on("GET", "/v1/items", json=["a"])
            assert plait.get("https://api.example/v1/items", retries=2).json() == ["a"]
            assert len(mock.requests) == 3

    Calls of this process to the hosts of `intercept` meet the mock instead, also over https, which stays verified.
    It holds for sessions and runs that begin a call meanwhile and have none in flight. With `strict`, a request that
    nothing answers gets 404, and the block ends with an AssertionError. `latency` is the time that answers take.

    `allow` limits the requests: "50/s" accepts 50 in any second, "fixed:100/1m" 100 in a window that begins with its
    first request, and "clock:100/1m" in one that begins with the minute. The rest is refused with 429, which says when to
    come again; `mock.requests` has those requests, too. It counts by `clock`, a function that returns a time in
    seconds (`time.time`): with one of your own, a test need not wait for the end of a window.

    With `http2`, the mock speaks HTTP/2, too: over https with clients that offer it, as plait does, and over http with
    those that begin with it, such as a session with `http_version="2"`.
    """
    hosts = [intercept] if isinstance(intercept, str) else list(intercept)
    return _InterceptingMock(hosts, strict, latency, allow, clock, http2)


class _InterceptingMock(Mock):
    def __init__(self, hosts: list[str], *options: Any) -> None:
        super().__init__(*options)
        self._wanted = hosts

    def __enter__(self) -> Self:
        super().__enter__()
        try:
            if self._wanted:
                self.intercept(*self._wanted)
        except BaseException:
            self._running.stop()
            raise
        return self
