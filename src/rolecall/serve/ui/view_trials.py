"""How challengers do, for the page Monitor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rolecall.drive.running import with_running
from rolecall.errors import SettingsError
from rolecall.serve.ui.nouns import Ui
from rolecall.trial.challenger import read_challengers
from rolecall.trial.ledger import TrialLedger
from rolecall.trial.standing import standings


def trials(ui: Ui) -> Mapping[str, Any]:
    """What the part of the page about trials shows; nothing where no challenger is declared."""
    try:
        challengers = read_challengers(with_running(ui.settings, ui.environ))
    except SettingsError:  # of a running server whose state changed; the worker says so itself
        return {"standings": []}
    if not challengers:
        return {"standings": []}
    ledger = TrialLedger(ui.queue.store, ui.queue.clock_ms)
    return {"standings": standings(challengers, ledger)}
