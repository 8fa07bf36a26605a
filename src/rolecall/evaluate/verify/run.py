"""All requirements, in the order of ADR-009, held against what the user has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from msgspec import Struct

from rolecall.evaluate.nouns import Finding
from rolecall.evaluate.requirements import REQUIREMENTS, judged, not_run
from rolecall.evaluate.verify import engines, labels
from rolecall.evaluate.verify.labels import Labelled
from rolecall.evaluate.verify.live import Live
from rolecall.evaluate.verify.load import Measured, by_load
from rolecall.evaluate.verify.queue import Trial, durable_queue
from rolecall.evaluate.verify.routing import routing
from rolecall.schema.schema import Schema
from rolecall.settings import Settings

UNSEEN = ("FR-1", "FR-4", "NFR-3", "IR-3")
"""Requirements for which no engine and no generated posting is looked at."""

MOST_SETUP_SECONDS = 2 * 3_600.0


class Subject(Struct, frozen=True, kw_only=True):
    """What the requirements are held against: what was given, and what was seen.

    ``only`` names the requirements that are held; empty means all. ``setup_seconds`` is what the
    user measured of the set-up, if so; ``queue`` is a trial of one. ``command`` is the one that
    made the live figures, ``load_command`` where it also made those of the load.
    """

    settings: Settings
    live: Live
    measured: Measured
    labelled: Labelled | None = None
    queue: Trial | None = None
    setup_seconds: float | None = None
    command: str = "rolecall verify"
    load_command: str = ""
    only: tuple[str, ...] = ()


def verify(subject: Subject) -> tuple[Finding, ...]:
    """A finding for each requirement that is held; an unreadable run raises `UsageError`."""
    live, labelled, command = subject.live, subject.labelled, subject.command
    schema = Schema.from_json(Path(subject.settings.schema)) if subject.settings.schema else None
    measured = by_load(subject.measured, subject.load_command, subject.settings.engine)
    checks: Mapping[str, Callable[[], Finding]] = {
        "FR-1": lambda: _accuracy(labelled),
        "FR-2": lambda: engines.valid_output(live, labelled, schema, command),
        "FR-3": lambda: engines.lengths(live, labelled, command),
        "FR-4": lambda: durable_queue(subject.queue, command),
        "NFR-3": lambda: _setup(subject.setup_seconds, command),
        "NFR-4": lambda: engines.swapping(live, command),
        "IR-1": lambda: engines.integration(live, command),
        "IR-2": lambda: engines.structure(live, command),
        "IR-3": lambda: routing(subject.settings, command),
    }
    names = [name for name in REQUIREMENTS if name in subject.only or not subject.only]
    return tuple(measured[name] if name in measured else checks[name]() for name in names)


def _accuracy(labelled: Labelled | None) -> Finding:
    if labelled is None:
        reason = "no labels are given: rolecall eval run makes a run, --run DIR names it"
        return not_run("FR-1", reason)
    return labels.accuracy(labelled)


def _setup(seconds: float | None, command: str) -> Finding:
    if seconds is None:
        reason = "nothing records how long the whole set-up took: time it and give --setup-seconds"
        reason += "; rolecall doctor says what is left of it"
        return not_run("NFR-3", reason)
    figure = f"{seconds / 60:.1f} minutes, as you measured it"
    return judged("NFR-3", seconds < MOST_SETUP_SECONDS, figure, command=command)
