"""OpenTelemetry: a span and a measurement for each attempt, by the semantic conventions of HTTP clients."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from . import _hooks
from ._frames import imported

_secret_params = {"AWSAccessKeyId", "Signature", "sig", "X-Goog-Signature"}
"""Parameters whose values the conventions have redacted."""

_buckets = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)


def hook_for(tracer_provider: Any, meter_provider: Any, capture_headers: Sequence[str]) -> _hooks.Hook:
    """The hook that reports attempts. Raises `ImportError` without OpenTelemetry's API."""
    imported("opentelemetry.trace", "opentelemetry-api", "instrument()")
    return _TelemetryHook(tracer_provider, meter_provider, tuple(name.lower() for name in capture_headers))


def _redacted(url: str) -> str:
    """Without credentials, as the conventions have it."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    query = parts.query
    if any(f"{name}=" in query for name in _secret_params):
        pairs = parse_qsl(query, keep_blank_values=True)
        query = urlencode([(name, "REDACTED" if name in _secret_params else value) for name, value in pairs])
    return urlunsplit(parts._replace(netloc=host, query=query, fragment=""))


class _TelemetryHook(_hooks.Hook):
    def __init__(self, tracer_provider: Any, meter_provider: Any, capture: tuple[str, ...]) -> None:
        from opentelemetry import metrics, propagate, trace

        from . import __version__

        self._capture = capture
        self._inject = propagate.inject
        self._in_span = trace.set_span_in_context
        self._client = trace.SpanKind.CLIENT
        self._error = trace.Status(trace.StatusCode.ERROR)
        self._tracer = trace.get_tracer("plait", __version__, tracer_provider)
        meter = metrics.get_meter("plait", __version__, meter_provider)
        self._duration = meter.create_histogram(
            "http.client.request.duration",
            unit="s",
            description="Duration of HTTP client requests.",
            explicit_bucket_boundaries_advisory=_buckets,
        )
        self._spans: dict[int, tuple[Any, dict[str, Any], float]] = {}

    def before(self, attempt: _hooks.Attempt) -> Mapping[str, str]:
        request = attempt.request
        parts = urlsplit(request.url)
        known: dict[str, Any] = {
            "http.request.method": request.method,
            "server.address": parts.hostname or "",
            "server.port": parts.port or (443 if parts.scheme == "https" else 80),
        }
        attributes = {**known, "url.full": _redacted(request.url)}
        if attempt.number > 1:
            attributes["http.request.resend_count"] = attempt.number - 1
        self._add_headers(attributes, "request", request.headers)
        span = self._tracer.start_span(request.method, kind=self._client, attributes=attributes)
        self._spans[id(attempt)] = (span, known, time.perf_counter())
        fields: dict[str, str] = {}
        self._inject(fields, context=self._in_span(span))
        return fields

    def after(self, attempt: _hooks.Attempt) -> None:
        begun = self._spans.pop(id(attempt), None)
        if begun is None:
            return
        span, known, began = begun
        failure = ""
        if attempt.response is not None:
            status = attempt.response.status
            known["http.response.status_code"] = status
            known["network.protocol.version"] = attempt.response.http_version
            failure = str(status) if status >= 400 else ""
        elif attempt.error is not None:
            failure = getattr(attempt.error, "code", type(attempt.error).__qualname__)
        if failure:
            known["error.type"] = failure
            span.set_status(self._error)
        attributes = dict(known)
        if attempt.response is not None:
            self._add_headers(attributes, "response", attempt.response.headers)
        span.set_attributes(attributes)
        self._duration.record(time.perf_counter() - began, known)
        span.end()

    def _add_headers(self, attributes: dict[str, Any], of: str, headers: Any) -> None:
        for name in self._capture:
            if name in headers:
                attributes[f"http.{of}.header.{name}"] = headers.get_all(name)
