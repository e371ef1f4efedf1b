"""Runs: results in a file, resuming, limits, and every way to end."""

from __future__ import annotations

import gc
import logging
import os
import pathlib
import signal
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from types import MappingProxyType
from typing import Any

import plait
import pytest
from conftest import PROGRAM, MockServer, lines_of


def write_requests(path: pathlib.Path, url: str, count: int) -> pathlib.Path:
    path.write_text("".join(f'{{"url": "{url}/{i}", "custom_id": "c{i}"}}\n' for i in range(count)))
    return path


def test_each_request_has_one_result(url: str) -> None:
    results = list(plait.run([f"{url}/{i}" for i in range(500)]))
    assert sorted(result.index for result in results) == list(range(500))
    assert all(result.ok and result.json(pointer="/target") == f"/{result.index}" for result in results)
    assert {result.custom_id for result in results} == {f"line-{i}" for i in range(1, 501)}
    assert all(result.outcome == "ok" and result.attempts == 1 and result.elapsed > 0 for result in results)


def test_a_file_is_carried_out_and_resumed(url: str, tmp_path: pathlib.Path) -> None:
    requests, results = write_requests(tmp_path / "in.jsonl", url, 50), tmp_path / "out.jsonl"
    report = plait.run(requests, results).finish()
    assert report and (report.ok, report.done, report.total, report.end) == (50, 50, 50, "finished")
    assert 0 < report.latency["p50"] <= report.latency["max"]
    assert {line["custom_id"] for line in lines_of(results)} == {f"c{i}" for i in range(50)}

    again = plait.run(str(requests), str(results))
    assert list(again) == [] and again.finish().done == 50
    assert len(lines_of(results)) == 50
    assert plait.run(requests, results, resume=False).finish().done == 50


def test_a_file_needs_no_results(url: str, tmp_path: pathlib.Path) -> None:
    requests = write_requests(tmp_path / "in.jsonl", "", 3)
    results = list(plait.run(requests, url_prefix=url, headers={"X-One": "1"}, auth="token", ordered=True))
    assert [result.custom_id for result in results] == ["c0", "c1", "c2"]
    assert results[2].json(pointer="/target") == "/2"
    headers = results[0].json(pointer="/headers")
    assert (headers["x-one"], headers["authorization"]) == ("1", "Bearer token")


def test_a_vendors_batch_file_has_results_of_the_vendor(url: str, tmp_path: pathlib.Path) -> None:
    requests, results = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    requests.write_text('{"key": "a", "request": {"contents": []}}\n')
    with pytest.raises(plait.InputError, match=r"names no model: name one with model=\.\.\."):
        plait.run(requests, results, format="gemini-batch", url_prefix=url)
    with pytest.raises(plait.InputError, match='looks like a Gemini batch: format="gemini-batch"'):
        plait.run(requests, results, format="openai-batch", url_prefix=url)
    with pytest.raises(plait.InputError, match="format, model and endpoint are for a file of requests"):
        plait.run([url], format="openai-batch")
    run = plait.run(requests, results, format="gemini-batch", result_format="gemini-batch", model="m", url_prefix=url)
    (result,) = run
    assert (result.custom_id, result.json(pointer="/target")) == ("a", "/v1beta/models/m:generateContent")
    (line,) = lines_of(results)
    assert (line["key"], line["response"]["target"]) == ("a", "/v1beta/models/m:generateContent")


def test_requests_of_all_kinds(url: str) -> None:
    given: list[Any] = [
        plait.Request("PUT", f"{url}/a", json={"x": "ä"}, custom_id="one", metadata=[1], timeout=5),
        {"url": f"{url}/b", "body": {"y": 1}, "metadata": {"k": "v"}, "expect": {"status": [200]}},
        {"url": f"{url}/c", "json": "text", "timeout": plait.Timeouts(attempt=5)},
        {"url": f"{url}/d", "no_such_field": 1},
        {"url": f"{url}/e", "body": {1, 2}, "custom_id": "a set"},
        "nonsense",
        5,
        "\ud800",
        f"{url}/f",
    ]
    results = list(plait.run(given, ordered=True))
    assert [result.outcome for result in results] == ["ok", "ok", "ok", *["failed"] * 5, "ok"]
    put, post, text, unknown, a_set = results[:5]
    assert (put.custom_id, put.metadata, put.json()["method"], put.json()["body"]) == ("one", [1], "PUT", '{"x":"ä"}')
    assert (post.metadata, post.json()["method"], post.json()["body"]) == ({"k": "v"}, "POST", '{"y":1}')
    assert text.json()["body"] == '"text"' and text.request.method == "POST"
    assert "no_such_field" in str(unknown.error) and isinstance(unknown.error, plait.InputError)
    assert a_set.custom_id == "a set" and "JSON" in str(a_set.error)
    with pytest.raises(plait.InputError):
        unknown.unwrap()


def test_a_dict_of_texts_is_sent_as_other_mappings_are(plait_mock: plait.Mock) -> None:
    plait_mock.on("*", "/*", json=[])
    url = f"{plait_mock.url}/a?b=c"
    items: list[dict[str, Any]] = [
        {"url": url},
        {"url": url, "custom_id": 'a "quoted" \\ id\n\u00fc', "method": "PUT", "body": "a\ttext \u00fc\x7f \U0001f600"},
        {"custom_id": "k", "url": url, "method": "POST", "idempotency_key": "key-1", "group": "g", "body": ""},
        {"url": url, "custom_id": "bad", "method": "NO METHOD"},
        {"url": "", "custom_id": "empty"},
        {"url": url, "custom_id": "lone \ud800"},
        {"custom_id": "no url"},
        {},
        {"url": url, "custom_id": "unknown", "metod": "GET"},
        {"url": url, "custom_id": "params", "params": {"d": "e"}, "timeout": "5s"},
    ]
    results: list[list[Any]] = []
    sent: list[list[Any]] = []
    for kind in (dict, MappingProxyType):
        before = len(plait_mock.requests)
        run = list(plait.run((kind(item) for item in items), ordered=True, concurrency=1))
        results.append([(result.custom_id, result.outcome, str(result.error)) for result in run])
        came = plait_mock.requests[before:]
        sent.append([(r.method, r.url, r.content, r.headers.get("idempotency-key")) for r in came])
    assert results[0] == results[1]
    assert sent[0] == sent[1]
    assert len(sent[0]) == 4


def test_an_iterable_is_resumed(url: str, tmp_path: pathlib.Path) -> None:
    results = tmp_path / "out.jsonl"

    def requests(last: int) -> Iterator[dict[str, str]]:
        for i in range(last):
            if last < 30 and i == last - 1:
                raise ZeroDivisionError
            yield {"url": f"{url}/{i}", "custom_id": f"c{i}"}

    with pytest.raises(ZeroDivisionError):
        plait.run(requests(10), results).finish()
    assert len(lines_of(results)) == 9
    assert sorted(result.index for result in plait.run(requests(30), results)) == list(range(9, 30))
    assert len(lines_of(results)) == 30
    with pytest.raises(plait.InputError, match="resume=False"):
        plait.run([{"url": f"{url}/{i}", "custom_id": "other"} for i in range(30)], results).finish()


def test_the_command_resumes_it(url: str, tmp_path: pathlib.Path) -> None:
    requests, results = write_requests(tmp_path / "in.jsonl", url, 1000), tmp_path / "out.jsonl"
    with plait.run(requests, results, concurrency=1) as run:
        assert next(run).ok
    assert 0 < len(lines_of(results)) < 1000
    command = [PROGRAM, "run", str(requests), "-o", str(results), "--quiet"]
    assert subprocess.run(command, check=False).returncode == 0
    assert {line["custom_id"] for line in lines_of(results)} == {f"c{i}" for i in range(1000)}


def test_limits_and_options_are_checked(url: str, tmp_path: pathlib.Path) -> None:
    wrong: list[tuple[dict[str, Any], type[Exception], str]] = [
        ({"limits": ["requests"]}, plait.InputError, "requests=500/m"),
        ({"stop_if": "broken>5"}, plait.InputError, "outcomes"),
        ({"budget": {"usd": 0}}, plait.InputError, "usd"),
        ({"cost_from": "nonsense"}, plait.InputError, "Pointer"),
        ({"concurrency": 0}, plait.InputError, "concurrency"),
        ({"retries": -1}, plait.InputError, "retries"),
        ({"grace": -1}, plait.InputError, "grace"),
        ({"auth": lambda request: request}, plait.InputError, "auth"),
        ({"params": {"a": "b"}}, TypeError, "params"),
        ({"colour": "red"}, TypeError, "colour"),
    ]
    for options, kind, text in wrong:
        with pytest.raises(kind, match=text) as caught:
            plait.run([url], **options)
        assert "--" not in str(caught.value)
    with pytest.raises(TypeError):
        plait.run(5)
    with pytest.raises(plait.Error) as missing:
        plait.run(tmp_path / "missing.jsonl")
    assert "missing.jsonl" in str(missing.value)
    with pytest.raises(plait.Error) as storage:
        plait.run([url], tmp_path / "no" / "folder.jsonl").finish()
    assert storage.value.code == "storage"
    with pytest.raises(plait.InputError):
        plait.run([url], "-")


def test_a_setting_that_matters_must_stay(url: str, tmp_path: pathlib.Path) -> None:
    results = tmp_path / "out.jsonl"
    plait.run([url], results).finish()
    with pytest.raises(plait.InputError, match="^redirects was not given .* is '3' now.*resume=False$"):
        plait.run([url], results, redirects=3).finish()


def test_failed_attempts_are_repeated(start_mock: Callable[..., MockServer]) -> None:
    server = start_mock("--latency", "0ms", "--fail", "500:50%", "--seed", "1")
    quick = plait.Retry(20, first_delay=0.001, longest_delay=0.001)
    report = plait.run([server.url] * 50, retries=quick).finish()
    assert report.ok == 50 and report.retries > 0
    report = plait.run([server.url] * 50, retries=0).finish()
    assert report.rejected > 0 and report.retries == 0 and not report


def test_a_run_keeps_to_a_limit(url: str) -> None:
    report = plait.run([url] * 12, limits=["requests=100/s"]).finish()
    assert report.elapsed > 0.05


def test_a_budget_and_a_rule_stop_a_run(url: str) -> None:
    report = plait.run([url] * 100, budget={"requests": 10}).finish()
    assert report.end == "stopped" and report.ok == 10 and report.costs == {"requests": 10}
    assert report.stop_reason is not None and "--" not in report.stop_reason
    report = plait.run(["http://127.0.0.1:1/"] * 100, stop_if="failed>5", retries=0, concurrency=1).finish()
    assert report.end == "stopped" and report.errors == {"connect": 6}


def test_an_error_of_the_iterable_is_raised(url: str, slow_url: str) -> None:
    def broken(first: str) -> Iterator[str]:
        yield first
        raise ZeroDivisionError

    for first in (url, slow_url):
        run = plait.run(broken(first), grace=0.01)
        with pytest.raises(ZeroDivisionError):
            for _ in run:
                pass
        assert list(run) == [] and run.report.end == "failed"
        with pytest.raises(ZeroDivisionError):
            run.finish()


def test_an_iterable_may_make_calls_itself(url: str) -> None:
    def requests() -> Iterator[str]:
        for i in range(5):
            assert plait.run([url] * 2).finish()
            yield url + plait.get(f"{url}/{i}").json(pointer="/target")

    targets = {result.json(pointer="/target") for result in plait.run(requests())}
    assert targets == {f"/{i}" for i in range(5)}


def test_results_that_are_not_taken_hold_the_run(url: str) -> None:
    read = 0

    def endless() -> Iterator[str]:
        nonlocal read
        while True:
            read += 1
            yield url

    with plait.run(endless(), concurrency=5) as run:
        for taken, _ in enumerate(run):
            assert read <= taken + 500
            if taken == 300:
                break
        assert not run.report
    assert list(run) == []


def test_a_run_is_interrupted(slow_url: str, tmp_path: pathlib.Path) -> None:
    run = plait.run([slow_url] * 3, tmp_path / "out.jsonl")
    timer = threading.Timer(0.05, lambda: [run.interrupt() for _ in range(2)])  # type: ignore[func-returns-value]
    timer.start()
    report = run.finish()
    assert report.end == "interrupted" and not report
    timer.join()


def test_a_run_that_never_began_leaves_its_files(url: str, tmp_path: pathlib.Path) -> None:
    results = tmp_path / "out.jsonl"
    with plait.run([url], results) as run:
        pass
    assert list(run) == [] and run.finish().done == 0
    assert plait.run([url], results).finish().ok == 1


def test_misuse_is_an_exception(url: str, slow_url: str) -> None:
    def uses_its_run() -> Iterator[str]:
        yield url
        next(run)

    run = plait.run(uses_its_run(), grace=0.01)
    with pytest.raises(RuntimeError, match="one thread"):
        list(run)

    waiting = plait.run([slow_url])
    thread = threading.Thread(target=waiting.finish)
    thread.start()
    while True:
        try:
            waiting.report
        except RuntimeError:
            break
    waiting.interrupt()
    waiting.interrupt()
    thread.join()
    assert waiting.report.end == "interrupted"


def test_a_run_that_is_dropped_is_gone(url: str, slow_url: str, tmp_path: pathlib.Path) -> None:
    class Requests:
        def __iter__(self) -> Iterator[str]:
            yield url
            while True:
                yield slow_url

    before = len(os.listdir("/proc/self/fd"))
    requests = Requests()
    run = plait.run(requests, tmp_path / "out.jsonl", concurrency=5)
    requests.run = run  # type: ignore[attr-defined]
    assert next(run).ok
    gone = weakref.ref(run)
    del run, requests
    gc.collect()
    assert gone() is None
    assert len(os.listdir("/proc/self/fd")) <= before


def test_a_forked_child_leaves_it_alone(url: str) -> None:
    with plait.run((url for _ in range(20)), concurrency=2) as run:
        assert next(run).ok
        child = os.fork()
        if child == 0:
            try:
                next(run)
            except plait.WrongLoop:
                del run
                gc.collect()
                os._exit(7)
            os._exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
        assert len(list(run)) == 19


WAITS = """
import os, signal, sys, plait

def handle(number, frame):
    os.write(1, b"signal\\n")  # print may be interrupted, and can't be called again then
    raise KeyboardInterrupt

signal.signal(signal.SIGINT, handle)
run = plait.run([sys.argv[1]] * 3, sys.argv[2], grace=float(sys.argv[3]))
try:
    print("begun", flush=True)
    {how}
except KeyboardInterrupt:
    print(run.report.end, flush=True)
"""


def waiting_run(how: str, url: str, results: pathlib.Path, grace: float) -> subprocess.Popen[str]:
    """A process whose run waits for answers, and that has got a SIGINT."""
    program = [sys.executable, "-B", "-c", WAITS.format(how=how), url, str(results), str(grace)]
    process = subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    process.send_signal(signal.SIGINT)
    assert process.stdout.readline() == "signal\n"
    return process


@pytest.mark.parametrize("how", ["run.finish()", "list(run)"])
def test_ctrl_c_ends_it_in_order(slow_url: str, tmp_path: pathlib.Path, how: str) -> None:
    results = tmp_path / "out.jsonl"
    with waiting_run(how, slow_url, results, 0.05) as process:
        assert process.stdout is not None
        # If the signal was quicker than the run, there was nothing to end.
        assert process.stdout.read() in ("interrupted\n", "None\n")
        assert process.wait(60) == 0
    assert plait.run([slow_url] * 3, results).report.done == 0  # it can be resumed


@pytest.mark.parametrize("how", ["run.finish()", "list(run)"])
def test_a_second_ctrl_c_gives_up_what_is_in_flight(slow_url: str, tmp_path: pathlib.Path, how: str) -> None:
    results = tmp_path / "out.jsonl"
    with waiting_run(how, slow_url, results, 3600) as process:
        while process.poll() is None:  # two signals at the same time are one
            process.send_signal(signal.SIGINT)
            try:
                process.wait(0.1)
            except subprocess.TimeoutExpired:
                pass
    assert plait.run([slow_url] * 3, results).report.done == 0


def test_warnings_are_logged(url: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, logger="plait"):
        report = plait.run([{"url": url, "headers": {"X-Key": "{{env.KEY}}"}}]).finish()
    assert report.ok == 1
    assert "--" not in caplog.text


def test_a_report_says_how_fast_it_goes_and_what_it_waits_for(url: str) -> None:
    seen: list[plait.Report] = []

    def look(report: plait.Report) -> None:
        if report.done == 1 and report.waits_for:
            seen.append(report)
            run.interrupt()

    run = plait.run([f"{url}/{n}" for n in range(3)], limits=["requests=1/h"], progress=look)
    ended = run.finish()
    assert seen[0].waits_for.startswith("waits for requests=1/h until ")
    assert (seen[0].in_flight, seen[0].total) == (0, 3) and seen[0].rate > 0
    assert seen[0].remaining is not None and seen[0].remaining > 3600
    assert (ended.end, ended.in_flight, ended.remaining, ended.waits_for) == ("interrupted", 0, None, "")
