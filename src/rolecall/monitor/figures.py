"""The sink for Prometheus: counters, histograms and gauges of a registry. Needs prometheus_client.

What is counted is kept in plain numbers and made into metrics when the registry is asked: pages
come a thousand times as often as Prometheus does.
"""

from __future__ import annotations

import threading
import time
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from prometheus_client import CollectorRegistry
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from rolecall.monitor.events import OTHER, CallEvent, PageEvent
from rolecall.monitor.measures import legible

MOST_LABELS: Final = 50
"""Children of a metric whose labels users make up (engines, fields); what comes after them is
``other``."""
STALE: Final = 60.0
"""Seconds after which a gauge that is told no more is shown no more."""
STAGE_BUCKETS: Final = (
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
)  # fmt: skip
CALL_BUCKETS: Final = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 40.0, 80.0)
TOKEN_BUCKETS: Final = (256, 512, 1_024, 2_048, 4_096, 8_192, 16_384, 32_768, 65_536)

GAUGES: Final[Mapping[str, tuple[str, str, str, float]]] = {
    "kv_permille": ("engine_kv_used_ratio", "Share of the KV cache in use.", "engine", 1e-3),
    "engine_running": ("engine_running_requests", "Requests that it works on.", "engine", 1),
    "engine_waiting": ("engine_waiting_requests", "Requests that wait for it.", "engine", 1),
    "gpu_bytes": ("gpu_memory_used_bytes", "Memory of a card in use.", "card", 1),
    "gpu_total_bytes": ("gpu_memory_total_bytes", "Memory of a card.", "card", 1),
}
"""What is sampled: its metric, the text, the label, and the factor."""
SUMS: Final[Mapping[str, tuple[str, str, str]]] = {
    "prefix_queries": (
        "engine_prefix_queried_tokens", "Tokens looked up in the prefix cache.", "engine"),
    "prefix_hits": ("engine_prefix_hit_tokens", "Tokens found in the prefix cache.", "engine"),
}  # fmt: skip
"""What is told as an increase."""

_Key = str | tuple[str, ...]


class _Counter:
    """A counter; a label or a tuple of them tells its children apart."""

    def __init__(self, name: str, text: str, *labels: str) -> None:
        self._name, self._text, self._labels = f"rolecall_{name}", text, labels
        self._found: dict[_Key, float] = {} if labels else {(): 0}

    def add(self, key: _Key, amount: float = 1) -> None:
        try:
            self._found[key] += amount
        except KeyError:
            key = _child(key, self._found)
            self._found[key] = self._found.get(key, 0) + amount

    def family(self) -> Metric:
        made = CounterMetricFamily(self._name, self._text, labels=self._labels)
        for key, amount in self._found.items():
            made.add_metric(_labels(key), amount)
        return made


class _Histogram:
    """A histogram; amounts are divided by ``unit`` where they are shown, buckets hold them as they
    are told."""

    def __init__(
        self, name: str, text: str, bounds: tuple[float, ...], unit: int, *labels: str
    ) -> None:
        self._name, self._text, self._labels = f"rolecall_{name}", text, labels
        self._bounds, self._unit = tuple(round(unit * one) for one in bounds), unit
        self._shown = [*(floatToGoString(one) for one in bounds), "+Inf"]  # type: ignore[no-untyped-call]
        self._found: dict[_Key, list[int]] = {} if labels else {(): self._fresh()}

    def _fresh(self) -> list[int]:
        """Counts of each bucket alone, then the sum."""
        return [0] * (len(self._bounds) + 2)

    def add(self, key: _Key, amount: int) -> None:
        found = self._found.get(key)
        if found is None:
            found = self._found.setdefault(_child(key, self._found), self._fresh())
        found[bisect_left(self._bounds, amount)] += 1
        found[-1] += amount

    def family(self) -> Metric:
        made = HistogramMetricFamily(self._name, self._text, labels=self._labels)
        for key, found in self._found.items():
            buckets, seen = [], 0
            for shown, count in zip(self._shown, found, strict=False):
                seen += count
                buckets.append((shown, seen))
            made.add_metric(_labels(key), buckets, found[-1] / self._unit)
        return made


class _Gauges:
    """Gauges of one name, by a label, and when each was told."""

    def __init__(self, name: str, text: str, label: str, factor: float) -> None:
        self._name, self._text, self._label = f"rolecall_{name}", text, label
        self._factor = factor
        self._found: dict[_Key, tuple[int, float]] = {}

    def set(self, key: str, amount: int, now: float) -> None:
        self._found[key if key in self._found else _child(key, self._found)] = amount, now

    def family(self, now: float) -> Metric:
        made = GaugeMetricFamily(self._name, self._text, labels=(self._label,))
        for key, (amount, told) in self._found.items():
            if now - told <= STALE:
                made.add_metric(_labels(key), round(amount * self._factor, 6))
        return made


class Figures(Collector):
    """Counts events; a sink, usable from any thread. ``cloud`` are engines that are not local,
    ``clock`` gives seconds that are never set back."""

    def __init__(
        self,
        registry: CollectorRegistry,
        cloud: frozenset[str] = frozenset(),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._cloud, self._clock = cloud, clock
        self._lock = threading.Lock()
        self._pages = _Counter("pages", "Pages that have their record, by outcome.", "outcome")
        self._reasons = _Counter("page_reasons", "Pages by the reason of their outcome.", "reason")
        self._routes = _Counter("page_routes", "Pages by who had the last word.", "route")
        self._away = _Counter("pages_by_cloud", "Pages that a cloud engine answered last.")
        self._copies = _Counter("page_copies", "Pages whose values are those of an earlier copy.")
        self._problems = _Counter("problems", "What was wrong in answers and values.", "kind")
        self._fields = _Counter("fields_filled", "Fields that have a value.", "field")
        self._stages = _Histogram(
            "stage_seconds", "Seconds of a page in a stage.", STAGE_BUCKETS, 10**6, "stage"
        )
        self._calls = _Counter("engine_calls", "Calls of engines.", "engine", "result")
        self._kept = _Counter("engine_kept", "Kept answers instead of calls.", "engine")
        self._tokens = _Counter("engine_tokens", "Tokens of calls.", "engine", "kind")
        self._cost = _Counter("engine_cost_dollars", "What calls cost, in US dollars.", "engine")
        self._seconds = _Histogram(
            "engine_call_seconds", "Seconds of a call.", CALL_BUCKETS, 10**6, "engine"
        )
        self._context = _Histogram(
            "engine_context_tokens", "Tokens of a prompt and its answer.", TOKEN_BUCKETS, 1
        )
        self._gauges = {name: _Gauges(*told) for name, told in GAUGES.items()}
        self._sums = {name: _Counter(*told) for name, told in SUMS.items()}
        registry.register(self)

    def __call__(self, event: PageEvent) -> None:
        """Count an event."""
        with self._lock:
            self._pages.add(event.outcome)
            if event.reason:
                self._reasons.add(event.reason)
            self._routes.add(event.route)
            if event.route in self._cloud:
                self._away.add(())
            if event.copied:
                self._copies.add(())
            for kind, times in event.kinds.items():
                self._problems.add(kind, times)
            add = self._fields.add
            for name in event.fields:
                add(name)
            for stage, micros in event.stages.items():
                self._stages.add(stage, micros)
            for call in event.calls:
                self._call(call)

    def sample(self, name: str, label: str, amount: int) -> None:
        """A gauge stands at ``amount`` now; names without a metric are for others."""
        with self._lock:
            if (gauges := self._gauges.get(name)) is not None:
                gauges.set(label, amount, self._clock())
            elif (counter := self._sums.get(name)) is not None:
                counter.add(label, amount)

    def collect(self) -> Iterator[Metric]:
        """All metrics as they are now."""
        with self._lock:
            now = self._clock()
            made = [
                one.family()
                for one in vars(self).values()
                if isinstance(one, _Counter | _Histogram)
            ]
            made += [one.family() for one in self._sums.values()]
            made += [one.family(now) for one in self._gauges.values()]
        return iter(made)

    def _call(self, call: CallEvent) -> None:
        engine = call.engine
        if call.kept:
            self._kept.add(engine)
            return
        self._calls.add((engine, call.result))
        # Tokens that were in the prefix cache are part of those that went in.
        self._tokens.add((engine, "input"), call.input_tokens)
        self._tokens.add((engine, "cached"), call.cached_tokens)
        self._tokens.add((engine, "output"), call.output_tokens)
        if call.nano:
            self._cost.add(engine, call.nano / 1e9)
        self._seconds.add(engine, call.micros)
        self._context.add((), call.input_tokens + call.output_tokens)


def _child(key: _Key, found: Mapping[_Key, Any]) -> _Key:
    """The child that a key counts for: itself made legible, or ``other`` after too many."""
    told = tuple(map(legible, _labels(key)))
    told_key: _Key = told[0] if isinstance(key, str) else told
    if told_key in found or len(found) < MOST_LABELS:
        return told_key
    return OTHER if isinstance(key, str) else tuple(OTHER for _ in told)


def _labels(key: _Key) -> tuple[str, ...]:
    return (key,) if isinstance(key, str) else key
