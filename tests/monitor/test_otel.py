"""Traces and metrics as a receiver of OTLP over HTTP gets them."""

import http.server
import logging
import threading

import pytest
from tests.monitor.made import call, event

pytest.importorskip("opentelemetry.sdk.trace", reason="the extra otel is not installed")
pytest.importorskip("opentelemetry.proto.trace.v1.trace_pb2", reason="the extra otel is incomplete")

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from rolecall.monitor import Watch
from rolecall.monitor.otel import MOST_WAITING, Otel


class Receiver(http.server.ThreadingHTTPServer):
    """Takes what is sent, or answers with ``status``."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Taken)
        self.status, self.bodies = 200, []
        self.headers_seen = []

    def spans(self):
        found = []
        for path, body in self.bodies:
            if path == "/v1/traces":
                for one in ExportTraceServiceRequest.FromString(body).resource_spans:
                    for scope in one.scope_spans:
                        found += [(one.resource, span) for span in scope.spans]
        return found

    def metrics(self):
        found = {}
        for path, body in self.bodies:
            if path == "/v1/metrics":
                for one in ExportMetricsServiceRequest.FromString(body).resource_metrics:
                    for scope in one.scope_metrics:
                        found |= {metric.name: metric for metric in scope.metrics}
        return found


class Taken(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.headers_seen.append(dict(self.headers))
        if self.server.status == 200:
            self.server.bodies.append((self.path, body))
        self.send_response(self.server.status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def receiver(monkeypatch):
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-key=of ours")
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test")
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def told(attributes):
    found = {}
    for one in attributes:
        kind = one.value.WhichOneof("value")
        value = getattr(one.value, kind)
        found[one.key] = (
            [item.string_value for item in value.values] if kind == "array_value" else value
        )
    return found


ASKED = event(
    moment=1_700_000_010_000, route="small", size=900,
    stages={"clean": 2_000, "ask": 3_000_000, "settle": 1_000},
    calls=(
        call(model="qwen", nano=250_000),
        call(model="qwen", result="timeout", input_tokens=0, output_tokens=0, cached_tokens=0),
        call(model="qwen", kept=True),
    ),
)  # fmt: skip


def test_a_page_is_a_trace_with_a_span_for_each_call(receiver):
    watch = Watch([Otel({"small": "vllm"})])
    watch.hear(ASKED)
    watch.hear(event(outcome="failed", reason="timeout", route="none", fields={}))
    watch.close()
    (resource, page), (_, first), (_, second), (_, failed) = receiver.spans()
    named = told(resource.attributes)
    assert named["service.name"] == "rolecall"
    assert named["deployment.environment.name"] == "test"
    assert receiver.headers_seen[0]["x-key"] == "of ours"

    assert (page.name, page.kind) == ("extract page", Span.SPAN_KIND_INTERNAL)
    assert page.parent_span_id == b""
    assert page.end_time_unix_nano == 1_700_000_010_000_000_000
    assert page.end_time_unix_nano - page.start_time_unix_nano == 3_003_000_000
    of_page = told(page.attributes)
    assert (of_page["rolecall.outcome"], of_page["rolecall.route"]) == ("ok", "small")
    assert of_page["rolecall.stage_seconds.ask"] == 3.0
    assert of_page["rolecall.bytes"] == 900

    assert (first.name, first.kind) == ("chat qwen", Span.SPAN_KIND_CLIENT)
    assert first.trace_id == second.trace_id == page.trace_id != failed.trace_id
    assert first.parent_span_id == second.parent_span_id == page.span_id
    assert len({one.span_id for one in (page, first, second, failed)}) == 4
    assert first.start_time_unix_nano == page.start_time_unix_nano + 2_000_000
    assert second.start_time_unix_nano == first.end_time_unix_nano
    assert told(first.attributes) == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "vllm",
        "gen_ai.request.model": "qwen",
        "gen_ai.usage.input_tokens": 900,
        "gen_ai.usage.output_tokens": 100,
        "gen_ai.usage.cache_read.input_tokens": 300,
        "gen_ai.response.finish_reasons": ["stop"],
        "rolecall.cost_dollars": 0.00025,
    }
    assert told(second.attributes)["error.type"] == "timeout"
    assert "gen_ai.response.finish_reasons" not in told(second.attributes)
    assert second.status.code == failed.status.code == Status.STATUS_CODE_ERROR
    assert told(failed.attributes)["error.type"] == "timeout"


def test_metrics_follow_the_conventions(receiver):
    watch = Watch([Otel({"small": "vllm"})])
    for _ in range(3):
        watch.hear(ASKED)
    watch.close()
    found = receiver.metrics()
    (pages,) = found["rolecall.pages"].sum.data_points
    assert (told(pages.attributes), pages.as_int) == ({"rolecall.outcome": "ok"}, 3)
    duration = found["gen_ai.client.operation.duration"]
    assert duration.unit == "s"
    by_error = {
        told(one.attributes).get("error.type"): one for one in duration.histogram.data_points
    }
    assert {key: one.count for key, one in by_error.items()} == {None: 3, "timeout": 3}
    assert by_error[None].sum == pytest.approx(4.5)
    assert list(by_error[None].explicit_bounds)[:3] == [0.01, 0.02, 0.04]
    usage = found["gen_ai.client.token.usage"]
    assert usage.unit == "{token}"
    by_kind = {
        told(one.attributes)["gen_ai.token.type"]: one for one in usage.histogram.data_points
    }
    assert {key: one.sum for key, one in by_kind.items()} == {"input": 2_700, "output": 300}
    assert list(by_kind["input"].explicit_bounds)[-1] == 67_108_864


def test_traces_may_be_sampled_or_left_out(receiver, monkeypatch):
    for name, value in (("OTEL_TRACES_SAMPLER", "always_off"), ("OTEL_TRACES_EXPORTER", "none")):
        monkeypatch.setenv(name, value)
        watch = Watch([Otel({})])
        watch.hear(ASKED)
        watch.close()
        monkeypatch.delenv(name)
    assert receiver.spans() == []
    assert "rolecall.pages" in receiver.metrics()


def test_a_receiver_that_takes_nothing_costs_no_page(receiver, caplog):
    receiver.status = 400  # not tried again
    with caplog.at_level(logging.WARNING):
        sink = Otel({})
        watch = Watch([sink])
        for _ in range(600):
            watch.hear(ASKED)
        watch.close()
    assert sink.dropped == 600
    assert [one.name for one in caplog.records] == ["rolecall.monitor.otel"]


def test_events_that_wait_are_bounded(receiver, monkeypatch):
    sink = Otel({})
    sink.close()  # from now on nobody takes any out
    for _ in range(MOST_WAITING + 7):
        sink(event())
    assert sink.dropped == 7
