"""Durability: nothing that was acknowledged is lost or done twice, whatever dies meanwhile."""

from __future__ import annotations

from typing import Final

from torture.durability_clock import clock
from torture.durability_disk import disk
from torture.durability_large import kills_of_queues, kills_of_runs, restart, resume
from torture.durability_leftovers import leftovers
from torture.durability_pipes import pipes
from torture.durability_points import commit_points
from torture.durability_server import idempotent
from torture.durability_signals import signals
from torture.durability_snapshots import snapshots
from torture.nouns import Try

GROUPS: Final[dict[str, Try]] = {
    "commit_points": commit_points,
    "snapshots": snapshots,
    "idempotent": idempotent,
    "signals": signals,
    "pipes": pipes,
    "disk": disk,
    "clock": clock,
    "restart": restart,
    "resume": resume,
    "kills_of_runs": kills_of_runs,
    "kills_of_queues": kills_of_queues,
    "leftovers": leftovers,
}
