"""Counters and gauges for Prometheus, in a registry of our own; no label has unbounded values."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from rolecall.ledger.clock import utc_now
from rolecall.ledger.money import Caps
from rolecall.ledger.spending import Spending, read_spending
from rolecall.queue.nouns import STATES
from rolecall.queue.queue import Queue
from rolecall.serve.metrics_rules import RuleGauges
from rolecall.serve.metrics_trials import TrialGauges

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))


class Metrics:
    """What the server counts of itself, and, when asked, what the queue holds."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        named = ("method", "route", "status")
        self.requests = Counter(
            "rolecall_http_requests", "Requests answered.", named, registry=self.registry
        )
        self.seconds = Histogram(
            "rolecall_http_seconds",
            "Seconds to the end of an answer.",
            ("route",),
            buckets=BUCKETS,
            registry=self.registry,
        )
        self.pages = Counter(
            "rolecall_pages_taken_in", "Pages taken into the queue.", registry=self.registry
        )
        self.extracted = Counter(
            "rolecall_extracted_at_once",
            "Pages extracted at once, by outcome.",
            ("outcome",),
            registry=self.registry,
        )
        self.tasks = Gauge(
            "rolecall_tasks", "Tasks in the queue, by state.", ("state",), registry=self.registry
        )
        self.ended = Gauge(
            "rolecall_records", "Records kept, by outcome.", ("outcome",), registry=self.registry
        )
        self.oldest = Gauge(
            "rolecall_oldest_seconds",
            "How long the task that is next has been waiting.",
            registry=self.registry,
        )
        self.workers = Gauge("rolecall_workers", "Workers seen lately.", registry=self.registry)
        self.slots = Gauge(
            "rolecall_worker_slots", "Pages that workers can do at once.", registry=self.registry
        )
        self.doing = Gauge(
            "rolecall_worker_doing", "Pages that workers are doing.", registry=self.registry
        )
        self.paused = Gauge(
            "rolecall_paused", "1 while the queue is paused.", registry=self.registry
        )
        self.trials = TrialGauges(self.registry)
        self.rules = RuleGauges(self.registry)
        self.listeners = Gauge(
            "rolecall_listeners", "Who listens to events.", registry=self.registry
        )

        self._make_budget()

    def _make_budget(self) -> None:
        def gauge(name: str, text: str, *labels: str) -> Gauge:
            return Gauge(f"rolecall_budget_{name}", text, labels, registry=self.registry)

        self.spent = gauge("spent_dollars", "What paid engines cost, in US dollars.", "period")
        self.cap = gauge("cap_dollars", "The most that they may cost.", "period")
        self.forecast = gauge("forecast_dollars", "What the month will come to.")
        self.forecast_low = gauge("forecast_low_dollars", "The same, if it goes well.")
        self.forecast_high = gauge("forecast_high_dollars", "The same, if it goes badly.")

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answer; ``route`` is a template, not an address."""
        method = method if method in METHODS else "other"
        self.requests.labels(method, route, str(status)).inc()
        self.seconds.labels(route).observe(seconds)

    def text(self, queue: Queue, caps: Caps) -> bytes:
        """All figures, spending beside its ``caps``; asks the database."""
        counts = queue.view.counts()
        for state in STATES:
            self.tasks.labels(state).set(counts[state])
        for outcome, count in queue.view.facets()["outcome"].items():
            self.ended.labels(outcome).set(count)
        self.oldest.set(queue.view.oldest_ms() / 1000)
        workers = queue.view.workers()
        self.workers.set(len(workers))
        self.slots.set(sum(one.slots for one in workers))
        self.doing.set(sum(one.doing for one in workers))
        self.paused.set(int(queue.view.paused()))
        self.trials.look(queue)
        self.rules.look(queue)
        self._spend(read_spending(queue.store, caps, utc_now()))
        return generate_latest(self.registry)

    def _spend(self, spending: Spending) -> None:
        self.spent.labels("day").set(spending.today_usd)
        self.spent.labels("month").set(spending.month_usd)
        for period, cap in (("day", spending.caps.day), ("month", spending.caps.month)):
            if cap is not None:
                self.cap.labels(period).set(cap)
        self.forecast.set(spending.forecast_usd)
        self.forecast_low.set(spending.forecast_low_usd)
        self.forecast_high.set(spending.forecast_high_usd)
