"""The sink for OpenTelemetry: traces and metrics by OTLP over HTTP. Needs the extra ``otel``.

Where they go, with which headers, how often and how many of them, is said by the standard
variables (``OTEL_EXPORTER_OTLP_ENDPOINT``, ``OTEL_SERVICE_NAME``, ``OTEL_TRACES_SAMPLER``, …).
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from collections import Counter, deque
from collections.abc import Mapping
from typing import Final

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SpanExportResult
from opentelemetry.sdk.trace.sampling import Decision
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

from rolecall import __version__
from rolecall.monitor.events import PageEvent
from rolecall.monitor.otel_spans import PAGE, Spans, SteadyResource, attributes_of

MOST_WAITING: Final = 8_192
"""Events that wait to be sent; those that come then are dropped, and counted."""
BATCH: Final = 512
"""Events that are sent together."""
EVERY: Final = 5.0
"""Seconds after which fewer are sent."""
LAST: Final = 3.0
"""Seconds that the end waits for a receiver of traces, and again for one of metrics."""
DURATIONS: Final = (
    0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92,
)  # fmt: skip
"""The conventions' buckets of ``gen_ai.client.operation.duration``, in seconds."""
TOKENS: Final = tuple(4.0**power for power in range(14))
"""The conventions' buckets of ``gen_ai.client.token.usage``."""
SCHEMA: Final = "https://opentelemetry.io/schemas/1.37.0"

_log = logging.getLogger(__name__)


class Otel:
    """Sends what becomes of pages. A sink; usable from any thread.

    Events wait in a queue for a thread that makes and sends spans and metrics; where the receiver
    is away for long, or slower than pages come, the latest are ``dropped``. ``providers`` are those
    of engines, by the names of the conventions where they have one.
    """

    def __init__(self, providers: Mapping[str, str]) -> None:
        for name in ("", ".metric_exporter", ".trace_exporter"):
            # Each failed try would be an error of its own; we say it once.
            logging.getLogger(f"opentelemetry.exporter.otlp.proto.http{name}").setLevel(100)
        self.dropped = 0
        """Events that found no room, or whose spans no receiver took."""
        self._providers = dict(providers)
        self._waiting: deque[PageEvent] = deque()
        self._due, self._ended = threading.Event(), False
        told = Resource.create({"service.name": "rolecall", "service.version": __version__})
        if service := os.environ.get("OTEL_SERVICE_NAME"):
            told = told.merge(Resource({"service.name": service}))
        self._resource = SteadyResource(told)
        self._traces = os.environ.get("OTEL_TRACES_EXPORTER", "otlp") != "none"
        tracing = TracerProvider(resource=told, shutdown_on_exit=False)
        self._sampler, self._identify = tracing.sampler, tracing.id_generator
        scope = InstrumentationScope("rolecall", __version__, SCHEMA)
        self._spans = Spans(self._resource, scope, self._provider, self._identify)
        self._exporter = OTLPSpanExporter() if self._traces else None
        self._measure(told)
        self._trouble = False
        self._thread = threading.Thread(target=self._run, name="rolecall-otel", daemon=True)
        self._thread.start()

    def _measure(self, resource: Resource) -> None:
        readers = []
        if os.environ.get("OTEL_METRICS_EXPORTER", "otlp") != "none":
            readers = [PeriodicExportingMetricReader(OTLPMetricExporter())]
        self._meters = MeterProvider(readers, resource, shutdown_on_exit=False)
        meter = self._meters.get_meter("rolecall", __version__, SCHEMA)
        self._pages = meter.create_counter(
            "rolecall.pages", "{page}", "Pages that have their record, by outcome."
        )
        self._duration = meter.create_histogram(
            "gen_ai.client.operation.duration",
            "s",
            "GenAI operation duration.",
            explicit_bucket_boundaries_advisory=DURATIONS,
        )
        self._usage = meter.create_histogram(
            "gen_ai.client.token.usage",
            "{token}",
            "Number of input and output tokens used.",
            explicit_bucket_boundaries_advisory=TOKENS,
        )

    def __call__(self, event: PageEvent) -> None:
        """Put an event in the queue."""
        waiting = len(self._waiting)
        if waiting >= MOST_WAITING:
            self.dropped += 1
            return
        self._waiting.append(event)
        if waiting + 1 == BATCH:
            self._due.set()

    def close(self) -> None:
        """Send what waits, for twice `LAST` seconds at the most."""
        self._ended = True
        self._due.set()
        self._thread.join(LAST)
        if self._exporter is not None:  # what it still tries is given up
            self._exporter.shutdown()  # type: ignore[no-untyped-call]
        with contextlib.suppress(Exception):  # of its own accord it tries for half a minute
            self._meters.shutdown(timeout_millis=1_000 * LAST)

    def _provider(self, engine: str) -> str:
        return self._providers.get(engine, engine or "unknown")

    def _run(self) -> None:
        while not self._ended:
            self._due.wait(EVERY)
            self._due.clear()
            while self._waiting:
                try:
                    self._send()
                except Exception:
                    _log.exception("events could not be sent by OpenTelemetry; pages go on")

    def _send(self) -> None:
        spans: list[ReadableSpan] = []
        outcomes: Counter[str] = Counter()
        for _ in range(min(BATCH, len(self._waiting))):  # only this thread takes any out
            event = self._waiting.popleft()
            outcomes[event.outcome] += 1
            self._count(event)
            if self._exporter is not None:
                trace = self._identify.generate_trace_id()
                wanted = self._sampler.should_sample(None, trace, PAGE).decision
                if wanted is Decision.RECORD_AND_SAMPLE:
                    spans.extend(self._spans.of(event, trace))
        for outcome, pages in outcomes.items():
            self._pages.add(pages, {"rolecall.outcome": outcome})
        if spans and self._exporter is not None:
            taken = self._exporter.export(spans) is SpanExportResult.SUCCESS
            self.dropped += 0 if taken else outcomes.total()
            self._say(not taken)

    def _count(self, event: PageEvent) -> None:
        for call in event.calls:
            if call.kept:
                continue
            told = attributes_of(call, self._provider(call.engine))
            self._duration.record(call.micros / 1e6, told)
            told.pop("error.type", None)
            for kind, tokens in (("input", call.input_tokens), ("output", call.output_tokens)):
                if tokens:
                    self._usage.record(tokens, {**told, "gen_ai.token.type": kind})

    def _say(self, trouble: bool) -> None:
        if trouble and not self._trouble:
            _log.warning("no receiver takes traces of OpenTelemetry; pages go on")
        elif self._trouble and not trouble:
            _log.warning("traces are taken again; %d events were dropped", self.dropped)
        self._trouble = trouble
