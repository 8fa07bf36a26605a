"""Gauges of rules and of drift for Prometheus, as the database has them for all workers."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Gauge

from rolecall.drift import Drifting
from rolecall.drift.look import MOST_DIMENSIONS
from rolecall.queue.queue import Queue
from rolecall.rules.states import States


class RuleGauges:
    """The rules as they were last told, and how far pages are from what is usual."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._rules = Gauge(
            "rolecall_rule_holds",
            "1 for a rule that holds, 0 for one that does not; see rolecall watch rules.",
            ("rule",),
            registry=registry,
        )
        self._drift = Gauge(
            "rolecall_drift_psi",
            "Population stability index of the last window against the reference.",
            ("dimension",),
            registry=registry,
        )

    def look(self, queue: Queue) -> None:
        """Ask the database, and set them all."""
        self._rules.clear()
        for standing in States(queue.store).all():
            if standing.rule.holds is not None:
                self._rules.labels(standing.rule.name).set(int(standing.rule.holds))
        self._drift.clear()
        for one in Drifting(queue.store).last()[:MOST_DIMENSIONS]:
            self._drift.labels(one.name).set(one.shift.psi)
