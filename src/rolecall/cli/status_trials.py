"""The lines of ``rolecall status`` about trials."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rolecall.cli.trials_shown import said
from rolecall.drive.running import with_running
from rolecall.errors import SettingsError
from rolecall.queue.queue import Queue
from rolecall.settings import Settings
from rolecall.trial.challenger import read_challengers
from rolecall.trial.ledger import TrialLedger
from rolecall.trial.standing import Standing, standings


def standings_of(settings: Settings, environ: Mapping[str, str], queue: Queue) -> list[Standing]:
    """How the challengers of the settings stand; of wrong settings, none."""
    try:
        challengers = read_challengers(with_running(settings, environ))
    except SettingsError:  # the verb that works with them says so
        return []
    return standings(challengers, TrialLedger(queue.store, queue.clock_ms)) if challengers else []


def trial_lines(found: list[Standing]) -> Iterator[str]:
    """A line for each."""
    for one in found:
        pages = f"{one.verdict.tried:,} pages, {one.challenger.mode}"
        yield f"trial      {said(one)}; {pages}"
