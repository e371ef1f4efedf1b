"""OpenTelemetry: spans, the metric, and the context."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from typing import Any

import plait
import pytest
from conftest import MockServer

pytest.importorskip("opentelemetry.sdk")

from opentelemetry.sdk.metrics import MeterProvider  # noqa: E402
from opentelemetry.sdk.metrics.export import InMemoryMetricReader  # noqa: E402
from opentelemetry.sdk.trace import TracerProvider  # noqa: E402
from opentelemetry.sdk.trace.export import SimpleSpanProcessor  # noqa: E402
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter  # noqa: E402


class Told:
    def __init__(self) -> None:
        self._spans = InMemorySpanExporter()
        self._metrics = InMemoryMetricReader()
        self.tracers = TracerProvider()
        self.tracers.add_span_processor(SimpleSpanProcessor(self._spans))
        self.meters = MeterProvider([self._metrics])

    def spans(self) -> list[Any]:
        return list(self._spans.get_finished_spans())

    def points(self) -> list[Any]:
        data = self._metrics.get_metrics_data()
        assert data is not None
        metric = data.resource_metrics[0].scope_metrics[0].metrics[0]
        assert (metric.name, metric.unit) == ("http.client.request.duration", "s")
        return list(metric.data.data_points)


@pytest.fixture
def told() -> Iterator[Told]:
    told = Told()
    plait.instrument(tracer_provider=told.tracers, meter_provider=told.meters, capture_headers=["X-Shown"])
    yield told
    plait.uninstrument()


def test_an_attempt_is_a_span(told: Told, url: str) -> None:
    response = plait.get(f"{url}/items?sig=s3cret&page=1", headers={"X-Shown": "yes", "X-Hidden": "no"})
    assert response.ok
    (span,) = told.spans()
    port = int(url.rpartition(":")[2])
    assert (span.name, span.kind.name, span.status.status_code.name) == ("GET", "CLIENT", "UNSET")
    assert dict(span.attributes) == {
        "http.request.method": "GET",
        "server.address": "127.0.0.1",
        "server.port": port,
        "url.full": f"{url}/items?sig=REDACTED&page=1",
        "http.response.status_code": 200,
        "network.protocol.version": "1.1",
        "http.request.header.x-shown": ("yes",),
    }
    trace = f"{span.context.trace_id:032x}-{span.context.span_id:016x}"
    assert response.json()["headers"]["traceparent"].startswith(f"00-{trace}-")
    (point,) = told.points()
    assert point.count == 1 and point.attributes["http.response.status_code"] == 200


def test_the_attempts_of_a_run_are_spans_too(told: Told, url: str) -> None:
    assert plait.run([f"{url}/a", f"{url}/b"]).finish()
    assert len(told.spans()) == 2
    (point,) = told.points()
    assert point.count == 2


def test_retries_and_errors_are_seen(told: Told, start_mock: Callable[..., MockServer]) -> None:
    server = start_mock("--latency", "0ms")
    with plait.BlockingSession(retries=plait.Retry(2, first_delay="1ms")) as session:
        session.get(f"{server.url}/status/500")
        with pytest.raises(plait.ConnectError):
            session.get("http://127.0.0.1:1/", retries=0)
    first, second, third = told.spans()
    assert (first.attributes["error.type"], first.status.status_code.name) == ("500", "ERROR")
    assert "http.request.resend_count" not in first.attributes
    assert second.attributes["http.request.resend_count"] == 1
    assert third.attributes["error.type"] == "connect" and "http.response.status_code" not in third.attributes


def test_a_span_belongs_to_the_context_of_its_call(told: Told, url: str) -> None:
    tracer = told.tracers.get_tracer("test")

    async def one(session: plait.Session, number: int) -> None:
        with tracer.start_as_current_span(f"parent {number}"):
            await session.get(f"{url}/{number}")

    async def main() -> None:
        async with plait.Session() as session:
            await asyncio.gather(*(one(session, number) for number in range(20)))

    asyncio.run(main())
    parents = {span.context.span_id: span.name for span in told.spans() if span.name != "GET"}
    children = [span for span in told.spans() if span.name == "GET"]
    assert len(children) == 20
    for span in children:
        number = span.attributes["url.full"].rpartition("/")[2]
        assert parents[span.parent.span_id] == f"parent {number}"


def test_a_call_that_is_given_up_ends_its_span(told: Told, slow_url: str) -> None:
    async def main() -> None:
        async with plait.Session() as session:
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(session.get(slow_url), 0.05)
            await asyncio.sleep(0.01)

    asyncio.run(main())
    (span,) = told.spans()
    assert span.attributes["error.type"] == "cancelled"


def test_without_opentelemetry_it_says_what_is_missing(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.trace", None)
    with pytest.raises(ImportError, match="pip install"):
        plait.instrument()
    assert plait.get(url).ok
