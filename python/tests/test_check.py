"""`plait.check`: what is wrong with requests, before any is sent."""

from __future__ import annotations

import json
import pathlib
from collections.abc import AsyncIterator
from typing import Any

import plait
import pytest


def write_lines(path: pathlib.Path, *lines: Any) -> pathlib.Path:
    path.write_text("".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines))
    return path


def test_good_requests_are_counted_with_their_time_and_cost(tmp_path: pathlib.Path) -> None:
    lines = [{"url": f"http://a.example/{n}", "cost": {"usd": 0.5}} for n in range(120)]
    requests = write_lines(tmp_path / "requests.jsonl", *lines)
    report = plait.check(requests, limits="requests=60/m", budget={"usd": 100})
    assert report and report.calls == 120 and report.bad == [] and report.secrets == []
    assert report.costs == {"usd": 60.0}
    assert report.seconds == 120.0
    assert plait.check(requests).seconds is None
    assert plait.check(requests, concurrency=10, latency="1s").seconds == 12.0
    assert report.facts["groups"] == {"http://a.example": 120}
    assert str(report).startswith(f"{requests}: 120 calls: 120 GET\n")
    assert "The budget of 100 usd is enough" in str(report)
    assert repr(report) == "<CheckReport: 120 calls, 0 bad>"
    assert list(tmp_path.iterdir()) == [requests]  # nothing is sent, and nothing written


def test_what_is_wrong_is_found_in_a_file_and_in_an_iterable(tmp_path: pathlib.Path) -> None:
    lines: list[Any] = [
        {"url": "http://a.example/", "custom_id": "a"},
        {"url": "ftp://a.example/"},
        {"url": "http://a.example/", "custom_id": "a"},
        {"url": "http://a.example/", "headers": {"Authorization": "Bearer sk-1234567890abcdef"}},
    ]
    for source in (write_lines(tmp_path / "requests.jsonl", *lines), lines, iter(lines)):
        report = plait.check(source)
        assert not report and report.is_refused and report.has_warnings
        assert [line for line, _ in report.bad] == [2] and "ftp" in report.bad[0][1]
        assert report.facts["repeated"] == [{"custom_id": "a", "line": 3, "before": 1}]
        assert [line for line, _ in report.secrets] == [4]
        assert "sk-1234567890abcdef" not in str(report) + json.dumps(report.facts)
        assert "--" not in str(report)
        assert 'headers={"NAME": "{{env.NAME}}"}' in str(report)
        assert repr(report) == "<CheckReport: 2 calls, 2 bad, warnings>"


def test_values_of_secrets_are_not_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLAIT_TEST_KEY", "hush-hush-hush")
    line = {"url": "http://a.example/", "headers": {"X-Key": "{{env.PLAIT_TEST_KEY}}"}}
    report = plait.check([line])
    assert report and "secrets=[NAME]" in str(report)
    assert report.facts["names_not_permitted"][0]["name"] == "env.PLAIT_TEST_KEY"
    assert plait.check([line], secrets=["env.PLAIT_TEST_KEY"]).facts["names_not_permitted"] == []


def test_rows_show_their_first_request(tmp_path: pathlib.Path) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_text("id,name\n1,Ann\n2,Bob\n")
    report = plait.check(rows, rows=plait.Rows("https://a.example/{{row.id}}", body='{"name": {{row.name}}}'))
    assert report.calls == 2 and "POST" in report.facts["first_request"]
    assert [column["column"] for column in report.facts["columns"]] == ["id", "name"]


def test_posts_without_a_key_are_told_and_options_are_checked() -> None:
    assert 'idempotency_keys="auto" prevents that' in str(plait.check([{"url": "http://a.example/", "method": "POST"}]))
    with pytest.raises(TypeError, match="did you mean 'limits'"):
        plait.check(["http://a.example/"], limit="requests=1/s")  # type: ignore[call-arg]
    with pytest.raises(plait.InputError, match="latency"):
        plait.check(["http://a.example/"], latency=-1)

    async def later() -> AsyncIterator[str]:
        yield "http://a.example/"

    with pytest.raises(plait.InputError, match="not an asynchronous one"):
        plait.check(later())


def test_an_exception_of_the_iterable_is_raised() -> None:
    def broken() -> Any:
        yield "http://a.example/"
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        plait.check(broken())
    with pytest.raises(plait.Error, match="no-such-file"):
        plait.check("no-such-file.jsonl")
