"""The sink for Prometheus: counters and histograms in a registry. Needs prometheus_client."""

from __future__ import annotations

import threading
from typing import Any, Final

from prometheus_client import CollectorRegistry, Counter, Histogram

from rolecall.monitor.events import CallEvent, PageEvent
from rolecall.monitor.measures import legible

MOST_LABELS: Final = 50
"""Children of a metric whose labels users make up (engines, fields); what comes after them is
``other``."""
OTHER: Final = "other"
STAGE_BUCKETS: Final = (
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
)  # fmt: skip
CALL_BUCKETS: Final = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 40.0, 80.0)
TOKEN_BUCKETS: Final = (256, 512, 1_024, 2_048, 4_096, 8_192, 16_384, 32_768, 65_536)


class _Children:
    """The children of a metric by their labels, found quickly, and at most so many."""

    def __init__(self, metric: Any, most: int = MOST_LABELS) -> None:
        self._metric, self._most = metric, most
        self._found: dict[tuple[str, ...], Any] = {}
        self._lock = threading.Lock()

    def of(self, *labels: str) -> Any:
        """The child of these labels, or of ``other`` where too many came before."""
        found = self._found.get(labels)
        return found if found is not None else self._made(labels)

    def _made(self, labels: tuple[str, ...]) -> Any:
        with self._lock:
            if len(self._found) >= self._most:
                return self._metric.labels(*(OTHER for _ in labels))
            return self._found.setdefault(labels, self._metric.labels(*map(legible, labels)))


class Figures:
    """Counts events; a sink, usable from any thread. ``cloud`` are engines that are not local."""

    def __init__(self, registry: CollectorRegistry, cloud: frozenset[str] = frozenset()) -> None:
        self._cloud = cloud

        def counter(name: str, text: str, *labels: str) -> Any:
            made = Counter(f"rolecall_{name}", text, labels, registry=registry)
            return _Children(made) if labels else made

        def histogram(name: str, text: str, buckets: tuple[float, ...], *labels: str) -> Any:
            told = f"rolecall_{name}"
            made = Histogram(told, text, labels, buckets=buckets, registry=registry)
            return _Children(made) if labels else made

        self._pages = counter("pages", "Pages that have their record, by outcome.", "outcome")
        self._reasons = counter("page_reasons", "Pages by the reason of their outcome.", "reason")
        self._routes = counter("page_routes", "Pages by who had the last word.", "route")
        self._away = counter("pages_by_cloud", "Pages that a cloud engine answered last.")
        self._copies = counter("page_copies", "Pages whose values are those of an earlier copy.")
        self._problems = counter("problems", "What was wrong in answers of engines.")
        self._fields = counter("fields_filled", "Fields that have a value.", "field")
        self._stages = histogram(
            "stage_seconds", "Seconds of a page in a stage.", STAGE_BUCKETS, "stage"
        )
        self._calls = counter("engine_calls", "Calls of engines.", "engine", "result")
        self._kept = counter("engine_kept", "Kept answers instead of calls.", "engine")
        self._tokens = counter("engine_tokens", "Tokens of calls.", "engine", "kind")
        self._cost = counter("engine_cost_dollars", "What calls cost, in US dollars.", "engine")
        self._seconds = histogram(
            "engine_call_seconds", "Seconds of a call.", CALL_BUCKETS, "engine"
        )
        self._context = histogram(
            "engine_context_tokens", "Tokens of a prompt and its answer.", TOKEN_BUCKETS
        )

    def __call__(self, event: PageEvent) -> None:
        """Count an event."""
        self._pages.of(event.outcome).inc()
        if event.reason:
            self._reasons.of(event.reason).inc()
        self._routes.of(event.route).inc()
        if event.route in self._cloud:
            self._away.inc()
        if event.copied:
            self._copies.inc()
        if event.problems:
            self._problems.inc(event.problems)
        for name in event.fields:
            self._fields.of(name).inc()
        for stage, micros in event.stages.items():
            self._stages.of(stage).observe(micros / 1e6)
        for call in event.calls:
            self._call(call)

    def _call(self, call: CallEvent) -> None:
        engine = call.engine
        if call.kept:
            self._kept.of(engine).inc()
            return
        self._calls.of(engine, call.result).inc()
        # Tokens that were in the prefix cache are part of those that went in.
        self._tokens.of(engine, "input").inc(call.input_tokens)
        self._tokens.of(engine, "cached").inc(call.cached_tokens)
        self._tokens.of(engine, "output").inc(call.output_tokens)
        if call.nano:
            self._cost.of(engine).inc(call.nano / 1e9)
        self._seconds.of(engine).observe(call.micros / 1e6)
        self._context.observe(call.input_tokens + call.output_tokens)
