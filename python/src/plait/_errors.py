"""What can go wrong. All errors can be pickled and copied, and keep their attributes."""

from __future__ import annotations


TYPE_CHECKING = False  # importing typing would take a fifth of the time of importing plait
if TYPE_CHECKING:
    from typing import Any, Literal, NoReturn

    from typing_extensions import TypeAlias

    from ._engine import Response
    from ._messages import Request

Phase: TypeAlias = 'Literal["connect", "idle", "attempt", "deadline"]'


class Error(Exception):
    """Any error of plait's."""

    code: str = "error"
    """The kind of error, as in `plait run`'s results: `dns`, `connect`, `timeout` …"""
    request: Request | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        return (_rebuilt, (type(self), self.args, self.__dict__.copy()))


class InputError(Error, ValueError):
    """What was given can't be used, and nothing was sent; or a body is not what was asked for."""

    code = "bad_input"


class SendError(Error, OSError):
    """A call brought no answer. The text names the request (without its query), the phase and the time."""

    maybe_sent: bool = False
    """False only when certainly no byte of the request reached the server."""
    attempts: int = 0
    """How often the request was sent, or tried to."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


class DnsError(SendError):
    """The host has no address."""

    code = "dns"


class ConnectError(SendError, ConnectionError):
    """No address of the host took the connection."""

    code = "connect"


class TlsError(SendError):
    """The server is not trusted, or does not speak TLS."""

    code = "tls"


class ProxyError(SendError):
    """The proxy refused, or could not be used."""

    code = "proxy"


class ResetError(SendError, ConnectionResetError):
    """The connection broke, or ended before the answer did."""

    code = "reset"


class ProtocolError(SendError):
    """The answer breaks the rules of HTTP, or is truncated."""

    code = "protocol"


class TooLargeError(SendError):
    """The answer exceeds a limit."""

    code = "too_large"


class Timeout(SendError, TimeoutError):
    """A time limit of plait's own has passed. (`asyncio.timeout` raises `TimeoutError`, and the call is given up.)"""

    code = "timeout"
    phase: Phase = "attempt"


class RateLimited(SendError):
    """The server asks for a longer wait than `Retry.longest_wait`, or could not be reached for so long: the call was
    not sent."""

    code = "rate_limited"
    retry_after: float | None = None
    """For how many seconds the server wants no calls; None: it has not said so, or the call is one of a run."""


class StatusError(Error):
    """From `raise_for_status`: the response came, and is here with its body."""

    code = "status"
    response: Response


class SessionClosed(Error, RuntimeError):
    """The session is closed, or was closed while this call was on its way."""

    code = "cancelled"


class WrongLoop(Error, RuntimeError):
    """A session is used in another event loop, or in another process, than the one it lives in."""

    code = "bad_input"


_by_code: dict[str, type[SendError]] = {
    kind.code: kind
    for kind in (DnsError, ConnectError, TlsError, ProxyError, ResetError, ProtocolError, TooLargeError, Timeout, RateLimited)
}

# The engine's texts were written for the command. A hint at one of its flags becomes one at the option; where there is
# none, it goes.
_hints = [
    ("--cert FILE and --key FILE", "tls=plait.Tls(client_cert=(FILE, FILE))"),
    (
        "install the package ca-certificates, or name a file with --cacert",
        "install the package ca-certificates or certifi, or name a file with tls=plait.Tls(verify=FILE)",
    ),
    ("--cacert FILE", "tls=plait.Tls(verify=FILE)"),
    ("--cacert", "plait.Tls(verify=...)"),
    ("--cert", "plait.Tls(client_cert=...)"),
    ("--key", "plait.Tls(client_cert=(..., KEY))"),
    ("use --user or --netrc, or send", "use auth=(USER, PASSWORD), or send"),
    ("use --http auto", "leave http_version out"),
    ("--http 1.1", 'http_version="1.1"'),
    ("--proxy ", "proxy="),
    ("--concurrency ", "a concurrency of "),
    ("with --header 'NAME: {{env.NAME}}'", 'with headers={"NAME": "{{env.NAME}}"}'),
    ("--secret env.NAME", 'secrets=["env.NAME"]'),
    ("--secret NAME", "secrets=[NAME]"),
    ("--idempotency-key auto", 'idempotency_keys="auto"'),
    (": not permitted by --secret", ""),
    ("--overwrite", "resume=False"),
    ("--extend", "extend=True"),
    ("the path of --base-url", "the path of url_prefix"),
    ("--base-url was ", "url_prefix was "),
    ("--header was ", "headers was "),
    ("(--max-body)", "(max_body)"),
    ("--empty-is-text takes", "empty_is_text=True takes"),
    ("with --table NAME", "with table=NAME"),
    ("a table with --table", "a table with table=..."),
    ("leave out --rows", "leave out format"),
    ("use --url '", "the url is '"),
    *((f"--{flag}: ", f"{name}: ") for flag, name in (("url", "url"), ("body", "body"), ("form", "form"))),
    ("--header: ", "headers: "),
    ("--request: ", "method: "),
    ("--max-redirects was ", "redirects was "),
    ("--user was ", "auth was "),
    *((f"--format {vendor}-batch", f'format="{vendor}-batch"') for vendor in ("anthropic", "gemini", "mistral", "openai")),
    ("omit --format", "omit format"),
    ("--model needs --format", "model needs format"),
    ("name it with --model", "name it with model=..."),
    ("name one with --model", "name one with model=..."),
    ("--result-format was ", "result_format was "),
]
_alone = r"(?<![\w/.%-])"  # not in a URL such as https://xn--bcher-kva.example/a--b
_setting = r"--([a-z-]+) was "
_flag = r" \(--[a-z0-9-]+\)|;? ?(?:use )?" + _alone + r"--[a-z][a-z0-9-]*(?: [A-Z]+)?"


def _rebuilt(kind: type[Error], args: tuple[Any, ...], attributes: dict[str, Any]) -> Error:
    error = kind(*args)
    error.__dict__.update(attributes)
    return error


def _phase_of(code: str, text: str) -> Phase:
    if code == "deadline":
        return "deadline"
    if "no byte came" in text:
        return "idle"
    if "(connecting" in text or "(looking up" in text or "(agreeing" in text:
        return "connect"
    return "attempt"


def for_python(text: str) -> str:
    """A text of the engine without flags of the command."""
    if "--" not in text:
        return text
    import re  # here, as elsewhere in this package: to import it takes as long as half of plait

    for flag, option in _hints:
        if flag in text:
            text = re.sub(_alone + re.escape(flag), lambda _, option=option: option, text)  # type: ignore[misc]
    text = re.sub(_alone + _setting, r"\1 was ", text)
    return re.sub(_flag, "", text)


def from_engine(code: str, text: str, maybe_sent: bool, request: Request | None) -> Error:
    """The exception for what the engine reports. Called by the engine."""
    error: Error
    text = for_python(text)
    if code in ("timeout", "deadline"):
        error = Timeout(text)
        error.phase = _phase_of(code, text)
        error.code = code
        error.maybe_sent = maybe_sent
    elif code in _by_code:
        error = _by_code[code](text)
        error.maybe_sent = maybe_sent
    elif code == "bad_input":
        error = InputError(text)
    else:
        error = Error(text)
        error.code = code
    if request is not None:
        error.request = request
    return error


def raise_status(response: Response) -> NoReturn:
    """Raises `StatusError` for this response. Called by the engine."""
    request = response.request
    url = response.url.partition("?")[0]
    reason = f" {response.reason}" if response.reason else ""
    error = StatusError(f"{request.method} {url}: the answer is {response.status}{reason}")
    error.request = request
    error.response = response
    raise error
