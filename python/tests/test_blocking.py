"""Blocking calls, as in requests."""

from __future__ import annotations

import os
import pickle
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import plait
import pytest
from conftest import MockServer, RawServer, answer


def test_each_method_sends_its_name(url: str) -> None:
    for name in ("get", "post", "put", "patch", "delete"):
        assert getattr(plait, name)(url).json()["method"] == name.upper()
    assert plait.head(url).content == b""
    assert plait.request("options", url).json()["method"] == "OPTIONS"


def test_params_are_appended_to_the_query(url: str) -> None:
    params: dict[str, Any] = {"page": 2, "tag": ["a", "b c"], "all": True, "none": None}
    assert plait.get(f"{url}/items?x=1#top", params=params).json()["target"] == "/items?x=1&page=2&tag=a&tag=b+c&all=true"


def test_bodies_have_their_content_type(url: str) -> None:
    def sent(**options: object) -> tuple[str, str | None]:
        got = plait.post(url, **options).json()  # type: ignore[arg-type]
        return got["body"], got["headers"].get("content-type")

    assert sent(json={"name": "é", "n": None}) == ('{"name":"é","n":null}', "application/json")
    assert sent(json=None) == ("null", "application/json")
    assert sent(data={"a": "1 2"}) == ("a=1+2", "application/x-www-form-urlencoded")
    assert sent(content="text") == ("text", "text/plain; charset=utf-8")
    assert sent(content=b"bytes") == ("bytes", None)
    assert sent(json=1, headers={"Content-Type": "application/x"}) == ("1", "application/x")


def test_a_request_with_two_bodies_is_refused(url: str) -> None:
    with pytest.raises(plait.InputError, match="one body"):
        plait.post(url, json=1, content=b"2")


def test_json_that_cannot_be_written_is_refused(url: str) -> None:
    with pytest.raises(plait.InputError, match="json"):
        plait.post(url, json={"x": object()})
    with pytest.raises(plait.InputError, match="json"):
        plait.post(url, json=float("nan"))


def test_auth_is_a_header(url: str) -> None:
    def authorization(auth: plait._options.Auth) -> str:
        return str(plait.get(url, auth=auth).json()["headers"]["authorization"])

    assert authorization(("me", "secret")) == "Basic bWU6c2VjcmV0"
    assert authorization("token") == "Bearer token"
    assert authorization(lambda r: r.replace(headers={"Authorization": f"Signed {r.method}"})) == "Signed GET"


def test_a_session_adds_what_it_was_made_with(url: str) -> None:
    with plait.BlockingSession(
        base_url=f"{url}/v1/", headers={"X-A": "1"}, params={"key": "k"}, auth="token"
    ) as session:
        got = session.get("items", params={"page": 1}).json()
        assert got["target"] == "/v1/items?key=k&page=1"
        assert got["headers"]["x-a"] == "1"
        assert got["headers"]["authorization"] == "Bearer token"
        assert session.get("/v2").json()["target"] == "/v2?key=k"
        assert session.get("items", headers={"X-A": "2"}).json()["headers"]["x-a"] == "2"


def test_a_session_keeps_its_connection(url: str) -> None:
    with plait.BlockingSession() as session:
        assert not session.get(url).reused
        assert session.get(url).reused


def test_an_answer_is_an_answer(answering: Callable[[bytes], RawServer]) -> None:
    server = answering(answer(b'{"error":"none"}', "Content-Type: application/json", status="404 Not Found"))
    response = plait.get(server.url + "/x?secret=1")
    assert (response.status, response.status_code, response.ok, response.reason) == (404, 404, False, "Not Found")
    with pytest.raises(plait.StatusError) as caught:
        response.raise_for_status()
    assert caught.value.response.json() == {"error": "none"}
    assert "404 Not Found" in str(caught.value)
    assert "secret" not in str(caught.value) + repr(response)
    with plait.BlockingSession(raise_for_status=True) as session, pytest.raises(plait.StatusError):
        session.get(server.url)


def test_raise_for_status_returns_a_good_response(url: str) -> None:
    response = plait.get(url)
    assert response.raise_for_status() is response


def test_redirects_are_followed(start_mock: Callable[..., MockServer], answering: Callable[[bytes], RawServer], url: str) -> None:
    server = answering(answer(b"", f"Location: {url}/there", status="302 Found"))
    response = plait.get(server.url)
    assert response.json()["target"] == "/there"
    assert response.url == f"{url}/there"
    with plait.BlockingSession(redirects=0) as session:
        assert session.get(server.url).status == 302


def test_cookies_are_kept_in_a_session_and_not_beyond(answering: Callable[[bytes], RawServer]) -> None:
    server = answering(answer(b"", "Set-Cookie: a=1", "Connection: close"))
    with plait.BlockingSession() as session:
        session.get(server.url)
        session.get(server.url)
    plait.get(server.url)
    assert [b"Cookie: a=1" in request for request in server.received] == [False, True, False]


def test_a_time_limit_is_of_the_whole_call(slow_url: str) -> None:
    began = time.monotonic()
    with pytest.raises(plait.Timeout, match="time limit of the call, 50 ms") as caught:
        plait.get(slow_url, timeout=0.05)
    assert time.monotonic() - began < 5
    assert caught.value.phase == "deadline"
    assert caught.value.maybe_sent
    assert isinstance(caught.value, TimeoutError)


def test_an_attempt_and_a_silence_have_limits_of_their_own(slow_url: str) -> None:
    with pytest.raises(plait.Timeout) as caught:
        plait.get(slow_url, timeout=plait.Timeouts(attempt=0.05))
    assert caught.value.phase == "attempt"
    with plait.BlockingSession(timeout=plait.Timeouts(idle=0.05)) as session, pytest.raises(plait.Timeout) as caught:
        session.get(slow_url)
    assert caught.value.phase == "idle"


@pytest.mark.parametrize("limit", [0, -1, float("nan"), True, "soon"])
def test_what_is_no_time_limit_is_refused(limit: object, url: str) -> None:
    with pytest.raises(plait.InputError):
        plait.get(url, timeout=limit)  # type: ignore[arg-type]


def test_options_that_do_not_exist_are_refused(url: str) -> None:
    with pytest.raises(TypeError, match="no option 'time_out'"):
        plait.get(url, time_out=3)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="no option 'concurrency'"):
        plait.BlockingSession(concurrency=3)  # type: ignore[call-arg]


def test_errors_say_what_was_tried(answering: Callable[[bytes], RawServer]) -> None:
    server = answering(b"")
    server.stop()
    with pytest.raises(plait.ConnectError, match="connect 127.0.0.1") as refused:
        plait.get(server.url)
    assert (refused.value.code, refused.value.maybe_sent) == ("connect", False)
    assert isinstance(refused.value, (OSError, ConnectionError))
    assert refused.value.request is not None and refused.value.request.method == "GET"

    cut = answering(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort")
    with pytest.raises(plait.ResetError) as truncated:
        plait.get(cut.url)
    assert truncated.value.maybe_sent

    with pytest.raises(plait.ProtocolError):
        plait.get(answering(b"nonsense\r\n\r\n").url)


@pytest.mark.parametrize("bad", ["", "example.com", "ftp://example.com", "http://[", "http://a b/{x}"])
def test_a_url_that_cannot_be_used_is_refused(bad: str) -> None:
    with pytest.raises(plait.InputError) as caught:
        plait.get(bad)
    assert isinstance(caught.value, ValueError)


def test_headers_that_cannot_be_sent_are_refused(url: str) -> None:
    with pytest.raises(plait.InputError):
        plait.get(url, headers={"X": "a\r\nY: b"})
    with pytest.raises(plait.InputError, match="must be str"):
        plait.get(url, headers={"X": 1})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("tls a: not trusted; use --cacert FILE to trust it", "not trusted; use tls=plait.Tls(verify=FILE) to trust it"),
        (
            "looked for in x): install the package ca-certificates, or name a file with --cacert",
            "install the package ca-certificates or certifi, or name a file with tls=plait.Tls(verify=FILE)",
        ),
        ("use --cert FILE and --key FILE", "use tls=plait.Tls(client_cert=(FILE, FILE))"),
        ("the answer has more than 256 header fields (--max-header-count)", "the answer has more than 256 header fields"),
        ("does not speak HTTP/2: use --http auto", "does not speak HTTP/2: leave http_version out"),
        ("it wants a login: --proxy socks5://U:P@H:P", "it wants a login: proxy=socks5://U:P@H:P"),
    ],
)
def test_errors_name_options_of_python_and_no_flags(text: str, shown: str) -> None:
    error = str(plait._errors.from_engine("tls", text, False, None))
    assert "--" not in error
    assert error.endswith(shown)


def test_no_text_of_the_engine_shows_a_flag_in_python() -> None:
    sources = Path(__file__).resolve().parents[2] / "src" / "plait"
    texts = [
        line
        for module in ("net", "http", "async", "json", "base", "coding", "policy", "batch")
        for source in (sources / module).rglob("*.cpp")
        if not source.name.endswith("_test.cpp")
        for line in source.read_text().splitlines()
        if re.search(r'"[^"]*(?<!-)--[a-z]', line) and "-----" not in line and "//" not in line.partition("--")[0]
    ]
    assert len(texts) > 5
    assert [text for text in texts if re.search(r"(?<!-)--[a-z]", plait._errors.for_python(text))] == []


def test_the_certificates_of_a_session_are_checked_at_once(tmp_path: object) -> None:
    with pytest.raises(plait.InputError, match="missing.pem"):
        plait.BlockingSession(tls=plait.Tls(verify=f"{tmp_path}/missing.pem"))


def test_threads_share_a_session(url: str) -> None:
    with plait.BlockingSession() as session, ThreadPoolExecutor(8) as pool:
        responses = list(pool.map(lambda i: session.get(f"{url}/{i}").json()["target"], range(200)))
    assert responses == [f"/{i}" for i in range(200)]


def test_a_wait_does_not_hold_the_interpreter_lock(slow_url: str) -> None:
    other_ran = threading.Event()

    session = plait.BlockingSession()

    def call() -> None:
        with pytest.raises(plait.SessionClosed):
            session.get(slow_url)

    waiting = threading.Thread(target=call)
    waiting.start()
    other = threading.Thread(target=other_ran.set)
    other.start()
    assert other_ran.wait(5)
    session.close()
    waiting.join()
    other.join()


def test_closing_a_session_ends_the_calls_of_other_threads(slow_url: str) -> None:
    session = plait.BlockingSession()
    ends: list[BaseException] = []

    def call() -> None:
        try:
            session.get(slow_url)
        except BaseException as error:
            ends.append(error)

    threads = [threading.Thread(target=call) for _ in range(3)]
    for thread in threads:
        thread.start()
    with pytest.raises(plait.Timeout):
        session.get(slow_url, timeout=0.1)  # by then the others wait, too
    session.close()
    for thread in threads:
        thread.join(5)
    assert [type(end) for end in ends] == [plait.SessionClosed] * 3
    with pytest.raises(plait.SessionClosed):
        session.get(slow_url)
    session.close()


def test_control_c_ends_a_wait(slow_url: str) -> None:
    program = f"import plait; print('go', flush=True); plait.get({slow_url!r})"
    child = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert child.stdout.readline() == "go\n"
    while child.poll() is None:
        child.send_signal(signal.SIGINT)  # again, should the first come before the wait
        try:
            child.wait(0.2)
        except subprocess.TimeoutExpired:
            continue
    _, errors = child.communicate()
    assert "KeyboardInterrupt" in errors
    assert child.returncode == -signal.SIGINT


def test_a_session_travels_as_its_options(url: str) -> None:
    session = plait.BlockingSession(base_url=url, headers={"X-A": "1"})
    copy = pickle.loads(pickle.dumps(session))
    assert copy.get("/x").json()["headers"]["x-a"] == "1"


def test_a_forked_child_makes_connections_of_its_own(url: str) -> None:
    session = plait.BlockingSession()
    assert session.get(url).ok
    child = os.fork()
    if child == 0:
        code = 1
        try:
            first, second = session.get(url), session.get(url)
            code = 0 if not first.reused and second.reused else 2
        finally:
            os._exit(code)
    assert os.waitpid(child, 0)[1] == 0
    assert session.get(url).reused


DAEMONS = """
import sys, threading
import plait

url, slow_url = sys.argv[1:]
session = plait.BlockingSession()
ready = threading.Semaphore(0)

def get():
    while True:
        session.get(url)
        ready.release()

def map():
    while True:
        for _ in plait.map([url] * 50):
            ready.release()

def run():
    ready.release()
    plait.run([slow_url]).finish()

for work in [get] * 8 + [map, run]:
    threading.Thread(target=work, daemon=True).start()
for _ in range(100):
    ready.acquire()
"""


def test_a_program_ends_well_while_daemon_threads_make_calls(url: str, slow_url: str) -> None:
    for _ in range(5):
        command = [sys.executable, "-c", DAEMONS, url, slow_url]
        ended = subprocess.run(command, stderr=subprocess.PIPE, text=True, timeout=60)
        assert (ended.returncode, ended.stderr) == (0, "")


def test_a_body_has_a_largest_size(answering: Callable[[bytes], RawServer]) -> None:
    server = answering(answer(b"12345678"))
    with plait.BlockingSession(max_body=8) as session:
        assert session.get(server.url).content == b"12345678"
    with plait.BlockingSession(max_body=7) as session, pytest.raises(plait.TooLargeError, match=r"7 bytes of body \(max_body\)"):
        session.get(server.url)
    (result,) = plait.run([server.url], max_body=7)
    assert isinstance(result.error, plait.TooLargeError)
    wrong: Any = "1G"
    with pytest.raises(plait.InputError, match="max_body is a number of bytes"):
        plait.BlockingSession(max_body=wrong)
