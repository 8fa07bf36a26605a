"""Gauges of trials for Prometheus, as the database has them for all workers."""

from __future__ import annotations

from typing import Final

from prometheus_client import CollectorRegistry, Gauge

from rolecall.queue.queue import Queue
from rolecall.trial.judge import total
from rolecall.trial.ledger import TrialLedger
from rolecall.trial.nouns import KINDS, arms

MOST: Final = 20
"""Challengers that are told of; the latest."""
STATES: Final = ("running", "stopped", "withdrawn", "promoted")


class TrialGauges:
    """How challengers are, and what was counted in the run that each is in."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._state = Gauge(
            "rolecall_trial_state",
            "1 for the state that a challenger is in.",
            ("challenger", "state"),
            registry=registry,
        )
        self._pages = Gauge(
            "rolecall_trial_pages",
            "Pages of a trial, by who did them.",
            ("challenger", "arm"),
            registry=registry,
        )
        self._bad = Gauge(
            "rolecall_trial_bad_pages",
            "Pages of a trial that went wrong, by who did them and how.",
            ("challenger", "arm", "kind"),
            registry=registry,
        )

    def look(self, queue: Queue) -> None:
        """Ask the database, and set them all."""
        ledger = TrialLedger(queue.store, queue.clock_ms)
        for gauge in (self._state, self._pages, self._bad):
            gauge.clear()
        for trial in list(ledger.trials().values())[-MOST:]:
            counts = total(ledger.days(trial.name, trial.run))
            for state in STATES:
                self._state.labels(trial.name, state).set(int(trial.state == state))
            for arm in ("challenger", "champion"):
                self._pages.labels(trial.name, arm).set(counts.get(f"pages {arm}", 0))
            for kind in KINDS:
                tried, usual, both = arms(counts, kind)
                self._bad.labels(trial.name, "challenger", kind).set(tried + both)
                self._bad.labels(trial.name, "champion", kind).set(usual + both)
            self._bad.labels(trial.name, "challenger", "slow").set(counts.get("slow", 0))
